"""Threads: a title, its tags, its numbered posts' counters and its states."""

import hashlib
from collections.abc import Sequence
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import Combinable
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from taggit.managers import TaggableManager
from taggit.models import ItemBase, TagBase

from community.core.http import address_of
from community.core.statements import OneOf
from discussions.models.space import Space, TopicKind, visible_space_ids

POSTS_PER_PAGE = 20
TITLE_LENGTH = 200
TAG_LENGTH = 40
TAGS_PER_TOPIC = 5


class Tag(TagBase):  # type: ignore[misc]
    """A word of the community's own list."""

    name = models.CharField(_("name"), max_length=TAG_LENGTH, unique=True)
    slug = models.SlugField(_("slug"), max_length=60, unique=True, allow_unicode=True)
    description = models.CharField(max_length=1000, blank=True)
    # A member's suggestion, until somebody who looks after tags accepts it or merges it; null in the list itself.
    proposed_at = models.DateTimeField(null=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    class Meta:
        ordering = ("name",)
        indexes = (
            models.Index(fields=["proposed_at"], condition=Q(proposed_at__isnull=False), name="tag_proposed"),
        )

    @property
    def activity_title(self) -> str:
        return str(self.name)

    def get_absolute_url(self) -> str:
        return reverse("tag_show", args=[self.slug])

    def slugify(self, tag: str, i: int | None = None) -> str:
        """An address for any name: normalising may lengthen it and may leave nothing of it."""
        stem = slugify(tag, allow_unicode=True)[:48] or "tag-" + hashlib.sha256(tag.encode()).hexdigest()[:10]
        return stem if i is None else f"{stem}-{i}"


class TaggedTopic(ItemBase):  # type: ignore[misc]
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="tagged_topics")
    content_object = models.ForeignKey(
        "discussions.Topic", on_delete=models.CASCADE, related_name="tagged_topics"
    )

    class Meta:
        constraints = (models.UniqueConstraint(fields=["content_object", "tag"], name="tagged_topic_once"),)
        # The newest topics of a tag, for those who follow it or know about it.
        indexes = (models.Index(fields=["tag", "-content_object"], name="tagged_newest"),)


class TopicQuerySet(models.QuerySet["Topic"]):
    def present(self) -> Self:
        return self.filter(deleted_at__isnull=True)

    def visible_to(self, user: object) -> Self:
        return self.in_spaces(list(visible_space_ids(user)))

    def in_spaces(self, space_ids: Sequence[int] | Combinable) -> Self:
        """What `visible_to` asks in SQL, for the ids of the spaces that the reader may see."""
        return self.present().filter(OneOf("space_id", space_ids))


class Topic(models.Model):  # type: ignore[django-manager-missing]  # taggit's ItemBase has no types
    """A thread, its counters and its states.

    `highest_number` is the number given out last: it grows under a lock on this row and never falls.
    `last_number`, `last_post_at` and `last_poster` belong to the highest post that is there; `post_count` counts
    those that are there and `people_count` who wrote them. Unread is the one comparison
    `last_number > last_read_number`, so a deleted last post leaves nobody unread.
    `author` is null where the topic is unattributed or the account is gone.
    `takes_replies` is switched off for announcements that only tell something. `has_moved_posts` says that some of
    the numbers that are missing have a `PostMove`. A topic that was merged is deleted and names its new place.
    """

    space = models.ForeignKey(Space, on_delete=models.PROTECT, related_name="topics", db_index=False)
    kind = models.CharField(max_length=20, choices=TopicKind)
    title = models.CharField(_("title"), max_length=TITLE_LENGTH)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField()
    highest_number = models.PositiveIntegerField(default=0)
    last_number = models.PositiveIntegerField(default=0)
    post_count = models.PositiveIntegerField(default=0)
    people_count = models.PositiveIntegerField(default=1)
    last_post_at = models.DateTimeField()
    last_poster = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    accepted_post = models.ForeignKey(
        "discussions.Post", null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    close_reason = models.CharField(max_length=300, blank=True)
    pinned_at = models.DateTimeField(null=True, blank=True)
    pinned_until = models.DateTimeField(null=True, blank=True)
    pin_reason = models.CharField(max_length=300, blank=True, default="", db_default="")
    takes_replies = models.BooleanField(default=True, db_default=True)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    has_moved_posts = models.BooleanField(default=False, db_default=False)
    # Rule 3.17: distinct people other than the author who found a post of it useful, and their companies;
    # `usefulness` is the sum of both, for the order of the list.
    useful_people = models.PositiveIntegerField(default=0, db_default=0)
    useful_companies = models.PositiveIntegerField(default=0, db_default=0)
    usefulness = models.PositiveIntegerField(default=0, db_default=0)
    # When the asker was reminded that the question is open (rule 3.11): once.
    nudged_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    # Rule 8.1: taken away by moderation; only a decision in the queue brings it back. Always deleted as well.
    hidden_at = models.DateTimeField(null=True, blank=True)

    tags = TaggableManager(through=TaggedTopic, blank=True)

    objects = TopicQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(hidden_at__isnull=True) | Q(deleted_at__isnull=False),
                name="topic_hidden_is_gone",
            ),
            models.CheckConstraint(condition=Q(kind__in=TopicKind.values), name="topic_kind_known"),
            models.CheckConstraint(condition=~Q(title=""), name="topic_has_title"),
            models.CheckConstraint(
                condition=Q(post_count__lte=F("last_number"), last_number__lte=F("highest_number")),
                name="topic_counts_its_numbers",
            ),
            # Rule 3.2: only a question has an accepted answer.
            models.CheckConstraint(
                condition=Q(accepted_post__isnull=True) | Q(kind=TopicKind.QUESTION),
                name="topic_only_questions_are_answered",
            ),
            models.CheckConstraint(
                condition=Q(pinned_until__isnull=True) | Q(pinned_at__isnull=False),
                name="topic_pinned_before_it_ends",
            ),
            # What was merged is not there any more: whoever reads the present ones meets every post once.
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | Q(deleted_at__isnull=False),
                name="topic_merged_is_gone",
            ),
        )
        indexes = (
            # The lists: newest movement first, of one space and of all.
            models.Index(
                fields=["space", "-last_post_at", "-id"],
                condition=Q(deleted_at__isnull=True),
                name="topic_latest_in_space",
            ),
            models.Index(
                fields=["-last_post_at", "-id"], condition=Q(deleted_at__isnull=True), name="topic_latest"
            ),
            models.Index(
                fields=["-created_at", "-id"],
                condition=Q(deleted_at__isnull=True, kind=TopicKind.QUESTION, accepted_post__isnull=True),
                name="topic_unanswered",
            ),
            models.Index(
                fields=["-usefulness", "-id"],
                condition=Q(deleted_at__isnull=True, usefulness__gt=0),
                name="topic_most_useful",
            ),
            models.Index(
                fields=["space"],
                condition=Q(pinned_at__isnull=False, deleted_at__isnull=True),
                name="topic_pinned",
            ),
            # What once led to a topic that is merged into another one in its turn.
            models.Index(
                fields=["merged_into"], condition=Q(merged_into__isnull=False), name="topic_merged_into"
            ),
            models.Index(
                fields=["pinned_until"], condition=Q(pinned_until__isnull=False), name="topic_pin_ends"
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def activity_title(self) -> str:
        return self.title

    @property
    def tags_by_name(self) -> list[Tag]:
        """Sorted here: what was loaded ahead comes in any order."""
        return sorted(self.tags.all(), key=lambda tag: str(tag.name))

    def get_absolute_url(self) -> str:
        return f"{address_of('topic_show')}{self.pk}/"

    def get_post_url(self, number: int) -> str:
        """The address of a post inside its topic: the page that its number belongs to, and the anchor."""
        page = (max(number, 1) - 1) // POSTS_PER_PAGE + 1
        return f"{self.get_absolute_url()}?page={page}#post-{number}"
