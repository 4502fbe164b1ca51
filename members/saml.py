"""The little SAML 2.0 that signing in takes: the request, both sides' metadata, and a strict reading of a response.

Nothing here knows a person or a browser. What is read is only what the configured certificate has signed; whatever
else a document holds makes it one that is not read (docs/decisions/0008-sign-in-by-company.md).
"""

import base64
import binascii
import re
import zlib
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

_PROTOCOL: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
_SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
_METADATA: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
_SIGNATURE: Final = "http://www.w3.org/2000/09/xmldsig#"
_NAMES: Final = {"p": _PROTOCOL, "a": _SAML, "m": _METADATA, "s": _SIGNATURE}

_POST: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
_REDIRECT: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
_BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
_TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
_PERSISTENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
_EMAIL: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"

# How the large providers call a person's address and name; Microsoft's names are addresses of old.
_EMAIL_ATTRIBUTES: Final = (
    "email",
    "mail",
    "urn:oid:0.9.2342.19200300.100.1.3",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
)
_NAME_ATTRIBUTES: Final = (
    "displayName",
    "name",
    "urn:oid:2.16.840.1.113730.3.1.241",
    "http://schemas.microsoft.com/identity/claims/displayname",
)

# No SHA-1, no shared secret, no DSA.
_METHODS: Final = frozenset(
    {
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.SHA256_RSA_MGF1,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
    }
)
_DIGESTS: Final = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
_RSA_BITS: Final = 2048

_CLOCKS_APART: Final = timedelta(seconds=60)
_RESPONSE_LENGTH: Final = 300_000
# As long as `SocialAccount.uid` takes.
_SUBJECT_LENGTH: Final = 191


class NotTrusted(Exception):
    """A document that is not read, with the reason for the log."""


@dataclass(frozen=True, slots=True)
class Theirs:
    """A company's provider, as an administrator has set it. `certificates` are PEM, one after the other."""

    entity_id: str
    address: str
    certificates: str


@dataclass(frozen=True, slots=True)
class Ours:
    """What we are called towards one company, and where its answers go."""

    entity_id: str
    address: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a response says about a person, all of it signed. `until` is when it would no longer be believed."""

    assertion_id: str
    in_response_to: str
    subject: str
    email: str
    name: str
    until: datetime


def request_address(theirs: Theirs, ours: Ours, *, request_id: str, relay_state: str, at: datetime) -> str:
    """Where the browser takes the request: by redirect, unsigned, as we hold no key."""
    request = etree.Element(
        f"{{{_PROTOCOL}}}AuthnRequest",
        {
            "ID": request_id,
            "Version": "2.0",
            "IssueInstant": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "Destination": theirs.address,
            "ProtocolBinding": _POST,
            "AssertionConsumerServiceURL": ours.address,
        },
        nsmap={"samlp": _PROTOCOL, "saml": _SAML},
    )
    etree.SubElement(request, f"{{{_SAML}}}Issuer").text = ours.entity_id
    etree.SubElement(request, f"{{{_PROTOCOL}}}NameIDPolicy", {"AllowCreate": "true"})
    squeezing = zlib.compressobj(wbits=-15)
    squeezed = squeezing.compress(etree.tostring(request)) + squeezing.flush()
    query = urlencode({"SAMLRequest": base64.b64encode(squeezed).decode(), "RelayState": relay_state})
    return f"{theirs.address}{'&' if '?' in theirs.address else '?'}{query}"


def our_metadata(ours: Ours) -> bytes:
    """What a company's provider needs to know of us, as the file that it reads."""
    root = etree.Element(f"{{{_METADATA}}}EntityDescriptor", {"entityID": ours.entity_id}, {"md": _METADATA})
    service = etree.SubElement(
        root,
        f"{{{_METADATA}}}SPSSODescriptor",
        {
            "AuthnRequestsSigned": "false",
            "WantAssertionsSigned": "true",
            "protocolSupportEnumeration": _PROTOCOL,
        },
    )
    for name_format in (_PERSISTENT, _EMAIL):
        etree.SubElement(service, f"{{{_METADATA}}}NameIDFormat").text = name_format
    etree.SubElement(
        service,
        f"{{{_METADATA}}}AssertionConsumerService",
        {"Binding": _POST, "Location": ours.address, "index": "0", "isDefault": "true"},
    )
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def read_metadata(text: str) -> Theirs:
    """A provider's name, address and keys for signing, out of its metadata. Raises `NotTrusted`."""
    root = _parse(text.strip().encode())
    providers = [
        one
        for one in root.iter(f"{{{_METADATA}}}EntityDescriptor")
        if one.find("m:IDPSSODescriptor", _NAMES) is not None
    ]
    if len(providers) != 1:
        raise NotTrusted(f"{len(providers)} providers in the metadata")
    [descriptor, *_others] = providers[0].findall("m:IDPSSODescriptor", _NAMES)
    addresses = [
        str(service.get("Location"))
        for service in descriptor.findall("m:SingleSignOnService", _NAMES)
        if service.get("Binding") == _REDIRECT and service.get("Location")
    ]
    keys = [
        certificate.text or ""
        for key in descriptor.findall("m:KeyDescriptor", _NAMES)
        if key.get("use") in (None, "signing")
        for certificate in key.findall("s:KeyInfo/s:X509Data/s:X509Certificate", _NAMES)
    ]
    if not addresses or not keys:
        raise NotTrusted("metadata without an address for redirects or without a key")
    return Theirs(
        str(providers[0].get("entityID") or ""), addresses[0], sound_certificates("\n\n".join(keys))
    )


def sound_certificates(text: str) -> str:
    """Certificates in PEM, each once, out of PEM or what stands bare in metadata. Raises `NotTrusted`."""
    if "-----BEGIN" not in text:
        blocks = [re.sub(r"\s+", "", block) for block in re.split(r"\n\s*\n", text) if block.strip()]
        text = "".join(
            f"-----BEGIN CERTIFICATE-----\n{block}\n-----END CERTIFICATE-----\n" for block in blocks
        )
    found = dict.fromkeys(
        certificate.public_bytes(Encoding.PEM).decode() for certificate in certificates_in(text)
    )
    return "".join(found)


def certificates_in(pem: str) -> list[x509.Certificate]:
    """At least one, each with a key that can be relied on. Raises `NotTrusted`."""
    try:
        found = x509.load_pem_x509_certificates(pem.encode())
        keys = [certificate.public_key() for certificate in found]
    except (ValueError, UnsupportedAlgorithm) as error:
        raise NotTrusted("no certificate") from error
    for key in keys:
        is_long = isinstance(key, rsa.RSAPublicKey) and key.key_size >= _RSA_BITS
        if not is_long and not isinstance(key, ec.EllipticCurvePublicKey):
            raise NotTrusted("a key that is too short or of another kind")
    return found


def read_response(posted: str, theirs: Theirs, ours: Ours, *, at: datetime) -> Said:
    """What a company's provider says, where every bit of it holds. Raises `NotTrusted`.

    Not known here, and so for the caller to look at: whether this browser has asked, and whether the same was said
    before.
    """
    if len(posted) > _RESPONSE_LENGTH:
        raise NotTrusted("too long")
    try:
        document = base64.b64decode("".join(posted.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotTrusted("not base64") from error
    response = _parse(document)
    if response.tag != f"{{{_PROTOCOL}}}Response" or response.get("Version") != "2.0":
        raise NotTrusted("no response")
    if next(response.iter(f"{{{_SAML}}}EncryptedAssertion"), None) is not None:
        raise NotTrusted("encrypted, and we hold no key")
    status = response.find("p:Status/p:StatusCode", _NAMES)
    if status is None or status.get("Value") != _SUCCESS:
        raise NotTrusted("the provider did not sign anybody in")
    if response.get("Destination") != ours.address:
        raise NotTrusted("meant for another address")
    if (issuer := response.find("a:Issuer", _NAMES)) is not None and _text(issuer) != theirs.entity_id:
        raise NotTrusted("another issuer")
    said = _read_assertion(_signed_assertion(response, theirs, at), theirs, ours, at)
    if response.get("InResponseTo") != said.in_response_to:
        raise NotTrusted("answers two questions")
    return said


def _parse(document: bytes) -> etree._Element:
    """Raises `NotTrusted`, also where there is anything that two readers could read differently."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotTrusted("no XML") from error
    about = root.getroottree().docinfo
    if about.internalDTD is not None or about.externalDTD is not None:
        raise NotTrusted("a document type")
    # A comment inside a name cuts it in two for some readers, and no signature covers it.
    if next(root.iter(etree.Comment, etree.ProcessingInstruction, etree.Entity), None) is not None:
        raise NotTrusted("a comment, an instruction or an entity")
    return root


def _signed_assertion(response: etree._Element, theirs: Theirs, at: datetime) -> etree._Element:
    """The one assertion there is, as the bytes that were signed say it, and not as it stands in the document."""
    everywhere = list(response.iter(f"{{{_SAML}}}Assertion"))
    if len(everywhere) != 1 or everywhere[0].getparent() is not response:
        raise NotTrusted("not one assertion")
    is_signed = everywhere[0].find("s:Signature", _NAMES) is not None
    whole_is_signed = response.find("s:Signature", _NAMES) is not None
    if len(list(response.iter(f"{{{_SIGNATURE}}}Signature"))) != is_signed + whole_is_signed:
        raise NotTrusted("a signature in an odd place")
    found = None
    if whole_is_signed:
        whole = _signed(response, ".", theirs, at)
        if whole.tag != response.tag or whole.get("ID") != response.get("ID"):
            raise NotTrusted("the signature is of something else")
        found = whole.find("a:Assertion", _NAMES)
    if is_signed:
        found = _signed(response, f"./{{{_SAML}}}Assertion", theirs, at)
    if found is None:
        raise NotTrusted("not signed")
    if found.tag != everywhere[0].tag or not found.get("ID") or found.get("ID") != everywhere[0].get("ID"):
        raise NotTrusted("the signature is of something else")
    return found


def _signed(response: etree._Element, place: str, theirs: Theirs, at: datetime) -> etree._Element:
    """What the signature at `place` covers, by one of the certificates that were set; an expired one is none."""
    wanted = SignatureConfiguration(
        location=f"{place}/", signature_methods=_METHODS, digest_algorithms=_DIGESTS, verification_time=at
    )
    document = deepcopy(response)
    # Which key a signature names is no matter, so nobody needs to look at it.
    for signature in document.findall(f"{place}/s:Signature", _NAMES):
        for named in signature.findall("s:KeyInfo", _NAMES):
            signature.remove(named)
    reason: Exception | None = None
    for certificate in certificates_in(theirs.certificates):
        try:
            result = XMLVerifier().verify(
                document, x509_cert=certificate, id_attribute="ID", expect_config=wanted
            )
        except (SignXMLException, etree.LxmlError, UnsupportedAlgorithm, ValueError, TypeError) as error:
            reason = error
            continue
        if not isinstance(result, list) and result.signed_xml is not None:
            return result.signed_xml
    raise NotTrusted("the signature does not hold") from reason


def _read_assertion(assertion: etree._Element, theirs: Theirs, ours: Ours, at: datetime) -> Said:
    if assertion.get("Version") != "2.0" or _text(_only(assertion, "a:Issuer")) != theirs.entity_id:
        raise NotTrusted("another issuer")
    _check_conditions(_only(assertion, "a:Conditions"), ours, at)
    for statement in assertion.findall("a:AuthnStatement", _NAMES):
        _check_times(None, statement.get("SessionNotOnOrAfter"), at)
    if assertion.find("a:AuthnStatement", _NAMES) is None:
        raise NotTrusted("says nothing of a sign-in")
    subject = _only(assertion, "a:Subject")
    confirmation = _only(subject, "a:SubjectConfirmation")
    data = _only(confirmation, "a:SubjectConfirmationData")
    until = data.get("NotOnOrAfter")
    if confirmation.get("Method") != _BEARER or until is None or data.get("NotBefore") is not None:
        raise NotTrusted("not for whoever bears it")
    if data.get("Recipient") != ours.address:
        raise NotTrusted("meant for another address")
    _check_times(None, until, at)
    if not (in_response_to := data.get("InResponseTo")):
        raise NotTrusted("nobody has asked")
    name_id = _only(subject, "a:NameID")
    name_format, subject_name = name_id.get("Format"), _text(name_id)
    if name_format == _TRANSIENT or not 0 < len(subject_name) <= _SUBJECT_LENGTH:
        raise NotTrusted("no lasting name for the person")
    # Upper and lower case in an address is how somebody typed it.
    subject_name = subject_name.lower() if name_format == _EMAIL else subject_name
    attributes = _attributes(assertion)
    email = next((attributes[name] for name in _EMAIL_ATTRIBUTES if attributes.get(name)), "")
    return Said(
        assertion_id=str(assertion.get("ID")),
        in_response_to=in_response_to,
        subject=subject_name,
        email=email or (subject_name if name_format == _EMAIL else ""),
        name=next((attributes[name] for name in _NAME_ATTRIBUTES if attributes.get(name)), ""),
        until=_time(until) + _CLOCKS_APART,
    )


def _check_conditions(conditions: etree._Element, ours: Ours, at: datetime) -> None:
    _check_times(conditions.get("NotBefore"), conditions.get("NotOnOrAfter"), at)
    known = {f"{{{_SAML}}}{name}" for name in ("AudienceRestriction", "OneTimeUse", "ProxyRestriction")}
    if any(condition.tag not in known for condition in conditions):
        raise NotTrusted("a condition we do not know")
    restrictions = conditions.findall("a:AudienceRestriction", _NAMES)
    audiences = [
        {_text(audience) for audience in restriction.findall("a:Audience", _NAMES)}
        for restriction in restrictions
    ]
    if not audiences or not all(ours.entity_id in some for some in audiences):
        raise NotTrusted("made for somebody else")


def _check_times(since: str | None, until: str | None, at: datetime) -> None:
    if since is not None and _time(since) > at + _CLOCKS_APART:
        raise NotTrusted("not yet")
    if until is not None and _time(until) <= at - _CLOCKS_APART:
        raise NotTrusted("too late")


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise NotTrusted("no time") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _attributes(assertion: etree._Element) -> dict[str, str]:
    """The first value of each that has one."""
    found: dict[str, str] = {}
    for attribute in assertion.iterfind("a:AttributeStatement/a:Attribute", _NAMES):
        values = attribute.findall("a:AttributeValue", _NAMES)
        if values:
            found.setdefault(str(attribute.get("Name")), _text(values[0]))
    return found


def _only(parent: etree._Element, path: str) -> etree._Element:
    found = parent.findall(path, _NAMES)
    if len(found) != 1:
        raise NotTrusted(f"{len(found)} × {path}")
    return found[0]


def _text(element: etree._Element) -> str:
    if len(element):
        raise NotTrusted("something inside a text")
    return (element.text or "").strip()
