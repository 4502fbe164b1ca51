"""Writing and asking the search entries. Who may see a space is decided by the caller and handed in as ids."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from celery import shared_task
from django.contrib.postgres.search import SearchVector
from django.db import connection, models
from django.db.models import Value
from django.utils import timezone

from community.core.languages import config_of
from community.core.models import SearchEntry, SearchKind, SearchMiss

# PostgreSQL refuses a tsvector above 1 MB; the limit of a post's source keeps far below it.
CONFIG = "english"
#: What nobody found is of use for a year: next year's plan asks for it.
FORGET_MISSES_AFTER: Final = timedelta(days=400)


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
    language = config_of(f"{title}\n{text}")
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
                language=language,
                vector=search_vector(kind, title, text, config=language),
            )
        ],
        update_conflicts=True,
        unique_fields=["target_type", "target_id"],
        update_fields=["title", "text", "space_id", "author", "language", "vector"],
    )


def search_vector(
    kind: SearchKind, title: str, text: str, *, config: str = CONFIG
) -> models.expressions.Combinable:
    """A reply is found by its own words only: its topic's title belongs to the topic."""
    body = SearchVector(Value(text), config=config, weight="C")
    if kind == SearchKind.POST:
        return body
    return SearchVector(Value(title), config=config, weight="A") + body


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


def note_miss(words: str) -> None:
    """Somebody looked for this and found nothing: counted by the day, without who it was. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO core_searchmiss AS miss (words, day, count) VALUES (%s, %s, 1)
            ON CONFLICT (day, words) DO UPDATE SET count = miss.count + 1
            """,
            [words.lower()[:100], timezone.now().date()],
        )


@shared_task(name="search.forget_misses")
def forget_misses() -> int:
    """Take away what was looked for in vain more than a year ago. Returns how many rows went."""
    gone, _kinds = SearchMiss.objects.filter(day__lt=timezone.now().date() - FORGET_MISSES_AFTER).delete()
    return gone
