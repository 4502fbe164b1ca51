"""A moment as a page shows it: relative for people, exact on hover and for machines (look.md, words)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils import timezone
from django.utils.dates import MONTHS_3
from django.utils.translation import gettext, ngettext

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


def moment(at: datetime, now: datetime) -> Moment:
    """Put a moment into the words of the reader's language and zone. Called for each row of a list, so kept cheap."""
    local = timezone.localtime(at)
    date = f"{local.day} {MONTHS_3[local.month].capitalize()} {local.year}"
    seconds = (now - at).total_seconds()
    if seconds < _MINUTE:
        relative = gettext("just now")
    elif seconds < _HOUR:
        relative = gettext("{count} min ago").format(count=int(seconds // _MINUTE))
    elif seconds < _DAY:
        relative = gettext("{count} h ago").format(count=int(seconds // _HOUR))
    elif seconds < _RELATIVE_UNTIL:
        days = int(seconds // _DAY)
        relative = ngettext("{count} day ago", "{count} days ago", days).format(count=days)
    else:
        relative = date
    return Moment(relative, f"{date}, {local:%H:%M}", local.isoformat(timespec="seconds"))


def initials(name: str) -> str:
    """Up to two first letters for the place of a picture."""
    words = name.split()
    letters = words[0][:1] + (words[-1][:1] if len(words) > 1 else "") if words else "?"
    return letters.upper()
