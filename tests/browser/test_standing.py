"""Pages about how one stands: readable by everybody, by day and by night, on a phone, with what people really write."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from members.actions.standing import leave_community, pause_member, suspend_member
from tests.browser.test_look import LOOKS, complaints, overflow
from tests.factories import make_member

pytestmark = pytest.mark.django_db(transaction=True)

REASON = "Verbindlichkeitserklärungsverweigerung" * 4 + "\n\nYou were asked twice.\n" + "مرحبا " * 30


def look_at(page, *addresses):
    found = {}
    for address in addresses:
        page.goto(address)
        found[address] = (complaints(page), max(0, overflow(page)))
    return {address: what for address, what in found.items() if what != ([], 0)}


@pytest.mark.parametrize("look", LOOKS)
def test_the_pages_are_readable_by_everybody(page_as, moderator, look):
    until = timezone.now() + timedelta(days=9)
    pausing, suspended, gone = (
        make_member("Paula Pausing"),
        make_member("Sven Suspended"),
        make_member("Gina Gone"),
    )
    pause_member(pausing, by=pausing, until=until)
    suspend_member(suspended, by=moderator, reason=REASON, until=until)
    leave_community(gone, by=gone)
    options = LOOKS[look]
    assert look_at(
        page_as(pausing, **options), "/", reverse("member_pause"), reverse("member_leave"),
        reverse("session_list"),
    ) == {}  # fmt: skip
    assert look_at(page_as(suspended, **options), reverse("suspension_show")) == {}
    assert look_at(page_as(gone, **options), reverse("member_left")) == {}
    assert look_at(page_as(None, **options), reverse("company_sign_in")) == {}


def test_somebody_suspended_reads_why_and_appeals(page_as, member, moderator):
    suspend_member(member, by=moderator, reason="Shouting.", until=timezone.now() + timedelta(days=9))
    page = page_as(member)
    page.goto("/")
    expect(page.get_by_role("heading", name="Your membership is suspended")).to_be_visible()
    expect(page.get_by_text("Shouting.")).to_be_visible()
    page.get_by_label("Why it should end").fill("I was quoting somebody.")
    page.get_by_role("button", name="Send the appeal").click()
    expect(page.get_by_text("I was quoting somebody.")).to_be_visible()
    expect(page.get_by_role("button", name="Send the appeal")).to_have_count(0)
