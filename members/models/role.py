"""Dated roles: who held which, from when until when, and who granted it."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class RoleName(models.TextChoices):
    APPLICANT = "applicant", _("applicant")
    MEMBER = "member", _("member")
    EXPERT = "expert", _("expert")
    STEWARD = "steward", _("steward")
    MODERATOR = "moderator", _("moderator")
    MANAGER = "manager", _("community manager")
    EXECUTIVE = "executive", _("executive")
    ADMINISTRATOR = "administrator", _("administrator")


# Furthest reaching first: the role an act is recorded in.
PRECEDENCE = (
    RoleName.ADMINISTRATOR,
    RoleName.MANAGER,
    RoleName.MODERATOR,
    RoleName.EXECUTIVE,
    RoleName.STEWARD,
    RoleName.EXPERT,
    RoleName.MEMBER,
    RoleName.APPLICANT,
)

# Rule 0.2: employees of the organisation that runs the community; figures count them apart.
STAFF_ROLES = (RoleName.MANAGER, RoleName.EXECUTIVE, RoleName.ADMINISTRATOR)


class RoleQuerySet(models.QuerySet["Role"]):
    def current(self) -> Self:
        """In force now, by the clock of the database."""
        return self.filter(Q(until_at__isnull=True) | Q(until_at__gt=Now()), from_at__lte=Now())


class Role(models.Model):
    """A role held by a member between two moments; `until_at` null means until further notice."""

    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="role_rows")
    role = models.CharField(max_length=20, choices=RoleName)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = RoleQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["member", "role"], condition=Q(until_at__isnull=True), name="role_open_once"
            ),
            models.CheckConstraint(
                condition=Q(until_at__isnull=True) | Q(until_at__gt=F("from_at")),
                name="role_ends_after_it_began",
            ),
            models.CheckConstraint(condition=Q(role__in=RoleName.values), name="role_known"),
        )
        # Who holds an office: a handful among as many rows as there are members.
        indexes = (
            models.Index(fields=["role"], condition=~Q(role=RoleName.MEMBER), name="role_beyond_member"),
        )

    def __str__(self) -> str:
        return self.get_role_display()
