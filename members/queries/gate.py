"""What the public page says. Nothing in it comes from anybody's account."""

from dataclasses import dataclass

from django.utils.translation import ngettext

from members.actions.gate import current_gate
from members.models import Criterion, Tier


@dataclass(frozen=True, slots=True)
class CriterionRow:
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class TierRow:
    """A way to belong, with what it asks beyond what all ask."""

    name: str
    slug: str
    description: str
    criteria: list[CriterionRow]
    vouches_label: str
    decision_label: str


@dataclass(frozen=True, slots=True)
class GatePage:
    purpose: str
    audience: str
    criteria: list[CriterionRow]
    tiers: list[TierRow]
    vouches_label: str
    decision_label: str
    is_open: bool


def gate_page(tiers: list[Tier]) -> GatePage:
    """Rule 1.1, for the open tiers. Two queries. What all tiers have in common is said once."""
    gate = current_gate()
    shared: list[CriterionRow] = []
    own: dict[int, list[CriterionRow]] = {tier.pk: [] for tier in tiers}
    for criterion in Criterion.objects.in_force():
        row = CriterionRow(criterion.name, criterion.description)
        if criterion.tier_id is None:
            shared.append(row)
        elif criterion.tier_id in own:
            own[criterion.tier_id].append(row)
    rows = [
        TierRow(
            name=tier.name,
            slug=tier.slug,
            description=tier.description,
            criteria=own[tier.pk],
            vouches_label=_vouches_label(tier),
            decision_label=decision_label(tier),
        )
        for tier in tiers
    ]
    decisions = {row.decision_label for row in rows}
    vouches = {row.vouches_label for row in rows}
    # One tier needs no name: then the community itself is what one joins.
    return GatePage(
        purpose=gate.purpose,
        audience=gate.audience,
        criteria=shared + (rows[0].criteria if len(rows) == 1 else []),
        tiers=rows if len(rows) > 1 else [],
        vouches_label=vouches.pop() if len(vouches) == 1 else "",
        decision_label=decisions.pop() if len(decisions) == 1 else "",
        is_open=bool(tiers),
    )


def decision_label(tier: Tier) -> str:
    """How long a decision takes, in words."""
    days = tier.decide_within_days
    return ngettext(
        "You have an answer within one working day.", "You have an answer within {days} working days.", days
    ).format(days=days)


def _vouches_label(tier: Tier) -> str:
    count = tier.vouches_needed
    if not count:
        return ""
    return ngettext(
        "One member vouches for you with a short paragraph. You name who might, after you have applied.",
        "{count} members vouch for you with a short paragraph each. You name who might, after you have applied.",
        count,
    ).format(count=count)
