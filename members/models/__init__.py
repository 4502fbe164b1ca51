"""Who is here: member, role, organisation, profile. They point at each other and at nothing to the right."""

from members.models.failure import SignInFailure
from members.models.member import HANDLE, Member, MemberQuerySet, time_zone_choices
from members.models.organisation import Employment, Organisation, OrganisationDomain, OrganisationKind
from members.models.profile import Profile
from members.models.role import PRECEDENCE, STAFF_ROLES, Role, RoleName

__all__ = [
    "HANDLE",
    "PRECEDENCE",
    "STAFF_ROLES",
    "Employment",
    "Member",
    "MemberQuerySet",
    "Organisation",
    "OrganisationDomain",
    "OrganisationKind",
    "Profile",
    "Role",
    "RoleName",
    "SignInFailure",
    "time_zone_choices",
]
