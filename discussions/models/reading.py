"""Where a member has read to, and what a member follows and why."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from discussions.models.space import Space
from discussions.models.topic import Tag, Topic


class ReadState(models.Model):
    """One row per member and topic with the last read number, written by one upsert a visit; it never falls."""

    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="+", db_index=False)
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    last_read_number = models.PositiveIntegerField()
    read_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["member", "topic"], name="read_state_once"),)

    def __str__(self) -> str:
        return f"{self.member_id} read {self.topic_id} to {self.last_read_number}"


class FollowLevel(models.TextChoices):
    """Rule 3.9, in three words."""

    EVERYTHING = "everything", _("Everything")
    HIGHLIGHTS = "highlights", _("Highlights")
    MUTE = "mute", _("Mute")


class FollowReason(models.TextChoices):
    """Why a follow exists: it explains each row and each mail, and lets an automatic one be undone."""

    CHOSEN = "chosen", _("you chose to follow this")
    STARTED = "started", _("you started this")
    REPLIED = "replied", _("you replied")
    MENTIONED = "mentioned", _("you were mentioned")
    ASKED = "asked", _("you were asked to answer")
    ANSWERING = "answering", _("you said you would answer")
    INTRODUCED = "introduced", _("you were introduced here")


class Follow(models.Model):
    """A member follows exactly one thing: a topic, a space or a tag."""

    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    topic = models.ForeignKey(
        Topic, null=True, on_delete=models.CASCADE, related_name="follows", db_index=False
    )
    space = models.ForeignKey(
        Space, null=True, on_delete=models.CASCADE, related_name="follows", db_index=False
    )
    tag = models.ForeignKey(Tag, null=True, on_delete=models.CASCADE, related_name="follows", db_index=False)
    level = models.CharField(max_length=20, choices=FollowLevel)
    reason = models.CharField(max_length=20, choices=FollowReason)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["member", "topic"], condition=Q(topic__isnull=False), name="follow_topic_once"
            ),
            models.UniqueConstraint(
                fields=["member", "space"], condition=Q(space__isnull=False), name="follow_space_once"
            ),
            models.UniqueConstraint(
                fields=["member", "tag"], condition=Q(tag__isnull=False), name="follow_tag_once"
            ),
            models.CheckConstraint(
                condition=Q(topic__isnull=False, space__isnull=True, tag__isnull=True)
                | Q(topic__isnull=True, space__isnull=False, tag__isnull=True)
                | Q(topic__isnull=True, space__isnull=True, tag__isnull=False),
                name="follow_exactly_one_thing",
            ),
            models.CheckConstraint(condition=Q(level__in=FollowLevel.values), name="follow_level_known"),
        )
        indexes = (
            # Fan-out of a new post to those who follow its topic.
            models.Index(fields=["topic"], condition=Q(topic__isnull=False), name="follow_of_topic"),
            # The same for a new topic in a space and under a tag.
            models.Index(fields=["space"], condition=Q(space__isnull=False), name="follow_of_space"),
            models.Index(fields=["tag"], condition=Q(tag__isnull=False), name="follow_of_tag"),
        )

    def __str__(self) -> str:
        return f"{self.member_id} {self.level}"
