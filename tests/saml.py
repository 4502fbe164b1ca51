"""A small SAML provider of a made-up company, which can be told to lie. Its key is made when tests begin."""

import base64
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from html import escape
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import CanonicalizationMethod, XMLSigner

from tests.oidc import key_number
from tests.servers import Quiet, serving

PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
NAMES = {"p": PROTOCOL, "a": SAML, "s": "http://www.w3.org/2000/09/xmldsig#"}
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"


@cache
def certificate_number(number: int, *, days: int = 365) -> str:
    """For the key of that number; it began two days ago and holds for so many days from then."""
    key = key_number(number)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "The Company")])
    since = datetime.now(UTC) - timedelta(days=2)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=days))
        .sign(key, SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


@dataclass
class Asked:
    """What stands in a request, and where the answer goes."""

    request_id: str
    issuer: str
    answer_to: str
    relay_state: str


def read_request(address: str) -> Asked:
    query = parse_qs(urlsplit(address).query)
    request = etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), wbits=-15))
    return Asked(
        request_id=request.get("ID"),
        issuer=request.findtext("a:Issuer", namespaces=NAMES),
        answer_to=request.get("AssertionConsumerServiceURL"),
        relay_state=query["RelayState"][0],
    )


@dataclass
class Company:
    """Whom it signs in. `words` replace what it says; `bend` gets the response before it is signed, `break_` after."""

    host: str = "http://127.0.0.1:9"
    person: dict[str, str] = field(
        default_factory=lambda: {
            "NameID": "person-1",
            "Format": PERSISTENT,
            "email": "ada@company.example",
            "displayName": "Ada Able",
        }
    )
    words: dict[str, str] = field(default_factory=dict)
    bend: Callable[[etree._Element], object] = lambda response: None
    break_: Callable[[bytes], bytes] = lambda response: response
    signs: str = "assertion"
    key: int = 1
    shown_certificate: str | None = None
    answers: list[dict[str, str]] = field(default_factory=list)
    _count: int = 0

    @property
    def entity_id(self) -> str:
        return "https://company.example/saml"

    @property
    def sign_on(self) -> str:
        return f"{self.host}/sign-on?company=7"

    @property
    def certificate(self) -> str:
        return certificate_number(self.key)

    def metadata(self) -> str:
        bare = "".join(self.certificate.splitlines()[1:-1])
        return f"""<?xml version="1.0"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="{NAMES["s"]}"
 entityID="{self.entity_id}">
<md:IDPSSODescriptor protocolSupportEnumeration="{PROTOCOL}">
<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>
{bare}
</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{self.host}/other"/>
<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{self.sign_on}"/>
</md:IDPSSODescriptor></md:EntityDescriptor>"""

    def response(self, asked: Asked) -> bytes:
        self._count += 1
        now = datetime.now(UTC)
        words = {
            "now": moment(now), "since": moment(now - timedelta(seconds=30)),
            "until": moment(now + timedelta(minutes=5)), "until_subject": moment(now + timedelta(minutes=5)),
            "id": f"a{self._count}", "response_id": f"r{self._count}",
            "issuer": self.entity_id, "audience": asked.issuer, "recipient": asked.answer_to,
            "destination": asked.answer_to, "asked": asked.request_id, "asked_in_response": asked.request_id,
            "status": "urn:oasis:names:tc:SAML:2.0:status:Success",
            "method": "urn:oasis:names:tc:SAML:2.0:cm:bearer",
        } | self.words  # fmt: skip
        attributes = "".join(
            f'<saml:Attribute Name="{name}"><saml:AttributeValue>{escape(value)}</saml:AttributeValue></saml:Attribute>'
            for name, value in self.person.items()
            if name not in ("NameID", "Format")
        )
        response = etree.fromstring(
            f"""<samlp:Response xmlns:samlp="{PROTOCOL}" xmlns:saml="{SAML}" ID="{words["response_id"]}" Version="2.0"
 IssueInstant="{words["now"]}" Destination="{words["destination"]}" InResponseTo="{words["asked_in_response"]}">
<saml:Issuer>{words["issuer"]}</saml:Issuer>
<samlp:Status><samlp:StatusCode Value="{words["status"]}"/></samlp:Status>
<saml:Assertion ID="{words["id"]}" Version="2.0" IssueInstant="{words["now"]}">\
<saml:Issuer>{words["issuer"]}</saml:Issuer>
<saml:Subject><saml:NameID Format="{self.person["Format"]}">{self.person["NameID"]}</saml:NameID>
<saml:SubjectConfirmation Method="{words["method"]}"><saml:SubjectConfirmationData InResponseTo="{words["asked"]}"
 Recipient="{words["recipient"]}" NotOnOrAfter="{words["until_subject"]}"/></saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="{words["since"]}" NotOnOrAfter="{words["until"]}"><saml:AudienceRestriction>
<saml:Audience>{words["audience"]}</saml:Audience></saml:AudienceRestriction></saml:Conditions>
<saml:AuthnStatement AuthnInstant="{words["now"]}"><saml:AuthnContext><saml:AuthnContextClassRef>
urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>
<saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion></samlp:Response>"""
        )
        self.bend(response)
        if self.signs in ("assertion", "both"):
            assertion = response.find("a:Assertion", NAMES)
            response.replace(assertion, self.sign(assertion))
        if self.signs in ("response", "both"):
            response = self.sign(response)
        return self.break_(etree.tostring(response))

    def sign(self, element: etree._Element) -> etree._Element:
        """Behind the issuer, as the schema wants it."""
        names = {"ds": NAMES["s"]}
        place = etree.Element(f"{{{NAMES['s']}}}Signature", {"Id": "placeholder"}, nsmap=names)
        element.insert(1, place)
        signer = XMLSigner(c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0)
        signer.namespaces = names
        return signer.sign(
            element,
            key=key_number(self.key),
            cert=self.shown_certificate or self.certificate,
            reference_uri=f"#{element.get('ID')}",
            id_attribute="ID",
        )

    def answer(self, address: str) -> dict[str, str]:
        """Signs the person in without asking; a real one would ask. Returns what the browser posts, and where to."""
        asked = read_request(address)
        posted = base64.b64encode(self.response(asked)).decode()
        self.answers.append(
            {"SAMLResponse": posted, "RelayState": asked.relay_state, "answer_to": asked.answer_to}
        )
        return self.answers[-1]


def moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@contextmanager
def running_company() -> Iterator[Company]:
    """The provider on a port of its own; for a browser it is another site than `localhost`."""
    company = Company()

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b""
            if self.path.startswith("/sign-on?"):
                answer = company.answer(self.path)
                fields = "".join(
                    f'<input type="hidden" name="{name}" value="{escape(answer[name])}">'
                    for name in ("SAMLResponse", "RelayState")
                )
                body = (
                    f'<!doctype html><title>The Company</title><form method="post" action="{answer["answer_to"]}">'
                    f"{fields}<button>Sign in as Ada</button></form>"
                ).encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Handler) as company.host:
        yield company
