"""Where allauth's forms need a rule of ours; everything else of signing in is allauth's."""

from allauth.account.adapter import get_adapter
from allauth.account.forms import (
    RequestLoginCodeForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    default_token_generator,
)
from allauth.account.models import EmailAddress
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from members.actions.sign_in import count_failure, forget_failures, is_locked, second_step_of
from members.models import Member


class LevelLookup:
    """Looks an address up at the same cost whatever comes of it: otherwise the clock would tell who is a member.

    allauth reads the members only where no confirmed address was found; here that is made up for.
    """

    def clean_email(self) -> str:
        email: str = super().clean_email()  # type: ignore[misc]
        if EmailAddress.objects.filter(email=email, verified=True).exists():
            list(Member.objects.filter(email=email).iterator(2000))
        return email


class AskForCodeForm(LevelLookup, RequestLoginCodeForm):  # type: ignore[misc]
    """Asks for a code to sign in with."""


class ForgottenPasswordForm(LevelLookup, ResetPasswordForm):  # type: ignore[misc]
    """Asks for the link to a new password."""

    def save(self, request: HttpRequest, **kwargs: object) -> str:
        """A token is made for nobody too, with the two reads it takes."""
        if not self.users:
            EmailAddress.objects.filter(user_id=0, email=self.cleaned_data["email"]).exists()
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


class AddKeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A passkey, unless the person wants no more than a second step."""

    passwordless = forms.BooleanField(
        label=_("Sign in with it alone, without a password"),
        required=False,
        initial=True,
        help_text=_(
            "It then asks for your finger, face or PIN. Otherwise it is a second step after the password."
        ),
    )


class CountedCode:
    """A code of an app or of paper, whose wrong tries the database counts too."""

    user: Member

    def clean_code(self) -> str:
        digest = second_step_of(self.user.pk)
        if is_locked(digest):
            raise get_adapter().validation_error("too_many_login_attempts")
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except ValidationError:
            count_failure(digest)
            raise
        forget_failures(digest)
        return code


class SecondStepForm(CountedCode, AuthenticateForm):  # type: ignore[misc]
    """The second step of signing in."""


class ShowAgainForm(CountedCode, ReauthenticateForm):  # type: ignore[misc]
    """The same code, to show that it is still the same person."""
