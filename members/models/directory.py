"""What the directory finds people by: one row for each member, made of what all members may see and of nothing else."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from members.directory import NEW_DAYS, DirectorySearch
from members.models.member import Member
from members.models.role import RoleName
from members.models.tie import Tie, TieKind


class DirectoryFacet(models.Model):
    """A value that people can be filtered by, and how many there were when they were last counted.

    `value` is what stands in an address, `label` what people read. The company facet's value is the slug.
    """

    key = models.CharField(max_length=40)
    value = models.CharField(max_length=120)
    label = models.CharField(max_length=120)
    people = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["key", "value"], name="directory_facet_once"),)
        indexes = (models.Index(fields=["key", "-people"], name="directory_facet_by_people"),)

    def __str__(self) -> str:
        return f"{self.key}:{self.value}"


class HoldsWords(Func):
    """Whether a vector holds what a `tsquery` asks. Cast and not parsed: the words were made by `words_of`."""

    template = "(%(expressions)s::tsquery)"
    arg_joiner = " @@ "
    output_field = models.BooleanField()


class HasOneOf(Func):
    """Whether an array of ids holds one of those in another. The empty one holds none."""

    template = "(%(expressions)s::bigint[])"
    arg_joiner = " && "
    output_field = models.BooleanField()


class DirectoryEntryQuerySet(models.QuerySet["DirectoryEntry"]):
    def visible_to(self, user: object) -> Self:
        """Rule 2.3: the directory is for members. Two people of whom one has blocked the other do not meet in it."""
        if not isinstance(user, Member) or not user.is_admitted:
            return self.none()
        return self.all() if sees_everybody(user) else self.not_blocked(user)

    def not_blocked(self, reader: Member | Combinable) -> Self:
        """Without those with whom there is a block, whoever of the two asked for it."""
        blocks = Tie.objects.filter(kind=TieKind.BLOCK)
        return self.exclude(pk__in=blocks.filter(member=reader).values("other")).exclude(
            pk__in=blocks.filter(other=reader).values("member")
        )

    def fitting(self, words: Combinable | None, facets: Sequence[Combinable], *, is_new: bool) -> Self:
        """Those who hold the words (a `tsquery`), one id of each array of `facets`, and are new where that is asked."""
        entries = self if words is None else self.filter(HoldsWords(F("vector"), words))
        for ids in facets:
            entries = entries.filter(HasOneOf(F("facets"), ids))
        if is_new:
            entries = entries.filter(joined_at__gte=Now() - timedelta(days=NEW_DAYS))
        return entries

    def matching(self, search: DirectorySearch, ids: Mapping[str, Sequence[int]]) -> Self:
        """Those who fit; `ids` are the rows of `DirectoryFacet` for each facet of the search, none fits nobody."""
        words = Value(search.tsquery) if search.words else None
        groups = [
            Value(list(ids.get(key, ())), output_field=ArrayField(models.BigIntegerField()))
            for key in search.facets
        ]
        return self.fitting(words, groups, is_new=search.is_new)

    def in_order(self, search: DirectorySearch) -> Self:
        return (
            self.order_by("-joined_at", "-pk") if search.is_newest_first else self.order_by("sort_name", "pk")
        )


def sees_everybody(user: Member) -> bool:
    """Who looks after people sees them, here as on every other page."""
    return user.has_role(RoleName.MODERATOR, RoleName.MANAGER, RoleName.ADMINISTRATOR)


class DirectoryEntry(models.Model):
    """A read model: written anew by the actions that change what stands in it, and only for admitted members.

    `facets` are ids of `DirectoryFacet`: numbers are counted in a third of the time that words take.
    """

    member = models.OneToOneField(settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE)
    # Without case and accents: the order of the list, keyset on (sort_name, member).
    sort_name = models.CharField(max_length=80)
    headline = models.CharField(max_length=160, blank=True)
    place = models.CharField(max_length=120, blank=True)
    helps = models.CharField(max_length=300, blank=True)
    expert_in = models.CharField(max_length=300, blank=True)
    facets = ArrayField(models.BigIntegerField(), default=list)
    vector = SearchVectorField()
    joined_at = models.DateTimeField()

    objects = DirectoryEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "directory entries"
        indexes = (
            models.Index(fields=["sort_name", "member"], name="directory_by_name"),
            models.Index(fields=["joined_at", "member"], name="directory_newest"),
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


class DismissedSuggestion(models.Model):
    """Somebody who was suggested to `member` and is not to be suggested again. Nobody else learns of it."""

    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["member", "other"], name="dismissed_suggestion_once"),
            models.CheckConstraint(condition=~Q(member=F("other")), name="dismissed_suggestion_of_another"),
        )

    def __str__(self) -> str:
        return f"{self.member} {self.other}"


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
        return reverse("member_list")
