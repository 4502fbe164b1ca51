"""The reviewers' pages in a real browser: readable by everybody, on a phone and at night; a decision by keys alone."""

import pytest
from playwright.sync_api import expect

from members.actions.review import ask_second_reviewer, decide_application, note_application
from members.models import Application, Criterion, Question
from tests.browser.test_look import LOOKS, complaints, overflow
from tests.factories import make_application, make_member, make_tier

pytestmark = pytest.mark.django_db(transaction=True)

LONG = "Wolfeschlegelsteinhausenbergerdorff-Ångström " * 2
RIGHT_TO_LEFT = "ليلى بنت أحمد <b>"


@pytest.fixture
def full(manager):
    """One application with everything on its page, one that waits, and a vouch."""
    question = Question.objects.create(kind="long", label="What would you bring? " + "why " * 30)
    for number in range(3):
        Criterion.objects.create(name=f"Criterion {number} " + "x" * 80, description=LONG)
    tier = make_tier("A tier with quite a long name of its own", capacity=0, vouches_needed=2)
    application = make_application(LONG[:80], tier=tier, company="Nordwind " * 10)
    make_member(LONG[:80])
    application.answers.create(question=question, text="word " * 200 + "y" * 200)
    application.vouches.create(by=make_member(RIGHT_TO_LEFT), words="Good. " * 40, conflict="My cousin")
    note_application(application, "Met in May. " * 20, by=manager)
    ask_second_reviewer(application, "z" * 200, by=manager)
    waiting = make_application(RIGHT_TO_LEFT, tier=make_tier(capacity=0))
    Criterion.objects.update(retired_at="2026-01-01T00:00Z")
    decide_application(waiting, by=manager, accepts=True, words="Soon.")
    Criterion.objects.update(retired_at=None)
    make_application("Short")
    return application, waiting


@pytest.mark.parametrize("look", LOOKS)
def test_the_reviewers_pages_are_readable_by_everybody(page_as, manager, full, look):
    page = page_as(manager, **LOOKS[look])
    application, waiting = full
    found = {}
    for path in (
        "/applications/",
        "/applications/?list=waitlisted",
        "/applications/?list=declined",
        application.get_absolute_url(),
        waiting.get_absolute_url(),
        "/vouches/",
        f"/vouches/?member={application.member.handle}",
    ):
        page.goto(path)
        found[path] = complaints(page) + ([f"{overflow(page)} too wide"] if overflow(page) > 0 else [])
    page.goto(application.get_absolute_url())
    for summary in page.locator("details.review-more > summary").all():
        summary.click()
    found["all open"] = complaints(page) + ([f"{overflow(page)} too wide"] if overflow(page) > 0 else [])
    assert {where: what for where, what in found.items() if what} == {}


def test_a_decision_with_the_keyboard_alone(page_as, manager):
    Criterion.objects.create(name="Works in the field")
    application = make_application("Greta Guest")
    page = page_as(manager)
    page.goto("/applications/")
    page.keyboard.press("j")
    page.keyboard.press("o")
    expect(page.get_by_role("heading", level=1)).to_have_text("Greta Guest")
    page.get_by_role("radio", name="met", exact=True).focus()
    page.keyboard.press("Space")
    page.get_by_label("Words for the applicant").focus()
    page.keyboard.type("Welcome, Greta.")
    page.get_by_role("button", name="Accept").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".messages")).to_contain_text("Greta Guest is a member now")
    assert Application.objects.get(pk=application.pk).state == "accepted"


def test_without_script_everything_works_too(page_as, manager, watch):
    application = make_application("Greta Guest")
    page = page_as(manager, java_script_enabled=False)
    page.goto(application.get_absolute_url())
    page.get_by_role("button", name="Take it").click()
    expect(page.get_by_text("You have taken this application.")).to_be_visible()
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_text("The applicant reads exactly these words.")).to_be_visible()
    watch.forgive("422")
    page.get_by_label("Words for the applicant").fill("Not this year.")
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_text("is declined, and a mail carries your words")).to_be_visible()
