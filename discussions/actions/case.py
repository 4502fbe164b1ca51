"""How things come into the queue of moderation: reports, what the rules of a space hold, and appeals."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict
from community.core.models import Audience
from community.core.permissions import require
from community.core.text import clean_source, plain_text
from community.core.verbs import Verb
from discussions.actions.hiding import hide_thing
from discussions.models import (
    REPORT_WORDS_LENGTH,
    Case,
    CaseKind,
    CaseReason,
    CaseState,
    HeldPost,
    Post,
    Report,
    ReportReason,
    Ruling,
    RulingAct,
    Topic,
)
from discussions.permissions import can_report, can_rule
from members.models import Appeal, Member
from members.queries.facts import facts_for

# By when somebody decides: what was hidden at once first, since it may have been right.
DUE_AFTER: Final = {
    CaseReason.PERSONAL_DATA: timedelta(hours=4),
    CaseReason.ABUSE: timedelta(hours=4),
    CaseReason.APPEAL: timedelta(days=3),
    CaseReason.ADVERTISING: timedelta(hours=24),
    CaseReason.RULES: timedelta(hours=24),
    CaseReason.OTHER: timedelta(hours=24),
}
#: Rule 8.1.
HIDES_AT_ONCE: Final = frozenset({CaseReason.PERSONAL_DATA, CaseReason.ABUSE})
# Whoever has cried wolf so often in a quarter of a year goes on reporting, and hides nothing at once.
UNFOUNDED: Final = 3
UNFOUNDED_WITHIN: Final = timedelta(days=90)
_CONTEXT_CHARACTERS: Final = 4000
# Strongest first, as the choices stand.
_WEIGHT: Final = {reason: place for place, reason in enumerate(CaseReason.values)}


@dataclass(frozen=True, slots=True)
class About:
    """What a case is about, as it stood when it came into the queue."""

    kind: CaseKind
    target_id: int
    author_id: int | None
    space_id: int | None = None
    title: str = ""
    context: Sequence[dict[str, object]] = field(default_factory=list)


@transaction.atomic
def report_post(
    post: Post, *, by: Member, reason: ReportReason, words: str = "", at: datetime | None = None
) -> Report:
    """Rule 8.1: hand a post to whoever moderates its space. The first post carries its topic, and stands for it.

    `by` must see it. Raises `Refused` for one's own, `Conflict` where one has reported it already.
    """
    if post.number == 1:
        return report_topic(post.topic, by=by, reason=reason, words=words, at=at)
    require(can_report(by, post.author_id))
    about = About(CaseKind.POST, post.pk, post.author_id, post.topic.space_id, post.topic.title, [_row(post)])
    return file_report(about, by=by, reason=reason, words=words, at=at)


@transaction.atomic
def report_topic(
    topic: Topic, *, by: Member, reason: ReportReason, words: str = "", at: datetime | None = None
) -> Report:
    """Rule 8.1, for a topic with its first post; as `report_post`."""
    require(can_report(by, topic.author_id))
    first = topic.posts.select_related("author").get(number=1)
    about = About(CaseKind.TOPIC, topic.pk, topic.author_id, topic.space_id, topic.title, [_row(first)])
    return file_report(about, by=by, reason=reason, words=words, at=at)


@transaction.atomic
def report_member(
    member: Member, *, by: Member, reason: ReportReason, words: str = "", at: datetime | None = None
) -> Report:
    """Rule 8.1, for what somebody says on their profile, or does. Who is reported sees nothing of who did it.

    The case keeps what stood there for the eyes of who reports it.
    """
    require(can_report(by, member.pk))
    shown = [f"{fact.label}: {', '.join(fact.words)}" for fact in facts_for(member, by)]
    said = {
        "number": 1,
        "author_id": member.pk,
        "author_name": member.display_name,
        "at": member.joined_at.isoformat(timespec="seconds"),
        "text": "\n".join(filter(None, [member.headline, *shown]))[:_CONTEXT_CHARACTERS],
    }
    about = About(CaseKind.MEMBER, member.pk, member.pk, None, member.display_name, [said])
    return file_report(about, by=by, reason=reason, words=words, at=at)


def file_report(
    about: About, *, by: Member, reason: ReportReason, words: str, at: datetime | None = None
) -> Report:
    """The report with its place in the queue: a case of its own, or the one that waits for this thing already.

    Personal data and abuse are hidden at once, unless three reports of that kind by this person were unfounded
    lately. Who may report is asked by the caller, in the same transaction.
    """
    if Report.objects.filter(reporter=by, target_type=about.kind, target_id=about.target_id).exists():
        raise Conflict(_("You have reported this already. A moderator will look at it."))
    now = at or timezone.now()
    case = put_case(about, CaseReason(reason), by=by, at=now, is_report=True)
    row = Report.objects.create(
        reporter=by,
        target_type=about.kind,
        target_id=about.target_id,
        about_id=about.author_id,
        reason=reason,
        words=clean_source(words).strip()[:REPORT_WORDS_LENGTH],
        context=list(about.context),
        created_at=now,
        case=case,
    )
    record(
        Verb.REPORT_MADE,
        by=by,
        at=at,
        target=row,
        audience=Audience.STAFF,
        target_type=str(about.kind),
        reason=str(reason),
    )
    # A profile that is out of sight can be written anew, and that too can be reported.
    is_shown = not case.is_hidden or about.kind == CaseKind.MEMBER
    hides = CaseReason(reason) in HIDES_AT_ONCE and is_shown and not _cries_wolf(by)
    if hides and hide_thing(about.kind, about.target_id, by=None):
        case.is_hidden = True
        case.save(update_fields=["is_hidden"])
    return row


def put_case(
    about: About,
    reason: CaseReason,
    *,
    by: Member | None,
    at: datetime,
    rules: Sequence[str] = (),
    is_report: bool = False,
) -> Case:
    """The row of this thing in the queue, locked: a new one, or the one that waits, which this one joins."""
    while True:
        waiting = Case.objects.select_for_update().waiting()
        case = waiting.filter(kind=about.kind, target_id=about.target_id).first()
        if case is not None:
            return _join(case, reason, at=at, is_report=is_report)
        try:
            # A row of its own: two people may report in the same moment.
            with transaction.atomic():
                case = Case.objects.create(
                    kind=about.kind,
                    target_id=about.target_id,
                    space_id=about.space_id,
                    about_id=about.author_id,
                    title=about.title[:200],
                    reason=reason,
                    rules=list(rules),
                    report_count=int(is_report),
                    context=list(about.context),
                    opened_at=at,
                    due_at=at + DUE_AFTER[reason],
                )
        except IntegrityError:
            continue
        record(
            Verb.CASE_OPENED,
            by=by,
            at=at,
            target=case,
            audience=Audience.STAFF,
            space_id=about.space_id,
            kind=str(about.kind),
            reason=str(reason),
            rules=list(rules),
        )
        return case


@transaction.atomic
def take_case(case: Case, *, by: Member, version: int | None = None) -> Case:
    """Say that one looks at it. Raises `Conflict` where somebody else does, or where it is decided."""
    case = lock_case(case)
    require(can_rule(by, case))
    if case.state == CaseState.DECIDED:
        raise Conflict(decided_already(case))
    if case.owner_id == by.pk:
        return case
    if case.owner is not None:
        raise Conflict(
            _("{name} has taken this since you looked. It is free again when they give it back.").format(
                name=case.owner.display_name
            )
        )
    check_version(case, version)
    case.owner, case.taken_at = by, timezone.now()
    case.version += 1
    case.save(update_fields=["owner", "taken_at", "version"])
    record(Verb.CASE_TAKEN, by=by, target=case, audience=Audience.STAFF, space_id=case.space_id)
    return case


@transaction.atomic
def release_case(case: Case, *, by: Member) -> Case:
    """Give it back to the queue; a moderator can do so for somebody who is away. Without an owner nothing changes."""
    case = lock_case(case)
    require(can_rule(by, case))
    if case.owner_id is not None and case.state != CaseState.DECIDED:
        case.owner, case.taken_at = None, None
        case.version += 1
        case.save(update_fields=["owner", "taken_at", "version"])
        record(Verb.CASE_RELEASED, by=by, target=case, audience=Audience.STAFF, space_id=case.space_id)
    return case


@transaction.atomic
def open_appeal_case(appeal: Appeal, *, at: datetime) -> Case | None:
    """Rule 8.5: an appeal waits in the same queue; None where it is decided. Safe to run twice."""
    if (
        appeal.decided_at is not None
        or Case.objects.filter(kind=CaseKind.APPEAL, target_id=appeal.pk).exists()
    ):
        return None
    against = appeal.against
    said = {
        "number": 1,
        "author_id": against.member_id,
        "author_name": against.member.display_name,
        "at": appeal.created_at.isoformat(timespec="seconds"),
        "text": appeal.words[:_CONTEXT_CHARACTERS],
    }
    about = About(CaseKind.APPEAL, appeal.pk, against.member_id, None, against.activity_title, [said])
    return put_case(about, CaseReason.APPEAL, by=None, at=at)


@transaction.atomic
def close_appeal_case(appeal: Appeal, *, at: datetime) -> None:
    """An appeal that was decided on another page waits no longer. Safe to run twice."""
    waiting = Case.objects.select_for_update().waiting()
    for case in waiting.filter(kind=CaseKind.APPEAL, target_id=appeal.pk):
        case.state, case.decided_at = CaseState.DECIDED, at
        case.version += 1
        case.save(update_fields=["state", "decided_at", "version"])


def lock_case(case: Case) -> Case:
    """The case before anything it is about: the order everybody keeps."""
    locked = Case.objects.select_for_update(of=("self",)).select_related("owner", "space", "about")
    return locked.get(pk=case.pk)


def check_version(case: Case, version: int | None) -> None:
    """Raises `Conflict` where the case is not as it was read any more; None is for who has just locked it."""
    if version is not None and case.version != version:
        raise Conflict(
            _("Somebody has changed this case since you opened it. Read it again, and decide then.")
        )


def decided_already(case: Case) -> str:
    """The sentence for the second of two."""
    ruling = (
        Ruling.objects.filter(case=case, undone_at__isnull=True).select_related("by").order_by("-id").first()
    )
    if ruling is None or ruling.by is None:
        return _("This has been decided already.")
    return _("{name} has decided this already: {act}. Nothing was decided twice.").format(
        name=ruling.by.display_name, act=RulingAct(ruling.act).label
    )


def held_context(held: HeldPost) -> list[dict[str, object]]:
    """What was held, as it stands now."""
    return [
        {
            "number": 1,
            "author_id": held.author_id,
            "author_name": held.author.display_name,
            "at": held.created_at.isoformat(timespec="seconds"),
            "text": plain_text(held.html)[:_CONTEXT_CHARACTERS],
        }
    ]


def _join(case: Case, reason: CaseReason, *, at: datetime, is_report: bool) -> Case:
    case.report_count += is_report
    if _WEIGHT[reason] < _WEIGHT[case.reason]:
        case.reason = reason
    case.due_at = min(case.due_at, at + DUE_AFTER[reason])
    case.version += 1
    case.save(update_fields=["report_count", "reason", "due_at", "version"])
    return case


def _row(post: Post) -> dict[str, object]:
    return {
        "number": post.number,
        "author_id": post.author_id,
        "author_name": post.author.display_name if post.author else "",
        "at": post.created_at.isoformat(timespec="seconds"),
        "text": plain_text(post.html)[:_CONTEXT_CHARACTERS],
    }


def _cries_wolf(member: Member) -> bool:
    """Whether reports of this person that hide at once were kept standing three times in a quarter of a year."""
    kept = Ruling.objects.filter(act=RulingAct.KEEP, undone_at__isnull=True)
    unfounded = Report.objects.filter(
        reporter=member,
        reason__in=[ReportReason.ABUSE, ReportReason.PERSONAL_DATA],
        created_at__gt=timezone.now() - UNFOUNDED_WITHIN,
        case__in=kept.values("case"),
    )
    return unfounded.count() >= UNFOUNDED
