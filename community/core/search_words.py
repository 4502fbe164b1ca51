"""What somebody types into the search, taken apart: words, and operators such as `in:pricing`. No table is read here.

`"…"` is a phrase and a minus leaves a word out: both are words, and PostgreSQL reads them. What looks like an operator
and is none of ours, as in `re:invent`, is a word too.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _

#: More of them narrow nothing that anybody means, and each costs a lookup.
MOST_OPERATORS: Final = 12
WORDS_LENGTH: Final = 200

OPERATORS: Final = ("in", "from", "tag", "kind", "is", "before", "after", "has")
#: What `is:` and `has:` take.
STATES: Final = ("answered", "unanswered")
CONTENTS: Final = ("image", "attachment", "answer", "link")

_TOKEN: Final = re.compile(
    r"""(?P<minus>-)?\b(?P<name>in|from|tag|kind|is|before|after|has):(?:"(?P<quoted>[^"]*)"|(?P<value>[^\s"]*))"""
    r"""|(?P<phrase>-?"[^"]*"?)|(?P<word>\S+?(?="|\s|$))""",
    re.IGNORECASE,
)
_DATE: Final = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator as it was typed: `name` in small letters, `value` without quotation marks."""

    name: str
    value: str

    @property
    def typed(self) -> str:
        return f'{self.name}:"{self.value}"' if " " in self.value else f"{self.name}:{self.value}"


@dataclass(frozen=True, slots=True)
class Asked:
    """The words, the operators, and a sentence for each part that could not be read; the rest is searched still."""

    words: str
    operators: tuple[Operator, ...] = ()
    problems: tuple[str, ...] = field(default=())

    def without(self, operator: Operator) -> str:
        """The same search, typed without this operator: what taking its chip away leads to."""
        kept = [other.typed for other in self.operators if other != operator]
        return " ".join([*kept, self.words]).strip()

    def with_operator(self, operator: Operator) -> str:
        return " ".join([*(other.typed for other in self.operators), operator.typed, self.words]).strip()


def read_search(typed: str) -> Asked:
    """Take apart what was typed: cleaned to one line before, and at most `WORDS_LENGTH` characters of it."""
    words: list[str] = []
    operators: dict[Operator, None] = {}
    problems: list[str] = []
    for match in _TOKEN.finditer(typed[:WORDS_LENGTH]):
        if match["name"] is None:
            words.append(match.group().strip())
            continue
        name = match["name"].lower()
        value = (match["quoted"] if match["quoted"] is not None else match["value"]).strip()
        if match["minus"]:
            problems.append(
                _("“{typed}” is left out: a minus works before words only.").format(typed=match.group())
            )
        elif not value:
            problems.append(_("“{name}:” needs something behind it, without a space.").format(name=name))
        else:
            operators[Operator(name, value)] = None
    kept = tuple(operators)[:MOST_OPERATORS]
    if len(operators) > MOST_OPERATORS:
        problems.append(_("The first {count} operators count.").format(count=MOST_OPERATORS))
    return Asked(" ".join(filter(None, words)), kept, tuple(problems))


def read_day(value: str) -> tuple[datetime, datetime] | None:
    """The first moment of a day, month or year and the first one after it; None where it is no date."""
    found = _DATE.fullmatch(value)
    if not found or not found.group().isascii():
        return None
    year, month, day = (int(part) if part else None for part in found.groups())
    try:
        start = datetime(year or 0, month or 1, day or 1, tzinfo=UTC)
        if day:
            return start, start + timedelta(days=1)
        if month:
            return start, datetime(start.year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        return start, datetime(start.year + 1, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
