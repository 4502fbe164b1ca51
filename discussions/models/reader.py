"""Who may read a space: the one resolver of `space.py`, asked from the other side."""

from django.db import models
from django.db.models import Exists, OuterRef

from discussions.models.space import Space, SpaceMembership, presets_open_to
from members.models import Member, Role, RoleName, Suspension


def roles_that_open(preset: str) -> list[str]:
    """The roles whose holders read spaces of this preset without being listed, as `presets_open_to` says."""
    return [
        role.value
        for role in RoleName
        if role != RoleName.APPLICANT and preset in presets_open_to(_only(role))
    ]


def readers_of(space: Space) -> "models.QuerySet[Member]":
    """Everybody of whom `Space.objects.visible_to` would say that they see this one."""
    roles = Role.objects.current().filter(member=OuterRef("pk"), role__in=roles_that_open(space.preset))
    listed = SpaceMembership.objects.filter(space=space.pk, member=OuterRef("pk"))
    closed_out = Suspension.objects.current().filter(member=OuterRef("pk"))
    readers: models.QuerySet[Member] = (
        Member.objects.active().admitted().filter(Exists(roles) | Exists(listed), ~Exists(closed_out))
    )
    return readers


def _only(role: RoleName) -> Member:
    """Somebody who holds this one role; never stored, only asked."""
    member = Member(display_name=role.value)
    member.__dict__.update(roles=frozenset({role.value}), is_active=True)
    return member
