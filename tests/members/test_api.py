"""People over the API: what the directory shows, and an address only to its owner."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from community.core.models import Scope
from members.actions.fact import FactChange, set_facts
from members.models import Member
from tests.api import Program
from tests.factories import make_deactivated_member, make_member

pytestmark = pytest.mark.django_db


def test_a_person_shows_exactly_this(member, other_member):
    set_facts(other_member, {"place": FactChange(["Oslo"])}, by=other_member)
    row = Program(member).get(f"members/{other_member.pk}/").json()
    assert row.pop("joined_at").endswith("Z")
    assert row["facts"][0].pop("confirmed_at").endswith("Z")
    assert row == {
        "id": other_member.pk,
        "url": f"http://testserver{other_member.get_absolute_url()}",
        "handle": "oskar-other",
        "display_name": "Oskar Other",
        "headline": "",
        "facts": [{"key": "place", "label": "Place", "kind": "line", "values": ["Oslo"], "source": "self"}],
        "expert_in": [],
    }


def test_nobody_elses_address_is_anywhere(member, manager):
    people = [make_member() for _number in range(3)]
    for reader in (member, manager):
        program = Program(reader)
        answers = [
            program.get("members/?limit=100"),
            *(program.get(f"members/{person.pk}/") for person in people),
        ]
        text = "".join(answer.content.decode() for answer in answers)
        assert "@" not in text
        assert "time_zone" not in text


def test_people_who_left_and_machines_are_not_there(member):
    left = make_deactivated_member()
    machine = make_member()
    Member.objects.filter(pk=machine.pk).update(is_machine=True)
    program = Program(member)
    seen = [row["id"] for row in program.get("members/?limit=100").json()["results"]]
    assert member.pk in seen
    assert left.pk not in seen
    assert machine.pk not in seen
    assert program.get(f"members/{left.pk}/").status_code == 404
    assert program.get(f"members/{machine.pk}/").status_code == 404


def test_a_person_who_says_nothing_has_no_facts(member, other_member):
    assert Program(member).get(f"members/{other_member.pk}/").json()["facts"] == []


def test_me_says_who_and_how_far(expert, client_as):
    row = Program(expert, Scope.READ).get("members/me/").json()
    assert (row["id"], row["email"], row["roles"]) == (expert.pk, expert.email, ["expert"])
    assert row["token"]["scopes"] == ["read"]
    assert set(row["token"]) == {"name", "prefix", "scopes", "expires_at"}
    assert client_as(expert).get("/api/v1/members/me/").json()["token"] is None


def test_the_list_asks_no_query_per_person(member):
    program = Program(member)
    program.get("members/")
    for _number in range(20):
        make_member()
    with CaptureQueriesContext(connection) as captured:
        assert len(program.get("members/?limit=100").json()["results"]) == 21
    assert len(captured) == 3
