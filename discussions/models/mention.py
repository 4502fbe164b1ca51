"""Whom a post names."""

from django.conf import settings
from django.db import models

from discussions.models.post import Post


class Mention(models.Model):
    """A post names a member who may read it. What the author of the post cannot address is not kept."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="mentions", db_index=False)
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["post", "member"], name="mention_once"),)

    def __str__(self) -> str:
        return f"{self.post_id} names {self.member_id}"
