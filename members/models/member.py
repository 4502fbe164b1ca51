"""The person: one account for life, and the account used to sign in. Facts about the person are in the profile."""

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Self
from zoneinfo import available_timezones

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.expressions import ArraySubquery
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Exists, ExpressionWrapper, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from community.core.models import Module, ModuleSwitch
from community.core.statements import Blank, Statement
from members.models.role import PRECEDENCE, STAFF_ROLES, Role, RoleName
from members.models.standing import Pause, Sanction, Suspension
from members.models.terms import Terms
from members.models.tie import Tie, TieKind

HANDLE = RegexValidator(
    r"^[a-z0-9](?:[a-z0-9._-]{0,38}[a-z0-9])?$",
    _(
        "A handle has up to 40 small letters, digits, dots, dashes or underscores; its ends are letters or digits."
    ),
)


# Stands for the whole community among the ids of spaces in which somebody is quiet.
EVERYWHERE = 0


def time_zone_choices() -> list[tuple[str, str]]:
    return [
        (name, name.replace("_", " "))
        for name in sorted(available_timezones())
        if "/" in name or name == "UTC"
    ]


def _terms_owed_by(member: object) -> models.QuerySet[Terms, datetime | None]:
    return Terms.objects.owed_by(member).order_by("-published_at").values_list("published_at", flat=True)[:1]


# Asked of every person who is met without their roles beside them, and so compiled once.
_ROLES = Statement(lambda: Role.objects.current().filter(member=Blank("member")).values_list("role"))
_SUSPENSIONS = Statement(
    lambda: Suspension.objects.current().filter(member=Blank("member")).values_list("pk")[:1]
)


_QUIETS = Statement(
    lambda: (
        Sanction.objects.quiets().filter(member=Blank("member")).values_list(Coalesce("space_id", EVERYWHERE))
    )
)


class MemberQuerySet(models.QuerySet["Member"]):
    def with_current_roles(self) -> Self:
        """Roles and standing of today beside the member, so that a signed-in request needs one query for all."""
        roles = Role.objects.current().filter(member=OuterRef("pk")).values("role")
        pauses = Pause.objects.current().filter(member=OuterRef("pk")).values("until_at")
        quiets = Sanction.objects.quiets().filter(member=OuterRef("pk"))
        return self.annotate(
            _current_roles=ArraySubquery(roles),
            _is_suspended=Exists(Suspension.objects.current().filter(member=OuterRef("pk"))),
            _paused_until=Subquery(pauses[:1]),
            _quiet_in=ArraySubquery(quiets.values(place=Coalesce("space_id", EVERYWHERE))),
            _owes_terms_since=Subquery(_terms_owed_by(OuterRef("pk"))),
            _modules_off=ArraySubquery(ModuleSwitch.objects.off().values("name")),
        )

    def people(self) -> Self:
        return self.filter(is_machine=False)

    def active(self) -> Self:
        return self.filter(deactivated_at__isnull=True)

    def admitted(self) -> Self:
        """Past the gate: those who hold a role today that is more than having asked for one."""
        roles = Role.objects.current().filter(member=OuterRef("pk")).exclude(role=RoleName.APPLICANT)
        return self.filter(Exists(roles))

    def visible_to(self, user: object) -> Self:
        """Rule 0: the directory belongs to admitted members; applicants and strangers see nobody.

        Who has only asked to come in is not shown in it either: that is between them and the gate.
        """
        if not isinstance(user, Member) or not user.is_admitted:
            return self.none()
        shown = self.active().people().admitted()
        if user.has_role(RoleName.MODERATOR, RoleName.MANAGER, RoleName.ADMINISTRATOR):
            return shown
        # Rule 2.6: a block keeps two people out of each other's sight, whoever of them asked for it.
        blocks = Tie.objects.filter(kind=TieKind.BLOCK)
        return shown.exclude(pk__in=blocks.filter(other=user).values("member")).exclude(
            pk__in=blocks.filter(member=user).values("other")
        )


class MemberManager(BaseUserManager["Member"]):
    """Only what Django's own commands and allauth call; everything else goes through actions."""

    use_in_migrations = False

    def get_queryset(self) -> MemberQuerySet:
        return MemberQuerySet(self.model, using=self._db)

    def get_by_natural_key(self, username: str | None) -> "Member":
        return self.get(email=(username or "").lower())


class Member(AbstractBaseUser):
    """A person with an account, or one known only from an import (then `email` is null).

    `claimed_at` is the first sign-in; whoever was invited or made by a manager has none yet. Applicants have one
    before they are let in: their first visit as members is what `awaited_since` waits for.

    Roles are dated rows; `is_staff`, `is_admitted` and the like are read from the rows of today.
    """

    email = models.EmailField(_("e-mail address"), max_length=254, unique=True, null=True, blank=True)
    handle = models.CharField(_("handle"), max_length=40, unique=True, validators=[HANDLE])
    display_name = models.CharField(_("name"), max_length=80)
    headline = models.CharField(_("headline"), max_length=160, blank=True, db_default="")
    time_zone = models.CharField(_("time zone"), max_length=40, default="UTC")
    locale = models.CharField(_("language"), max_length=10, default="en")
    joined_at = models.DateTimeField(_("joined"))
    claimed_at = models.DateTimeField(_("claimed"), null=True, blank=True)
    # Let in by the gate and not here since; empty from the first page on, which leaves an activity.
    awaited_since = models.DateTimeField(_("awaited"), null=True, blank=True)
    deactivated_at = models.DateTimeField(_("deactivated"), null=True, blank=True)
    # Rule 1.12: gone by their own wish; the account stays, and empties when they come back.
    left_at = models.DateTimeField(_("left"), null=True, blank=True)
    is_active = models.GeneratedField(
        expression=ExpressionWrapper(Q(deactivated_at__isnull=True), output_field=models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    is_machine = models.BooleanField(_("machine account"), default=False, db_default=False)

    # allauth and Django's forms look for a manager; the queryset's own names are added below.
    objects: ClassVar[Any] = MemberManager.from_queryset(MemberQuerySet)()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["display_name", "handle"]

    class Meta:
        constraints = (
            # Rule 0.1: one account for life. Both are kept in small letters, so plain uniqueness is enough.
            models.CheckConstraint(condition=Q(email=Lower("email")), name="member_email_small_letters"),
            models.CheckConstraint(condition=Q(handle=Lower("handle")), name="member_handle_small_letters"),
            models.CheckConstraint(condition=~Q(display_name=""), name="member_has_name"),
            models.CheckConstraint(condition=~Q(email=""), name="member_email_null_not_empty"),
        )
        indexes = (
            # The list of people by name, keyset on (lower(name), id).
            models.Index(
                Lower("display_name"),
                "id",
                condition=Q(deactivated_at__isnull=True, is_machine=False),
                name="member_by_name",
            ),
            # Whoever left or was shut out, when somebody of that name applies.
            models.Index(
                Lower("display_name"),
                condition=Q(deactivated_at__isnull=False, is_machine=False),
                name="member_closed_by_name",
            ),
        )

    def __str__(self) -> str:
        return self.display_name

    def get_absolute_url(self) -> str:
        return reverse("member_show", args=[self.handle])

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.display_name

    @property
    def activity_title(self) -> str:
        return self.display_name

    @cached_property
    def held_roles(self) -> frozenset[str]:
        """The names of the roles whose dates say today, resolved once for each loaded member."""
        loaded: Iterable[str] | None = getattr(self, "_current_roles", None)
        if loaded is None:
            loaded = [role for (role,) in _ROLES(member=self.pk)]
        return frozenset(loaded)

    @cached_property
    def is_suspended(self) -> bool:
        """Rule 1.12: closed out now, by the clock of the database; it ends by itself."""
        loaded: bool | None = getattr(self, "_is_suspended", None)
        return bool(_SUSPENSIONS(member=self.pk)) if loaded is None else loaded

    @cached_property
    def paused_until(self) -> datetime | None:
        """Rule 1.12: when the pause ends that the member is in; None outside one."""
        if hasattr(self, "_paused_until"):
            loaded: datetime | None = self._paused_until
            return loaded
        return Pause.objects.current().filter(member=self).values_list("until_at", flat=True).first()

    @cached_property
    def quiet_in(self) -> frozenset[int]:
        """Rule 8.5: the ids of the spaces in which the member reads and does not write now, 0 for everywhere."""
        loaded: Iterable[int] | None = getattr(self, "_quiet_in", None)
        if loaded is None:
            loaded = [space_id for (space_id,) in _QUIETS(member=self.pk)]
        return frozenset(loaded)

    def is_quiet_in(self, space_id: int) -> bool:
        """Whether a sanction keeps the member from writing in this space."""
        return not self.quiet_in.isdisjoint({EVERYWHERE, space_id})

    @cached_property
    def owes_terms_since(self) -> datetime | None:
        """Rule 1.10: since when terms are in force that this member has not accepted; None where there are none."""
        if self.is_machine:
            return None
        if hasattr(self, "_owes_terms_since"):
            loaded: datetime | None = self._owes_terms_since
            return loaded
        return _terms_owed_by(self.pk).first()

    @cached_property
    def modules_off(self) -> frozenset[str]:
        """What this community does not use (rule 15.6): loaded beside the roles, so that asking costs no query."""
        loaded: Iterable[str] | None = getattr(self, "_modules_off", None)
        if loaded is None:
            loaded = ModuleSwitch.objects.off().values_list("name", flat=True)
        return frozenset(loaded)

    def uses(self, module: Module) -> bool:
        """Whether this module is in use; without it, it leaves no trace."""
        return module not in self.modules_off

    @cached_property
    def roles(self) -> frozenset[str]:
        """What every permission asks: the roles held today, and none at all while the member is suspended."""
        return frozenset() if self.held_roles and self.is_suspended else self.held_roles

    def forget_roles(self) -> None:
        """For whoever has changed them: what this loaded person was resolved to before is not true any more."""
        for known in ("roles", "held_roles", "_current_roles"):
            self.__dict__.pop(known, None)

    @property
    def primary_role(self) -> str:
        """The role that activity records as the one acted in: the furthest reaching of those held."""
        return next((role for role in PRECEDENCE if role in self.roles), "")

    def has_role(self, *names: RoleName) -> bool:
        return self.is_active and not self.roles.isdisjoint(names)

    @property
    def is_admitted(self) -> bool:
        """Past the gate: holds any role but applicant, and the account is neither deactivated nor suspended."""
        return bool(self.is_active and self.roles - {RoleName.APPLICANT})

    @property
    def has_left(self) -> bool:
        """Gone by their own wish, and neither back nor on the way back through the gate."""
        return self.left_at is not None and not self.held_roles

    @property
    def is_employed_here(self) -> bool:
        """Staff in the sense of rule 0.2: figures count them apart."""
        return self.has_role(*STAFF_ROLES)

    # Django's admin asks these three. Models decide finer in their ModelAdmin, through the app's permissions.
    @property
    def is_staff(self) -> bool:
        return self.has_role(RoleName.MODERATOR, RoleName.MANAGER, RoleName.ADMINISTRATOR)

    @property
    def is_superuser(self) -> bool:
        return self.has_role(RoleName.ADMINISTRATOR)

    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        return self.is_superuser

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff
