"""Where somebody stands on the waitlist, and when a place may be free: read by the applicant and by reviewers."""

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from members.models import Admission, Application, ApplicationState

#: Over how long the places that became free are counted.
RATE_SPAN: Final = timedelta(days=180)
# A date further off than this says nothing about anybody's life.
_FURTHEST_DAYS: Final = 730


@dataclass(frozen=True, slots=True)
class WaitlistStanding:
    """Rule 1.9: place 1 is the next. The label is a sentence, also where no date can be said."""

    place: int
    count: int
    expected_label: str


def waitlist_standing(application: Application) -> WaitlistStanding | None:
    """None for somebody who does not wait. Four queries at most.

    Whoever waits because their company is full is told about the places of that company.
    """
    if application.state != ApplicationState.WAITLISTED or application.waitlisted_at is None:
        return None
    waiting = Application.objects.filter(tier=application.tier_id, state=ApplicationState.WAITLISTED)
    seats = Admission.objects.filter(tier=application.tier_id)
    if _waits_for_company(application):
        waiting = waiting.filter(organisation=application.organisation_id)
        seats = seats.filter(organisation=application.organisation_id)
    before = waiting.filter(
        Q(waitlist_rank__lt=application.waitlist_rank)
        | Q(waitlist_rank=application.waitlist_rank, waitlisted_at__lt=application.waitlisted_at)
        | Q(
            waitlist_rank=application.waitlist_rank,
            waitlisted_at=application.waitlisted_at,
            pk__lt=application.pk,
        )
    )
    place = before.count() + 1
    freed = seats.filter(ended_at__gt=Now() - RATE_SPAN).count()
    return WaitlistStanding(place=place, count=waiting.count(), expected_label=expected_label(place, freed))


def place_sentence(application: Application) -> str:
    """For the applicant's page; '' for somebody who does not wait."""
    standing = waitlist_standing(application)
    if standing is None:
        return ""
    place = _("You have place {place} on the waitlist.").format(place=standing.place)
    return f"{place} {standing.expected_label}"


def expected_label(place: int, freed: int) -> str:
    """When the place is due at the rate of the last half year: `freed` places in `RATE_SPAN`."""
    days = math.ceil(place * RATE_SPAN.days / freed) if freed else None
    if days is None or days > _FURTHEST_DAYS:
        return _("No date can be said yet: too few places have become free in the last half year.")
    day = timezone.localdate() + timedelta(days=days)
    return _("At the rate of the last half year a place is free around {date}.").format(
        date=date_format(day, "j F Y")
    )


def _waits_for_company(application: Application) -> bool:
    limit = application.tier.company_limit
    if limit is None or application.organisation_id is None:
        return False
    seats = Admission.objects.seated().filter(
        tier=application.tier_id, organisation=application.organisation_id
    )
    return seats.count() >= limit
