"""Whole ways through the gate in a real Chromium, both sides of it: taken in, declined, and from the waitlist in."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from community.core.models import Activity, Mail
from community.core.verbs import Verb
from discussions.models import Topic, TopicKind
from members.actions.gate import create_criterion, create_question, default_tier, edit_gate
from members.models import Application, ApplicationState, Member, Question, Tier
from tests.factories import dispatch_activity, make_application, make_space

pytestmark = pytest.mark.django_db(transaction=True)

# As people write: paragraphs, a list with an indent, a gap of two lines, double spaces and every kind of letter.
REASON = """Dear Nía — thank you; we read “all” of it, twice.

This year we take people who set prices > half of the week (§ 2 & 3).
  · yours is  about  a fifth;
  · see <https://example.org/?a=1&b=2>.


Пишите нам через год, 明年再来。
نراك في العام المقبل، إن شاء الله."""


@pytest.fixture
def gate():
    edit_gate(by=None, purpose="For people who set prices.", audience="Practitioners.")
    default_tier()
    create_criterion(by=None, name="Works on prices", description="Half of the week or more.")
    create_question(by=None, kind="company", label="Where do you work?", is_required=True, position=1)
    create_question(
        by=None,
        kind="long",
        label="What could you help with?",
        is_required=True,
        fills="can_help_with",
        position=2,
    )


def mailed(kind: str, address: str) -> Mail:
    """What the outbox holds for them, after the subscribers have run as the worker runs them."""
    # What a subscriber does leaves activity of its own.
    while dispatch_activity():
        pass
    return Mail.objects.filter(kind=kind, address=address).latest("pk")


def path_in(mail: Mail) -> str:
    return re.search(r"https?://[^/\s]+(/\S*)", mail.body)[1]


def apply(page: Page, email: str, name: str) -> None:
    """From the public page by the mailed link to the sent application."""
    page.goto("/")
    page.get_by_label("Your e-mail address").fill(email)
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mail")
    page.goto(path_in(mailed("application.begin", email)))
    page.get_by_role("button", name="Go to my application").click()
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Where do you work?").fill("Acme")
    page.get_by_label("What could you help with?").fill("Price increases.")
    page.get_by_role("button", name="Send application").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your application")


def open_review(page: Page, name: str) -> None:
    page.goto("/applications/")
    page.get_by_role("link", name=name).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def rows_of(person: Member, *verbs: Verb) -> list[Activity]:
    return list(Activity.objects.filter(verb__in=verbs, counterpart_id=person.pk).order_by("id"))


def test_a_stranger_becomes_a_member_who_has_said_hello(page_as, gate, manager, browser):
    hall = make_space("Say hello", topic_kinds=(TopicKind.INTRODUCTION,))
    stranger = page_as(None)
    stranger.goto("/")
    expect(stranger).to_have_url(re.compile("/join/$"))
    for words in ("For people who set prices.", "Works on prices", "Half of the week or more."):
        expect(stranger.get_by_role("main")).to_contain_text(words)
    stranger.get_by_label("Your e-mail address").fill("nia@example.org")
    stranger.get_by_role("button", name="Send me the link").click()
    expect(stranger.get_by_role("heading", level=1)).to_have_text("Look into your mail")
    stranger.goto(path_in(mailed("application.begin", "nia@example.org")))
    stranger.get_by_role("button", name="Go to my application").click()
    stranger.get_by_label("Your name").fill("Nia New")
    stranger.get_by_label("What could you help with?").fill("Price increases.")
    stranger.get_by_role("button", name="Save and go on later").click()
    expect(stranger.get_by_role("status")).to_contain_text("Saved.")
    stranger.context.close()

    # Days later, in a browser that knows nothing of the first one.
    applicant = page_as(None)
    applicant.goto(path_in(mailed("application.saved", "nia@example.org")))
    applicant.get_by_role("button", name="Go to my application").click()
    expect(applicant.get_by_label("Your name")).to_have_value("Nia New")
    expect(applicant.get_by_label("What could you help with?")).to_have_value("Price increases.")
    applicant.get_by_label("This may also stand in my profile").check()
    applicant.get_by_label("Where do you work?").fill("Acme")
    applicant.get_by_role("button", name="Send application").click()
    expect(applicant.get_by_role("heading", level=1)).to_have_text("We have your application")
    assert "Nia New" in mailed("application.submitted", "nia@example.org").body

    reviewer = page_as(manager)
    open_review(reviewer, "Nia New")
    reviewer.get_by_text("Ask the applicant").click()
    reviewer.get_by_label("A question to the applicant").fill("Which team?")
    reviewer.get_by_role("button", name="Send the question").click()
    assert "Which team?" in mailed("application.asked", "nia@example.org").body

    applicant.reload()
    expect(applicant.get_by_role("heading", level=1)).to_have_text("There is a question for you")
    expect(applicant.get_by_text("Which team?").first).to_be_visible()
    applicant.get_by_label("Your answer").fill("The one in Oslo.")
    applicant.get_by_role("button", name="Send answer").click()
    expect(applicant.get_by_role("status")).to_contain_text("has arrived")

    open_review(reviewer, "Nia New")
    expect(reviewer.get_by_text("The one in Oslo.")).to_be_visible()
    reviewer.get_by_role("radio", name="met", exact=True).check()
    reviewer.get_by_label("Words for the applicant").fill("Glad to have you.")
    reviewer.get_by_role("button", name="Accept").click()
    expect(reviewer.locator(".messages")).to_contain_text("Nia New is a member now")

    accepted = mailed("application.accepted", "nia@example.org")
    assert "Glad to have you." in accepted.body
    applicant.goto(path_in(accepted))
    expect(applicant.get_by_role("heading", level=1)).to_have_text("What do you know?")
    # What the applicant agreed to have in the profile stands there already.
    expect(applicant.get_by_label("In a sentence")).to_have_value("Price increases.")
    applicant.get_by_label("Topics I can help with").fill("pricing")
    applicant.get_by_role("button", name="Save and go on").click()
    applicant.get_by_label("Topics I am looking for").fill("contracts")
    applicant.get_by_role("button", name="Save and go on").click()
    applicant.get_by_role("button", name="Post your introduction").click()
    expect(applicant.get_by_role("heading", level=1)).to_have_text("Hello from Nia New")
    expect(applicant.locator("#post-1")).to_contain_text("Price increases.")
    assert Topic.objects.get().space == hall

    # The raw material of the indicators, each once: applied, decided in time, in, here, heard.
    person = Member.objects.get(email="nia@example.org")
    (applied,) = rows_of(person, Verb.APPLICATION_SUBMITTED)
    (decided,) = rows_of(person, Verb.APPLICATION_ACCEPTED)
    (joined,) = Activity.objects.filter(verb=Verb.MEMBER_JOINED, target_id=person.pk)
    (arrived,) = rows_of(person, Verb.MEMBER_ARRIVED)
    (finished,) = rows_of(person, Verb.WELCOME_FINISHED)
    first = Activity.objects.filter(verb=Verb.TOPIC_CREATED, actor_id=person.pk).earliest("id")
    moments = [row.occurred_at for row in (applied, decided, arrived, first)]
    assert moments == sorted(moments)
    assert (decided.data["in_time"], joined.data["source"], finished.data["skipped"]) == (
        True,
        "application",
        [],
    )


def test_who_is_declined_reads_exactly_what_was_written(page_as, gate, manager):
    applicant = page_as(None)
    apply(applicant, "nia@example.org", "Nia New")
    reviewer = page_as(manager)
    open_review(reviewer, "Nia New")
    reviewer.get_by_role("radio", name="not met", exact=True).check()
    reviewer.get_by_label("Why").first.fill("Only for the other reviewers.")
    reviewer.get_by_label("Words for the applicant").fill(REASON)
    reviewer.get_by_role("button", name="Decline").click()
    expect(reviewer.locator(".messages")).to_contain_text("is declined")

    assert f"\n\n{REASON}\n\n" in mailed("application.declined", "nia@example.org").body
    applicant.reload()
    expect(applicant.get_by_role("heading", level=1)).to_have_text("Your application was declined")
    assert applicant.locator("blockquote.words").first.inner_text() == REASON
    for inside in ("Only for the other reviewers.", "Marek", "not met"):
        expect(applicant.get_by_role("main")).not_to_contain_text(inside)
    assert Application.objects.get().steps.latest("pk").words == REASON


def test_who_waits_moves_up_when_somebody_leaves(page_as, gate, manager):
    Tier.objects.update(capacity=1)
    Question.objects.update(is_required=False)
    sitting = make_application("Sita Sitting", email="sita@example.org")
    make_application("Ewa Earlier", email="ewa@example.org")
    page = page_as(None)
    apply(page, "nia@example.org", "Nia New")
    reviewer = page_as(manager)
    for name in ("Sita Sitting", "Ewa Earlier", "Nia New"):
        accept(reviewer, name)
    expect(reviewer.locator(".messages")).to_contain_text("waitlist")

    assert "Your place: 2." in mailed("application.waitlisted", "nia@example.org").body
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are on the waitlist")
    expect(page.get_by_text("You have place 2 on the waitlist.")).to_be_visible()

    # One place becomes free, and then another one: the order of the list decides.
    leave(page_as(sitting.member))
    dispatch_activity()
    page.reload()
    expect(page.get_by_text("You have place 1 on the waitlist.")).to_be_visible()
    ewa = Member.objects.get(email="ewa@example.org")
    assert ewa.is_admitted
    leave(page_as(ewa))
    moved = mailed("application.moved_up", "nia@example.org")
    page.goto(path_in(moved))
    expect(page.get_by_role("heading", level=1)).to_have_text("What do you know?")
    nia = Member.objects.get(email="nia@example.org")
    assert Application.objects.get(member=nia).state == ApplicationState.ACCEPTED
    assert [row.data["moved_up"] for row in rows_of(nia, Verb.APPLICATION_ACCEPTED)] == [True]
    assert len(rows_of(nia, Verb.MEMBER_ARRIVED)) == 1


def accept(reviewer: Page, name: str) -> None:
    open_review(reviewer, name)
    reviewer.get_by_role("radio", name="met", exact=True).check()
    reviewer.get_by_role("button", name="Accept").click()
    expect(reviewer.locator(".messages")).to_be_visible()


def leave(page: Page) -> None:
    page.goto(reverse("member_leave"))
    page.get_by_role("button", name="Leave the community").click()
    expect(page).to_have_url(re.compile("/me/left/$|/accounts/login/"))
