"""Invitations: single-use, expiring, revocable; and what an e-mail domain means at the gate."""

import uuid
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from members.models.gate import Tier
from members.models.organisation import Organisation


class Skip(models.TextChoices):
    """What an invitation spares. Terms, house rules and the proof that the address is one's own are never spared."""

    QUESTIONS = "questions", _("the questions of the form")
    VOUCHES = "vouches", _("the vouches")
    REVIEW = "review", _("the review by a community manager")


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def usable(self) -> Self:
        """Neither used, revoked nor expired, by the clock of the database."""
        return self.filter(accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=Now())


class Invitation(models.Model):
    """Rule 1.7. The link carries a signed token, made again for each mail: the table alone opens no door."""

    email = models.EmailField(_("e-mail address"), max_length=254, blank=True)
    name = models.CharField(_("name"), max_length=80, blank=True)
    message = models.CharField(_("a personal line"), max_length=1000, blank=True)
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="invitations")
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.SET_NULL, related_name="invitations"
    )
    skips = ArrayField(models.CharField(max_length=10, choices=Skip), default=list, blank=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="invitations"
    )
    # Those that one file brought.
    batch = models.UUIDField(null=True, blank=True, default=None)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(email=Lower("email")), name="invitation_email_small_letters"),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="invitation_expires_later"
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(revoked_at__isnull=True),
                name="invitation_accepted_or_revoked",
            ),
            models.CheckConstraint(
                condition=Q(skips__contained_by=Skip.values), name="invitation_skips_known"
            ),
            # One that can still be used, for each address.
            models.UniqueConstraint(
                fields=["email"],
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True) & ~Q(email=""),
                name="invitation_open_once",
            ),
        )
        indexes = (
            models.Index(fields=["invited_by", "-created_at"], name="invitation_quota"),
            models.Index(fields=["batch"], condition=Q(batch__isnull=False), name="invitation_batch"),
        )

    def __str__(self) -> str:
        return self.email or self.name or str(_("open invitation"))

    @property
    def activity_title(self) -> str:
        # Never the address: activity is read by more people than invitations are.
        return str(_("Invitation"))

    @property
    def lets_in_at_once(self) -> bool:
        """Whether nothing stands between accepting it and coming in but a free place."""
        has_vouches = Skip.VOUCHES in self.skips or not self.tier.vouches_needed
        return {Skip.QUESTIONS, Skip.REVIEW} <= set(self.skips) and has_vouches

    @property
    def spares(self) -> list[str]:
        """What it skips, in words."""
        return [str(label) for value, label in Skip.choices if value in self.skips]

    @property
    def still_asks(self) -> list[str]:
        """What it does not skip, in words; the last two never are."""
        kept = [str(label) for value, label in Skip.choices if value not in self.skips]
        if not self.tier.vouches_needed and str(Skip.VOUCHES.label) in kept:
            kept.remove(str(Skip.VOUCHES.label))
        return [*kept, str(_("the terms and house rules")), str(_("the proof that the address is yours"))]

    def get_absolute_url(self) -> str:
        return reverse("invitation_list")


class InvitationBatch(models.Model):
    """A file of invitations as it was shown before sending: what is confirmed is this and nothing else.

    The rows are emptied when it is sent: from then on the invitations say it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="+")
    skips = ArrayField(models.CharField(max_length=10, choices=Skip), default=list, blank=True)
    # Lists of line, address, name, company's id and a personal line; and of line and what is wrong with it.
    rows = models.JSONField(default=list)
    problems = models.JSONField(default=list)
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "invitation batches"

    def __str__(self) -> str:
        return str(self.pk)


class DomainPolicy(models.TextChoices):
    REVIEW = "review", _("may apply, and is reviewed")
    ACCEPT = "accept", _("is let in to the company")
    BLOCK = "block", _("may not apply")


class DomainRule(models.Model):
    """Rule 1.8: what the domain of a confirmed address decides. An address without a rule is reviewed."""

    domain = models.CharField(_("domain"), max_length=253, unique=True)
    policy = models.CharField(_("whoever has an address there"), max_length=8, choices=DomainPolicy)
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.CASCADE, related_name="domain_rules"
    )
    tier = models.ForeignKey(Tier, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(_("what the person is told"), max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(domain=Lower("domain")), name="domain_rule_small_letters"),
            models.CheckConstraint(
                condition=Q(policy__in=DomainPolicy.values), name="domain_rule_policy_known"
            ),
            models.CheckConstraint(
                condition=~Q(policy=DomainPolicy.ACCEPT) | Q(organisation__isnull=False),
                name="domain_rule_accept_names_company",
            ),
        )

    def __str__(self) -> str:
        return self.domain

    @property
    def activity_title(self) -> str:
        return self.domain

    def get_absolute_url(self) -> str:
        return ""
