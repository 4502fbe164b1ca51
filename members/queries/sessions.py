"""Where somebody is signed in, for their own page."""

from dataclasses import dataclass

from allauth.usersessions.models import UserSession
from django.urls import reverse
from django.utils import timezone

from community.core.moments import Clock, Moment
from members.browsers import browser_label
from members.models import Member


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One sign-in that still holds."""

    browser: str
    address: str
    since: Moment
    seen: Moment
    is_current: bool
    end_url: str


def session_rows(member: Member, *, current_key: str | None) -> list[SessionRow]:
    """This one first, then who was seen last. Those whose session is over are forgotten on the way."""
    clock = Clock(timezone.now())
    held: list[UserSession] = UserSession.objects.purge_and_list(member)
    held.sort(key=lambda session: (session.session_key != current_key, -session.last_seen_at.timestamp()))
    return [
        SessionRow(
            browser=browser_label(session.user_agent),
            address=session.ip,
            since=clock.moment(session.created_at),
            seen=clock.moment(session.last_seen_at),
            is_current=session.session_key == current_key,
            end_url=reverse("session_end", args=[session.pk]),
        )
        for session in held
    ]
