"""What every page has to be, wide and narrow, by day and by night: readable by everybody, quiet, light and still."""

import gzip
import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from community.views.gallery import CASES, PAGES
from discussions.actions.post import thank_post
from tests.browser.conftest import NARROW, WIDE
from tests.factories import make_post, make_space, make_topic

pytestmark = pytest.mark.django_db(transaction=True)

# The four ways a page is looked at.
LOOKS = {
    "wide light": {"viewport": WIDE, "color_scheme": "light"},
    "wide dark": {"viewport": WIDE, "color_scheme": "dark"},
    "narrow light": {"viewport": NARROW, "color_scheme": "light"},
    "narrow dark": {"viewport": NARROW, "color_scheme": "dark"},
}
HALF = ["wide light", "narrow dark"]

# The panel of a person's posts is a part, seen inside the person's page.
WHOLE_PAGES = sorted(PAGES.keys() - {"member_posts"})

FIRST_LOAD_BYTES = 120_000
SCRIPT_BYTES = 60_000


# Only what is wrong leaves the page: all that axe looked at would cost more to send than to find.
AUDIT = """
async ([context, options]) => {
    const {violations} = await axe.run(context, options);
    return violations.flatMap(({id, nodes}) => nodes.map(({html}) => `${id}: ${html.slice(0, 160)}`));
}
"""


def complaints(page, *, leave_out=()):
    """What axe has against the page, one line each. It fetches nothing by itself: the policy would stop it."""
    options = {"resultTypes": ["violations"], "selectors": False, "preload": False}
    context = {"include": [["html"]], "exclude": [[selector] for selector in leave_out]}
    page.evaluate(Axe().axe_script)
    return page.evaluate(AUDIT, [context, options])


def overflow(page):
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


@pytest.fixture
def places(member, other_member):
    """A community with something on every page."""
    space = make_space("Pricing", purpose="How we set, test and defend prices.", slug="pricing")
    make_space("Small circle", preset="private", members=[member], slug="circle")
    topic = make_topic(
        space=space, by=member, title="How do you announce an increase?", kind="question", tags=["pricing"]
    )
    posts = [
        make_post(topic=topic, by=other_member, body=f"We wrote letter **{number}**.") for number in range(24)
    ]
    thank_post(posts[-1], by=member)
    return {
        "topic": topic.get_absolute_url(),
        "last_page": posts[-1].get_absolute_url(),
        "space": space.get_absolute_url(),
        "person": other_member.get_absolute_url(),
    }


# --- The gallery ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("look", LOOKS)
def test_gallery_is_readable_by_everybody(page_as, member, look):
    page = page_as(member, **LOOKS[look])
    for case in ("short", "hostile"):
        page.goto(f"/gallery/?case={case}")
        assert complaints(page) == []
        assert overflow(page) <= 0


@pytest.mark.parametrize("look", HALF)
def test_pages_of_the_gallery_are_readable_by_everybody(page_as, member, look):
    page = page_as(member, **LOOKS[look])
    found = {}
    for name in WHOLE_PAGES:
        for case in ("long", "empty"):
            page.goto(f"/gallery/?page={name}&case={case}")
            found[f"{name} {case}"] = complaints(page)
    assert {where: what for where, what in found.items() if what} == {}


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_wider_than_a_phone(page_as, member, case):
    page = page_as(member, **LOOKS["narrow light"])
    too_wide = {}
    for name in WHOLE_PAGES:
        page.goto(f"/gallery/?page={name}&case={case}")
        if overflow(page) > 0:
            too_wide[name] = overflow(page)
    assert too_wide == {}


def test_hostile_words_stay_words(page_as, member):
    page = page_as(member)
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    for name in WHOLE_PAGES:
        page.goto(f"/gallery/?page={name}&case=hostile")
        assert page.locator("main, body").first.is_visible()
        assert page.locator("main script, main style, main img").count() == 0


# --- The real pages -------------------------------------------------------------------------------------------

MEMBER_PAGES = [
    "/", "/spaces/", "{space}", "{topic}", "{last_page}", "/topics/new/?space=pricing", "/search/?q=letter",
    "/search/?q=nothing-like-this", "/members/", "{person}", "/me/", "/tags/pricing/", "/accounts/email/",
    "/accounts/password/change/", "/accounts/2fa/", "/me/sessions/", "/accounts/logout/",
]  # fmt: skip
STRANGER_PAGES = [
    "/join/",
    "/join/sent/",
    "/accounts/login/",
    "/accounts/login/code/",
    "/accounts/password/reset/",
    "/accounts/signup/",
]


@pytest.mark.parametrize("look", HALF)
def test_pages_of_a_member(page_as, member, places, look):
    page = page_as(member, **LOOKS[look])
    found = {}
    for path in MEMBER_PAGES:
        answer = page.goto(path.format(**places))
        page.wait_for_load_state("networkidle")
        problems = complaints(page)
        if answer.status not in {200, 302}:
            problems.append(f"status {answer.status}")
        if overflow(page) > 0:
            problems.append(f"{overflow(page)} px too wide")
        if page.locator("h1").count() != 1:
            problems.append("not one h1")
        found[path] = problems
    assert {where: what for where, what in found.items() if what} == {}


@pytest.mark.parametrize("look", HALF)
def test_pages_of_a_stranger(page_as, look):
    page = page_as(None, **LOOKS[look])
    found = {}
    for path in STRANGER_PAGES:
        page.goto(path)
        found[path] = complaints(page) + ([] if overflow(page) <= 0 else ["too wide"])
    assert {where: what for where, what in found.items() if what} == {}


@pytest.mark.parametrize("look", HALF)
def test_administration(page_as, administrator, places, look):
    """Every list of the admin and every form to add something."""
    page = page_as(administrator, **LOOKS[look])
    page.goto("/admin/")
    links = "#content-main :is(th a, a.addlink)"
    paths = page.locator(links).evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert paths
    found = {}
    # The forms are the same on a phone but for their width; a few of them stand for all.
    for path in ["/admin/", *(paths if look == "wide light" else paths[:4])]:
        page.goto(path)
        # Parts of the stock admin that name their fields by a heading only.
        found[path] = complaints(page, leave_out=[".select2", ".inline-group .tabular"])
    assert {where: what for where, what in found.items() if what} == {}


def test_errors_speak(page_as, member, watch):
    page = page_as(member)
    answer = page.goto("/topics/987654321/")
    assert answer.status == 404
    expect(page.locator("h1")).to_be_visible()
    expect(page.get_by_role("link", name="Go to home")).to_be_visible()
    assert complaints(page) == []
    watch.forgive("404")


# --- Weight and stillness -------------------------------------------------------------------------------------


def test_first_load_is_light(page_as, member, places):
    """Styles and scripts as a server with compression sends them; the page itself uncompressed, since it may be."""
    page = page_as(member)
    weights = {}

    def weigh(response):
        body = response.body()
        kind = response.request.resource_type
        sent = len(body) if kind in {"document", "xhr", "fetch"} else len(gzip.compress(body))
        weights.setdefault(kind, {})[response.url] = sent + 300

    page.on("requestfinished", lambda request: weigh(request.response()))
    page.goto(places["topic"])
    page.wait_for_load_state("networkidle")
    total = {kind: sum(sizes.values()) for kind, sizes in weights.items()}
    assert sum(total.values()) < FIRST_LOAD_BYTES, json.dumps(weights, indent=1)
    assert total["script"] < SCRIPT_BYTES, json.dumps(weights["script"], indent=1)


@pytest.mark.parametrize("look", ["wide light", "narrow light"])
def test_nothing_moves_after_it_was_shown(page_as, member, places, look):
    page = page_as(member, **LOOKS[look])
    moved = {}
    for name in ("topic", "space", "person"):
        page.goto(places[name])
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(200)
        moved[name] = page.evaluate(
            """() => new Promise((resolve) => {
                let sum = 0;
                new PerformanceObserver((list) => list.getEntries().forEach((entry) => (sum += entry.value)))
                    .observe({type: "layout-shift", buffered: true});
                setTimeout(() => resolve(sum), 200);
            })"""
        )
    assert {name: value for name, value in moved.items() if value > 0.01} == {}


def test_a_page_prints_without_the_frame(page_as, member, places):
    page = page_as(member)
    page.goto(places["topic"])
    page.emulate_media(media="print")
    expect(page.locator(".rail")).to_be_hidden()
    expect(page.locator("#write")).to_be_hidden()
    expect(page.locator(".post .prose").first).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_light_and_dark_are_kept_on_the_device(page_as, member):
    page = page_as(member, color_scheme="light")
    page.goto("/me/")
    page.get_by_role("button", name="Dark", exact=True).click()
    page.goto("/spaces/")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 22, 20)"
