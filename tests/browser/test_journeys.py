"""The product's promises walked through in a real browser: with script, with the keyboard alone, and without script."""

import pytest
from playwright.sync_api import expect

from discussions.actions.post import accept_answer
from discussions.actions.topic import mark_read
from discussions.models import Post, SpacePreset, Topic
from members.actions.expertise import grant_expertise
from tests.browser.conftest import NARROW, WIDE
from tests.factories import PASSWORD, dispatch_activity, make_member, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def space():
    return make_space("Pricing", purpose="How we set prices.")


def write(page, words):
    page.locator(
        "#write [contenteditable=true], form [contenteditable=true], textarea[name=body]"
    ).first.click()
    page.keyboard.type(words)


def test_a_question_finds_somebody_who_knows_and_is_thanked_for(page_as, space):
    """Asked with similar topics beside it, brought to an expert, taken, answered, accepted, thanked, and told of."""
    asker, expert = make_member("Ann Lee"), make_member("Edda Expert")
    grant_expertise(
        expert, topic="pricing", evidence="Led three price rises.", by=make_member(role="manager")
    )
    before = make_topic(
        space=space, by=make_member("Cara Diaz"), kind="question", title="How do you raise prices for pilots?"
    )
    accept_answer(make_post(topic=before, by=make_member("Bo Quist")), by=before.author)
    dispatch_activity()

    page = page_as(asker)
    page.goto("/spaces/")
    page.get_by_role("main").get_by_role("link", name="Pricing").click()
    page.get_by_role("link", name="Start a topic").first.click()
    page.get_by_label("Question").check()
    page.get_by_label("Title").press_sequentially("How do you raise prices?")
    similar = page.get_by_role("listitem").filter(has_text="How do you raise prices for pilots?")
    expect(similar.get_by_role("link", name="Accepted answer")).to_be_visible(timeout=15_000)
    expect(similar).to_be_in_viewport()
    page.get_by_label("Tags").fill("pricing")
    write(page, "We have not raised them in **four** years.")
    page.get_by_role("button", name="Post topic").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("How do you raise prices?")
    expect(page.locator("#post-1 strong")).to_have_text("four")
    knowing = page.locator(".knowing li", has_text="Edda Expert")
    expect(knowing).to_contain_text("expert in pricing")
    expect(knowing).to_contain_text("not asked this month")
    page.get_by_role("button", name="Ask Edda Expert").click()
    expect(page.get_by_role("main")).to_contain_text("Edda Expert will hear that you ask.")
    expect(knowing).to_contain_text("Asked")
    dispatch_activity()

    theirs = page_as(expert)
    theirs.goto("/")
    theirs.get_by_role("link", name="Notices").first.click()
    expect(theirs.get_by_role("main")).to_contain_text("because you may know the answer")
    theirs.get_by_role("main").get_by_role("link", name="How do you raise prices?").click()
    theirs.get_by_role("button", name="I am answering this").click()
    page.reload()
    expect(page.get_by_role("complementary")).to_contain_text("Edda Expert is answering this.")
    write(theirs, "Start with the customers who pay least.")
    theirs.get_by_role("button", name="Post reply").click()
    expect(theirs.locator("#post-2")).to_contain_text("who pay least")
    dispatch_activity()

    page.goto("/notices/")
    page.get_by_role("main").get_by_role("link", name="How do you raise prices?").click()
    expect(page.get_by_text("New since your visit")).to_be_visible()
    page.locator("#post-2").get_by_role("button", name="Accept as answer").click()
    expect(page.locator("#post-2")).to_contain_text("Accepted answer")
    page.locator("#post-2").get_by_role("button", name="Thank").click()
    expect(page.locator("#post-2")).to_contain_text("1 thanks")
    assert Topic.objects.get(title="How do you raise prices?").accepted_post.author == expert
    dispatch_activity()

    theirs.goto("/notices/")
    expect(theirs.get_by_role("main")).to_contain_text("Your answer was accepted: How do you raise prices?")
    expect(theirs.get_by_role("main")).to_contain_text("because somebody thanked you")
    theirs.get_by_role("main").get_by_role("link", name="Your answer was accepted").click()
    expect(theirs.locator("#post-2")).to_contain_text("Accepted answer")
    expect(theirs.locator("#post-2")).to_contain_text("Expert in pricing")
    expect(theirs.locator("#post-2")).to_contain_text("1 thanks")


PHONE = {"viewport": NARROW, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}


def test_a_thread_is_read_and_answered_on_a_phone(page_as, space):
    """From the list to the first unread, over the pages of a long thread, a reply, the inbox, the lists, a search."""
    reader, other = make_member("Ann Lee"), make_member("Bo Quist")
    topic = make_topic(space=space, by=reader, title="Pilots in the north", body="How did **yours** go?")
    for number in range(2, 50):
        make_post(topic=topic, by=other, body=f"Visit {number}: two of them paid for the third.")
    mark_read(topic, reader, 44)
    dispatch_activity()
    page = page_as(reader, **PHONE)

    def look(*, at=None):
        if at is not None:
            expect(at).to_be_in_viewport()
        # A page that is wider than the phone would be shown smaller.
        assert page.evaluate("[visualViewport.scale, document.documentElement.scrollWidth]") == [1, 390]

    page.goto("/")
    look(at=page.get_by_role("link", name="Pilots in the north").first)
    expect(page.locator(".topic").first).to_contain_text("5 new")
    page.get_by_role("link", name="Pilots in the north").first.tap()
    page.wait_for_url("**#post-45")
    look(at=page.get_by_text("New since your visit"))
    look(at=page.locator("#post-45"))
    pages = page.get_by_role("navigation", name="Pages of this thread")
    pages.scroll_into_view_if_needed()
    pages.get_by_role("link", name="1", exact=True).tap()
    expect(page.locator("#post-1")).to_contain_text("How did yours go?")
    look()
    page.goto(topic.get_absolute_url())
    page.locator("#write .editor").scroll_into_view_if_needed()
    page.locator("#write textarea, #write [contenteditable=true]").first.tap()
    page.keyboard.type("Ours went south.")
    look(at=page.get_by_text("Ours went south."))
    page.get_by_role("button", name="Post reply").tap()
    page.wait_for_url("**#post-50")
    look(at=page.locator("#post-50"))

    quick = page.get_by_role("navigation", name="Quick")
    make_post(topic=topic, by=other, reply_to=Post.objects.get(topic=topic, number=50))
    dispatch_activity()
    quick.get_by_role("link", name="Notices").tap()
    look(at=page.get_by_role("heading", name="Notices"))
    page.get_by_role("main").get_by_role("link", name="Pilots in the north").first.tap()
    page.wait_for_url("**#post-51")
    look(at=page.locator("#post-51"))
    quick.get_by_role("link", name="Home").tap()
    page.get_by_role("link", name="More of it").tap()
    page.get_by_role("navigation", name="Lists").get_by_role("link", name="Most useful").tap()
    look(at=page.get_by_role("heading", level=1, name="Most useful"))
    page.get_by_role("navigation", name="More").get_by_role("link", name="Search").tap()
    page.wait_for_url("**/search/")
    page.locator("#q").fill("south")
    page.get_by_role("main").get_by_role("button", name="Search").tap()
    look(at=page.get_by_role("main").locator("mark", has_text="south"))
    quick.get_by_role("link", name="Write").tap()
    page.get_by_label("Title").tap()
    page.keyboard.type(
        "A title that is written with the thumb while the train stands in the station and waits"
    )
    look(at=page.get_by_label("Title"))


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


# What has the focus is in sight, lies under nothing, and shows it; '' where all is well.
FOCUS = """() => {
    const element = document.activeElement;
    if (!element || element === document.body) return "nothing has the focus";
    const name = element.outerHTML.slice(0, 120);
    const style = getComputedStyle(element);
    const ringed = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    if (!ringed) return `no ring: ${name}`;
    const box = element.getClientRects()[0];
    const [x, y] = [box.x + box.width / 2, box.y + Math.min(box.height / 2, 20)];
    const top = document.elementFromPoint(x, y);
    if (!top) return `out of sight: ${name}`;
    return element.contains(top) || top.contains(element) || top.closest("label") ? "" : `covered: ${name}`;
}"""


def test_a_reader_moves_with_the_keyboard_alone(page_as, space):
    """From home to a thread, a reply, a search and the inbox, and all the while one sees where one is."""
    member, other = make_member("Ann Lee"), make_member("Bo Quist")
    topic = make_topic(space=space, by=member, title="Keys to the north", body="Which **door** is it?")
    for number in range(6):
        make_post(topic=topic, by=other, body=f"The door number {number}.")
    dispatch_activity()
    page = page_as(member)

    def press(*keys):
        for key in keys:
            page.keyboard.press(key)

    page.goto("/")
    press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the text")
    press("Enter", "j")
    expect(page.get_by_role("main").get_by_role("link", name="Keys to the north").first).to_be_focused()
    assert page.evaluate(FOCUS) == ""
    press("o")
    page.wait_for_url(f"**{topic.get_absolute_url()}**")
    expect(page.locator(".editor[data-ready]")).to_be_attached()
    press("j")
    expect(page.locator("article:focus")).to_have_attribute("id", "post-2")
    assert page.evaluate(FOCUS) == ""
    press("j", "t")
    expect(page.locator("#post-3").get_by_role("button", name="Thanked")).to_be_focused()
    press("r")
    expect(page.locator("#write [contenteditable=true]")).to_be_focused()
    assert page.evaluate(FOCUS) == ""
    page.keyboard.type("It was the jolly green one/ and ? the rest.")
    press("Tab")
    expect(page.get_by_role("button", name="Post reply")).to_be_focused()
    assert page.evaluate(FOCUS) == ""
    press("Enter")
    page.wait_for_url("**#post-8")
    expect(page.locator("#post-8")).to_contain_text("In reply to Bo Quist, 3")
    expect(page.locator("#post-8")).to_contain_text("It was the jolly green one/ and ? the rest.")

    press("/")
    expect(page.locator("#top-search")).to_be_focused()
    page.keyboard.type("jolly")
    press("Enter")
    page.wait_for_url("**/search/?q=jolly")
    press("j")
    expect(page.locator(".result a:focus")).to_have_text("Keys to the north")
    assert page.evaluate(FOCUS) == ""
    press("o")
    page.wait_for_url("**#post-8")

    make_post(topic=topic, by=other, reply_to=Post.objects.get(topic=topic, number=8))
    dispatch_activity()
    press("g", "n")
    page.wait_for_url("**/notices/")
    press("j")
    expect(page.locator(".notice-row a:focus")).to_contain_text("Keys to the north")
    assert page.evaluate(FOCUS) == ""
    press("o")
    page.wait_for_url("**#post-9")
    press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    press("Escape", "g", "h")
    page.wait_for_url(lambda address: address.endswith("/"))


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_every_step_of_the_tab_key_is_seen(page_as, space, viewport):
    member, other = make_member("Ann Lee"), make_member("Bo Quist")
    topic = make_topic(space=space, by=member, kind="question", title="Keys to the north", tags=["doors"])
    for _number in range(3):
        make_post(topic=topic, by=other)
    dispatch_activity()
    page = page_as(member, viewport=viewport)
    found = {}
    for path in ("/", topic.get_absolute_url(), "/topics/", "/notices/", "/search/?q=topic", "/topics/new/"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        steps = 0
        while steps < 150:
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement === document.body"):
                break
            if fault := page.evaluate(FOCUS):
                found.setdefault(path, []).append(fault)
            steps += 1
        assert 10 < steps < 150, path
    assert found == {}


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
