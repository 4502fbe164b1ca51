"""The spine: one row for each thing that happened, written by actions and read by everything else."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from community.core.verbs import verb_choices


class CurrentTransactionId(models.Func):
    """The id of the transaction that writes the row: unlike `id`, it can be compared with a snapshot."""

    template = "(pg_current_xact_id()::text::bigint)"
    output_field = models.BigIntegerField()


class OldestRunningTransactionId(models.Func):
    """Every transaction below this one has ended, so no row below it can still appear."""

    template = "(pg_snapshot_xmin(pg_current_snapshot())::text::bigint)"
    output_field = models.BigIntegerField()


class Audience(models.TextChoices):
    """Who may be told of a row at all; whoever shows it still asks the space or the member concerned."""

    COMMUNITY = "community", _("everyone in the community")
    SPACE = "space", _("readers of the space")
    MEMBER = "member", _("the member concerned and staff")
    STAFF = "staff", _("staff")


class ActivityQuerySet(models.QuerySet["Activity"]):
    def undispatched(self) -> Self:
        return self.filter(dispatched_at__isnull=True)

    def settled(self) -> Self:
        """Only rows below every running transaction, so that a reader with a cursor never skips one.

        Ids are given out before commit and become visible in another order; see architecture §3.
        """
        return self.filter(xid__lt=OldestRunningTransactionId())

    def after(self, cursor: tuple[int, int]) -> Self:
        """Settled rows behind the cursor `(xid, id)`, in reading order."""
        xid, activity_id = cursor
        behind = models.Q(xid__gt=xid) | models.Q(xid=xid, id__gt=activity_id)
        return self.settled().filter(behind).order_by("xid", "id")


class Activity(models.Model):
    """Who did what to what, when, and in which role; enough is frozen here to show the row without a join.

    `occurred_at` is when it happened (imports write the true time), `recorded_at` when we learned of it.
    `actor` is null for unattributed posts and for the system; nothing else in the row names the author then.
    Types are plain numbers where the table belongs to an app on the right: nothing in core points there.
    """

    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    xid = models.BigIntegerField(db_default=CurrentTransactionId(), editable=False)
    verb = models.CharField(max_length=40, choices=verb_choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    actor_role = models.CharField(max_length=20, blank=True)
    target_type = models.CharField(max_length=40)
    target_id = models.BigIntegerField()
    target_title = models.CharField(max_length=200, blank=True)
    # A tag of 40 letters that are no Latin ones is nine or twelve signs each in an address.
    target_url = models.CharField(max_length=1_000, blank=True)
    counterpart = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    space_id = models.BigIntegerField(null=True)
    organisation_id = models.BigIntegerField(null=True)
    audience = models.CharField(max_length=20, choices=Audience)
    data = models.JSONField(default=dict)
    dispatched_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "activities"
        indexes = (
            # The outbox: only what is still to be dispatched, so the index stays as small as the backlog.
            models.Index(
                fields=["id"], condition=models.Q(dispatched_at__isnull=True), name="activity_undispatched"
            ),
            # Readers with a cursor.
            models.Index(fields=["xid", "id"], name="activity_cursor"),
            # A member's own history and an object's history, newest first.
            models.Index(fields=["actor", "-occurred_at"], name="activity_actor"),
            models.Index(fields=["target_type", "target_id", "-occurred_at"], name="activity_target"),
            models.Index(
                fields=["counterpart", "-occurred_at"],
                condition=models.Q(counterpart__isnull=False),
                name="activity_counterpart",
            ),
            # Days of metrics over a table that only grows: rows lie in the order of their arrival.
            BrinIndex(fields=["occurred_at"], name="activity_occurred_brin"),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(verb__contains="."), name="activity_verb_is_noun_dot_past"
            ),
        )

    def __str__(self) -> str:
        return f"{self.verb} {self.target_type} {self.target_id}"
