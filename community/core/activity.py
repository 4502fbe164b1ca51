"""Writing the spine and handing its rows to subscribers. What a row looks like is in `models/activity.py`."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from celery import shared_task
from django.db import connection, models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from community.core.broker import enqueue
from community.core.models import Activity, Audience
from community.core.verbs import Verb

logger = logging.getLogger(__name__)

# After this many failed rounds a row is left for people: `manage.py doctor` reports it.
MAX_ATTEMPTS = 12
# Rows younger than this are still with the message that their commit queued.
SWEEP_AFTER = timedelta(seconds=5)
SWEEP_BATCH = 500


class Subscriber(Protocol):
    """Reads a row and calls its own app's actions."""

    __name__: str

    def __call__(self, activity: Activity, /) -> None: ...


class Actor(Protocol):
    """What the spine needs to know of a member; the member itself lives to the right of core."""

    @property
    def pk(self) -> int: ...

    @property
    def primary_role(self) -> str: ...


class Target(Protocol):
    """What an object shows of itself in activity: frozen into the row when it is written."""

    @property
    def pk(self) -> int: ...

    @property
    def activity_title(self) -> str: ...

    def get_absolute_url(self) -> str: ...


_subscribers: dict[str, list[Subscriber]] = {}
# Those of them that tell many people and commit as they go.
_in_chunks: set[Subscriber] = set()


def record(
    verb: Verb,
    *,
    by: Actor | None,
    target: Target,
    audience: Audience,
    at: datetime | None = None,
    counterpart_id: int | None = None,
    space_id: int | None = None,
    organisation_id: int | None = None,
    **data: object,
) -> Activity:
    """Write the one row of an action, inside its transaction, and queue its dispatch for after the commit.

    `by` is None for unattributed acts and for the system. `at` is when it happened; now, if not given.
    Raises `TransactionManagementError` outside a transaction: a row without its change would be a lie.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("record() belongs inside the transaction of its action")
    activity = Activity.objects.create(
        verb=verb,
        actor_id=None if by is None else by.pk,
        actor_role="" if by is None else by.primary_role,
        occurred_at=at or timezone.now(),
        target_type=target_type(target),
        target_id=target.pk,
        target_title=target.activity_title[:200],
        target_url=target.get_absolute_url(),
        counterpart_id=counterpart_id,
        space_id=space_id,
        organisation_id=organisation_id,
        audience=audience,
        data=data,
    )
    transaction.on_commit(partial(enqueue, dispatch, ([activity.pk],)))
    return activity


def target_type(target: object) -> str:
    """The stable name of a kind of object in activity and search rows: its model's name, `topic`, `post`, …"""
    if isinstance(target, models.Model):
        return str(target._meta.model_name)
    raise TypeError(f"{type(target).__name__} is not a model")


def on(*verbs: Verb, in_chunks: bool = False) -> Callable[[Subscriber], Subscriber]:
    """Register a subscriber. It must be idempotent: every row reaches it at least once, in no promised order.

    `in_chunks` is for those who write to as many people as follow something: they run before the others and outside
    of their transaction, so that each chunk commits for itself and no row is locked until the last one is told.
    """

    def register(subscriber: Subscriber) -> Subscriber:
        if in_chunks:
            _in_chunks.add(subscriber)
        for verb in verbs:
            _subscribers.setdefault(verb, []).append(subscriber)
        return subscriber

    return register


@shared_task(name="activity.dispatch")
def dispatch(activity_ids: list[int]) -> int:
    """Hand each undispatched row to its subscribers, and mark it in the same transaction. Safe to run twice.

    What is told in chunks comes first, and commits chunk by chunk. A row that another worker holds is skipped. Returns
    how many rows were settled.
    """
    return sum(_dispatch_one(activity_id) for activity_id in activity_ids)


def _dispatch_one(activity_id: int) -> bool:
    waiting = Activity.objects.undispatched().filter(pk=activity_id)
    wide = [verb for verb, subscribers in _subscribers.items() if not _in_chunks.isdisjoint(subscribers)]
    if not waiting.filter(verb__in=wide).exists():
        return _settle(activity_id)
    with _alone(activity_id) as is_ours:
        activity = waiting.first() if is_ours else None
        if activity is None:
            return False
        told = [
            _tell(subscriber, activity)
            for subscriber in _subscribers[activity.verb]
            if subscriber in _in_chunks
        ]
        return _settle(activity_id, told_in_chunks=all(told))


@contextmanager
def _alone(activity_id: int) -> Iterator[bool]:
    """Whether nobody else tells this row in chunks just now; the lock ends with the connection of a dead worker."""
    name = f"activity.dispatch:{activity_id}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])


def _settle(activity_id: int, *, told_in_chunks: bool = True) -> bool:
    """Effects and mark commit together: a worker that dies in between has done nothing, and the sweep comes."""
    with transaction.atomic():
        activity = (
            Activity.objects.undispatched()
            .select_for_update(skip_locked=True, no_key=True)
            .filter(pk=activity_id)
            .first()
        )
        if activity is None:
            return False
        # A list, not a generator: a subscriber that fails must not keep the row from those behind it.
        told = [
            _tell(subscriber, activity)
            for subscriber in _subscribers.get(activity.verb, ())
            if subscriber not in _in_chunks
        ]
        # While a new version is rolled out, an old worker may meet a verb it does not know: not its to settle.
        if told_in_chunks and all(told) and activity.verb in Verb.values:
            activity.dispatched_at = timezone.now()
        else:
            activity.attempts += 1
        activity.save(update_fields=["dispatched_at", "attempts"])
    return activity.dispatched_at is not None


def _tell(subscriber: Subscriber, activity: Activity) -> bool:
    """Run one subscriber, in a savepoint unless it commits by itself. On the next round the others run again."""
    try:
        with nullcontext() if subscriber in _in_chunks else transaction.atomic():
            subscriber(activity)
    # The one place with a broad except: a reader's failure must not lose the row.
    except Exception:
        logger.exception(
            "subscriber failed",
            extra={"activity_id": activity.pk, "attempts": activity.attempts, "task": subscriber.__name__},
        )
        return False
    return True


@shared_task(name="activity.sweep")
def sweep_activity() -> int:
    """Dispatch what a lost message, a dead worker or an empty Redis left behind; returns how many were settled.

    A row that failed n times waits until it is 3^n seconds old: seconds at first, two days for the last of
    `MAX_ATTEMPTS` rounds. Rows that never failed come first, so that failing ones hold nobody up.
    """
    waiting = list(
        Activity.objects.undispatched()
        .filter(recorded_at__lt=Now() - SWEEP_AFTER, attempts__lt=MAX_ATTEMPTS)
        .filter(Q(attempts=0) | Q(recorded_at__lt=Now() - _backoff()))
        .order_by("attempts", "id")
        .values_list("id", flat=True)[:SWEEP_BATCH]
    )
    settled = dispatch(waiting)
    if settled == SWEEP_BATCH:
        # There is more. The next round is asked for now instead of with the next beat.
        enqueue(sweep_activity)
    return settled


def _backoff() -> models.Expression:
    return models.ExpressionWrapper(
        models.Value(timedelta(seconds=1)) * models.functions.Power(models.Value(3.0), F("attempts")),
        output_field=models.DurationField(),
    )
