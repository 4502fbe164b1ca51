"""Every page of conversation, search and notices by day and by night: read by axe, no wider than its window, quiet."""

import pytest

from tests.browser.conftest import NARROW, WIDE
from tests.browser.stage import make_stage
from tests.browser.test_look import HALF, LOOKS, complaints, overflow

pytestmark = pytest.mark.django_db(transaction=True)

ROLES = ("member", "manager", "newcomer", "stranger")


def faults(page, look):
    page.set_viewport_size(look["viewport"])
    page.emulate_media(color_scheme=look["color_scheme"])
    too_wide = overflow(page)
    return complaints(page) + ([f"{too_wide} px too wide"] if too_wide > 0 else [])


def walk(page, pages, looks, watch):
    """What is wrong with each page, by its name and look; a page is opened once and looked at in each of `looks`."""
    found = {}
    for name, path in pages.items():
        page.set_viewport_size(WIDE)
        answer = page.goto(path)
        page.wait_for_load_state("networkidle")
        if answer.status != 200:
            found[name] = [f"status {answer.status}"]
        if page.locator("h1").count() != 1:
            found[f"{name}, headings"] = ["not one h1"]
        for look in looks:
            found[f"{name}, {look}"] = faults(page, LOOKS[look])
        found[f"{name}, console"] = list(watch.problems)
        watch.forgive(*watch.problems)
    return {where: what for where, what in found.items() if what}


@pytest.mark.parametrize("role", ROLES)
def test_every_page_by_day_and_by_night(page_as, watch, role):
    stage = make_stage()
    # A colour on its way from day to night is neither's.
    page = page_as(getattr(stage, role, None), reduced_motion="reduce")
    assert walk(page, stage.pages[role], HALF, watch) == {}


@pytest.mark.parametrize("words", ["long", "hostile", "rtl"])
def test_words_of_every_kind_fit_and_stay_words(page_as, watch, words):
    stage = make_stage(words)
    found = {}
    for role in ("member", "manager"):
        page = page_as(getattr(stage, role), viewport=NARROW)
        page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
        for name, path in stage.pages[role].items():
            page.goto(path)
            if overflow(page) > 0:
                found[f"{role}, {name}"] = f"{overflow(page)} px too wide"
            if page.locator("main :is(script, style)").count():
                found[f"{role}, {name}, words"] = "became elements"
    assert found == {}
