"""A calendar entry as RFC 5545 wants it: escaped, folded, in its own line ends. Pure text: no table is read here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

_ESCAPED: Final = str.maketrans({"\\": "\\\\", "\n": "\\n", ",": "\\,", ";": "\\;", "\r": ""})
#: Octets of a line, RFC 5545 §3.1; the space that begins a folded line counts.
_LINE: Final = 75


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `uid` stays the same for ever; a higher `sequence` replaces what a calendar has under it."""

    uid: str
    title: str
    url: str
    starts_at: datetime
    ends_at: datetime
    stamped_at: datetime
    sequence: int = 0
    description: str = ""


def write_calendar(entry: Entry, *, product: str) -> str:
    """The text of an `.ics` file with one entry; `product` says who wrote it."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//{_escape(product)}//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{_escape(entry.uid)}",
        f"DTSTAMP:{_utc(entry.stamped_at)}",
        f"DTSTART:{_utc(entry.starts_at)}",
        f"DTEND:{_utc(entry.ends_at)}",
        f"SEQUENCE:{entry.sequence}",
        f"SUMMARY:{_escape(entry.title)}",
        f"URL:{''.join(entry.url.split())}",
    ]
    lines += [f"DESCRIPTION:{_escape(entry.description)}"] * bool(entry.description)
    lines += ["END:VEVENT", "END:VCALENDAR"]
    return "".join(f"{piece}\r\n" for line in lines for piece in _folded(line))


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escape(value: str) -> str:
    return value.translate(_ESCAPED)


def _folded(line: str) -> Iterable[str]:
    """Pieces of at most 75 octets, cut between characters; all but the first begin with a space."""
    piece, length = "", 0
    for character in line:
        octets = len(character.encode())
        if length + octets > _LINE:
            yield piece
            piece, length = " ", 1
        piece += character
        length += octets
    yield piece
