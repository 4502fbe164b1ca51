"""The verbs of accounts, roles and profiles: outcome, refusal, and the activity each leaves behind."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Activity, Audience
from community.core.verbs import Verb
from members.actions.member import create_member, deactivate_member, handle_stem, reactivate_member
from members.actions.profile import ProfileChange, edit_profile
from members.actions.role import end_role, grant_role
from members.models import Member, Role, RoleName
from tests.factories import make_member

pytestmark = pytest.mark.django_db


def last(verb: Verb) -> Activity:
    return Activity.objects.filter(verb=verb).latest("id")


def again(member: Member) -> Member:
    """As the next request would load it."""
    return Member.objects.get(pk=member.pk)


def test_create_member_normalises_the_address_and_makes_a_handle(manager):
    member = create_member(by=manager, email="  Ann.LEE@Example.org ", display_name=" Ann\u200b  Lee ")
    assert (member.email, member.display_name, member.handle) == ("ann.lee@example.org", "Ann Lee", "ann-lee")
    assert member.is_admitted
    assert not member.has_usable_password()
    assert last(Verb.MEMBER_JOINED).actor == manager
    assert create_member(by=manager, email="other@example.org", display_name="Ann Lee").handle == "ann-lee-2"


@pytest.mark.parametrize(
    ("name", "stem"),
    [("Åsa Öberg", "asa-oberg"), ("ليلى", "member"), ("-- ..", "member"), ("X" * 80, "x" * 32), ("a", "a")],
)
def test_a_handle_comes_out_of_any_name(name, stem):
    assert handle_stem(name) == stem


@pytest.mark.parametrize(
    ("email", "name", "handle", "error"),
    [
        ("not an address", "Ann", None, Invalid),
        ("ann@example.org", " \u200b ", None, Invalid),
        ("ann@example.org", "Ann", "Not A Handle", Invalid),
        ("TAKEN@example.org", "Ann", None, Conflict),
        ("ann@example.org", "Ann", "taken", Conflict),
    ],
)
def test_create_member_says_what_is_wrong(manager, email, name, handle, error):
    make_member("Taken", email="taken@example.org", handle="taken")
    with pytest.raises(error):
        create_member(by=manager, email=email, display_name=name, handle=handle)


def test_creating_members_is_for_managers(member):
    with pytest.raises(Refused):
        create_member(by=member, email="x@example.org", display_name="X")


def test_the_database_knows_one_account_for_an_address():
    make_member(email="ann@example.org")
    with pytest.raises(IntegrityError), transaction.atomic():
        Member.objects.create(email="ann@example.org", handle="b", display_name="B", joined_at=timezone.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        Member.objects.create(email="Ann@Example.org", handle="c", display_name="C", joined_at=timezone.now())


def test_deactivating_closes_every_door_and_can_be_undone(manager, member, client_as):
    browser = client_as(member)
    assert browser.get("/").status_code == 200
    deactivate_member(member, by=manager, reason="Left")
    assert browser.get("/").status_code == 302
    assert not again(member).is_admitted
    assert last(Verb.MEMBER_DEACTIVATED).audience == Audience.STAFF
    with pytest.raises(Conflict):
        deactivate_member(member, by=manager, reason="Again")
    reactivate_member(again(member), by=manager)
    assert again(member).is_admitted
    with pytest.raises(Conflict):
        reactivate_member(again(member), by=manager)


def test_nobody_deactivates_their_own_account_or_without_being_a_manager(manager, member, other_member):
    with pytest.raises(Invalid):
        deactivate_member(manager, by=manager, reason="x")
    with pytest.raises(Refused):
        deactivate_member(other_member, by=member, reason="x")


@pytest.mark.parametrize(
    ("granter", "role", "allowed"),
    [
        ("manager", "expert", True),
        ("manager", "moderator", True),
        ("manager", "manager", False),
        ("manager", "administrator", False),
        ("administrator", "manager", True),
        ("administrator", "executive", True),
        ("moderator", "expert", False),
        ("member", "steward", False),
        ("executive", "member", False),
    ],
)
def test_who_grants_which_role(member, granter, role, allowed):
    by = make_member(role=granter)
    if allowed:
        grant_role(member, RoleName(role), by=by)
        assert role in again(member).roles
        assert last(Verb.ROLE_GRANTED).data["role"] == role
    else:
        with pytest.raises(Refused):
            grant_role(member, RoleName(role), by=by)


def test_a_role_is_held_from_until(manager, member):
    row = grant_role(member, RoleName.EXPERT, by=manager, until=timezone.now() + timedelta(days=1))
    assert "expert" in again(member).roles
    with pytest.raises(Conflict):
        grant_role(member, RoleName.EXPERT, by=manager)
    end_role(row, by=manager)
    assert "expert" not in again(member).roles
    assert Role.objects.filter(member=member, role="expert").count() == 1, "history stays"
    with pytest.raises(Conflict):
        end_role(row, by=manager)
    grant_role(member, RoleName.EXPERT, by=manager)


def test_the_role_of_an_act_is_the_furthest_reaching_one(manager):
    grant_role(manager, RoleName.EXPERT, by=None)
    assert again(manager).primary_role == "manager"
    assert again(manager).is_employed_here
    assert not make_member(role="moderator").is_employed_here


def test_profiles_are_edited_by_their_owner_and_by_managers(member, other_member, manager):
    change = ProfileChange(display_name="Mira", time_zone="Europe/Oslo")
    with pytest.raises(Refused, match="Only Mira Member and the community managers"):
        edit_profile(member, change, by=other_member)
    edit_profile(member, change, by=manager)
    assert last(Verb.PROFILE_EDITED).actor == manager
    count = Activity.objects.count()
    edit_profile(again(member), change, by=manager)
    assert Activity.objects.count() == count, "nothing changed, nothing is recorded"
