"""Words that were typed and not sent yet, kept by the server while they are written."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Draft(models.Model):
    """Rule 3.5: what one member has typed into one form, by the names of its fields.

    `key` says which form: `topic:new:<slug of a space>`, `reply:<topic>`, `edit:<post>`, `message:<conversation>`.
    A poll is asked in a place: `poll:space:<slug>` and `poll:topic:<topic>`.
    `sequence` grows by one at each save; whoever saves says from which one they started. `writer` is the window that
    saved last: a window is never in conflict with itself, also where an answer to it was lost on the way.
    """

    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    key = models.CharField(max_length=100)
    sequence = models.PositiveIntegerField(default=1)
    writer = models.CharField(max_length=40, blank=True)
    words = models.JSONField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["member", "key"], name="draft_once"),
            models.CheckConstraint(condition=Q(sequence__gte=1), name="draft_sequence_starts_at_one"),
        )
        indexes = (
            # What nobody has touched for long is swept.
            models.Index(fields=["updated_at"], name="draft_oldest"),
        )

    def __str__(self) -> str:
        return f"{self.member_id} {self.key}"
