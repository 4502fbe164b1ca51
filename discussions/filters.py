"""What somebody asks of a list of topics, as it stands in the address. Pure: no table is read here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, Self
from urllib.parse import parse_qsl, urlencode

from discussions.models import TopicKind

FOR_YOU, LATEST, UNANSWERED, USEFUL = "for-you", "latest", "unanswered", "useful"
LISTS: Final = (FOR_YOU, LATEST, UNANSWERED, USEFUL)
SLUG_LENGTH: Final = 60


@dataclass(frozen=True, slots=True)
class TopicFilter:
    """Rule 3.17: one of the four lists, narrowed by chips. Slugs that lead nowhere give an empty list."""

    which: str = FOR_YOU
    space: str = ""
    tag: str = ""
    kind: str = ""
    unread: bool = False
    unanswered: bool = False

    def query(self) -> str:
        """The one form of the address behind the question mark; '' for the list as it opens."""
        return _query(self)

    def but(self, **changes: Any) -> Self:
        return replace(self, **changes)

    @property
    def is_narrowed(self) -> bool:
        return bool(self.space or self.tag or self.kind or self.unread or self.unanswered)


# A page of a list links to some twenty others, the same for everybody.
@lru_cache(maxsize=4096)
def _query(wanted: TopicFilter) -> str:
    values = {
        "list": wanted.which if wanted.which != FOR_YOU else "",
        "space": wanted.space,
        "tag": wanted.tag,
        "kind": wanted.kind,
        "unread": "1" if wanted.unread else "",
        "unanswered": "1" if wanted.unanswered else "",
    }
    return urlencode({name: value for name, value in values.items() if value})


def read_filter(values: Mapping[str, str]) -> TopicFilter:
    """Out of the parameters of an address; what is none of ours is as good as not there."""
    which, kind = values.get("list", ""), values.get("kind", "")
    return TopicFilter(
        which=which if which in LISTS else FOR_YOU,
        space=_slug(values.get("space", "")),
        tag=_slug(values.get("tag", "")),
        kind=kind if kind in TopicKind.values else "",
        unread=values.get("unread") == "1",
        unanswered=values.get("unanswered") == "1",
    )


def read_query(query: str) -> TopicFilter:
    """Out of a kept address."""
    return read_filter(dict(parse_qsl(query[:1000])))


def _slug(value: str) -> str:
    return value[:SLUG_LENGTH] if "\x00" not in value else ""
