"""Ties and introductions over the API: the same actions, for oneself only, and nothing that tells who said no."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from community.core.models import Scope
from members.actions.introduction import create_introduction
from members.actions.tie import block_member, follow_member
from members.models import Introduction, Tie, TieKind
from tests.api import Program
from tests.factories import make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(member):
    return Program(member)


@pytest.fixture
def one(db):
    return make_member("Ona One")


@pytest.fixture
def other(db):
    return make_member("Otto Other")


def test_a_tie_is_made_and_ended(program, member, one):
    path = f"members/{one.pk}/"
    for act, end, name in (
        ("follow", "unfollow", "follows"),
        ("mute", "unmute", "mutes"),
        ("block", "unblock", "blocks"),
    ):
        none = {"follows": False, "mutes": False, "blocks": False}
        for _twice in range(2):
            made = program.post(f"{path}{act}/")
            assert made.status_code == 200
            assert {key: made.json()[key] for key in none} == none | {name: True}
            assert made.json()["member"]["id"] == one.pk
        for _twice in range(2):
            ended = program.post(f"{path}{end}/").json()
            assert {key: ended[key] for key in none} == none
    assert not Tie.objects.exists()


def test_a_block_ends_follows_and_can_itself_be_ended(program, member, one):
    follow_member(one, by=member)
    follow_member(member, by=one)
    assert program.post(f"members/{one.pk}/block/").json()["follows"] is False
    assert program.get(f"members/{one.pk}/").status_code == 404
    assert not Tie.objects.filter(kind=TieKind.FOLLOW).exists()
    assert program.post(f"members/{one.pk}/unblock/").status_code == 200
    assert program.get(f"members/{one.pk}/").status_code == 200


def test_nobody_can_be_told_from_who_has_blocked_me(program, member, one, applicant):
    block_member(member, by=one)
    answers = [program.post(f"members/{pk}/follow/") for pk in (one.pk, applicant.pk, 999_999)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_oneself_and_a_reading_token_are_refused(program, member, one):
    assert program.post(f"members/{member.pk}/follow/").status_code == 409
    assert program.post(f"members/{one.pk}/follow/", {"kind": "mute"}).status_code == 400
    assert Program(member, Scope.READ).post(f"members/{one.pk}/follow/").status_code == 403
    assert not Tie.objects.exists()


def test_the_list_is_ones_own_and_goes_by_kind(program, member, one, other):
    for act in ("follow", "mute"):
        program.post(f"members/{one.pk}/{act}/")
    program.post(f"members/{other.pk}/block/")
    Program(one).post(f"members/{member.pk}/mute/")
    rows = program.get("ties/").json()["results"]
    assert [(row["kind"], row["member"]["id"]) for row in rows] == [
        ("block", other.pk), ("mute", one.pk), ("follow", one.pk),
    ]  # fmt: skip
    assert [row["kind"] for row in program.get("ties/?kind=mute").json()["results"]] == ["mute"]
    page = program.get("ties/?limit=2").json()
    assert len(page["results"]) == 2
    assert [row["kind"] for row in program.get(page["next"]).json()["results"]] == ["follow"]
    assert program.get("ties/?kind=love").status_code == 400
    assert program.get(f"ties/?member={one.pk}").status_code == 400


def cost(program, path):
    with CaptureQueriesContext(connection) as captured:
        assert program.get(path).status_code == 200
    return len(captured)


def test_lists_cost_the_same_for_one_and_for_many(program, member, one, other):
    follow_member(one, by=member)
    create_introduction(one, member, reason="Both in pricing.", by=other)
    program.get("ties/")
    before = [cost(program, path) for path in ("ties/", "introductions/")]
    for _number in range(10):
        somebody = make_member()
        follow_member(somebody, by=member)
        create_introduction(somebody, member, reason="Both in pricing.", by=make_member())
    assert [cost(program, path) for path in ("ties/", "introductions/")] == before
    assert len(program.get("introductions/").json()["results"]) == 11


# --- introductions ---


def propose(program, one, other, reason="Both are in pricing."):
    return program.post("introductions/", {"first": one.pk, "second": other.pk, "reason": reason})


def test_the_way_of_an_introduction(program, member, one, other):
    answer = propose(program, one, other)
    assert answer.status_code == 201
    assert (answer.json()["reason"], "id" in answer.json()) == ("Both are in pricing.", False)
    assert program.get("introductions/").json()["results"] == []
    [asked] = Program(one).get("introductions/?state=asked").json()["results"]
    assert (asked["by"]["id"], asked["made_at"]) == (member.pk, None)
    path = f"introductions/{asked['id']}/answer/"
    assert program.post(path, {"agrees": True}).status_code == 404, "not the introducer's to answer"
    assert Program(make_member()).post(path, {"agrees": True}).status_code == 404
    assert Program(one).post(path, {"agrees": "yes"}).status_code == 400
    assert Program(one).post(path, {"agrees": True}).json() == {"state": "waiting"}
    assert Program(one).get("introductions/").json()["results"] == []
    assert Program(other).post(path, {"agrees": True}).json() == {"state": "made"}
    for person in (member, one, other):
        [made] = Program(person).get("introductions/?state=made").json()["results"]
        assert made["made_at"]
    assert Program(other).post(path, {"agrees": False}).status_code == 409


def test_a_no_leaves_nothing(program, one, other):
    propose(program, one, other)
    path = f"introductions/{Introduction.objects.get().pk}/answer/"
    assert Program(one).post(path, {"agrees": False}).json() == {"state": "off"}
    assert not Introduction.objects.exists()
    assert Program(other).get("introductions/").json()["results"] == []
    assert Program(other).post(path, {"agrees": True}).status_code == 404


def test_what_cannot_be_proposed_says_why(program, member, one, other, applicant):
    assert propose(program, one, applicant).status_code == 404
    assert propose(program, one, one).status_code == 409
    assert propose(program, one, member).status_code == 409
    assert propose(program, one, other, "1\n2\n3\n4").status_code == 409
    assert propose(program, one, other, " ").status_code == 400
    assert propose(program, one, other, "a" * 501).status_code == 400
    block_member(one, by=other)
    refused = propose(program, one, other)
    assert refused.status_code == 409
    assert "cannot be introduced just now" in refused.json()["detail"]
    assert not Introduction.objects.exists()


def test_who_is_blocked_is_not_named_in_what_is_asked(program, member, one, other):
    propose(Program(other), one, member)
    assert len(program.get("introductions/").json()["results"]) == 1
    block_member(other, by=member)
    assert program.get("introductions/").json()["results"] == []
