"""What allauth asks the project: who may sign up, how mail goes out, and where a request came from."""

import base64
import logging
import secrets
import time
from datetime import timedelta
from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from community.core.http import render_error
from community.core.inbound import forget_fault
from members.actions.sign_in import (
    claim_member,
    count_failure,
    forget_failures,
    is_locked,
    password_of,
    revoke_tokens,
)
from members.models import Member
from members.sealing import seal, unseal

logger = logging.getLogger(__name__)

# For those who can show nothing again but their mailbox.
FRESH: Final = timedelta(minutes=15)

# Pages whose form is shown again with what was typed when its mail could not be sent.
_FORMS_THAT_SEND_MAIL: Final = frozenset(
    {"account_login", "account_reset_password", "account_request_login_code", "account_email"}
)


class MailNotSent(ImmediateHttpResponse):  # type: ignore[misc]
    """The mail server did not take a message that somebody waits for. allauth's middleware shows the response."""

    def __init__(self) -> None:
        Exception.__init__(self, "mail not sent")

    @cached_property
    def response(self) -> HttpResponse:
        # Made only when it is shown: whoever goes on without the mail must not leave a message about it.
        return page_without_mail(_request())


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-in by e-mail for people who have come in through the gate."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody makes an account by filling in a form."""
        return False

    def set_password(self, user: Member, password: str) -> None:
        """Writes this column alone: saving the whole row could bring back an account deactivated meanwhile."""
        if not user.has_usable_password():
            require_fresh_sign_in(_request())
        user.set_password(password)
        user.save(update_fields=["password"])
        # Other sessions end because the hash they carry is of the old password. Whoever changes it because somebody
        # else got in means the tokens too.
        revoke_tokens(user, by=user)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Rule 9.4: whoever typed the code that was mailed there has shown that the address takes mail."""
        confirmed: bool = super().confirm_email(request, email_address)
        if confirmed:
            forget_fault(email_address.email)
        return confirmed

    def login(self, request: HttpRequest, user: Member) -> None:
        """The last step of every way in, after address and second step: the first time is noted."""
        super().login(request, user)
        claim_member(user)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Whoever has neither password nor second step cannot be asked for one: their sign-in must be a fresh one."""
        required = bool(super().is_reauthentication_required(app=app, **kwargs))
        request = _request()
        if required and request.user.is_authenticated and not get_reauthentication_flows(request.user):
            require_fresh_sign_in(request)
        return required

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """The limits of the cache, and behind them the count that Redis cannot forget; one sentence for both."""
        super().pre_authenticate(request, **credentials)
        if is_locked(password_of(credentials.get("email", ""))):
            raise self.validation_error("too_many_login_attempts")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Member | None:
        member: Member | None = super().authenticate(request, **credentials)
        if member is not None:
            forget_failures(password_of(credentials.get("email", "")))
        return member

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        count_failure(password_of(credentials.get("email", "")))

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that limits count. A forwarding header that cannot be right is not believed, nor is it a fault.

        allauth takes the one that the outermost of our own proxies has seen (`TRUSTED_PROXY_COUNT`).
        """
        try:
            ip: str = super().get_client_ip(request)
        except (ImproperlyConfigured, PermissionDenied):
            # Fewer hops than we have proxies, or no address at all: it did not come through them, and what it says is
            # its own invention. Without a connection's address (a unix socket) they all count as one.
            ip = request.META.get("REMOTE_ADDR") or "::"
        return ip

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Links in mail lead to `SITE_URL`, whatever host the request named: it may have been made up."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return str(settings.SITE_URL + path.replace("UID-KEY", key))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send at once, within `EMAIL_TIMEOUT`: a code that comes by queue after ten minutes is worth nothing.

        Where the mail server does not take it, the person gets their page back with a sentence and what they typed.
        """
        try:
            self._send(template_prefix, email, context)
        except OSError as error:
            # Every error of smtplib, of a socket and of a full disk is an OSError. No address: it is personal.
            logger.error(
                "sign-in mail not sent", extra={"reason": type(error).__name__, "task": template_prefix}
            )
            raise MailNotSent from error

    def send_notification_mail(self, template_prefix: str, user: Member, *args: Any, **kwargs: Any) -> None:
        """A notice of what has happened already; the change stands whether or not the notice can be sent."""
        try:
            super().send_notification_mail(template_prefix, user, *args, **kwargs)
        except MailNotSent:
            logger.error("notice of a change not sent", extra={"task": template_prefix})

    def _send(self, template_prefix: str, email: str, extra: dict[str, Any]) -> None:
        words = {
            "request": _request(),
            "email": email,
            "community_name": settings.COMMUNITY_NAME,
            "site_url": settings.SITE_URL,
        }
        self.render_mail(template_prefix, email, words | extra).send()


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors: named after the community, and their secrets unreadable in a stolen backup."""

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """The secret; one that nobody can know where the key it was written with is lost, so that no code fits."""
        try:
            return unseal(encrypted_text)
        except InvalidToken:
            logger.error("a second factor was written with a key that is gone: SECRET_KEY_FALLBACKS lacks it")
            return base64.b32encode(secrets.token_bytes(20)).decode()

    def generate_authenticator_name(self, user: Member, type: Authenticator.Type) -> str:
        """What a new key is called until its owner calls it something."""
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return _("My key") if number == 1 else _("My key, number {number}").format(number=number)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        return entity | {"name": settings.COMMUNITY_NAME}


def page_without_mail(request: HttpRequest) -> HttpResponse:
    """The page that asked for a mail, with what was typed and a sentence; 503, because trying again will help."""
    sentence = _("The mail could not be sent just now, and nothing was changed. Try again in a few minutes.")
    match = request.resolver_match
    if match is None or match.url_name not in _FORMS_THAT_SEND_MAIL:
        return render_error(request, 503, sentence)
    messages.error(request, sentence)
    view = match.func.view_class()  # type: ignore[attr-defined]
    view.setup(request, *match.args, **match.kwargs)
    kwargs = view.get_form_kwargs()
    # Passwords are not typed into the page again: their fields do not show a value.
    form = view.get_form_class()(**kwargs | {"data": None, "files": None, "initial": request.POST.dict()})
    response: HttpResponse = view.render_to_response(view.get_context_data(form=form))
    response.status_code = 503
    return response


def require_fresh_sign_in(request: HttpRequest) -> None:
    """Lead to signing in again where this session began longer ago. A link by mail is as fresh as it can be."""
    user = request.user
    if not isinstance(user, Member):
        return
    records = get_authentication_records(request, user)
    # Sessions that allauth did not begin know only the member's last time.
    at = records[-1]["at"] if records else user.last_login.timestamp() if user.last_login else 0
    if time.time() - at > FRESH.total_seconds():
        raise ImmediateHttpResponse(render(request, "members/sign_in_again.html", status=403))


def user_display(user: Member) -> str:
    return user.display_name


def _request() -> HttpRequest:
    request: HttpRequest = context.request
    return request
