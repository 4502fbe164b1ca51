"""How somebody stands in the community: being welcomed, paused, suspended, gone. Roles are in `role.py`."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Welcome(models.Model):
    """Rule 1.11: three steps, each done or skipped; null means not reached yet. Nobody is led there twice."""

    member = models.OneToOneField(settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE)
    shown_at = models.DateTimeField(null=True, blank=True)
    knows_at = models.DateTimeField(null=True, blank=True)
    looks_for_at = models.DateTimeField(null=True, blank=True)
    introduced_at = models.DateTimeField(null=True, blank=True)
    skipped = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    # The topic of the introduction; plain, since talk lies to the right of people.
    topic_id = models.BigIntegerField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.member)


class PauseQuerySet(models.QuerySet["Pause"]):
    def current(self) -> Self:
        return self.filter(ended_at__isnull=True, from_at__lte=Now(), until_at__gt=Now())


class Pause(models.Model):
    """Rule 1.12: no mail and no requests until a date; everything else stays as it is."""

    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="pauses")
    from_at = models.DateTimeField(db_default=Now())
    until_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = PauseQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(until_at__gt=F("from_at")), name="pause_has_end"),
            models.UniqueConstraint(
                fields=["member"], condition=Q(ended_at__isnull=True), name="pause_open_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.member} {self.until_at}"


class SuspensionQuerySet(models.QuerySet["Suspension"]):
    def current(self) -> Self:
        """In force now, by the clock of the database: over at its end, or earlier where it was lifted."""
        return self.filter(lifted_at__isnull=True, from_at__lte=Now(), until_at__gt=Now())


class Suspension(models.Model):
    """Rule 1.12: closed out until a date, with a reason that the person reads to the letter."""

    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="suspensions")
    reason = models.TextField(max_length=2000)
    suspended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    from_at = models.DateTimeField(db_default=Now())
    until_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)

    objects = SuspensionQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(until_at__gt=F("from_at")), name="suspension_has_end"),
            models.CheckConstraint(condition=~Q(reason=""), name="suspension_has_reason"),
            models.UniqueConstraint(
                fields=["member"], condition=Q(lifted_at__isnull=True), name="suspension_open_once"
            ),
        )
        indexes = (
            models.Index(
                fields=["member", "until_at"],
                condition=Q(lifted_at__isnull=True),
                name="suspension_in_force",
            ),
        )

    def __str__(self) -> str:
        return str(self.member)

    @property
    def activity_title(self) -> str:
        return str(self.member)

    def get_absolute_url(self) -> str:
        return reverse("suspension_show")

    @property
    def is_in_force(self) -> bool:
        """By this machine's clock, for a row that was just read; permissions ask the clock of the database."""
        return self.lifted_at is None and self.until_at > timezone.now()


class SanctionGrade(models.TextChoices):
    """Rule 8.5, milder than a suspension, which is a row of its own since it closes somebody out."""

    WARNING = "warning", _("Warning")
    QUIET = "quiet", _("Quiet")


class SanctionQuerySet(models.QuerySet["Sanction"]):
    def current(self) -> Self:
        """In force now, by the clock of the database."""
        return self.filter(lifted_at__isnull=True, from_at__lte=Now(), until_at__gt=Now())

    def quiets(self) -> Self:
        return self.current().filter(grade=SanctionGrade.QUIET)


class Sanction(models.Model):
    """Rule 8.5: a warning, which counts until a date, or reading without writing until then, with the reason.

    `space_id` is the one space in which somebody is quiet; null means everywhere. Plain, since talk lies to the right
    of people.
    """

    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sanctions")
    grade = models.CharField(max_length=10, choices=SanctionGrade)
    space_id = models.BigIntegerField(null=True, blank=True)
    reason = models.TextField(max_length=2000)
    imposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    from_at = models.DateTimeField(db_default=Now())
    until_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)

    objects = SanctionQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(grade__in=SanctionGrade.values), name="sanction_grade_known"),
            models.CheckConstraint(condition=Q(until_at__gt=F("from_at")), name="sanction_has_end"),
            models.CheckConstraint(condition=~Q(reason=""), name="sanction_has_reason"),
            # Quiet twice in one place would be two ends of one thing.
            models.UniqueConstraint(
                fields=["member", "space_id"],
                condition=Q(lifted_at__isnull=True, grade=SanctionGrade.QUIET),
                nulls_distinct=False,
                name="sanction_quiet_once",
            ),
        )
        indexes = (
            models.Index(
                fields=["member", "until_at"], condition=Q(lifted_at__isnull=True), name="sanction_in_force"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_grade_display()}: {self.member}"

    @property
    def activity_title(self) -> str:
        return str(self.get_grade_display())

    def get_absolute_url(self) -> str:
        return reverse("sanction_list")

    @property
    def is_in_force(self) -> bool:
        """By this machine's clock, for a row that was just read."""
        return self.lifted_at is None and self.until_at > timezone.now()


class Appeal(models.Model):
    """One for each suspension and each sanction. Whoever decides it is not who imposed it."""

    suspension = models.OneToOneField(
        Suspension, null=True, blank=True, on_delete=models.CASCADE, related_name="appeal"
    )
    sanction = models.OneToOneField(
        Sanction, null=True, blank=True, on_delete=models.CASCADE, related_name="appeal"
    )
    # Who imposed what is appealed against, as it stood then: the database compares it with who decides.
    imposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    words = models.TextField(max_length=5000)
    created_at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    # Whether what was imposed was lifted because of it; null until decided.
    is_granted = models.BooleanField(null=True, blank=True)
    reason = models.TextField(max_length=2000, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, is_granted__isnull=True)
                | Q(decided_at__isnull=False, is_granted__isnull=False) & ~Q(reason=""),
                name="appeal_decided_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(suspension__isnull=True, sanction__isnull=False)
                | Q(suspension__isnull=False, sanction__isnull=True),
                name="appeal_against_one_thing",
            ),
            # Rule 8.5: decided by somebody else than who imposed it.
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | Q(imposed_by__isnull=True)
                | ~Q(decided_by=F("imposed_by")),
                name="appeal_decided_by_another",
            ),
        )

    def __str__(self) -> str:
        return f"{self.against}"

    @property
    def against(self) -> "Suspension | Sanction":
        """What it is about."""
        found = self.suspension or self.sanction
        assert found is not None
        return found

    @property
    def activity_title(self) -> str:
        return str(_("Appeal"))

    def get_absolute_url(self) -> str:
        return self.against.get_absolute_url()
