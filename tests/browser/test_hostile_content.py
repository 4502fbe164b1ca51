"""Hostile texts in every place a member can write, read in a real browser: nothing runs, nothing is asked elsewhere.

The public lists are large, so they are planted in bulk, cleaned and rendered by the same functions as a post, and
read twenty to a page; our own list goes through the forms. A usual run takes every fourth of their lines, a thorough
one all of them, which is due when the renderer, the sanitiser or the policy changes. The pages are opened with the
content security policy and with it switched off, because the sanitiser must hold alone; the policy holding alone is
proven with raw text.
"""

from itertools import count
from urllib.parse import quote

import pytest
from django.db import transaction
from django.utils import timezone

from community.core.text import RENDERER_VERSION, SourceFormat, clean_line, clean_source, render
from discussions.models import Post, Tag, TaggedTopic, Topic, TopicKind
from members.actions.directory import refresh_directory_entry
from members.models import Member, Role, RoleName
from tests import hostile
from tests.factories import make_space, make_topic
from tests.thorough import THOROUGH

pytestmark = pytest.mark.django_db(transaction=True)

EVERY = 1 if THOROUGH else 4

# Chromium's own dialogs would stop the page; a call is what counts.
HOOKS = """
window.ran = [];
for (const name of ["alert", "confirm", "prompt", "print"]) {
    Object.defineProperty(window, name, {value: (...words) => { window.ran.push(name + ": " + words); }});
}
"""

# What a page of ours may hold, whatever stands in it; and then everything in the texts is touched.
INSPECT = """
async () => {
    const faults = [];
    const allowed = new Set(("P BR HR H3 H4 H5 H6 BLOCKQUOTE PRE DETAILS SUMMARY UL OL LI TABLE CAPTION THEAD TBODY "
        + "TFOOT TR TH TD A STRONG B EM I U S DEL INS MARK SMALL SUB SUP CODE KBD SAMP Q CITE ABBR").split(" "));
    const attributes = new Set(["href", "title", "rel", "start", "colspan", "rowspan", "open"]);
    for (const element of document.querySelectorAll("*")) {
        for (const {name, value} of element.attributes) {
            if (/^on|^(hx|data-hx)-on/i.test(name)) faults.push(`${element.tagName} ${name}`);
            if (/^(href|src|srcdoc|action|formaction|data|xlink:href|background|poster)$/i.test(name)) {
                const {protocol, host} = new URL(value, location);
                if (!["http:", "https:", "mailto:"].includes(protocol)) faults.push(`${name}=${value}`);
                if (!["A", "FORM"].includes(element.tagName) && host !== location.host) faults.push(`${name}=${value}`);
            }
        }
    }
    for (const script of document.scripts) if (!script.nonce || !script.src) faults.push(script.outerHTML);
    if (document.querySelector("style, iframe, object, embed, base, body[style]")) faults.push("foreign element");
    const inside = document.querySelectorAll(".prose *");
    for (const element of inside) {
        if (!allowed.has(element.tagName)) faults.push(element.outerHTML.slice(0, 200));
        for (const {name} of element.attributes) {
            // Our own script lets keys scroll what is wider than its place.
            const isOurs = name === "tabindex" && ["PRE", "TABLE"].includes(element.tagName);
            if (!attributes.has(name) && !isOurs) faults.push(`${element.tagName} ${name}`);
        }
    }
    document.addEventListener("click", (event) => event.preventDefault(), {capture: true});
    for (const element of inside) {
        for (const kind of ["mouseover", "pointerdown", "focus", "click", "toggle", "load", "error", "animationend"]) {
            element.dispatchEvent(new Event(kind, {bubbles: true, cancelable: true}));
        }
    }
    await new Promise((done) => setTimeout(done));
    return {faults, ran: window.ran, touched: inside.length};
}
"""

# Each text is written as a whole document of its own, as a server without a sanitiser would send it.
WRITE_RAW = """
async (texts) => {
    window.reports = 0;
    const frames = texts.map((text) => {
        const frame = document.createElement("iframe");
        document.body.append(frame);
        const inner = frame.contentWindow;
        for (const name of ["alert", "confirm", "prompt", "print"]) inner[name] = () => { window.ran.push(name); };
        inner.document.addEventListener("securitypolicyviolation", () => { window.reports += 1; });
        inner.document.write(text);
        return inner;
    });
    // Until something has run, or was kept from it, and then for what comes later.
    for (let waits = 0; waits < 40 && window.ran.length < 10 && !window.reports; waits += 1) {
        await new Promise((done) => setTimeout(done, 500));
    }
    await new Promise((done) => setTimeout(done, 1500));
    return {ran: window.ran.length, frames: frames.length};
}
"""

# Writing an answer into an empty frame runs it as opening it would, without the cost of a navigation.
OPEN_IN_FRAMES = """
async (addresses) => {
    // Our own files, which would be fetched again for each frame.
    const files = /<link rel="(stylesheet|icon)"[^>]*>|<script nonce="[^"]*" src="[^"]*"[^>]*><\\/script>/g;
    const foreign = /^(script|style|iframe|object|embed|base|video|audio|math)$/i;
    const answers = addresses.map(async (address) => {
        const answer = await fetch(address);
        return [answer.status, await answer.text()];
    });
    const found = [];
    for (const [status, text] of await Promise.all(answers)) {
        const frame = document.createElement("iframe");
        document.body.append(frame);
        const inner = frame.contentWindow;
        inner.ran = [];
        for (const name of ["alert", "confirm", "prompt", "print"]) inner[name] = () => { inner.ran.push(name); };
        inner.document.write(text.replace(files, ""));
        const faults = [];
        for (const element of inner.document.querySelectorAll("main *, title")) {
            for (const {name} of element.attributes) if (/^on/i.test(name)) faults.push(name);
            if (foreign.test(element.tagName)) faults.push(element.outerHTML);
        }
        await new Promise((done) => setTimeout(done));
        const shown = inner.document.querySelector("main input[name=q]")?.value;
        found.push({status, faults, ran: inner.ran, shown});
        frame.remove();
    }
    return found;
}
"""


@pytest.fixture
def sweep(page_as, member, watch):
    """Open pages one after the other; returns how many elements of written text were touched."""

    def sweep(paths, *, bypass_csp):
        page = page_as(member, bypass_csp=bypass_csp)
        page.add_init_script(HOOKS)
        without_files(page, "*.css")
        return page, sum(inspect(page, path) for path in paths)

    yield sweep
    watch.forgive(BLOCKED)


def without_files(page, *patterns):
    """Do not fetch these files of our own: they cost more time than the pages and cannot change what runs."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setBlockedURLs", {"urls": list(patterns)})


BLOCKED = "ERR_BLOCKED_BY_CLIENT"


def inspect(page, path):
    answer = page.goto(path)
    assert answer.status == 200, path
    found = page.evaluate(INSPECT)
    assert found["faults"] == [], path
    assert found["ran"] == [], path
    return found["touched"]


def walk(page, path):
    """A list and all the pages after it."""
    opened = 0
    while path:
        inspect(page, path)
        opened += 1
        path = page.evaluate("document.querySelector('main a[rel=next]')?.href ?? null")
    return opened


def chunks(items, size):
    items = list(items)
    return [items[start : start + size] for start in range(0, len(items), size)]


def corpus():
    texts = [*hostile.own_scripts(), *hostile.own_strings()]
    if hostile.SCRIPTS_SHARED.exists() and hostile.STRINGS_SHARED.exists():
        texts += [*hostile.shared_scripts(), *hostile.shared_strings()][::EVERY]
    return [text for text in dict.fromkeys(map(clean_source, texts)) if clean_line(text)]


_numbers = count(1)


@transaction.atomic
def plant_people(texts):
    """A member for each text, named by it."""
    now = timezone.now()
    people = Member.objects.bulk_create(
        Member(
            handle=f"hostile-{next(_numbers)}",
            display_name=clean_line(text)[:80].strip(),
            headline=clean_line(text)[:160].strip(),
            joined_at=now,
            password="!",
        )
        for text in texts
    )
    Role.objects.bulk_create(Role(member=one, role=RoleName.MEMBER, from_at=now) for one in people)
    refresh_directory_entry(*(one.pk for one in people))
    return people


@transaction.atomic
def plant_posts(texts, people, space):
    """Ten texts to a topic page of twenty posts, each as Markdown and as HTML; returns the pages."""
    now = timezone.now()
    topics, posts, tags, tagged = [], [], {}, []
    for chunk in chunks(zip(texts, people, strict=True), 10):
        topic = plant_topic(chunk[0][0], chunk[0][1], space, now, posts=2 * len(chunk))
        topics.append(topic)
        for place, (text, person) in enumerate(chunk):
            for offset, source_format in enumerate(SourceFormat):
                rendered = render(text, source_format)
                posts.append(
                    Post(
                        topic=topic,
                        number=2 * place + offset + 1,
                        author=person,
                        source=text,
                        source_format=source_format,
                        html=rendered.html,
                        renderer_version=RENDERER_VERSION,
                        created_at=now,
                    )
                )
            name = clean_line(text)[:40].strip()
            tag = tags.setdefault(name, Tag(name=name, slug=f"hostile-{next(_numbers)}"))
            tagged.append((topic, tag))
    Topic.objects.bulk_create(topics)
    firsts = {post.topic: post for post in posts if post.number == 1}
    Post.objects.bulk_create(firsts.values())
    for post in posts:
        # The answer to the first post, which is what a plain reply is.
        post.reply_to = None if post.number == 1 else firsts[post.topic]
    Post.objects.bulk_create(post for post in posts if post.number > 1)
    Tag.objects.bulk_create(tags.values())
    TaggedTopic.objects.bulk_create(
        TaggedTopic(content_object=topic, tag=tag) for topic, tag in dict.fromkeys(tagged)
    )
    return [topic.get_absolute_url() + "?page=1" for topic in topics]


@transaction.atomic
def plant_titles(texts, people, space):
    now = timezone.now()
    topics = [plant_topic(text, one, space, now, posts=1) for text, one in zip(texts, people, strict=True)]
    for topic in Topic.objects.bulk_create(topics):
        topic.refresh_from_db()


def plant_topic(text, person, space, now, *, posts):
    return Topic(
        space=space,
        kind=TopicKind.DISCUSSION,
        title=clean_line(text)[:200].strip(),
        author=person,
        created_at=now,
        last_post_at=now,
        last_poster=person,
        highest_number=posts,
        last_number=posts,
        post_count=posts,
    )


# --- The detector -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bypass_csp", [True, False], ids=["without policy", "policy alone"])
def test_raw_text_is_caught_by_the_detector_and_stopped_by_the_policy(page_as, member, watch, bypass_csp):
    page = page_as(member, bypass_csp=bypass_csp)
    page.add_init_script(HOOKS)
    page.route(
        "**/*", lambda route: route.continue_() if f"//{watch.host}/" in route.request.url else route.abort()
    )
    page.goto("/spaces/")
    found = page.evaluate(WRITE_RAW, hostile.own_scripts())

    def problems():
        return [one for one in watch.problems if "request to" in one or "violates" in one]

    if not problems():
        page.wait_for_event("console", lambda message: "violates" in message.text)
    told = problems()
    page.close()  # what the texts asked for may still be answered
    watch.forgive()
    assert told
    if bypass_csp:
        assert found["ran"] >= 10
    else:
        assert found["ran"] == 0


# --- Bodies, names, titles, tags ----------------------------------------------------------------------------


@pytest.mark.parametrize("bypass_csp", [True, False], ids=["without policy", "with policy"])
def test_bodies_and_names_run_nothing(sweep, bypass_csp):
    texts = corpus()
    paths = plant_posts(texts, plant_people(texts), make_space("Hostile"))
    _page, touched = sweep(paths, bypass_csp=bypass_csp)
    assert touched > len(texts)


def test_titles_tags_and_names_run_nothing_in_lists(sweep, page_as, member):
    texts = corpus()
    space = make_space("Hostile")
    people = plant_people(texts)
    plant_titles(texts, people, space)
    paths = plant_posts(hostile.own_scripts(), people[: len(hostile.own_scripts())], space)
    page, _touched = sweep(paths[:1], bypass_csp=True)
    assert walk(page, space.get_absolute_url()) >= len(texts) // 50
    assert walk(page, "/members/") >= len(texts) // 50
    for tag in Tag.objects.all():
        inspect(page, tag.get_absolute_url())
    for person in people[:20]:
        inspect(page, person.get_absolute_url())
    inspect(page, "/")


# --- Search -------------------------------------------------------------------------------------------------


def test_search_results_run_nothing(page_as, member):
    space = make_space("Hostile")
    for text in hostile.own_scripts():
        title = clean_line(text)[:200].strip()
        make_topic(space=space, by=member, title=title, body=f"alert script onerror {text}")
    page = page_as(member, bypass_csp=True)
    page.add_init_script(HOOKS)
    for words in ("alert", "script", "onerror", "example", "src"):
        inspect(page, f"/search/?q={words}")
        assert page.locator(".result").count() > 0, words
    for text in hostile.own_scripts()[:20]:
        inspect(page, "/search/?q=" + quote(text))


def test_search_terms_run_nothing_and_come_back_as_they_were_typed(page_as, member):
    page = page_as(member, bypass_csp=True)
    page.add_init_script(HOOKS)
    for text in hostile.own_scripts():
        inspect(page, "/search/?q=" + quote(text[:200]))
    for chunk in chunks(dict.fromkeys(text[:200] for text in corpus()), 24):
        answers = page.evaluate(OPEN_IN_FRAMES, ["/search/?q=" + quote(text) for text in chunk])
        for text, found in zip(chunk, answers, strict=True):
            assert found == {"status": 200, "faults": [], "ran": [], "shown": clean_line(text)}, text
    assert page.evaluate("window.ran") == []


# --- There and back -----------------------------------------------------------------------------------------


def test_what_is_typed_is_what_is_stored_and_what_is_edited(page_as, member):
    space = make_space("Hostile")
    page = page_as(member, java_script_enabled=False)
    for text in hostile.own_scripts()[::6] + hostile.own_strings()[::6]:
        if not clean_line(text) or text != clean_source(text) or len(text) > 200:
            continue
        page.goto(f"/topics/new/?space={space.slug}")
        page.get_by_label("Title").fill(text)
        page.locator("textarea[name=body]").fill(text)
        page.get_by_label("Tags").fill(text.replace(",", "")[:40])
        page.get_by_role("button", name="Post topic").click()
        page.wait_for_url("**/topics/*/*")
        topic = Topic.objects.latest("pk")
        post = topic.posts.get()
        assert topic.title == clean_line(text)
        assert page.locator("h1").text_content() == topic.title
        assert post.source == text
        assert [tag.name for tag in topic.tags.all()] == [
            name for name in [clean_line(text.replace(",", "")[:40])] if name
        ]
        page.goto(f"/posts/{post.pk}/edit/")
        assert page.locator("textarea[name=body]").input_value() == text
