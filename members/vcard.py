"""A card of a person as RFC 6350 wants it: escaped, folded, in its own line ends. Pure text: no table is read here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

_ESCAPED: Final = str.maketrans({"\\": "\\\\", "\n": "\\n", ",": "\\,", ";": "\\;", "\r": ""})
#: Octets of a line, RFC 6350 §3.2; the space that begins a folded line counts.
_LINE: Final = 75


@dataclass(frozen=True, slots=True)
class Card:
    """What may stand on a card; whoever fills it has asked who may see what."""

    name: str
    url: str
    title: str = ""
    organisation: str = ""
    note: str = ""
    place: str = ""
    birthday: str = ""
    languages: Sequence[str] = ()
    links: Sequence[str] = ()
    topics: Sequence[str] = ()


def write_vcard(card: Card, *, revision: str) -> str:
    """The text of a `.vcf` file. `birthday` is `MM-DD`, `revision` a moment as `20261122T020000Z`."""
    lines = ["BEGIN:VCARD", "VERSION:4.0", _line("FN", card.name), _structured_name(card.name)]
    lines += [_line("TITLE", card.title)] * bool(card.title)
    lines += [_line("ORG", card.organisation)] * bool(card.organisation)
    # The place stands where the locality of an address does: ;;street;locality;region;code;country.
    lines += [f"ADR:;;;{_escape(card.place)};;;"] * bool(card.place)
    lines += [f"BDAY:--{card.birthday.replace('-', '')}"] * bool(card.birthday)
    lines += [f"LANG;PREF={place}:{_escape(code)}" for place, code in enumerate(card.languages, start=1)]
    lines += [f"URL:{_uri(card.url)}"]
    lines += [f"URL:{_uri(link)}" for link in card.links]
    lines += [f"CATEGORIES:{','.join(map(_escape, card.topics))}"] * bool(card.topics)
    lines += [_line("NOTE", card.note)] * bool(card.note)
    lines += [f"REV:{revision}", "END:VCARD"]
    return "".join(f"{piece}\r\n" for line in lines for piece in _folded(line))


def _structured_name(name: str) -> str:
    """The last word as the family name: a guess, which FN above makes harmless."""
    given, _space, family = name.rpartition(" ")
    return f"N:{_escape(family)};{_escape(given)};;;"


def _line(name: str, value: str) -> str:
    return f"{name}:{_escape(value)}"


def _escape(value: str) -> str:
    return value.translate(_ESCAPED)


def _uri(value: str) -> str:
    """An address needs no escaping, and may hold nothing that would begin another line."""
    return "".join(value.split())


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
