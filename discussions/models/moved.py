"""Where posts stood before they were split off or merged, so that old addresses stay right."""

from django.db import models

from discussions.models.post import Post
from discussions.models.topic import Topic


class PostMove(models.Model):
    """Under this number of this topic once stood this post. The number is never given out again (rule 3.3)."""

    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="moves")
    moved_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["topic", "number"], name="post_move_once"),)

    def __str__(self) -> str:
        return f"{self.topic_id}#{self.number}"
