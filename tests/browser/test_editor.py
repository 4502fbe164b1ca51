"""The rich text editor under the page's own content security policy, by keyboard, by paste, and without script."""

import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from community.core.text import SourceFormat, clean_source, plain_text, render
from discussions.models import Post, Topic
from tests import hostile
from tests.browser.conftest import NARROW, WIDE
from tests.factories import make_post, make_space, make_topic

pytestmark = pytest.mark.django_db(transaction=True)

BOX = "[role=textbox][contenteditable=true]"


@pytest.fixture
def topic(member):
    return make_topic(space=make_space("Pricing"), by=member, title="Pricing pilots")


@pytest.fixture
def composer(page_as, member, topic):
    page = page_as(member)
    page.goto(topic.get_absolute_url())
    return page


def open_editor(page):
    expect(page.locator(".editor[data-ready]")).to_be_visible()
    page.locator("textarea[name=body]").focus()
    expect(page.locator(BOX)).to_be_focused()
    return page.locator(BOX)


def send(page, topic):
    page.get_by_role("button", name="Post reply").click()
    page.wait_for_url(re.compile(rf"/topics/{topic.pk}/.*#post-"))
    return Post.objects.filter(topic=topic).order_by("number").last()


def paste(page, **kinds):
    """A paste as the browser sends it: `paste(page, plain="…", html="…")`."""
    page.locator(BOX).evaluate(
        """(box, kinds) => {
            const data = new DataTransfer();
            for (const [kind, value] of Object.entries(kinds)) data.setData(`text/${kind}`, value);
            box.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }""",
        kinds,
    )


# --- Writing ------------------------------------------------------------------------------------------------


def test_markdown_typed_becomes_formatting_and_is_posted_as_html(composer, topic):
    box = open_editor(composer)
    typed = [
        "# Result",
        "**Twice** *pilots*, `x = 1` [a](/b) ",
        "- one",
        "two",
        "",
        "1. first",
        "",
        "> said",
    ]
    for line in typed:
        box.press_sequentially(line)
        box.press("Enter")
    post = send(composer, topic)
    assert post.source_format == SourceFormat.HTML
    for part in [
        "<h3>Result</h3>",
        "<strong>Twice</strong>",
        "<em>pilots</em>",
        "<code>x = 1</code>",
        '<a href="/b"',
        "<ul><li><p>one</p></li><li><p>two</p></li></ul>",
        "<ol><li><p>first</p></li></ol>",
        "<blockquote><p>said</p>",
    ]:
        assert part in post.html


def test_keys_for_bold_italic_and_links(composer, topic):
    box = open_editor(composer)
    box.press("Control+b")
    box.press_sequentially("bold")
    box.press("Control+b")
    box.press("Control+i")
    box.press_sequentially(" soft")
    box.press("Control+i")
    box.press_sequentially(" ")
    box.press("Control+k")
    field = composer.get_by_label("Address of the link")
    expect(field).to_be_focused()
    field.fill("example.com/guide")
    field.press("Enter")
    expect(box).to_be_focused()
    post = send(composer, topic)
    assert "<strong>bold</strong><em> soft</em>" in post.html
    assert 'href="https://example.com/guide"' in post.html


def test_a_link_to_a_script_is_not_made(composer, topic):
    box = open_editor(composer)
    box.press_sequentially("word")
    box.press("Control+a")
    box.press("Control+k")
    composer.get_by_label("Address of the link").fill("javascript:alert(1)")
    composer.get_by_role("button", name="Set link").click()
    assert "<a" not in send(composer, topic).source


def test_buttons_are_reached_by_tab_and_say_their_state(composer):
    open_editor(composer)
    composer.keyboard.press("Shift+Tab")
    composer.keyboard.press("Shift+Tab")
    code = composer.get_by_role("button", name="Code", exact=True)
    expect(code).to_be_focused()
    expect(code).to_have_attribute("aria-pressed", "false")
    composer.keyboard.press("Enter")
    expect(code).to_have_attribute("aria-pressed", "true")
    expect(composer.locator(BOX)).to_be_focused()


def test_a_button_pressed_before_the_editor_is_there_opens_it(composer, topic):
    expect(composer.locator(".editor[data-ready]")).to_be_visible()
    composer.get_by_role("button", name="List", exact=True).click()
    composer.locator(BOX).press_sequentially("one")
    assert "<ul><li><p>one</p></li></ul>" in send(composer, topic).html


def test_the_label_leads_to_the_editor(composer):
    open_editor(composer)
    composer.get_by_role("button", name="Post reply").focus()
    composer.locator("label[for=id_body]").dispatch_event("click")
    expect(composer.locator(BOX)).to_be_focused()
    expect(composer.get_by_role("textbox", name="Text", exact=True)).to_be_visible()


def test_an_emptied_editor_is_refused_with_a_sentence(composer, topic, watch):
    box = open_editor(composer)
    box.press_sequentially("- x")
    box.press("Backspace")
    composer.get_by_role("button", name="Post reply").click()
    expect(composer.get_by_text("There is nothing here yet")).to_be_visible()
    watch.forgive("422")
    assert topic.posts.count() == 1


def test_what_was_written_comes_back_when_the_form_is_refused(page_as, member, watch):
    space = make_space("Pricing")
    page = page_as(member)
    page.goto(f"/topics/new/?space={space.slug}")
    page.get_by_label("Tags").fill("x" * 200)
    page.get_by_label("Title").fill("Pilots")
    open_editor(page).press_sequentially("we saw **twice** ")
    page.get_by_role("button", name="Post topic").click()
    # The page that came back: the one that was sent has the same words in an editor already.
    expect(page.locator(".editor-text:not([contenteditable]) strong")).to_have_text("twice")
    watch.forgive("422")
    page.get_by_label("Tags").fill("")
    page.locator(".editor-text").click()
    page.locator(BOX).press("End")
    page.locator(BOX).press_sequentially(" as many")
    page.get_by_role("button", name="Post topic").click()
    page.wait_for_url(re.compile(r"/topics/\d+/"))
    post = Post.objects.get(topic=Topic.objects.get(title="Pilots"))
    assert plain_text(post.html) == "we saw twice as many"


# --- Pasting ------------------------------------------------------------------------------------------------


def test_markdown_pasted_as_plain_text_is_understood(composer, topic):
    open_editor(composer)
    paste(composer, plain="## Findings\n\n- **one**\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
    expect(composer.locator(f"{BOX} td").first).to_have_text("1")
    post = send(composer, topic)
    assert "<h3>Findings</h3>" in post.html
    assert "<strong>one</strong>" in post.html
    assert plain_text(post.html).split() == ["Findings", "one", "two", "a", "b", "1", "2"]


def test_plain_words_are_pasted_as_they_are(composer, topic):
    open_editor(composer)
    paste(composer, plain="5 * 3 is 15, a_b_c\nand 2 * 2 is 4")
    assert "5 * 3 is 15, a_b_c" in send(composer, topic).html


def test_styles_and_pictures_of_pasted_pages_stay_outside(composer, topic):
    open_editor(composer)
    paste(
        composer,
        plain="x",
        html='<meta charset="utf-8"><p style="color:red;position:fixed" class="a" onclick="alert(1)">red '
        '<b style="font-weight:normal">words</b><img src="https://example.com/p.png" onerror="alert(1)"></p>'
        '<table style="width:9px"><tr><td style="background:url(https://example.com/b.png)">cell</td></tr></table>',
    )
    post = send(composer, topic)
    assert "red words" in post.html
    assert "cell" in post.html
    assert "style" not in post.html
    assert "example.com" not in post.html


# --- The two ways of writing --------------------------------------------------------------------------------


def test_changing_to_markdown_and_back_keeps_the_text(composer, topic):
    box = open_editor(composer)
    for line in ["# Head", "a **b** *c* _x 1. <i>", "- one"]:
        box.press_sequentially(line)
        box.press("Enter")
    composer.get_by_role("button", name="Write in Markdown").click()
    area = composer.locator("textarea[name=body]")
    expect(area).to_be_visible()
    assert area.input_value() == "# Head\n\na **b** *c* \\_x 1. \\<i>\n\n- one\n-\n"
    composer.get_by_role("button", name="Write with buttons").click()
    expect(composer.locator(f"{BOX} strong")).to_have_text("b")
    composer.get_by_role("button", name="Write in Markdown").click()
    area.press("Control+End")
    area.press_sequentially("- two")
    post = send(composer, topic)
    assert post.source_format == SourceFormat.MARKDOWN
    assert plain_text(post.html) == "Head\na b c _x 1. <i>\none\ntwo"


def test_a_press_before_the_editor_has_come_is_not_lost(page_as, member, topic):
    page = page_as(member)
    held = []
    page.route("**/behaviours/editor*.js", lambda route: held.append(route))
    with page.expect_request("**/behaviours/editor*.js"):
        page.goto(topic.get_absolute_url())
    switch = page.get_by_role("button", name="Write in Markdown", include_hidden=True)
    expect(switch).to_be_attached()
    expect(switch).to_be_hidden()
    held[0].continue_()
    switch.click()
    expect(page.locator(".editor[data-mode=markdown]")).to_be_visible()


def test_no_letter_is_lost_while_the_editor_comes(page_as, member, topic):
    page = page_as(member)
    page.goto(topic.get_absolute_url())
    expect(page.locator(".editor[data-ready]")).to_be_visible()
    # Every frame takes long, as on a machine that is busy.
    page.evaluate("""() => {
        const wait = window.requestAnimationFrame;
        window.requestAnimationFrame = (then) => wait(() => setTimeout(() => wait(then), 300));
    }""")
    text = " ".join(["What costs most, and who says so?"] * 3)
    page.locator("textarea[name=body]").click()
    page.keyboard.type(text, delay=5)
    # As Markdown, where all was typed before it came.
    assert plain_text(send(page, topic).html).strip() == text


def test_the_focus_stays_where_it_went_while_the_editor_came(page_as, member, topic):
    page = page_as(member)
    held = []
    page.route("**/django_prose_editor/*.js", lambda route: held.append(route))
    page.goto(topic.get_absolute_url())
    expect(page.locator(".editor[data-ready]")).to_be_visible()
    with page.expect_request("**/django_prose_editor/*.js"):
        page.locator("textarea[name=body]").click()
    page.locator("#top-search").focus()
    held[0].continue_()
    expect(page.locator(BOX)).to_be_visible()
    expect(page.locator("#top-search")).to_be_focused()


def test_the_choice_is_remembered(composer, topic):
    composer.get_by_role("button", name="Write in Markdown").click()
    composer.reload()
    composer.locator("textarea[name=body]").fill("*again*")
    assert send(composer, topic).source == "*again*"


def test_a_text_stays_in_the_format_it_was_written_in(page_as, member, topic):
    markdown = make_post(topic=topic, by=member, body="a *b*")
    html = make_post(topic=topic, by=member, body="<p>a <em>b</em></p>", source_format=SourceFormat.HTML)
    page = page_as(member)
    page.goto(f"/posts/{markdown.pk}/edit/")
    expect(page.locator("textarea[name=body]")).to_have_value("a *b*")
    page.goto(f"/posts/{html.pk}/edit/")
    expect(page.locator("textarea[name=body]")).to_be_hidden()
    page.locator(".editor-text em").click()
    page.locator(BOX).press("End")
    page.locator(BOX).press_sequentially(" c")
    page.get_by_role("button", name="Save post").click()
    page.wait_for_url(re.compile(rf"/topics/{topic.pk}/"))
    html.refresh_from_db()
    assert html.source == "<p>a <em>b c</em></p>"


def test_editing_keeps_what_the_buttons_do_not_offer(page_as, member, topic):
    source = (
        "<p>H<sub>2</sub>O<sup>+</sup> <u>u</u> <s>s</s></p>"
        '<p><img src="https://example.com/c.png" alt="chart"></p>'
    )
    post = make_post(topic=topic, by=member, body=source, source_format=SourceFormat.HTML)
    page = page_as(member)
    page.goto(f"/posts/{post.pk}/edit/")
    page.locator(".editor-text").focus()
    page.locator(BOX).press_sequentially("x")
    page.get_by_role("button", name="Save post").click()
    page.wait_for_url(re.compile(rf"/topics/{topic.pk}/"))
    post.refresh_from_db()
    kept = [
        "<sub>2</sub>",
        "<sup>+</sup>",
        "<u>u</u>",
        "<s>s</s>",
        'href="https://example.com/c.png"',
        "chart",
    ]
    for part in kept:
        assert part in post.html


# --- Without the library, without script --------------------------------------------------------------------


def test_without_script_markdown_is_written_and_sent(page_as, member, topic):
    page = page_as(member, java_script_enabled=False)
    page.goto(topic.get_absolute_url())
    expect(page.get_by_role("button", name="Bold")).to_be_hidden()
    page.locator("textarea[name=body]").fill("plain **Markdown**")
    post = send(page, topic)
    assert (post.source, post.source_format) == ("plain **Markdown**", SourceFormat.MARKDOWN)


def test_when_the_library_does_not_come_markdown_works(composer, topic, watch):
    composer.route("**/django_prose_editor/**", lambda route: route.abort())
    area = composer.locator("textarea[name=body]")
    area.focus()
    expect(composer.get_by_text("The buttons could not be fetched")).to_be_visible()
    watch.forgive("ERR_FAILED", "editor:")
    area.press_sequentially("*still*")
    assert send(composer, topic).html == "<p><em>still</em></p>\n"


def test_what_is_typed_before_the_library_came_is_kept(composer, topic):
    waiting = []
    composer.route("**/django_prose_editor/editor*.js", lambda route: waiting.append(route))  # noqa: PLW0108
    area = composer.locator("textarea[name=body]")
    with composer.expect_request("**/django_prose_editor/editor*.js"):
        area.focus()
    area.press_sequentially("first **words**")
    waiting[0].continue_()
    expect(composer.locator(f"{BOX} strong")).to_have_text("words")
    composer.keyboard.type(" and more")
    assert plain_text(send(composer, topic).html) == "first words and more"


def test_reading_a_topic_loads_no_editor(page_as, member, topic):
    page = page_as(member)
    scripts = []
    page.on("request", lambda one: scripts.append(one.url) if one.resource_type == "script" else None)
    page.goto(topic.get_absolute_url())
    page.wait_for_load_state("networkidle")
    assert scripts
    assert not [address for address in scripts if "prose_editor" in address]


# --- Look ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_open_editor_has_no_accessibility_faults(page_as, member, topic, color_scheme, viewport):
    page = page_as(member, color_scheme=color_scheme, viewport=viewport)
    page.goto(topic.get_absolute_url())
    box = open_editor(page)
    box.press_sequentially("# Head")
    box.press("Enter")
    box.press_sequentially("see [here](https://example.com) and `code` ")
    box.press("Control+k")
    expect(page.get_by_label("Address of the link")).to_be_visible()
    found = Axe().run(page, context=".editor").response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


# --- The document as Markdown -------------------------------------------------------------------------------


def essence(html):
    """What must survive the way through Markdown: the words, and every mark that carries meaning, in order."""
    html = html.replace("%60", "`")
    # A bare address becomes a link.
    html = re.sub(r'<a href="([^"]*)"[^>]*>\1</a>', r"\1", html)
    html = re.sub(r"\s*</code></pre>", "</code></pre>", html)
    html = re.sub(r"</?p>|\s+", " ", html)
    html = re.sub(r"\s*(</?(?:li|ul|ol|blockquote|pre|h[1-6]|hr|br)[^>]*>)\s*", r"\1", html)
    return re.sub(r"\s+", " ", html).strip()


SAMPLES = [
    "one **two** *three* ~~four~~ `five` <u>six</u> H<sub>2</sub>O x<sup>2</sup>",
    '**bold**word and in*si*de, *a***b**, ***both***, **a *b* c**, **"quoted"** x',
    "1\\. not a list\n\n\\# no heading\n\n\\- no item\n\n\\> no quote\n\n\\+ no\n\n2\\) no",
    "a\\\nb\\\n\\--- \\\n=== c",
    "\\*a\\* \\_b\\_ \\[c\\](d) \\`e\\` \\<f> \\&amp; \\~~g\\~~ \\\\ h!",
    "hey![not an image](/x)",
    "- a\n- b\n  - c\n\n    d\n- e",
    "- a\n\n- b\n\n\n* c\n* d",
    "3. three\n4. four\n\n   ```\n   code  x\n   ```",
    "1. a\n\n1) b",
    "> quote\n>\n> > deeper\n> > - list\n\nafter",
    "> one\n\n> two",
    "```\n`` ` ``\n````\n~~~\n```",
    "````\n```\nfenced\n```\n````",
    "`` a`b `` and `` ` `` `",
    '[a b](</x y> "t\\"u") [c](https://e.example/(d)) <https://f.example/_g_h_>',
    "| a | b |\n|---|---|\n| x \\| y | `p \\| q` |\n| **z** | |",
    "# one\n\n## two *em*\n\ntext\n\n***\n\nend #\n\n# closing \\#",
    "snake_case and a_b_ _c_ 5 * 3 a*b",
    "&copy; &amp;lt; 1 < 2 > 0 & x; &#x41;",
    "\u05e9\u05dc\u05d5\u05dd **\u05e2\u05d5\u05dc\u05dd** \u4f60**\u597d**\u5417 **\U0001f44d** ok",
    "line  two\n    not code\n\n    code\n\n\tmore code",
]


def sources():
    yield from SAMPLES
    yield from hostile.own_scripts()
    examples = hostile.SHARED / "commonmark" / "examples.json"
    if examples.exists():
        yield from (one["markdown"] for one in json.loads(examples.read_text(encoding="utf-8")))


def test_every_document_survives_the_way_through_markdown(composer):
    posts = [render(clean_source(source), SourceFormat.MARKDOWN).html for source in sources()]
    pairs = composer.evaluate(
        """async (posts) => {
            const root = document.querySelector(".editor");
            const library = await import(root.dataset.library);
            const { extensions } = await import(new URL("/static/js/behaviours/editor.js", location).href);
            const { toMarkdown } = await import(new URL("/static/js/markdown.js", location).href);
            const list = extensions(library, {});
            return posts.map((post) => {
                const json = library.generateJSON(post, list);
                return [library.generateHTML(json, list), toMarkdown(json)];
            });
        }""",
        posts,
    )
    lost = []
    for html, markdown in pairs:
        before, after = render(html, SourceFormat.HTML), render(markdown, SourceFormat.MARKDOWN)
        # A table of Markdown has only inline text in its cells, and always a head.
        same_words = "<table" in html and before.plain.split() == after.plain.split()
        if not same_words and essence(before.html) != essence(after.html):
            lost.append((html, markdown))
    assert lost == [], "\n\n".join(map(repr, lost))
