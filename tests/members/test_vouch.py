"""Standing up for somebody: who may, how often, what counts, and who hears what came of it."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Activity, Mail
from community.core.verbs import Verb
from members.actions.admission import admit_member
from members.actions.application import ask_for_vouch
from members.actions.gate import edit_gate
from members.actions.review import decide_application
from members.actions.standing import suspend_member
from members.actions.vouch import give_vouch, vouches_left
from members.models import Vouch
from tests.factories import dispatch_activity, make_application, make_member, make_tier

pytestmark = pytest.mark.django_db

LONG_AGO = timezone.now() - timedelta(days=400)


@pytest.fixture
def sponsor(db):
    return make_member("Sunniva Sponsor", email="sunniva@example.org", at=LONG_AGO)


@pytest.fixture
def application(sponsor):
    application = make_application("Greta Guest", company="Nordwind")
    ask_for_vouch(application, "Sunniva@Example.org", by=application.member)
    return application


def test_only_members_whom_the_applicant_named_are_written_to(application, sponsor):
    ask_for_vouch(application, "nobody@example.org", by=application.member)
    waiting = make_application(email="other@example.org")
    ask_for_vouch(application, waiting.member.email, by=application.member)
    dispatch_activity()
    mail = Mail.objects.get(kind="vouch.asked")
    assert (mail.address, mail.member) == ("sunniva@example.org", sponsor)
    assert f"/applications/{application.pk}/vouches/new/" in mail.body
    assert "Nordwind" in mail.body


def test_a_vouch_is_a_paragraph_given_once(application, sponsor, client_as):
    browser, address = client_as(sponsor), reverse("vouch_create", args=[application.pk])
    assert "Greta Guest" in browser.get(address).content.decode()
    answer = browser.post(address, {"words": " ", "conflict": "My cousin"})
    assert answer.status_code == 422
    assert "My cousin" in answer.content.decode(), "nothing typed is lost"
    for _time in range(2):
        assert browser.post(address, {"words": "We built a plant.", "conflict": ""}).status_code == 302
    assert Vouch.objects.get().words == "We built a plant."
    assert "We built a plant." in browser.get(address).content.decode()
    row = Activity.objects.get(verb=Verb.VOUCH_GIVEN)
    assert (row.counterpart_id, row.data, row.audience) == (
        application.member_id,
        {"has_conflict": False},
        "staff",
    )


def test_for_whoever_was_not_asked_there_is_nothing_here(application, member, client_as, manager):
    address = reverse("vouch_create", args=[application.pk])
    for person in (member, manager):
        assert client_as(person).get(address).status_code == 404
        with pytest.raises(Refused):
            give_vouch(application, by=person, words="Good.")
    assert client_as(application.member).get(address)["Location"].startswith(reverse("application_show"))


def test_a_further_confirmed_address_is_the_same_person(application, member):
    person = make_member(at=LONG_AGO)
    EmailAddress.objects.create(user=person, email="private@example.org", verified=True)
    ask_for_vouch(application, "private@example.org", by=application.member)
    assert give_vouch(application, by=person, words="Good.").by == person


def test_good_standing_is_thirty_days_without_a_suspension(application, sponsor, manager, client_as):
    fresh = make_member("Fresh", email="fresh@example.org", role="applicant", at=LONG_AGO)
    admit_member(fresh, tier=make_tier(), by=manager, source="application")
    ask_for_vouch(application, "fresh@example.org", by=application.member)
    with pytest.raises(Refused, match="once they have been here for 30 days"):
        give_vouch(application, by=fresh, words="Good.")
    assert client_as(fresh).get(reverse("vouch_create", args=[application.pk])).status_code == 403
    suspend_member(sponsor, by=manager, reason="Shouting", until=timezone.now() + timedelta(days=3))
    sponsor = type(sponsor).objects.get(pk=sponsor.pk)
    with pytest.raises(Refused):
        give_vouch(application, by=sponsor, words="Good.")


def test_a_member_stands_for_so_many_a_year(application, sponsor, manager):
    edit_gate(by=manager, vouches_per_member=1)
    assert vouches_left(sponsor) == 1
    give_vouch(application, by=sponsor, words="Good.")
    another = make_application()
    ask_for_vouch(another, sponsor.email, by=another.member)
    with pytest.raises(Refused, match="vouched for 1 people within a year"):
        give_vouch(another, by=sponsor, words="Good.")
    Vouch.objects.update(created_at=timezone.now() - timedelta(days=366))
    give_vouch(another, by=sponsor, words="Good.")


@pytest.mark.parametrize(("words", "said"), [("", "Write how"), ("x" * 1001, "1001 characters; 1000")])
def test_a_vouch_that_says_nothing_or_too_much(application, sponsor, words, said):
    with pytest.raises(Invalid, match=said):
        give_vouch(application, by=sponsor, words=words)


def test_after_the_decision_nothing_needs_to_be_said(application, sponsor, manager):
    decide_application(application, by=manager, accepts=False, words="No.")
    with pytest.raises(Conflict, match="not with the reviewers any more"):
        give_vouch(application, by=sponsor, words="Good.")


@pytest.mark.parametrize(("accepts", "subject"), [(True, "is a member now"), (False, "About Greta Guest")])
def test_sponsors_hear_how_it_went_and_not_why(application, sponsor, manager, accepts, subject):
    give_vouch(application, by=sponsor, words="Good.")
    decide_application(application, by=manager, accepts=accepts, words="zqwordsqz")
    for _time in range(2):
        Activity.objects.update(dispatched_at=None)
        dispatch_activity()
    mail = Mail.objects.get(kind="application.sponsored")
    assert mail.address == "sunniva@example.org"
    assert subject in mail.subject
    assert "zqwordsqz" not in mail.body


@pytest.mark.django_db(transaction=True)
def test_the_quota_holds_when_everything_comes_at_once():
    sponsor, manager = make_member(at=LONG_AGO), make_member(role="manager")
    edit_gate(by=manager, vouches_per_member=2)
    applications = [make_application() for _number in range(6)]
    for application in applications:
        ask_for_vouch(application, sponsor.email, by=application.member)
    barrier = Barrier(6)

    def run(application):
        barrier.wait()
        try:
            give_vouch(application, by=sponsor, words="Good.")
        except Refused:
            pass
        finally:
            connection.close()

    threads = [Thread(target=run, args=(application,)) for application in applications]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Vouch.objects.count() == 2
