"""A thread becomes an article of the library in a real browser: one goes nameless, one refuses, and all are told."""

import pytest
from playwright.sync_api import expect

from discussions.actions.steward import name_steward
from discussions.models import Resource
from tests.browser.conftest import NARROW, WIDE
from tests.browser.test_look import complaints, overflow
from tests.factories import dispatch_activity, make_member, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast():
    """A thread of three people, somebody who makes something of it, and who looks after the space."""
    space = make_space("Pricing")
    people = {
        key: make_member(name) for key, name in (("ann", "Ann Lee"), ("bo", "Bo Quist"), ("cy", "Cy Doe"))
    }
    people |= {"maker": make_member("Mia Maker"), "guardian": make_member("Greta Guardian")}
    name_steward(space, people["guardian"], by=None)
    topic = make_topic(
        space=space, by=people["ann"], kind="question", title="How long is a pilot?", body="Six weeks?"
    )
    make_post(topic=topic, by=people["bo"], body="Eight weeks, and then you decide.")
    make_post(topic=topic, by=people["cy"], body="Never more than four.")
    return people | {"topic": topic}


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_thread_becomes_an_article_with_everybodys_say(page_as, cast, script):
    page = page_as(cast["maker"], java_script_enabled=script)
    page.goto(f"{cast['topic'].get_absolute_url()}resources/")
    page.get_by_role("link", name="Make a resource").click()
    for number in (1, 2, 3):
        page.get_by_role("checkbox").nth(number - 1).check()
    page.get_by_label("Part of post 3").select_option("challenged")
    page.get_by_label("Title").fill("How long a pilot lasts")
    page.get_by_role("button", name="Make a draft").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("How long a pilot lasts")
    expect(page.locator(".passage")).to_have_count(3)
    expect(page.locator(".dissent .passage")).to_contain_text("Never more than four.")
    expect(page.locator(".passage").first.get_by_role("link", name="Source")).to_be_visible()
    page.get_by_role("button", name="Ask the contributors").click()
    expect(page.get_by_role("main")).to_contain_text("Each has five days to answer.")
    expect(page.get_by_role("complementary")).to_contain_text("Bo Quist has until")
    page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_role("main")).to_contain_text("It is handed in.")
    dispatch_activity()

    for key, answer in (
        ("ann", "Use my words, with my name"),
        ("bo", "Use my words, without my name"),
        ("cy", "Do not use my words"),
    ):
        theirs = page_as(cast[key], java_script_enabled=script)
        theirs.goto("/notices/")
        theirs.get_by_role("main").get_by_role("link", name="May your words stand in the library?").click()
        expect(theirs.get_by_role("heading", level=1)).to_have_text("Your words in the library")
        theirs.get_by_label(answer).check()
        theirs.get_by_role("button", name="Answer").click()
        said = "Your words have left it." if key == "cy" else "Your answer is kept."
        expect(theirs.get_by_role("main")).to_contain_text(said)
        theirs.context.close()

    page.goto(Resource.objects.get().get_absolute_url())
    expect(page.locator(".passage")).to_have_count(2)
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Nobody in the thread saw it otherwise").uncheck()
    page.get_by_label("Who saw it otherwise").fill("One member holds that four weeks are enough.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".dissent")).to_contain_text("four weeks are enough")

    reviewer = page_as(cast["guardian"], java_script_enabled=script)
    reviewer.goto("/library/desk/")
    reviewer.get_by_role("main").get_by_role("link", name="How long a pilot lasts").click()
    reviewer.get_by_role("button", name="Publish").click()
    expect(reviewer.get_by_role("main")).to_contain_text("It is in the library.")
    dispatch_activity()

    reader = page_as(make_member(), java_script_enabled=script)
    reader.goto("/library/")
    reader.get_by_role("main").get_by_role("link", name="How long a pilot lasts").click()
    expect(reader.get_by_role("main")).to_contain_text("Eight weeks, and then you decide.")
    whole = reader.locator("body")
    expect(whole).to_contain_text("Ann Lee")
    expect(whole).to_contain_text("1 more goes without name")
    expect(whole).not_to_contain_text("Bo Quist")
    expect(whole).not_to_contain_text("Cy Doe")
    expect(whole).not_to_contain_text("Never more than four")
    reader.get_by_role("button", name="Used it").click()
    expect(reader.get_by_role("button", name="Used it")).to_have_attribute("aria-pressed", "true")

    for key, told in (("ann", "with your name"), ("bo", "without your name")):
        theirs = page_as(cast[key], java_script_enabled=script)
        theirs.goto("/notices/")
        expect(theirs.get_by_role("main")).to_contain_text(f"Published with 1 passage of yours, {told}")
        theirs.context.close()


@pytest.mark.parametrize(
    "look",
    [{"viewport": WIDE, "color_scheme": "light"}, {"viewport": NARROW, "color_scheme": "dark"}],
    ids=["wide light", "narrow dark"],
)
def test_pages_of_the_library_are_readable_by_everybody(page_as, cast, look):
    maker = page_as(cast["maker"], **look)
    make = f"{cast['topic'].get_absolute_url()}resource/"
    maker.goto(make)
    for number in range(3):
        maker.get_by_role("checkbox").nth(number).check()
    maker.get_by_role("button", name="Make a draft").click()
    resource = Resource.objects.get()
    passage = resource.passages.first()
    url = resource.get_absolute_url()
    pages = [
        "/library/", "/library/new/", "/library/desk/", "/library/wanted/", make, url, f"{url}edit/",
        f"{url}history/", f"{cast['topic'].get_absolute_url()}resources/", f"/passages/{passage.pk}/edit/",
    ]  # fmt: skip
    found = {}
    for path in pages:
        maker.goto(path)
        maker.wait_for_load_state("networkidle")
        found[path] = complaints(maker) + ([f"{overflow(maker)} px too wide"] if overflow(maker) > 0 else [])
    maker.goto(url)
    maker.get_by_role("button", name="Ask the contributors").click()
    bo = page_as(cast["bo"], **look)
    bo.goto(f"{url}consent/")
    found["consent"] = complaints(bo) + ([f"{overflow(bo)} px too wide"] if overflow(bo) > 0 else [])
    assert {where: what for where, what in found.items() if what} == {}
