"""A moment as a page shows it: relative for people, exact on hover and for machines (look.md, words)."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final

from django.utils import timezone
from django.utils.dates import MONTHS_3
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
# Beyond a month "41 days ago" says less than the date.
_RELATIVE_UNTIL: Final = 30 * _DAY


@dataclass(frozen=True, slots=True)
class Moment:
    """`relative` for people, `exact` in the reader's zone for hovering, `iso` for machines."""

    relative: str
    exact: str
    iso: str


class Clock:
    """Tells moments to one reader at one time; what hangs on the reader is looked up once for a list of rows."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._zone = timezone.get_current_timezone()
        self._months = _month_names(get_language())
        self._just_now, self._minutes, self._hours = _("just now"), _("{count} min ago"), _("{count} h ago")
        self._days: dict[int, str] = {}

    def moment(self, at: datetime) -> Moment:
        """Put a moment into the words of the reader's language and zone."""
        local = at.astimezone(self._zone)
        date = f"{local.day} {self._months[local.month]} {local.year}"
        seconds = (self._now - at).total_seconds()
        if seconds < _MINUTE:
            relative = self._just_now
        elif seconds < _HOUR:
            relative = self._minutes.format(count=int(seconds // _MINUTE))
        elif seconds < _DAY:
            relative = self._hours.format(count=int(seconds // _HOUR))
        elif seconds < _RELATIVE_UNTIL:
            relative = self._days_ago(int(seconds // _DAY))
        else:
            relative = date
        return Moment(
            relative, f"{date}, {local.hour:02}:{local.minute:02}", local.isoformat(timespec="seconds")
        )

    def _days_ago(self, days: int) -> str:
        if days not in self._days:
            self._days[days] = ngettext("{count} day ago", "{count} days ago", days).format(count=days)
        return self._days[days]


def moment(at: datetime, now: datetime) -> Moment:
    """One moment; for a list of them make a `Clock` once."""
    return Clock(now).moment(at)


@cache
def _month_names(language: str | None) -> dict[int, str]:
    return {number: str(name).capitalize() for number, name in MONTHS_3.items()}


def initials(name: str) -> str:
    """Up to two first letters for the place of a picture."""
    words = name.split()
    letters = words[0][:1] + (words[-1][:1] if len(words) > 1 else "") if words else "?"
    return letters.upper()
