"""A poll walked through in a browser: asked anonymously, voted in, closed, answered, and its voters told."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from discussions.actions.poll import close_poll, vote_in_poll
from discussions.models import Ballot, Poll, PollKind, Voter
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
