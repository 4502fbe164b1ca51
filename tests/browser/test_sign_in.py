"""Signing in and the administration in a real Chromium: passkeys, second steps and work under the strict policy."""

import re
from urllib.parse import urlsplit

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from playwright.sync_api import Page, expect

from members.models import RoleName
from tests.factories import PASSWORD, make_member, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db(transaction=True)

# Passkeys belong to a name, and an address of numbers has none.
HOST = "localhost"
HOME = re.compile(r"^http://[^/]+/$")


@pytest.fixture
def person():
    return make_member("Petra Person", email="petra@example.org", password=PASSWORD)


@pytest.fixture
def there(browser, live_server, watch):
    """A stranger's page on http://localhost, where browsers allow passkeys."""
    address = urlsplit(live_server.url)
    watch.host = f"{HOST}:{address.port}"
    context = browser.new_context(base_url=f"http://{watch.host}")
    context.set_default_timeout(10_000)
    page = context.new_page()
    watch.follow(page)
    yield page
    context.close()


@pytest.fixture
def key(there: Page):
    """A phone or computer that holds passkeys and recognises its owner."""
    devtools = there.context.new_cdp_session(there)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools


def sign_in(page: Page, email: str = "petra@example.org") -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def confirm_password(page: Page) -> None:
    expect(page.get_by_role("heading", name="Show that it is you")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()


def sign_out(page: Page) -> None:
    page.goto("/accounts/logout/")
    page.locator("main").get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/accounts/login/"))


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def test_password_and_keyboard(there, person):
    there.goto("/accounts/login/")
    there.get_by_label("Email").focus()
    there.keyboard.type(person.email)
    there.keyboard.press("Tab")
    if not there.get_by_label("Password", exact=True).evaluate("field => field === document.activeElement"):
        there.keyboard.press("Tab")
    there.keyboard.type(PASSWORD)
    there.keyboard.press("Enter")
    expect(there).to_have_url(HOME)


def test_code_by_mail(there, person):
    there.goto("/accounts/login/")
    there.get_by_role("link", name="Send me a code by mail").click()
    there.get_by_label("Email").fill(person.email)
    there.get_by_role("button", name="Send the code").click()
    expect(there.get_by_role("heading", name="Enter the code")).to_be_visible()
    there.get_by_label("Code").fill(re.search(r"^    (\S+)$", mail.outbox[0].body, re.MULTILINE)[1])
    there.get_by_role("button", name="Confirm").click()
    expect(there).to_have_url(HOME)


def test_passkey_from_setting_it_up_to_signing_in_with_it_alone(there, person, key):
    sign_in(there)
    there.goto("/accounts/2fa/webauthn/add/")
    confirm_password(there)
    expect(there.get_by_label("Sign in with it alone")).to_be_checked()
    there.get_by_role("button", name="Add it").click()
    expect(there.get_by_role("heading", name="Recovery codes")).to_be_visible()
    sign_out(there)
    there.get_by_role("button", name="Use a passkey").click()
    expect(there).to_have_url(HOME)
    there.goto("/me/")
    expect(there.get_by_label("Name", exact=True)).to_have_value(person.display_name)


def test_security_key_as_the_second_step_and_to_show_that_it_is_you(there, person, key):
    sign_in(there)
    there.goto("/accounts/2fa/webauthn/add/")
    confirm_password(there)
    there.get_by_label("Sign in with it alone").uncheck()
    there.get_by_role("button", name="Add it").click()
    expect(there.get_by_role("heading", name="Recovery codes")).to_be_visible()
    sign_out(there)
    sign_in(there)
    expect(there.get_by_role("heading", name="Second step")).to_be_visible()
    there.get_by_role("button", name="Use a passkey or security key").click()
    expect(there).to_have_url(HOME)
    there.goto("/accounts/2fa/webauthn/reauthenticate/?next=/accounts/2fa/")
    there.get_by_role("button", name="Use a passkey or security key").click()
    expect(there).to_have_url(re.compile("/accounts/2fa/$"))


def test_authenticator_app_and_a_recovery_code(there, person):
    sign_in(there)
    there.goto("/accounts/2fa/totp/activate/")
    confirm_password(there)
    expect(there.locator("main img, main svg").first).to_be_visible()
    secret = there.get_by_label("Or type this secret into the app").input_value()
    there.get_by_label("Authenticator code").fill(code_of(secret))
    there.locator("main form button.button-primary").click()
    expect(there.get_by_role("heading", name="Recovery codes")).to_be_visible()
    codes = there.get_by_label("Codes", exact=True).input_value().split()
    assert len(codes) == 10
    # They are shown this once.
    there.goto("/accounts/2fa/recovery-codes/")
    expect(there.locator("main")).not_to_contain_text(codes[0])
    sign_out(there)
    sign_in(there)
    there.get_by_label("Code").fill(codes[0])
    there.get_by_role("button", name="Sign in").click()
    expect(there).to_have_url(HOME)


def test_without_scripts_one_signs_in_too(page_as, person):
    page = page_as(None, java_script_enabled=False)
    sign_in(page)
    expect(page).to_have_url(HOME)


# --- the administration -----------------------------------------------------------------------------------------


def test_a_manager_at_work(page_as, manager, member, other_member):
    """Every page of a morning: no complaint of the policy, no error, no request elsewhere (the watch sees to that)."""
    space = make_space("Circle", preset="private", members=[manager])
    make_post(topic=make_topic(space=space, title="To be closed"))
    page = page_as(manager)
    page.goto("/admin/")
    page.locator("main, #content").last.get_by_role("link", name="Members", exact=True).click()
    page.locator("#searchbar").fill("mira")
    page.locator("#searchbar").press("Enter")
    page.get_by_role("link", name="Mira Member").click()
    page.get_by_role("button", name="Grant a role").click()
    page.get_by_label("Role").select_option(RoleName.EXPERT)
    page.get_by_role("button", name="Grant role").click()
    expect(page.locator("body")).to_contain_text("Done for 1.")
    expect(page.locator("body")).to_contain_text("expert")

    page.goto("/admin/discussions/spacemembership/add/")
    page.get_by_label("Space").select_option(label="Circle")
    page.locator(".select2-selection").click()
    page.locator(".select2-search__field").fill("oskar")
    page.locator(".select2-results__option", has_text="Oskar Other").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#result_list")).to_contain_text("Oskar Other")

    page.goto("/admin/discussions/topic/")
    page.get_by_role("row", name="To be closed").get_by_role("checkbox").check()
    page.locator("select[name=action]").select_option("close")
    page.get_by_role("button", name="Go").click()
    page.get_by_label("Reason").fill("answered elsewhere")
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.locator("body")).to_contain_text("Done for 1.")

    for path in (
        "discussions/space/add/",
        "members/organisation/add/",
        "core/activity/",
        "discussions/post/",
    ):
        page.goto(f"/admin/{path}")
        page.wait_for_load_state("networkidle")


def test_names_of_people_run_nothing_in_the_administration(page_as, administrator, manager):
    """Alpine's and htmx's attributes are only words here, and so are tags."""
    hostile = '"><img src=x onerror=alert(1)><b x-init="alert(2)" hx-get="/x" hx-trigger="load">'
    person = make_member(hostile[:80])
    make_space(hostile[:80])
    make_topic(title=hostile, by=person, tags=['"><svg onload=alert(3)>'])
    for reader, paths in (
        (
            administrator,
            (
                "members/member/",
                f"members/member/{person.pk}/change/",
                "core/activity/",
                "discussions/space/",
            ),
        ),
        (manager, ("discussions/topic/", "discussions/post/", "discussions/tag/")),
    ):
        page = page_as(reader)
        page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
        for path in paths:
            page.goto(f"/admin/{path}")
            page.wait_for_load_state("networkidle")
            assert page.locator("img[src=x], b[x-init], svg[onload]").count() == 0
