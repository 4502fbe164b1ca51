"""A poll walked through in a browser: asked anonymously, voted in, closed, answered, and its voters told."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from discussions.actions.poll import close_poll, vote_in_poll
from discussions.models import Ballot, Draft, Poll, PollKind, Voter
from members.models import Member
from tests.browser.conftest import NARROW
from tests.browser.test_look import LOOKS, complaints, overflow
from tests.factories import dispatch_activity, make_member, make_poll, make_space, make_topic

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_anonymous_poll_is_closed_answered_and_its_voters_told(page_as, watch):
    """Rules 4.1 to 4.4, without script for one of the voters and on a phone."""
    asker, space = make_member("Ann Lee"), make_space("Pricing")
    page = page_as(asker)
    page.goto(space.get_absolute_url())
    page.get_by_role("link", name="Polls of this space").click()
    page.get_by_role("link", name="Ask a poll").click()
    page.get_by_label("Question").fill("Shall we publish our prices?")
    page.get_by_label("Options").fill("Yes, all of them\nA range\nNo")
    page.get_by_label("Anonymous: a ballot has no link to who voted").check()
    page.get_by_label("When the poll is closed").check()
    page.get_by_role("button", name="Open the poll").click()
    # An anonymous vote cannot be changed: said beside the field, and nothing typed is lost.
    expect(page.get_by_role("main")).to_contain_text("An anonymous vote cannot be changed")
    expect(page.get_by_label("Options")).to_have_value("Yes, all of them\nA range\nNo")
    watch.forgive("422")
    page.get_by_label("A vote can be changed until the close").uncheck()
    page.get_by_role("button", name="Open the poll").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Shall we publish our prices?")
    poll = Poll.objects.get()

    voter = make_member("Bo Quist")
    phone = page_as(voter, viewport=NARROW, java_script_enabled=False)
    phone.goto(poll.get_absolute_url())
    expect(phone.get_by_role("main")).to_contain_text("what you chose without any link to you")
    phone.get_by_label("A range").check()
    phone.get_by_role("button", name="Vote", exact=True).click()
    expect(phone.get_by_role("main")).to_contain_text("Your vote is counted.")
    expect(phone.get_by_role("main")).to_contain_text("Results are shown when the poll is closed.")
    options = list(poll.options.values_list("pk", flat=True))
    for number in range(5):
        vote_in_poll(poll, by=make_member(), marks={options[number % 2]: 1})
    phone.reload()
    expect(phone.locator(".poll-bars")).to_have_count(0)
    assert sorted(Ballot.objects.values_list("count", flat=True)) == [3, 3]
    assert not Voter.objects.filter(ballot__isnull=False).exists()

    page.goto(poll.get_absolute_url())
    page.get_by_role("button", name="Close now").click()
    expect(page.get_by_role("main")).to_contain_text("Its voters wait for what you do with it.")
    expect(page.locator("figcaption")).to_contain_text("Equal at the top")
    page.get_by_role("link", name="What we did with it").click()
    page.get_by_label("What we did with it").fill("We publish a range from January on.")
    page.get_by_role("button", name="Tell the voters").click()
    expect(page.get_by_role("main")).to_contain_text("We publish a range from January on.")
    dispatch_activity()

    phone.goto("/notices/")
    phone.get_by_role("main").get_by_role(
        "link", name="What came of it: Shall we publish our prices?"
    ).click()
    expect(phone.get_by_role("main")).to_contain_text("We publish a range from January on.")
    phone.get_by_text("As a table").click()
    expect(phone.get_by_role("table").first).to_contain_text("A range")


@pytest.mark.parametrize("look", LOOKS)
def test_pages_of_polls_are_readable_by_everybody(page_as, look):
    reader = make_member("Rea Der", role="manager")
    space = make_space("Pricing", slug="pricing")
    topic = make_topic(space=space, by=reader)
    ranked = make_poll(
        place=topic,
        by=reader,
        kind=PollKind.RANKED,
        results="always",
        title="A long question " * 8,
        options=["Supercalifragilistic" * 5, "مرحبا بالعالم", "Third"],
    )
    days = [timezone.now() + timedelta(days=day) for day in (3, 4)]
    dates = make_poll(place=space, by=reader, kind=PollKind.DATE, options=days, results="always")
    closed = make_poll(place=space, by=reader, secrecy="open")
    for poll, weight in ((ranked, 1), (dates, 2), (closed, 1)):
        for option in poll.options.all()[:2]:
            vote_in_poll(poll, by=make_member("Nobody In Particular"), marks={option.pk: weight})
    close_poll(closed, by=Member.objects.get(pk=reader.pk))
    page = page_as(reader, **LOOKS[look])
    wrong = []
    for address in (
        ranked.get_absolute_url(),
        dates.get_absolute_url(),
        closed.get_absolute_url(),
        topic.get_absolute_url(),
        f"{closed.get_absolute_url()}outcome/",
        f"{ranked.get_absolute_url()}edit/",
        "/polls/",
        "/polls/new/?space=pricing",
        "/polls/promises/",
    ):
        page.goto(address)
        for summary in page.get_by_text("As a table").all():
            summary.click()
        wrong += [f"{address}: {line}" for line in complaints(page)]
        if overflow(page) > 0:
            wrong.append(f"{address}: {overflow(page)} px wider than the window")
    assert wrong == []


def test_what_was_typed_about_a_poll_is_there_again(page_as):
    """Rule 3.5: kept two seconds after the last key, and gone with the poll that is asked."""
    asker, space = make_member(), make_space()
    page = page_as(asker)
    address = f"/polls/new/?space={space.slug}"
    page.goto(address)
    page.get_by_label("Question").fill("Which hall?")
    page.get_by_label("What voters should know").fill("We are forty people.")
    page.get_by_label("Options").fill("North\nSouth")
    expect(page.locator("[data-draft-said]")).to_have_text("Kept.")
    assert Draft.objects.get().words["about"] == "We are forty people."
    again = page_as(asker, viewport=NARROW)
    again.goto(address)
    expect(again.get_by_label("What voters should know")).to_have_value("We are forty people.")
    expect(again.get_by_label("Options")).to_have_value("North\nSouth")
    assert overflow(again) <= 0
    again.get_by_role("button", name="Open the poll").click()
    expect(again.get_by_role("heading", level=1)).to_have_text("Which hall?")
    assert not Draft.objects.exists()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("role", ["member", "manager", "administrator"])
def test_the_name_of_the_community_reads_whole_on_a_phone(page_as, settings, role, scheme):
    """However many links stand beside it; a long name takes two lines and is cut there."""
    page = page_as(make_member(role=role), viewport=NARROW, color_scheme=scheme)
    for name in ("Trefoil", "Network of Pricing Practitioners"):
        settings.COMMUNITY_NAME = name
        page.goto("/polls/")
        brand = page.locator(".rail .brand span")
        expect(brand).to_have_text(name)
        cut = brand.evaluate("it => it.scrollWidth > it.clientWidth || it.scrollHeight > it.clientHeight + 1")
        lines = brand.evaluate("it => it.clientHeight / parseFloat(getComputedStyle(it).lineHeight)")
        assert not cut
        assert lines < 1.5
        assert overflow(page) <= 0
        if folder := os.environ.get("SHOTS"):
            page.screenshot(path=f"{folder}/{role}-{scheme}-{len(name)}.png")
