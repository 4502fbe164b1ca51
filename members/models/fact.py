"""What a person says about themselves, fact by fact, each with its visibility, its source and its date.

A field that a community adds is the same thing as one that every community has.
"""

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from members.models.member import Member
from members.models.tie import Tie, TieKind


class Visibility(models.TextChoices):
    """Rule 2.2, from the narrowest. Staff see no more than other members do."""

    ONLY_ME = "only_me", _("only me")
    FOLLOWED_BACK = "followed_back", _("people I follow back")
    MEMBERS = "members", _("all members")


class FactKind(models.TextChoices):
    LINE = "line", _("a line")
    TEXT = "text", _("a paragraph")
    CHOICE = "choice", _("one of several")
    CHOICES = "choices", _("some of several")
    WORDS = "words", _("words of one's own")
    LANGUAGES = "languages", _("languages")
    NUMBER = "number", _("a number")
    LINK = "link", _("a link")
    LINKS = "links", _("links")
    DAY = "day", _("a day of the year")


class FactSource(models.TextChoices):
    SELF = "self", _("said by the person")
    APPLICATION = "application", _("from the application")
    COMPANY = "company", _("from the company")
    DIRECTORY = "directory", _("from a directory feed")
    MANAGER = "manager", _("entered by a community manager")
    IMPORT = "import", _("from an import")


class FactFieldQuerySet(models.QuerySet["FactField"]):
    def in_use(self) -> Self:
        return self.filter(retired_at__isnull=True)


class FactField(models.Model):
    """A field of the profile. `key` is its name in API, export and code; built-in ones cannot be removed."""

    key = models.SlugField(max_length=40, unique=True)
    label = models.CharField(_("label"), max_length=80)
    help_text = models.CharField(_("help"), max_length=300, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=FactKind)
    choices = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    default_visibility = models.CharField(max_length=14, choices=Visibility, default=Visibility.MEMBERS)
    # Whether the directory counts people by its values.
    is_facet = models.BooleanField(_("filter of the directory"), default=False, db_default=False)
    is_built_in = models.BooleanField(default=False, db_default=False)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = FactFieldQuerySet.as_manager()

    class Meta:
        verbose_name = _("profile field")
        ordering = ("position", "id")
        constraints = (
            models.CheckConstraint(condition=Q(kind__in=FactKind.values), name="fact_field_kind_known"),
            models.CheckConstraint(
                condition=Q(default_visibility__in=Visibility.values), name="fact_field_visibility_known"
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The label; in the reader's language where it is one of ours."""
        return gettext(self.label) if self.is_built_in else self.label

    @property
    def activity_title(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return ""


class FactQuerySet(models.QuerySet["Fact"]):
    def visible_to(self, user: object) -> Self:
        """Rule 2.2, the one resolver: one's own, what all members see, and what I keep for those I follow back.

        "People I follow back" are those whom the owner follows and who follow the owner. No role sees more.
        """
        if not isinstance(user, Member):
            return self.none()
        kept = self.filter(field__retired_at__isnull=True)
        own = Q(member=user)
        if not user.is_admitted:
            return kept.filter(own)
        follows = Tie.objects.filter(kind=TieKind.FOLLOW)
        followed_back = Exists(follows.filter(member=OuterRef("member"), other=user)) & Exists(
            follows.filter(member=user, other=OuterRef("member"))
        )
        return kept.filter(
            own
            | Q(visibility=Visibility.MEMBERS)
            | (Q(visibility=Visibility.FOLLOWED_BACK) & Q(followed_back))
        )

    def seen_by(self, *visibilities: Visibility) -> Self:
        """What somebody sees for whom these visibilities are open: the preview, and what stands in the directory."""
        return self.filter(field__retired_at__isnull=True, visibility__in=visibilities)


class Fact(models.Model):
    """One fact of one person. Plain text in a list, one entry where the field has one value; never rendered as HTML."""

    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="facts")
    field = models.ForeignKey(FactField, on_delete=models.PROTECT, related_name="facts")
    values = ArrayField(models.TextField(max_length=4000), default=list)
    visibility = models.CharField(max_length=14, choices=Visibility)
    source = models.CharField(max_length=12, choices=FactSource, default=FactSource.SELF)
    confirmed_at = models.DateTimeField(db_default=Now())

    objects = FactQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["member", "field"], name="fact_once"),
            models.CheckConstraint(condition=Q(values__len__gt=0), name="fact_has_value"),
            models.CheckConstraint(
                condition=Q(visibility__in=Visibility.values), name="fact_visibility_known"
            ),
            models.CheckConstraint(condition=Q(source__in=FactSource.values), name="fact_source_known"),
        )

    def __str__(self) -> str:
        return ", ".join(self.values)[:80]


class HiddenProfileQuerySet(models.QuerySet["HiddenProfile"]):
    def hidden(self) -> Self:
        return self.filter(shown_at__isnull=True)


class HiddenProfile(models.Model):
    """Rule 8.1: photo and words that moderation took out of sight, kept here until a decision brings them back.

    A row of `facts` has `field` (id), `values`, `visibility`, `source` and `confirmed_at` (ISO), as in `Fact`.
    """

    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="hidden_profiles"
    )
    facts = models.JSONField(default=list)
    # The name of its files, which stay for as long as the row is hidden.
    photo = models.CharField(max_length=32, blank=True)
    photo_at = models.DateTimeField(null=True, blank=True)
    headline = models.CharField(max_length=160, blank=True)
    hidden_at = models.DateTimeField(db_default=Now())
    shown_at = models.DateTimeField(null=True, blank=True)

    objects = HiddenProfileQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.member)


class Photo(models.Model):
    """A picture of the person, re-encoded by us and without what the camera wrote into it.

    `name` says nothing and is new with each picture: the files of its sizes are called after it.
    """

    member = models.OneToOneField(settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE)
    name = models.CharField(max_length=32, unique=True)
    uploaded_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return str(self.member)
