"""The queue and the page of one application: what they show, what they keep, what they cost, and what never leaks."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from community.core.models import Activity, Mail
from members.actions.application import answer_reviewer, ask_for_vouch
from members.actions.gate import default_tier
from members.actions.member import deactivate_member
from members.actions.reminder import remind_of_overdue
from members.actions.review import (
    ask_applicant,
    decide_application,
    note_application,
    take_application,
)
from members.actions.sign_in import claim_member
from members.actions.vouch import give_vouch
from members.models import Application, ApplicationStep, Criterion, Member
from members.queries.review import admission_facts, decided_share
from tests.factories import (
    dispatch_activity,
    make_application,
    make_member,
    make_organisation,
    make_tier,
    make_topic,
)

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
ACTS = ("take", "ask", "note", "assess", "decide", "settle", "waive", "move", "escalate")


@pytest.fixture
def office(manager, client_as):
    return client_as(manager)


@pytest.fixture
def criterion(db):
    return Criterion.objects.create(name="Works in the field", description="Buys or sells")


def page_of(client, application):
    return client.get(application.get_absolute_url()).content.decode()


def post(client, application, act, **fields):
    return client.post(reverse(f"application_{act}", args=[application.pk]), fields)


def names_in(client, **query):
    rows = client.get(reverse("application_list"), query).context["rows"]
    return [row.name for row in rows]


# --- who --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["member", "expert", "steward", "moderator", "executive"])
def test_only_those_who_keep_the_gate_see_it(role, client_as):
    browser, application = client_as(make_member(role=role)), make_application("zqnameqz")
    for pk in (application.pk, 999_999):
        answers = [browser.get(reverse("application_review", args=[pk]))]
        answers += [browser.post(reverse(f"application_{act}", args=[pk])) for act in ACTS]
        assert {answer.status_code for answer in answers} == {403}
        assert not any("zqnameqz" in answer.content.decode() for answer in answers)
    assert browser.get(reverse("application_list")).status_code == 403
    assert browser.get(reverse("vouch_list")).status_code == 403


def test_a_draft_and_ones_own_are_not_there(manager, office):
    draft, own = make_application("Draft", sent=False), make_application("Own")
    Application.objects.filter(pk=own.pk).update(member=manager)
    assert names_in(office) == []
    for application in (draft, own):
        assert office.get(application.get_absolute_url()).status_code == 404
        assert post(office, application, "take").status_code == 404


# --- the queue --------------------------------------------------------------------------------------------------


def test_what_is_due_first_stands_on_top_and_overdue_is_said(manager, client_as):
    default_tier()
    tier = make_tier("Partners", decide_within_days=6)
    with time_machine.travel(MONDAY, tick=False) as clock:
        make_application("Later", tier=tier)
        make_application("Sooner")
        clock.shift(timedelta(days=3))
        make_application("Newest")
        office = client_as(manager)
        assert names_in(office) == ["Sooner", "Newest", "Later"]
        # The database has its own clock.
        Application.objects.filter(member__display_name="Sooner").update(due_at=MONDAY - timedelta(days=400))
        Application.objects.exclude(member__display_name="Sooner").update(
            due_at=F("due_at") + timedelta(days=9999)
        )
        assert names_in(office, list="overdue") == ["Sooner"]
        assert names_in(office, tier=tier.slug) == ["Later"]
        take_application(Application.objects.get(member__display_name="Newest"), by=manager)
        assert names_in(office, owner="me") == ["Newest"]
        assert names_in(office, owner="nobody") == ["Sooner", "Later"]
        answer = office.get(reverse("application_list"))
        assert {tab.name: tab.count for tab in answer.context["tabs"]} == {
            "due": 3, "overdue": 1, "asked": 0, "waitlisted": 0,
            "accepted": None, "declined": None, "withdrawn": None,
        }  # fmt: skip
        assert "Overdue" in answer.content.decode()


def test_each_list_has_its_own(manager, office):
    default_tier()
    full = make_tier(capacity=0)
    asked, waiting, second = (
        make_application("Asked"),
        make_application("W1", tier=full),
        make_application("W2", tier=full),
    )
    accepted, declined = make_application("Accepted"), make_application("Declined")
    ask_applicant(asked, "Why?", by=manager)
    for application in (waiting, second, accepted):
        decide_application(application, by=manager, accepts=True, words="")
    decide_application(declined, by=manager, accepts=False, words="No.")
    assert names_in(office) == []
    assert names_in(office, list="asked") == ["Asked"]
    assert names_in(office, list="waitlisted") == ["W1", "W2"]
    assert names_in(office, list="accepted") == ["Accepted"]
    assert names_in(office, list="declined") == ["Declined"]
    assert names_in(office, list="withdrawn") == []
    assert (
        office.get(reverse("application_list"), {"list": "no such", "tier": "none", "after": "x"}).status_code
        == 200
    )


@pytest.mark.parametrize("name", ["due", "waitlisted", "declined"])
def test_a_list_goes_on_by_key_and_misses_nobody(manager, office, name, monkeypatch):
    monkeypatch.setattr("members.queries.review.PER_PAGE", 2)
    tier = make_tier(capacity=0)
    for number in range(5):
        application = make_application(f"N{number}", tier=tier)
        if name != "due":
            decide_application(application, by=manager, accepts=name == "waitlisted", words="Words.")
    Application.objects.filter(member__display_name="N3").update(waitlist_rank=-1)
    seen, url = [], f"{reverse('application_list')}?list={name}"
    while url:
        answer = office.get(url)
        seen += [row.name for row in answer.context["rows"]]
        url = answer.context["older_url"]
    expected = {"due": "01234", "waitlisted": "30124", "declined": "43210"}[name]
    assert seen == [f"N{number}" for number in expected]


def test_the_share_decided_in_time_says_what_it_is_made_of(manager, office):
    with time_machine.travel(MONDAY, tick=False) as clock:
        default_tier()
        late, soon, waiting = (
            make_application(),
            make_application(),
            make_application(tier=make_tier(capacity=0)),
        )
        decide_application(soon, by=manager, accepts=False, words="No.")
        decide_application(waiting, by=manager, accepts=True, words="")
        clock.shift(timedelta(days=4))
        decide_application(late, by=manager, accepts=True, words="")
        make_application()
        share = decided_share()
        assert (share.in_time, share.decided, share.percent) == (2, 3, 67)
        clock.shift(timedelta(days=200))
        assert decided_share().percent is None


def test_the_facts_of_each_person_are_there_for_the_indicators(manager):
    with time_machine.travel(MONDAY, tick=False) as clock:
        application, other = make_application(), make_application()
        clock.shift(timedelta(days=1))
        decide_application(application, by=manager, accepts=True, words="")
        claim_member(application.member)
        clock.shift(timedelta(days=1))
        topic = make_topic(by=Member.objects.get(pk=application.member_id))
        facts = list(admission_facts(since=MONDAY, until=MONDAY + timedelta(days=1)))
    first, second = facts
    assert (first.application_id, first.applied_at, first.is_in_time) == (application.pk, MONDAY, True)
    assert first.decided_at == first.accepted_at == MONDAY + timedelta(days=1)
    assert first.first_sign_in_at == MONDAY + timedelta(days=1)
    assert first.first_contribution_at == topic.created_at
    assert (second.application_id, second.is_in_time, second.accepted_at) == (other.pk, None, None)


# --- one application --------------------------------------------------------------------------------------------


def test_the_page_shows_all_that_bears_on_the_decision(manager, office, criterion):
    company = make_organisation("Nordwind AS")
    company.domains.create(domain="nordwind.example")
    before = make_member("Åsa Öberg", email="asa@other.example")
    deactivate_member(before, by=manager, reason="Sold addresses")
    application = make_application("Asa Oberg", email="asa@nordwind.example", company="Nordwind")
    sponsor = make_member("Sunniva", email="sunniva@example.org", at=timezone.now() - timedelta(days=99))
    ask_for_vouch(application, "sunniva@example.org", by=application.member)
    give_vouch(application, by=sponsor, words="We built a plant.", conflict="She is my cousin")
    ask_applicant(application, "Which team?", by=manager)
    answer_reviewer(application, "Buying.", by=application.member)
    note_application(application, "Met her in May.", by=manager)
    shown = page_of(office, application)
    for words in (
        "asa@nordwind.example", "Nordwind AS", "Works in the field", "We built a plant.", "She is my cousin",
        "Which team?", "Buying.", "Met her in May.", "deactivated", "Åsa Öberg", "Marek Manager",
    ):  # fmt: skip
        assert words in shown, words


def test_an_earlier_attempt_is_shown(manager, office):
    first = make_application("Greta", email="greta@example.org")
    decide_application(first, by=manager, accepts=False, words="Not yet.")
    second = make_application("Greta", email="greta@example.org")
    shown = page_of(office, second)
    assert "an earlier attempt" in shown
    assert first.get_absolute_url() in shown


def test_a_decision_by_the_page(manager, office, criterion):
    application = make_application("Greta Guest")
    fields = {f"verdict_{criterion.pk}": "met", f"reason_{criterion.pk}": "", "words": "Welcome, Greta."}
    answer = post(office, application, "decide", accepts="yes", **fields)
    assert answer.status_code == 302
    assert "is a member now" in page_of(office, application)
    assert application.steps.last().words == "Welcome, Greta."
    assert post(office, application, "decide", accepts="yes", **fields).status_code == 302, "pressed twice"
    answer = post(office, application, "decide", accepts="no", **fields)
    assert answer.status_code == 409
    assert "accepted already" in answer.content.decode()


def test_nothing_typed_is_lost_when_a_decision_is_refused(office, criterion):
    application = make_application()
    fields = {f"verdict_{criterion.pk}": "not_met", "words": "My long and careful words."}
    answer = post(office, application, "decide", accepts="no", **fields)
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "My long and careful words." in shown
    assert 'value="not_met"' in shown
    assert "checked" in shown
    assert "Say why" in shown
    assert not ApplicationStep.objects.filter(state="declined").exists()
    assert post(office, application, "decide", words="Kept words").status_code == 422


@pytest.mark.parametrize(
    ("act", "fields", "kept"),
    [
        ("ask", {"words": " "}, "required"),
        ("ask", {"words": "x" * 5001}, "xxxx"),
        ("note", {"note": ""}, "required"),
        ("settle", {"company": "y" * 121}, "yyyy"),
        ("waive", {"reason": ""}, "required"),
        ("escalate", {"note": ""}, "required"),
        ("move", {"place": "2", "reason": "Speaks in March"}, "not on the waitlist"),
    ],
)
def test_what_is_refused_stays_on_the_page(office, act, fields, kept):
    application = make_application(tier=make_tier(vouches_needed=1))
    answer = post(office, application, act, **fields)
    assert answer.status_code in {409, 422}
    assert kept in answer.content.decode()


def test_taking_over_names_whom(manager, office, client_as):
    application, second = make_application(), make_member("Nora Second", role="manager")
    assert post(office, application, "take").status_code == 302
    other = client_as(second)
    assert "Take it over from Marek Manager" in page_of(other, application)
    assert post(other, application, "take").status_code == 409
    assert post(other, application, "take", instead_of=manager.pk).status_code == 302
    assert Application.objects.get(pk=application.pk).owner == second


def test_who_vouched_reads_why_they_do_not_decide(manager, office):
    application = make_application()
    application.vouches.create(by=manager, words="Good.")
    shown = page_of(office, application)
    assert "You have vouched for this person" in shown
    assert "Accept" not in shown
    assert post(office, application, "decide", accepts="yes", words="").status_code == 403


def test_who_brought_whom_is_walked_person_by_person(manager, office):
    assert "Nobody has vouched yet" in office.get(reverse("vouch_list")).content.decode()
    sponsor, application = make_member("Sunniva", handle="sunniva"), make_application("Greta")
    application.vouches.create(by=sponsor, words="Good.", conflict="My cousin")
    assert "Sunniva" in office.get(reverse("vouch_list")).content.decode()
    below = office.get(reverse("vouch_list"), {"member": "sunniva"}).content.decode()
    assert "Greta" in below
    above = office.get(reverse("vouch_list"), {"member": application.member.handle}).content.decode()
    assert "Sunniva" in above
    assert "My cousin" in above
    assert office.get(reverse("vouch_list"), {"member": "nobody"}).status_code == 404


# --- what never leaks -------------------------------------------------------------------------------------------


def test_a_note_is_on_no_page_mail_or_answer_of_the_applicant(manager, office, client_as, criterion):
    application = make_application("Greta Guest", tier=make_tier(vouches_needed=1))
    secret = "zqinternalqz"
    note_application(application, secret, by=manager)
    post(office, application, "escalate", note=f"{secret} two")
    post(office, application, "waive", reason=f"{secret} waived")
    post(
        office,
        application,
        "assess",
        **{f"verdict_{criterion.pk}": "waived", f"reason_{criterion.pk}": secret},
    )
    ask_applicant(application, "Which team?", by=manager)
    dispatch_activity()
    applicant = client_as(application.member)
    seen = [applicant.get(path).content.decode() for path in ("/me/application/", "/", "/join/")]
    answer_reviewer(application, "Buying.", by=application.member)
    second = make_member(role="administrator")
    for reviewer in (manager, second):
        post(client_as(reviewer), application, "assess",
             **{f"verdict_{criterion.pk}": "not_met", f"reason_{criterion.pk}": secret})  # fmt: skip
        decide_application(application, by=reviewer, accepts=False, words="Not this year.")
    dispatch_activity()
    seen.append(applicant.get("/me/application/").content.decode())
    assert "Not this year." in seen[-1]
    mails = [f"{mail.subject} {mail.body}" for mail in Mail.objects.all()]
    assert any("Not this year." in mail for mail in mails)
    for path in ("members/me/", "applications/", f"applications/{application.pk}/"):
        seen.append(applicant.get(f"/api/v1/{path}").content.decode())
    assert not [text for text in seen + mails if secret in text]
    assert secret not in str(list(Activity.objects.values_list("data", "target_title")))
    assert secret in page_of(office, application)


# --- mails ------------------------------------------------------------------------------------------------------


def test_mails_carry_the_words_as_they_were_written_once(manager):
    words = "Dear Greta,\n\nyour work is <b>not</b> & {{ far }} {% from %} ours.\nTry in May."
    application = make_application("Greta Guest", email="greta@example.org")
    decide_application(application, by=manager, accepts=False, words=words)
    for _time in range(2):
        Activity.objects.update(dispatched_at=None)
        dispatch_activity()
    mail = Mail.objects.get(kind="application.declined")
    assert mail.address == "greta@example.org"
    assert words in mail.body


def test_each_step_has_its_mail(manager):
    default_tier()
    full = make_tier(capacity=0)
    asked, accepted, waiting = make_application(), make_application(), make_application(tier=full)
    ask_applicant(asked, "Which team?", by=manager)
    decide_application(accepted, by=manager, accepts=True, words="Glad.")
    decide_application(waiting, by=manager, accepts=True, words="Soon.")
    dispatch_activity()
    by_kind = {mail.kind: mail.body for mail in Mail.objects.filter(kind__startswith="application.")}
    assert "Which team?" in by_kind["application.asked"]
    assert "Glad." in by_kind["application.accepted"]
    assert "Your place: 1." in by_kind["application.waitlisted"]
    assert "Soon." in by_kind["application.waitlisted"]


def test_overdue_ones_are_told_once_a_day_to_whoever_owns_them(manager, administrator):
    second = make_member("Nora", role="manager")
    with time_machine.travel(MONDAY, tick=False) as clock:
        mine, nobodys = make_application("Mine"), make_application("Nobodys")
        take_application(mine, by=manager)
        assert remind_of_overdue() == 0
        clock.shift(timedelta(days=3))
        assert remind_of_overdue() == 2
        assert remind_of_overdue() == 0
        bodies = {mail.member_id: mail.body for mail in Mail.objects.filter(kind="application.overdue")}
        assert set(bodies) == {manager.pk, second.pk}, "managers before administrators"
        assert "Mine" in bodies[manager.pk]
        assert "Nobodys" in bodies[manager.pk]
        assert "Mine" not in bodies[second.pk]
        clock.shift(timedelta(days=1))
        assert remind_of_overdue() == 2
        clock.shift(timedelta(days=1))
        assert remind_of_overdue() == 0, "not on a Saturday"
        decide_application(nobodys, by=second, accepts=True, words="")


# --- what it costs ----------------------------------------------------------------------------------------------


def test_the_queue_shows_what_any_one_reviewer_has(office, manager):
    nora, leaver = make_member("Nora Next", role="manager"), make_member("Lea Leaver", role="manager")
    theirs, mine = make_application("Theirs"), make_application("Mine")
    make_application("Nobodys")
    take_application(theirs, by=nora)
    take_application(mine, by=manager)
    assert names_in(office, owner=nora.handle) == ["Theirs"]
    assert names_in(office, owner=manager.handle) == ["Theirs", "Mine", "Nobodys"], "oneself is “me”"
    assert names_in(office, owner="unknown") == ["Theirs", "Mine", "Nobodys"]
    deactivate_member(leaver, by=manager, reason="left")
    page = office.get(reverse("application_list"), {"owner": nora.handle}).content.decode()
    assert f'<option value="{nora.handle}" selected>Nora Next</option>' in page
    assert "Lea Leaver" not in page
    # The choice goes along to the other lists.
    assert f"list=overdue&amp;owner={nora.handle}" in page


def queries_of(client, url):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_the_queue_costs_the_same_for_two_and_for_twenty(manager, office):
    for _number in range(2):
        take_application(make_application(company="Nordwind"), by=manager)
    url = reverse("application_list")
    queries_of(office, url)
    two = queries_of(office, url)
    for _number in range(18):
        take_application(make_application(company="Nordwind"), by=manager)
    assert len(names_in(office)) == 20
    assert queries_of(office, url) == two


def test_the_page_costs_the_same_for_little_and_for_much(manager, office):
    application = make_application("Greta")
    note_application(application, "One.", by=manager)
    application.vouches.create(by=make_member(), words="Good.")
    make_member("Greta")
    url = application.get_absolute_url()
    queries_of(office, url)
    little = queries_of(office, url)
    for number in range(5):
        note_application(application, f"Note {number}.", by=manager)
        application.vouches.create(by=make_member(), words="Good.")
        Criterion.objects.create(name=f"C{number}")
        make_member("Greta")
    assert queries_of(office, url) == little
