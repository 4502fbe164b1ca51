"""Lists of topics that a member keeps under a name."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class SavedView(models.Model):
    """Rule 3.17: an address of a list of topics under a name, for its owner only.

    `query` is the part behind the question mark, in the one form that `TopicFilter` writes. `is_digest`: the digest
    brings what is new in it.
    """

    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=300)
    is_digest = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=["member", "name"], name="saved_view_name_once"),)

    def __str__(self) -> str:
        return self.name
