"""Files and pictures that stand in posts, messages and resources, and who may open them."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from discussions.models.message import Message
from discussions.models.post import Post
from discussions.models.resource import Resource
from discussions.models.space import visible_space_ids
from members.models import Member


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def unclaimed(self) -> Self:
        return self.filter(uploader__isnull=False)

    def visible_to(self, user: object) -> Self:
        """Whoever may read the post may open what stands in it; before that, whoever uploaded it.

        What stands in a message is opened by whoever reads the message, what stands in a resource by whoever reads it.
        """
        if not isinstance(user, Member):
            return self.none()
        readable = Post.objects.present().filter(
            pk=OuterRef("post"),
            topic__space__in=visible_space_ids(user),
            topic__deleted_at__isnull=True,
        )
        received = Message.objects.visible_to(user).filter(pk=OuterRef("message_id"))
        kept = Resource.objects.visible_to(user).filter(pk=OuterRef("resource"))
        return self.filter(Q(uploader=user) | Exists(readable) | Exists(received) | Exists(kept))


class Attachment(models.Model):
    """A file. It is somebody's until it stands in a post, a message or a resource, and then that says whose it is.

    `uploader` is therefore null as soon as it stands somewhere: who wrote an unattributed post must not be found in
    another table. `name` is its address and its name in the storage, `file_name` what a download is called.
    `width` and `height` are pixels of a picture that was drawn anew; 0 for every other file. `size` is in bytes.
    `words_read_at` says of a file in a message that the message is found by its words; of a file in a post its entry
    in the search says so.
    """

    name = models.CharField(max_length=32, unique=True)
    file_name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    alt = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    uploader = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    post = models.ForeignKey(
        Post, null=True, on_delete=models.CASCADE, related_name="attachments", db_index=False
    )
    # The table of messages stands to the right of this one in time: a number, and no foreign key.
    message_id = models.BigIntegerField(null=True)
    words_read_at = models.DateTimeField(null=True)
    resource = models.ForeignKey(
        Resource, null=True, on_delete=models.CASCADE, related_name="attachments", db_index=False
    )

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(uploader__isnull=False, post__isnull=True, message_id__isnull=True)
                | Q(uploader__isnull=True, post__isnull=False, message_id__isnull=True)
                | Q(uploader__isnull=True, post__isnull=True, message_id__isnull=False)
                | Q(resource__isnull=False),
                name="attachment_stands_in_one_place",
            ),
            models.CheckConstraint(
                condition=Q(resource__isnull=True)
                | Q(uploader__isnull=True, post__isnull=True, message_id__isnull=True),
                name="attachment_of_resource_alone",
            ),
        )
        indexes = (
            models.Index(
                fields=["uploader", "created_at"],
                condition=Q(uploader__isnull=False),
                name="attachment_unclaimed",
            ),
            models.Index(fields=["post"], condition=Q(post__isnull=False), name="attachment_of_post"),
            models.Index(
                fields=["message_id"], condition=Q(message_id__isnull=False), name="attachment_of_message"
            ),
            models.Index(
                fields=["resource"], condition=Q(resource__isnull=False), name="attachment_of_resource"
            ),
            # Files of messages that wait to be read.
            models.Index(
                fields=["id"],
                condition=Q(message_id__isnull=False, words_read_at__isnull=True, width=0),
                name="attachment_unread",
            ),
        )

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_image(self) -> bool:
        return self.width > 0

    def get_absolute_url(self) -> str:
        return reverse("attachment_show", args=[self.name])
