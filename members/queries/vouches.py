"""Who brought whom, for managers: a tree that is walked person by person."""

from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.keyset import split_page, with_query
from community.core.moments import Clock, Moment
from members.models import ApplicationState, Invitation, Member, Vouch

PER_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class BondRow:
    """One stood up for the other: by a vouch, or by an invitation that was used."""

    sponsor: str
    sponsor_url: str
    newcomer: str
    newcomer_url: str
    how: str
    outcome: str
    conflict: str
    at: Moment


def bonds_of(member: Member) -> tuple[list[BondRow], list[BondRow]]:
    """Who brought this person, and whom they have brought; the newest first. Four queries."""
    clock = Clock(timezone.now())
    vouches = Vouch.objects.select_related("by", "application__member").order_by("-pk")
    used = Invitation.objects.filter(accepted_by__isnull=False, invited_by__isnull=False)
    used = used.select_related("invited_by", "accepted_by").order_by("-pk")
    above = [_by_vouch(row, clock) for row in vouches.filter(application__member=member)[:PER_PAGE]]
    above += [_by_invitation(row, clock) for row in used.filter(accepted_by=member)[:PER_PAGE]]
    below = [_by_vouch(row, clock) for row in vouches.filter(by=member)[:PER_PAGE]]
    below += [_by_invitation(row, clock) for row in used.filter(invited_by=member)[:PER_PAGE]]
    return above, below


def newest_vouches(before: int | None) -> tuple[list[BondRow], str]:
    """All vouches, the newest first, and the address of the older ones. One query."""
    vouches = Vouch.objects.select_related("by", "application__member").order_by("-pk")
    if before is not None:
        vouches = vouches.filter(pk__lt=before)
    page, has_more = split_page(list(vouches[: PER_PAGE + 1]), PER_PAGE)
    clock = Clock(timezone.now())
    older = with_query(reverse("vouch_list"), before=str(page[-1].pk)) if has_more else ""
    return [_by_vouch(row, clock) for row in page], older


def tree_url(handle: str) -> str:
    return with_query(reverse("vouch_list"), member=handle)


def _by_vouch(vouch: Vouch, clock: Clock) -> BondRow:
    newcomer = vouch.application.member
    return BondRow(
        sponsor=vouch.by.display_name,
        sponsor_url=tree_url(vouch.by.handle),
        newcomer=newcomer.display_name,
        newcomer_url=tree_url(newcomer.handle),
        how=_("vouched"),
        outcome=str(ApplicationState(vouch.application.state).label),
        conflict=vouch.conflict,
        at=clock.moment(vouch.created_at),
    )


def _by_invitation(invitation: Invitation, clock: Clock) -> BondRow:
    sponsor, newcomer = invitation.invited_by, invitation.accepted_by
    assert sponsor is not None
    assert newcomer is not None
    return BondRow(
        sponsor=sponsor.display_name,
        sponsor_url=tree_url(sponsor.handle),
        newcomer=newcomer.display_name,
        newcomer_url=tree_url(newcomer.handle),
        how=_("invited"),
        outcome=_("came"),
        conflict="",
        at=clock.moment(invitation.accepted_at or invitation.created_at),
    )
