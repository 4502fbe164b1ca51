"""The directory in a real browser: ticking filters without a new page, all values of a facet, and without script."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from members.actions.fact import FactChange, set_facts
from members.models import SavedSearch
from tests.browser.test_look import LOOKS, complaints, overflow
from tests.factories import make_member

pytestmark = pytest.mark.django_db(transaction=True)


def say(member, **facts):
    changes = {
        key: FactChange(values=value if isinstance(value, list) else [value]) for key, value in facts.items()
    }
    set_facts(member, by=member, changes=changes)


@pytest.fixture
def towns(member):
    for number in range(12):
        topic = "Pricing" if number % 2 else "Audits and much more and as much again and yet more"
        say(make_member(f"Person {number}"), place=f"Town {number}", helps_topics=[topic])


def panel(page, title):
    return page.locator("details.filter").filter(has=page.locator("summary", has_text=title))


def test_a_tick_changes_the_list_and_nothing_else(page_as, member, towns):
    page = page_as(member)
    page.goto("/members/")
    page.evaluate("window.isTheSamePage = true")
    topics = panel(page, "Can help with")
    topics.locator("summary").click()
    topics.get_by_label("Pricing").check()
    expect(page.locator(".directory-head [role=status]")).to_have_text("6 people")
    expect(page.locator(".cards .card")).to_have_count(6)
    # The panel is still open, the keyboard is where it was, the address tells of it, and the other counts too.
    expect(topics.get_by_label("Pricing")).to_be_focused()
    assert parse_qs(urlsplit(page.url).query)["facet"] == ["helps_topics:pricing"]
    page.keyboard.press("Escape")
    places = panel(page, "Place")
    places.locator("summary").click()
    expect(places.get_by_role("checkbox")).to_have_count(6)
    places.get_by_label("Town 1", exact=False).first.check()
    expect(page.locator(".cards .card")).to_have_count(1)
    assert page.evaluate("window.isTheSamePage") is True
    # What is kept is what is on the page now.
    page.get_by_label("Keep this search as").fill("Pricing in one town")
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator(".messages")).to_contain_text("Pricing in one town")
    assert SavedSearch.objects.get().query.startswith("facet=helps_topics%3Apricing&facet=place%3Atown")
    page.goto("/members/")
    panel(page, "Can help with").locator("summary").click()
    panel(page, "Can help with").get_by_label("Pricing").check()
    expect(page.locator(".cards .card")).to_have_count(6)
    page.go_back()
    expect(page.locator(".chosen")).to_have_count(0)
    expect(page.locator(".cards .card")).to_have_count(13)


@pytest.mark.parametrize("has_script", [True, False])
def test_all_values_are_looked_through_and_ticked(page_as, member, towns, has_script):
    page = page_as(member, java_script_enabled=has_script)
    page.goto("/members/?facet=helps_topics:pricing&facet=place:town+1")
    places = panel(page, "Place")
    places.locator("summary").click()
    expect(places.get_by_role("link", name="All values")).to_have_count(0)
    page.goto("/members/?q=person")
    panel(page, "Place").locator("summary").click()
    panel(page, "Place").get_by_role("link", name="All values").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Place")
    expect(page.get_by_role("checkbox")).to_have_count(12)
    page.get_by_label("Town 3").check()
    page.get_by_label("A part of the name").fill("town 11")
    page.keyboard.press("Enter")
    expect(page.get_by_role("checkbox")).to_have_count(1)
    page.get_by_label("Town 11").check()
    page.get_by_role("button", name="Show people").click()
    expect(page.locator(".cards .card")).to_have_count(2)
    expect(page.locator(".chosen .tag")).to_have_count(2)


@pytest.mark.parametrize("look", LOOKS)
def test_all_values_are_readable_by_everybody(page_as, member, towns, look):
    page = page_as(member, **LOOKS[look])
    for path in ("/facets/helps_topics/", "/facets/place/?q=person", "/facets/place/?find=zz"):
        page.goto(path)
        assert (complaints(page), overflow(page) <= 0) == ([], True), path
