"""Whom a text names with @handle: finding them, and turning the names into links."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from html import escape
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet

from community.core.http import address_of
from discussions.models import Space
from discussions.models.reader import readers_of
from members.models import Member, Tie, TieKind

#: Whoever names more people than this speaks to a room, not to them; the rest are words.
MOST_MENTIONS: Final = 20

_TAG: Final = re.compile(r"(<[^>]*>)")
_NAME: Final = re.compile(r"(?<![\w@/.-])@([a-z0-9](?:[a-z0-9._-]{0,38}[a-z0-9])?)(?![\w@-])", re.IGNORECASE)
# Names in a link belong to the link, and code is code.
_APART: Final = frozenset({"a", "code", "pre", "kbd", "samp"})


def mentioned_handles(html: str) -> list[str]:
    """The handles that sanitised HTML names, in their order, at most 20; whether there are such people is not asked."""
    found: dict[str, None] = {}
    if "@" in html:
        _walk(html, lambda handle: found.setdefault(handle.lower()))
    return list(found)[:MOST_MENTIONS]


def mentioned_members(html: str, *, by: Member, space: Space) -> QuerySet[Member]:
    """Whom this HTML names among those who may read it there; no query runs before it is read.

    Neither the author, nor whom a block keeps apart from the author, nor anybody without access to the space: to name
    somebody tells nobody whether that person exists.
    """
    handles = mentioned_handles(html)
    if not handles:
        nobody: QuerySet[Member] = Member.objects.none()
        return nobody
    people: QuerySet[Member] = readers_of(space).filter(handle__in=handles).exclude(pk=by.pk)
    blocks = Tie.objects.filter(kind=TieKind.BLOCK)
    blocking, blocked = blocks.filter(other=by).values("member"), blocks.filter(member=by).values("other")
    shown: QuerySet[Member] = people.exclude(pk__in=blocking).exclude(pk__in=blocked)
    return shown


@dataclass(frozen=True, slots=True)
class Named:
    """Whom a text names: all of them for the record, those who have not muted the author to be told; linked HTML."""

    ids: list[int]
    told_ids: list[int]
    html: str


def name_members(html: str, *, by: Member, space: Space) -> Named:
    """Find whom this HTML names and link the names. One query, and none where there is no name in it."""
    has_muted = Exists(Tie.objects.filter(member=OuterRef("pk"), other=by, kind=TieKind.MUTE))
    people = mentioned_members(html, by=by, space=space).annotate(has_muted=has_muted)
    rows = sorted(people.values_list("pk", "handle", "has_muted"))
    return Named(
        ids=[pk for pk, _handle, _muted in rows],
        told_ids=[pk for pk, _handle, muted in rows if not muted],
        html=link_mentions(html, [handle for _pk, handle, _muted in rows]),
    )


def link_mentions(html: str, handles: Collection[str]) -> str:
    """The same HTML, in which the names of these people lead to their pages. Doing it again changes nothing."""
    known = frozenset(handles)
    if not known:
        return html

    def link(handle: str) -> str | None:
        if handle.lower() not in known:
            return None
        return f'<a href="{address_of("member_show")}{escape(handle.lower())}/">@{handle}</a>'

    return _walk(html, link)


def _walk(html: str, name: Callable[[str], str | None]) -> str:
    """Call for each name outside links and code, and put what it returns in the place of `@name`."""
    apart = 0
    parts = _TAG.split(html)
    for place, part in enumerate(parts):
        if place % 2:
            tag = part.strip("</>").partition(" ")[0]
            if tag in _APART:
                apart += -1 if part.startswith("</") else 1
        elif not apart and "@" in part:
            parts[place] = _NAME.sub(lambda match: name(match[1]) or match[0], part)
    return "".join(parts)
