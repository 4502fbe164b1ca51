"""What reviewers read: the queue, one application with all that bears on it, and how quickly the gate decides."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import Count, DateTimeField, Exists, F, Min, OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Coalesce, Lower, Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.core.api.pagination import Keyset
from community.core.keyset import split_page, with_query
from community.core.models import Activity
from community.core.moments import Clock, Moment
from community.core.statements import Blank, OneOf, Statement
from community.core.verbs import Verb
from members.actions.member import handle_stem
from members.actions.review import reviewers_needed, vouches_missing
from members.directory import fold
from members.models import (
    DECIDED_STATES,
    SENT_STATES,
    WITH_REVIEWERS,
    Admission,
    Application,
    ApplicationState,
    Member,
    MemberQuerySet,
    Organisation,
    ReviewDecision,
    Role,
    RoleName,
    Tier,
    Verdict,
)
from members.queries.vouches import tree_url
from members.queries.waitlist import waitlist_standing

PER_PAGE: Final = 30
#: Over how many days the share decided in time is told.
SHARE_DAYS: Final = 90
_DUPLICATES: Final = 10

# --- the queue --------------------------------------------------------------------------------------------------

#: The lists that the queue has, in their order: the value in the address and the words on the page.
LISTS: Final = {
    "due": gettext_lazy("To decide"),
    "overdue": gettext_lazy("Overdue"),
    "asked": gettext_lazy("Asked for more"),
    "waitlisted": gettext_lazy("Waitlist"),
    "accepted": gettext_lazy("Accepted"),
    "declined": gettext_lazy("Declined"),
    "withdrawn": gettext_lazy("Withdrawn"),
}

# An index carries each: what is due first; the order of the waitlist; the newest decision first.
_BY_DUE: Final = Keyset(("due_at", "pk"), (datetime, int))
_BY_WAITING: Final = Keyset(("tier_id", "waitlist_rank", "waitlisted_at", "pk"), (int, int, datetime, int))
_BY_DECISION: Final = Keyset(("decided_at", "pk"), (datetime, int), falling=True)
_BY_ID: Final = Keyset(("pk",), (int,), falling=True)
_ORDERS: Final = {
    "waitlisted": _BY_WAITING,
    "accepted": _BY_DECISION,
    "declined": _BY_DECISION,
    "withdrawn": _BY_ID,
}


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What the address asks for: a list, a tier, whose, and behind which application it goes on.

    `owner` is "me", "nobody", the handle of a reviewer, or "" for anybody's.
    """

    name: str = "due"
    tier: Tier | None = None
    owner: str = ""
    after: int | None = None


@dataclass(frozen=True, slots=True)
class QueueRow:
    name: str
    url: str
    company: str
    tier: str
    state_label: str
    owner: str
    sent_relative: str
    sent_exact: str
    sent_iso: str
    due_exact: str
    due_iso: str
    is_overdue: bool
    needs_second: bool


@dataclass(frozen=True, slots=True)
class QueueTab:
    name: str
    label: str
    count: int | None
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class DecidedShare:
    """Rule 1.5, over the last `SHARE_DAYS` days: of `decided` by reviewers, `in_time` were so before the due moment."""

    in_time: int
    decided: int
    days: int

    @property
    def percent(self) -> int | None:
        return round(100 * self.in_time / self.decided) if self.decided else None


def queue_rows(reader: Member, wanted: QueueFilter) -> tuple[list[QueueRow], str]:
    """One page of a list, and the address of the next one. One query, one more behind the first page."""
    order = _ORDERS.get(wanted.name, _BY_DUE)
    rows = _list(reader, wanted)
    if wanted.after is not None:
        last = Application.objects.reviewable_by(reader).filter(pk=wanted.after).first()
        values = () if last is None else tuple(getattr(last, name) for name in order.names)
        if values and None not in values:
            rows = rows.filter(order.behind(values))
    rows = rows.order_by(*order.ordering)
    page, has_more = split_page(list(rows.values_list(*_SHOWN)[: PER_PAGE + 1]), PER_PAGE)
    now = timezone.now()
    clock = Clock(now)
    # Asked for once: thirty times would cost as much as the rest of the rows.
    before, behind = reverse("application_review", args=[0]).rsplit("0", 1)
    shown = [_queue_row(clock, f"{before}{row[0]}{behind}", now, *row[1:]) for row in page]
    return shown, _address(wanted, after=str(page[-1][0])) if has_more else ""


def _list(reader: Member, wanted: QueueFilter) -> QuerySet[Application]:
    rows = Application.objects.reviewable_by(reader)
    match wanted.name:
        case "due":
            rows = rows.with_reviewers()
        case "overdue":
            rows = rows.overdue()
        case "asked":
            rows = rows.filter(state=ApplicationState.MORE_ASKED)
        case _:
            rows = rows.filter(state=wanted.name)
    if wanted.tier is not None:
        rows = rows.filter(tier=wanted.tier)
    if wanted.owner == "me":
        rows = rows.filter(owner=reader)
    elif wanted.owner == "nobody":
        rows = rows.filter(owner__isnull=True)
    elif wanted.owner:
        rows = rows.filter(owner__handle=wanted.owner)
    return rows


def reviewers(reader: Member) -> MemberQuerySet:
    """Whoever keeps the gate today, by name."""
    keeping = Role.objects.current().filter(role__in=[RoleName.MANAGER, RoleName.ADMINISTRATOR])
    members: MemberQuerySet = Member.objects.visible_to(reader).filter(pk__in=keeping.values("member"))
    return members.order_by("display_name", "pk")


#: The key of the application, and what `_queue_row` takes, in its order.
_SHOWN: Final = (
    "pk",
    "member__display_name",
    "company_name",
    "tier__name",
    "tier__reviewers_needed",
    "needs_second_reviewer",
    "state",
    "owner__display_name",
    "submitted_at",
    "due_at",
)


def _queue_row(
    clock: Clock,
    url: str,
    now: datetime,
    name: str,
    company: str,
    tier: str,
    tier_needs: int,
    needs_second: bool,
    state: str,
    owner: str | None,
    submitted_at: datetime,
    due_at: datetime | None,
) -> QueueRow:
    due = due_at if state in WITH_REVIEWERS else None
    sent, owed = clock.moment(submitted_at), None if due is None else clock.moment(due)
    return QueueRow(
        name=name,
        url=url,
        company=company,
        tier=tier,
        state_label=str(ApplicationState(state).label),
        owner=owner or "",
        sent_relative=sent.relative,
        sent_exact=sent.exact,
        sent_iso=sent.iso,
        due_exact=owed.exact if owed else "",
        due_iso=owed.iso if owed else "",
        is_overdue=due is not None and due < now,
        needs_second=needs_second or tier_needs > 1,
    )


def queue_tabs(reader: Member, wanted: QueueFilter) -> list[QueueTab]:
    """The lists, those that are open with how many are in them. One query."""
    late = Q(state__in=WITH_REVIEWERS, due_at__lt=Now())
    rows = (
        Application.objects.reviewable_by(reader)
        .filter(state__in=SENT_STATES)
        .order_by()
        .values("state")
        # Of the state, not of the key: then the index alone answers.
        .annotate(count=Count("state"), late=Count("state", filter=late))
    )
    counts: dict[str, int] = defaultdict(int)
    for row in rows:
        name = {"more_asked": "asked", "waitlisted": "waitlisted"}.get(row["state"], "due")
        counts[name] += row["count"]
        counts["overdue"] += row["late"]
    return [
        QueueTab(
            name=name,
            label=str(label),
            count=counts[name] if name in {"due", "overdue", "asked", "waitlisted"} else None,
            url=_address(QueueFilter(name, wanted.tier, wanted.owner)),
            current=name == wanted.name,
        )
        for name, label in LISTS.items()
    ]


def _address(wanted: QueueFilter, *, after: str = "") -> str:
    return with_query(
        reverse("application_list"),
        list="" if wanted.name == "due" else wanted.name,
        tier=wanted.tier.slug if wanted.tier else "",
        owner=wanted.owner,
        after=after,
    )


# --- how the gate does: the raw material of indicators ----------------------------------------------------------


def settled_at() -> Coalesce:
    """When the reviewers were done with somebody: by the waitlist, a place or a decline."""
    return Coalesce("waitlisted_at", "decided_at", output_field=DateTimeField())


def decided_share(*, days: int = SHARE_DAYS) -> DecidedShare:
    """Applications that reviewers decided; who was let in by a rule or an invitation is not in it. One query."""
    since = timezone.now() - timedelta(days=days)
    found = (
        Application.objects.filter(
            Q(state__in=DECIDED_STATES, decided_at__gte=since) | Q(state=ApplicationState.WAITLISTED)
        )
        .annotate(settled_at=settled_at())
        .filter(Exists(ReviewDecision.objects.filter(application=OuterRef("pk"))), settled_at__gte=since)
        .aggregate(decided=Count("pk"), in_time=Count("pk", filter=Q(settled_at__lte=F("due_at"))))
    )
    return DecidedShare(in_time=found["in_time"], decided=found["decided"], days=days)


@dataclass(frozen=True, slots=True)
class AdmissionFact:
    """What the indicators of the gate are made of, for one application; None where it has not happened."""

    member_id: int
    application_id: int
    tier_id: int
    applied_at: datetime
    due_at: datetime | None
    decided_at: datetime | None
    is_in_time: bool | None
    accepted_at: datetime | None
    first_sign_in_at: datetime | None
    first_contribution_at: datetime | None


def admission_facts(*, since: datetime, until: datetime) -> Iterator[AdmissionFact]:
    """Of everybody who applied in [since, until), in the order of applying. One query, read in pieces.

    The first sign-in is `member.claimed`, which an applicant reaches before being let in; the first contribution is the
    first topic or post.
    """
    admitted_at = Admission.objects.filter(application=OuterRef("pk")).values("admitted_at")[:1]
    # Of the applicant alone, and nothing but the moment.
    acts = Activity.objects.filter(actor=OuterRef("member"))
    signed_in = (
        acts.filter(verb=Verb.MEMBER_CLAIMED).order_by().values("actor").annotate(at=Min("occurred_at"))
    )
    spoke = (
        acts.filter(verb__in=(Verb.TOPIC_CREATED, Verb.POST_CREATED))
        .order_by()
        .values("actor")
        .annotate(at=Min("occurred_at"))
    )
    rows = (
        Application.objects.filter(submitted_at__gte=since, submitted_at__lt=until)
        .order_by("submitted_at", "pk")
        .values_list(
            "member_id",
            "pk",
            "tier_id",
            "submitted_at",
            "due_at",
            settled_at(),
            Subquery(admitted_at),
            Subquery(signed_in.values("at")),
            Subquery(spoke.values("at")),
        )
    )
    for member, pk, tier, applied, due, settled, accepted, signed, spoken in rows.iterator(chunk_size=1000):
        yield AdmissionFact(
            member_id=member,
            application_id=pk,
            tier_id=tier,
            applied_at=applied,
            due_at=due,
            decided_at=settled,
            is_in_time=None if settled is None or due is None else settled <= due,
            accepted_at=accepted,
            first_sign_in_at=signed,
            first_contribution_at=spoken,
        )


# --- one application --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AnswerRow:
    question: str
    text: str
    kind: str
    fills: bool


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """What another reviewer says of a criterion."""

    reviewer: str
    verdict: str
    verdict_label: str
    reason: str


@dataclass(frozen=True, slots=True)
class NoteRow:
    author: str
    at: Moment
    text: str


@dataclass(frozen=True, slots=True)
class StepRow:
    label: str
    author: str
    at: Moment
    words: str


@dataclass(frozen=True, slots=True)
class VouchRow:
    author: str
    url: str
    tree_url: str
    at: Moment
    words: str
    conflict: str


@dataclass(frozen=True, slots=True)
class DecisionRow:
    reviewer: str
    accepts: bool
    at: Moment
    words: str


@dataclass(frozen=True, slots=True)
class DuplicateRow:
    """Somebody who may be the same person, and why that is thought."""

    name: str
    why: str
    standing: str
    url: str
    at: Moment


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """Everything that bears on the decision, for a reviewer and nobody else."""

    id: int
    name: str
    email: str
    company_name: str
    organisation: str
    organisation_hints: list[str]
    tier: str
    state: str
    state_label: str
    is_undecided: bool
    is_waiting: bool
    submitted: Moment
    due: Moment | None
    is_overdue: bool
    owner: str
    owner_id: int | None
    is_mine: bool
    invited_by: str
    answers: list[AnswerRow]
    verdicts: dict[int, list[VerdictRow]]
    own_verdicts: dict[int, tuple[str, str]]
    notes: list[NoteRow]
    steps: list[StepRow]
    vouches: list[VouchRow]
    vouches_needed: int
    vouches_missing: int
    vouch_waiver: str
    decisions: list[DecisionRow]
    own_words: str
    reviewers_needed: int
    needs_second: bool
    disagree: bool
    duplicates: list[DuplicateRow]
    place: int | None
    place_count: int
    expected_label: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """One thing that somebody wrote or did about an application; `word` is its state, verdict or kind."""

    id: int
    at: datetime
    by_id: int | None
    by: str
    handle: str
    word: str
    text: str
    more: str
    number: int


# All that hangs on an application in one query. Answers and earlier attempts are nobody's in particular.
_AROUND: Final = """
    SELECT item.kind, item.id, item.at, item.by_id, coalesce(person.display_name, ''), coalesce(person.handle, ''),
           item.word, item.text, item.more, item.number
    FROM (
        SELECT 'assessment' AS kind, id, at, reviewer_id AS by_id, verdict AS word, reason AS text, '' AS more,
               criterion_id AS number
        FROM members_assessment WHERE application_id = %(application)s
        UNION ALL
        SELECT 'decision', id, at, reviewer_id, CASE WHEN accepts THEN 'accept' ELSE 'decline' END, words, '', 0
        FROM members_reviewdecision WHERE application_id = %(application)s
        UNION ALL
        SELECT 'note', id, at, by_id, '', text, '', 0
        FROM members_applicationnote WHERE application_id = %(application)s
        UNION ALL
        SELECT 'step', id, at, by_id, state, words, '', 0
        FROM members_applicationstep WHERE application_id = %(application)s
        UNION ALL
        SELECT 'vouch', id, created_at, by_id, '', words, conflict, 0
        FROM members_vouch WHERE application_id = %(application)s
        UNION ALL
        SELECT 'answer', question.id, now(), NULL, question.kind, answer.text, question.label,
               question.position * 2 + answer.may_fill::int
        FROM members_answer AS answer JOIN members_question AS question ON question.id = answer.question_id
        WHERE answer.application_id = %(application)s
        UNION ALL
        (SELECT 'attempt', id, submitted_at, NULL, state, '', '', 0
         FROM members_application
         WHERE member_id = %(member)s AND submitted_at IS NOT NULL AND id <> %(application)s
         ORDER BY submitted_at DESC LIMIT %(duplicates)s)
    ) AS item
    LEFT JOIN members_member AS person ON person.id = item.by_id
    ORDER BY item.at, item.id
"""


def _around(application: Application) -> dict[str, list[_Entry]]:
    """By kind, the oldest first. One query."""
    entries: dict[str, list[_Entry]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            _AROUND,
            {"application": application.pk, "member": application.member_id, "duplicates": _DUPLICATES},
        )
        for kind, *values in cursor.fetchall():
            entries[kind].append(_Entry(*values))
    return entries


def review_page(application: Application, reader: Member) -> ReviewPage:
    """Three queries, and those of the waitlist for somebody who waits."""
    now = timezone.now()
    clock = Clock(now)
    around = _around(application)
    assessments, decisions, vouches = around["assessment"], around["decision"], around["vouch"]
    others: dict[int, list[VerdictRow]] = defaultdict(list)
    for row in assessments:
        if row.by_id != reader.pk:
            verdict = Verdict(row.word)
            others[row.number].append(VerdictRow(row.by, verdict.value, str(verdict.label), row.text))
    standing = waitlist_standing(application)
    is_with_reviewers = application.state in WITH_REVIEWERS
    due = application.due_at if is_with_reviewers else None
    assert application.submitted_at is not None
    invitation = application.invitation
    is_undecided = is_with_reviewers or application.state == ApplicationState.MORE_ASKED
    return ReviewPage(
        id=application.pk,
        name=application.member.display_name,
        email=application.member.email or "",
        company_name=application.company_name,
        organisation=application.organisation.name if application.organisation else "",
        organisation_hints=_company_hints(application) if is_undecided else [],
        tier=application.tier.name,
        state=application.state,
        state_label=str(ApplicationState(application.state).label),
        is_undecided=is_undecided,
        is_waiting=standing is not None,
        submitted=clock.moment(application.submitted_at),
        due=None if due is None else clock.moment(due),
        is_overdue=due is not None and due < now,
        owner=application.owner.display_name if application.owner else "",
        owner_id=application.owner_id,
        is_mine=application.owner_id == reader.pk,
        invited_by=invitation.invited_by.display_name if invitation and invitation.invited_by else "",
        answers=[
            AnswerRow(row.more, row.text, row.word, bool(row.number % 2))
            for row in sorted(around["answer"], key=lambda row: (row.number // 2, row.id))
        ],
        verdicts=dict(others),
        own_verdicts={row.number: (row.word, row.text) for row in assessments if row.by_id == reader.pk},
        notes=[NoteRow(row.by, clock.moment(row.at), row.text) for row in around["note"]],
        steps=[
            StepRow(
                label=str(ApplicationState(row.word).label),
                author=row.by,
                at=clock.moment(row.at),
                words=row.text,
            )
            for row in around["step"]
        ],
        vouches=[
            VouchRow(
                author=row.by,
                url=reverse("member_show", args=[row.handle]),
                tree_url=tree_url(row.handle),
                at=clock.moment(row.at),
                words=row.text,
                conflict=row.more,
            )
            for row in sorted(vouches, key=lambda row: row.id)
        ],
        vouches_needed=application.tier.vouches_needed,
        vouches_missing=vouches_missing(application, counted=sum(not row.more for row in vouches)),
        vouch_waiver=application.vouch_waiver,
        decisions=[
            DecisionRow(row.by, row.word == "accept", clock.moment(row.at), row.text) for row in decisions
        ],
        own_words=next((row.text for row in decisions if row.by_id == reader.pk), ""),
        reviewers_needed=reviewers_needed(application),
        needs_second=reviewers_needed(application) > 1,
        disagree=len({row.word for row in decisions}) > 1,
        duplicates=_duplicates(application, around["attempt"], clock),
        place=standing.place if standing else None,
        place_count=standing.count if standing else 0,
        expected_label=standing.expected_label if standing else "",
    )


def _company_hints(application: Application) -> list[str]:
    """Companies that it may be: by the domain of the address, and by the name that was written. One query."""
    domain = (application.member.email or "").rpartition("@")[2]
    found = Organisation.objects.filter(
        Q(domains__domain=domain) | Q(name__iexact=application.company_name or "-")
    )
    names = list(found.distinct().order_by("name").values_list("name", flat=True)[:5])
    if application.company_name and application.company_name.casefold() not in {
        name.casefold() for name in names
    }:
        names.append(application.company_name)
    return names


def _duplicates(application: Application, attempts: Sequence[_Entry], clock: Clock) -> list[DuplicateRow]:
    """Earlier attempts of the same account, and accounts that look like the same person. One query."""
    rows = [
        DuplicateRow(
            name=application.member.display_name,
            why=_("an earlier attempt"),
            standing=str(ApplicationState(row.word).label),
            url=reverse("application_review", args=[row.id]),
            at=clock.moment(row.at),
        )
        for row in reversed(attempts)
    ]
    local, _at, domain = (application.member.email or "").rpartition("@")
    for member in _alike(application.member):
        has_domain = bool(domain) and (member.email or "").endswith(f"@{domain}")
        has_name = fold(member.display_name) == fold(application.member.display_name)
        if has_name:
            why = _("the same name and mail domain") if has_domain else _("the same name")
        elif local and (member.email or "").startswith(f"{local}@"):
            why = _("the same address at another domain")
        else:
            why = _("nearly the same name")
        rows.append(
            DuplicateRow(
                name=member.display_name,
                why=why,
                standing=_standing(member),
                url=member.get_absolute_url() if member.is_admitted else "",
                at=clock.moment(member.joined_at),
            )
        )
    return rows


# What is read of somebody who may be the same person, in the order of the table, as `from_db` takes it.
_READ: Final = frozenset(
    {"id", "display_name", "handle", "email", "joined_at", "deactivated_at", "left_at", "is_active"}
)
_KNOWN: Final = [field.attname for field in Member._meta.concrete_fields if field.attname in _READ]


def _people_alike() -> QuerySet[Any, Any]:
    """By name, handle or address, an index for each; closed accounts have one of their own."""
    has_name = Q(OneOf("key", Blank("spellings", ArrayField(TextField()))))
    found: QuerySet[Any, Any] = (
        Member.objects.with_current_roles()
        .people()
        .annotate(key=Lower("display_name"))
        .filter(
            (has_name & Q(deactivated_at__isnull=True))
            | (has_name & Q(deactivated_at__isnull=False))
            | Q(handle=Blank("stem", TextField()))
            | Q(handle__regex=Blank("numbered", TextField()))
            | Q(email__startswith=Blank("mailbox", TextField()))
        )
        .exclude(pk=Blank("member"))
        # An expression is in no index: otherwise everybody would be walked through until ten of that name were met.
        .order_by((F("pk") + 0).desc())
        .values_list(*_KNOWN, "_current_roles", "_is_suspended")[:_DUPLICATES]
    )
    return found


_ALIKE: Final = Statement(_people_alike)
#: Begins no handle and no address.
_NOTHING: Final = "@"


def _alike(member: Member) -> list[Member]:
    """Closed accounts too: who was shut out and comes under another address is just whom one looks for."""
    name = " ".join(member.display_name.split())
    first, _space, rest = name.partition(" ")
    # As written, without accents, and as "Guest, Greta".
    spellings = {name.lower(), fold(name), f"{rest} {first}".lower(), f"{rest}, {first}".lower()}
    stem = handle_stem(name)
    if stem == "member":
        stem = _NOTHING
    local = (member.email or "").rpartition("@")[0]
    found = _ALIKE(
        spellings=sorted(spellings),
        stem=stem,
        numbered=rf"^{stem}-[0-9]{{1,4}}$",
        mailbox=f"{local}@" if len(local) > 3 else _NOTHING,
        member=member.pk,
    )
    return [_known(row) for row in found]


def _known(row: Sequence[Any]) -> Member:
    *values, roles, is_suspended = row
    member = Member.from_db(connection.alias, _KNOWN, values)
    member._current_roles, member._is_suspended = roles, is_suspended  # type: ignore[attr-defined]
    return member


def _standing(member: Member) -> str:
    if member.deactivated_at is not None:
        return _("deactivated")
    if member.is_suspended:
        return _("suspended")
    if member.left_at is not None:
        return _("has left")
    if member.has_role(RoleName.APPLICANT) and not member.is_admitted:
        return _("applicant")
    return _("member") if member.is_admitted else _("known from an import only")
