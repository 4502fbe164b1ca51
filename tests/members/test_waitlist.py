"""Waiting for a place: the order, who goes first and why, and who comes in when one is free."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Activity, Mail
from community.core.verbs import Verb
from members.actions.admission import admit_member
from members.actions.application import withdraw_application
from members.actions.automatic import let_in_at_once
from members.actions.domain import set_domain_rule
from members.actions.gate import edit_tier
from members.actions.invitation import accept_as_newcomer, send_invitation
from members.actions.member import deactivate_member, reactivate_member
from members.actions.place import NoPlace, end_admission
from members.actions.review import decide_application, settle_company
from members.actions.role import grant_role
from members.actions.standing import leave_community
from members.actions.waitlist import fill_all_places, fill_places, move_on_waitlist
from members.models import Admission, Application, DomainPolicy, Member, RoleName, Skip
from members.queries.waitlist import place_sentence, waitlist_standing
from tests.factories import dispatch_activity, make_application, make_member, make_organisation, make_tier

pytestmark = pytest.mark.django_db


def now_of(application):
    return Application.objects.select_related("member", "tier").get(pk=application.pk)


def apply_and_accept(tier, manager, name="", *, company="", email=""):
    application = make_application(name, tier=tier, email=email)
    if company:
        settle_company(application, company, by=manager)
    decide_application(application, by=manager, accepts=True, words="You fit.")
    return now_of(application)


def order_of(tier):
    rows = Application.objects.filter(tier=tier).in_waiting_order().select_related("member")
    return [row.member.display_name for row in rows]


def test_a_full_tier_makes_an_accepted_applicant_wait(manager):
    tier = make_tier(capacity=1)
    assert apply_and_accept(tier, manager).state == "accepted"
    waiting = apply_and_accept(tier, manager, "Wanda")
    assert waiting.state == "waitlisted"
    assert not waiting.member.is_admitted
    row = Activity.objects.get(verb=Verb.APPLICATION_WAITLISTED)
    assert (row.data["in_time"], row.counterpart_id) == (True, waiting.member_id)
    with pytest.raises(Conflict, match="on the waitlist already, by Marek Manager"):
        decide_application(waiting, by=make_member(role="manager"), accepts=True, words="")
    decide_application(waiting, by=manager, accepts=True, words="You fit.")
    decide_application(waiting, by=manager, accepts=False, words="We have to change our mind.")
    assert now_of(waiting).state == "declined"


def test_who_is_next_comes_in_when_somebody_leaves(manager):
    tier = make_tier(capacity=1)
    inside = apply_and_accept(tier, manager).member
    first, second = apply_and_accept(tier, manager, "First"), apply_and_accept(tier, manager, "Second")
    dispatch_activity()
    assert (now_of(first).state, now_of(second).state) == ("waitlisted", "waitlisted")
    leave_community(Member.objects.get(pk=inside.pk), by=inside)
    dispatch_activity()
    assert (now_of(first).state, now_of(second).state) == ("accepted", "waitlisted")
    assert now_of(first).member.is_admitted
    row = Activity.objects.filter(verb=Verb.APPLICATION_ACCEPTED).latest("id")
    assert (row.data["moved_up"], row.data["in_time"], row.actor_id) == (True, True, None)
    dispatch_activity()
    assert Mail.objects.filter(kind="application.moved_up").count() == 1


def test_more_places_let_more_in_and_a_withdrawn_one_is_passed(manager):
    tier = make_tier(capacity=1)
    people = [apply_and_accept(tier, manager, name) for name in ("In", "A", "B", "C", "D")]
    withdraw_application(people[1], by=people[1].member)
    edit_tier(tier, by=manager, capacity=3)
    dispatch_activity()
    assert [now_of(row).state for row in people] == [
        "accepted", "withdrawn", "accepted", "accepted", "waitlisted",
    ]  # fmt: skip
    assert fill_places(tier) == []
    assert fill_all_places() == 0


def test_whoever_waits_for_the_company_holds_up_nobody(manager):
    tier = make_tier(capacity=3, company_limit=1)
    apply_and_accept(tier, manager, company="Nordwind")
    colleague = apply_and_accept(tier, manager, "Colleague", company="Nordwind")
    assert colleague.state == "waitlisted"
    other = apply_and_accept(tier, manager, company="Sturmvogel")
    assert other.state == "accepted"
    edit_tier(tier, by=manager, company_limit=2)
    fill_all_places()
    assert now_of(colleague).state == "accepted"


def test_somebody_who_came_in_another_way_holds_up_nobody(manager):
    tier = make_tier(capacity=0)
    first, second = apply_and_accept(tier, manager), apply_and_accept(tier, manager)
    admit_member(first.member, tier=make_tier(), by=manager, source="invitation")
    # Closed with the admission, and said on the applicant's page.
    assert now_of(first).state == "withdrawn"
    assert now_of(first).steps.latest("pk").words == "You came in by another way."
    edit_tier(tier, by=manager, capacity=2)
    assert fill_places(tier) == [second]


def test_a_role_granted_by_hand_closes_what_waited(manager):
    waiting = apply_and_accept(make_tier(capacity=0), manager)
    grant_role(waiting.member, RoleName.EXPERT, by=manager)
    assert now_of(waiting).state == "withdrawn"


def test_a_closed_account_gives_its_place_to_the_next(manager):
    tier = make_tier(capacity=1)
    inside, waiting = apply_and_accept(tier, manager), apply_and_accept(tier, manager)
    deactivate_member(inside.member, by=manager, reason="Spam.")
    dispatch_activity()
    assert now_of(waiting).state == "accepted"
    # The place is gone: opening the account again must not make a second one of it.
    with pytest.raises(NoPlace, match="all are taken"):
        reactivate_member(inside.member, by=manager)
    deactivate_member(waiting.member, by=manager, reason="Spam.")
    back = reactivate_member(inside.member, by=manager)
    assert [row.member for row in Admission.objects.seated().filter(tier=tier)] == [back]
    assert Member.objects.get(pk=back.pk).is_admitted
    assert (
        Activity.objects.filter(verb=Verb.MEMBER_JOINED, target_id=back.pk, data__has_key="tier").count() == 1
    )


@pytest.mark.parametrize("moves_up", [False, True])
def test_where_somebody_came_from_is_what_decided(manager, moves_up):
    tier, company = make_tier(capacity=0 if moves_up else None), make_organisation("Northwind")
    set_domain_rule(
        by=manager, domain="northwind.example", policy=DomainPolicy.ACCEPT, organisation=company, tier=tier
    )
    by_domain = make_application(tier=tier, email="ada@northwind.example")
    let_in_at_once(by_domain)
    invitation = send_invitation(by=manager, email="bo@b.example", tier=tier, skips=list(Skip))
    invited = accept_as_newcomer(invitation, address="bo@b.example", name="Bo")
    reviewed = apply_and_accept(tier, manager, email="cy@northwind.example")
    if moves_up:
        edit_tier(tier, by=manager, capacity=5)
        fill_places(tier)
    joined = {
        row.target_id: row.data["source"]
        for row in Activity.objects.filter(verb=Verb.MEMBER_JOINED, data__tier=tier.pk)
    }
    assert joined == {
        by_domain.member_id: "domain",
        invited.pk: "invitation",
        reviewed.member_id: "application",
    }
    decided = Activity.objects.filter(verb=Verb.APPLICATION_ACCEPTED).values_list("counterpart", flat=True)
    assert sorted(decided) == sorted(joined)


def test_whoever_waits_comes_before_whoever_is_invited(manager):
    tier = make_tier(capacity=1)
    inside, waiting = apply_and_accept(tier, manager), apply_and_accept(tier, manager)
    end_admission(inside.member)
    invitation = send_invitation(by=manager, email="bo@b.example", tier=tier, skips=list(Skip))
    invited = accept_as_newcomer(invitation, address="bo@b.example", name="Bo")
    assert now_of(waiting).state == "accepted"
    assert Application.objects.get(member=invited).state == "waitlisted"


def test_whoever_waits_comes_before_whoever_is_accepted_today(manager):
    tier = make_tier(capacity=1)
    inside, waiting = apply_and_accept(tier, manager), apply_and_accept(tier, manager)
    end_admission(inside.member)
    newest = apply_and_accept(tier, manager)
    assert (now_of(waiting).state, newest.state) == ("accepted", "waitlisted")


def test_whoever_waits_comes_before_whoever_needs_no_review(manager):
    tier = make_tier(capacity=1)
    inside, waiting = apply_and_accept(tier, manager), apply_and_accept(tier, manager)
    company = make_organisation("Northwind")
    set_domain_rule(
        by=manager, domain="northwind.example", policy=DomainPolicy.ACCEPT, organisation=company, tier=tier
    )
    end_admission(inside.member)
    newest = let_in_at_once(make_application(tier=tier, email="ada@northwind.example"))
    assert (now_of(waiting).state, newest.state) == ("accepted", "waitlisted")


def test_managers_let_somebody_go_first_with_a_reason(manager, member):
    tier = make_tier(capacity=0)
    people = {name: apply_and_accept(tier, manager, name) for name in "ABCD"}
    assert order_of(tier) == ["A", "B", "C", "D"]
    with pytest.raises(Refused):
        move_on_waitlist(people["D"], 1, by=member, reason="x")
    with pytest.raises(Invalid, match="Say why"):
        move_on_waitlist(people["D"], 1, by=manager, reason=" ")
    for place in (0, 5):
        with pytest.raises(Invalid, match="places 1 to 4"):
            move_on_waitlist(people["D"], place, by=manager, reason="x")
    move_on_waitlist(people["D"], 2, by=manager, reason="Speaks in March")
    assert order_of(tier) == ["A", "D", "B", "C"]
    move_on_waitlist(people["A"], 4, by=manager, reason="Asked for it")
    apply_and_accept(tier, manager, "E")
    assert order_of(tier) == ["D", "B", "C", "A", "E"]
    move_on_waitlist(people["C"], 1, by=manager, reason="Chairs the meeting")
    move_on_waitlist(people["C"], 1, by=manager, reason="Chairs the meeting")
    assert order_of(tier) == ["C", "D", "B", "A", "E"]
    rows = Activity.objects.filter(verb=Verb.APPLICATION_MOVED)
    assert [row.data["reason"] for row in rows.order_by("id")] == [
        "Speaks in March", "Asked for it", "Chairs the meeting",
    ]  # fmt: skip
    with pytest.raises(Conflict, match="not on the waitlist"):
        move_on_waitlist(make_application(tier=tier), 1, by=manager, reason="x")


def test_the_applicant_reads_the_place_and_when_it_may_be_free(manager):
    tier = make_tier(capacity=0)
    first, second = apply_and_accept(tier, manager), apply_and_accept(tier, manager)
    standing = waitlist_standing(second)
    assert (standing.place, standing.count) == (2, 2)
    assert standing.expected_label.startswith("No date can be said yet")
    with time_machine.travel(datetime(2026, 11, 16, 12, tzinfo=UTC), tick=False):
        gone = timezone.now() - timedelta(days=10)
        for _number in range(2):
            Admission.objects.create(member=make_member(), tier=tier, admitted_at=gone, ended_at=gone)
        Admission.objects.create(
            member=make_member(), tier=tier, admitted_at=gone - timedelta(days=300),
            ended_at=gone - timedelta(days=200),
        )  # fmt: skip
        # Two in 180 days: 90 days for each place.
        assert place_sentence(first).endswith("around 14 February 2027.")
        assert place_sentence(second) == (
            "You have place 2 on the waitlist. At the rate of the last half year a place is free around 15 May 2027."
        )
    assert place_sentence(make_application()) == ""


@pytest.mark.django_db(transaction=True)
def test_filling_and_deciding_at_once_never_give_more_than_there_is():
    manager, tier = make_member(role="manager"), make_tier(capacity=2)
    for _number in range(6):
        apply_and_accept(tier, manager)
    fresh = [make_application(tier=tier) for _number in range(4)]
    edit_tier(tier, by=manager, capacity=5)
    barrier, done = Barrier(8), []

    def run(act):
        barrier.wait()
        try:
            act()
            done.append(act)
        finally:
            connection.close()

    acts = [lambda: fill_places(tier)] * 4 + [
        lambda row=row: decide_application(row, by=manager, accepts=True, words="") for row in fresh
    ]
    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 8
    assert Admission.objects.seated().filter(tier=tier).count() == 5
    assert Application.objects.filter(tier=tier, state="waitlisted").count() == 5
    assert Activity.objects.filter(verb=Verb.MEMBER_JOINED, data__tier=tier.pk).count() == 5
