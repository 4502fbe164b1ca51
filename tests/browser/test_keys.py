"""Reading and thanking by keyboard alone, and what happens without script, without network and without permission."""

import pytest
from playwright.sync_api import expect

from discussions.models import Reaction
from tests.factories import make_post, make_space, make_topic

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def thread(member, other_member):
    """The address of a thread that `member` began and `other_member` answered."""
    topic = make_topic(
        space=make_space("Pricing"), by=member, title="How do you announce an increase?", kind="question"
    )
    for number in range(3):
        make_post(topic=topic, by=other_member, body=f"We wrote letter {number}.")
    return topic.get_absolute_url()


# --- Keys -----------------------------------------------------------------------------------------------------


def test_a_thread_is_read_by_keyboard(page_as, member, thread):
    page = page_as(member)
    page.goto("/")
    page.keyboard.press("j")
    expect(page.locator(".topic [data-key=open]").first).to_be_focused()
    page.keyboard.press("o")
    page.wait_for_url("**/topics/**")
    page.goto(f"{thread}?page=1")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("#post-2")).to_be_focused()
    page.keyboard.press("t")
    expect(page.locator("#post-2 [data-key=thank]")).to_have_text("✓ Thanked")
    expect(page.locator("#post-2 [data-key=thank]")).to_be_focused()
    assert Reaction.objects.filter(post__number=2, member=member).exists()
    page.keyboard.press("r")
    expect(page.locator(".composer-answers")).to_contain_text("Oskar Other, 2")
    assert page.locator("#write [name=reply_to]").input_value() == "2"


def test_keys_go_to_pages_and_leave_fields_alone(page_as, member, thread):
    page = page_as(member)
    page.goto("/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.locator("#top-search")).to_be_focused()
    page.keyboard.type("jo?gs/")
    assert page.locator("#top-search").input_value() == "jo?gs/"
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_url("**/spaces/")
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**/members/")


def test_the_first_tab_skips_to_the_text(page_as, member):
    page = page_as(member)
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the text")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


# --- With and without script ----------------------------------------------------------------------------------


def test_thanks_works_without_script(page_as, member, thread):
    page = page_as(member, java_script_enabled=False)
    page.goto(f"{thread}?page=1")
    page.locator("#post-2 [data-key=thank]").click()
    expect(page.locator("#post-2 [data-key=thank]")).to_have_text("✓ Thanked")
    page.locator("#post-2 [data-key=thank]").click()
    expect(page.locator("#post-2 [data-key=thank]")).to_have_text("Thank")


def test_a_refusal_is_said_where_the_button_was(page_as, member, thread, watch):
    """The other person's post goes while the page is open: the press is answered beside the button, the rest stays."""
    page = page_as(member)
    page.goto(f"{thread}?page=1")
    page.locator("#post-2 [data-key=thank]").evaluate(
        "button => button.setAttribute('formaction', '/posts/999999/thank/')"
    )
    page.locator("#post-2 [data-key=thank]").click()
    expect(page.locator("#post-2 [role=alert]")).to_be_visible()
    expect(page.locator("#post-2 .prose")).to_be_visible()
    watch.forgive("404", "Response Status Error")


def test_a_reply_that_cannot_be_sent_says_so(page_as, member, thread, watch):
    page = page_as(member)
    page.goto(f"{thread}?page=1")
    page.context.set_offline(True)
    page.locator("#post-2 [data-key=thank]").click()
    expect(page.locator("#post-2 [role=alert]")).to_contain_text("did not reach us")
    watch.forgive()
