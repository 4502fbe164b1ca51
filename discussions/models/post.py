"""Numbered posts, their past versions, and the reactions to them."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from community.core.text import SourceFormat
from discussions.models.space import visible_space_ids
from discussions.models.topic import TITLE_LENGTH, Topic

SOURCE_FORMATS = [(SourceFormat.MARKDOWN.value, "Markdown"), (SourceFormat.HTML.value, "HTML")]


class PostQuerySet(models.QuerySet["Post"]):
    def present(self) -> Self:
        return self.filter(deleted_at__isnull=True)

    def visible_to(self, user: object) -> Self:
        return self.present().filter(topic__space__in=visible_space_ids(user), topic__deleted_at__isnull=True)


class Post(models.Model):
    """One numbered contribution. The number is unique in its topic, never reused, never renumbered (rule 3.3).

    `source` is what was written, `html` what the renderer of `renderer_version` made of it, sanitised.
    `imported_upvotes` is what an earlier platform counted; nobody's reaction is invented for it.
    """

    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="posts", db_index=False)
    number = models.PositiveIntegerField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    reply_to = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="replies", db_index=False
    )
    source = models.TextField()
    source_format = models.CharField(max_length=10, choices=SOURCE_FORMATS)
    html = models.TextField()
    renderer_version = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    edit_reason = models.CharField(max_length=200, blank=True)
    version = models.PositiveIntegerField(default=1)
    deleted_at = models.DateTimeField(null=True)
    # Rule 8.1: taken away by moderation; only a decision in the queue brings it back. Always deleted as well.
    hidden_at = models.DateTimeField(null=True)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    thanks_count = models.PositiveIntegerField(default=0, db_default=0)
    insightful_count = models.PositiveIntegerField(default=0, db_default=0)
    agree_count = models.PositiveIntegerField(default=0, db_default=0)
    me_too_count = models.PositiveIntegerField(default=0, db_default=0)
    imported_upvotes = models.PositiveIntegerField(default=0)

    objects = PostQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(hidden_at__isnull=True) | Q(deleted_at__isnull=False),
                name="post_hidden_is_gone",
            ),
            models.UniqueConstraint(fields=["topic", "number"], name="post_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="post_numbers_start_at_one"),
            # The first post answers nothing; every other post answers one.
            models.CheckConstraint(
                condition=Q(number=1, reply_to__isnull=True) | Q(number__gt=1, reply_to__isnull=False),
                name="post_reply_unless_first",
            ),
            models.CheckConstraint(
                condition=Q(source_format__in=[value for value, _label in SOURCE_FORMATS]),
                name="post_format_known",
            ),
        )
        indexes = (
            # A person's contributions, newest first.
            models.Index(
                fields=["author", "-created_at"], condition=Q(deleted_at__isnull=True), name="post_by_author"
            ),
            # What moderators took away, newest first.
            models.Index(fields=["id"], condition=Q(deleted_at__isnull=False), name="post_deleted"),
            # What was answered to a post: one level of nesting (rule 3.3).
            models.Index(fields=["reply_to", "number"], name="post_replies"),
            # What the renderer's next version has to go through.
            models.Index(fields=["renderer_version", "id"], name="post_renderer_version"),
            # What `has:image` and `has:link` ask for, in the words of community/search/narrowing.py.
            models.Index(fields=["id"], condition=Q(html__regex="<img "), name="post_with_picture"),
            models.Index(fields=["id"], condition=Q(html__regex='<a href="http'), name="post_with_link"),
        )

    def __str__(self) -> str:
        return f"{self.topic_id}#{self.number}"

    @property
    def activity_title(self) -> str:
        return self.topic.title

    def get_absolute_url(self) -> str:
        return self.topic.get_post_url(self.number)

    def get_permanent_url(self) -> str:
        """Stays right when the post moves to another topic."""
        return reverse("post_show", args=[self.pk])


class PostRevision(models.Model):
    """A version that an edit replaced: what stood there until `edited_at`, when `edited_by` changed it."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="revisions", db_index=False)
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=TITLE_LENGTH, blank=True)
    source = models.TextField()
    source_format = models.CharField(max_length=10, choices=SOURCE_FORMATS)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    edited_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["post", "version"], name="post_revision_once"),)

    def __str__(self) -> str:
        return f"{self.post_id} v{self.version}"


class ReactionKind(models.TextChoices):
    THANKS = "thanks", _("Thanks")
    INSIGHTFUL = "insightful", _("Insightful")
    AGREE = "agree", _("Agree")
    ME_TOO = "me_too", _("Me too")

    @property
    def counter(self) -> str:
        """The column of the post that counts this kind."""
        return f"{self.value}_count"


# What says that a post was of use to somebody; agreeing and "me too" say something of the reader.
USEFUL_KINDS = (ReactionKind.THANKS, ReactionKind.INSIGHTFUL)


class Reaction(models.Model):
    """A member's reaction to a post; there are no down-votes (rule 3.10)."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="reactions", db_index=False)
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, choices=ReactionKind)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["post", "member", "kind"], name="reaction_once"),
            models.CheckConstraint(condition=Q(kind__in=ReactionKind.values), name="reaction_kind_known"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.post_id}"
