"""Lists of topics that a member keeps under a name."""

from collections.abc import Sequence
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from community.core.statements import OneOf
from discussions.models.space import visible_spaces


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, user: object) -> Self:
        """One's own, without those of a space that one may not see any more: its name stands in their address."""
        slugs = [space.slug for space in visible_spaces(user)]
        return self.filter(member=getattr(user, "pk", None)).in_spaces(slugs)

    def in_spaces(self, slugs: Sequence[str] | Combinable) -> Self:
        """Those of all spaces, and those of one with such a slug."""
        space = Func(
            F("query"), Value("(?:^|&)space=([^&]+)"), function="substring", output_field=models.TextField()
        )
        return self.alias(of_space=space).filter(Q(of_space__isnull=True) | OneOf("of_space", slugs))


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

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=["member", "name"], name="saved_view_name_once"),)

    def __str__(self) -> str:
        return self.name
