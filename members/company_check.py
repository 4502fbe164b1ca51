"""Looks whether a company's people could sign in as it is set up, says it in sentences, and changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import jwt
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community.core import outgoing
from members.company_sign_in import is_sound_address, signing_keys
from members.models import IdentityProvider, OrganisationDomain, Protocol
from members.saml import NotTrusted, certificates_in

_ENDS_SOON: Final = timedelta(days=30)
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Finding:
    is_good: bool
    sentence: str


def look_at(row: IdentityProvider) -> list[Finding]:
    """With OpenID Connect the provider is asked for what it says of itself and for its keys; with SAML nobody is."""
    found = list(_of_saml(row) if row.protocol == Protocol.SAML else _of_oidc(row))
    if not OrganisationDomain.objects.filter(
        organisation=row.organisation_id, verified_at__isnull=False
    ).exists():
        found.append(
            Finding(
                False,
                _(
                    "{company} has no verified domain, so nobody comes in. Give it one and save this again."
                ).format(company=row.organisation.name),
            )
        )
    return found


def _of_oidc(row: IdentityProvider) -> Iterator[Finding]:
    said = _fetched(f"{row.address.rstrip('/')}/.well-known/openid-configuration")
    if said is None:
        yield Finding(
            False,
            _(
                "The provider does not answer as one does at {address}, below which "
                "/.well-known/openid-configuration should stand."
            ).format(address=row.address),
        )
        return
    if said.get("issuer") != row.address:
        yield Finding(
            False,
            _("The provider calls itself {name}. Enter that as the issuer, to the letter.").format(
                name=str(said.get("issuer"))[:300]
            ),
        )
        return
    if missing := [name for name in _ENDPOINTS if not is_sound_address(said.get(name))]:
        yield Finding(
            False, _("The provider gives no sound address for {names}.").format(names=", ".join(missing))
        )
        return
    published = _fetched(str(said["jwks_uri"]))
    try:
        keys = signing_keys(published)
    except jwt.PyJWTError:
        keys = []
    if not keys:
        yield Finding(False, _("The provider answers, but publishes no key that it could sign with."))
        return
    yield Finding(
        True,
        ngettext(
            "The provider answers, calls itself as it is set here, and publishes {count} key for signing. "
            "Whether it knows our client id and secret shows when somebody signs in.",
            "The provider answers, calls itself as it is set here, and publishes {count} keys for signing. "
            "Whether it knows our client id and secret shows when somebody signs in.",
            len(keys),
        ).format(count=len(keys)),
    )


def _of_saml(row: IdentityProvider) -> Iterator[Finding]:
    try:
        certificates = certificates_in(row.certificates)
    except NotTrusted:
        yield Finding(False, _("There is no certificate that can be read. Paste it again."))
        return
    now = timezone.now()
    if not is_sound_address(row.address):
        yield Finding(False, _("The sign-on address does not begin with https."))
    for certificate in certificates:
        since, until = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        if now >= until:
            sentence = _("A certificate ended on {date}: what it signs is not believed.")
        elif now < since:
            sentence = _("A certificate holds only from {since} on.").format(since=date_format(since))
        elif until - now < _ENDS_SOON:
            sentence = _(
                "A certificate ends on {date}: ask the company for the next one, and add it below this one."
            )
        else:
            yield Finding(
                True, _("The certificate can be read and holds until {date}.").format(date=date_format(until))
            )
            continue
        yield Finding(False, sentence.format(date=date_format(until)))


def _fetched(address: str) -> dict[str, object] | None:
    try:
        with outgoing.session() as asking:
            answer = asking.get(address)
        answer.raise_for_status()
        said = answer.json()
    except (outgoing.Failed, ValueError):
        return None
    return said if isinstance(said, dict) else None
