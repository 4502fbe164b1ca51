"""The page of one person, as this reader sees it; and what the reader's own profile lacks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils import timezone
from django.utils.dates import MONTHS
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from community.core.keyset import with_query
from community.core.moments import Clock, initials
from members.actions.photo import PhotoSize
from members.models import (
    Expertise,
    Fact,
    FactField,
    FactKind,
    FactSource,
    Member,
    Organisation,
    QuestionBudget,
    RoleName,
    Visibility,
)
from members.queries.facts import SeenBy, ShownFact, facts_for
from members.queries.photos import photo_url
from members.queries.ties import TieButton, tie_buttons

# Facts with a place of their own on the page; the others stand in a list.
_OWN_PLACE: Final = frozenset({"biography", "helps_topics", "can_help_with", "looks_topics", "looks_for"})

SEEN_BY_LABELS: Final = {
    SeenBy.MEMBER: gettext_lazy("any member"),
    SeenBy.FOLLOWED_BACK: gettext_lazy("someone you follow back"),
    SeenBy.MANAGER: gettext_lazy("a community manager"),
}


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a fact; `url` is '' unless it is a link."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class FactRow:
    """A fact on the page. `note` says where it is from, '' for the person; `kept` tells its owner who sees it."""

    key: str
    label: str
    values: Sequence[Value]
    note: str
    kept: str


@dataclass(frozen=True, slots=True)
class ExpertLabel:
    topic: str
    evidence: str


@dataclass(frozen=True, slots=True)
class ProfilePage:
    """A person's page. What is '' or empty is not shown."""

    display_name: str
    handle: str
    initials: str
    photo_url: str
    headline: str
    company_name: str
    company_url: str
    biography: FactRow | None
    helps: Sequence[FactRow]
    looks: Sequence[FactRow]
    facts: Sequence[FactRow]
    expert_labels: Sequence[ExpertLabel]
    budget_note: str
    joined_label: str
    unclaimed_note: str
    url: str
    edit_url: str
    preview_url: str
    vcard_url: str
    introduce_url: str
    message_url: str
    posts_url: str
    buttons: Sequence[TieButton]


def profile_page(member: Member, reader: Member, as_seen_by: SeenBy | None = None) -> ProfilePage:
    """Six queries beside the member's own, whatever there is to show. `as_seen_by` is for one's own page only."""
    is_own = member.pk == reader.pk and as_seen_by is None
    shown = {
        fact.key: _fact_row(fact, is_own=is_own, clock=Clock(timezone.now()))
        for fact in facts_for(member, reader, as_seen_by)
    }
    joined = timezone.localtime(member.joined_at)
    unclaimed = _("This person wrote in the community before it moved here and has not signed in since.")
    labels = expert_labels(member)
    company = Organisation.objects.filter(
        employments__member=member, employments__until_date__isnull=True
    ).first()
    args = [member.handle]
    is_other = member.pk != reader.pk
    return ProfilePage(
        display_name=member.display_name,
        handle=member.handle,
        initials=initials(member.display_name),
        photo_url=photo_url(member, PhotoSize.LARGE),
        headline=member.headline,
        company_name=company.name if company else "",
        company_url=company.get_absolute_url() if company else "",
        biography=shown.get("biography"),
        helps=[shown[key] for key in ("can_help_with", "helps_topics") if key in shown],
        looks=[shown[key] for key in ("looks_for", "looks_topics") if key in shown],
        facts=[row for key, row in shown.items() if key not in _OWN_PLACE],
        expert_labels=labels,
        budget_note=_budget_note(member) if labels else "",
        joined_label=_("Here since {month} {year}").format(month=MONTHS[joined.month], year=joined.year),
        unclaimed_note=unclaimed if member.email is None else "",
        url=member.get_absolute_url(),
        edit_url=reverse("profile_edit") if is_own else "",
        preview_url=reverse("profile_preview") if is_own else "",
        vcard_url=reverse("member_vcard", args=args) if as_seen_by is None else "",
        introduce_url=reverse("introduction_create", args=args) if is_other else "",
        message_url=with_query(reverse("conversation_create"), to=member.handle) if is_other else "",
        posts_url=reverse("member_posts", args=args),
        buttons=tie_buttons(member, reader),
    )


def expert_labels(member: Member) -> list[ExpertLabel]:
    """Rule 2.5: what somebody is recognised for. One query."""
    rows = Expertise.objects.current().filter(member=member).order_by("topic")
    return [ExpertLabel(row.topic, row.evidence) for row in rows]


def _budget_note(member: Member) -> str:
    budget = QuestionBudget.objects.filter(member=member).first()
    if budget is None:
        return ""
    return ngettext(
        "Takes {count} question a month.", "Takes {count} questions a month.", budget.per_month
    ).format(count=budget.per_month)


def _fact_row(fact: ShownFact, *, is_own: bool, clock: Clock) -> FactRow:
    is_link = fact.kind in {FactKind.LINK, FactKind.LINKS}
    note = ""
    if fact.source != FactSource.SELF:
        note = _("{source}, confirmed {when}").format(
            source=capfirst(str(fact.source.label)), when=clock.moment(fact.confirmed_at).relative
        )
    kept = str(fact.visibility.label) if is_own and fact.visibility != Visibility.MEMBERS else ""
    return FactRow(
        key=fact.key,
        label=fact.label,
        values=[
            Value(word, value if is_link else "") for word, value in zip(fact.words, fact.values, strict=True)
        ],
        note=note,
        kept=capfirst(kept),
    )


# --- what is missing --------------------------------------------------------------------------------------------

# How far people are counted: "more than 100" says as much as the number would.
_COUNTED: Final = 100
# By which fields people are looked for, in the order in which they are asked for; and what the others say of themselves
# who look along them.
_ASKED_FOR: Final = (
    (
        "helps_topics",
        "looks_topics",
        gettext_lazy("Add what you can help with: {count} people are looking for help."),
    ),
    ("sector", "sector", gettext_lazy("Add your sector: {count} people who named theirs could find you.")),
    ("place", "place", gettext_lazy("Add your place: {count} people who named theirs could find you.")),
    (
        "languages",
        "languages",
        gettext_lazy("Add your languages: {count} people who named theirs could find you."),
    ),
)


def profile_gap(member: Member) -> str:
    """Rule 2.4: what the first gap costs, in one sentence; '' where nothing is missing or nobody would be found by it.

    Two queries; the second counts to `_COUNTED` and no further.
    """
    said = set(Fact.objects.filter(member=member).values_list("field__key", flat=True))
    for key, counterpart, sentence in _ASKED_FOR:
        if key in said:
            continue
        field = FactField.objects.in_use().filter(key=counterpart).values("pk")
        others = Fact.objects.visible_to(member).filter(field__in=field).exclude(member=member)
        count = others[: _COUNTED + 1].count()
        if count > 1:
            shown = str(count) if count <= _COUNTED else _("more than {count}").format(count=_COUNTED)
            return str(sentence).format(count=shown)
        return ""
    return ""


def is_expert(member: Member) -> bool:
    return RoleName.EXPERT in member.roles
