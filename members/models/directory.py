"""What the directory finds people by: one row for each member, made of what all members may see and of nothing else."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class DirectoryEntry(models.Model):
    """A read model: written anew by the actions that change what stands in it, and only for admitted members.

    `facets` holds `key:value`, as in `place:Berlin`, `language:de`, `helps:pricing`, `expert:pricing`.
    """

    member = models.OneToOneField(settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE)
    # In small letters: the order of the list, keyset on (sort_name, member).
    sort_name = models.CharField(max_length=80)
    headline = models.CharField(max_length=160, blank=True)
    place = models.CharField(max_length=120, blank=True)
    facets = ArrayField(models.CharField(max_length=140), default=list)
    vector = SearchVectorField()
    joined_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "directory entries"
        indexes = (
            models.Index(fields=["sort_name", "member"], name="directory_by_name"),
            models.Index(fields=["joined_at"], name="directory_newest"),
            GinIndex(fields=["facets"], name="directory_facets", fastupdate=False),
            GinIndex(fields=["vector"], name="directory_vector", fastupdate=False),
        )

    def __str__(self) -> str:
        return self.sort_name


class SavedSearch(models.Model):
    """A search of the directory under a name, for its owner only. `query` is the address behind the question mark."""

    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_searches"
    )
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=500)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (models.UniqueConstraint(fields=["member", "name"], name="saved_search_name_once"),)

    def __str__(self) -> str:
        return self.name


class DirectoryExport(models.Model):
    """Each export of the directory: who, when, which search, how many rows. Its number is the watermark."""

    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    query = models.CharField(max_length=500, blank=True)
    rows = models.PositiveIntegerField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = (models.Index(fields=["member", "-created_at"], name="directory_export_rate"),)

    def __str__(self) -> str:
        return f"{self.pk}"

    @property
    def activity_title(self) -> str:
        return str(_("Export of the directory"))

    def get_absolute_url(self) -> str:
        return ""
