"""Searching and writing to somebody by keyboard alone, and without script; the new pages as axe sees them."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from community.core.text import Prose, SourceFormat
from discussions.actions.message import start_conversation
from discussions.models import Message
from tests.browser.conftest import NARROW, WIDE
from tests.browser.test_look import complaints, overflow
from tests.factories import make_member, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def topic(member, other_member):
    topic = make_topic(space=make_space("Pricing"), by=member, title="Renewal letters", body="A heron.")
    make_post(topic=topic, by=other_member, body="Another heron.")
    return topic


def test_a_suggestion_is_chosen_by_keyboard(page_as, member, topic):
    page = page_as(member)
    page.goto("/spaces/")
    page.keyboard.press("/")
    page.keyboard.type("renew")
    expect(page.get_by_role("option", name="Renewal letters")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", name="Renewal letters")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("option")).to_have_count(0)
    page.keyboard.type("a")
    expect(page.get_by_role("option", name="Renewal letters")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{topic.get_absolute_url()}*")


def test_what_was_typed_before_the_suggestions_had_come_is_suggested_for(page_as, member, topic):
    page = page_as(member)
    held = []
    page.route("**/behaviours/suggest*.js", lambda route: held.append(route))  # noqa: PLW0108
    with page.expect_request("**/behaviours/suggest*.js"):
        page.goto("/spaces/")
    page.locator("#top-search").focus()
    page.keyboard.type("renew")
    held[0].continue_()
    expect(page.get_by_role("option", name="Renewal letters")).to_be_visible()


def test_search_and_messages_work_without_script(page_as, member, other_member, topic):
    page = page_as(member, java_script_enabled=False)
    page.goto("/search/")
    page.fill("#q", "heron kind:reply")
    page.locator(".search-form button").click()
    expect(page.locator(".result")).to_have_count(1)
    page.goto(f"{reverse('conversation_create')}?to={other_member.handle}")
    page.locator("textarea[name=body]").fill("Hello without script.")
    page.get_by_role("button", name="Send message").click()
    expect(page.locator(".message .prose")).to_have_text("Hello without script.")
    assert Message.objects.get().author == member


@pytest.mark.parametrize(("viewport", "scheme"), [(WIDE, "light"), (NARROW, "dark")])
def test_the_pages_have_no_faults_for_axe(page_as, member, topic, viewport, scheme):
    asker = make_member("Ann Archer", at=timezone.now() - timedelta(days=90))
    message = start_conversation([member], by=asker, prose=Prose("Hello.", SourceFormat.MARKDOWN))
    page = page_as(member, viewport=viewport, color_scheme=scheme)
    for address in (
        "/search/?q=heron in:nowhere is:unanswered",
        "/search/?q=ann kind:person",
        f"/search/?q=heron&topic={topic.pk}",
        "/messages/?tab=requests",
        message.conversation.get_absolute_url(),
        reverse("conversation_create"),
        reverse("contact_rule_edit"),
        reverse("message_report", args=[message.pk]),
    ):
        page.goto(address)
        assert complaints(page) == [], address
        assert overflow(page) <= 0, address
