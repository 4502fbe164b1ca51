"""Members and organisations in the admin: who sees them, and that every act goes through its action."""

import re

import pytest
from django.urls import reverse

from community.core.models import Activity
from community.core.verbs import Verb
from members.models import Member, Organisation, OrganisationDomain, OrganisationKind, Role, RoleName
from tests.factories import PASSWORD, make_member, make_organisation

pytestmark = pytest.mark.django_db

LIST = "/admin/members/member/"


def page_of(member: Member) -> str:
    return f"{LIST}{member.pk}/change/"


def act(client, action: str, *members: Member, **words: object):
    fields = {"action": action, "_selected_action": [member.pk for member in members], **words}
    return client.post(LIST, fields)


def latest() -> Activity:
    activity = Activity.objects.order_by("id").last()
    assert activity is not None
    return activity


# --- who sees it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["manager", "administrator"])
def test_managers_and_administrators_see_members(sign_in, member, role):
    client = sign_in(role)
    assert member.email in client.get(LIST).content.decode()
    assert client.get(page_of(member)).status_code == 200


@pytest.mark.parametrize("role", ["member", "expert", "steward", "moderator", "executive"])
def test_nobody_else_sees_their_addresses(sign_in, member, role):
    client = sign_in(role)
    for path in (LIST, page_of(member), f"{LIST}add/", f"{LIST}?q=mira"):
        response = client.get(path)
        assert response.status_code in {302, 403}
        assert member.email not in response.content.decode()


def test_a_moderator_is_not_shown_the_way_to_members(sign_in):
    page = sign_in("moderator").get("/admin/").content.decode()
    assert "/admin/discussions/post/" in page
    assert LIST not in page


# --- reading ----------------------------------------------------------------------------------------------------


def test_people_are_found_by_name_handle_and_address(client_as, manager):
    make_member("Ottilie Quist", email="someone@example.org", handle="oq")
    client = client_as(manager)
    for words in ("ottilie", "oq", "someone@ex"):
        assert "Ottilie Quist" in client.get(LIST, {"q": words}).content.decode()
    assert "Ottilie Quist" not in client.get(LIST, {"q": "nobody of that name"}).content.decode()


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("state=active", "Mira Member"),
        ("state=deactivated", "Dario Deactivated"),
        ("state=unclaimed", "Ines Imported"),
        ("state=machine", "Robot"),
        ("role=expert", "Edda Expert"),
    ],
)
def test_filters_show_whom_they_name(client_as, manager, member, deactivated, expert, query, shown):
    make_member("Ines Imported", email=None)
    Member.objects.filter(pk=make_member("Robot").pk).update(is_machine=True)
    rows = re.findall(
        r'class="field-display_name[^>]*>(.*?)</t', client_as(manager).get(f"{LIST}?{query}").content.decode()
    )
    names = {re.sub("<[^>]+>", "", row) for row in rows}
    assert shown in names
    assert names.isdisjoint(
        {"Mira Member", "Dario Deactivated", "Ines Imported", "Robot", "Edda Expert"} - {shown}
    ) or (query == "state=active")


def test_the_list_costs_the_same_for_two_and_for_twenty(client_as, manager, django_assert_max_num_queries):
    client = client_as(manager)
    make_member()
    with django_assert_max_num_queries(12) as few:
        client.get(LIST)
    for _number in range(20):
        make_member()
    with django_assert_max_num_queries(12) as many:
        client.get(LIST)
    assert len(few.captured_queries) == len(many.captured_queries)


def test_the_page_of_a_member_shows_roles_with_dates_and_who_granted_them(client_as, manager, member):
    client = client_as(manager)
    act(client, "grant_role", member, role="expert", confirmed=1)
    page = client.get(page_of(member)).content.decode()
    assert manager.display_name in page
    assert "expert" in page
    assert "password" not in page.replace("/accounts/password/change/", "").lower()


# --- adding -----------------------------------------------------------------------------------------------------


NEW = {
    "email": "New@Example.org",
    "display_name": "Nora New",
    "handle": "",
    "role": "member",
    "time_zone": "UTC",
}


def test_adding_a_member_goes_through_the_action(client_as, manager):
    response = client_as(manager).post(f"{LIST}add/", NEW)
    made = Member.objects.get(email="new@example.org")
    assert response["Location"] == LIST
    assert made.roles == {RoleName.MEMBER}
    assert made.handle == "nora-new"
    assert not made.has_usable_password()
    activity = latest()
    assert activity.verb == Verb.MEMBER_JOINED
    assert activity.actor_id == manager.pk
    assert activity.data == {"source": "manager"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"email": "taken@example.org"}, "This address already has an account."),
        ({"handle": "taken"}, "This handle is taken."),
        ({"handle": "Not A Handle!"}, "small letters"),
        ({"role": "administrator"}, "Administrators grant this role."),
        ({"display_name": "\u200b"}, "Write the name people know you by."),
        ({"email": "no address"}, "valid email"),
    ],
)
def test_what_the_action_refuses_is_said_and_nothing_typed_is_lost(client_as, manager, change, sentence):
    make_member(email="taken@example.org", handle="taken")
    fields = {**NEW, "display_name": "Nora, whom nobody knows", **change}
    response = client_as(manager).post(f"{LIST}add/", fields)
    page = response.content.decode()
    assert response.status_code == 200
    assert sentence in page
    assert f'value="{fields["display_name"]}"' in page
    assert not Member.objects.filter(display_name__startswith="Nora").exists()


# --- roles ------------------------------------------------------------------------------------------------------


def test_granting_asks_first_and_then_goes_through_the_action(client_as, manager, member):
    client = client_as(manager)
    page = act(client, "grant_role", member).content.decode()
    assert 'name="confirmed"' in page
    assert member.display_name in page
    assert not Role.objects.filter(member=member, role="expert").exists()
    response = act(client, "grant_role", member, role="expert", until="2099-12-31", confirmed=1)
    assert response["Location"] == LIST
    row = Role.objects.get(member=member, role="expert")
    assert row.granted_by_id == manager.pk
    assert row.until_at.isoformat() == "2099-12-31T23:59:59+00:00"
    assert latest().verb == Verb.ROLE_GRANTED


def test_from_the_page_of_a_member_the_way_leads_back_to_it(client_as, manager, member):
    client = client_as(manager)
    page = client.get(page_of(member)).content.decode()
    assert 'name="from_page"' in page
    response = act(client, "grant_role", member, role="expert", confirmed=1, from_page=member.pk)
    assert response["Location"] == page_of(member)


def test_a_manager_is_offered_only_the_roles_that_are_theirs_to_give(
    client_as, manager, administrator, member
):
    assert 'value="administrator"' not in act(client_as(manager), "grant_role", member).content.decode()
    assert 'value="administrator"' in act(client_as(administrator), "grant_role", member).content.decode()


def test_a_manager_cannot_grant_more_by_hand(client_as, manager, member):
    response = act(client_as(manager), "grant_role", member, role="administrator", confirmed=1)
    assert response.status_code == 422
    assert not Role.objects.filter(role="administrator").exists()


def test_whoever_holds_the_role_already_stays_chosen_with_the_reason(client_as, manager, member, expert):
    response = act(client_as(manager), "grant_role", member, expert, role="expert", confirmed=1)
    page = response.content.decode()
    assert response.status_code == 422
    assert "Edda Expert holds this role already." in page
    assert f'name="_selected_action" value="{expert.pk}"' in page
    assert f'name="_selected_action" value="{member.pk}"' not in page
    assert Role.objects.filter(member=member, role="expert").exists()


def test_a_day_that_is_over_is_refused_with_the_form_kept(client_as, manager, member):
    response = act(client_as(manager), "grant_role", member, role="expert", until="2001-01-01", confirmed=1)
    assert "That day is over." in response.content.decode()
    assert 'value="2001-01-01"' in response.content.decode()


def test_ending_a_role_keeps_its_row_as_history(client_as, manager, expert):
    act(client_as(manager), "end_role", expert, role="expert", confirmed=1)
    assert Role.objects.get(member=expert, role="expert").until_at is not None
    assert latest().verb == Verb.ROLE_ENDED


def test_ending_a_role_that_is_not_held_is_said(client_as, manager, member):
    response = act(client_as(manager), "end_role", member, role="expert", confirmed=1)
    assert "does not hold this role" in response.content.decode()


def test_roles_ask_for_the_password_again(client, member):
    manager = make_member(role="manager", email="boss@example.org", password=PASSWORD)
    client.post(reverse("account_login"), {"login": manager.email, "password": PASSWORD})
    response = act(client, "grant_role", member)
    assert response["Location"].startswith(reverse("account_reauthenticate"))
    response = client.post(response["Location"], {"password": PASSWORD, "next": LIST})
    assert 'name="confirmed"' in response.content.decode()
    act(client, "grant_role", member, role="expert", confirmed=1)
    assert Role.objects.filter(member=member, role="expert").exists()


# --- closing and opening accounts -------------------------------------------------------------------------------


def test_deactivating_needs_a_reason_and_ends_sessions(client_as, manager, member):
    client, theirs = client_as(manager), client_as(member)
    assert (
        "This field is required" in act(client, "deactivate", member, reason="", confirmed=1).content.decode()
    )
    act(client, "deactivate", member, reason="left the company", confirmed=1)
    assert theirs.get("/").status_code == 302
    assert latest().data == {"reason": "left the company"}
    act(client, "reactivate", member, confirmed=1)
    assert theirs.get("/").status_code == 200


def test_nobody_deactivates_their_own_account(client_as, manager):
    response = act(client_as(manager), "deactivate", manager, reason="a mistake", confirmed=1)
    assert "Another manager can." in response.content.decode()
    assert 'value="a mistake"' in response.content.decode()


def test_the_page_offers_what_fits(client_as, manager, member, deactivated):
    client = client_as(manager)
    assert 'value="deactivate"' in client.get(page_of(member)).content.decode()
    page = client.get(page_of(deactivated)).content.decode()
    assert 'value="reactivate"' in page
    assert 'value="deactivate"' not in page


# --- what is not there ------------------------------------------------------------------------------------------


def test_members_are_neither_changed_nor_deleted_behind_the_actions(client_as, administrator, member):
    client = client_as(administrator)
    assert client.post(page_of(member), {"display_name": "Somebody else"}).status_code == 403
    assert client.post(f"{LIST}{member.pk}/delete/", {"post": "yes"}).status_code == 403
    act(client, "delete_selected", member, post="yes")
    member.refresh_from_db()
    assert member.display_name == "Mira Member"


@pytest.mark.parametrize("chosen", [["abc"], ["1' or 1=1"], ["99999999999999999999999"], [""], ["0"], ["-1"]])
def test_rows_that_cannot_be_are_no_fault(client_as, manager, chosen):
    response = client_as(manager).post(LIST, {"action": "deactivate", "_selected_action": chosen})
    assert response.status_code in {200, 302}


@pytest.mark.parametrize(
    "query",
    [
        "p=abc",
        "p=999999",
        "id__lt=abc",
        "id__lt=99999999999999999999",
        "o=9.9",
        "state=x",
        "role=x",
        "e=1",
        "x=1",
        "q=%25",
    ],
)
def test_parameters_that_cannot_be_are_no_fault(client_as, manager, query):
    assert client_as(manager).get(f"{LIST}?{query}").status_code in {200, 302}


@pytest.mark.parametrize("pk", ["0", "abc", "99999999999999999999", "1_2F"])
def test_a_member_who_is_not_there_is_404(client_as, manager, pk):
    assert client_as(manager).get(f"{LIST}{pk}/change/").status_code == 404


# --- organisations ----------------------------------------------------------------------------------------------

ORGANISATIONS = "/admin/members/organisation/"


def domains(
    *added: str, present: tuple[OrganisationDomain, ...] = (), removed: tuple[OrganisationDomain, ...] = ()
):
    rows = [*present, *added]
    fields = {"domains-TOTAL_FORMS": len(rows), "domains-INITIAL_FORMS": len(present)}
    for number, row in enumerate(rows):
        if isinstance(row, OrganisationDomain):
            fields[f"domains-{number}-id"] = row.pk
            if row in removed:
                fields[f"domains-{number}-DELETE"] = "on"
        else:
            fields[f"domains-{number}-domain"] = row
    return fields


def test_an_organisation_and_its_domains_are_made_by_actions(client_as, manager):
    fields = {"name": "Northwind", "kind": "partner", **domains("Northwind.Example", "")}
    response = client_as(manager).post(f"{ORGANISATIONS}add/", fields)
    made = Organisation.objects.get(name="Northwind")
    assert response["Location"] == ORGANISATIONS
    assert (made.kind, made.slug) == (OrganisationKind.PARTNER, "northwind")
    assert [row.domain for row in made.domains.all()] == ["northwind.example"]
    verbs = list(
        Activity.objects.filter(target_type="organisation").order_by("id").values_list("verb", flat=True)
    )
    assert verbs == [Verb.ORGANISATION_CREATED, Verb.ORGANISATION_EDITED]


def test_an_organisation_is_changed_and_a_domain_taken(client_as, manager):
    organisation = make_organisation("Northwind")
    row = OrganisationDomain.objects.create(organisation=organisation, domain="northwind.example")
    fields = {
        "name": "Northwind AG",
        "kind": "vendor",
        **domains("nw.example", present=(row,), removed=(row,)),
    }
    client_as(manager).post(f"{ORGANISATIONS}{organisation.pk}/change/", fields)
    organisation.refresh_from_db()
    assert (organisation.name, organisation.kind) == ("Northwind AG", "vendor")
    assert [row.domain for row in organisation.domains.all()] == ["nw.example"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": "contoso"}, "There is an organisation of this name already."),
        ({"domain": "contoso.example"}, "contoso.example belongs to Contoso already."),
        ({"domain": "not a domain"}, "not a domain is not a domain."),
    ],
)
def test_a_refused_organisation_changes_nothing_and_keeps_what_was_typed(
    client_as, manager, fields, sentence
):
    taken = make_organisation("Contoso")
    OrganisationDomain.objects.create(organisation=taken, domain="contoso.example")
    name, domain = fields.get("name", "Northwind"), fields.get("domain", "northwind.example")
    response = client_as(manager).post(
        f"{ORGANISATIONS}add/", {"name": name, "kind": "vendor", **domains(domain)}
    )
    page = response.content.decode()
    assert sentence in page
    assert f'value="{name}"' in page
    assert f'value="{domain}"' in page
    assert Organisation.objects.count() == 1


def test_moderators_do_not_see_organisations(sign_in):
    assert sign_in("moderator").get(ORGANISATIONS).status_code == 403
