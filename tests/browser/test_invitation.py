"""From the mail of an invitation to the first introduction, in a real browser; and how those pages look."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from community.core.models import Mail
from discussions.models import Topic, TopicKind
from members.actions.fact import FactChange, set_facts
from members.actions.invitation import send_invitation
from members.actions.terms import accept_terms, draft_terms, publish_terms
from members.models import Invitation, Member, RoleName, Skip, TermsKind
from tests.browser.test_look import HALF, LOOKS, complaints, overflow
from tests.factories import make_member, make_space

pytestmark = pytest.mark.django_db(transaction=True)

FIRST = "# Terms\n\nBe kind. Share what you know.\n\nNothing is sold here."
SECOND = "# Terms\n\nBe kind and patient. Share what you know.\n\nNothing is sold here, and nobody is scored."


@pytest.fixture
def hall():
    make_space("Pricing")
    return make_space("Say hello", topic_kinds=(TopicKind.INTRODUCTION,))


@pytest.fixture
def boss():
    return make_member("Marek Manager", role=RoleName.MANAGER)


def publish(boss, body=FIRST, note=""):
    return publish_terms(draft_terms(TermsKind.TERMS, by=boss, body=body, change_note=note), by=boss)


def link() -> str:
    mail = Mail.objects.get(kind="invitation.sent")
    return re.search(r"https?://[^/]+(/join/invitation/\S+/)", mail.body)[1]


def test_by_invitation_from_the_mail_to_the_first_introduction(page_as, boss, hall, watch):
    accept_terms(boss, [publish(boss)], by=boss)
    page = page_as(boss)
    page.goto("/invitations/new/")
    page.get_by_label("E-mail address").fill("ann@new.example")
    page.get_by_label("Name").fill("Ann")
    page.get_by_label("A personal line").fill("You know how to price.")
    for box in ("the questions of the form", "the vouches", "the review by a community manager"):
        page.get_by_label(box).check()
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text("ann@new.example").first).to_be_visible()

    guest = page_as(None)
    guest.goto(link())
    expect(guest.get_by_role("heading", level=1)).to_contain_text("Marek Manager invites you")
    expect(guest.get_by_text("You know how to price.")).to_be_visible()
    guest.get_by_label("Your name").fill("Ann Newcomer")
    guest.get_by_role("button", name="Accept the invitation").click()

    expect(guest.get_by_role("heading", level=1)).to_have_text("Before you go on")
    guest.get_by_label("I accept the terms of use, version 1.").check()
    guest.get_by_role("button", name="Accept and go on").click()

    expect(guest.get_by_role("heading", level=1)).to_have_text("What do you know?")
    guest.get_by_label("Topics I can help with").fill("audits, contracts")
    guest.get_by_label("In a sentence").fill("Ten years of audits.")
    guest.get_by_role("button", name="Save and go on").click()
    expect(guest.get_by_role("heading", level=1)).to_have_text("What are you looking for?")
    guest.get_by_label("Topics I am looking for").fill("pricing")
    guest.get_by_role("button", name="Save and go on").click()
    expect(guest.get_by_role("heading", level=1)).to_have_text("Say hello")
    guest.get_by_label("Title").fill("Hello from Ann")
    guest.get_by_role("button", name="Post your introduction").click()
    expect(guest.get_by_role("heading", level=1)).to_have_text("Hello from Ann")
    expect(guest.locator("#post-1")).to_contain_text("Ten years of audits.")
    topic = Topic.objects.get()
    assert (topic.space, topic.kind, list(topic.tags.names())) == (hall, TopicKind.INTRODUCTION, ["pricing"])

    # Who knows about pricing meets it first; who sent the invitation sees what became of it.
    helper = make_member("Hella Helper")
    accept_terms(helper, [row.terms for row in boss.terms_acceptances.all()], by=helper)
    set_facts(helper, {"helps_topics": FactChange(["pricing"])}, by=helper)
    other = page_as(helper)
    other.goto("/")
    expect(other.get_by_role("complementary").get_by_role("link", name="Hello from Ann")).to_be_visible()
    page.goto("/invitations/")
    expect(page.get_by_role("link", name="Ann Newcomer")).to_be_visible()
    # The link has done its work.
    late = page_as(None)
    late.goto(link())
    expect(late.get_by_text("This invitation was used already")).to_be_visible()
    watch.forgive("410")
    assert Invitation.objects.get().accepted_by == Member.objects.get(email="ann@new.example")


def test_the_welcome_without_script_and_with_every_step_skipped(page_as, boss, hall):
    send_invitation(by=boss, email="ann@new.example", skips=list(Skip))
    page = page_as(None, java_script_enabled=False)
    page.goto(link())
    page.get_by_label("Your name").fill("Ann Newcomer")
    page.get_by_role("button", name="Accept the invitation").click()
    for _step in range(3):
        page.get_by_role("button", name="Skip this").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Since your last visit")
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Since your last visit")


@pytest.mark.parametrize("look", HALF)
def test_the_pages_are_readable_by_everybody(page_as, boss, hall, look, watch):
    reader = make_member("Mira Member")
    accept_terms(reader, [publish(boss)], by=reader)
    second = publish(boss, SECOND, "Patience is asked for, and nobody is scored.")
    accept_terms(boss, [second], by=boss)
    long = "Anneliese-Charlotte " * 3
    send_invitation(by=boss, email="ann@new.example", name=long, message="You know how to price. " * 12)
    found = {}

    def look_at(page, name, path):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        problems = complaints(page)
        if overflow(page) > 0:
            problems.append(f"{overflow(page)} px too wide")
        if page.locator("h1").count() != 1:
            problems.append("not one h1")
        found[name] = problems
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=Path(folder) / f"{name}-{look}.png".replace(" ", "-"), full_page=True)

    page = page_as(None, **LOOKS[look])
    for name, path in {
        "terms_list": "/terms/",
        "terms_show": "/terms/terms/2/",
        "invitation_show": link(),
        "invitation_ended": "/join/invitation/unknown/",
    }.items():
        look_at(page, name, path)
    watch.forgive("404")
    look_at(page_as(reader, **LOOKS[look]), "terms_accept", "/terms/accept/")
    page = page_as(boss, **LOOKS[look])
    for name, path in {
        "invitation_list": "/invitations/",
        "invitation_create": "/invitations/new/",
        "invitation_import": "/invitations/import/",
        "welcome-1": "/welcome/?step=knows",
        "welcome-3": "/welcome/?step=introduces",
    }.items():
        look_at(page, name, path)
    page.goto("/invitations/import/")
    lines = [
        "email,name",
        "bo@new.example,Bo",
        "not an address,",
        f"cy@new.example,{long}",
        "dee@x.example,=1+1",
    ]
    file = {"name": "people.csv", "mimeType": "text/csv", "buffer": "\n".join(lines).encode()}
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Check the file").click()
    page.wait_for_url("**/invitations/import/*-*/")
    look_at(page, "invitation_batch", page.url)
    assert {where: what for where, what in found.items() if what} == {}
