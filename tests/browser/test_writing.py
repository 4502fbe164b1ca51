"""Writing as people do: offline and back, in two windows, with a file, a name and a quotation, and a slip undone."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from discussions.actions.draft import save_draft
from discussions.models import Attachment, Draft, Mention, Post
from tests.browser.conftest import NARROW, WIDE
from tests.browser.test_editor import BOX, open_editor, send
from tests.factories import make_member, make_picture, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db(transaction=True)

SAID = "[data-draft-said]"


@pytest.fixture
def topic(member):
    return make_topic(space=make_space("Pricing"), by=member, title="Pricing pilots")


def open_topic(page, topic):
    page.goto(topic.get_absolute_url())
    expect(page.locator(".editor[data-ready]")).to_be_visible()
    return page


def body():
    return Draft.objects.get().words["body"]


def test_what_is_written_offline_is_there_when_one_is_back(page_as, member, topic, watch):
    page = open_topic(page_as(member), topic)
    box = open_editor(page)
    page.context.set_offline(True)
    box.press_sequentially("Written in a tunnel")
    expect(page.locator(SAID)).to_have_text(re.compile("Kept on this device"))
    page.get_by_role("button", name="Post reply").click()
    expect(page.locator(SAID)).to_have_text(re.compile("You are offline"))
    assert not Draft.objects.exists()
    # The window is closed in the tunnel; it is opened again behind it.
    context = page.context
    page.close()
    context.set_offline(False)
    again = context.new_page()
    open_topic(again, topic)
    expect(again.locator(SAID)).to_have_text("Kept.")
    assert "Written in a tunnel" in body()
    open_topic(again, topic)
    expect(again.locator(".editor")).to_contain_text("Written in a tunnel")
    assert "Written in a tunnel" in send(again, topic).source
    assert not Draft.objects.exists()
    open_topic(again, topic)
    expect(again.locator(".editor")).not_to_contain_text("Written in a tunnel")
    watch.forgive("ERR_INTERNET_DISCONNECTED")


def test_two_windows_overwrite_nothing(page_as, member, topic, watch):
    first = open_topic(page_as(member), topic)
    second = open_topic(first.context.new_page(), topic)
    open_editor(first).press_sequentially("From the first")
    expect(first.locator(SAID)).to_have_text("Kept.")
    # The one device keeps one copy: this window has its own words.
    second.evaluate("localStorage.clear()")
    open_editor(second).press_sequentially("From the second")
    both = second.locator(".writing-both")
    expect(both).to_contain_text("From the first")
    expect(second.locator(BOX)).to_contain_text("From the second")
    assert "From the first" in body()
    both.get_by_role("button", name="Put it below mine").click()
    expect(second.locator(SAID)).to_have_text("Kept.")
    kept = body()
    assert kept.index("From the second") < kept.index("From the first")
    watch.forgive("409")


def test_two_windows_on_one_post_overwrite_nothing(page_as, member, topic, watch):
    """The later one reads what the earlier one changed, has its own words still, and decides."""
    post = make_post(topic=topic, by=member, body="As it was.", at=timezone.now() - timedelta(hours=1))
    first = page_as(member)
    second = first.context.new_page()
    watch.follow(second)
    for page in (first, second):
        page.goto(f"/posts/{post.pk}/edit/")
        expect(page.locator(".editor[data-ready]")).to_be_visible()
    first.locator("textarea[name=body]").fill("As the first window wants it.")
    first.get_by_role("button", name="Save post").click()
    expect(first.locator(f"#post-{post.number}")).to_contain_text("As the first window wants it.")

    second.locator("textarea[name=body]").fill("As the second window wants it.")
    second.get_by_role("button", name="Save post").click()
    expect(second.get_by_role("heading", name="What saving your text changes")).to_be_visible(timeout=15_000)
    expect(second.locator(".conflict")).to_contain_text("first")
    expect(second.locator("textarea[name=body]")).to_have_value("As the second window wants it.")
    post.refresh_from_db()
    assert post.source == "As the first window wants it."
    second.get_by_role("button", name="Save post").click()
    expect(second.locator(f"#post-{post.number}")).to_contain_text("As the second window wants it.")
    second.goto(f"/posts/{post.pk}/history/")
    expect(second.get_by_role("main")).to_contain_text("Version 3")
    watch.forgive("409")


def test_what_was_typed_before_the_keeping_had_come_is_kept(page_as, member, topic):
    page = page_as(member)
    held = []
    page.route("**/behaviours/draft*.js", lambda route: held.append(route))  # noqa: PLW0108
    address = f"/topics/new/?space={topic.space.slug}"
    with page.expect_request("**/behaviours/draft*.js"):
        page.goto(address)
    page.get_by_label("Title").fill("Quicker than the script")
    page.get_by_label("Title").blur()
    held.pop().continue_()
    expect(page.locator(SAID)).to_have_text("Kept.")
    assert Draft.objects.get().words["title"] == "Quicker than the script"


def test_what_was_found_goes_below_what_was_begun_meanwhile(page_as, member, topic, watch):
    page = open_topic(page_as(member), topic)
    box = open_editor(page)
    page.context.set_offline(True)
    box.press_sequentially("Written in a tunnel")
    expect(page.locator(SAID)).to_have_text(re.compile("Kept on this device"))
    context = page.context
    page.close()
    context.set_offline(False)
    again = context.new_page()
    held = []
    again.route("**/behaviours/draft*.js", lambda route: held.append(route))  # noqa: PLW0108
    with again.expect_request("**/behaviours/draft*.js"):
        again.goto(topic.get_absolute_url())
    open_editor(again).press_sequentially("Begun behind it")
    held.pop().continue_()
    expect(again.locator(SAID)).to_have_text("Kept.")
    text = send(again, topic).source
    assert text.index("Begun behind it") < text.index("Written in a tunnel")
    watch.forgive("ERR_INTERNET_DISCONNECTED")


def test_a_topic_begun_offline_on_a_phone_is_there_after_a_reload(page_as, member, topic, watch):
    page = page_as(member, viewport=NARROW, is_mobile=True, has_touch=True)
    page.goto(f"/topics/new/?space={topic.space.slug}")
    expect(page.locator(".editor[data-ready]")).to_be_visible()
    page.context.set_offline(True)
    page.get_by_label("Title").tap()
    page.keyboard.type("Begun under ground")
    expect(page.locator(SAID)).to_have_text(re.compile("Kept on this device"))
    page.locator("textarea[name=body]").tap()
    page.keyboard.type("What do you take for a pilot?")
    page.context.set_offline(False)
    expect(page.locator(SAID)).to_have_text("Kept.")
    page.reload()
    expect(page.get_by_label("Title")).to_have_value("Begun under ground")
    expect(page.locator(".editor")).to_contain_text("What do you take for a pilot?")
    page.get_by_role("button", name="Post topic").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("Begun under ground")
    expect(page.locator("#post-1")).to_contain_text("What do you take for a pilot?")
    assert not Draft.objects.exists()
    watch.forgive("ERR_INTERNET_DISCONNECTED", "editor:")


def test_words_are_kept_two_seconds_after_the_last_key_and_say_whom_they_reach(page_as, member, topic):
    page = open_topic(page_as(member), topic)
    open_editor(page).press_sequentially("Half a thought")
    expect(page.locator("[data-draft-advice]")).to_contain_text("This notifies")
    assert "Half a thought" in body()
    page.get_by_role("button", name="Post reply").click()
    page.wait_for_url(re.compile("#post-"))
    assert not Draft.objects.exists()


def test_what_was_sent_in_one_go_leaves_nothing_behind(page_as, member, topic):
    page = open_topic(page_as(member), topic)
    open_editor(page).press_sequentially("Quick")
    assert send(page, topic).html == "<p>Quick</p>"
    assert not Draft.objects.exists()
    expect(page.locator(".editor")).not_to_contain_text("Quick")


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_similar_topics_stand_where_the_title_is_written(page_as, member, topic, viewport):
    """At the side of a wide window, below the title in a narrow one; what is being written does not move."""
    page = page_as(member, viewport=viewport)
    page.goto(f"/topics/new/?space={topic.space.slug}")
    title = page.get_by_label("Title")
    title.fill("Price of pilots")
    place = title.bounding_box()
    similar = page.get_by_role("link", name="Pricing pilots", exact=True)
    expect(similar).to_be_in_viewport(timeout=15_000)
    assert title.bounding_box() == place
    open_editor(page).press_sequentially("How do you set it?")
    place = page.locator(BOX).bounding_box()
    expect(page.locator(SAID)).to_have_text("Kept.")
    expect(similar).to_have_count(1)
    assert page.locator(BOX).bounding_box() == place


def test_a_picture_is_attached_with_its_words(page_as, member, topic, tmp_path):
    path = tmp_path / "plan.png"
    path.write_bytes(make_picture(size=(200, 120)).getvalue())
    page = open_topic(page_as(member), topic)
    open_editor(page).press_sequentially("See the plan.")
    page.get_by_text("Attach a file or picture").click()
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Post reply").click()
    expect(page.locator(SAID)).to_have_text(re.compile("not attached yet"))
    page.get_by_label("What does the picture show?").fill("A plan")
    page.get_by_role("button", name="Attach", exact=True).click()
    picture = page.locator(f"{BOX} img:not(.ProseMirror-separator)")
    expect(picture).to_have_attribute("alt", "A plan")
    post = send(page, topic)
    assert 'alt="A plan"' in post.html
    assert Attachment.objects.get().post == post
    shown = page.locator(".thread .prose img")
    expect(shown).to_be_visible()
    assert shown.evaluate("image => image.naturalWidth") == 200


def test_a_dropped_file_that_is_not_taken_is_a_sentence_and_the_text_stays(page_as, member, topic, watch):
    page = open_topic(page_as(member), topic)
    open_editor(page).press_sequentially("My words")
    page.locator(BOX).evaluate(
        """box => {
            const data = new DataTransfer();
            data.items.add(new File(["<svg></svg>"], "a.svg", {type: "application/x"}));
            box.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
        }"""
    )
    expect(page.locator(SAID)).to_have_text(re.compile("Files of this kind are not taken"))
    expect(page.locator(BOX)).to_contain_text("My words")
    watch.forgive("422")


def test_somebody_is_named_by_the_beginning_of_the_name(page_as, member, topic):
    ann = make_member("Ann Lee", handle="ann-lee")
    page = open_topic(page_as(member), topic)
    box = open_editor(page)
    box.press_sequentially("What do you think, @Ann")
    expect(page.get_by_role("option")).to_contain_text("Ann Lee")
    box.press("Enter")
    expect(box).to_have_text("What do you think, @ann-lee ")
    post = send(page, topic)
    assert Mention.objects.get().member == ann
    assert 'href="/members/ann-lee/"' in post.html


def test_in_markdown_too(page_as, member, topic):
    make_member("Ann Lee", handle="ann-lee")
    page = open_topic(page_as(member), topic)
    page.get_by_role("button", name="Write in Markdown").click()
    area = page.locator("textarea[name=body]")
    area.press_sequentially("Dear @le")
    expect(page.get_by_role("option")).to_contain_text("Ann Lee")
    area.press("Tab")
    expect(area).to_have_value("Dear @ann-lee ")


def test_selected_words_are_quoted_with_their_place(page_as, member, topic):
    post = make_post(topic=topic, by=make_member("Ann Lee"), body="First words. Second words.")
    page = open_topic(page_as(member), topic)
    page.locator(f"#post-{post.number} .prose p").evaluate(
        """paragraph => {
            const range = document.createRange();
            range.setStart(paragraph.firstChild, 13);
            range.setEnd(paragraph.firstChild, 25);
            const selection = getSelection();
            selection.removeAllRanges();
            selection.addRange(range);
        }"""
    )
    page.locator(".quote-selection").click()
    expect(page.locator(f"{BOX} blockquote")).to_contain_text("Second words")
    reply = send(page, topic)
    assert f'<a href="/posts/{post.pk}/"' in reply.html
    assert "Ann Lee, 2:" in reply.html
    assert "First words" not in reply.html


def test_a_slip_of_the_hand_is_undone(page_as, member, topic):
    post = make_post(topic=topic, by=member, body="Still needed")
    page = open_topic(page_as(member), topic)
    page.locator(f"#post-{post.number}").get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(f"#post-{post.number}")).to_contain_text("Still needed")
    assert Post.objects.get(pk=post.pk).deleted_at is None


@pytest.mark.parametrize("view", ["reply", "topic"])
def test_the_form_fits_a_telephone(page_as, member, topic, view):
    save_draft(f"reply:{topic.pk}", {"body": "word " * 40}, 0, by=member)
    page = page_as(member, viewport=NARROW)
    page.goto(topic.get_absolute_url() if view == "reply" else "/topics/new/")
    page.get_by_text("Attach a file or picture").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
