"""Queueing that never fails a request: messages are hints, the database is the truth, and a sweep follows up."""

import logging
import time
from collections.abc import Sequence

from celery import Task
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# After a failure this process stops trying for a while, so that a dead Redis costs one short timeout and not one
# for each write. The sweep picks up what was not queued.
REST_SECONDS = 5.0

_rest_until = 0.0


def enqueue(task: "Task[..., object]", args: Sequence[object] = (), *, queue: str = "default") -> bool:
    """Queue a job after commit. False where the broker cannot be reached: the caller's work is done all the same."""
    global _rest_until
    if time.monotonic() < _rest_until:
        return False
    try:
        task.apply_async(args=tuple(args), queue=queue, retry=False, ignore_result=True)
    except OperationalError as error:
        _rest_until = time.monotonic() + REST_SECONDS
        logger.warning("broker unreachable, left to the sweep", extra={"task": task.name, "reason": repr(error)})
        return False
    return True
