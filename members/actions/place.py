"""The places of a tier: counted under a lock, given back and taken again. Who gets a first one is in `admission.py`."""

from datetime import datetime

from django.db import transaction
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.errors import Conflict
from members.models import Admission, Member, Organisation, Tier


class NoPlace(Conflict):
    """The tier, or the company within it, is full. Whoever catches it offers the waitlist."""


def lock_tier(tier: Tier) -> Tier:
    """The row that everybody who gives or counts places holds until the end of the transaction."""
    return Tier.objects.select_for_update(no_key=True).get(pk=tier.pk)


def require_place(tier: Tier, organisation: Organisation | None) -> None:
    """Rule 1.9: a capacity for the tier and a limit for each company in it. The tier is locked. Raises `NoPlace`."""
    seats = Admission.objects.seated().filter(tier=tier)
    if tier.capacity is not None and seats.count() >= tier.capacity:
        raise NoPlace(
            _("{tier} has {count} places, and all are taken.").format(tier=tier.name, count=tier.capacity)
        )
    if organisation is None or tier.company_limit is None:
        return
    if seats.filter(organisation=organisation).count() >= tier.company_limit:
        raise NoPlace(
            _("{company} has {count} places in {tier}, and all are taken.").format(
                company=organisation.name, count=tier.company_limit, tier=tier.name
            )
        )


@transaction.atomic
def end_admission(member: Member, at: datetime | None = None) -> Admission | None:
    """Give a place back, by the action that sees somebody leave; None where there was none.

    Nothing is locked: a place that becomes free harms nobody. Who is next moves up when the activity of leaving is
    dispatched (`subscribers.py`).
    """
    admission = Admission.objects.seated().filter(member=member).first()
    if admission is None:
        return None
    Admission.objects.filter(pk=admission.pk).update(ended_at=Greatest("admitted_at", at or timezone.now()))
    admission.refresh_from_db()
    return admission


@transaction.atomic
def take_place_again(member: Member, *, by: Member | None) -> Admission | None:
    """The place that a closed account gave back, under the lock on its tier; None for whoever never had one.

    Roles and profile are there still, so that nobody joins anew. Raises `NoPlace` where it has gone to somebody else.
    """
    last = Admission.objects.select_related("organisation").filter(member=member).order_by("-pk").first()
    if last is None:
        return None
    tier = lock_tier(last.tier)
    if Admission.objects.seated().filter(member=member).exists():
        return None
    require_place(tier, last.organisation)
    return Admission.objects.create(
        member=member, tier=tier, organisation=last.organisation, admitted_at=timezone.now(), admitted_by=by
    )
