"""Page-shaped reads of the queue of moderation, of what waits with an author, and of the figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community.core.keyset import read_time_key, split_page, time_key, with_query
from community.core.moments import Clock, Moment
from community.core.text import excerpt
from discussions.actions.listening import SIGNALS, Signal
from discussions.actions.moderation import ACTS_OF, acts_of
from discussions.figures import middle, suppressed, total_shown
from discussions.models import (
    UNDO_WITHIN,
    CannedReason,
    Case,
    CaseKind,
    CaseReason,
    CaseState,
    HeldPost,
    Listening,
    Post,
    Report,
    Ruling,
    RulingAct,
    Space,
    StewardProposal,
    Topic,
)
from discussions.permissions import MODERATORS, can_take_part_in_ruling
from discussions.quality import Rule
from discussions.queries.rows import Link, Row
from members.models import Appeal, Member, Sanction

ROWS: Final = 50
#: How far back the figures look.
FIGURES_OF: Final = timedelta(days=90)
LISTS: Final = ("open", "mine", "returned", "decided")


@dataclass(frozen=True, slots=True)
class CaseRow(Row):
    """One thing in the queue."""

    id: int
    version: int
    url: str
    title: str
    kind_label: str
    reason_label: str
    about_name: str
    space_name: str
    owner_name: str
    reports_label: str
    excerpt: str
    is_hidden: bool
    is_overdue: bool
    due: Moment
    opened: Moment
    outcome_label: str


@dataclass(frozen=True, slots=True)
class Tab(Row):
    label: str
    url: str
    current: bool
    count: int


@dataclass(frozen=True, slots=True)
class QueuePage(Row):
    rows: list[CaseRow]
    tabs: list[Tab]
    oldest_label: str
    overdue_count: int
    first_url: str
    next_url: str


@dataclass(frozen=True, slots=True)
class SaidRow(Row):
    """A post or message as it stood when it was reported."""

    author_name: str
    when: Moment
    text: str


@dataclass(frozen=True, slots=True)
class ReportRow(Row):
    reason_label: str
    words: str
    reporter_name: str
    when: Moment


@dataclass(frozen=True, slots=True)
class RulingRow(Row):
    label: str
    by_name: str
    words: str
    when: Moment
    undone_label: str


@dataclass(frozen=True, slots=True)
class ActChoice(Row):
    """Something that can be decided, with the key that chooses it, and why not where it cannot."""

    value: str
    label: str
    key: str
    why_not: str


@dataclass(frozen=True, slots=True)
class CasePage(Row):
    row: CaseRow
    state_label: str
    thing_url: str
    html: SafeString | str
    said: list[SaidRow]
    reports: list[ReportRow]
    rules: list[str]
    rulings: list[RulingRow]
    sanctions: list[str]
    sanctions_url: str
    acts: list[ActChoice]
    is_open: bool
    is_mine: bool
    can_undo: bool
    returned_words: str
    next_url: str


@dataclass(frozen=True, slots=True)
class OwnCase(Row):
    """What waits of somebody's own, in their words, with those of whoever returned it."""

    id: int
    version: int
    title: str
    url: str
    text: str
    state_label: str
    returned_words: str
    is_returned: bool
    when: Moment


@dataclass(frozen=True, slots=True)
class OwnSanction(Row):
    id: int
    grade_label: str
    where: str
    reason: str
    since: Moment
    until: Moment
    is_in_force: bool
    appeal_words: str
    appeal_label: str
    appeal_reason: str
    can_appeal: bool


@dataclass(frozen=True, slots=True)
class FigureRow(Row):
    label: str
    count_label: str


@dataclass(frozen=True, slots=True)
class Statistics(Row):
    """What everybody may know: no names, and no group under five."""

    days: int
    reasons: list[FigureRow]
    outcomes: list[FigureRow]
    sanctions: list[FigureRow]
    appeals: list[FigureRow]
    in_time_label: str
    hours_label: str
    total_label: str


@dataclass(frozen=True, slots=True)
class SpaceFigures(Row):
    """For those who look after a space: their own decisions beside those of all."""

    days: int
    rows: list[FigureRow]
    mine: list[FigureRow]


@dataclass(frozen=True, slots=True)
class ListenRow(Row):
    topic_id: int
    title: str
    url: str
    space_name: str
    why: list[str]
    due: Moment
    is_overdue: bool
    settled_label: str


@dataclass(frozen=True, slots=True)
class ProposalRow(Row):
    name: str
    url: str
    words: str
    by_name: str
    when: Moment
    decide_url: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the queue is narrowed to."""

    name: str = "open"
    kind: str = ""
    reason: str = ""
    space_slug: str = ""
    #: Where the page goes on: the time and the id of the last row of the one before (`time_key`).
    after: str = ""

    @property
    def narrowing(self) -> dict[str, str]:
        return {"kind": self.kind, "reason": self.reason, "space": self.space_slug}


# --- the queue --------------------------------------------------------------------------------------------------


def queue_cases(user: Member, wanted: Wanted) -> tuple[QuerySet[Case], str, bool]:
    """The rows of one list in their order, the column of time they are ordered by, and whether it falls."""
    rows = Case.objects.visible_to(user).select_related("about", "owner", "space")
    column, falls = "due_at", False
    match wanted.name:
        case "mine":
            rows = rows.open().filter(owner=user)
        case "returned":
            rows = rows.filter(state=CaseState.RETURNED)
        case "decided":
            rows, column, falls = rows.filter(state=CaseState.DECIDED), "decided_at", True
        case _:
            rows = rows.open()
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.reason:
        rows = rows.filter(reason=wanted.reason)
    if wanted.space_slug:
        rows = rows.filter(space__slug=wanted.space_slug)
    order = (f"-{column}", "-pk") if falls else (column, "pk")
    return rows.order_by(*order), column, falls


def queue_page(user: Member, wanted: Wanted) -> QueuePage:
    """Most urgent first, 50 at a time by key; four queries, with those decided one more."""
    cases = Case.objects.visible_to(user)
    counted = cases.aggregate(
        open=Count("pk", filter=Q(state=CaseState.OPEN)),
        mine=Count("pk", filter=Q(state=CaseState.OPEN, owner=user)),
        returned=Count("pk", filter=Q(state=CaseState.RETURNED)),
        overdue=Count("pk", filter=Q(state=CaseState.OPEN, due_at__lt=timezone.now())),
    )
    oldest = cases.open().order_by("opened_at").values_list("opened_at", flat=True).first()
    shown, column, falls = queue_cases(user, wanted)
    key = read_time_key(wanted.after)
    if key is not None:
        at, last_id = key
        step = "lt" if falls else "gt"
        behind = Q(**{f"{column}__{step}": at}) | Q(**{column: at, f"pk__{step}": last_id})
        shown = shown.filter(Q(**{f"{column}__{step}e": at}) & behind)
    found, has_more = split_page(list(shown[: ROWS + 1]), ROWS)
    last = found[-1] if has_more else None
    labels = {
        "open": _("To decide"),
        "mine": _("Mine"),
        "returned": _("With their authors"),
        "decided": _("Decided"),
    }
    narrowed = {name: value for name, value in wanted.narrowing.items() if value}
    here = narrowed if wanted.name == "open" else {"list": wanted.name} | narrowed
    clock = Clock(timezone.now())
    outcomes = _outcomes([case.pk for case in found]) if wanted.name == "decided" else {}
    return QueuePage(
        rows=[_row(case, clock, outcomes.get(case.pk, "")) for case in found],
        tabs=[
            Tab(
                labels[name],
                with_query(reverse("case_list"), **{"list": name} | narrowed),
                name == wanted.name,
                counted.get(name, 0),
            )
            for name in LISTS
        ],
        oldest_label=_("The oldest came {when}.").format(when=clock.moment(oldest).relative)
        if oldest
        else "",
        overdue_count=counted["overdue"],
        first_url=with_query(reverse("case_list"), **here) if key is not None else "",
        next_url=with_query(reverse("case_list"), **here, after=time_key(getattr(last, column), last.pk))
        if last is not None
        else "",
    )


def waiting_count(user: Member) -> int:
    """How many wait for this person or one like them. One query."""
    return Case.objects.visible_to(user).open().count()


def case_page(case: Case, user: Member) -> CasePage:
    """One case with everything that bears on the decision: eight queries, and those of what may be decided."""
    clock = Clock(timezone.now())
    is_moderator = user.has_role(*MODERATORS)
    reports = Report.objects.filter(case=case).select_related("reporter").order_by("pk")
    rulings = list(case.rulings.select_related("by", "undone_by").order_by("pk"))
    latest = next((ruling for ruling in reversed(rulings) if ruling.undone_at is None), None)
    possible = acts_of(case) if case.state != CaseState.DECIDED else []
    acts = []
    for number, act in enumerate(possible, start=1):
        may = can_take_part_in_ruling(user, case, act)
        acts.append(
            ActChoice(act.value, str(act.label), str(number), "" if may else getattr(may, "reason", ""))
        )
    following = Case.objects.visible_to(user).open().exclude(pk=case.pk).order_by("due_at", "pk").first()
    return CasePage(
        row=_row(case, clock, str(RulingAct(latest.act).label) if latest else ""),
        state_label=str(case.get_state_display()),
        thing_url=thing_url(case),
        html=thing_html(case),
        said=[
            SaidRow(
                str(row["author_name"]),
                clock.moment(datetime.fromisoformat(str(row["at"]))),
                str(row["text"]),
            )
            for row in case.context
        ],
        reports=[
            ReportRow(
                str(report.get_reason_display()),
                report.words,
                # Stewards are members among members: who reported is between the reporter and the moderators.
                report.reporter.display_name if is_moderator else "",
                clock.moment(report.created_at),
            )
            for report in reports
        ],
        rules=[rule_label(name) for name in case.rules],
        rulings=[
            RulingRow(
                str(RulingAct(ruling.act).label),
                ruling.by.display_name if ruling.by else _("somebody who is gone"),
                ruling.words,
                clock.moment(ruling.at),
                _("taken back by {name}").format(name=ruling.undone_by.display_name)
                if ruling.undone_by
                else "",
            )
            for ruling in rulings
        ],
        sanctions=_sanctions_of(case, clock),
        sanctions_url=reverse("member_sanction_list", args=[case.about.handle])
        if is_moderator and case.about
        else "",
        acts=acts,
        is_open=case.state != CaseState.DECIDED,
        is_mine=case.owner_id == user.pk,
        can_undo=latest is not None
        and case.state != CaseState.OPEN
        and case.kind != CaseKind.APPEAL
        and timezone.now() - latest.at <= UNDO_WITHIN,
        returned_words=case.returned_words,
        next_url=following.get_absolute_url() if following else "",
    )


def canned_reasons() -> list[str]:
    """The community's own, or those that come with the software. One query."""
    own = list(CannedReason.objects.values_list("text", flat=True))
    return own or [
        _("Please leave out what says who somebody is or how to reach them."),
        _("Please say it without attacking the person. The point itself is welcome."),
        _("This reads as advertising. Tell what you have seen work, and say where you work."),
        _("This says little that others can use. Add what you did and what came of it."),
        _("This belongs elsewhere, and is moved there."),
    ]


def source_of(case: Case) -> tuple[str, str, str]:
    """Title, source and format of what can be edited; ('', '', '') where nothing can. One query."""
    if case.kind == CaseKind.HELD:
        held = HeldPost.objects.filter(pk=case.target_id).first()
        return (held.title, held.source, held.source_format) if held else ("", "", "")
    if case.kind in {CaseKind.POST, CaseKind.TOPIC}:
        post = _post_of(case)
        return ("", post.source, post.source_format) if post else ("", "", "")
    return "", "", ""


def thing_url(case: Case) -> str:
    """Where it stands, for those who see it there; '' where it stands nowhere."""
    match case.kind:
        case CaseKind.TOPIC:
            topic = Topic.objects.present().filter(pk=case.target_id).first()
            return topic.get_absolute_url() if topic else ""
        case CaseKind.POST:
            post = Post.objects.present().select_related("topic").filter(pk=case.target_id).first()
            return post.get_absolute_url() if post and post.topic.deleted_at is None else ""
        case CaseKind.MEMBER:
            member = Member.objects.filter(pk=case.target_id).first()
            return member.get_absolute_url() if member else ""
    return ""


def thing_html(case: Case) -> SafeString | str:
    """The words as they are now, sanitised when they were stored (rule 3.4). Of a message nothing but the report."""
    html = ""
    if case.kind == CaseKind.HELD:
        html = HeldPost.objects.filter(pk=case.target_id).values_list("html", flat=True).first() or ""
    elif case.kind in {CaseKind.POST, CaseKind.TOPIC}:
        post = _post_of(case)
        html = post.html if post else ""
    return mark_safe(html)  # noqa: S308


def rule_label(name: str) -> str:
    return {
        Rule.TOO_SHORT: _("too short to add value"),
        Rule.LINKS: _("more links than the space takes"),
        Rule.OWN_COMPANY: _("links to the author's own company"),
        Rule.PROMOTION: _("mainly promotion"),
        Rule.SHOUTING: _("shouting"),
        Rule.REPEATED: _("the same text again"),
    }.get(Rule(name), name)


# --- with its author --------------------------------------------------------------------------------------------


def own_cases(user: Member) -> list[OwnCase]:
    """What of one's own waits or was returned, newest first. Two queries."""
    clock = Clock(timezone.now())
    rows = []
    for case in Case.objects.of_author(user).order_by("-pk")[:ROWS]:
        # What only was reported, and stands, is nothing that its author is told of.
        if case.kind != CaseKind.HELD and not case.is_hidden and case.state != CaseState.RETURNED:
            continue
        is_returned = case.state == CaseState.RETURNED
        text = case.context[-1]["text"] if case.context else ""
        rows.append(
            OwnCase(
                id=case.pk,
                version=case.version,
                title=_("Your profile")
                if case.kind == CaseKind.MEMBER
                else case.title or str(case.get_kind_display()),
                url=reverse("own_case_edit", args=[case.pk]),
                text=str(text),
                state_label=_("Waits for you") if is_returned else _("A moderator looks at it"),
                returned_words=case.returned_words,
                is_returned=is_returned,
                when=clock.moment(case.opened_at),
            )
        )
    return rows


def own_sanctions(user: Member) -> list[OwnSanction]:
    """One's own, the latest first, with the one appeal. Two queries."""
    clock = Clock(timezone.now())
    rows = list(Sanction.objects.filter(member=user).select_related("appeal").order_by("-pk")[:ROWS])
    names = dict(Space.objects.visible_to(user).values_list("pk", "name"))
    shown = []
    for row in rows:
        appeal: Appeal | None = getattr(row, "appeal", None)
        label = ""
        if appeal is not None:
            label = _("Somebody else than who imposed it decides.")
            if appeal.decided_at is not None:
                label = (
                    _("Granted: it has ended.")
                    if appeal.is_granted
                    else _("Refused: it goes on until its date.")
                )
        shown.append(
            OwnSanction(
                id=row.pk,
                grade_label=str(row.get_grade_display()),
                where=names.get(row.space_id, "") if row.space_id else _("everywhere"),
                reason=row.reason,
                since=clock.moment(row.from_at),
                until=clock.moment(row.until_at),
                is_in_force=row.is_in_force,
                appeal_words=appeal.words if appeal else "",
                appeal_label=label,
                appeal_reason=appeal.reason if appeal else "",
                can_appeal=row.is_in_force and appeal is None,
            )
        )
    return shown


# --- figures ----------------------------------------------------------------------------------------------------


def statistics() -> Statistics:
    """Rule 8.5: the last 90 days of the whole community, for everybody. Six queries."""
    since = timezone.now() - FIGURES_OF
    cases = Case.objects.filter(opened_at__gt=since).exclude(kind=CaseKind.APPEAL)
    reasons = _counted(cases, "reason", dict(CaseReason.choices))
    rulings = Ruling.objects.filter(at__gt=since, undone_at__isnull=True).exclude(case__kind=CaseKind.APPEAL)
    outcomes = _counted(rulings, "act", dict(RulingAct.choices))
    sanctions = _counted(
        Sanction.objects.filter(from_at__gt=since), "grade", {"warning": _("Warnings"), "quiet": _("Quiet")}
    )
    decided = Appeal.objects.filter(decided_at__gt=since)
    appeals = {
        _("Granted"): decided.filter(is_granted=True).count(),
        _("Refused"): decided.filter(is_granted=False).count(),
    }
    spans = list(rulings.values_list("case__opened_at", "at", "case__due_at"))
    total = total_shown(reasons)
    in_time = sum(1 for _opened, at, due in spans if at <= due)
    hours = middle([(at - opened).total_seconds() / 3600 for opened, at, _due in spans])
    enough = len(spans) >= 5
    return Statistics(
        days=FIGURES_OF.days,
        reasons=_figures(reasons),
        outcomes=_figures(outcomes),
        sanctions=_figures(sanctions),
        appeals=_figures(appeals),
        in_time_label=_("{percent} %").format(percent=round(100 * in_time / len(spans)))
        if enough
        else _too_few(),
        hours_label=_hours(hours) if enough else _too_few(),
        total_label=str(total) if total is not None else _too_few(),
    )


def space_figures(space: Space, user: Member) -> SpaceFigures:
    """Rule 8.4: decisions in the space and one's own among them, of the last 90 days. Three queries."""
    since = timezone.now() - FIGURES_OF
    rulings = Ruling.objects.filter(case__space=space, at__gt=since)
    waiting = Case.objects.filter(space=space).open().count()
    rows = list(rulings.values_list("by", "act", "at", "case__opened_at", "case__due_at", "undone_at"))
    return SpaceFigures(
        days=FIGURES_OF.days,
        rows=[FigureRow(_("Waiting now"), str(waiting)), *_summed(rows)],
        mine=_summed([row for row in rows if row[0] == user.pk]),
    )


# --- listening, proposals ---------------------------------------------------------------------------------------


def listen_rows(user: Member) -> list[ListenRow]:
    """Rule 8.6: what waits for an answer first, then what was answered lately. One query beside the spaces."""
    now = timezone.now()
    clock = Clock(now)
    rows = (
        Listening.objects.filter(topic__in=Topic.objects.visible_to(user))
        .filter(Q(settled_at__isnull=True) | Q(settled_at__gt=now - FIGURES_OF))
        .select_related("topic__space", "settled_by")
        .order_by("settled_at", "due_at")
    )
    open_first = sorted(rows[:200], key=lambda row: (row.settled_at is not None, row.due_at))
    return [
        ListenRow(
            topic_id=row.topic_id,
            title=row.topic.title,
            url=row.topic.get_absolute_url(),
            space_name=row.topic.space.name,
            why=[str(SIGNALS[Signal(signal)]) for signal in row.signals],
            due=clock.moment(row.due_at),
            is_overdue=row.settled_at is None and row.due_at < now,
            settled_label=_("Answered by {name}").format(name=row.settled_by.display_name)
            if row.settled_at and row.settled_by
            else "",
        )
        for row in open_first
    ]


def proposal_rows(space: Space) -> list[ProposalRow]:
    """Who is proposed as a steward. One query."""
    clock = Clock(timezone.now())
    rows = StewardProposal.objects.filter(space=space, decided_at__isnull=True).select_related(
        "member", "proposed_by"
    )
    return [
        ProposalRow(
            row.member.display_name,
            row.member.get_absolute_url(),
            row.words,
            row.proposed_by.display_name,
            clock.moment(row.created_at),
            reverse("steward_proposal_decide", args=[row.pk]),
        )
        for row in rows.order_by("pk")
    ]


def spaces_to_move_to(user: Member, case: Case) -> list[Link]:
    """Where a case can be moved: name and slug. One query."""
    if RulingAct.MOVE not in ACTS_OF[CaseKind(case.kind)]:
        return []
    spaces = Space.objects.visible_to(user).filter(archived_at__isnull=True)
    return [Link(space.name, space.slug) for space in spaces if space.pk != case.space_id]


# --- what they share --------------------------------------------------------------------------------------------


def _row(case: Case, clock: Clock, outcome: str) -> CaseRow:
    text = str(case.context[-1]["text"]) if case.context else ""
    return CaseRow(
        id=case.pk,
        version=case.version,
        url=case.get_absolute_url(),
        title=case.title or str(case.get_kind_display()),
        kind_label=str(case.get_kind_display()),
        reason_label=str(case.get_reason_display()),
        about_name=case.about.display_name if case.about else "",
        space_name=case.space.name if case.space else "",
        owner_name=case.owner.display_name if case.owner else "",
        reports_label=ngettext("{count} report", "{count} reports", case.report_count).format(
            count=case.report_count
        )
        if case.report_count
        else "",
        excerpt=excerpt(text, 200),
        is_hidden=case.is_hidden or case.kind == CaseKind.HELD,
        is_overdue=case.state == CaseState.OPEN and case.due_at < timezone.now(),
        due=clock.moment(case.due_at),
        opened=clock.moment(case.opened_at),
        outcome_label=outcome,
    )


def _outcomes(ids: Sequence[int]) -> dict[int, str]:
    rows = (
        Ruling.objects.filter(case__in=ids, undone_at__isnull=True).order_by("pk").values_list("case", "act")
    )
    return {case_id: str(RulingAct(act).label) for case_id, act in rows}


def _post_of(case: Case) -> Post | None:
    if case.kind == CaseKind.TOPIC:
        return Post.objects.filter(topic=case.target_id, number=1).first()
    return Post.objects.filter(pk=case.target_id).first()


def _sanctions_of(case: Case, clock: Clock) -> list[str]:
    if case.about_id is None:
        return []
    rows = Sanction.objects.current().filter(member=case.about_id).order_by("pk")
    return [
        _("{grade} until {when}: {reason}").format(
            grade=row.get_grade_display(), when=clock.moment(row.until_at).exact, reason=row.reason
        )
        for row in rows
    ]


def _counted(rows: Any, name: str, labels: dict[str, Any]) -> dict[str, int]:
    counts = dict(rows.order_by().values_list(name).annotate(count=Count("pk")))
    return {str(label): counts.get(value, 0) for value, label in labels.items() if counts.get(value, 0)}


def _figures(counts: dict[str, int]) -> list[FigureRow]:
    return [
        FigureRow(label, _too_few() if count is None else str(count))
        for label, count in suppressed(counts).items()
    ]


def _too_few() -> str:
    """Fewer than five, or what would give such a group away."""
    return _("not shown")


def _hours(hours: float | None) -> str:
    count = round(hours or 0)
    return ngettext("{count} hour", "{count} hours", count).format(count=count)


def _summed(rows: list[Any]) -> list[FigureRow]:
    decided = [row for row in rows if row[5] is None]
    hours = middle([(at - opened).total_seconds() / 3600 for _by, _act, at, opened, _due, _undone in decided])
    in_time = sum(1 for row in decided if row[2] <= row[4])
    labels = dict(RulingAct.choices)
    acts: dict[str, int] = {}
    for row in decided:
        acts[row[1]] = acts.get(row[1], 0) + 1
    return [
        FigureRow(_("Decided"), str(len(decided))),
        FigureRow(
            _("In time"),
            _("{percent} %").format(percent=round(100 * in_time / len(decided))) if decided else "–",
        ),
        FigureRow(_("Half of them within"), _hours(hours) if decided else "–"),
        FigureRow(_("Taken back"), str(len(rows) - len(decided))),
        *[FigureRow(str(labels[act]), str(count)) for act, count in sorted(acts.items())],
    ]
