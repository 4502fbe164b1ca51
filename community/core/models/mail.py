"""The outbox of single mails: written by whoever owes a word, in the transaction of the change itself."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class MailState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    SENDING = "sending", _("being sent")
    SENT = "sent", _("sent")
    REFUSED = "refused", _("refused by the mail server")
    DROPPED = "dropped", _("not wanted any more")


class MailQuerySet(models.QuerySet["Mail"]):
    def due(self) -> Self:
        return self.filter(state=MailState.WAITING, not_before__lte=Now())


class Mail(models.Model):
    """One message to one address, at most once (trust §3, P3).

    It is marked `sending` in a transaction of its own before the server is asked. A worker that dies in between leaves
    it there: nobody knows whether it went out, so it is never sent again by itself, and `doctor` names it.
    """

    # What it is, as `application.accepted`, and what makes it this one: the same thing is never written twice.
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120, unique=True)
    address = models.EmailField(max_length=254)
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    subject = models.CharField(max_length=200)
    # Emptied once it is sent: a link in it may still open something.
    body = models.TextField()
    # For a mail that is written when it is sent, with the reader's rights of that moment: which things it tells of.
    data = models.JSONField(default=dict, db_default=models.Value({}, output_field=models.JSONField()))
    state = models.CharField(max_length=10, choices=MailState, default=MailState.WAITING)
    message_id = models.CharField(max_length=120, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    not_before = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now())
    sending_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=200, blank=True)

    objects = MailQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "mails"
        constraints = (
            models.CheckConstraint(condition=Q(state__in=MailState.values), name="mail_state_known"),
            models.CheckConstraint(
                condition=~Q(state=MailState.SENT) | Q(sent_at__isnull=False), name="mail_sent_has_time"
            ),
        )
        indexes = (
            models.Index(fields=["not_before", "id"], condition=Q(state=MailState.WAITING), name="mail_due"),
            models.Index(fields=["sending_at"], condition=Q(state=MailState.SENDING), name="mail_in_doubt"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"
