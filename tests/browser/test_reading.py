"""Reading with keys and a mouse: marking, reacting, replies under their post, the undo of a follow, what came since."""

import pytest
from playwright.sync_api import expect

from discussions.models import Bookmark, Follow, Reaction
from tests.factories import dispatch_activity, make_member, make_post, make_topic

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def thread(member):
    topic = make_topic(by=member, kind="question", title="What do you charge for a pilot?", tags=["Pricing"])
    asked = make_post(topic=topic, by=make_member("Bo Quist"), body="Which region is it for?")
    make_post(topic=topic, by=make_member("Cara Diaz"), body="We charge by the month.")
    make_post(topic=topic, by=make_member("Dan Ek"), reply_to=asked, body="The north, I would think.")
    dispatch_activity()
    return topic


def test_a_post_is_marked_with_a_key_and_reacted_to_in_place(page_as, member, thread):
    page = page_as(member)
    page.goto(f"{thread.get_absolute_url()}?page=1")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("b")
    expect(page.locator("#post-2").get_by_role("button", name="Bookmarked")).to_be_visible()
    assert Bookmark.objects.get(member=member).post.number == 2
    page.locator("#post-2").get_by_text("React").click()
    page.locator("#post-2").get_by_role("button", name="Insightful").click()
    expect(page.locator("#post-2").get_by_text("1 insightful")).to_be_visible()
    assert Reaction.objects.get().kind == "insightful"
    page.keyboard.press("g")
    page.keyboard.press("b")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bookmarks")
    expect(page.get_by_text("Which region is it for?")).to_be_visible()


def test_replies_open_under_their_post(page_as, member, thread):
    page = page_as(member)
    page.goto(f"{thread.get_absolute_url()}?page=1")
    post = page.locator("#post-2")
    expect(post.get_by_text("The north, I would think.")).to_have_count(0)
    post.locator("summary", has_text="1 reply").click()
    expect(post.get_by_text("The north, I would think.")).to_be_visible()


def test_what_came_is_said_over_the_page_and_nothing_moves(page_as, member, thread):
    page = page_as(member)
    page.clock.install()
    page.goto(f"{thread.get_absolute_url()}?page=1")
    place = page.locator("#post-3").bounding_box()
    make_post(topic=thread, by=make_member("Eve Fox"), body="One more.")
    # The count that another visit left behind is five seconds old at most.
    page.wait_for_timeout(5_500)
    page.clock.run_for(31_000)
    line = page.locator(".live").get_by_role("link", name="1 new reply")
    expect(line).to_be_visible()
    assert page.locator("#post-3").bounding_box() == place
    line.click()
    expect(page.get_by_text("One more.")).to_be_visible()
    expect(page.get_by_text("New since your visit")).to_be_visible()


def test_a_follow_is_undone_from_its_row(page_as, member, thread):
    page = page_as(member)
    page.goto("/topics/")
    expect(page.get_by_text("because you started this")).to_be_visible()
    page.get_by_role("button", name="Stop following").click()
    expect(page.get_by_text("any more.")).to_be_visible()
    assert not Follow.objects.filter(member=member).exists()


def test_all_of_it_goes_without_script(page_as, member, thread):
    page = page_as(member, java_script_enabled=False)
    page.goto(f"{thread.get_absolute_url()}?page=1")
    page.locator("#post-2").get_by_role("button", name="Bookmark").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bookmark")
    page.get_by_label("Note to yourself").fill("For Friday")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("For Friday")).to_be_visible()
    page.goto(f"{thread.get_absolute_url()}?page=1")
    page.locator("#post-2 summary", has_text="1 reply").click()
    page.get_by_role("link", name="Read them here").click()
    expect(page.get_by_text("The north, I would think.")).to_be_visible()
