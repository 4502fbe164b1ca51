"""Signing in by one's company over OpenID Connect: allauth's flow, with our settings rows, checks and addresses.

allauth takes the identity token without looking at its signature and knows no nonce; here both are demanded
(docs/decisions/0008-sign-in-by-company.md). Who may come in is decided in `actions/identity_provider.py`. Companies
with SAML begin and end here too; what lies between is in `company_saml.py`.
"""

import logging
from secrets import token_urlsafe
from typing import Any, Final

import jwt
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from community.core import outgoing
from community.core.errors import DomainError
from community.core.http import whole_number
from members.actions.identity_provider import Claims, member_of_company
from members.company_saml import SamlProvider, address_of_request
from members.models import IdentityProvider, Protocol
from members.sealing import unseal

logger = logging.getLogger(__name__)

# What a key that only verifies can do: none of the symmetric ones, whose key would be a secret that both hold.
_ALGORITHMS: Final = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
_CLOCKS_APART_SECONDS: Final = 60
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
# `SocialAccount.uid` takes 191; a subject has 255 at most, and nobody uses them.
_SUBJECT_LENGTH: Final = 191


class OutOfReach(Exception):
    """The provider does not answer, or not as one does."""


class CompanyAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Feeds allauth from `IdentityProvider` instead of its own table, and ends every flow that is not ours."""

    def get_provider(
        self, request: HttpRequest, provider: str, client_id: str | None = None
    ) -> "CompanyProvider | SamlProvider":
        """Raises `ValueError` where the company signs nobody in any more, which ends a sign-in that is half done."""
        try:
            app = self.get_app(request, provider, client_id)
        except SocialApp.DoesNotExist as error:
            raise ValueError(provider) from error
        speaks_saml = app.settings["protocol"] == Protocol.SAML
        return SamlProvider(request, app=app) if speaks_saml else CompanyProvider(request, app=app)

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """One for a company, asked for by the name of its links; never a list of all."""
        row = row_of(provider or "")
        return [] if row is None else [_app(row)]

    def list_providers(self, request: HttpRequest) -> list[Any]:
        return []

    def get_requests_session(self) -> Any:
        return outgoing.session()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Accounts are made by our action, before allauth would."""
        return False

    def can_authenticate_by_email(self, login: SocialLogin, email: str) -> bool:
        return False

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: Any = None,
    ) -> None:
        """Cancelled there, expired here, or an answer that cannot be trusted: one page for all."""
        logger.warning(
            "company sign-in failed", extra={"reason": type(exception).__name__ if exception else str(error)}
        )
        raise ImmediateHttpResponse(
            refusal_page(
                request, _("Your company's sign-in did not work out. Nothing was changed. Try it again.")
            )
        )

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """The provider's word is checked; now ours: whether this person comes in, and as whom."""
        said = sociallogin.account.extra_data
        nonce = sociallogin.state.get("nonce")
        row = row_of(sociallogin.account.provider)
        if row is None or not nonce or said.get("nonce") != nonce:
            self.on_authentication_error(request, None, error="nonce")
            return
        claims = Claims(
            subject=sociallogin.account.uid,
            email=str(said.get("email") or ""),
            # Some send the word instead of the value; anything else is a no.
            is_verified=said.get("email_verified") in (True, "true"),
            name=str(said.get("name") or ""),
        )
        try:
            member = member_of_company(row, claims)
        except DomainError as error:
            raise ImmediateHttpResponse(refusal_page(request, error.sentence)) from error
        sociallogin.user = member
        sociallogin.account = SocialAccount.objects.get(provider=row.link_name, uid=claims.subject)


class CompanyProvider(OpenIDConnectProvider):  # type: ignore[misc]
    """One company's identity provider."""

    id = "company"

    def get_oauth2_adapter(self, request: HttpRequest) -> "CompanyFlow":
        return CompanyFlow(request, self.app.provider_id)

    def get_default_scope(self) -> list[str]:
        return ["openid", "email", "profile"]

    def serialize(self) -> dict[str, Any]:
        """While a second step is asked for: under the name by which `get_provider` finds it again."""
        return {"id": self.app.provider_id}

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """What is needed until the end of the request; what is kept is decided by our action: nothing."""
        token: dict[str, Any] = data["id_token"]
        return token

    def extract_uid(self, data: dict[str, Any]) -> str:
        return str(data["id_token"]["sub"])


class CompanyFlow(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """The way there and back."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """What the provider says of itself, where it is the provider that was set and every address is sound."""
        known: dict[str, Any] | None = getattr(self, "_openid_config", None)
        if known is not None:
            return known
        issuer = self.get_provider().app.settings["issuer"]
        with outgoing.session() as asking:
            answer = asking.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        answer.raise_for_status()
        said = answer.json()
        if not isinstance(said, dict) or said.get("issuer") != issuer:
            raise OAuth2Error("another issuer than the one that was set")
        for name in _ENDPOINTS:
            if not is_sound_address(said.get(name)):
                raise OAuth2Error(f"{name} is no address")
        self._openid_config: dict[str, Any] = said
        return said

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """On `SITE_URL`, whatever host the request named."""
        return str(settings.SITE_URL + reverse("company_callback", args=[app.provider_id]))

    def parse_token(self, data: dict[str, Any]) -> SocialToken:
        """Nothing is kept: nothing is asked of the company afterwards."""
        return SocialToken(token="")

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        claims = self._decode_id_token(app, kwargs["response"].get("id_token"))
        return self.get_provider().sociallogin_from_response(request, {"id_token": claims})

    def _decode_id_token(self, app: SocialApp, id_token: object) -> dict[str, Any]:
        """Signature, issuer, audience and time. Raises `OAuth2Error`."""
        if not isinstance(id_token, str):
            raise OAuth2Error("no identity token")
        with outgoing.session() as asking:
            answer = asking.get(self.openid_config["jwks_uri"])
        answer.raise_for_status()
        try:
            key = _key_for(id_token, answer.json())
            claims: dict[str, Any] = jwt.decode(
                id_token,
                key=key,
                algorithms=_ALGORITHMS,
                audience=app.client_id,
                issuer=self.openid_config["issuer"],
                leeway=_CLOCKS_APART_SECONDS,
                options={"require": ["exp", "iat", "iss", "aud", "sub", "nonce"]},
            )
        except jwt.PyJWTError as error:
            raise OAuth2Error("the identity token does not hold") from error
        if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != app.client_id:
            raise OAuth2Error("the identity token was made for somebody else")
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= _SUBJECT_LENGTH:
            raise OAuth2Error("no subject")
        return claims


def address_to_go_to(request: HttpRequest, row: IdentityProvider, next_url: str) -> str:
    """Where the browser goes on, with state, nonce and proof key noted in its session. Raises `OutOfReach`."""
    if row.protocol == Protocol.SAML:
        return address_of_request(request, row, next_url)
    provider = CompanyProvider(request, app=_app(row))
    nonce = token_urlsafe(24)
    try:
        response = provider.redirect(
            request, AuthProcess.LOGIN, next_url=next_url, auth_params={"nonce": nonce}, nonce=nonce
        )
    except (OAuth2Error, outgoing.Failed) as error:
        raise OutOfReach from error
    return str(response["Location"])


def row_of(link_name: str) -> IdentityProvider | None:
    """The settings under the name of their links, such as `company-7`."""
    number = whole_number(link_name.removeprefix("company-"))
    if number is None:
        return None
    rows = IdentityProvider.objects.filter(pk=number, disabled_at__isnull=True)
    return rows.select_related("organisation").first()


def refusal_page(request: HttpRequest, sentence: str) -> HttpResponse:
    """Why nobody came in, and the way back to the other ways of signing in."""
    return render(request, "members/company_refused.html", {"sentence": sentence}, status=403)


def is_sound_address(address: object) -> bool:
    """https; on one's own machine http as well."""
    schemes = ("https://",) if settings.SITE_IS_HTTPS else ("https://", "http://")
    return isinstance(address, str) and address.startswith(schemes)


def _app(row: IdentityProvider) -> SocialApp:
    """allauth's idea of a provider, never saved."""
    try:
        secret = unseal(row.secret) if row.secret else ""
    except InvalidToken:
        logger.error("a company's secret was written with a key that is gone: SECRET_KEY_FALLBACKS lacks it")
        secret = ""
    return SocialApp(
        provider="company",
        provider_id=row.link_name,
        name=row.organisation.name[:40],
        client_id=row.client_id,
        secret=secret,
        settings={
            "protocol": row.protocol,
            "issuer": row.address,
            "oauth_pkce_enabled": True,
            "server_url": row.address,
        },
    )


def signing_keys(keys: Any) -> list[jwt.PyJWK]:
    """Of what a provider publishes, the keys that may sign. Raises `PyJWTError`."""
    if not isinstance(keys, dict):
        raise jwt.PyJWKSetError("no keys")
    return [key for key in jwt.PyJWKSet.from_dict(keys).keys if key.public_key_use in (None, "sig")]


def _key_for(id_token: str, keys: Any) -> Any:
    """The key that the token names, or the only one there is. Raises `PyJWTError`."""
    usable = signing_keys(keys)
    kid = jwt.get_unverified_header(id_token).get("kid")
    named = [key for key in usable if key.key_id == kid] if kid else usable
    if len(named) != 1:
        raise jwt.PyJWKSetError("no key of that name")
    return named[0].key
