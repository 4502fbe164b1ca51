"""Writing the spine and handing its rows to subscribers. What a row looks like is in `models/activity.py`."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from celery import shared_task
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from community.core.broker import enqueue
from community.core.models import Activity, Audience
from community.core.verbs import Verb

logger = logging.getLogger(__name__)

Subscriber = Callable[[Activity], None]

# After this many failed rounds a row is left for people: `manage.py doctor` reports it.
MAX_ATTEMPTS = 12
# Rows younger than this are still with the message that their commit queued.
SWEEP_AFTER = timedelta(seconds=5)
SWEEP_BATCH = 500

_subscribers: dict[Verb, list[Subscriber]] = {}


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
    transaction.on_commit(partial(enqueue, dispatch, [activity.pk]))
    return activity


def target_type(target: object) -> str:
    """The stable name of a kind of object in activity and search rows: its model's name, `topic`, `post`, …"""
    if isinstance(target, models.Model):
        return str(target._meta.model_name)
    raise TypeError(f"{type(target).__name__} is not a model")


def on(*verbs: Verb) -> Callable[[Subscriber], Subscriber]:
    """Register a subscriber. It must be idempotent: every row reaches it at least once, in no promised order."""

    def register(subscriber: Subscriber) -> Subscriber:
        for verb in verbs:
            _subscribers.setdefault(verb, []).append(subscriber)
        return subscriber

    return register


@shared_task(name="activity.dispatch")
def dispatch(activity_ids: list[int]) -> int:
    """Hand each undispatched row to its subscribers, and mark it in the same transaction. Safe to run twice.

    A row that another worker holds is skipped. Returns how many rows were settled.
    """
    return sum(_dispatch_one(activity_id) for activity_id in activity_ids)


def _dispatch_one(activity_id: int) -> bool:
    try:
        with transaction.atomic():
            activity = (
                Activity.objects.undispatched().select_for_update(skip_locked=True).filter(pk=activity_id).first()
            )
            if activity is None:
                return False
            for subscriber in _subscribers.get(Verb(activity.verb), ()):
                subscriber(activity)
            activity.dispatched_at = timezone.now()
            activity.save(update_fields=["dispatched_at"])
            return True
    except Exception:  # noqa: BLE001 - the one place where a reader's failure must not lose the row
        logger.exception("dispatch failed", extra={"activity_id": activity_id})
        Activity.objects.filter(pk=activity_id).update(attempts=F("attempts") + 1)
        return False


@shared_task(name="activity.sweep")
def sweep_activity() -> int:
    """Dispatch what a lost message, a dead worker or an empty Redis left behind. Returns how many were settled.

    A row that failed waits 2^attempts seconds since it was recorded, up to `MAX_ATTEMPTS` rounds.
    """
    waiting = (
        Activity.objects.undispatched()
        .filter(recorded_at__lt=Now() - SWEEP_AFTER, attempts__lt=MAX_ATTEMPTS)
        .filter(Q(attempts=0) | Q(recorded_at__lt=Now() - _backoff()))
        .order_by("id")
        .values_list("id", flat=True)[:SWEEP_BATCH]
    )
    return dispatch(list(waiting))


def _backoff() -> models.Expression:
    return models.ExpressionWrapper(
        models.Value(timedelta(seconds=1)) * models.functions.Power(models.Value(2.0), F("attempts")),
        output_field=models.DurationField(),
    )

