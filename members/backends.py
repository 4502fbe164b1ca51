"""How a session becomes a member: account and roles of today in one query."""

from allauth.account.auth_backends import AuthenticationBackend

from members.models import Member


class MemberBackend(AuthenticationBackend):
    """allauth's sign-in by e-mail; a deactivated account has no session from the next request on."""

    def get_user(self, user_id: int) -> Member | None:
        member: Member | None = Member.objects.with_current_roles().filter(pk=user_id).first()
        return member if member is not None and self.user_can_authenticate(member) else None
