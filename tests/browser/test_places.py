"""A topic is moved, split and merged by hand, and a session is asked, supported and answered on a phone."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from discussions.actions.ask_session import settle_session
from discussions.actions.rearrange import merge_topics, split_topic
from discussions.models import SpacePreset, Topic, TopicKind
from tests.browser.conftest import NARROW
from tests.factories import make_member, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def space():
    return make_space("Pricing", purpose="How we set prices.")


def test_a_topic_is_moved_after_reading_who_will_read_it(page_as, space):
    author, moderator = make_member("Ann Lee"), make_member("Mo Quist", role="moderator")
    board = make_space("Board", preset=SpacePreset.PRIVATE, members=[author])
    topic = make_topic(space=space, by=author, title="Names of customers")
    page = page_as(moderator)
    page.goto(topic.get_absolute_url())
    page.get_by_role("link", name="Move", exact=True).click()
    page.get_by_label("Space").select_option("Board")
    page.get_by_role("button", name="Who can read it there?").click()
    expect(page.get_by_role("main")).to_contain_text("All members can read this.")
    expect(page.get_by_role("main")).to_contain_text("The people listed in this space can read this")
    page.get_by_label("Reason").fill("Customers are named.")
    page.get_by_role("button", name="Move topic").click()
    expect(page.get_by_role("main")).to_contain_text("The topic is in Board now.")
    topic.refresh_from_db()
    assert topic.space == board


def test_the_place_of_a_post_after_the_hash_leads_to_where_it_stands_now(page_as, space):
    author, moderator = make_member("Ann Lee"), make_member("Mo Quist", role="moderator")
    topic, other = (make_topic(space=space, by=author, title=title) for title in ("Pilots", "Pilots again"))
    for number in range(3):
        make_post(topic=topic, by=author, body=f"Reply {number}")
        make_post(topic=other, by=author, body=f"Again {number}")
    split_address, merged_address = topic.get_post_url(3), other.get_post_url(4)
    new = split_topic(topic, [3], by=moderator, title="Apart", kind=TopicKind.DISCUSSION)
    page = page_as(author)
    page.goto(split_address)
    page.wait_for_url(f"**{new.get_absolute_url()}?page=1#post-1")
    merge_topics(other, topic, by=moderator)
    page.goto(merged_address)
    page.wait_for_url(f"**{topic.get_absolute_url()}?page=1#post-8")
    expect(page.locator("#post-8")).to_contain_text("Again 2")


def test_a_steward_splits_a_topic_with_boxes(page_as, space):
    moderator, author = make_member("Mo Quist", role="moderator"), make_member("Ann Lee")
    topic = make_topic(space=space, by=author, title="Two matters")
    for number in range(2):
        make_post(topic=topic, by=author, body=f"Reply {number}")
    page = page_as(moderator)
    page.goto(f"{topic.get_absolute_url()}split/")
    page.get_by_label("Title of the new topic").fill("The second matter")
    page.get_by_label("Reply 1").check()
    page.get_by_role("button", name="Split topic").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The second matter")
    assert Topic.objects.get(title="The second matter").post_count == 1


def test_a_session_is_asked_supported_and_answered_on_a_phone(page_as, space):
    host, asker, other = make_member("Hanna Host"), make_member("Ann Lee"), make_member("Bo Quist")
    topic = make_topic(
        space=space, kind=TopicKind.SESSION, by=make_member(role="moderator"), title="Ask Hanna"
    )
    now = timezone.now()
    settle_session(
        topic, by=None, opens_at=now, starts_at=now, ends_at=now + timedelta(hours=1), hosts=[host]
    )
    page = page_as(asker, viewport=NARROW)
    page.goto(topic.get_absolute_url())
    page.get_by_role("link", name="Questions and answers").click()
    page.locator("#write [contenteditable=true], #write textarea[name=body]").first.click()
    page.keyboard.type("What costs most?")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator(".question")).to_contain_text("What costs most?")
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0

    second = page_as(other, viewport=NARROW)
    second.goto(f"{topic.get_absolute_url()}session/")
    second.get_by_role("button", name="I want to know this too").click()
    expect(second.locator(".question")).to_contain_text("1 more wants to know this")

    third = page_as(host, viewport=NARROW)
    third.goto(f"{topic.get_absolute_url()}session/")
    third.get_by_role("link", name="Answer", exact=True).click()
    third.locator("[contenteditable=true], textarea[name=body]").first.click()
    third.keyboard.type("The second year.")
    third.get_by_role("button", name="Post answer").click()
    expect(third.get_by_role("heading", name="Answered")).to_be_visible()

    page.goto(f"{topic.get_absolute_url()}session/transcript/")
    expect(page.locator(".question-answer")).to_contain_text("The second year.")
