"""Moderation in a real browser: what is reported, returned, changed and kept; powers, appeals, undo; looks and keys."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from discussions.actions.case import report_member, report_post
from discussions.actions.listening import flag_listening
from discussions.actions.moderation import Terms, rule_case
from discussions.actions.steward import name_steward, settle_quality
from discussions.actions.submission import send_post
from discussions.models import Case, CaseKind, ReportReason, RulingAct
from discussions.quality import ARTICLE_COMMENTS
from members.models import Member, Sanction
from tests.browser.test_look import LOOKS, complaints, overflow
from tests.discussions.test_moderation import words
from tests.factories import dispatch_activity, make_member, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db(transaction=True)

LONG = "Wolfeschlegelsteinhausenbergerdorff-Ångström " * 4


@pytest.fixture
def space():
    return make_space("Pricing")


@pytest.fixture
def post(space, other_member):
    topic = make_topic(space=space, by=make_member("Olga Opener"), title="Pilots")
    return make_post(topic=topic, by=other_member, body="Ring me under 0123 456.")


def test_reported_claimed_returned_edited_and_kept(page_as, post, member, moderator, other_member):
    page = page_as(member)
    page.goto(reverse("post_report", args=[post.pk]))
    page.get_by_label("It gives away personal data").check()
    page.get_by_role("button", name="Report").click()
    expect(page.get_by_text("Reported. Somebody looks at it")).to_be_visible()
    page.goto(post.topic.get_absolute_url())
    expect(page.get_by_text("0123 456")).to_have_count(0)

    desk = page_as(moderator)
    desk.goto(reverse("case_list"))
    expect(desk.get_by_text("Out of sight")).to_be_visible()
    desk.wait_for_load_state("networkidle")
    # By keys alone: open, take, choose "return", write, decide.
    desk.keyboard.press("j")
    desk.keyboard.press("o")
    expect(desk.get_by_role("heading", name="Decide")).to_be_visible()
    desk.wait_for_load_state("networkidle")
    desk.keyboard.press("c")
    expect(desk.get_by_role("button", name="Give it back")).to_be_visible()
    desk.wait_for_load_state("networkidle")
    desk.keyboard.press("2")
    expect(desk.get_by_label("Return to author")).to_be_checked()
    desk.locator("body").click(position={"x": 2, "y": 2})
    desk.keyboard.press("w")
    desk.keyboard.type("Please leave the number out.")
    desk.get_by_role("button", name="Decide").click()
    expect(desk.get_by_text("Decided. You can take it back")).to_be_visible()

    author = page_as(other_member)
    author.goto(reverse("own_case_list"))
    expect(author.get_by_text("Please leave the number out.")).to_be_visible()
    author.get_by_role("link", name="Change and send again").click()
    case = Case.objects.get()
    expect(author.get_by_text("Please leave the number out.")).to_be_visible()
    author.locator("[contenteditable=true], textarea[name=body]").locator("visible=true").first.fill(
        "Write to me here, please."
    )
    author.get_by_role("button", name="Send again").click()
    expect(author.get_by_text("Sent again. A moderator looks at it.")).to_be_visible()

    desk.goto(case.get_absolute_url())
    expect(desk.get_by_text("Write to me here, please.").first).to_be_visible()
    desk.get_by_label("Keep").check()
    desk.get_by_role("button", name="Decide").click()
    expect(desk.get_by_text("Decided. You can take it back")).to_be_visible()
    page.goto(post.topic.get_absolute_url())
    expect(page.get_by_text("Write to me here, please.")).to_be_visible()

    # Undo.
    desk.goto(case.get_absolute_url())
    desk.get_by_role("button", name="Take the decision back").click()
    expect(desk.get_by_text("The decision is taken back")).to_be_visible()
    page.goto(post.topic.get_absolute_url())
    expect(page.get_by_text("Write to me here, please.")).to_have_count(0)


def test_a_steward_acts_inside_and_is_refused_outside(page_as, post, member, space, watch):
    guardian = make_member("Greta Guardian")
    name_steward(space, guardian, by=None)
    inside = report_post(post, by=member, reason=ReportReason.OTHER).case
    outside = report_post(make_post(), by=member, reason=ReportReason.OTHER).case
    page = page_as(guardian)
    page.goto(reverse("case_list"))
    expect(page.locator(".card")).to_have_count(1)
    page.goto(inside.get_absolute_url())
    expect(page.get_by_text("Moderators and community managers suspend.")).to_be_visible()
    page.get_by_label("Hide").check()
    page.get_by_label("Words for the author").fill("Not here, please.")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("Decided. You can take it back")).to_be_visible()
    assert page.goto(outside.get_absolute_url()).status == 404
    watch.forgive("404")


def test_the_second_of_two_moderators_is_told_and_keeps_the_words(
    page_as, post, member, moderator, manager, watch
):
    case = report_post(post, by=member, reason=ReportReason.OTHER).case
    page = page_as(manager)
    page.goto(case.get_absolute_url())
    rule_case(case, RulingAct.KEEP, by=moderator, version=1)
    page.get_by_label("Hide").check()
    page.get_by_label("Words for the author").fill("These words took a while.")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("has decided this already: Keep")).to_be_visible()
    expect(page.get_by_label("Words for the author")).to_have_value("These words took a while.")
    watch.forgive("409")


def test_an_appeal_is_decided_by_another_person(page_as, post, member, moderator, manager, other_member):
    terms = Terms(words="Calm down.", until=timezone.now() + timedelta(days=2))
    case = report_post(post, by=member, reason=ReportReason.OTHER).case
    rule_case(case, RulingAct.QUIET, by=moderator, version=1, terms=terms)
    page = page_as(other_member)
    page.goto(post.topic.get_absolute_url())
    expect(page.get_by_text("You are quiet here for a while")).to_be_visible()
    page.goto(reverse("sanction_list"))
    expect(page.get_by_text("Calm down.")).to_be_visible()
    page.get_by_label("Why it should end").fill("It was irony.")
    page.get_by_role("button", name="Send the appeal").click()
    dispatch_activity()
    appeal = Case.objects.get(kind=CaseKind.APPEAL)
    desk = page_as(moderator)
    desk.goto(appeal.get_absolute_url())
    expect(desk.get_by_text("You imposed this yourself").first).to_be_visible()
    other = page_as(manager)
    other.goto(appeal.get_absolute_url())
    other.get_by_label("Grant the appeal").check()
    other.get_by_label("Words for the author").fill("So it was.")
    other.get_by_role("button", name="Decide").click()
    expect(other.get_by_text("Decided. You can take it back")).to_be_visible()
    page.goto(reverse("sanction_list"))
    expect(page.get_by_text("So it was.")).to_be_visible()
    assert not Sanction.objects.current().exists()


def test_advice_comes_before_sending_and_the_words_are_kept(page_as, member, space, watch):
    settle_quality(space, by=None, rules=ARTICLE_COMMENTS)
    topic = make_topic(space=space)
    page = page_as(member, java_script_enabled=False)
    page.goto(topic.get_absolute_url())
    page.locator("textarea[name=body]").fill("Great post, thanks!")
    page.get_by_role("button", name="Post reply").click()
    expect(page.get_by_text("This is kind and brief").first).to_be_visible()
    expect(page.locator("textarea[name=body]")).to_have_value("Great post, thanks!")
    page.get_by_role("button", name="Send it as it is").click()
    expect(page.get_by_text("A moderator looks at it before others do.").first).to_be_visible()
    expect(page.get_by_text("Great post, thanks!")).to_be_visible()
    watch.forgive("422")


@pytest.mark.parametrize("look", LOOKS)
def test_the_pages_are_readable_by_everybody(page_as, manager, member, space, look):
    author = make_member(LONG[:80])
    topic = make_topic(space=space, by=author, title=LONG[:190])
    post = make_post(topic=topic, by=author, body=LONG * 5)
    case = report_post(post, by=member, reason=ReportReason.ABUSE, words="ليلى بنت أحمد <b> " * 20).case
    settle_quality(space, by=None, rules=ARTICLE_COMMENTS)
    send_post(topic, by=author, prose=words("Good post"), advised=["too_short"])
    held = Case.objects.get(kind=CaseKind.HELD)
    warned = report_post(make_post(topic=topic, by=author), by=member, reason=ReportReason.OTHER).case
    rule_case(warned, RulingAct.WARN, by=manager, version=1, terms=Terms(words=LONG * 5))
    rule_case(held, RulingAct.RETURN, by=manager, version=1, terms=Terms(words=LONG * 5))
    flag_listening(topic, by=manager)
    Member.objects.filter(pk=author.pk).update(headline=LONG[:150])
    report_member(author, by=member, reason=ReportReason.ABUSE)
    found = {}

    def look_at(page, *paths):
        for path in paths:
            page.goto(path)
            found[path] = complaints(page) + ([f"{overflow(page)} too wide"] if overflow(page) > 0 else [])

    look_at(
        page_as(manager, **LOOKS[look]),
        reverse("case_list"),
        reverse("case_list") + "?list=decided",
        reverse("case_list") + "?kind=appeal",
        case.get_absolute_url(),
        held.get_absolute_url(),
        warned.get_absolute_url(),
        reverse("member_sanction_list", args=[author.handle]),
        reverse("moderation_statistics"),
        reverse("listening_list"),
        reverse("space_rules", args=[space.slug]) + "?preset=article_comments",
        reverse("space_figures", args=[space.slug]),
        reverse("space_people", args=[space.slug]),
    )
    look_at(
        page_as(author, **LOOKS[look]),
        reverse("own_case_list"),
        reverse("own_case_edit", args=[held.pk]),
        reverse("sanction_list"),
        author.get_absolute_url(),
        reverse("steward_propose", args=[space.slug]),
        reverse("topic_report", args=[make_topic(space=space).pk]),
    )
    assert {where: what for where, what in found.items() if what} == {}
