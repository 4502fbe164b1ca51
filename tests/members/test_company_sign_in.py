"""Signing in by one's company: who comes in and as whom, and every way in which a provider's word may not hold."""

import re
import time
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.test import Client
from django.urls import reverse

from community.core.errors import Invalid, Refused
from community.core.models import Activity, Mail
from community.core.verbs import Verb
from members.actions.domain import set_domain_rule
from members.actions.identity_provider import remove_identity_provider, set_identity_provider
from members.actions.member import create_member, deactivate_member
from members.actions.organisation import add_domain
from members.actions.review import decide_application, take_application
from members.models import (
    Admission,
    Application,
    DomainPolicy,
    IdentityProvider,
    Member,
    OrganisationDomain,
    Protocol,
    RoleName,
    Tier,
)
from tests.factories import dispatch_activity, make_application, make_member, make_organisation
from tests.oidc import CLIENT_ID, CLIENT_SECRET, running_company

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    with running_company() as company:
        yield company


@pytest.fixture
def row(company, administrator):
    organisation = make_organisation("The Company")
    add_domain(organisation, by=administrator, domain="company.example")
    return set_up(organisation, company, by=administrator)


def set_up(organisation, company, *, by, **but) -> IdentityProvider:
    words = {
        "protocol": Protocol.OIDC,
        "address": company.issuer,
        "client_id": CLIENT_ID,
        "secret": CLIENT_SECRET,
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


def go(company, client: Client, address: str):
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    return client.get(company.authorize(query).removeprefix("http://testserver"))


def sign_in(company, client: Client | None = None, **but: str):
    client = client or Client()
    return go(company, client, begin(client, **but))


def signed_in_as(client: Client) -> Member | None:
    number = client.session.get("_auth_user_id")
    return Member.objects.get(pk=number) if number else None


# --- who comes in, and as whom ---


def test_a_person_of_the_company_comes_in_at_once(row, company):
    client = Client()
    assert sign_in(company, client).headers["Location"] == "/"
    member = signed_in_as(client)
    assert (member.email, member.display_name, member.is_admitted) == (
        "ada@company.example",
        "Ada Able",
        True,
    )
    assert member.claimed_at is not None
    assert Admission.objects.get(member=member).organisation == row.organisation
    joined = Activity.objects.get(verb=Verb.MEMBER_JOINED, target_id=member.pk)
    assert joined.data["source"] == "sso"
    link = SocialAccount.objects.get()
    assert (link.provider, link.uid, link.user_id) == (row.link_name, "person-1", member.pk)
    assert not SocialToken.objects.exists()


def test_the_subject_is_the_key_from_then_on(row, company):
    sign_in(company)
    company.person["email"] = "ada.able@company.example"
    client = Client()
    sign_in(company, client)
    assert signed_in_as(client).email == "ada@company.example"
    assert Member.objects.filter(email__endswith="company.example").count() == 1


def test_another_subject_with_the_same_address_is_not_let_in(row, company):
    sign_in(company)
    company.person["sub"] = "person-2"
    client = Client()
    assert sign_in(company, client).status_code == 403
    assert signed_in_as(client) is None


def test_without_a_word_that_lets_them_in_people_become_applicants(row, company, administrator):
    set_up(row.organisation, company, by=administrator, auto_admit=False)
    client = Client()
    sign_in(company, client)
    member = signed_in_as(client)
    assert (member.is_admitted, member.roles) == (False, {RoleName.APPLICANT})
    assert Application.objects.filter(member=member).count() == 1


def test_a_rule_of_the_gate_lets_them_in_too(row, company, administrator):
    set_up(row.organisation, company, by=administrator, auto_admit=False)
    set_domain_rule("company.example", DomainPolicy.ACCEPT, by=administrator, organisation=row.organisation)
    client = Client()
    sign_in(company, client)
    assert signed_in_as(client).is_admitted


def test_a_blocked_domain_stays_outside(row, company, administrator):
    set_domain_rule("company.example", DomainPolicy.BLOCK, by=administrator, reason="Ask us first.")
    client = Client()
    answer = sign_in(company, client)
    assert (answer.status_code, signed_in_as(client)) == (403, None)
    assert "Ask us first." in answer.content.decode()


def applied(company, *, is_sent, **values):
    """Somebody of the company who has asked to come in before they signed in by it."""
    application = make_application("Ada Able", email=company.person["email"], sent=is_sent)
    Application.objects.filter(pk=application.pk).update(**values)
    return application


@pytest.mark.parametrize("is_sent", [False, True])
@pytest.mark.parametrize("is_linked", [False, True])
def test_who_has_asked_before_comes_in_like_a_stranger(row, company, administrator, is_sent, is_linked):
    application = applied(company, is_sent=is_sent)
    if is_linked:
        set_up(row.organisation, company, by=administrator, auto_admit=False)
        sign_in(company)
        assert not Member.objects.get(pk=application.member_id).is_admitted
        set_up(row.organisation, company, by=administrator)
    client = Client()
    sign_in(company, client)
    member = signed_in_as(client)
    application.refresh_from_db()
    assert (member, member.is_admitted, application.state) == (application.member, True, "accepted")
    assert Admission.objects.get(member=member).organisation == row.organisation
    accepted = Activity.objects.get(verb=Verb.APPLICATION_ACCEPTED)
    assert (accepted.counterpart, accepted.data["at_once"]) == (member, True)
    # They are here: no mail has to tell them.
    dispatch_activity()
    assert not Mail.objects.filter(kind="application.accepted").exists()


def test_what_a_reviewer_has_taken_up_the_reviewer_decides(row, company, manager):
    application = applied(company, is_sent=True)
    take_application(application, by=manager)
    client = Client()
    sign_in(company, client)
    application.refresh_from_db()
    assert (signed_in_as(client).is_admitted, application.state) == (False, "in_review")


def test_whom_reviewers_have_declined_no_sign_in_lets_in(row, company, manager):
    application = applied(company, is_sent=True)
    decide_application(application, by=manager, accepts=False, words="Not this year.")
    client = Client()
    sign_in(company, client)
    assert client.post(reverse("application_create")).status_code == 302
    sign_in(company)
    assert not signed_in_as(client).is_admitted
    assert Application.objects.filter(member=application.member, state="draft").count() == 1


def test_where_no_place_is_free_they_wait_for_one(row, company, administrator):
    tier = Tier.objects.create(name="Full", slug="full", capacity=1)
    set_up(row.organisation, company, by=administrator, tier=tier)
    sign_in(company)
    company.person |= {"sub": "person-2", "email": "bo@company.example"}
    client = Client()
    sign_in(company, client)
    assert signed_in_as(client).roles == {RoleName.APPLICANT}
    assert Application.objects.get(member=signed_in_as(client)).state == "waitlisted"


def test_an_account_with_the_verified_address_is_linked_and_keeps_its_second_step(row, company):
    member = make_member(email="ada@company.example")
    TOTP.activate(member, generate_totp_secret())
    client = Client()
    assert sign_in(company, client).headers["Location"].startswith(reverse("mfa_authenticate"))
    assert SocialAccount.objects.get().user_id == member.pk
    assert signed_in_as(client) is None


def test_an_account_that_a_manager_made_has_its_address_confirmed_by_it(row, company, manager):
    member = create_member(by=manager, email="ada@company.example", display_name="Ada")
    client = Client()
    sign_in(company, client)
    assert signed_in_as(client) == member
    assert EmailAddress.objects.get(user=member).verified


def test_a_deactivated_account_stays_closed(row, company, manager):
    deactivate_member(make_member(email="ada@company.example"), by=manager, reason="left")
    client = Client()
    sign_in(company, client)
    assert signed_in_as(client) is None


@pytest.mark.parametrize(
    "person",
    [
        {"email": "ada@company.example", "email_verified": False},
        {"email": "ada@company.example", "email_verified": "false"},
        {"email": "ada@company.example", "email_verified": 1.5},
        {"email": "ada@company.example", "email_verified": None},
        {"email": "ada@elsewhere.example", "email_verified": True},
        {"email": "ada@mail.company.example", "email_verified": True},
        {"email": "ada@company.example.evil.example", "email_verified": True},
        {"email": "ada@evil.example@company.example", "email_verified": True},
        {"email": "", "email_verified": True},
        {"email": ["ada@company.example"], "email_verified": True},
    ],
)
def test_unverified_and_foreign_addresses_do_not_come_in(row, company, person):
    make_member(email="ada@elsewhere.example")
    make_member(email="ada@company.example")
    company.person |= person
    client = Client()
    answer = sign_in(company, client)
    assert (answer.status_code, signed_in_as(client)) == (403, None)
    assert not SocialAccount.objects.exists()


def test_a_domain_that_is_not_verified_lets_nobody_in(row, company):
    OrganisationDomain.objects.update(verified_at=None)
    client = Client()
    assert (
        "No company signs in here"
        in client.post(reverse("company_sign_in"), {"company": "ada@company.example"}).content.decode()
    )
    assert go(company, client, begin(client, row.slug)).status_code == 403


# --- a provider whose word does not hold ---


def past(claims):
    return claims | {"exp": int(time.time()) - 120, "iat": int(time.time()) - 400}


def without(name):
    return lambda claims: {key: value for key, value in claims.items() if key != name}


BENT = {
    "nonce": lambda claims: claims | {"nonce": "another"},
    "no nonce": without("nonce"),
    "audience": lambda claims: claims | {"aud": "somebody else"},
    "two audiences": lambda claims: claims | {"aud": [CLIENT_ID, "somebody else"]},
    "issuer": lambda claims: claims | {"iss": "https://evil.example"},
    "expired": past,
    "no end": without("exp"),
    "no subject": without("sub"),
    "empty subject": lambda claims: claims | {"sub": ""},
    "long subject": lambda claims: claims | {"sub": "s" * 300},
}


@pytest.mark.parametrize("bend", BENT.values(), ids=BENT.keys())
def test_a_token_that_does_not_hold_lets_nobody_in(row, company, bend):
    company.bend = bend
    client = Client()
    answer = sign_in(company, client)
    assert (answer.status_code, signed_in_as(client)) == (403, None)
    assert "did not work out" in answer.content.decode()


@pytest.mark.parametrize("algorithm", ["HS256", "none"])
def test_only_signatures_of_its_published_keys_count(row, company, algorithm):
    company.algorithm = algorithm
    client = Client()
    assert sign_in(company, client).status_code == 403
    company.algorithm, company.keeps_key = "RS256", False
    assert sign_in(company, client).status_code == 403
    assert signed_in_as(client) is None


def test_the_way_back_works_once_and_only_in_the_browser_that_began(row, company):
    client = Client()
    address = begin(client)
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    back = company.authorize(query).removeprefix("http://testserver")
    assert Client().get(back).status_code == 403
    assert client.get(back.replace(query["state"], "x" * 16)).status_code == 403
    assert client.get(back).status_code == 302
    assert client.get(back).status_code == 403


def test_a_sign_in_begun_at_one_company_does_not_end_at_another(row, company, administrator):
    other = make_organisation()
    add_domain(other, by=administrator, domain="other.example")
    second = set_up(other, company, by=administrator)
    client = Client()
    query = {name: values[0] for name, values in parse_qs(urlsplit(begin(client)).query).items()}
    back = company.authorize(query).removeprefix("http://testserver")
    assert client.get(back.replace(row.link_name, second.link_name)).status_code == 403
    assert signed_in_as(client) is None


def test_the_start_carries_state_nonce_and_proof(row, company):
    query = parse_qs(urlsplit(begin(Client())).query)
    assert query["redirect_uri"] == [f"http://testserver/sign-in/company/{row.link_name}/back/"]
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["nonce"][0]) >= 32
    assert len(query["state"][0]) >= 16


def test_nothing_begins_by_a_link(row, company):
    assert Client().get(reverse("company_sign_in"), {"company": "ada@company.example"}).status_code == 200
    assert company.asked == []


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://evil.example"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
    ],
)
def test_a_provider_that_says_something_else_of_itself_is_not_followed(row, company, said):
    company.said = said
    answer = Client().post(reverse("company_sign_in"), {"company": "ada@company.example"})
    assert answer.status_code == 422
    assert "cannot be reached" in answer.content.decode()


def test_redirects_of_the_provider_are_not_followed(row, company):
    company.said = {"jwks_uri": f"{company.issuer}/elsewhere"}
    client = Client()
    assert sign_in(company, client).status_code == 403


def test_a_provider_that_is_away_costs_a_sentence(row, company):
    IdentityProvider.objects.update(address="http://127.0.0.1:9")
    answer = Client().post(reverse("company_sign_in"), {"company": "ada@company.example"})
    assert "cannot be reached" in answer.content.decode()
    assert "ada@company.example" in answer.content.decode()


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_where_it_goes_on_stays_on_this_site(row, company, wanted):
    assert sign_in(company, next=wanted).headers["Location"] == "/"


def test_it_goes_on_where_one_wanted_to_go(row, company):
    assert sign_in(company, next="/members/").headers["Location"] == "/members/"


# --- setting it up ---


def test_only_administrators_set_it_up(row, company, manager):
    with pytest.raises(Refused):
        set_up(row.organisation, company, by=manager)
    with pytest.raises(Refused):
        remove_identity_provider(row, by=manager)


@pytest.mark.parametrize(
    "but",
    [
        {"protocol": Protocol.SAML},
        {"address": "ftp://company.example"},
        {"address": "http://company.example", "must_be_https": True},
        {"address": "https://user@company.example"},
        {"address": "https://company.example/.well-known/openid-configuration"},
        {"client_id": "  "},
    ],
)
def test_what_cannot_work_is_refused_in_words(row, company, administrator, but):
    with pytest.raises(Invalid):
        set_up(row.organisation, company, by=administrator, **but)


def test_a_company_without_domains_cannot_sign_people_in(company, administrator):
    with pytest.raises(Invalid, match="domains"):
        set_up(make_organisation(), company, by=administrator)


def test_setting_it_up_verifies_the_domains_and_seals_the_secret(row):
    assert OrganisationDomain.objects.get().verified_at is not None
    assert CLIENT_SECRET not in row.secret
    assert Activity.objects.filter(verb=Verb.IDENTITY_PROVIDER_SET).count() == 1


def test_another_issuer_or_client_breaks_the_links_and_the_secret_may_stay(row, company, administrator):
    sign_in(company)
    set_up(row.organisation, company, by=administrator, secret=None)
    assert SocialAccount.objects.count() == 1
    client = Client()
    sign_in(company, client)
    assert signed_in_as(client) is not None
    set_up(row.organisation, company, by=administrator, client_id="another")
    assert SocialAccount.objects.count() == 0


def test_removing_ends_it(row, company, administrator):
    sign_in(company)
    remove_identity_provider(row, by=administrator)
    remove_identity_provider(row, by=administrator)
    assert not SocialAccount.objects.exists()
    assert Member.objects.filter(email="ada@company.example").exists()
    assert Client().get(reverse("company_callback", args=[row.link_name])).status_code == 404


def test_the_page_says_nothing_about_accounts(row):
    make_member(email="memb01@company.example")
    pages = set()
    for email in ("memb01@company.example", "nobody@company.example"):
        page = Client().post(reverse("company_sign_in"), {"company": email})
        assert email not in page.content.decode()
        pages.add(
            (page.status_code, re.sub(r"(state|nonce|code_challenge)=[^&\"]+", "", page.content.decode()))
        )
    assert len({status for status, _text in pages}) == 1


def test_whoever_is_signed_in_goes_home(row, client_as, member):
    assert client_as(member).get(reverse("company_sign_in")).headers["Location"] == "/"


def test_the_settings_page_of_the_admin(company, client_as, administrator):
    organisation = make_organisation("The Company")
    add_domain(organisation, by=administrator, domain="company.example")
    web = client_as(administrator)
    words = {
        "organisation": organisation.pk, "protocol": "oidc", "address": company.issuer, "client_id": CLIENT_ID,
        "new_secret": CLIENT_SECRET, "auto_admit": "on", "tier": "",
    }  # fmt: skip
    address = reverse("admin:members_identityprovider_add")
    assert web.post(address, words | {"protocol": "saml"}).status_code == 200
    assert not IdentityProvider.objects.exists()
    assert web.post(address, words).status_code == 302
    row = IdentityProvider.objects.get()
    page = web.get(reverse("admin:members_identityprovider_change", args=[row.pk])).content.decode()
    assert f"/sign-in/company/{row.link_name}/back/" in page
    assert CLIENT_SECRET not in page
    assert row.secret not in page
    change = reverse("admin:members_identityprovider_change", args=[row.pk])
    assert web.post(change, words | {"new_secret": "", "auto_admit": ""}).status_code == 302
    assert IdentityProvider.objects.get().secret == row.secret
    client = Client()
    sign_in(company, client)
    assert signed_in_as(client) is not None


def test_setting_it_up_asks_for_the_password_again(company, client_as):
    administrator = make_member(role=RoleName.ADMINISTRATOR, password="seven quiet herons wade")
    asked = client_as(administrator).post(reverse("admin:members_identityprovider_add"), {})
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
