"""Signing in by one's company in a real Chromium, whose `form-action` would stop a redirect out of a form."""

import re
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from members.actions.identity_provider import set_identity_provider
from members.actions.organisation import add_domain
from members.models import Member, Protocol, RoleName
from tests.factories import make_member, make_organisation
from tests.oidc import CLIENT_ID, CLIENT_SECRET, running_company
from tests.saml import Company as SamlCompany
from tests.saml import running_company as running_saml_company

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company(live_server, settings, watch):
    settings.SITE_URL = live_server.url
    administrator = make_member(role=RoleName.ADMINISTRATOR)
    organisation = make_organisation("Harbour Works")
    add_domain(organisation, by=administrator, domain="company.example")
    with running_company() as company:
        set_identity_provider(
            organisation, by=administrator, protocol=Protocol.OIDC, address=company.issuer, client_id=CLIENT_ID,
            secret=CLIENT_SECRET, auto_admit=True, must_be_https=False,
        )  # fmt: skip
        yield company
    # The one other host that is asked on the way, and nothing but where it signs people in.
    asked = re.escape(f"request to {company.issuer}/authorize?")
    watch.problems = [problem for problem in watch.problems if not re.match(asked, problem)]


@pytest.mark.parametrize("with_script", [True, False])
def test_from_the_door_to_home_and_no_password_anywhere(page_as, company, with_script):
    page = page_as(None, java_script_enabled=with_script)
    page.goto(reverse("account_login"))
    page.get_by_role("link", name="Sign in with your company").click()
    page.get_by_label("Your e-mail address at work").fill("ada@company.example")
    page.get_by_role("button", name="Go on").click()
    # Led on by the page itself, to the company and back.
    expect(page).to_have_url(re.compile(r"^http://[^/]+/(welcome/.*)?$"))
    ada = Member.objects.get(email="ada@company.example")
    assert ada.is_admitted
    assert ada.employments.get().organisation.name == "Harbour Works"


def test_where_the_company_s_word_does_not_hold_the_page_says_so_and_leads_back(page_as, company, watch):
    company.bend = lambda claims: claims | {"nonce": "another"}
    page = page_as(None)
    page.goto(reverse("company_sign_in"))
    page.get_by_label("Your e-mail address at work").fill("ada@company.example")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="That did not let you in")).to_be_visible()
    watch.forgive("403 (Forbidden)")
    page.get_by_role("link", name="Sign in another way").click()
    assert urlsplit(page.url).path == reverse("account_login")
    assert not Member.objects.filter(email="ada@company.example").exists()


@pytest.fixture
def saml_company(live_server, settings, watch):
    """On 127.0.0.1, which is another site than `localhost`: what it posts to us comes without our cookies."""
    settings.SITE_URL = live_server.url
    administrator = make_member(role=RoleName.ADMINISTRATOR)
    organisation = make_organisation("Harbour Works")
    add_domain(organisation, by=administrator, domain="company.example")
    with running_saml_company() as company:
        set_identity_provider(
            organisation, by=administrator, protocol=Protocol.SAML, address=company.sign_on,
            client_id=company.entity_id, certificates=company.certificate, auto_admit=True, must_be_https=False,
        )  # fmt: skip
        yield company
    # The one other host that is asked on the way.
    watch.problems = [problem for problem in watch.problems if f"request to {company.host}/" not in problem]


@pytest.mark.parametrize("with_script", [True, False])
def test_over_saml_from_the_door_to_home(page_as, saml_company, watch, with_script):
    page = page_as(None, java_script_enabled=with_script)
    page.goto(reverse("company_sign_in"))
    page.get_by_label("Your e-mail address at work").fill("ada@company.example")
    page.get_by_role("button", name="Go on").click()
    # On the company's own page now, which posts to us.
    page.get_by_role("button", name="Sign in as Ada").click()
    expect(page).to_have_url(re.compile(r"^http://localhost[^/]+/(welcome/.*)?$"))
    assert Member.objects.get(email="ada@company.example").is_admitted
    # The company's page has no icon.
    watch.forgive("404")


def test_over_saml_another_browser_is_not_signed_in_by_the_answer(page_as, saml_company, watch):
    page, other = page_as(None), page_as(None)
    page.goto(reverse("company_sign_in"))
    page.get_by_label("Your e-mail address at work").fill("ada@company.example")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name="Sign in as Ada")).to_be_visible()
    address = page.url
    other.goto(address)
    other.get_by_role("button", name="Sign in as Ada").click()
    expect(other.get_by_role("heading", name="That did not let you in")).to_be_visible()
    assert not Member.objects.filter(email="ada@company.example").exists()
    watch.forgive("403 (Forbidden)", "404")


def test_the_settings_take_metadata_and_say_whether_they_can_work(page_as, live_server, settings):
    settings.SITE_URL = live_server.url
    administrator = make_member(role=RoleName.ADMINISTRATOR)
    add_domain(make_organisation("Harbour Works"), by=administrator, domain="company.example")
    page = page_as(administrator)
    page.goto(reverse("admin:members_identityprovider_add"))
    page.get_by_label("Company").select_option("Harbour Works")
    page.get_by_label("Protocol").select_option("SAML 2.0")
    page.get_by_label("Metadata of the provider").fill(SamlCompany().metadata())
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_label("Certificates")).to_have_value(re.compile("BEGIN CERTIFICATE"))
    expect(page.get_by_text(re.compile(r"/sign-in/company/company-\d+/answer/$"))).to_be_visible()
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("The certificate can be read and holds until")).to_be_visible()
