"""What somebody reads about their own standing: a suspension, and having left."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from community.core.moments import Moment, moment
from members.actions.standing import RETURN_WITHIN
from members.models import Appeal, Member, Suspension


@dataclass(frozen=True, slots=True)
class AppealSeen:
    """The appeal as its author sees it. Who decides is not named; the words are."""

    words: str
    made: Moment
    is_decided: bool
    is_granted: bool
    reason: str


@dataclass(frozen=True, slots=True)
class SuspensionSeen:
    """A suspension as the person reads it: nothing but what was written for them."""

    reason: str
    since: Moment
    until: Moment
    appeal: AppealSeen | None


@dataclass(frozen=True, slots=True)
class Departure:
    """Having left, and which way back there is."""

    left: Moment
    is_at_once: bool


def suspension_in_force(member: Member) -> Suspension | None:
    """The one that closes the member out now."""
    return Suspension.objects.current().filter(member=member).select_related("appeal", "member").first()


def suspension_seen(suspension: Suspension) -> SuspensionSeen:
    """The page of a suspension."""
    now = timezone.now()
    appeal: Appeal | None = getattr(suspension, "appeal", None)
    return SuspensionSeen(
        reason=suspension.reason,
        since=moment(suspension.from_at, now),
        until=moment(suspension.until_at, now),
        appeal=None
        if appeal is None
        else AppealSeen(
            words=appeal.words,
            made=moment(appeal.created_at, now),
            is_decided=appeal.decided_at is not None,
            is_granted=bool(appeal.is_granted),
            reason=appeal.reason,
        ),
    )


def departure(left_at: datetime) -> Departure:
    """The page of somebody who has left."""
    now = timezone.now()
    return Departure(left=moment(left_at, now), is_at_once=now - left_at <= RETURN_WITHIN)
