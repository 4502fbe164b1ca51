"""What reviewers do: every step, everything that is refused, and that two of them never undo each other."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from django.db import connection

from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Activity
from community.core.verbs import Verb
from members.actions.application import answer_reviewer, withdraw_application
from members.actions.review import (
    Judgement,
    ask_applicant,
    ask_second_reviewer,
    assess_application,
    decide_application,
    note_application,
    settle_company,
    take_application,
    waive_vouches,
)
from members.models import (
    Admission,
    Application,
    ApplicationNote,
    ApplicationStep,
    Assessment,
    Criterion,
    Fact,
    Organisation,
    Question,
    ReviewDecision,
    Verdict,
)
from tests.factories import make_application, make_member, make_organisation, make_tier

pytestmark = pytest.mark.django_db

# A Monday, so that two working days are two days.
MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


@pytest.fixture
def other_manager(db):
    return make_member("Nora Second", role="manager")


@pytest.fixture
def criteria(db):
    return [
        Criterion.objects.create(name="Works in the field", position=1),
        Criterion.objects.create(name="Has no seat at a competitor", position=2),
    ]


def all_of(criteria, verdict=Verdict.MET, reason=""):
    return [Judgement(criterion, verdict, reason) for criterion in criteria]


def now_of(application):
    return Application.objects.select_related("member", "tier").get(pk=application.pk)


def last(verb):
    return Activity.objects.filter(verb=verb).latest("id")


def accept(application, by, criteria=(), words="Welcome."):
    return decide_application(application, by=by, accepts=True, words=words, judgements=all_of(criteria))


# --- who --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["member", "expert", "steward", "moderator", "executive", "applicant"])
def test_the_gate_is_kept_by_managers_and_administrators(role):
    application, person = make_application(), make_member(role=role)
    for act in (
        lambda: take_application(application, by=person),
        lambda: ask_applicant(application, "Why?", by=person),
        lambda: note_application(application, "Hm.", by=person),
        lambda: assess_application(application, [], by=person),
        lambda: accept(application, person),
        lambda: settle_company(application, "X", by=person),
    ):
        with pytest.raises(Refused, match="Community managers decide applications"):
            act()
    take_application(application, by=make_member(role="administrator"))


def test_nobody_decides_about_themselves(manager):
    application = make_application()
    Application.objects.filter(pk=application.pk).update(member=manager)
    with pytest.raises(Refused, match="your own"):
        accept(now_of(application), manager)


# --- taking, asking, noting -------------------------------------------------------------------------------------


def test_taking_makes_an_owner_once(manager, other_manager):
    application = take_application(make_application(), by=manager)
    assert (application.owner, application.state) == (manager, "in_review")
    take_application(application, by=manager)
    assert Activity.objects.filter(verb=Verb.APPLICATION_TAKEN).count() == 1
    with pytest.raises(Conflict, match="Marek Manager has taken this application"):
        take_application(application, by=other_manager)
    assert take_application(application, by=other_manager, instead_of=manager).owner == other_manager


def test_a_question_stops_the_clock_and_the_answer_starts_it_again(manager):
    with time_machine.travel(MONDAY, tick=False) as clock:
        application = make_application()
        assert application.due_at == MONDAY + timedelta(days=2)
        clock.shift(timedelta(hours=6))
        application = ask_applicant(application, "  Which team\r\nare you in?", by=manager)
        assert (application.state, application.owner) == ("more_asked", manager)
        assert application.steps.get(state="more_asked").words == "Which team\nare you in?"
        ask_applicant(application, "Which team\nare you in?", by=manager)
        assert application.steps.filter(state="more_asked").count() == 1, "sent twice is asked once"
        with pytest.raises(Conflict, match="has been asked already"):
            ask_applicant(application, "Another question", by=manager)
        clock.shift(timedelta(hours=20))
        answer_reviewer(application, "Pricing.", by=application.member)
        application = now_of(application)
        assert (application.state, application.due_at) == ("in_review", MONDAY + timedelta(days=2, hours=20))


@pytest.mark.parametrize("words", ["", "  \n ", "\u200b"])
def test_a_question_and_a_note_need_words(manager, words):
    application = make_application()
    with pytest.raises(Invalid, match="Write what you would like to know"):
        ask_applicant(application, words, by=manager)
    with pytest.raises(Invalid, match="nothing here yet"):
        note_application(application, words, by=manager)
    with pytest.raises(Invalid, match="5001 characters; 5000"):
        ask_applicant(application, "x" * 5001, by=manager)
    assert now_of(application).state == "submitted"


def test_notes_stand_once_and_are_for_staff(manager):
    application = make_application()
    note_application(application, "She spoke at our conference.", by=manager)
    note_application(application, "She spoke at our conference.", by=manager)
    assert application.notes.count() == 1
    row = last(Verb.APPLICATION_NOTED)
    assert (row.audience, "conference" in str(row.data)) == ("staff", False)


def test_the_company_is_settled_by_its_name(manager):
    application, company = make_application(company="nordwind"), make_organisation("Nordwind AS")
    assert settle_company(application, " NORDWIND as ", by=manager).organisation == company
    made = settle_company(application, "Sturmvogel", by=manager).organisation
    assert Organisation.objects.get(name="Sturmvogel") == made
    assert settle_company(application, "", by=manager).organisation is None
    assert now_of(application).company_name == "nordwind", "what the applicant wrote stays"
    with pytest.raises(Invalid, match="at most 120"):
        settle_company(application, "x" * 121, by=manager)


# --- criteria ---------------------------------------------------------------------------------------------------


def test_each_criterion_is_judged_and_a_doubt_has_its_reason(manager, criteria):
    application = make_application()
    with pytest.raises(Invalid) as refusal:
        assess_application(application, all_of(criteria, Verdict.WAIVED), by=manager)
    assert set(refusal.value.fields) == {f"reason_{row.pk}" for row in criteria}
    assess_application(application, [Judgement(criteria[0], Verdict.MET)], by=manager)
    with pytest.raises(Invalid) as refusal:
        accept(application, manager)
    assert set(refusal.value.fields) == {f"verdict_{criteria[1].pk}"}
    assess_application(
        application, [Judgement(criteria[1], Verdict.NOT_MET, "Works for a rival")], by=manager
    )
    with pytest.raises(Invalid, match="every criterion is met or waived"):
        accept(application, manager)
    assess_application(application, [Judgement(criteria[1], Verdict.WAIVED, "Leaves in May")], by=manager)
    assert accept(application, manager).state == "accepted"
    assert Activity.objects.filter(verb=Verb.APPLICATION_ASSESSED).count() == 3


def test_judging_the_same_again_is_nothing_new(manager, criteria):
    application = make_application()
    for _time in range(2):
        assess_application(application, all_of(criteria), by=manager)
    assert Assessment.objects.count() == 2
    assert Activity.objects.filter(verb=Verb.APPLICATION_ASSESSED).count() == 2
    assert now_of(application).owner == manager


def test_criteria_of_other_tiers_and_retired_ones_are_not_judged(manager, criteria):
    application = make_application()
    other = Criterion.objects.create(name="For partners", tier=make_tier())
    with pytest.raises(Conflict, match="Reload the page"):
        assess_application(application, all_of([other]), by=manager)
    assert accept(application, manager, criteria).state == "accepted"


# --- one decides ------------------------------------------------------------------------------------------------


def test_accepting_gives_a_place_and_says_whether_it_was_in_time(manager, criteria):
    with time_machine.travel(MONDAY, tick=False) as clock:
        application = make_application("Greta Guest", company="Nordwind")
        settle_company(application, "Nordwind", by=manager)
        clock.shift(timedelta(days=1))
        accept(application, manager, criteria, words="Welcome, Greta.")
    application = now_of(application)
    assert (application.state, application.decided_at) == ("accepted", MONDAY + timedelta(days=1))
    assert application.member.roles == {"member"}
    assert application.admission.organisation.name == "Nordwind"
    assert application.admission.admitted_by == manager
    step = application.steps.last()
    assert (step.by, step.words) == (manager, "Welcome, Greta.")
    row = last(Verb.APPLICATION_ACCEPTED)
    assert (row.data["in_time"], row.data["step"], row.counterpart_id) == (
        True,
        step.pk,
        application.member_id,
    )


def test_late_is_late_and_waiting_for_the_applicant_is_not(manager):
    with time_machine.travel(MONDAY, tick=False) as clock:
        late, asked = make_application(), make_application()
        ask_applicant(asked, "Which team?", by=manager)
        clock.shift(timedelta(days=4))
        accept(late, manager)
        assert last(Verb.APPLICATION_ACCEPTED).data["in_time"] is False
        accept(asked, manager)
        assert last(Verb.APPLICATION_ACCEPTED).data["in_time"] is True


def test_declining_needs_the_words_that_the_applicant_reads(manager, criteria):
    application = make_application()
    judgements = [
        Judgement(criteria[0], Verdict.NOT_MET, "Another field"),
        Judgement(criteria[1], Verdict.MET),
    ]
    with pytest.raises(Invalid, match="exactly these words"):
        decide_application(application, by=manager, accepts=False, words=" ", judgements=judgements)
    assert not Assessment.objects.exists(), "nothing happened"
    decide_application(application, by=manager, accepts=False, words="Not yet.", judgements=judgements)
    application = now_of(application)
    assert (application.state, application.steps.last().words) == ("declined", "Not yet.")
    assert not application.member.is_admitted
    assert last(Verb.APPLICATION_DECLINED).data["not_met"] == [criteria[0].pk]


def test_a_decision_sent_twice_is_one_and_another_one_is_a_conflict(manager, other_manager, criteria):
    application = make_application()
    for _time in range(2):
        accept(application, manager, criteria)
    assert Admission.objects.count() == 1
    assert ApplicationStep.objects.filter(state="accepted").count() == 1
    with pytest.raises(Conflict, match="accepted already, by Marek Manager"):
        decide_application(
            application, by=other_manager, accepts=False, words="No.", judgements=all_of(criteria)
        )
    withdrawn = make_application()
    withdraw_application(withdrawn, by=withdrawn.member)
    with pytest.raises(Conflict, match="withdrawn"):
        accept(withdrawn, manager, criteria)
    with pytest.raises(Conflict, match="not sent"):
        accept(make_application(sent=False), manager, criteria)


def test_answers_fill_the_profile_where_the_applicant_agrees(manager):
    place = Question.objects.create(kind="short", label="Where are you?", fills="place")
    title = Question.objects.create(kind="short", label="What do you do?", fills="title")
    help_with = Question.objects.create(kind="long", label="What could you help with?", fills="can_help_with")
    application = make_application()
    application.answers.create(question=place, text="Oslo", may_fill=True)
    application.answers.create(question=title, text="Buyer", may_fill=True)
    application.answers.create(question=help_with, text="Tenders", may_fill=False)
    settle_company(application, "Nordwind", by=manager)
    accept(application, manager)
    facts = Fact.objects.filter(member=application.member)
    assert [(fact.field.key, fact.values, fact.source) for fact in facts] == [
        ("place", ["Oslo"], "application")
    ]
    assert now_of(application).member.headline == "Buyer, Nordwind"


# --- two decide -------------------------------------------------------------------------------------------------


def test_two_who_agree_decide(manager, other_manager, criteria):
    application = make_application()
    with pytest.raises(Invalid, match="Write the note first"):
        ask_second_reviewer(application, "", by=manager)
    ask_second_reviewer(application, "Her firm is half a rival.", by=manager)
    assert application.notes.get().text == "Her firm is half a rival."
    for _time in range(2):
        assert accept(application, manager, criteria).state == "in_review"
    assert Activity.objects.filter(verb=Verb.APPLICATION_REVIEWED).count() == 1
    assert not Admission.objects.exists()
    with pytest.raises(Invalid, match="Each criterion"):
        accept(application, other_manager)
    accept(application, other_manager, criteria, words="We are glad.")
    application = now_of(application)
    assert (application.state, application.steps.last().words) == ("accepted", "We are glad.")


def test_where_two_disagree_it_stays_open_until_a_third_decides(
    manager, other_manager, administrator, criteria
):
    application = make_application(tier=make_tier(reviewers_needed=2))
    accept(application, manager, criteria)
    no = all_of(criteria, Verdict.NOT_MET, "Another field")
    decide_application(application, by=other_manager, accepts=False, words="No.", judgements=no)
    assert now_of(application).state == "in_review"
    assert sorted(ReviewDecision.objects.values_list("accepts", flat=True)) == [False, True]
    decide_application(application, by=administrator, accepts=False, words="Not yet.", judgements=no)
    application = now_of(application)
    assert (application.state, application.steps.last().words) == ("declined", "Not yet.")


def test_whoever_changes_a_judgement_decides_again(manager, criteria):
    application = make_application(tier=make_tier(reviewers_needed=2))
    accept(application, manager, criteria)
    assess_application(application, [Judgement(criteria[0], Verdict.NOT_MET, "Looked again")], by=manager)
    assert not ReviewDecision.objects.exists()


# --- vouches needed ---------------------------------------------------------------------------------------------


def test_a_tier_that_asks_for_vouches_gets_them_or_a_reason(manager):
    application = make_application(tier=make_tier("Founders", vouches_needed=2))
    with pytest.raises(Invalid, match="Founders asks for 2 vouches.* 2 are missing"):
        accept(application, manager)
    application.vouches.create(by=make_member(), words="Good.")
    application.vouches.create(by=make_member(), words="Good.", conflict="My sister")
    with pytest.raises(Invalid, match="1 are missing"):
        accept(application, manager)
    with pytest.raises(Invalid, match="Say why"):
        waive_vouches(application, " ", by=manager)
    waive_vouches(application, "Known to us for ten years.", by=manager)
    assert ApplicationNote.objects.get().text == "Without vouches: Known to us for ten years."
    assert accept(application, manager).state == "accepted"


def test_nobody_decides_about_whom_they_vouched_for(manager, other_manager):
    application = make_application()
    application.vouches.create(by=manager, words="Good.")
    with pytest.raises(Refused, match="You have vouched"):
        accept(application, manager)
    accept(application, other_manager)


# --- at once ----------------------------------------------------------------------------------------------------


def together(calls):
    outcomes, barrier = [], Barrier(len(calls))

    def run(call):
        barrier.wait()
        try:
            outcomes.append(call().state)
        except Conflict as error:
            outcomes.append(error.sentence)
        finally:
            connection.close()

    threads = [Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.mark.django_db(transaction=True)
def test_two_reviewers_at_once_make_one_decision_and_one_sentence():
    application = make_application()
    one, two = make_member("One", role="manager"), make_member("Two", role="manager")
    outcomes = together(
        [
            lambda: accept(application, one),
            lambda: decide_application(application, by=two, accepts=False, words="No."),
        ]
    )
    state = now_of(application).state
    assert state in {"accepted", "declined"}
    assert state in outcomes
    assert any("already, by" in outcome for outcome in outcomes)
    assert ApplicationStep.objects.filter(state__in=("accepted", "declined")).count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_reviewer_who_presses_five_times_decides_once():
    application, manager = make_application(), make_member("One", role="manager")
    outcomes = together([lambda: accept(application, manager)] * 5)
    assert outcomes == ["accepted"] * 5
    assert Admission.objects.count() == 1
    assert Activity.objects.filter(verb=Verb.APPLICATION_ACCEPTED).count() == 1
