"""Pinning topics on top of their space for a reason and a time, and announcements that take no replies."""

from datetime import datetime
from typing import Final

from celery import shared_task
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Invalid
from community.core.models import Audience
from community.core.permissions import require
from community.core.text import clean_line
from community.core.verbs import Verb
from discussions.actions.topic import lock_topic
from discussions.models import Topic
from discussions.permissions import can_pin_topic, can_switch_replies
from members.models import Member

REASON_LENGTH: Final = 300
UNPIN_BATCH: Final = 200


@transaction.atomic
def pin_topic(
    topic: Topic, *, by: Member, reason: str = "", until: datetime | None = None, at: datetime | None = None
) -> Topic:
    """Rule 3.2: put a topic on top of its space; again to change reason or end. Raises `Invalid` for an end gone by."""
    topic = lock_topic(topic.pk)
    require(can_pin_topic(by, topic))
    now = at or timezone.now()
    if until is not None and until <= now:
        sentence = _("The end lies ahead, or is left out.")
        raise Invalid(sentence, fields={"until": [sentence]})
    topic.pinned_at, topic.pinned_until = topic.pinned_at or now, until
    topic.pin_reason = clean_line(reason)[:REASON_LENGTH]
    topic.save(update_fields=["pinned_at", "pinned_until", "pin_reason"])
    record(
        Verb.TOPIC_PINNED,
        by=by,
        at=at,
        target=topic,
        audience=Audience.SPACE,
        space_id=topic.space_id,
        topic_id=topic.pk,
        reason=topic.pin_reason,
        until=until.isoformat() if until else None,
    )
    return topic


@transaction.atomic
def unpin_topic(topic: Topic, *, by: Member) -> Topic:
    """Take the pin off. Raises `Conflict` where there is none."""
    topic = lock_topic(topic.pk)
    require(can_pin_topic(by, topic))
    if topic.pinned_at is None:
        raise Conflict(_("This topic is not pinned."))
    _unpin(topic, by=by)
    return topic


@shared_task(name="discussions.unpin_topics")
def unpin_topics() -> int:
    """Take off the pins whose time is over. Returns how many."""
    with transaction.atomic():
        due = list(
            Topic.objects.select_for_update(skip_locked=True)
            .filter(pinned_until__lte=Now())
            .order_by("pk")[:UNPIN_BATCH]
        )
        for topic in due:
            _unpin(topic, by=None)
    return len(due)


@transaction.atomic
def switch_replies(topic: Topic, *, by: Member, takes_replies: bool) -> Topic:
    """Let an announcement take replies, or none; the present state again changes nothing."""
    topic = lock_topic(topic.pk)
    require(can_switch_replies(by, topic))
    if topic.takes_replies != takes_replies:
        topic.takes_replies = takes_replies
        topic.save(update_fields=["takes_replies"])
        record(
            Verb.TOPIC_REPLIES_SWITCHED,
            by=by,
            target=topic,
            audience=Audience.SPACE,
            space_id=topic.space_id,
            topic_id=topic.pk,
            takes_replies=takes_replies,
        )
    return topic


def _unpin(topic: Topic, *, by: Member | None) -> None:
    topic.pinned_at, topic.pinned_until, topic.pin_reason = None, None, ""
    topic.save(update_fields=["pinned_at", "pinned_until", "pin_reason"])
    record(
        Verb.TOPIC_UNPINNED,
        by=by,
        target=topic,
        audience=Audience.SPACE,
        space_id=topic.space_id,
        topic_id=topic.pk,
    )
