"""Bringing two people together: proposed by a third, made when both agree, forgotten when one does not."""

from datetime import timedelta
from typing import Final

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Invalid, Refused
from community.core.mail import queue_mail
from community.core.models import Audience
from community.core.permissions import require
from community.core.text import clean_line, clean_source
from community.core.verbs import Verb
from members.models import Introduction, Member, Tie, TieKind
from members.permissions import can_introduce

#: Rule 2.7.
RUNS_OUT_AFTER: Final = timedelta(days=21)
FOLLOWED_UP_AFTER: Final = timedelta(days=14)
MOST_LINES: Final = 3
REASON_LENGTH: Final = 500
#: Whoever proposes many waits for some answers first.
MOST_OPEN: Final = 10
_FOLLOW_UP_BATCH: Final = 500


@transaction.atomic
def create_introduction(one: Member, other: Member, *, reason: str, by: Member) -> Introduction:
    """Rule 2.7. `one` and `other` must be visible to `by`.

    Raises `Invalid` for a reason that is empty or longer than three lines and for people who cannot be introduced,
    `Conflict` where ten proposals of `by` are open. That two people cannot meet has several causes and one sentence:
    nobody learns from it who has blocked or muted whom, or what somebody has answered.
    """
    require(can_introduce(by))
    words = _clean_reason(reason)
    if by.pk in {one.pk, other.pk}:
        raise Invalid(_("You introduce two others. To meet somebody yourself, write to them."))
    if one.pk == other.pk:
        sentence = _("This is the same person twice. Choose somebody else for them to meet.")
        raise Invalid(sentence, fields={"second": [sentence]})
    first, second = sorted((one, other), key=lambda member: member.pk)
    # Both rows, in one order: two proposals for the same pair at once meet here.
    list(Member.objects.select_for_update(no_key=True).filter(pk__in=[first.pk, second.pk]).order_by("pk"))
    if Introduction.objects.open().filter(by=by).count() >= MOST_OPEN:
        raise Conflict(
            _(
                "{most} introductions of yours wait for an answer. Propose this one when some are settled."
            ).format(most=MOST_OPEN)
        )
    if not _may_meet(first, second):
        sentence = _(
            "These two cannot be introduced just now: they may know each other, be asked already, or want no "
            "introductions at the moment."
        )
        raise Invalid(sentence, fields={"second": [sentence]})
    row = Introduction.objects.create(
        by=by, first=first, second=second, reason=words, expires_at=timezone.now() + RUNS_OUT_AFTER
    )
    # Who was to meet whom is not told: what comes to nothing leaves no trace.
    record(Verb.INTRODUCTION_PROPOSED, by=by, target=row, audience=Audience.STAFF)
    return row


@transaction.atomic
def answer_introduction(row: Introduction, *, agrees: bool, by: Member) -> Introduction | None:
    """The answer of one side. A "no" takes the row away, without activity and without a word to anybody: then None.

    Raises `Refused` for anybody else than the two, `Conflict` where it is over.
    """
    require(can_introduce(by))
    found = Introduction.objects.select_for_update().filter(pk=row.pk).first()
    if found is None or found.closed_at is not None or found.expires_at <= timezone.now():
        raise Conflict(_("This introduction is over. There is nothing to answer any more."))
    row = found
    if by.pk not in {row.first_id, row.second_id}:
        raise Refused(_("Only the two people who are to meet can answer."))
    if not agrees:
        row.delete()
        return None
    now = timezone.now()
    if by.pk == row.first_id:
        row.first_agreed_at = row.first_agreed_at or now
    else:
        row.second_agreed_at = row.second_agreed_at or now
    if row.first_agreed_at and row.second_agreed_at:
        row.made_at = row.closed_at = now
    row.save(update_fields=["first_agreed_at", "second_agreed_at", "made_at", "closed_at"])
    if row.made_at:
        record(
            Verb.INTRODUCTION_MADE,
            by=row.by,
            target=row,
            audience=Audience.STAFF,
            first_id=row.first_id,
            second_id=row.second_id,
        )
    return row


@shared_task(name="members.tend_introductions")
def tend_introductions() -> dict[str, int]:
    """Forget what ran out, and ask once after two weeks whether the two talked. Safe to run twice and late."""
    now = timezone.now()
    gone, _kinds = Introduction.objects.open().filter(expires_at__lte=now).delete()
    due = (
        Introduction.objects.made()
        .filter(followed_up_at__isnull=True, made_at__lte=now - FOLLOWED_UP_AFTER)
        .order_by("made_at")
    )
    asked = 0
    for pk in list(due.values_list("pk", flat=True)[:_FOLLOW_UP_BATCH]):
        asked += _follow_up(pk)
    return {"run_out": gone, "followed_up": asked}


@transaction.atomic
def _follow_up(pk: int) -> int:
    row = (
        Introduction.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("first", "second", "by")
        .filter(pk=pk, followed_up_at__isnull=True)
        .first()
    )
    if row is None:
        return 0
    row.followed_up_at = timezone.now()
    row.save(update_fields=["followed_up_at"])
    if not _are_apart(row.first, row.second):
        for member, other in ((row.first, row.second), (row.second, row.first)):
            if member.email and member.is_admitted and other.is_admitted:
                queue_mail(
                    "introduction.followed_up",
                    key=f"introduction.followed_up:{row.pk}:{member.pk}",
                    address=member.email,
                    member=member,
                    template="members/mail/introduction_followed_up.txt",
                    words={
                        "name": member.display_name,
                        "other": other.display_name,
                        "introducer": row.by.display_name,
                        "url": settings.SITE_URL + other.get_absolute_url(),
                        "list_url": settings.SITE_URL + reverse("introduction_list"),
                    },
                )
    return 1


def _may_meet(first: Member, second: Member) -> bool:
    """Not where one keeps out of the other's way, where they are being asked, or were introduced before."""
    known = Introduction.objects.filter(Q(closed_at__isnull=True) | Q(made_at__isnull=False))
    return not (_are_apart(first, second) or known.filter(first=first, second=second).exists())


def _are_apart(first: Member, second: Member) -> bool:
    between = Q(member=first, other=second) | Q(member=second, other=first)
    return Tie.objects.filter(between, kind__in=[TieKind.BLOCK, TieKind.MUTE]).exists()


def _clean_reason(reason: str) -> str:
    lines = [line for line in (clean_line(line) for line in clean_source(reason).split("\n")) if line]
    sentence = ""
    if not lines:
        sentence = _("Say in up to three lines why they should know each other. Both read it.")
    elif len(lines) > MOST_LINES:
        sentence = _("Three lines are the most; you have {count}. What matters most?").format(
            count=len(lines)
        )
    elif len("\n".join(lines)) > REASON_LENGTH:
        sentence = _("{most} characters are the most. What matters most?").format(most=REASON_LENGTH)
    if sentence:
        raise Invalid(sentence, fields={"reason": [sentence]})
    return "\n".join(lines)
