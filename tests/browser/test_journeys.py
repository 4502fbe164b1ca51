"""The product's promises walked through in a real browser: with script, with the keyboard alone, and without script."""

import pytest
from playwright.sync_api import expect

from discussions.models import Post, SpacePreset, Topic
from tests.factories import PASSWORD, make_member, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def space():
    return make_space("Pricing", purpose="How we set prices.")


def test_a_question_is_asked_answered_thanked_and_settled(page_as, space):
    asker, helper = make_member("Ann Lee"), make_member("Bo Quist")
    page = page_as(asker)
    page.goto("/spaces/")
    page.get_by_role("main").get_by_role("link", name="Pricing").click()
    page.get_by_role("link", name="Start a topic").first.click()
    page.get_by_label("Question").check()
    page.get_by_label("Title").fill("How do you raise prices?")
    page.locator("[contenteditable=true], textarea[name=body]").first.click()
    page.keyboard.type("We have not raised them in **four** years.")
    page.get_by_role("button", name="Post topic").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("How do you raise prices?")
    expect(page.locator("#post-1 strong")).to_have_text("four")

    topic = Topic.objects.get()
    other = page_as(helper)
    other.goto(topic.get_absolute_url())
    other.locator("#write [contenteditable=true], #write textarea[name=body]").first.click()
    other.keyboard.type("Start with the customers who pay least.")
    other.get_by_role("button", name="Post reply").click()
    expect(other.locator("#post-2")).to_contain_text("who pay least")

    page.goto("/")
    page.goto(topic.get_absolute_url())
    expect(page.get_by_text("New since your visit")).to_be_visible()
    page.locator("#post-2").get_by_role("button", name="Thank").click()
    expect(page.locator("#post-2")).to_contain_text("1 thanks")
    page.locator("#post-2").get_by_role("button", name="Accept as answer").click()
    expect(page.locator("#post-2")).to_contain_text("Accepted answer")
    topic.refresh_from_db()
    assert topic.accepted_post.number == 2


def test_everything_works_without_script(page_as, space):
    member, other = make_member("Ann Lee"), make_member("Bo Quist")
    topic = make_topic(space=space, by=other, title="Without script")
    page = page_as(member, java_script_enabled=False)
    page.goto(topic.get_absolute_url())
    page.locator("#post-1").get_by_role("button", name="Thank").click()
    expect(page.locator("#post-1")).to_contain_text("1 thanks")
    page.locator("#post-1").get_by_role("link", name="Reply").click()
    page.locator("textarea[name=body]").fill("Written in a *text area*.")
    page.get_by_role("button", name="Post reply").click()
    expect(page.locator("#post-2 em")).to_have_text("text area")
    page.locator("#post-2 details.menu summary").click()
    page.locator("#post-2").get_by_role("link", name="Edit").click()
    page.locator("textarea[name=body]").fill("Written in a *simple* text area.")
    page.get_by_role("button", name="Save post").click()
    expect(page.locator("#post-2 em")).to_have_text("simple")
    page.goto("/search/?q=simple")
    expect(page.get_by_role("main").locator("mark")).to_have_text("simple")


def test_a_reader_moves_with_the_keyboard_alone(page_as, space):
    member, other = make_member("Ann Lee"), make_member("Bo Quist")
    topic = make_topic(space=space, by=other, title="Keys")
    make_post(topic=topic, by=other)
    page = page_as(member)
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the text")
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_url("**/spaces/")
    page.keyboard.press("/")
    page.keyboard.type("keys")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=keys")
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("o")
    page.wait_for_url(f"**{topic.get_absolute_url()}*")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_stranger_meets_the_door_and_a_member_comes_in(page_as, space):
    make_member("Ann Lee", email="ann@example.org", password=PASSWORD)
    page = page_as(None)
    page.goto("/spaces/")
    page.wait_for_url("**/accounts/login/?next=/spaces/")
    page.get_by_label("Email").fill("ann@example.org")
    page.get_by_label("Password").first.fill(PASSWORD)
    page.get_by_role("button", name="Sign in").first.click()
    page.wait_for_url("**/spaces/")
    expect(page.get_by_role("main")).to_contain_text("Pricing")
    page.get_by_role("button", name="Sign out").first.click()
    page.goto("/spaces/")
    page.wait_for_url("**/accounts/login/**")


def test_a_refusal_is_a_sentence_and_the_text_stays(page_as, space, watch):
    member = make_member("Ann Lee")
    topic = make_topic(space=space, by=member)
    page = page_as(member, java_script_enabled=False)
    page.goto(topic.get_absolute_url())
    page.locator("textarea[name=body]").fill("x" * 50_001)
    page.get_by_role("button", name="Post reply").click()
    expect(page.get_by_role("main")).to_contain_text("50,000 are the most")
    assert page.locator("textarea[name=body]").input_value() == "x" * 50_001
    assert Post.objects.count() == 1
    watch.forgive("422")


def test_a_room_that_is_closed_leaves_no_trace(page_as, space, watch):
    insider, outsider = make_member("Ann Lee"), make_member("Bo Quist")
    room = make_space("Board room", preset=SpacePreset.CONFIDENTIAL, members=[insider])
    topic = make_topic(space=room, by=insider, title="Merger")
    page = page_as(insider)
    page.goto(room.get_absolute_url())
    expect(page.get_by_role("main")).to_contain_text("Merger")
    page = page_as(outsider)
    for address in (
        "/",
        "/spaces/",
        "/search/?q=merger",
        f"/members/{insider.handle}/",
        f"/members/{insider.handle}/posts/",
    ):
        page.goto(address)
        assert "Merger" not in page.content()
        assert "Board room" not in page.content()
    answer = page.goto(topic.get_absolute_url())
    assert answer is not None
    assert answer.status == 404
    watch.forgive("404")
