"""While one types: topics, people and tags that begin so."""

from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.db.models import F, Q, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext as _

from discussions.models import Tag, Topic, visible_spaces
from members.directory import words_of
from members.models import DirectoryEntry, Member

SUGGESTED: Final = 5
#: A letter alone begins half of all titles.
SHORTEST_BEGINNING: Final = 2
_SUGGESTED_FROM: Final = 3_000


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something whose name begins as what is being typed."""

    label: str
    note: str
    url: str


_BEGINNING_OF_TITLE: Final = f"""
    SELECT id, title FROM (
        SELECT id, title FROM discussions_topic
        WHERE deleted_at IS NULL AND space_id = ANY(%(spaces)s)
        ORDER BY last_post_at DESC, id DESC LIMIT {_SUGGESTED_FROM}
    ) AS newest
    WHERE ' ' || lower(title) LIKE ALL (%(beginnings)s)
    LIMIT {SUGGESTED}
"""  # noqa: S608


def search_suggestions(user: Member, typed: str) -> list[Suggestion]:
    """Topics among those that moved last, people and tags that begin as the words do. Four queries at most.

    A tag is named only where the reader can see a topic that carries it.
    """
    words = [word for word in typed.lower().split() if word.isprintable()][:6]
    if not words or len(words[-1]) < SHORTEST_BEGINNING or ":" in typed:
        return []
    spaces = [space.pk for space in visible_spaces(user)]
    with connection.cursor() as cursor:
        cursor.execute(
            _BEGINNING_OF_TITLE,
            {"spaces": spaces, "beginnings": [f"% {_literal(word)}%" for word in words]},
        )
        topics = cursor.fetchall()
    found = [Suggestion(title, _("Topic"), Topic(pk=pk).get_absolute_url()) for pk, title in topics]
    found += [
        Suggestion(member.display_name, _("Person"), member.get_absolute_url())
        for member in _people_beginning(user, typed)
    ]
    carried = Topic.objects.in_spaces(spaces).values("pk")
    tags = (
        Tag.objects.filter(name__istartswith=" ".join(words).removeprefix("#"))
        .filter(tagged_topics__content_object__in=carried)
        .distinct()
        .order_by("name")[:SUGGESTED]
    )
    return found + [Suggestion(str(tag.name), _("Tag"), tag.get_absolute_url()) for tag in tags]


def _people_beginning(user: Member, typed: str) -> list[Member]:
    """Those of whose name each word begins a part. Along the index of names alone: no profile is read for it."""
    words = words_of(typed)[:4]
    if not words:
        return []
    entries = DirectoryEntry.objects.visible_to(user).annotate(named=Concat(Value(" "), F("sort_name")))
    for word in words:
        entries = entries.filter(Q(named__contains=f" {word}") | Q(named__contains=f"-{word}"))
    found = entries.order_by("sort_name").values("pk")[:50]
    return list(Member.objects.visible_to(user).filter(pk__in=found)[:SUGGESTED])


def _literal(word: str) -> str:
    """For LIKE: what people type has no wildcards."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
