"""What a member comes back to, and when they want to be reminded of it."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from discussions.models.post import Post
from discussions.models.space import visible_space_ids


class BookmarkQuerySet(models.QuerySet["Bookmark"]):
    def visible_to(self, user: object) -> Self:
        """One's own, as far as one may still read what they mark."""
        return self.filter(
            member=getattr(user, "pk", None),
            post__deleted_at__isnull=True,
            post__topic__deleted_at__isnull=True,
            post__topic__space__in=visible_space_ids(user),
        )

    def due(self) -> Self:
        return self.filter(remind_at__lte=Now(), reminded_at__isnull=True)


class Bookmark(models.Model):
    """Rule 3.12. Marks a post; the first one stands for its topic.

    `unless_answered`: the reminder falls away where somebody else has answered since, or an answer was accepted.
    """

    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="bookmarks")
    note = models.CharField(max_length=200, blank=True)
    remind_at = models.DateTimeField(null=True)
    unless_answered = models.BooleanField(default=False)
    reminded_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = BookmarkQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["member", "post"], name="bookmark_once"),)
        indexes = (
            models.Index(fields=["member", "-created_at", "-id"], name="bookmark_of_member"),
            models.Index(
                fields=["remind_at"],
                condition=Q(remind_at__isnull=False, reminded_at__isnull=True),
                name="bookmark_due",
            ),
        )

    def __str__(self) -> str:
        return f"{self.member_id} marks {self.post_id}"

    def get_absolute_url(self) -> str:
        """Where the marked post stands."""
        return self.post.get_absolute_url()
