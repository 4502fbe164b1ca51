"""Places: how many there are, who has one, and what comes with it."""

from threading import Barrier, Thread

import pytest
from django.db import connection

from community.core.errors import Conflict
from community.core.models import Activity
from community.core.verbs import Verb
from members.actions.admission import admit_member
from members.actions.place import NoPlace, end_admission
from members.actions.sign_in import note_arrival
from members.actions.standing import leave_community, return_to_community
from members.models import Admission, Employment, Member, RoleName, Tier, Welcome
from tests.factories import make_deactivated_member, make_member, make_organisation, make_tier

pytestmark = pytest.mark.django_db


def applicant(**values) -> Member:
    return make_member(role=RoleName.APPLICANT, **values)


def admit(member: Member, tier: Tier, **values) -> Admission:
    return admit_member(member, tier=tier, by=None, source="application", **values)


def again(member: Member) -> Member:
    return Member.objects.get(pk=member.pk)


def test_an_admission_is_a_place_a_role_a_welcome_and_an_activity(manager):
    person, company, tier = applicant(), make_organisation("Nordwind"), make_tier()
    asked_at = person.joined_at
    admission = admit_member(person, tier=tier, by=manager, organisation=company, source="application")
    person = again(person)
    assert person.roles == {"member"}
    assert person.is_admitted
    assert person.joined_at > asked_at, "the time of coming in, not of asking"
    assert (admission.admitted_by, admission.organisation) == (manager, company)
    assert Employment.objects.current().get(member=person).organisation == company
    assert Welcome.objects.filter(member=person, finished_at=None).exists()
    joined = Activity.objects.get(verb=Verb.MEMBER_JOINED, target_id=person.pk, data__source="application")
    assert (joined.actor_id, joined.actor_role) == (person.pk, "member")


def test_nobody_has_two_places_and_a_closed_account_has_none():
    person, tier = applicant(), make_tier()
    admit(person, tier)
    with pytest.raises(Conflict, match="is a member already"):
        admit(person, tier)
    with pytest.raises(Conflict, match="deactivated"):
        admit(make_deactivated_member(), tier)
    assert Admission.objects.count() == 1


def test_capacity_and_the_limit_of_a_company_hold():
    tier, company = make_tier(capacity=3, company_limit=1), make_organisation("Nordwind")
    admit(applicant(), tier, organisation=company)
    with pytest.raises(NoPlace, match="Nordwind has 1 places in"):
        admit(applicant(), tier, organisation=company)
    admit(applicant(), tier, organisation=make_organisation())
    admit(applicant(), tier)
    with pytest.raises(NoPlace, match="has 3 places, and all are taken"):
        admit(applicant(), tier)
    admit(applicant(), make_tier(capacity=1))


def test_who_leaves_frees_the_place_and_may_come_back():
    person, tier = applicant(), make_tier(capacity=1)
    first = admit(person, tier)
    ended = end_admission(person)
    assert ended == first
    assert ended.ended_at is not None
    assert end_admission(person) is None
    joined_at = again(person).joined_at
    admit(person, tier)
    assert again(person).joined_at == joined_at, "they came in once"


@pytest.mark.django_db(transaction=True)
def test_forty_at_once_for_ten_places_are_exactly_ten():
    tier = make_tier(capacity=10)
    people = [applicant() for _number in range(40)]
    barrier, refused = Barrier(len(people)), []

    def come_in(person):
        barrier.wait()
        try:
            admit(person, tier)
        except NoPlace as error:
            refused.append(error.sentence)
        finally:
            connection.close()

    threads = [Thread(target=come_in, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Admission.objects.seated().filter(tier=tier).count() == 10
    assert len(refused) == 30
    assert Activity.objects.filter(verb=Verb.MEMBER_JOINED, data__source="application").count() == 10


def arrivals(person):
    return Activity.objects.filter(verb=Verb.MEMBER_ARRIVED, target_id=person.pk).count()


def test_the_first_visit_after_coming_in_is_noted_once(client_as):
    person = applicant()
    web = client_as(person)
    web.get("/me/application/")
    assert arrivals(person) == 0
    admit(person, make_tier())
    # Whichever page it is, and with whatever browser.
    web.get("/members/")
    web.get("/")
    client_as(person).get("/")
    assert (arrivals(person), again(person).awaited_since) == (1, None)


def test_whoever_comes_back_was_here_before(client_as):
    person = applicant()
    admit(person, make_tier())
    client_as(person).get("/")
    leave_community(again(person), by=again(person))
    return_to_community(again(person), by=again(person))
    client_as(again(person)).get("/")
    assert arrivals(person) == 1


def test_two_tabs_at_once_arrive_once():
    person = applicant()
    admit(person, make_tier())
    first, second = again(person), again(person)
    assert (note_arrival(first), note_arrival(second)) == (True, False)
    assert arrivals(person) == 1
