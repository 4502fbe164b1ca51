"""In front of the gate in a real Chromium: from the public page by mail to the form and to how it stands."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import transaction
from playwright.sync_api import Page, expect

from community.core.models import Mail
from members.actions.application import ask_for_vouch, lock_application, move_to
from members.actions.gate import create_criterion, create_question, create_tier, default_tier, edit_gate
from members.models import Application, ApplicationState, Question
from tests.browser.conftest import NARROW, WIDE
from tests.factories import make_application, make_member

pytestmark = pytest.mark.django_db(transaction=True)

LOOKS = [
    {"viewport": WIDE, "color_scheme": "light"},
    {"viewport": NARROW, "color_scheme": "dark"},
]


@pytest.fixture
def gate():
    edit_gate(by=None, purpose="For people who set prices.", audience="Practitioners.\n\nNot vendors.")
    default_tier()
    create_criterion(by=None, name="Works on prices", description="Half of the week or more.")
    create_question(by=None, kind="company", label="Where do you work?", is_required=True, position=1)
    kind = create_question(
        by=None,
        kind="choice",
        label="Does it sell to others here?",
        choices=["No", "Yes"],
        is_required=True,
        position=2,
    )
    create_question(
        by=None,
        kind="long",
        label="What does it sell?",
        is_required=True,
        shown_if=kind,
        shown_if_answer="Yes",
        position=3,
    )
    create_question(
        by=None,
        kind="long",
        label="What could you help with?",
        is_required=True,
        fills="can_help_with",
        position=4,
    )
    return kind


def reviewer_moves(application: Application, state: ApplicationState, words: str) -> None:
    with transaction.atomic():
        move_to(
            lock_application(application), state, by=make_member("Marek Manager", role="manager"), words=words
        )


def link_in_last_mail() -> str:
    mail = Mail.objects.order_by("-pk").first()
    return re.search(r"http://testserver(/join/links/\S+)", mail.body)[1]


def ask_for_link(page: Page, email: str) -> None:
    page.goto("/")
    expect(page).to_have_url(re.compile("/join/$"))
    page.get_by_label("Your e-mail address").fill(email)
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mail")


def open_link(page: Page) -> None:
    page.goto(link_in_last_mail())
    page.get_by_role("button", name="Go to my application").click()
    expect(page).to_have_url(re.compile("/me/application/edit/$"))


def test_a_stranger_reads_asks_begins_stops_goes_on_sends_and_sees_how_it_stands(page_as, gate, watch):
    page = page_as(None)
    page.goto("/")
    expect(page.get_by_role("main")).to_contain_text("For people who set prices.")
    expect(page.get_by_role("main")).to_contain_text("Works on prices")
    expect(page.get_by_role("main")).to_contain_text("within 2 working days")
    ask_for_link(page, "nia@example.org")
    open_link(page)

    # The question that hangs on another one comes and goes with its answer.
    what = page.get_by_label("What does it sell?")
    expect(what).to_be_hidden()
    page.get_by_label("Yes", exact=True).check()
    expect(what).to_be_visible()
    what.fill("Price software.")
    page.get_by_label("Your name").fill("Nia New")
    page.get_by_role("button", name="Save and go on later").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")

    # On another device, by the link that came with saving.
    other = page_as(None)
    open_link(other)
    expect(other.get_by_label("Your name")).to_have_value("Nia New")
    expect(other.get_by_label("What does it sell?")).to_have_value("Price software.")
    other.get_by_role("button", name="Send application").click()
    expect(other.get_by_role("alert").first).to_contain_text("not sent yet")
    expect(other.get_by_text("This question needs an answer.")).to_have_count(2)
    expect(other.get_by_label("What does it sell?")).to_have_value("Price software.")
    other.get_by_label("No", exact=True).check()
    expect(other.get_by_label("What does it sell?")).to_be_hidden()
    other.get_by_label("Where do you work?").fill("Acme")
    other.get_by_label("What could you help with?").fill("Price increases.")
    other.get_by_label("This may also stand in my profile").check()
    other.get_by_role("button", name="Send application").click()

    expect(other.get_by_role("heading", level=1)).to_have_text("We have your application")
    expect(other.get_by_role("main")).to_contain_text("You have an answer by:")
    other.get_by_text("What you wrote").click()
    expect(other.get_by_role("main")).to_contain_text("Price increases.")
    expect(other.get_by_role("main")).not_to_contain_text("Price software.")
    # Home is this page, and nothing leads inside.
    other.goto("/")
    expect(other).to_have_url(re.compile("/me/application/$"))
    for inside in ("Spaces", "People", "Search"):
        expect(other.get_by_role("link", name=inside)).to_have_count(0)
    application = Application.objects.get()
    assert application.company_name == "Acme"
    assert application.answers.get(question__fills="can_help_with").may_fill

    # More is asked, answered and decided; the words arrive as they were written.
    reviewer_moves(application, ApplicationState.MORE_ASKED, "Which <team>?")
    other.reload()
    expect(other.get_by_text("Which <team>?").first).to_be_visible()
    other.get_by_label("Your answer").fill("The first one.")
    other.get_by_role("button", name="Send answer").click()
    expect(other.get_by_role("status")).to_contain_text("has arrived")
    reviewer_moves(application, ApplicationState.DECLINED, "Not this year, because.")
    other.reload()
    expect(other.get_by_role("heading", level=1)).to_have_text("Your application was declined")
    expect(other.get_by_text("Not this year, because.").first).to_be_visible()
    expect(other.get_by_text("Marek")).to_have_count(0)
    watch.forgive("422")


def test_the_whole_way_works_without_script(page_as, gate, watch):
    page = page_as(None, java_script_enabled=False)
    ask_for_link(page, "nia@example.org")
    open_link(page)
    expect(page.get_by_text("Only if you answered “Yes” to “Does it sell to others here?”.")).to_be_visible()
    page.get_by_label("Your name").fill("Nia New")
    page.get_by_label("Where do you work?").fill("Acme")
    page.get_by_label("Yes", exact=True).check()
    page.get_by_label("What could you help with?").fill("Price increases.")
    page.get_by_role("button", name="Send application").click()
    expect(page.get_by_text("This question needs an answer.")).to_have_count(1)
    expect(page.get_by_label("What could you help with?")).to_have_value("Price increases.")
    page.get_by_label("No", exact=True).check()
    page.get_by_role("button", name="Send application").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your application")
    page.get_by_text("Withdraw it").click()
    page.get_by_role("button", name="Withdraw application").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You have withdrawn your application")
    page.get_by_role("button", name="Begin a new application").click()
    expect(page.get_by_label("Your name")).to_have_value("Nia New")
    watch.forgive("422")


def complaints(page: Page) -> list[str]:
    options = {"resultTypes": ["violations"], "preload": False}
    found = Axe().run(page, context={"include": [["html"]]}, options=options).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


def looked_at(page: Page, address: str) -> list[str]:
    page.goto(address)
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return [*complaints(page), *([f"{wide} px too wide"] if wide > 0 else [])]


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_in_front_of_the_gate_is_readable_by_everybody(page_as, gate, watch, look):
    circle = create_tier(by=None, name="The circle", description="C" * 300, vouches_needed=1)
    create_criterion(by=None, name="Leads" * 20, tier=circle)
    draft = make_application("ن" * 80, email="d@example.org", sent=False)
    Question.objects.update(is_required=False)
    sent = make_application("W" * 80, email=f"{'w' * 60}@example.org", tier=circle)
    ask_for_vouch(sent, f"{'v' * 60}@example.com", by=sent.member)
    asked = make_application("Ann Asked", email="asked@example.org")
    reviewer_moves(asked, ApplicationState.MORE_ASKED, "Why?\n\n" + "long" * 200)
    stranger = page_as(None, **look)
    found = {
        address: looked_at(stranger, address) for address in ("/join/", "/join/sent/", "/join/links/none/")
    }
    for application, address in (
        (draft, "/me/application/edit/"),
        (sent, "/me/application/"),
        (asked, "/me/application/"),
    ):
        page = page_as(application.member, **look)
        found[f"{address} of {application.state}"] = looked_at(page, address)
    assert {address: problems for address, problems in found.items() if problems} == {}
    # A link that has ended is a page that was not found.
    watch.forgive("404")
