"""Between two people: follow, mute, block, introduce; and what managers note about a person."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class TieKind(models.TextChoices):
    FOLLOW = "follow", _("follows")
    MUTE = "mute", _("has muted")
    BLOCK = "block", _("has blocked")


class Tie(models.Model):
    """Rule 2.6. Only `member` and nobody else is told of a mute or a block."""

    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ties")
    other = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ties_to")
    kind = models.CharField(max_length=6, choices=TieKind)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["member", "kind", "other"], name="tie_once"),
            models.CheckConstraint(condition=Q(kind__in=TieKind.values), name="tie_kind_known"),
            models.CheckConstraint(condition=~Q(member=F("other")), name="tie_with_another"),
        )
        indexes = (models.Index(fields=["other", "kind", "member"], name="tie_back"),)

    def __str__(self) -> str:
        return f"{self.member} {self.kind} {self.other}"


class IntroductionQuerySet(models.QuerySet["Introduction"]):
    def open(self) -> Self:
        return self.filter(closed_at__isnull=True)

    def waiting_for(self, member: models.Model) -> Self:
        """Open ones that this member has not answered yet."""
        return self.open().filter(
            Q(first=member.pk, first_agreed_at__isnull=True)
            | Q(second=member.pk, second_agreed_at__isnull=True),
            expires_at__gt=Now(),
        )

    def made(self) -> Self:
        return self.filter(made_at__isnull=False)


class Introduction(models.Model):
    """Rule 2.7: double opt-in. A "no" closes it and is not kept: nobody can tell it from one that ran out."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="introductions")
    first = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(_("why they should know each other"), max_length=500)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    first_agreed_at = models.DateTimeField(null=True, blank=True)
    second_agreed_at = models.DateTimeField(null=True, blank=True)
    made_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    followed_up_at = models.DateTimeField(null=True, blank=True)

    objects = IntroductionQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="introduction_of_two_in_order"),
            models.CheckConstraint(
                condition=~Q(by=F("first")) & ~Q(by=F("second")), name="introduction_by_a_third"
            ),
            models.CheckConstraint(
                condition=Q(made_at__isnull=True)
                | Q(first_agreed_at__isnull=False, second_agreed_at__isnull=False),
                name="introduction_made_when_both_agreed",
            ),
            models.UniqueConstraint(
                fields=["first", "second"], condition=Q(closed_at__isnull=True), name="introduction_open_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.first} and {self.second}"

    @property
    def activity_title(self) -> str:
        return str(_("Introduction"))

    def get_absolute_url(self) -> str:
        return reverse("introduction_list")


class MemberNote(models.Model):
    """Rule 2.6: between managers, and in the export that the person takes of their own data."""

    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notes_about")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(max_length=5000)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.text[:60]
