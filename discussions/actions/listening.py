"""Rule 8.6: a vocal critic is not spam. Their topics are shown to managers, with a reply due; nothing else follows.

The signals are few, and each can be said in a sentence to whoever asks: `SIGNALS` has the sentences.
"""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from celery import shared_task
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.core.activity import record
from community.core.errors import Conflict
from community.core.models import Audience, Module, is_in_use
from community.core.permissions import require
from community.core.text import plain_text
from community.core.verbs import Verb
from discussions.models import (
    Case,
    CaseKind,
    Listening,
    Post,
    Reaction,
    ReactionKind,
    RulingAct,
    SpacePreset,
    Topic,
)
from discussions.permissions import can_listen, can_see_topic
from members.models import STAFF_ROLES, Member

#: Two working days, as they come: whoever is told on Friday evening has until Tuesday evening.
REPLY_WITHIN: Final = timedelta(days=2)
#: The words of a critic count again so long, for "not the first time".
LOOKED_BACK: Final = timedelta(days=90)
#: So many people who agree, or say "me too", make it more than one voice.
AGREED_BY: Final = 3


class Signal(StrEnum):
    """Why a topic is to be listened to."""

    WORDS = "words"
    AGREED = "agreed"
    AGAIN = "again"
    REPORTED = "reported"
    BY_HAND = "by_hand"


SIGNALS: Final = {
    Signal.WORDS: gettext_lazy("It says in plain words that something here or of ours disappoints."),
    Signal.AGREED: gettext_lazy("At least three people agree or say “me too”."),
    Signal.AGAIN: gettext_lazy("The author wrote such a topic before, in the last 90 days."),
    Signal.REPORTED: gettext_lazy("It was reported, and a moderator kept it."),
    Signal.BY_HAND: gettext_lazy("A community manager put it here."),
}

_DISAPPOINTED: Final = re.compile(
    r"\b(?:disappoint\w*|frustrat\w*|unaccept\w*|let (?:us|me) down|fed up|had enough|waste of (?:time|money)|"
    r"broken promise|still (?:not|no|waiting|broken)|nobody (?:listens|answers|cares)|no (?:one|body) (?:listens|"
    r"answers|cares)|ignored?|worse than|getting worse|poor (?:support|service|quality)|overpriced|rip[- ]?off|"
    r"cancel(?:l?ing|l?ed)?|(?:looking|moving|switch\w*) (?:for|to) (?:an? )?(?:alternative|competitor)\w*|"
    r"complain\w*|misleading|unreliable|ridiculous|embarrassing)\b",
    re.IGNORECASE,
)


def says_disappointment(text: str) -> bool:
    """Two such phrases in one text; one may be about the weather."""
    return len({found.lower() for found in _DISAPPOINTED.findall(text)}) >= 2


def signals_of(topic: Topic) -> list[Signal]:
    """What speaks for listening to it, of the topic as it stands. Four queries.

    Words alone are not enough: others agree, or it was said before, or somebody reported it and was not followed.
    """
    first = Post.objects.filter(topic=topic, number=1).first()
    if first is None:
        return []
    found = []
    if says_disappointment(f"{topic.title}\n{plain_text(first.html)}"):
        found.append(Signal.WORDS)
        agreed = Reaction.objects.filter(post=first, kind__in=[ReactionKind.AGREE, ReactionKind.ME_TOO])
        if agreed.values("member").distinct().count() >= AGREED_BY:
            found.append(Signal.AGREED)
        before = Topic.objects.present().filter(
            author=topic.author_id,
            listening__isnull=False,
            created_at__gt=topic.created_at - LOOKED_BACK,
            created_at__lt=topic.created_at,
        )
        if topic.author_id is not None and (before.exists() or _said_before(topic)):
            found.append(Signal.AGAIN)
    kept = Case.objects.filter(
        kind=CaseKind.TOPIC,
        target_id=topic.pk,
        report_count__gt=0,
        rulings__act=RulingAct.KEEP,
        rulings__undone_at__isnull=True,
    )
    if kept.exists():
        found.append(Signal.REPORTED)
    return found if len(found) > 1 or Signal.REPORTED in found else []


@transaction.atomic
def look_for_critic(topic_id: int, *, at: datetime) -> Listening | None:
    """Flag the topic where its signals say so; what is flagged stays. Safe to run twice.

    Never where staff wrote it, and never in a confidential room, of which nothing is told.
    """
    topic = Topic.objects.present().select_related("space", "author").filter(pk=topic_id).first()
    if topic is None or topic.space.preset == SpacePreset.CONFIDENTIAL or not is_in_use(Module.MODERATION):
        return None
    if topic.author is not None and topic.author.has_role(*STAFF_ROLES):
        return None
    signals = signals_of(topic)
    return _flag(topic, signals, by=None, at=at) if signals else None


@transaction.atomic
def flag_listening(topic: Topic, *, by: Member) -> Listening:
    """By hand. Raises `Conflict` where it is flagged."""
    require(can_see_topic(by, topic) and can_listen(by))
    if Listening.objects.filter(topic=topic).exists():
        raise Conflict(_("This is on the list already."))
    return _flag(topic, [Signal.BY_HAND], by=by, at=timezone.now())


@transaction.atomic
def settle_listening(listening: Listening, *, by: Member, at: datetime | None = None) -> Listening:
    """Staff has answered, or a manager says that it needs no answer. Raises `Conflict` where it is settled."""
    listening = Listening.objects.select_for_update(of=("self",)).select_related("topic").get(pk=listening.pk)
    require(can_listen(by))
    if listening.settled_at is not None:
        raise Conflict(_("This is settled already."))
    _settle(listening, by=by, at=at or timezone.now())
    return listening


@transaction.atomic
def settle_by_answer(topic_id: int, member: Member, *, at: datetime) -> bool:
    """A reply of somebody of the staff is the answer that was due. Safe to run twice."""
    open_ones = Listening.objects.select_for_update(of=("self",)).filter(settled_at__isnull=True)
    listening = open_ones.select_related("topic").filter(topic=topic_id).first()
    if listening is None:
        return False
    _settle(listening, by=member, at=at)
    return True


@shared_task(name="discussions.look_for_critics")
def look_for_critics() -> int:
    """Once a day: topics of the last 90 days with agreement that are not flagged yet. Returns how many are now."""
    agreed = Reaction.objects.filter(
        kind__in=[ReactionKind.AGREE, ReactionKind.ME_TOO], created_at__gt=timezone.now() - timedelta(days=2)
    )
    topics = (
        Topic.objects.present()
        .filter(posts__in=agreed.filter(post__number=1).values("post"), listening__isnull=True)
        .distinct()
        .values_list("pk", flat=True)[:1_000]
    )
    return sum(look_for_critic(pk, at=timezone.now()) is not None for pk in list(topics))


def _flag(topic: Topic, signals: list[Signal], *, by: Member | None, at: datetime) -> Listening:
    row, is_new = Listening.objects.get_or_create(
        topic=topic,
        defaults={
            "signals": [signal.value for signal in signals],
            "flagged_at": at,
            "due_at": at + REPLY_WITHIN,
        },
    )
    if is_new:
        record(
            Verb.LISTEN_FLAGGED,
            by=by,
            target=topic,
            audience=Audience.STAFF,
            at=at,
            space_id=topic.space_id,
            topic_id=topic.pk,
            signals=row.signals,
        )
    return row


def _settle(listening: Listening, *, by: Member, at: datetime) -> None:
    listening.settled_at, listening.settled_by = at, by
    listening.save(update_fields=["settled_at", "settled_by"])
    record(
        Verb.LISTEN_SETTLED,
        by=by,
        target=listening.topic,
        audience=Audience.STAFF,
        at=at,
        space_id=listening.topic.space_id,
        topic_id=listening.topic_id,
        in_time=at <= listening.due_at,
    )


def _said_before(topic: Topic) -> bool:
    firsts = Post.objects.present().filter(
        number=1,
        author=topic.author_id,
        topic__deleted_at__isnull=True,
        created_at__gt=topic.created_at - LOOKED_BACK,
        created_at__lt=topic.created_at,
    )
    rows = firsts.order_by("-created_at").values_list("topic__title", "html")[:20]
    return any(says_disappointment(f"{title}\n{plain_text(html)}") for title, html in rows)
