"""The public page and what managers change in it: words, tiers, criteria, questions."""

import re

import pytest
from django.urls import reverse

from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Activity
from community.core.verbs import Verb
from members.actions.application import Given, save_answers
from members.actions.gate import (
    close_tier,
    create_criterion,
    create_question,
    create_tier,
    current_gate,
    default_tier,
    edit_criterion,
    edit_gate,
    edit_question,
    edit_tier,
    reopen_tier,
    retire_criterion,
    retire_question,
)
from members.models import Assessment, Criterion, Gate, Question, Tier
from tests.factories import make_application, make_member

pytestmark = pytest.mark.django_db


# --- the page ---------------------------------------------------------------------------------------------------


@pytest.fixture
def gate(manager):
    edit_gate(by=manager, purpose="For people who set prices.", audience="Practitioners.\n\nNot vendors.")
    create_criterion(by=manager, name="Works on prices", description="Half of the week or more.")
    return default_tier()


def test_strangers_read_purpose_criteria_and_how_it_goes(client, gate):
    page = client.get(reverse("gate_show")).content.decode()
    for words in ("For people who set prices.", "<p>Not vendors.</p>", "Works on prices", "Half of the week"):
        assert words in page
    assert "within 2 working days" in page
    assert 'name="email"' in page
    assert 'name="tier"' not in page


def test_several_tiers_stand_with_their_own_criteria_and_one_is_chosen(client, gate, manager):
    edit_tier(gate, by=manager, decide_within_days=5, vouches_needed=1)
    circle = create_tier(by=manager, name="Circle", description="For heads of pricing.", vouches_needed=2)
    create_criterion(by=manager, name="Leads a team", tier=circle)
    page = client.get(reverse("gate_show"), {"tier": "circle"}).content.decode()
    for words in (
        "Circle",
        "For heads of pricing.",
        "Leads a team",
        "within 5 working days",
        "2 members vouch",
    ):
        assert words in page
    assert re.search(r'value="circle"[^>]*checked', page)
    assert client.post(reverse("application_start"), {"email": "new@example.org"}).status_code == 422


def test_nothing_else_is_public(client, gate, member, manager):
    make_member("Zoe Zebra")
    application = make_application(name="Yara Yonder")
    page = client.get(reverse("gate_show")).content.decode()
    for words in ("Zoe", "Zebra", "Mira", "Yara", application.company_name or "no company", "1 member"):
        assert words not in page


def test_what_is_retired_or_closed_is_not_shown(client, gate, manager):
    retire_criterion(Criterion.objects.get(), by=manager)
    circle = create_tier(by=manager, name="Circle")
    close_tier(circle, by=manager)
    page = client.get(reverse("gate_show")).content.decode()
    assert "Works on prices" not in page
    assert "Circle" not in page


def test_a_gate_without_words_is_a_page_too(client, db):
    response = client.get(reverse("gate_show"))
    assert response.status_code == 200
    assert "No applications are taken" in response.content.decode()


def test_strangers_who_open_the_home_page_are_led_to_the_gate(client, gate):
    assert client.get("/")["Location"] == reverse("gate_show")
    assert reverse("gate_show") in client.get(reverse("account_login")).content.decode()
    assert reverse("gate_show") in client.get(reverse("account_signup")).content.decode()


def test_the_page_costs_the_same_however_much_stands_on_it(
    client, gate, manager, django_assert_max_num_queries
):
    for number in range(5):
        tier = create_tier(by=manager, name=f"Tier {number}")
        create_criterion(by=manager, name=f"Criterion {number}", tier=tier)
    with django_assert_max_num_queries(3):
        client.get(reverse("gate_show"))


# --- the rows ---------------------------------------------------------------------------------------------------


def test_there_is_one_gate_and_always_a_tier(db):
    assert current_gate() == current_gate()
    assert default_tier() == default_tier()
    assert Gate.objects.count() == Tier.objects.count() == 1


@pytest.mark.parametrize("role", ["member", "expert", "steward", "moderator", "executive"])
def test_the_gate_is_the_managers(role):
    person = make_member(role=role)
    with pytest.raises(Refused):
        edit_gate(by=person, purpose="Mine.")
    with pytest.raises(Refused):
        create_tier(by=person, name="Mine")
    with pytest.raises(Refused):
        create_criterion(by=person, name="Mine")
    with pytest.raises(Refused):
        create_question(by=person, kind="short", label="Mine?")


def test_every_change_is_recorded_with_the_names_of_what_changed(manager):
    edit_gate(by=manager, purpose="One.", audience="Two.")
    edit_gate(by=manager, purpose="One.")
    tier = create_tier(by=manager, name="Circle")
    with pytest.raises(Conflict):
        close_tier(tier, by=manager)
    rows = Activity.objects.filter(verb=Verb.GATE_EDITED).order_by("id")
    assert [(row.data["noun"], row.data["fields"]) for row in rows] == [
        ("gate", ["audience", "purpose"]),
        ("tier", ["created"]),
    ]


def test_a_tier_closes_and_opens_unless_it_is_the_last(manager):
    first, second = default_tier(), create_tier(by=manager, name="Circle")
    close_tier(second, by=manager)
    with pytest.raises(Conflict, match="closed already"):
        close_tier(second, by=manager)
    with pytest.raises(Conflict, match="last open tier"):
        close_tier(first, by=manager)
    reopen_tier(second, by=manager)
    with pytest.raises(Conflict, match="is open"):
        reopen_tier(second, by=manager)


def test_names_of_tiers_are_unique_and_not_empty(manager):
    create_tier(by=manager, name="Circle")
    with pytest.raises(Conflict):
        create_tier(by=manager, name="  circle ")
    with pytest.raises(Invalid):
        create_tier(by=manager, name="\u200b ")
    with pytest.raises(Invalid, match="60 are the most"):
        create_tier(by=manager, name="x" * 400)


def test_words_of_a_criterion_stand_once_somebody_was_judged_by_them(manager):
    criterion = create_criterion(by=manager, name="Works on prices")
    edit_criterion(criterion, by=manager, name="Works with prices")
    Assessment.objects.create(
        application=make_application(), criterion=criterion, reviewer=manager, verdict="met"
    )
    edit_criterion(criterion, by=manager, position=7)
    with pytest.raises(Conflict, match="Retire this criterion"):
        edit_criterion(criterion, by=manager, name="Something else")
    retire_criterion(criterion, by=manager)
    with pytest.raises(Conflict, match="retired already"):
        retire_criterion(criterion, by=manager)


def test_an_answered_question_stays_what_it_is(manager):
    question = create_question(by=manager, kind="short", label="Why?")
    edit_question(question, by=manager, label="Why now?")
    application = make_application(sent=False)
    save_answers(application, {question.pk: Given("Because.")}, by=application.member)
    edit_question(question, by=manager, help_text="One sentence.", position=3)
    with pytest.raises(Conflict, match="answered already"):
        edit_question(question, by=manager, label="Why then?")
    retire_question(question, by=manager)
    assert Question.objects.in_force().count() == 0


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "short", "label": ""}, "label"),
        ({"kind": "guess", "label": "Why?"}, "kind"),
        ({"kind": "choice", "label": "Which?", "choices": ["one"]}, "choices"),
        ({"kind": "choice", "label": "Which?", "choices": ["one", " one"]}, "choices"),
        ({"kind": "choice", "label": "Which?", "choices": [str(n) for n in range(31)]}, "choices"),
        ({"kind": "short", "label": "Why?", "choices": ["one", "two"]}, "choices"),
        ({"kind": "short", "label": "Why?", "fills": "Not a key"}, "fills"),
        ({"kind": "short", "label": "Why?", "shown_if_answer": "Yes"}, "shown_if"),
        ({"kind": "short", "label": "x" * 201}, "label"),
    ],
)
def test_a_question_that_cannot_be_answered_is_not_made(manager, values, field):
    with pytest.raises(Invalid) as caught:
        create_question(by=manager, **values)
    assert list(caught.value.fields) == [field]
    assert not Question.objects.exists()


def test_conditions_lead_to_answers_that_there_are_and_never_in_a_ring(manager):
    first = create_question(by=manager, kind="choice", label="Vendor?", choices=["Yes", "No"])
    with pytest.raises(Invalid, match="none of the answers"):
        create_question(by=manager, kind="short", label="Of what?", shown_if=first, shown_if_answer="Maybe")
    second = create_question(
        by=manager, kind="short", label="Of what?", shown_if=first, shown_if_answer="Yes"
    )
    with pytest.raises(Invalid, match="for ever"):
        edit_question(first, by=manager, shown_if=second, shown_if_answer="Software")
    with pytest.raises(Conflict, match="Of what"):
        retire_question(first, by=manager)


def test_a_question_of_one_tier_cannot_lead_to_one_of_all(manager):
    circle = create_tier(by=manager, name="Circle")
    first = create_question(by=manager, kind="short", label="Team?", tier=circle)
    with pytest.raises(Invalid, match="not asked in this tier"):
        create_question(by=manager, kind="short", label="Size?", shown_if=first, shown_if_answer="Yes")


def test_there_are_not_more_questions_than_a_form_can_send(manager):
    for number in range(40):
        create_question(by=manager, kind="short", label=f"Question {number}?")
    with pytest.raises(Conflict, match="40 questions"):
        create_question(by=manager, kind="short", label="One more?")
