"""What the public page says and what the gate asks for. Who asked to come in is in `application.py`."""

from typing import Self, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

AnyAsked = TypeVar("AnyAsked", bound=models.Model)


class Gate(models.Model):
    """One row: the words of the public page, and what every tier shares."""

    purpose = models.TextField(_("what the community is for"), max_length=2000, blank=True)
    audience = models.TextField(_("who it is for"), max_length=2000, blank=True)
    invitations_per_member = models.PositiveSmallIntegerField(
        _("invitations per member and year"), default=3, db_default=3
    )
    vouches_per_member = models.PositiveSmallIntegerField(
        _("vouches per member and year"), default=6, db_default=6
    )
    invitation_days = models.PositiveSmallIntegerField(
        _("days until an invitation ends"), default=30, db_default=30
    )
    # Rule 1.8: off, an address of a free mail service may not apply unless a rule for its domain says otherwise.
    free_mail_may_apply = models.BooleanField(
        _("addresses of free mail services may apply"), default=True, db_default=True
    )

    class Meta:
        verbose_name = _("gate")
        constraints = (models.CheckConstraint(condition=Q(pk=1), name="gate_one_row"),)

    def __str__(self) -> str:
        return str(_("Gate"))

    @property
    def activity_title(self) -> str:
        return str(self)

    def get_absolute_url(self) -> str:
        return reverse("gate_show")


class TierQuerySet(models.QuerySet["Tier"]):
    def open(self) -> Self:
        """Tiers that take applications."""
        return self.filter(closed_at__isnull=True).order_by("position", "id")


class Tier(models.Model):
    """A way to belong, with its own criteria, room and number of reviewers. Null means without limit."""

    name = models.CharField(_("name"), max_length=60)
    slug = models.SlugField(max_length=60, unique=True)
    description = models.CharField(_("who it is for"), max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    capacity = models.PositiveIntegerField(_("places"), null=True, blank=True)
    company_limit = models.PositiveSmallIntegerField(_("places for each company"), null=True, blank=True)
    vouches_needed = models.PositiveSmallIntegerField(_("vouches needed"), default=0, db_default=0)
    reviewers_needed = models.PositiveSmallIntegerField(
        _("reviewers who must agree"), default=1, db_default=1
    )
    decide_within_days = models.PositiveSmallIntegerField(
        _("working days until the decision"), default=2, db_default=2
    )
    # What a member's invitation spares; a community manager chooses it for each invitation.
    invited_skip_questions = models.BooleanField(
        _("whom a member invites, need not answer the questions"), default=False, db_default=False
    )
    created_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = TierQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(reviewers_needed__in=(1, 2)), name="tier_one_or_two_reviewers"
            ),
            models.CheckConstraint(condition=Q(decide_within_days__gt=0), name="tier_has_due_clock"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def activity_title(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return ""


class AskedQuerySet(models.QuerySet[AnyAsked]):
    """What the gate asks for: criteria and questions, of one tier or of all."""

    def in_force(self) -> Self:
        return self.filter(retired_at__isnull=True).order_by("position", "id")

    def of_tier(self, tier: Tier) -> Self:
        """Those of every tier and those of this one."""
        return self.filter(Q(tier__isnull=True) | Q(tier=tier))


class Criterion(models.Model):
    """Rule 1.1: one condition in words, public; rule 1.4: decided one by one. Without a tier it holds for all."""

    tier = models.ForeignKey(Tier, null=True, blank=True, on_delete=models.CASCADE, related_name="criteria")
    name = models.CharField(_("criterion"), max_length=120)
    description = models.CharField(_("what it means"), max_length=500, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = AskedQuerySet["Criterion"].as_manager()

    class Meta:
        verbose_name_plural = "criteria"

    def __str__(self) -> str:
        return self.name

    @property
    def activity_title(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return ""


class QuestionKind(models.TextChoices):
    SHORT = "short", _("a line")
    LONG = "long", _("a paragraph")
    CHOICE = "choice", _("one of several")
    NUMBER = "number", _("a number")
    LINK = "link", _("a link")
    COMPANY = "company", _("a company")


class Question(models.Model):
    """Rule 1.2: one question of the form. Answered questions are retired, never changed into others."""

    tier = models.ForeignKey(Tier, null=True, blank=True, on_delete=models.CASCADE, related_name="questions")
    kind = models.CharField(_("kind"), max_length=10, choices=QuestionKind)
    label = models.CharField(_("question"), max_length=200)
    help_text = models.CharField(_("help"), max_length=300, blank=True)
    choices = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    is_required = models.BooleanField(_("must be answered"), default=False)
    position = models.PositiveSmallIntegerField(default=0)
    # Asked only where the other question was answered with exactly this.
    shown_if = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    shown_if_answer = models.CharField(max_length=200, blank=True)
    # The key of a profile field that the answer may fill, if the applicant agrees.
    fills = models.CharField(_("fills the profile field"), max_length=40, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = AskedQuerySet["Question"].as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(kind__in=QuestionKind.values), name="question_kind_known"),
            models.CheckConstraint(
                condition=~Q(kind=QuestionKind.CHOICE) | Q(choices__len__gt=1),
                name="question_choice_has_choices",
            ),
            models.CheckConstraint(
                condition=Q(shown_if__isnull=True) | ~Q(shown_if=F("id")),
                name="question_not_its_own_condition",
            ),
        )

    def __str__(self) -> str:
        return self.label

    @property
    def activity_title(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return ""
