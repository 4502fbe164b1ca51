"""Who needs a second step at sign-in, and whether they have one (rule 1.13)."""

from typing import Final

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest

from members.models import STAFF_ROLES, Member, RoleName

# Rule 1.13: staff, executives included, and whoever decides about others.
NEEDS_FACTOR: Final = (*STAFF_ROLES, RoleName.MODERATOR)


def has_needed_factor(request: HttpRequest, member: Member) -> bool:
    """Whether the member has an authenticator app or a key, where the place and the role ask for one; once a request.

    Having one is enough: every sign-in of such an account has asked for it, save by passkey, which is two in one.
    """
    if not settings.REQUIRE_SECOND_FACTOR or not member.has_role(*NEEDS_FACTOR):
        return True
    known: bool | None = getattr(request, "_has_factor", None)
    if known is None:
        known = bool(is_mfa_enabled(member, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]))
        request._has_factor = known  # type: ignore[attr-defined]
    return known
