"""Signing in by one's company over SAML: leading there, taking in the answer, and handing the person to allauth.

The answer is posted by the company's page, so our session's cookie (`SameSite=Lax`) stays behind. What it says is
checked and kept for a moment, and the browser is sent on to an address of ours with a key to it: there the cookie is
back, and only the browser that began has the state that the answer belongs to.
"""

from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any, Final

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import complete_social_login
from allauth.socialaccount.internal import statekit
from allauth.socialaccount.providers.base import Provider
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from members import saml
from members.models import IdentityProvider

# Ours has 32; SAML allows 80.
_RELAY_STATE_LENGTH: Final = 80
# From the company's post to the next request of the same browser.
_KEPT_SECONDS: Final = 120
# Longer than allauth keeps the state of who asked (10 min).
_REMEMBERED: Final = timedelta(hours=1)


class SamlProvider(Provider):  # type: ignore[misc]
    """One company's provider, as allauth wants to see it."""

    id = "company"
    name = "company"

    def serialize(self) -> dict[str, Any]:
        """While a second step is asked for: under the name by which `get_provider` finds it again."""
        return {"id": self.app.provider_id}

    def extract_uid(self, data: dict[str, Any]) -> str:
        return str(data["subject"])

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """In the words of an identity token, so that one place decides who comes in.

        A company says an address without saying that it is verified; only those of its own domains count, whose
        mailboxes it runs.
        """
        said = {"nonce": data["in_response_to"], "email": data["email"], "name": data["name"]}
        return said | {"email_verified": True}


def theirs(row: IdentityProvider) -> saml.Theirs:
    return saml.Theirs(entity_id=row.client_id, address=row.address, certificates=row.certificates)


def ours(row: IdentityProvider) -> saml.Ours:
    """Another name for every company, so that nothing made for one is good at another. On `SITE_URL`."""
    return saml.Ours(
        entity_id=settings.SITE_URL + reverse("company_metadata", args=[row.link_name]),
        address=settings.SITE_URL + reverse("company_answer", args=[row.link_name]),
    )


def address_of_request(request: HttpRequest, row: IdentityProvider, next_url: str) -> str:
    """Where the browser goes on, with what was asked noted in its session."""
    # An XML id does not begin with a digit.
    request_id = f"id-{token_urlsafe(24)}"
    relay_state = statekit.stash_state(
        request,
        provider_id=row.link_name,
        state={"process": AuthProcess.LOGIN, "data": None, "next": next_url, "nonce": request_id},
        state_id=token_urlsafe(24),
    )
    return saml.request_address(
        theirs(row), ours(row), request_id=request_id, relay_state=relay_state, at=timezone.now()
    )


def take_answer(row: IdentityProvider, response: str, relay_state: str) -> str:
    """Check what was posted and keep what it says; the key to it is for the next request. Raises `NotTrusted`."""
    now = timezone.now()
    if len(relay_state) > _RELAY_STATE_LENGTH:
        raise saml.NotTrusted("not our relay state")
    said = saml.read_response(response, theirs(row), ours(row), at=now)
    # Whoever asked is forgotten before this is, so an answer is never believed twice, however long it says it holds.
    left = min(said.until - now, _REMEMBERED)
    if not cache.add(_name("used", row, said.assertion_id), True, timeout=left.total_seconds()):
        raise saml.NotTrusted("said before")
    key = token_urlsafe(24)
    kept = {
        "relay_state": relay_state,
        "subject": said.subject,
        "in_response_to": said.in_response_to,
        "email": said.email,
        "name": said.name,
    }
    cache.set(_name("kept", row, key), kept, timeout=_KEPT_SECONDS)
    return key


def complete(request: HttpRequest, row: IdentityProvider, key: str) -> HttpResponse:
    """Sign in whom the answer names, in the browser that asked, once. Raises `NotTrusted`."""
    name = _name("kept", row, key)
    kept = cache.get(name)
    if kept is None or not cache.delete(name):
        raise saml.NotTrusted("nothing kept under this key")
    state = statekit.unstash_state(request, provider_id=row.link_name, state_id=kept["relay_state"])
    if state is None or state["nonce"] != kept["in_response_to"]:
        raise saml.NotTrusted("not asked by this browser")
    provider = get_adapter(request).get_provider(request, row.link_name)
    login = provider.sociallogin_from_response(request, kept)
    login.state = state
    response: HttpResponse = complete_social_login(request, login)
    return response


def _name(what: str, row: IdentityProvider, key: str) -> str:
    """In the cache. What others have written is hashed: it may be long and of any letters."""
    return f"saml:{what}:{row.link_name}:{sha256(key.encode()).hexdigest()}"
