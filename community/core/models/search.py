"""Search entries: one row for each thing that can be found, written by the action that changes the thing."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _


class SearchKind(models.TextChoices):
    TOPIC = "topic", _("topic")
    POST = "post", _("reply")
    FILE = "file", _("file")
    RESOURCE = "resource", _("resource")
    POLL = "poll", _("poll")


def search_kinds() -> list[tuple[str, Any]]:
    """For the model's field: handed over as a function, so that a new kind needs no migration."""
    return list(SearchKind.choices)


class SearchEntry(models.Model):
    """The words of one thing and where it stands. `space_id` is what permission is asked for, in the SQL itself."""

    kind = models.CharField(max_length=20, choices=search_kinds)
    target_type = models.CharField(max_length=40)
    target_id = models.BigIntegerField()
    title = models.CharField(max_length=200)
    text = models.TextField()
    space_id = models.BigIntegerField(null=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    occurred_at = models.DateTimeField()
    # The search configuration its words were stemmed by: a query asks each language in its own way.
    language = models.CharField(max_length=12, default="english", db_default="english")
    vector = SearchVectorField()

    class Meta:
        verbose_name_plural = "search entries"
        constraints = (
            models.UniqueConstraint(fields=["target_type", "target_id"], name="search_entry_target_once"),
        )
        indexes = (
            # fastupdate off: a search never has to read a pending list that grew during an import.
            GinIndex(fields=["vector"], name="search_entry_vector", fastupdate=False),
            # Which languages there are beside the most frequent one, and the newest of one space.
            models.Index(
                fields=["language"], condition=~models.Q(language="english"), name="search_entry_language"
            ),
            models.Index(fields=["space_id", "id"], name="search_entry_space"),
            # The newest topics or files alone, among twenty times as many replies.
            models.Index(fields=["kind", "id"], name="search_entry_kind"),
            # Before and from a day.
            models.Index(fields=["occurred_at"], name="search_entry_time"),
        )

    def __str__(self) -> str:
        return self.title


class SearchMiss(models.Model):
    """Rule 3.16: what was looked for in vain, for managers: the words, the day and how often, and never by whom."""

    words = models.CharField(max_length=100)
    day = models.DateField()
    count = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name_plural = "searches without a result"
        constraints = (
            models.UniqueConstraint(fields=["day", "words"], name="search_miss_once_a_day"),
            models.CheckConstraint(condition=models.Q(count__gte=1), name="search_miss_counts"),
        )

    def __str__(self) -> str:
        return self.words
