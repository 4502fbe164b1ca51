"""What members report, with the words as they stood: the handling reads this row and nothing behind it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from discussions.models.moderation import Case

REPORT_WORDS_LENGTH = 1000


class ReportReason(models.TextChoices):
    """Rule 8.1."""

    ABUSE = "abuse", _("It is abusive or threatening")
    PERSONAL_DATA = "personal_data", _("It gives away personal data")
    ADVERTISING = "advertising", _("It is advertising I did not ask for")
    OTHER = "other", _("Something else")


class Report(models.Model):
    """One person's report of one thing. `context` keeps what was reported, and nothing that the reporter did not see.

    A row of `context` has `number`, `author_id`, `author_name`, `at` (ISO) and `text`; the last one is reported.
    """

    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    target_type = models.CharField(max_length=40)
    target_id = models.BigIntegerField()
    # Who wrote what is reported; null where that is not to be known.
    about = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=20, choices=ReportReason)
    words = models.CharField(max_length=REPORT_WORDS_LENGTH, blank=True)
    context = models.JSONField(default=list)
    created_at = models.DateTimeField(db_default=Now())
    # What it became part of in the queue.
    case = models.ForeignKey(Case, null=True, on_delete=models.CASCADE, related_name="reports")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["reporter", "target_type", "target_id"], name="report_once"),
            models.CheckConstraint(condition=Q(reason__in=ReportReason.values), name="report_reason_known"),
        )
        indexes = (models.Index(fields=["target_type", "target_id"], name="report_target"),)

    def __str__(self) -> str:
        return f"{self.target_type} {self.target_id}"

    @property
    def activity_title(self) -> str:
        return str(_("Report"))

    def get_absolute_url(self) -> str:
        return reverse("admin:discussions_report_change", args=[self.pk])
