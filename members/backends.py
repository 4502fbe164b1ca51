"""How a password, and later a session, becomes a member."""

from allauth.account.auth_backends import AuthenticationBackend

from members.models import Member


class MemberBackend(AuthenticationBackend):  # type: ignore[misc]
    """allauth's sign-in by e-mail, with account and roles of today in one query for every later request."""

    def get_user(self, user_id: int) -> Member | None:
        """The member of a session; None, so that the session is over, from the moment the account is deactivated."""
        member: Member | None = Member.objects.with_current_roles().filter(pk=user_id).first()
        return member if member is not None and self.user_can_authenticate(member) else None

    def user_can_authenticate(self, user: Member) -> bool:
        """People only: what a machine account writes, it writes through actions and never through a browser."""
        return bool(user.is_active) and not user.is_machine
