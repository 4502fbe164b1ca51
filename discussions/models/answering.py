"""Who is at a question: "I am answering this", and who was asked to."""

from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from discussions.models.topic import Topic

CLAIM_FOR = timedelta(hours=48)


class ClaimQuerySet(models.QuerySet["Claim"]):
    def current(self) -> Self:
        return self.filter(expires_at__gt=Now())


class Claim(models.Model):
    """Rule 3.11: a member says "I am answering this", and for 48 hours the others see it.

    One to a question, so that two people do not write the same answer; who answers, or takes it back, ends it.
    """

    topic = models.OneToOneField(Topic, on_delete=models.CASCADE, related_name="claim")
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    objects = ClaimQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.member_id} answers {self.topic_id}"


class AnswerRequest(models.Model):
    """Somebody asked a member who may know (rule 2.5): counts towards what that member takes in a month."""

    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="answer_requests", db_index=False)
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (models.UniqueConstraint(fields=["topic", "member"], name="answer_request_once"),)
        indexes = (models.Index(fields=["member", "created_at"], name="answer_request_of_month"),)

    def __str__(self) -> str:
        return f"{self.member_id} asked about {self.topic_id}"
