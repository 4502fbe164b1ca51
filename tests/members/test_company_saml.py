"""Signing in by one's company over SAML: who comes in, and every way in which a response may not hold."""

import base64
import re
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from lxml import etree
from signxml import XMLSigner

from community.core.errors import Invalid
from members.actions.identity_provider import set_identity_provider
from members.actions.organisation import add_domain
from members.models import IdentityProvider, Member, Protocol
from tests.factories import make_member, make_organisation
from tests.oidc import CLIENT_ID, CLIENT_SECRET, key_number
from tests.oidc import running_company as running_oidc_company
from tests.saml import EMAIL, NAMES, SAML, Company, certificate_number, moment, read_request

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return Company()


@pytest.fixture
def row(company, administrator):
    organisation = make_organisation("The Company")
    add_domain(organisation, by=administrator, domain="company.example")
    return set_up(organisation, company, by=administrator)


def set_up(organisation, company, *, by, **but) -> IdentityProvider:
    words = {
        "protocol": Protocol.SAML,
        "address": company.sign_on,
        "client_id": company.entity_id,
        "certificates": company.certificate,
        "auto_admit": True,
        "must_be_https": False,
    }
    return set_identity_provider(organisation, by=by, **words | but)


def begin(client: Client, typed: str = "anybody@company.example", **but: str) -> str:
    """Where the browser is led, out of the page that leads it."""
    page = client.post(reverse("company_sign_in"), {"company": typed} | but)
    assert page.status_code == 200, page.content.decode()
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page.content.decode())
    return unescape(found[1])


def post(answer: dict[str, str], **but: str):
    """As the browser does it from the company's page: without any cookie, and with the origin of that page."""
    words = {name: answer[name] for name in ("SAMLResponse", "RelayState")} | but
    strict = Client(enforce_csrf_checks=True)
    address = answer["answer_to"].removeprefix("http://testserver")
    return strict.post(address, words, headers={"origin": "https://company.example"})


def come_back(client: Client, answer: dict[str, str], **but: str):
    posted = post(answer, **but)
    return client.get(posted.headers["Location"]) if posted.status_code == 302 else posted


def sign_in(company, client: Client | None = None, **but: str):
    client = client or Client()
    return come_back(client, company.answer(begin(client, **but)))


def signed_in_as(client: Client) -> Member | None:
    number = client.session.get("_auth_user_id")
    return Member.objects.get(pk=number) if number else None


# --- who comes in ---


@pytest.mark.parametrize("signs", ["assertion", "response", "both"])
def test_a_person_of_the_company_comes_in_at_once(row, company, signs):
    company.signs = signs
    client = Client()
    assert sign_in(company, client).headers["Location"] == "/"
    member = signed_in_as(client)
    assert (member.email, member.display_name, member.is_admitted) == (
        "ada@company.example",
        "Ada Able",
        True,
    )
    link = SocialAccount.objects.get()
    assert (link.provider, link.uid, link.extra_data) == (row.link_name, "person-1", {})


def test_the_subject_is_the_key_from_then_on(row, company):
    sign_in(company)
    company.person["email"] = "ada.able@company.example"
    client = Client()
    sign_in(company, client)
    assert signed_in_as(client).email == "ada@company.example"


def test_a_subject_that_is_an_address_is_one_in_any_case(row, company):
    company.person = {"NameID": "Ada@Company.example", "Format": EMAIL}
    sign_in(company)
    company.person["NameID"] = "ada@company.example"
    client = Client()
    sign_in(company, client)
    assert signed_in_as(client).email == "ada@company.example"
    assert SocialAccount.objects.get().uid == "ada@company.example"


def test_the_names_that_microsoft_gives_are_known(row, company):
    company.person = {
        "NameID": "person-1",
        "Format": company.person["Format"],
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress": "bo@company.example",
        "http://schemas.microsoft.com/identity/claims/displayname": "Bo Best",
    }
    client = Client()
    sign_in(company, client)
    assert (signed_in_as(client).email, signed_in_as(client).display_name) == (
        "bo@company.example",
        "Bo Best",
    )


@pytest.mark.parametrize(
    "email", ["ada@elsewhere.example", "ada@mail.company.example", "", "ada@evil.example@company.example"]
)
def test_only_addresses_of_the_company_come_in(row, company, email):
    make_member(email="ada@elsewhere.example")
    company.person["email"] = email
    client = Client()
    assert sign_in(company, client).status_code == 403
    assert signed_in_as(client) is None
    assert not SocialAccount.objects.exists()


def test_it_goes_on_where_one_wanted_to_go_and_stays_on_this_site(row, company):
    assert sign_in(company, next="/members/").headers["Location"] == "/members/"
    assert sign_in(company, next="https://evil.example/").headers["Location"] == "/"


def test_the_key_may_change_while_two_certificates_are_set(row, company, administrator):
    both = certificate_number(2) + certificate_number(1)
    set_up(row.organisation, company, by=administrator, certificates=both)
    assert sign_in(company).status_code == 302
    company.key = 2
    assert sign_in(company).status_code == 302


# --- a response that does not hold ---


def ago(seconds: int) -> str:
    return moment(datetime.now(UTC) - timedelta(seconds=seconds))


UNTRUE = {
    "audience": lambda: {"audience": "http://testserver/sign-in/company/company-0/metadata/"},
    "recipient": lambda: {"recipient": "http://testserver/sign-in/company/company-0/answer/"},
    "destination": lambda: {"destination": "https://elsewhere.example/"},
    "issuer": lambda: {"issuer": "https://evil.example/saml"},
    "ended": lambda: {"until": ago(120)},
    "subject ended": lambda: {"until_subject": ago(120)},
    "not yet": lambda: {"since": ago(-120)},
    "no time": lambda: {"until_subject": "tomorrow"},
    "refused there": lambda: {"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"},
    "not for the bearer": lambda: {"method": "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"},
    "asked twice": lambda: {"asked_in_response": "id-another"},
    "another question": lambda: {"asked": "id-another", "asked_in_response": "id-another"},
    "nobody asked": lambda: {"asked": "", "asked_in_response": ""},
}


@pytest.mark.parametrize("words", UNTRUE.values(), ids=UNTRUE.keys())
def test_a_response_that_says_something_untrue_lets_nobody_in(row, company, words):
    company.words = words()
    assert_nobody_comes_in(company)


def assert_nobody_comes_in(company) -> None:
    client = Client()
    answer = sign_in(company, client)
    assert (answer.status_code, signed_in_as(client)) == (403, None)
    assert "did not work out" in answer.content.decode()
    assert not SocialAccount.objects.exists()
    assert not Member.objects.filter(email__endswith="company.example").exists()


def take_away(path):
    def bend(response):
        element = response.find(path, NAMES)
        element.getparent().remove(element)

    return bend


def double(path):
    def bend(response):
        element = response.find(path, NAMES)
        element.addnext(deepcopy(element))

    return bend


def add_condition(response):
    etree.SubElement(response.find("a:Assertion/a:Conditions", NAMES), f"{{{SAML}}}Condition")


def add_audience(response):
    restriction = response.find("a:Assertion/a:Conditions/a:AudienceRestriction", NAMES)
    another = deepcopy(restriction)
    another[0].text = "https://elsewhere.example/"
    restriction.addnext(another)


def name_for_now(response):
    transient = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
    response.find("a:Assertion/a:Subject/a:NameID", NAMES).set("Format", transient)


def end_session(response):
    response.find("a:Assertion/a:AuthnStatement", NAMES).set("SessionNotOnOrAfter", ago(120))


SUBJECT = "a:Assertion/a:Subject"
BENT = {
    "no conditions": take_away("a:Assertion/a:Conditions"),
    "no audience": take_away("a:Assertion/a:Conditions/a:AudienceRestriction"),
    "no sign-in": take_away("a:Assertion/a:AuthnStatement"),
    "no subject": take_away(SUBJECT),
    "no name": take_away(f"{SUBJECT}/a:NameID"),
    "no confirmation": take_away(f"{SUBJECT}/a:SubjectConfirmation"),
    "no issuer": take_away("a:Assertion/a:Issuer"),
    "two names": double(f"{SUBJECT}/a:NameID"),
    "a condition that nobody knows": add_condition,
    "a second audience": add_audience,
    "a name for now": name_for_now,
    "a session that is over": end_session,
}


@pytest.mark.parametrize("bend", BENT.values(), ids=BENT.keys())
def test_a_signed_response_that_lacks_something_lets_nobody_in(row, company, bend):
    company.bend = bend
    if bend is BENT["no issuer"]:
        # The signature stands second, whatever is first.
        company.signs = "response"
    assert_nobody_comes_in(company)


def test_an_unsigned_response_lets_nobody_in(row, company):
    company.signs = "nothing"
    assert_nobody_comes_in(company)


@pytest.mark.parametrize("signs", ["assertion", "response"])
def test_only_the_certificate_that_was_set_counts(row, company, signs):
    """Also where the response brings its own along, or shows the right one without its key."""
    company.signs, company.key = signs, 2
    assert_nobody_comes_in(company)
    company.shown_certificate = certificate_number(1)
    assert_nobody_comes_in(company)


class Careless(XMLSigner):
    """Signs with what it is told to, however weak."""

    def check_deprecated_methods(self) -> None:
        return


WEAK = {
    "sha1": ({"signature_algorithm": "rsa-sha1"}, key_number(1)),
    "sha1 digest": ({"digest_algorithm": "sha1"}, key_number(1)),
    # What everybody can read, as if it were a secret that both know.
    "certificate": ({"signature_algorithm": "hmac-sha256"}, certificate_number(1).encode()),
}


@pytest.mark.parametrize(("how", "key"), WEAK.values(), ids=WEAK.keys())
def test_a_weak_signature_does_not_count(row, company, how, key):
    def break_(document: bytes) -> bytes:
        response = etree.fromstring(document)
        signer = Careless(c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#", **how)
        signed = signer.sign(response, key=key, reference_uri=f"#{response.get('ID')}", id_attribute="ID")
        return etree.tostring(signed)

    company.signs, company.break_ = "nothing", break_
    assert_nobody_comes_in(company)


def test_a_certificate_that_has_ended_does_not_count(row, company):
    IdentityProvider.objects.update(certificates=certificate_number(1, days=1))
    assert_nobody_comes_in(company)


def test_what_was_changed_after_signing_lets_nobody_in(row, company):
    company.break_ = lambda document: document.replace(b"person-1", b"person-2")
    assert_nobody_comes_in(company)
    company.break_ = lambda document: document.replace(b"ada@company", b"eve@company")
    assert_nobody_comes_in(company)


# --- a signature that stands beside what is read (wrapping) ---


def forged(response: etree._Element) -> etree._Element:
    """The assertion as an attacker wants it: about somebody else, and without a signature."""
    made = deepcopy(response.find("a:Assertion", NAMES))
    made.remove(made.find("s:Signature", NAMES))
    made.set("ID", "forged")
    made.find("a:Subject/a:NameID", NAMES).text = "person-2"
    made.find("a:AttributeStatement/a:Attribute/a:AttributeValue", NAMES).text = "eve@company.example"
    return made


def before(response):
    response.find("a:Assertion", NAMES).addprevious(forged(response))


def behind(response):
    response.append(forged(response))


def inside(response):
    """The signed one is carried along inside the forged one."""
    signed, made = response.find("a:Assertion", NAMES), forged(response)
    response.replace(signed, made)
    made.append(signed)


def inside_signature(response):
    """The forged one has the signature, and that has the signed one as an object."""
    signed, made = response.find("a:Assertion", NAMES), forged(response)
    signature = signed.find("s:Signature", NAMES)
    signed.remove(signature)
    response.replace(signed, made)
    made.insert(1, signature)
    etree.SubElement(signature, f"{{{NAMES['s']}}}Object").append(signed)


def in_extensions(response):
    signed, made = response.find("a:Assertion", NAMES), forged(response)
    response.replace(signed, made)
    extensions = etree.Element("{urn:oasis:names:tc:SAML:2.0:protocol}Extensions")
    response.insert(1, extensions)
    extensions.append(signed)


def same_id(response):
    made = forged(response)
    made.set("ID", response.find("a:Assertion", NAMES).get("ID"))
    response.find("a:Assertion", NAMES).addprevious(made)


def borrowed_signature(response):
    """The forged one carries a copy of the signature, which is of the other."""
    made = forged(response)
    made.insert(1, deepcopy(response.find("a:Assertion/s:Signature", NAMES)))
    response.find("a:Assertion", NAMES).addprevious(made)


def moved_signature(response):
    """The signature of the assertion stands where one of the whole response would."""
    signed = response.find("a:Assertion", NAMES)
    signature = signed.find("s:Signature", NAMES)
    signed.remove(signature)
    response.insert(1, signature)
    signed.find("a:Subject/a:NameID", NAMES).text = "person-2"


WRAPPED = (
    before,
    behind,
    inside,
    inside_signature,
    in_extensions,
    same_id,
    borrowed_signature,
    moved_signature,
)


@pytest.mark.parametrize("wrap", WRAPPED)
def test_a_signature_of_something_else_lets_nobody_in(row, company, wrap):
    def break_(document: bytes) -> bytes:
        response = etree.fromstring(document)
        wrap(response)
        return etree.tostring(response)

    company.break_ = break_
    assert_nobody_comes_in(company)


def test_a_whole_response_wrapped_in_another_lets_nobody_in(row, company):
    def break_(document: bytes) -> bytes:
        signed = etree.fromstring(document)
        outer = deepcopy(signed)
        outer.remove(outer.find("s:Signature", NAMES))
        outer.set("ID", "outer")
        outer.find("a:Assertion/a:Subject/a:NameID", NAMES).text = "person-2"
        extensions = etree.SubElement(outer, "{urn:oasis:names:tc:SAML:2.0:protocol}Extensions")
        extensions.append(signed)
        return etree.tostring(outer)

    company.signs, company.break_ = "response", break_
    assert_nobody_comes_in(company)


# --- a document that two readers would read differently ---


def test_a_comment_inside_a_name_lets_nobody_in(row, company):
    """`ada@company.example<!---->.evil.example` is signed as one name and read by some up to the comment."""
    company.person = {"NameID": "ada@company.example.evil.example", "Format": EMAIL}
    company.break_ = lambda document: document.replace(
        b"company.example.evil", b"company.example<!---->.evil"
    )
    assert_nobody_comes_in(company)
    company.person = {"NameID": "ada@company<!---->.example", "Format": EMAIL}
    assert_nobody_comes_in(company)


STRANGE = {
    "doctype": b"<!DOCTYPE x>",
    "entity": b'<!DOCTYPE x [<!ENTITY who "person-2">]>',
    "file": b'<!DOCTYPE x [<!ENTITY who SYSTEM "file:///etc/passwd">]>',
    "other dtd": b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    "many": b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
}


@pytest.mark.parametrize("head", STRANGE.values(), ids=STRANGE.keys())
def test_a_document_type_lets_nobody_in(row, company, head):
    company.break_ = lambda document: head + document
    assert_nobody_comes_in(company)


def test_an_instruction_lets_nobody_in(row, company):
    company.break_ = lambda document: document.replace(b">person-1<", b">person<?x?>-1<")
    assert_nobody_comes_in(company)


@pytest.mark.parametrize(
    "posted", ["", "not base64!", "bm8geG1s", base64.b64encode(b"<a/>").decode(), "A" * 400_000, "é"]
)
def test_what_is_no_response_costs_a_sentence(row, posted):
    answer = post(
        {
            "SAMLResponse": posted,
            "RelayState": "",
            "answer_to": reverse("company_answer", args=[row.link_name]),
        }
    )
    assert answer.status_code == 403
    assert "did not work out" in answer.content.decode()


# --- once, and only in the browser that asked ---


def test_an_answer_works_once(row, company):
    client = Client()
    answer = company.answer(begin(client))
    back = post(answer).headers["Location"]
    assert client.get(back).status_code == 302
    assert client.get(back).status_code == 403
    client.logout()
    assert post(answer).status_code == 403
    # Even where what was said before is forgotten, nobody has asked.
    cache.clear()
    assert come_back(client, answer).status_code == 403
    assert signed_in_as(client) is None


def test_an_answer_works_only_in_the_browser_that_asked(row, company):
    client, other = Client(), Client()
    begin(other)
    answer = company.answer(begin(client))
    back = post(answer).headers["Location"]
    assert other.get(back).status_code == 403
    assert signed_in_as(other) is None


def test_an_answer_to_one_question_is_none_to_another_of_the_same_browser(row, company):
    client = Client()
    first, second = begin(client), begin(client)
    answer = company.answer(first)
    assert come_back(client, answer, RelayState=read_request(second).relay_state).status_code == 403
    assert signed_in_as(client) is None


def test_a_sign_in_that_the_provider_begins_lets_nobody_in(row, company):
    address = begin(Client())
    client = Client()
    company.bend = lambda response: response.find(
        "a:Assertion/a:Subject/a:SubjectConfirmation/a:SubjectConfirmationData", NAMES
    ).attrib.pop("InResponseTo")
    assert come_back(client, company.answer(address), RelayState="").status_code == 403
    assert signed_in_as(client) is None


def test_an_answer_of_one_company_is_none_for_another(row, company, administrator):
    other = make_organisation()
    add_domain(other, by=administrator, domain="other.example")
    second = set_up(other, company, by=administrator)
    client = Client()
    answer = company.answer(begin(client))
    answer["answer_to"] = answer["answer_to"].replace(row.link_name, second.link_name)
    assert come_back(client, answer).status_code == 403


def test_nothing_is_kept_under_a_made_up_key(row):
    address = reverse("company_callback", args=[row.link_name])
    for query in ({}, {"answer": "x"}, {"answer": "é \t" * 200}, {"code": "1", "state": "2"}):
        assert Client().get(address, query).status_code == 403


def test_a_company_with_openid_connect_has_no_place_for_answers(administrator):
    with running_oidc_company() as company:
        organisation = make_organisation()
        add_domain(organisation, by=administrator, domain="oidc.example")
        row = set_identity_provider(
            organisation, by=administrator, protocol=Protocol.OIDC, address=company.issuer, client_id=CLIENT_ID,
            secret=CLIENT_SECRET, must_be_https=False,
        )  # fmt: skip
    assert Client().post(reverse("company_answer", args=[row.link_name])).status_code == 404
    assert Client().get(reverse("company_metadata", args=[row.link_name])).status_code == 404


# --- setting it up ---


def test_our_metadata_says_what_a_provider_needs(row):
    answer = Client().get(reverse("company_metadata", args=[row.link_name]))
    assert answer.headers["Content-Type"] == "application/samlmetadata+xml"
    metadata = etree.fromstring(answer.content)
    names = {"m": "urn:oasis:names:tc:SAML:2.0:metadata"}
    assert metadata.get("entityID") == f"http://testserver/sign-in/company/{row.link_name}/metadata/"
    [service] = metadata.findall("m:SPSSODescriptor/m:AssertionConsumerService", names)
    assert service.get("Location") == f"http://testserver/sign-in/company/{row.link_name}/answer/"


def test_the_request_says_who_asks_and_where_the_answer_goes(row, company):
    address = begin(Client())
    assert address.startswith(f"{company.sign_on}&SAMLRequest=")
    asked = read_request(address)
    assert asked.issuer == f"http://testserver/sign-in/company/{row.link_name}/metadata/"
    assert asked.answer_to == f"http://testserver/sign-in/company/{row.link_name}/answer/"
    assert len(asked.relay_state) >= 32
    assert len(asked.request_id) >= 32


def test_what_cannot_work_is_refused_in_words(row, company, administrator):
    for but, words in (
        ({"address": "ftp://company.example"}, "sign-on address"),
        ({"address": "https://user@company.example"}, "sign-on address"),
        ({"address": "http://company.example", "must_be_https": True}, "https"),
        ({"client_id": "  "}, "entity id"),
        ({"certificates": ""}, "no certificate"),
        ({"certificates": "-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----"}, "no certificate"),
        ({"certificates": certificate_number(1, days=1)}, "ended on"),
    ):
        with pytest.raises(Invalid, match=words):
            set_up(row.organisation, company, by=administrator, **but)


def test_a_bare_certificate_is_taken_too(row, company, administrator):
    bare = "\n".join(company.certificate.splitlines()[1:-1])
    assert set_up(row.organisation, company, by=administrator, certificates=bare).certificates == (
        company.certificate
    )


def test_another_name_breaks_the_links_and_another_address_or_key_does_not(row, company, administrator):
    sign_in(company)
    other = {"address": "http://127.0.0.1:9/other", "certificates": certificate_number(2)}
    set_up(row.organisation, company, by=administrator, **other)
    assert SocialAccount.objects.count() == 1
    set_up(row.organisation, company, by=administrator, client_id="https://company.example/new")
    assert SocialAccount.objects.count() == 0


def test_the_settings_page_takes_metadata(company, client_as, administrator):
    organisation = make_organisation("The Company")
    add_domain(organisation, by=administrator, domain="company.example")
    web = client_as(administrator)
    address = reverse("admin:members_identityprovider_add")
    words = {"organisation": organisation.pk, "protocol": "saml", "auto_admit": "on", "tier": ""}
    page = web.post(address, words | {"metadata": "<!DOCTYPE x><x/>"})
    assert page.status_code == 200
    assert "is not the metadata of one SAML provider" in page.content.decode()
    assert "&lt;!DOCTYPE x&gt;&lt;x/&gt;" in page.content.decode()
    assert web.post(address, words).status_code == 200
    assert not IdentityProvider.objects.exists()
    assert web.post(address, words | {"metadata": company.metadata()}).status_code == 302
    row = IdentityProvider.objects.get()
    assert (row.address, row.client_id, row.certificates) == (
        company.sign_on,
        company.entity_id,
        company.certificate,
    )
    page = web.get(reverse("admin:members_identityprovider_change", args=[row.pk])).content.decode()
    assert f"http://testserver/sign-in/company/{row.link_name}/answer/" in page
    assert f"http://testserver/sign-in/company/{row.link_name}/metadata/" in page
    client = Client()
    sign_in(company, client)
    assert signed_in_as(client) is not None


# --- the button that looks whether it works ---


def look(web: Client, row) -> str:
    before = IdentityProvider.objects.values().get(pk=row.pk)
    words = {"action": "try_out", "_selected_action": row.pk, "from_page": row.pk}
    page = web.post(reverse("admin:members_identityprovider_changelist"), words, follow=True)
    assert page.redirect_chain == [(reverse("admin:members_identityprovider_change", args=[row.pk]), 302)], (
        page.content.decode()
    )
    assert IdentityProvider.objects.values().get(pk=row.pk) == before
    return unescape(page.content.decode())


def test_looking_at_a_certificate(row, client_as, administrator):
    web = client_as(administrator)
    assert "can be read and holds until" in look(web, row)
    for days, sentence in ((1, "A certificate ended on"), (20, "A certificate ends on")):
        IdentityProvider.objects.update(certificates=certificate_number(1, days=days))
        assert sentence in look(web, row)
    IdentityProvider.objects.update(certificates="")
    assert "no certificate that can be read" in look(web, row)
    row.organisation.domains.update(verified_at=None)
    assert "has no verified domain" in look(web, row)


def test_looking_at_an_openid_connect_provider(client_as, administrator):
    organisation = make_organisation()
    add_domain(organisation, by=administrator, domain="company.example")
    web = client_as(administrator)
    with running_oidc_company() as company:
        row = set_identity_provider(
            organisation, by=administrator, protocol=Protocol.OIDC, address=company.issuer, client_id=CLIENT_ID,
            secret=CLIENT_SECRET, must_be_https=False,
        )  # fmt: skip
        assert "publishes 1 key for signing" in look(web, row)
        company.said = {"issuer": "https://other.example"}
        assert "calls itself https://other.example" in look(web, row)
        company.said = {"token_endpoint": None}
        assert "no sound address for token_endpoint" in look(web, row)
        company.said = {"jwks_uri": f"{company.issuer}/elsewhere"}
        assert "publishes no key" in look(web, row)
    assert "does not answer as one does" in look(web, row)
