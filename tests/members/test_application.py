"""What applicants do, from the first mail to the status page: every step, every refusal, and that no word is lost."""

import re
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Activity, Mail
from community.core.verbs import Verb
from members.actions.application import (
    DRAFT_LIFETIME,
    NO_NAME,
    Given,
    answer_reviewer,
    ask_for_link,
    ask_for_vouch,
    forget_drafts,
    lock_application,
    make_link,
    move_to,
    read_link,
    save_answers,
    start_application,
    submit_application,
    withdraw_application,
)
from members.actions.gate import create_question, create_tier, default_tier
from members.actions.member import deactivate_member
from members.actions.sign_in import claim_member
from members.models import (
    Answer,
    Application,
    ApplicationState,
    ApplicationStep,
    DomainRule,
    Member,
    Question,
    Role,
    Vouch,
    VouchRequest,
)
from members.questions import asked, clean_answer, problem_with
from tests.factories import dispatch_activity, make_application, make_member, make_organisation

pytestmark = pytest.mark.django_db

NEW = "new@example.org"
MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


def ask(client: Client, email: str = NEW, **more: str):
    default_tier()
    return client.post(reverse("application_start"), {"email": email, **more})


def last_mail() -> Mail:
    return Mail.objects.order_by("-pk").first()


def link_in(mail: Mail) -> str:
    return re.search(r"http://testserver(/join/links/\S+)", mail.body)[1]


def begin(client: Client, email: str = NEW) -> Application:
    ask(client, email)
    client.post(link_in(last_mail()))
    return Application.objects.get(member__email=email)


def is_inside(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.fixture
def questions(db) -> dict[str, Question]:
    work = create_question(by=None, kind="company", label="Where do you work?", is_required=True, position=1)
    kind = create_question(
        by=None,
        kind="choice",
        label="Does it sell software?",
        choices=["Yes", "No"],
        is_required=True,
        position=2,
    )
    return {
        "work": work,
        "kind": kind,
        "which": create_question(
            by=None,
            kind="short",
            label="Which software?",
            is_required=True,
            shown_if=kind,
            shown_if_answer="Yes",
            position=3,
        ),
        "years": create_question(by=None, kind="number", label="Years in the field?", position=4),
        "page": create_question(by=None, kind="link", label="Your page?", position=5, fills="links"),
        "why": create_question(by=None, kind="long", label="What for?", is_required=True, position=6),
    }


def filled(questions: dict[str, Question], **but: str) -> dict[str, str]:
    """A whole form, as a browser sends it."""
    answers = {"work": "Acme", "kind": "No", "which": "", "years": "7", "page": "", "why": "To learn."} | but
    return {"name": "Nia New"} | {f"answer_{questions[key].pk}": text for key, text in answers.items()}


# --- the mail ---------------------------------------------------------------------------------------------------


def test_an_unknown_address_gets_a_link_to_begin(client):
    response = ask(client)
    assert response["Location"] == reverse("application_sent")
    assert client.get(response["Location"]).status_code == 200
    mail = last_mail()
    assert (mail.address, mail.kind, mail.member) == (NEW, "application.begin", None)
    assert link_in(mail)
    assert not Member.objects.exists()


def test_an_applicant_gets_a_link_to_go_on(client):
    begin(Client())
    ask(client)
    assert last_mail().kind == "application.resume"


@pytest.mark.parametrize("state", ["member", "deactivated", "further address", "without a role"])
def test_whoever_has_an_account_is_told_to_sign_in(client, manager, state):
    person = make_member(email="old@example.org")
    if state == "deactivated":
        deactivate_member(person, by=manager, reason="left")
    if state == "without a role":
        Role.objects.filter(member=person).update(until_at=timezone.now())
    if state == "further address":
        EmailAddress.objects.create(user=person, email=NEW, verified=True)
    ask(client, NEW if state == "further address" else "old@example.org")
    mail = last_mail()
    assert mail.kind == "application.has_account"
    assert "/join/" not in mail.body


def test_a_blocked_domain_is_refused_at_once_in_the_words_of_the_rule(client):
    DomainRule.objects.create(domain="rival.example", policy="block", reason="This is not for vendors.")
    response = ask(client, "Sue@Rival.Example")
    assert response.status_code == 422
    page = response.content.decode()
    assert "This is not for vendors." in page
    assert 'value="Sue@Rival.Example"' in page
    assert not Mail.objects.exists()


@pytest.mark.parametrize("typed", ["New@Example.ORG", "  new@example.org  ", "NEW@example.org"])
def test_capitals_and_spaces_make_no_other_address(client, typed):
    begin(Client())
    ask(client, typed)
    assert (last_mail().address, last_mail().kind) == (NEW, "application.resume")


@pytest.mark.parametrize(
    "typed", ["", "new", "new@", "new@example", "a" * 400 + "@example.org", "ne\u202ew@example.org"]
)
def test_what_is_no_address_gets_a_sentence_and_stays(client, typed):
    response = ask(client, typed)
    assert response.status_code == 422
    assert "errorlist" in response.content.decode()
    assert not Mail.objects.exists()


def test_a_unicode_domain_is_an_address_like_another(client):
    ask(client, "new@BÜCHER.example")
    assert last_mail().address == "new@bücher.example"


def test_too_many_requests_for_one_address_are_refused_with_the_page(client):
    for _try in range(3):
        ask(client)
    response = ask(client)
    assert response.status_code == 429
    assert f'value="{NEW}"' in response.content.decode()
    assert Mail.objects.count() == 3


def test_where_every_tier_is_closed_nothing_begins(client):
    tier = default_tier()
    tier.closed_at = timezone.now()
    tier.save()
    assert client.post(reverse("application_start"), {"email": NEW}).status_code == 422
    with pytest.raises(Conflict, match="takes no applications"):
        start_application(NEW, tier)


# --- the link ---------------------------------------------------------------------------------------------------


def test_opening_the_link_does_nothing_and_the_button_begins(client):
    ask(client)
    link = link_in(last_mail())
    for _robot in range(2):
        response = client.get(link)
        assert response.status_code == 200
        assert NEW in response.content.decode()
    assert not Member.objects.exists()
    response = client.post(link)
    assert response["Location"] == reverse("application_edit")
    member = Member.objects.get()
    assert (member.email, member.roles, member.has_usable_password()) == (NEW, {"applicant"}, False)
    assert "new" not in member.handle
    assert member.display_name == NO_NAME
    assert EmailAddress.objects.get().verified
    assert is_inside(client)
    assert Application.objects.get().state == ApplicationState.DRAFT
    assert Activity.objects.get(verb=Verb.APPLICATION_STARTED).actor_id == member.pk
    assert not Activity.objects.filter(verb=Verb.MEMBER_JOINED).exists()


def test_the_link_leads_back_in_another_browser_and_makes_nothing_twice(client):
    begin(client)
    link, other = link_in(last_mail()), Client()
    assert other.post(link)["Location"] == reverse("application_edit")
    assert client.post(link)["Location"] == reverse("application_edit")
    assert Member.objects.count() == Application.objects.count() == 1


def test_the_link_opens_no_account_that_is_more_than_an_applicants(client):
    member = make_member(email=NEW)
    response = client.post(reverse("application_confirm", args=[make_link(NEW, default_tier())]))
    assert response.status_code == 409
    assert not is_inside(client)
    member.role_rows.update(until_at=timezone.now())
    client.post(reverse("application_confirm", args=[make_link(NEW, default_tier())]))
    assert not is_inside(client)


def test_a_link_stops_working_for_an_applicant_who_was_let_in(client):
    application = begin(Client())
    link = link_in(last_mail())
    Role.objects.create(member=application.member, role="member", from_at=timezone.now())
    assert client.post(link).status_code == 409
    assert not is_inside(client)


def test_a_link_grows_old_and_a_made_up_one_never_works(client, time_machine):
    time_machine.move_to(MONDAY, tick=False)
    link = reverse("application_confirm", args=[make_link(NEW, default_tier())])
    assert client.get(link).status_code == 200
    assert client.get(link[:-3] + "x/").status_code == 404
    assert client.post(reverse("application_confirm", args=["made-up"])).status_code == 404
    time_machine.shift(timedelta(days=7, seconds=1))
    response = client.post(link)
    assert response.status_code == 404
    assert "does not work any more" in response.content.decode()
    assert not Member.objects.exists()


def test_a_link_is_good_for_nothing_else(db):
    token = make_link(NEW, default_tier())
    assert read_link(token).address == NEW
    assert read_link(token.replace(":", ".", 1)) is None
    assert read_link("") is None


def test_whoever_is_signed_in_with_another_address_is_told(client, client_as, member):
    web = client_as(member)
    response = web.post(reverse("application_confirm", args=[make_link(NEW, default_tier())]))
    assert response.status_code == 409
    assert "another address" in response.content.decode()
    assert not Application.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_browsers_at_once_make_one_account_and_one_draft():
    tier, barrier, made = default_tier(), Barrier(6), []

    def press():
        try:
            barrier.wait()
            made.append(start_application(NEW, tier).pk)
        finally:
            connection.close()

    threads = [Thread(target=press) for _each in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6
    assert Member.objects.count() == Application.objects.count() == 1


# --- the form ---------------------------------------------------------------------------------------------------


def test_the_form_asks_every_question_and_says_when(client, questions):
    begin(client)
    page = client.get(reverse("application_edit")).content.decode()
    for question in questions.values():
        assert question.label in page
    assert "Only if you answered “Yes” to “Does it sell software?”." in page
    assert page.count("may also stand in my profile") == 1
    assert "maxlength" not in page


def test_saving_keeps_what_is_incomplete_and_wrong_and_mails_a_link_once_a_day(client, questions):
    application = begin(client)
    sent = Mail.objects.count()
    form = {**filled(questions, work="", years="many", page="no address"), "later": "1"}
    for _time in range(2):
        response = client.post(reverse("application_edit"), form)
        assert response["Location"] == reverse("application_edit")
    assert Mail.objects.count() == sent + 1
    assert last_mail().kind == "application.saved"
    texts = {answer.question_id: answer.text for answer in Answer.objects.all()}
    assert texts[questions["years"].pk] == "many"
    assert questions["work"].pk not in texts
    page = Client()
    page.post(link_in(last_mail()))
    again = page.get(reverse("application_edit")).content.decode()
    for words in ('value="Nia New"', 'value="many"', "To learn."):
        assert words in again
    application.refresh_from_db()
    assert application.state == ApplicationState.DRAFT


def test_sending_asks_for_what_is_missing_and_keeps_every_word(client, questions):
    application = begin(client)
    form = {**filled(questions, work="", kind="Yes", years="many", page="x y"), "send": "1"}
    response = client.post(reverse("application_edit"), form)
    assert response.status_code == 422
    page = response.content.decode()
    assert page.count("This question needs an answer.") == 2
    for words in (
        "Write a number in digits",
        "That is no web address",
        'value="many"',
        "To learn.",
        "Nia New",
    ):
        assert words in page
    assert Answer.objects.count() == 4
    application.refresh_from_db()
    assert application.state == ApplicationState.DRAFT


def test_a_whole_form_is_sent_and_the_clock_starts(client, questions, time_machine):
    time_machine.move_to(MONDAY, tick=False)
    application = begin(client)
    form = {**filled(questions), f"may_fill_{questions['page'].pk}": "on", "send": "1"}
    form[f"answer_{questions['page'].pk}"] = "example.org/nia"
    response = client.post(reverse("application_edit"), form)
    assert response["Location"] == reverse("application_show")
    application.refresh_from_db()
    assert application.state == ApplicationState.SUBMITTED
    assert application.due_at == MONDAY + timedelta(days=2)
    assert application.company_name == "Acme"
    assert (application.member.display_name, application.member.handle) == ("Nia New", "nia-new")
    page = Answer.objects.get(question=questions["page"])
    assert (page.text, page.may_fill) == ("https://example.org/nia", True)
    row = Activity.objects.get(verb=Verb.APPLICATION_SUBMITTED)
    assert row.data == {"tier": application.tier_id, "due_at": application.due_at.isoformat()}
    dispatch_activity()
    assert last_mail().kind == "application.submitted"
    assert "18 November 2026" in last_mail().body


def test_what_is_not_asked_is_no_part_of_what_is_sent(client, questions):
    begin(client)
    client.post(reverse("application_edit"), {**filled(questions, which="A secret"), "send": "1"})
    assert not Answer.objects.filter(question=questions["which"]).exists()
    assert Application.objects.get().state == ApplicationState.SUBMITTED


def test_a_question_that_is_asked_has_to_be_answered(client, questions):
    begin(client)
    form = {**filled(questions, kind="Yes"), "send": "1"}
    assert client.post(reverse("application_edit"), form).status_code == 422
    form[f"answer_{questions['which'].pk}"] = "Ledgers"
    assert client.post(reverse("application_edit"), form).status_code == 302


def test_sending_twice_is_sending_once(client, questions):
    begin(client)
    form = {**filled(questions), "send": "1"}
    client.post(reverse("application_edit"), form)
    assert client.post(reverse("application_edit"), form)["Location"] == reverse("application_show")
    application = Application.objects.get()
    submit_application(application, by=application.member)
    assert Activity.objects.filter(verb=Verb.APPLICATION_SUBMITTED).count() == 1
    assert ApplicationStep.objects.filter(state=ApplicationState.SUBMITTED).count() == 1


def test_what_was_typed_after_it_was_sent_elsewhere_stays_on_the_page(client, questions, monkeypatch):
    application = begin(client)
    stale = Application.objects.get()
    save_answers(
        application,
        {questions[key].pk: Given(text) for key, text in (("work", "Acme"), ("kind", "No"), ("why", "x"))},
        by=application.member,
        name="Nia",
    )
    submit_application(application, by=application.member)
    monkeypatch.setattr("members.views.application.newest_application", lambda _member: stale)
    response = client.post(
        reverse("application_edit"), {**filled(questions, why="More words."), "later": "1"}
    )
    assert response.status_code == 409
    assert "More words." in response.content.decode()


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("N" * 400, "400 characters; 80 are the most"),
        ("\u200b\u2060", "Write the name people know you by"),
        ("نادية الجديدة", ""),
        ("\u202eevil", ""),
    ],
)
def test_hard_names_get_a_sentence_or_are_taken(client, questions, name, outcome):
    begin(client)
    response = client.post(reverse("application_edit"), {**filled(questions), "name": name, "send": "1"})
    if outcome:
        assert response.status_code == 422
        assert outcome in response.content.decode()
        assert name in response.content.decode()
    else:
        assert response.status_code == 302
        assert "\u202e" not in Member.objects.get().display_name


def test_nul_is_refused_with_a_sentence_before_anything_is_stored(client, questions):
    begin(client)
    response = client.post(reverse("application_edit"), {**filled(questions), "name": "N\x00ia"})
    assert response.status_code == 400
    assert "control characters" in response.content.decode()
    assert not Answer.objects.exists()


def test_an_answer_that_is_too_long_stays_on_the_page_and_nothing_is_cut(client, questions):
    begin(client)
    words = "word " * 1100
    response = client.post(reverse("application_edit"), {**filled(questions, why=words), "later": "1"})
    assert response.status_code == 422
    page = response.content.decode()
    assert "5499 characters; 5000 are the most" in page
    assert words.strip() in page


def test_a_choice_that_there_is_not_is_refused(client, questions):
    begin(client)
    response = client.post(reverse("application_edit"), {**filled(questions, kind="Maybe"), "later": "1"})
    assert response.status_code == 422
    assert "Choose one of the answers." in response.content.decode()


def test_help_of_a_question_is_text_and_not_html(client):
    create_question(by=None, kind="short", label="<b>Why?</b>", help_text="<script>alert(1)</script>")
    begin(client)
    page = client.get(reverse("application_edit")).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "&lt;b&gt;Why?" in page


def test_retired_questions_are_not_asked(client, questions):
    application = begin(client)
    Question.objects.filter(pk=questions["why"].pk).update(retired_at=timezone.now())
    form = {key: value for key, value in filled(questions).items() if key != f"answer_{questions['why'].pk}"}
    assert client.post(reverse("application_edit"), {**form, "send": "1"}).status_code == 302
    assert not application.answers.filter(question=questions["why"]).exists()


def test_a_domain_that_was_blocked_meanwhile_is_refused_when_sending(client, questions):
    begin(client)
    DomainRule.objects.create(domain="example.org", policy="block", reason="Not any more.")
    response = client.post(reverse("application_edit"), {**filled(questions), "send": "1"})
    assert response.status_code == 403
    assert "Not any more." in response.content.decode()
    assert Answer.objects.count() == 4


def test_a_refusal_leaves_the_form_with_all_that_was_typed(client, questions):
    begin(client)
    DomainRule.objects.create(domain="example.org", policy="block", reason="Not any more.")
    page = client.post(reverse("application_edit"), {**filled(questions), "name": "Nia Typed", "send": "1"})
    form = page.context["form"]
    assert (page.status_code, form.non_field_errors()) == (403, ["Not any more."])
    assert form["name"].value() == "Nia Typed"
    typed = {form[name].value() for name in form.fields}
    assert set(filled(questions).values()) - {"Nia New"} <= typed


def test_asking_again_for_another_tier_loses_nothing(client, questions):
    application = begin(client)
    circle = create_tier(by=None, name="The circle")
    only_there = create_question(by=None, kind="short", label="Why there?", tier=circle, is_required=True)
    client.post(reverse("application_edit"), {**filled(questions), "later": "1"})
    # The public page again, with another choice: what was begun is found, and says how it goes there.
    link = reverse("application_confirm", args=[make_link(NEW, circle)])
    page = client.post(link, follow=True)
    assert "If you would rather ask for The circle, choose it here" in page.content.decode()
    assert "Why there?" not in page.content.decode()
    page = client.post(
        reverse("application_edit"), {**filled(questions), "tier": circle.slug, "send": "1"}, follow=True
    )
    application.refresh_from_db()
    assert (application.tier, application.state) == (circle, ApplicationState.DRAFT)
    assert "it goes to The circle now" in page.content.decode()
    assert "Why there?" in page.content.decode()
    assert application.answers.count() == 4
    sent = {**filled(questions), f"answer_{only_there.pk}": "For the people.", "send": "1"}
    client.post(reverse("application_edit"), sent)
    application.refresh_from_db()
    assert application.state == ApplicationState.SUBMITTED
    # Too late for this one; nothing moves, and the page says what can be done.
    first = reverse("application_confirm", args=[make_link(NEW, default_tier())])
    page = client.post(first, follow=True)
    assert "was sent already" in page.content.decode()
    application.refresh_from_db()
    assert application.tier == circle


def test_a_tier_that_was_closed_meanwhile_keeps_what_was_typed(client, questions):
    application = begin(client)
    circle = create_tier(by=None, name="The circle")
    page = client.get(reverse("application_edit"))
    assert "The circle" in page.content.decode()
    with pytest.raises(Conflict, match="takes no applications now"):
        circle.closed_at = timezone.now()
        save_answers(application, {}, by=application.member, tier=circle)


def test_a_domain_that_is_let_in_needs_no_review(client, questions):
    company = make_organisation("Acme Ltd")
    DomainRule.objects.create(domain="example.org", policy="accept", organisation=company)
    application = begin(client)
    client.post(reverse("application_edit"), {**filled(questions), "send": "1"})
    dispatch_activity()
    application.refresh_from_db()
    assert (application.state, application.organisation) == (ApplicationState.ACCEPTED, company)
    assert Member.objects.get().is_admitted
    assert client.get(reverse("home")).status_code in {200, 302}


def test_a_domain_that_is_let_in_waits_where_everything_is_full(client, questions):
    company, tier = make_organisation("Acme Ltd"), default_tier()
    tier.capacity = 0
    tier.save()
    DomainRule.objects.create(domain="example.org", policy="accept", organisation=company)
    application = begin(client)
    client.post(reverse("application_edit"), {**filled(questions), "send": "1"})
    dispatch_activity()
    application.refresh_from_db()
    assert application.state == ApplicationState.WAITLISTED
    assert "You are on the waitlist" in client.get(reverse("application_show")).content.decode()


# --- questions, without a database ------------------------------------------------------------------------------


def question(pk: int, kind: str = "short", **values: object) -> Question:
    return Question(pk=pk, kind=kind, label=f"Question {pk}?", **values)


def test_a_question_hangs_on_another_only_where_that_one_is_asked():
    rows = [
        question(1),
        question(2, shown_if_id=1, shown_if_answer="yes"),
        question(3, shown_if_id=2, shown_if_answer="yes"),
    ]
    assert [row.pk for row in asked(rows, {})] == [1]
    assert [row.pk for row in asked(rows, {1: "yes", 2: "yes"})] == [1, 2, 3]
    assert [row.pk for row in asked(rows, {1: "no", 2: "yes"})] == [1]


def test_a_ring_and_a_missing_question_ask_nobody():
    rows = [
        question(1, shown_if_id=2, shown_if_answer="yes"),
        question(2, shown_if_id=1, shown_if_answer="yes"),
        question(3, shown_if_id=9, shown_if_answer="yes"),
    ]
    assert asked(rows, {1: "yes", 2: "yes", 9: "yes"}) == []


@pytest.mark.parametrize(
    ("kind", "typed", "is_right"),
    [
        ("number", "12", True),
        ("number", "-3,5", True),
        ("number", "٣", True),
        ("number", "1e9", False),
        ("number", "1" * 16, False),
        ("link", "example.org/me", True),
        ("link", "https://example.org", True),
        ("link", "javascript:alert(1)", False),
        ("link", "javascript://example.org/%0aalert(1)", False),
        ("link", "two words", False),
        ("choice", "One", True),
        ("choice", "one", False),
        ("long", "  lines\r\nand lines  ", True),
        ("company", "Acme & Söhne", True),
        ("short", "x" * 301, False),
    ],
)
def test_what_is_an_answer(kind, typed, is_right):
    row = question(1, kind, choices=["One", "Two"])
    assert (problem_with(row, clean_answer(row, typed)) is None) == is_right


@given(st.sampled_from(["short", "long", "number", "link", "company"]), st.text())
def test_cleaning_an_answer_twice_changes_nothing(kind, typed):
    row = question(1, kind)
    once = clean_answer(row, typed)
    assert clean_answer(row, once) == once
    assert "\x00" not in once


# --- how it stands ----------------------------------------------------------------------------------------------


@pytest.fixture
def sent() -> Application:
    return make_application("Nia New", email=NEW)


def reviewer_moves(application: Application, state: ApplicationState, words: str = "") -> None:
    manager = make_member(role="manager")
    move_to(lock_application(application), state, by=manager, words=words)


def status_page(client_as, application: Application) -> str:
    return client_as(application.member).get(reverse("application_show")).content.decode()


def test_applicants_who_sign_in_see_how_it_stands(client_as, sent):
    web = client_as(sent.member)
    assert web.get("/")["Location"] == reverse("application_show")
    page = web.get(reverse("application_show")).content.decode()
    assert "We have your application" in page
    assert "You have an answer by:" in page
    assert "You sent it" in page


def test_the_page_leads_nowhere_inside(client_as, sent):
    for name in ("application_show", "profile_edit"):
        page = client_as(sent.member).get(reverse(name)).content.decode()
        for inside in ("space_list", "member_list", "search", "topic_create"):
            assert f'href="{reverse(inside)}"' not in page
            assert f'action="{reverse(inside)}"' not in page


@pytest.mark.parametrize(
    ("state", "title"),
    [
        (ApplicationState.IN_REVIEW, "is being read"),
        (ApplicationState.MORE_ASKED, "There is a question for you"),
        (ApplicationState.WAITLISTED, "You are on the waitlist"),
        (ApplicationState.DECLINED, "was declined"),
        (ApplicationState.WITHDRAWN, "have withdrawn"),
    ],
)
def test_every_state_has_its_words_and_exactly_those_of_the_reviewer(client_as, sent, state, title):
    words = "We need <more> & “other” words.\nOn two lines."
    reviewer_moves(sent, state, words)
    page = status_page(client_as, sent)
    assert title in page
    assert "We need &lt;more&gt; &amp; “other” words.\nOn two lines." in page
    assert "Person" not in page


def test_an_inner_address_leads_to_how_it_stands(client_as, sent):
    web = client_as(sent.member)
    for inside in ("/members/", "/spaces/", "/search/?q=a", "/topics/999999/", "/applications/", "/me/"):
        answer = web.get(inside, follow=True)
        assert answer.redirect_chain == [(f"{reverse('application_show')}?led=1", 302)]
        assert "That page belongs to members." in answer.content.decode()
    # A change would be lost on the way; a part of a page is no page.
    assert web.post("/topics/1/follow/", {"level": "everything"}).status_code == 403
    assert web.get("/spaces/", headers={"HX-Request": "true"}).status_code == 403
    assert web.get("/api/v1/spaces/").status_code == 403
    # What is about the account stays open.
    assert web.get("/me/sessions/").status_code == 200
    assert web.get("/nothing-here/").status_code == 404


def test_notes_and_judgements_never_show(client_as, sent, manager):
    sent.notes.create(by=manager, text="zqnoteqz")
    Vouch.objects.create(application=sent, by=manager, words="zqvouchqz")
    sent.decisions.create(reviewer=manager, accepts=False, words="zqdecisionqz")
    page = status_page(client_as, sent)
    for word in ("zqnoteqz", "zqvouchqz", "zqdecisionqz", manager.display_name):
        assert word not in page


def test_a_late_answer_is_said_to_be_our_delay(client_as, sent):
    Application.objects.filter(pk=sent.pk).update(due_at=timezone.now() - timedelta(hours=1))
    assert "That is our delay" in status_page(client_as, sent)


def test_the_question_is_answered_and_goes_back_to_who_asked(client_as, sent, time_machine):
    time_machine.move_to(sent.submitted_at + timedelta(hours=5))
    manager = make_member(role="manager")
    Application.objects.filter(pk=sent.pk).update(owner=manager)
    reviewer_moves(sent, ApplicationState.MORE_ASKED, "Which team?")
    web = client_as(sent.member)
    response = web.post(reverse("application_answer"), {"words": "  "})
    assert response.status_code == 422
    response = web.post(reverse("application_answer"), {"words": "x" * 5001})
    assert response.status_code == 422
    assert "x" * 5001 in response.content.decode()
    assert web.post(reverse("application_answer"), {"words": "The first."}).status_code == 302
    sent.refresh_from_db()
    assert (sent.state, sent.asked_at) == (ApplicationState.IN_REVIEW, None)
    assert Activity.objects.filter(verb=Verb.APPLICATION_ANSWERED).count() == 1
    response = web.post(reverse("application_answer"), {"words": "Once more."})
    assert response.status_code == 409
    assert "Once more." in response.content.decode()


def test_the_due_clock_stands_still_while_more_is_asked(time_machine):
    time_machine.move_to(MONDAY, tick=False)
    application = make_application(email=NEW)
    time_machine.move_to(MONDAY + timedelta(days=1))
    reviewer_moves(application, ApplicationState.MORE_ASKED, "Which team?")
    time_machine.move_to(MONDAY + timedelta(days=8))
    answer_reviewer(application, "The first.", by=application.member)
    application.refresh_from_db()
    assert application.due_at == MONDAY + timedelta(days=9)


def test_it_is_withdrawn_once_and_asked_for_again(client_as, sent):
    web = client_as(sent.member)
    web.post(reverse("application_withdraw"))
    assert web.post(reverse("application_withdraw")).status_code == 409
    assert Activity.objects.filter(verb=Verb.APPLICATION_WITHDRAWN).count() == 1
    assert "You withdrew it" in status_page(client_as, sent)
    assert web.post(reverse("application_create"))["Location"] == reverse("application_edit")
    assert Application.objects.open().count() == 1
    assert web.get(reverse("application_edit")).status_code == 200
    assert 'value="Nia New"' in web.get(reverse("application_edit")).content.decode()


def test_only_the_applicant_acts_and_only_where_it_stands_so(sent, member):
    with pytest.raises(Refused):
        withdraw_application(sent, by=member)
    with pytest.raises(Refused):
        save_answers(sent, {}, by=member)
    with pytest.raises(Conflict, match="was sent already"):
        save_answers(sent, {}, by=sent.member)
    reviewer_moves(sent, ApplicationState.DECLINED, "No.")
    with pytest.raises(Conflict, match="closed: declined"):
        withdraw_application(sent, by=sent.member)
    with pytest.raises(Conflict, match="closed"):
        submit_application(sent, by=sent.member)


@pytest.mark.parametrize("before", ApplicationState.values)
@pytest.mark.parametrize("after", ApplicationState.values)
def test_there_is_no_way_but_those_of_the_rule(sent, before, after):
    """Rule 1.3, written down a second time on purpose."""
    ways = {
        "draft": {"submitted", "withdrawn"},
        "submitted": {"in_review", "more_asked", "waitlisted", "accepted", "declined", "withdrawn"},
        "in_review": {"submitted", "more_asked", "waitlisted", "accepted", "declined", "withdrawn"},
        "more_asked": {"submitted", "in_review", "waitlisted", "accepted", "declined", "withdrawn"},
        "waitlisted": {"in_review", "accepted", "declined", "withdrawn"},
    }
    now = timezone.now()
    decided = now if before in {"accepted", "declined"} else None
    Application.objects.filter(pk=sent.pk).update(state=before, waitlisted_at=now, decided_at=decided)
    sent = lock_application(sent)
    if after in ways.get(before, set()):
        assert move_to(sent, ApplicationState(after), by=None).state == after
        sent.refresh_from_db()
        assert sent.state == after
    else:
        with pytest.raises(Conflict):
            move_to(sent, ApplicationState(after), by=None)


def test_people_are_named_and_the_answer_is_the_same_for_members_and_others(client_as, sent, member):
    default_tier()
    sent.tier.vouches_needed = 2
    sent.tier.save()
    web = client_as(sent.member)
    answers = []
    for address in (member.email, "nobody@example.org"):
        response = web.post(reverse("vouch_request_create"), {"email": address}, follow=True)
        answers.append(re.sub(r"<bdi>.*?</bdi>", "", response.content.decode()).count("asked to vouch"))
    assert answers[0] == answers[1] == 1
    dispatch_activity()
    assert list(Mail.objects.filter(kind="vouch.asked").values_list("address", flat=True)) == [member.email]
    page = web.get(reverse("application_show")).content.decode()
    assert "2 members have to vouch" in page
    assert "nobody@example.org" in page


@pytest.mark.parametrize("address", [NEW, "named@example.org", "no address"])
def test_an_address_that_cannot_vouch_gets_a_sentence(client_as, sent, address):
    sent.tier.vouches_needed = 1
    sent.tier.save()
    VouchRequest.objects.create(application=sent, email="named@example.org")
    response = client_as(sent.member).post(reverse("vouch_request_create"), {"email": address})
    assert response.status_code == 422
    assert f'value="{address}"' in response.content.decode()


def test_ten_people_are_enough(sent):
    for number in range(10):
        ask_for_vouch(sent, f"person{number}@example.com", by=sent.member)
    with pytest.raises(Conflict, match="10 people"):
        ask_for_vouch(sent, "one-more@example.com", by=sent.member)


def test_an_applicant_without_an_application_is_shown_where_to_begin(client_as, applicant):
    default_tier()
    web = client_as(applicant)
    assert "You have not begun yet." in web.get(reverse("application_show")).content.decode()
    assert web.post(reverse("application_create"))["Location"] == reverse("application_edit")


def test_members_have_no_application_to_look_at(web):
    for name in ("application_show", "application_edit"):
        assert web.get(reverse(name)).status_code == 404
    for name in ("application_create", "application_answer", "application_withdraw", "vouch_request_create"):
        assert web.post(reverse(name)).status_code == 404


# --- forgetting -------------------------------------------------------------------------------------------------


def test_drafts_are_forgotten_with_accounts_that_never_were_more(questions, member):
    old = timezone.now() - DRAFT_LIFETIME - timedelta(hours=1)
    forgotten = make_application(email="old@example.org", sent=False)
    claim_member(forgotten.member)
    Answer.objects.create(application=forgotten, question=questions["why"], text="To learn.")
    fresh = make_application(email="fresh@example.org", sent=False)
    before = make_application("Bea Before", email="before@example.org", sent=False)
    withdraw_application(before, by=before.member)
    again = start_application("before@example.org")
    Application.objects.filter(pk__in=[forgotten.pk, again.pk]).update(edited_at=old)
    assert forget_drafts() == 2
    assert forget_drafts() == 0
    assert not Member.objects.filter(email="old@example.org").exists()
    assert not Activity.objects.filter(target_type="application", target_id=forgotten.pk).exists()
    assert not Activity.objects.filter(actor=forgotten.member_id).exists()
    assert Application.objects.filter(pk=fresh.pk).exists()
    # An application that was sent or withdrawn keeps its person.
    assert Member.objects.filter(email="before@example.org").exists()
    assert Member.objects.filter(pk=member.pk).exists()


def test_a_draft_of_somebody_who_was_more_goes_without_the_account(member):
    application = Application.objects.create(
        member=member, tier=default_tier(), edited_at=timezone.now() - timedelta(days=61)
    )
    forget_drafts()
    assert not Application.objects.filter(pk=application.pk).exists()
    assert Member.objects.filter(pk=member.pk).exists()


def test_the_address_of_a_link_is_checked_again_when_it_is_pressed(db):
    DomainRule.objects.create(domain="rival.example", policy="block", reason="Not for vendors.")
    with pytest.raises(Invalid, match="Not for vendors"):
        start_application("sue@rival.example", default_tier())
    with pytest.raises(Invalid):
        ask_for_link("sue@rival.example", default_tier())


def test_another_tier_is_asked_for_by_its_name(client, questions):
    default_tier()
    circle = create_tier(by=None, name="Circle")
    create_question(by=None, kind="short", label="How large is your team?", tier=circle)
    ask(client, tier="circle")
    client.post(link_in(last_mail()))
    page = client.get(reverse("application_edit")).content.decode()
    assert "Circle" in page
    assert "How large is your team?" in page
