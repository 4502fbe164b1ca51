"""Queueing that never fails a request: messages are hints, the database is the truth, and a sweep follows up."""

import logging
import time
from collections.abc import Sequence
from functools import cache

from celery import Task, current_app
from kombu import pools
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# Somebody waits for the page that queues. A worker may be patient with its queue (the settings say how long), a
# request may not: one short try, no reconnecting in a loop.
IMPATIENT = {"socket_timeout": 0.25, "socket_connect_timeout": 0.25, "max_retries": 0}
# After a failure, or an answer that took longer than this, the process stops trying for a while: a dead or slow Redis
# costs one short timeout now and then, not one for each write. The sweep picks up what was not queued.
SLOW_SECONDS = 0.5
REST_SECONDS = 5.0

_rest_until = 0.0


def enqueue(task: "Task[..., object]", args: Sequence[object] = (), *, queue: str = "default") -> bool:
    """Queue a job after commit. False where the broker cannot be reached: the caller's work is done all the same."""
    global _rest_until
    began = time.monotonic()
    if began < _rest_until:
        return False
    try:
        with _producers().acquire(block=True) as producer:
            task.apply_async(
                args=tuple(args), queue=queue, retry=False, ignore_result=True, producer=producer
            )
    except OperationalError as error:
        _rest_until = time.monotonic() + REST_SECONDS
        logger.warning(
            "broker unreachable, left to the sweep",
            extra={"task": task.name, "reason": type(error.__cause__).__name__},
        )
        return False
    if time.monotonic() - began > SLOW_SECONDS:
        _rest_until = time.monotonic() + REST_SECONDS
        logger.warning("broker slow, resting", extra={"task": task.name})
    return True


@cache
def _producers() -> pools.ProducerPool:
    pool: pools.ProducerPool = pools.producers[current_app.connection_for_write(transport_options=IMPATIENT)]
    return pool
