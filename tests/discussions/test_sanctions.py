"""Sanctions seen, lifted and appealed against: on pages, over the API and in the admin, by the same actions."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from community.core.models import Activity, Module, Notice, Scope
from community.core.tokens import create_token
from community.core.verbs import Verb
from discussions.actions.sanction import quiet_member, warn_member
from discussions.actions.steward import name_steward
from discussions.models import CannedReason, StewardPower
from discussions.queries.moderation import canned_reasons
from members.actions.module import switch_module
from members.actions.standing import appeal_sanction, suspend_member
from members.models import Member, Sanction, SanctionGrade
from tests.factories import dispatch_activity, make_member, make_space

pytestmark = pytest.mark.django_db

TWO_DAYS = timedelta(days=2)


@pytest.fixture
def space():
    return make_space("Pricing")


@pytest.fixture
def warned(other_member, moderator) -> Sanction:
    return warn_member(other_member, by=moderator, reason="Please stay with the matter.")


def call(member, client, path, body=None):
    secret = create_token(member, by=member, name="t", scope=Scope.WRITE).secret
    headers = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    if body is None:
        return client.get(f"/api/v1/{path}", **headers)
    return client.post(f"/api/v1/{path}", body, content_type="application/json", **headers)


def list_of(member):
    return reverse("member_sanction_list", args=[member.handle])


# --- pages ------------------------------------------------------------------------------------------------------


def test_a_moderator_sees_all_that_was_imposed_and_lifts_it(
    warned, other_member, moderator, manager, client_as
):
    quiet_member(other_member, by=manager, reason="Calm down.", until=timezone.now() + TWO_DAYS)
    suspend_member(other_member, by=manager, reason="Threats.", until=timezone.now() + TWO_DAYS)
    appeal_sanction(warned, by=other_member, words="It was irony.")
    web = client_as(manager)
    assert list_of(other_member) in web.get(other_member.get_absolute_url()).content.decode()
    page = web.get(list_of(other_member)).content.decode()
    for words in (
        "Please stay with the matter.",
        "Calm down.",
        "Threats.",
        "It was irony.",
        moderator.display_name,
    ):
        assert words in page
    answer = web.post(reverse("sanction_lift", args=[warned.pk]))
    assert answer["Location"] == list_of(other_member)
    warned.refresh_from_db()
    assert warned.lifted_at
    assert Activity.objects.filter(verb=Verb.SANCTION_LIFTED, actor_id=manager.pk).exists()
    dispatch_activity()
    assert Notice.objects.filter(member=other_member, key=f"sanction:{warned.pk}").exists()
    assert web.post(reverse("sanction_lift", args=[warned.pk])).status_code == 409


def test_the_person_reads_their_own_page_and_how_to_appeal(warned, other_member, client_as):
    web = client_as(other_member)
    assert web.get(list_of(other_member))["Location"] == reverse("sanction_list")
    page = web.get(reverse("sanction_list")).content.decode()
    assert "Please stay with the matter." in page
    assert reverse("sanction_appeal", args=[warned.pk]) in page
    refused = web.post(reverse("sanction_lift", args=[warned.pk]))
    assert refused.status_code == 403
    assert "You can appeal against your own." in refused.content.decode()


def test_others_see_nothing_of_it(warned, other_member, member, client_as):
    web = client_as(member)
    assert web.get(list_of(other_member)).status_code == 403
    assert list_of(other_member) not in web.get(other_member.get_absolute_url()).content.decode()
    assert web.post(reverse("sanction_lift", args=[warned.pk])).status_code == 404


def test_a_steward_lifts_what_they_imposed_and_nothing_else(space, warned, other_member, manager, client_as):
    steward = make_member("Stella Steward")
    name_steward(space, steward, by=manager, powers=[StewardPower.QUEUE, StewardPower.QUIET])
    steward = Member.objects.with_current_roles().get(pk=steward.pk)
    theirs = warn_member(other_member, by=steward, reason="Kindly.", space_id=space.pk)
    web = client_as(steward)
    assert web.post(reverse("sanction_lift", args=[warned.pk])).status_code == 404
    assert web.post(reverse("sanction_lift", args=[theirs.pk]))["Location"] == reverse("case_list")


def test_a_room_that_the_moderator_does_not_see_has_no_name(other_member, manager, moderator, client_as):
    room = make_space("The quiet merger", preset="confidential", members=[other_member])
    Sanction.objects.create(
        member=other_member,
        grade=SanctionGrade.QUIET,
        space_id=room.pk,
        reason="Calm.",
        imposed_by=manager,
        until_at=timezone.now() + TWO_DAYS,
    )
    hidden_from = client_as(moderator).get(list_of(other_member)).content.decode()
    assert "Calm." in hidden_from
    assert "The quiet merger" not in hidden_from


def test_the_page_costs_the_same_for_two_and_for_twenty(
    other_member, moderator, client_as, django_assert_max_num_queries
):
    web = client_as(moderator)

    def cost(rows):
        for _number in range(rows):
            warn_member(other_member, by=moderator, reason="Please.")
        with django_assert_max_num_queries(40) as captured:
            web.get(list_of(other_member))
        return len(captured)

    web.get(list_of(other_member))
    assert cost(2) == cost(18)


# --- over the API -----------------------------------------------------------------------------------------------


def test_the_api_lists_ones_own_takes_the_appeal_and_lifts(warned, other_member, member, moderator, client):
    mine = call(other_member, client, "sanctions/").json()["results"]
    assert [(row["id"], row["grade"], row["appeal"]) for row in mine] == [(warned.pk, "warning", None)]
    assert call(member, client, f"sanctions/?member={other_member.pk}").status_code == 403
    assert call(member, client, f"sanctions/{warned.pk}/appeal/", {"words": "No."}).status_code == 404
    appealed = call(other_member, client, f"sanctions/{warned.pk}/appeal/", {"words": "It was irony."})
    assert appealed.json()["appeal"] == "waiting"
    again = call(other_member, client, f"sanctions/{warned.pk}/appeal/", {"words": "Once more."})
    assert again.status_code == 409
    theirs = call(moderator, client, f"sanctions/?member={other_member.pk}").json()["results"]
    assert theirs[0]["is_in_force"]
    lifted = call(moderator, client, f"sanctions/{warned.pk}/lift/", {})
    assert lifted.json()["is_in_force"] is False
    assert call(moderator, client, f"sanctions/{warned.pk}/lift/", {}).status_code == 409
    assert call(other_member, client, f"sanctions/{warned.pk}/lift/", {}).status_code == 403


def test_without_moderation_nothing_of_it_is_there(
    warned, other_member, moderator, administrator, client, client_as
):
    switch_module(Module.MODERATION, by=administrator, is_on=False)
    assert client_as(moderator).get(list_of(other_member)).status_code == 404
    assert call(other_member, client, "sanctions/").json()["results"] == []
    assert call(moderator, client, f"sanctions/{warned.pk}/lift/", {}).status_code == 404


# --- in the admin -----------------------------------------------------------------------------------------------


def test_the_admin_imposes_and_lifts_by_the_same_actions(space, other_member, moderator, client_as):
    web, path = client_as(moderator), "/admin/members/sanction/"
    said = {
        "handle": f"@{other_member.handle}",
        "grade": "quiet",
        "space": space.pk,
        "until": "",
        "reason": "",
    }
    assert "This field is required" in web.post(f"{path}add/", said).content.decode()
    nobody = web.post(f"{path}add/", said | {"handle": "@nobody", "reason": "Calm."}).content.decode()
    assert "Nobody has this handle." in nobody
    assert web.post(f"{path}add/", said | {"reason": "Calm."}).status_code == 302
    made = Sanction.objects.get()
    assert (made.grade, made.space_id, made.imposed_by) == (SanctionGrade.QUIET, space.pk, moderator)
    again = web.post(f"{path}add/", said | {"reason": "Calm."}).content.decode()
    assert "is quiet here already" in again
    assert "Pricing" in web.get(path).content.decode()
    act = {"action": "lift", "_selected_action": [made.pk], "confirmed": "1"}
    assert web.post(path, act).status_code == 302
    made.refresh_from_db()
    assert made.lifted_at
    assert client_as(other_member).get(path).status_code in {302, 403}


def test_what_is_about_oneself_is_not_there(moderator, manager, client_as):
    made = Sanction.objects.create(
        member=moderator,
        grade=SanctionGrade.WARNING,
        reason="Kindly.",
        imposed_by=manager,
        until_at=timezone.now() + TWO_DAYS,
    )
    assert client_as(moderator).get(f"/admin/members/sanction/{made.pk}/change/").status_code == 404


def test_words_used_again_are_kept_changed_and_taken_away(moderator, client_as):
    web, path = client_as(moderator), "/admin/discussions/cannedreason/"
    assert web.post(f"{path}add/", {"text": "Say  it kindly.", "position": "5"}).status_code == 302
    row = CannedReason.objects.get()
    assert canned_reasons() == ["Say it kindly."]
    twice = web.post(f"{path}add/", {"text": "Say it kindly.", "position": "6"}).content.decode()
    assert "in the list already" in twice
    far = web.post(f"{path}add/", {"text": "More.", "position": "30000"}).content.decode()
    assert "A place from 0 to 1000." in far
    web.post(f"{path}{row.pk}/change/", {"text": "Say it plainly.", "position": "5"})
    assert canned_reasons() == ["Say it plainly."]
    act = {"action": "remove", "_selected_action": [row.pk], "confirmed": "1"}
    assert web.post(path, act).status_code == 302
    assert not CannedReason.objects.exists()
    verbs = [Verb.CANNED_REASON_CREATED, Verb.CANNED_REASON_EDITED, Verb.CANNED_REASON_DELETED]
    assert (
        list(Activity.objects.filter(verb__in=verbs).order_by("pk").values_list("verb", flat=True)) == verbs
    )
