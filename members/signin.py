"""Where allauth's forms need a rule of ours; everything else of signing in is allauth's."""

from allauth.account.forms import ResetPasswordForm, ResetPasswordKeyForm, default_token_generator
from allauth.account.models import EmailAddress
from django.http import HttpRequest

from members.models import Member


class ForgottenPasswordForm(ResetPasswordForm):  # type: ignore[misc]
    """Asks for the link to a new password."""

    def save(self, request: HttpRequest, **kwargs: object) -> str:
        """An address that nobody has costs as much as a known one: otherwise the clock would tell them apart."""
        if not self.users:
            default_token_generator.make_token(Member(pk=0))
        address: str = super().save(request, **kwargs)
        return address


class NewPasswordForm(ResetPasswordKeyForm):  # type: ignore[misc]
    """Whoever came here by the link in a mail has shown that the address is theirs: no second mail asks for it."""

    def save(self) -> None:
        super().save()
        address = EmailAddress.objects.filter(user=self.user, email=self.user.email, verified=False).first()
        if address is not None and address.set_verified():
            address.set_as_primary(conditional=True)
