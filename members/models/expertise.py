"""Expert labels: recognised by somebody, for a topic, on evidence, looked at again each year."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _


class ExpertiseQuerySet(models.QuerySet["Expertise"]):
    def current(self) -> Self:
        return self.filter(ended_at__isnull=True)

    def due_for_review(self) -> Self:
        return self.current().filter(review_due__lte=Now())


class Expertise(models.Model):
    """Rule 2.5. `topic` is the name of a tag, in small letters; the label stands where a topic carries that tag."""

    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="expertises")
    topic = models.CharField(_("topic"), max_length=60)
    evidence = models.CharField(_("evidence"), max_length=500)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    from_at = models.DateTimeField(db_default=Now())
    review_due = models.DateTimeField()
    reviewed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ExpertiseQuerySet.as_manager()

    class Meta:
        verbose_name = _("expert label")
        constraints = (
            models.UniqueConstraint(
                fields=["member", "topic"], condition=Q(ended_at__isnull=True), name="expertise_current_once"
            ),
            models.CheckConstraint(condition=Q(topic=Lower("topic")), name="expertise_topic_small_letters"),
            models.CheckConstraint(condition=~Q(topic="") & ~Q(evidence=""), name="expertise_has_evidence"),
        )
        indexes = (
            models.Index(fields=["topic"], condition=Q(ended_at__isnull=True), name="expertise_by_topic"),
            models.Index(fields=["review_due"], condition=Q(ended_at__isnull=True), name="expertise_review"),
        )

    def __str__(self) -> str:
        return self.topic


class QuestionBudget(models.Model):
    """How many questions a month an expert wants to be asked; without a row there is no limit."""

    member = models.OneToOneField(settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE)
    per_month = models.PositiveSmallIntegerField(_("questions a month"))

    def __str__(self) -> str:
        return f"{self.per_month}"
