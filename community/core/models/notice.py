"""What members are told: notices, how each wants to hear of them, digests, and what comes back by mail."""

from typing import Any, Final, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class NoticeReason(models.TextChoices):
    """Why somebody is told, strongest first: of several reasons the first one is named (rule 9.1).

    The label goes on after "because". The value is the kind that a member chooses about on the page of preferences.
    """

    MENTIONED = "mentioned", _("you were mentioned")
    REPLIED = "replied", _("somebody answered you")
    MESSAGE = "message", _("somebody wrote to you")
    DECIDED = "decided", _("something of yours was decided")
    ADDRESS = "address", _("mail to you came back")
    REMINDER = "reminder", _("you asked to be reminded")
    ANSWERED = "answered", _("a question has its answer")
    ASKED = "asked", _("you may know the answer")
    ANNOUNCED = "announced", _("it is an announcement")
    FOLLOWING = "following", _("you follow the topic")
    SPACE = "space", _("you follow the space")
    TAG = "tag", _("you follow the tag")
    THANKED = "thanked", _("somebody thanked you")
    NUDGED = "nudged", _("your question may have its answer")
    QUOTED = "quoted", _("your words are asked for in the library")
    LIBRARY = "library", _("it is yours to look after in the library")
    POLLED = "polled", _("there is a poll where you follow")
    VOTED = "voted", _("you voted in the poll")
    PROMISED = "promised", _("your poll owes its voters an answer")
    QUEUE = "queue", _("something waits in the queue you look after")


def notice_reasons() -> list[tuple[str, Any]]:
    """For the model's field: handed over as a function, so that a new reason needs no migration."""
    return list(NoticeReason.choices)


WEIGHTS: Final[dict[str, int]] = {reason: place for place, reason in enumerate(NoticeReason.values)}


class Delivery(models.TextChoices):
    AT_ONCE = "at_once", _("At once by mail")
    DIGEST = "digest", _("In the digest")
    OFF = "off", _("Only on the page")


# Rule 9.1: the digest is the rule, and these are the exception.
DEFAULT_DELIVERY: Final[dict[str, Delivery]] = dict.fromkeys(NoticeReason.values, Delivery.DIGEST) | {
    reason.value: Delivery.AT_ONCE
    for reason in (
        NoticeReason.MENTIONED,
        NoticeReason.REPLIED,
        NoticeReason.MESSAGE,
        NoticeReason.DECIDED,
        # Rule 5.2: they have five days to answer.
        NoticeReason.QUOTED,
    )
}


class NoticeQuerySet(models.QuerySet["Notice"]):
    def unread(self) -> Self:
        return self.filter(read_at__isnull=True)


class Notice(models.Model):
    """One thing somebody is told of: one row for each member and key until it is read (rule 9.1).

    `key` names what it is about, as `topic:7`; `count` is how many new things it stands for and `url` leads to the
    first of them, of the time `first_at`. The newest is the target, of the time `at`. Type, ids and title are frozen:
    core points at no other table, and whoever shows a row asks whether its space is still open to the reader.
    """

    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    key = models.CharField(max_length=60)
    reason = models.CharField(max_length=20, choices=notice_reasons)
    weight = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200)
    url = models.CharField(max_length=300)
    target_type = models.CharField(max_length=40)
    target_id = models.BigIntegerField()
    space_id = models.BigIntegerField(null=True)
    # Null where the author is not named; nothing else in the row names them then.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    count = models.PositiveIntegerField(default=1, db_default=1)
    first_at = models.DateTimeField()
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    # When a mail of its own told of it last: a digest need not say it again.
    mailed_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = (
            # Rule 9.1: one notice per topic until read.
            models.UniqueConstraint(
                fields=["member", "key"], condition=Q(read_at__isnull=True), name="notice_unread_once"
            ),
            models.CheckConstraint(condition=Q(count__gte=1), name="notice_counts_something"),
        )
        indexes = (
            models.Index(fields=["member", "-at", "-id"], name="notice_inbox"),
            # The dot in the frame of every page, and what a digest asks.
            models.Index(
                fields=["member", "space_id"], condition=Q(read_at__isnull=True), name="notice_unread"
            ),
            # Whether a thing was told and read before.
            models.Index(fields=["member", "key", "-at"], name="notice_of_key"),
            # What is old enough to be forgotten.
            models.Index(fields=["read_at"], condition=Q(read_at__isnull=False), name="notice_read"),
        )

    def __str__(self) -> str:
        return f"{self.key} for {self.member_id}"


class DigestRate(models.TextChoices):
    DAILY = "daily", _("Every day")
    WEEKLY = "weekly", _("Every week")
    MONTHLY = "monthly", _("Every month")
    OFF = "off", _("Never")


DEFAULT_HOUR: Final = 7
DEFAULT_WEEKDAY: Final = 1


def _hour(last: int) -> list[Any]:
    return [MinValueValidator(0), MaxValueValidator(last)]


class NoticePreference(models.Model):
    """How a member wants to hear (rules 9.1 to 9.3). Without a row everything is as the defaults say.

    `choices` holds only what was changed, by reason. Hours are those of the member's own time zone.
    """

    member = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    choices = models.JSONField(default=dict)
    digest = models.CharField(max_length=8, choices=DigestRate, default=DigestRate.DAILY)
    digest_hour = models.PositiveSmallIntegerField(default=DEFAULT_HOUR, validators=_hour(23))
    # 1 is Monday, as in ISO 8601; for the weekly digest.
    digest_weekday = models.PositiveSmallIntegerField(default=DEFAULT_WEEKDAY)
    # Working hours: mails at once wait for the next of them. No days: any time.
    work_days = ArrayField(models.PositiveSmallIntegerField(), default=list)
    work_from = models.PositiveSmallIntegerField(default=8, validators=_hour(23))
    work_until = models.PositiveSmallIntegerField(default=18, validators=_hour(24))
    # Do not disturb: no mail at once before this moment.
    quiet_until = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(digest__in=DigestRate.values), name="preference_rate_known"),
            models.CheckConstraint(
                condition=Q(digest_hour__lte=23, digest_weekday__gte=1, digest_weekday__lte=7),
                name="preference_hour_of_a_day",
            ),
            models.CheckConstraint(
                condition=Q(work_from__lt=models.F("work_until"), work_until__lte=24),
                name="preference_work_has_hours",
            ),
        )

    def __str__(self) -> str:
        return f"preferences of {self.member_id}"

    def delivery(self, reason: str) -> Delivery:
        """How a thing of this reason reaches the member."""
        chosen = self.choices.get(reason)
        return Delivery(chosen) if chosen in Delivery.values else DEFAULT_DELIVERY[reason]


class Digest(models.Model):
    """One digest of one member for one day of theirs, planned by SQL and built when it is sent (rule 9.2)."""

    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    # The day it is for, in the member's zone.
    period = models.DateField()
    # What is older was in an earlier one.
    since = models.DateTimeField()
    planned_at = models.DateTimeField(db_default=Now())
    claimed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            # Rule 9.5: never twice.
            models.UniqueConstraint(fields=["member", "period"], name="digest_once"),
        )
        indexes = (
            models.Index(fields=["id"], condition=Q(claimed_at__isnull=True), name="digest_unclaimed"),
        )

    def __str__(self) -> str:
        return f"{self.period} for {self.member_id}"


class AddressFault(models.Model):
    """What mail servers said about an address. From `stopped_at` on nothing is sent there (rule 9.4).

    `status` is the code of RFC 3463 or the one of the server. A new confirmation of the address clears the row.
    """

    address = models.EmailField(max_length=254, unique=True)
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    soft_count = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=12, blank=True)
    reason = models.CharField(max_length=20)
    first_at = models.DateTimeField(db_default=Now())
    last_at = models.DateTimeField(db_default=Now())
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(
                fields=["member"], condition=Q(stopped_at__isnull=False), name="address_fault_of_member"
            ),
        )

    def __str__(self) -> str:
        return f"{self.reason} {self.status}"


class ReceivedKind(models.TextChoices):
    """What was made of a mail that came in."""

    POSTED = "posted", _("became a post")
    REFUSED = "refused", _("was refused, with its text sent back")
    AUTOMATIC = "automatic", _("was written by a machine")
    BOUNCE = "bounce", _("is a report of a mail server")
    UNKNOWN = "unknown", _("is for nobody here")


class ReceivedMail(models.Model):
    """Each mail that came in, once: its own id is unique, and nothing of its words is kept."""

    message_id = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=10, choices=ReceivedKind)
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    target_id = models.BigIntegerField(null=True)
    note = models.CharField(max_length=200, blank=True)
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(kind__in=ReceivedKind.values), name="received_kind_known"),
        )
        indexes = (models.Index(fields=["-received_at", "-id"], name="received_newest"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class MailFeedback(models.Model):
    """ "Useful" or "not useful", said by one tap in a mail (rule 9.6); `key` names the mail, as `digest:7`."""

    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=60)
    is_useful = models.BooleanField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (models.UniqueConstraint(fields=["member", "key"], name="mail_feedback_once"),)

    def __str__(self) -> str:
        return f"{self.key} by {self.member_id}"
