"""Writing and asking the search entries. Who may see a space is decided by the caller and handed in as ids."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Value

from community.core.models import SearchEntry, SearchKind

# PostgreSQL refuses a tsvector above 1 MB; the limit of a post's source keeps far below it.
CONFIG = "english"


def put_entry(
    kind: SearchKind,
    *,
    target_type: str,
    target_id: int,
    title: str,
    text: str,
    space_id: int | None,
    author_id: int | None,
    at: datetime,
) -> None:
    """Insert or refresh the entry of one thing; the title weighs more than the text. One statement."""
    SearchEntry.objects.bulk_create(
        [
            SearchEntry(
                kind=kind,
                target_type=target_type,
                target_id=target_id,
                title=title,
                text=text,
                space_id=space_id,
                author_id=author_id,
                occurred_at=at,
                vector=search_vector(kind, title, text),
            )
        ],
        update_conflicts=True,
        unique_fields=["target_type", "target_id"],
        update_fields=["title", "text", "space_id", "author", "vector"],
    )


def search_vector(kind: SearchKind, title: str, text: str) -> models.expressions.Combinable:
    """A reply is found by its own words only: its topic's title belongs to the topic."""
    body = SearchVector(Value(text), config=CONFIG, weight="C")
    if kind == SearchKind.POST:
        return body
    return SearchVector(Value(title), config=CONFIG, weight="A") + body


def move_entries(
    target_type: str, target_ids: Sequence[int], *, space_id: int, title: str | None = None
) -> None:
    """These things stand in another space now, or under another topic's title: one statement, and at once.

    For replies, whose own words alone they are found by: a title that is searched for needs `put_entry`.
    """
    words = {} if title is None else {"title": title}
    SearchEntry.objects.filter(target_type=target_type, target_id__in=target_ids).update(
        space_id=space_id, **words
    )


def remove_entry(*, target_type: str, target_id: int) -> None:
    """Take one thing out of the search, at once and in the transaction that hides it."""
    SearchEntry.objects.filter(target_type=target_type, target_id=target_id).delete()
