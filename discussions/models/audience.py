"""Who may read a space, asked from the side of the space: `Space.objects.visible_to` turned around."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from discussions.models.space import Space, SpaceMembership, SpacePreset
from members.models import Member, Role, RoleName, Suspension

_EVERYBODY = frozenset({SpacePreset.OPEN, SpacePreset.READ_ONLY})
_BY_ROLE = {
    SpacePreset.PRIVATE: (RoleName.MODERATOR, RoleName.MANAGER),
    SpacePreset.HIDDEN: (RoleName.MODERATOR, RoleName.MANAGER),
    SpacePreset.EXPERTS: (RoleName.EXPERT, RoleName.MODERATOR, RoleName.MANAGER),
}


def readers_of(space: Space) -> QuerySet[Member]:
    """Everybody who may read this space now. tests/discussions/test_audience.py holds it against the one resolver."""
    members: QuerySet[Member] = (
        Member.objects.active()
        .people()
        .admitted()
        .filter(~Exists(Suspension.objects.current().filter(member=OuterRef("pk"))))
    )
    preset = SpacePreset(space.preset)
    if preset in _EVERYBODY:
        return members
    listed = Exists(SpaceMembership.objects.filter(space=space, member=OuterRef("pk")))
    roles = _BY_ROLE.get(preset)
    if roles is None:
        return members.filter(listed)
    held = Role.objects.current().filter(member=OuterRef("pk"), role__in=roles)
    return members.filter(Q(listed) | Q(Exists(held)))
