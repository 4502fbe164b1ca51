"""The description of the API and the page of tokens, in a browser under the policy of every page."""

import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from community.core.tokens import create_token
from tests.api import Program
from tests.browser.conftest import NARROW, WIDE

pytestmark = pytest.mark.django_db(transaction=True)

LOOKS = {
    "wide-light": {"viewport": WIDE, "color_scheme": "light"},
    "narrow-dark": {"viewport": NARROW, "color_scheme": "dark"},
}
# A folder for pictures, when somebody wants to look at the pages.
PICTURES = os.environ.get("PICTURES")


def inspect(page, name):
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png")
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response["violations"]
    assert [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]] == []
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


@pytest.mark.parametrize("look", LOOKS)
def test_the_description_is_readable_by_everybody(page_as, member, look):
    page = page_as(member, **LOOKS[look])
    page.goto("/api/docs/")
    inspect(page, f"docs-closed-{look}")
    page.locator("#topic_create > summary").click()
    page.locator("#topic_create details summary").click()
    expect(page.locator("#topic_create")).to_contain_text("Idempotency-Key")
    page.locator("#topic_list > summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#topic_list pre")).to_be_visible()
    page.locator("#topic_create").scroll_into_view_if_needed()
    inspect(page, f"docs-open-{look}")


@pytest.mark.parametrize("look", LOOKS)
def test_a_token_is_made_copied_used_and_revoked(page_as, member, look):
    create_token(member, by=member, name="A rather long name of a program that somebody wrote years ago")
    page = page_as(member, **LOOKS[look])
    page.goto("/me/")
    page.get_by_role("link", name="API tokens").click()
    inspect(page, f"tokens-{look}")
    page.get_by_label("What will use it").fill("Wiki sync")
    page.get_by_label("read and write").check()
    page.get_by_role("button", name="Make the token").click()
    field = page.get_by_label("The token of “Wiki sync”")
    expect(field).to_be_visible()
    secret = field.input_value()
    inspect(page, f"tokens-made-{look}")
    program = Program(None)
    program.headers["Authorization"] = f"Bearer {secret}"
    assert program.get("members/me/").json()["token"]["scopes"] == ["read", "write"]
    page.get_by_role("button", name="Revoke Wiki sync").click()
    expect(page.get_by_role("status")).to_contain_text("Wiki sync")
    assert program.get("members/me/").status_code == 401
