"""The admin as a site: who enters, under which policy, and the lists that join the apps."""

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from community.core.admin import CommunityModelAdmin
from community.core.models import Activity, ApiToken
from community.core.tokens import create_token
from community.core.verbs import Verb
from community.models import ImportRecord
from members.actions.role import grant_role
from members.models import RoleName
from tests.factories import PASSWORD, make_member, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db

INDEX = "/admin/"
STAFF = ["moderator", "manager", "administrator"]
OTHERS = ["member", "expert", "steward", "executive"]


def act(client, path, action, *rows, **words):
    return client.post(path, {"action": action, "_selected_action": [row.pk for row in rows], **words})


# --- who enters -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", STAFF)
def test_staff_enter(sign_in, role):
    assert sign_in(role).get(INDEX).status_code == 200


@pytest.mark.parametrize("role", OTHERS)
def test_others_do_not(sign_in, role):
    client = sign_in(role)
    assert client.get(INDEX, follow=True).status_code == 403
    assert client.get("/admin/members/member/", follow=True).status_code == 403


def test_applicants_are_led_to_their_application(sign_in):
    assert sign_in("applicant").get(INDEX)["Location"].startswith(reverse("application_show"))


@pytest.mark.parametrize(
    "path", [INDEX, "/admin/login/", "/admin/members/member/", "/admin/jsi18n/", "/admin/autocomplete/"]
)
def test_strangers_are_sent_to_the_sign_in_of_the_site(client, path):
    response = client.get(path, follow=True)
    assert response.redirect_chain[-1][0].startswith(reverse("account_login"))


def test_the_admin_has_no_form_of_its_own_to_guess_passwords_at(client_as, administrator, client):
    fields = {"username": "someone@example.org", "password": PASSWORD}
    assert client.post("/admin/login/", fields)["Location"].startswith(reverse("account_login"))
    assert client_as(administrator).post("/admin/login/", fields)["Location"] == INDEX
    assert client_as(administrator).get("/admin/password_change/")["Location"] == reverse(
        "account_change_password"
    )


def test_the_door_closes_with_the_role(client_as, administrator):
    manager = make_member(role="manager")
    client = client_as(manager)
    assert client.get(INDEX).status_code == 200
    row = manager.role_rows.get()
    act(client_as(administrator), "/admin/members/member/", "end_role", manager, role=row.role, confirmed=1)
    assert client.get(INDEX, follow=True).status_code == 403


# --- the second step --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", STAFF)
def test_without_a_second_step_staff_are_led_to_set_one_up(sign_in, settings, role):
    settings.REQUIRE_SECOND_FACTOR = True
    client = sign_in(role)
    for path in (INDEX, "/admin/discussions/post/", "/admin/login/"):
        response = client.get(path, follow=True)
        assert response.redirect_chain[-1][0] == reverse("mfa_index")
        assert "asks for a second step" in response.content.decode()
    assert act(client, "/admin/discussions/post/", "delete").status_code == 403


def test_with_a_second_step_they_enter(client_as, manager, settings):
    settings.REQUIRE_SECOND_FACTOR = True
    TOTP.activate(manager, generate_totp_secret())
    assert client_as(manager).get(INDEX).status_code == 200


def test_codes_on_paper_alone_are_no_second_step(client_as, manager, settings):
    settings.REQUIRE_SECOND_FACTOR = True
    RecoveryCodes.activate(manager)
    assert client_as(manager).get(INDEX, follow=True).redirect_chain[-1][0] == reverse("mfa_index")


def test_whoever_has_a_second_step_cannot_sign_in_without_it(settings):
    settings.REQUIRE_SECOND_FACTOR = True
    manager = make_member(role="manager", email="boss@example.org", password=PASSWORD)
    TOTP.activate(manager, generate_totp_secret())
    client = Client()
    response = client.post(reverse("account_login"), {"login": manager.email, "password": PASSWORD})
    assert response["Location"] == reverse("mfa_authenticate")
    assert client.get(INDEX, follow=True).redirect_chain[-1][0] == reverse("mfa_authenticate")


def test_the_second_step_is_asked_for_where_the_place_is_public():
    from community.settings import REQUIRE_SECOND_FACTOR, SITE_IS_HTTPS

    assert REQUIRE_SECOND_FACTOR == SITE_IS_HTTPS


# --- what stands in it ------------------------------------------------------------------------------------------


def test_only_pages_that_write_through_actions_are_there():
    registered = {model.__name__ for model in admin.site._registry}
    assert registered == {
        "Activity", "AddressFault", "ApiToken", "Application", "CannedReason", "Case", "Criterion", "DomainRule",
        "Expertise", "FactField", "Gate", "IdentityProvider", "ImportRecord", "Invitation", "Member", "Organisation",
        "Poll", "Post", "Question", "Report", "Resource", "Sanction", "SearchMiss", "Space", "SpaceMembership",
        "SpaceSteward", "Suspension", "Tag", "Terms", "Tier", "Topic",
    }  # fmt: skip
    assert all(isinstance(page, CommunityModelAdmin) for page in admin.site._registry.values())


def test_nothing_can_be_deleted_and_nothing_added_unless_there_is_an_action(client_as, administrator, rf):
    request = rf.get(INDEX)
    request.user = administrator
    for model, page in admin.site._registry.items():
        assert not page.has_delete_permission(request), model
        assert "delete_selected" not in page.get_actions(request), model
        can_write = page.has_add_permission(request) or page.has_change_permission(request)
        assert not can_write or type(page).save_model is not CommunityModelAdmin.save_model, model


def test_djangos_own_log_stays_empty(client_as, administrator, member):
    client = client_as(administrator)
    act(client, "/admin/members/member/", "grant_role", member, role="expert", confirmed=1)
    client.post("/admin/members/organisation/add/", {
        "name": "Northwind", "kind": "vendor", "domains-TOTAL_FORMS": 0, "domains-INITIAL_FORMS": 0,
    })  # fmt: skip
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("role", STAFF)
def test_every_list_and_every_row_opens_for_whoever_may(sign_in, role, member):
    make_post(topic=make_topic(tags=["pricing"]))
    make_space(preset="private", members=[member])
    create_token(member, by=member, name="a program")
    ImportRecord.objects.create(source="s", kind="post", external_id="1", target_type="post", target_id=1)
    client = sign_in(role)
    for model in admin.site._registry:
        path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        status = client.get(path).status_code
        assert status in {200, 403}, path
        row = model._default_manager.order_by("id").last()
        if status == 200 and row is not None:
            assert client.get(f"{path}{row.pk}/change/").status_code in {200, 404}, path
            assert client.get(f"{path}?q=pricing").status_code == 200, path


def test_the_policy_lets_files_of_the_site_run_and_nothing_in_the_page(client_as, manager):
    policy = client_as(manager).get(INDEX)["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";") if " " in rule.strip())
    assert rules["script-src"] == "'self'"
    assert rules["style-src"] == "'self'"
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in policy
    assert "'strict-dynamic'" in client_as(manager).get("/")["Content-Security-Policy"]


# --- the record of what has happened ----------------------------------------------------------------------------

LOG = "/admin/core/activity/"


def test_the_record_shows_who_did_what_in_which_role(client_as, administrator, manager, member):
    grant_role(member, RoleName.EXPERT, by=manager)
    page = client_as(administrator).get(LOG).content.decode()
    for words in ("was granted a role", manager.display_name, "community manager", member.display_name):
        assert words in page


@pytest.mark.parametrize("role", ["moderator", "member", "executive"])
def test_it_is_for_managers_and_administrators(sign_in, role):
    assert sign_in(role).get(LOG, follow=True).status_code == 403


def test_nobody_writes_it(client_as, administrator, member):
    row = Activity.objects.order_by("id").last()
    client = client_as(administrator)
    assert client.get(f"{LOG}add/").status_code == 403
    assert client.post(f"{LOG}{row.pk}/change/", {"verb": "post.deleted"}).status_code == 403
    assert client.post(f"{LOG}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_it_is_narrowed_by_verb_role_person_and_thing(client_as, administrator, manager, member, expert):
    grant_role(member, RoleName.STEWARD, by=manager)
    client = client_as(administrator)
    joined, granted = str(Verb.MEMBER_JOINED.label), str(Verb.ROLE_GRANTED.label)
    cell = 'class="field-verb">{}<'.format

    def shown(query):
        page = client.get(f"{LOG}?{query}").content.decode()
        return {label for label in (joined, granted) if cell(label) in page}

    assert shown("verb__exact=role.granted") == {granted}
    assert shown("actor_role=manager") == {joined, granted}
    assert shown("actor_role=steward") == set()
    assert shown(f"q={manager.handle}") == {joined, granted}
    assert shown(f"q=@{expert.handle}") == {joined}
    assert shown("q=nobody-of-that-handle") == set()
    assert shown(f"target_type=member&target_id={member.pk}") == {joined, granted}


def test_the_history_of_a_row_is_its_activity(client_as, manager, member):
    response = client_as(manager).get(f"/admin/members/member/{member.pk}/history/")
    assert response["Location"] == f"{LOG}?target_type=member&target_id={member.pk}"


def test_what_happened_in_a_room_is_for_those_who_see_the_room(client_as, administrator, manager):
    topic = make_topic(
        space=make_space("Board", preset="confidential", members=[manager]), title="The sale of the branch"
    )
    assert "The sale of the branch" not in client_as(administrator).get(LOG).content.decode()
    assert "The sale of the branch" in client_as(manager).get(LOG).content.decode()
    row = Activity.objects.get(target_type="topic", target_id=topic.pk)
    assert client_as(administrator).get(f"{LOG}{row.pk}/change/").status_code == 404


@pytest.mark.parametrize(
    "query", ["password=x", "actor__password__startswith=a", "data__reason=x", "actor__email=a"]
)
def test_it_cannot_be_asked_for_what_it_does_not_show(client_as, administrator, query):
    assert client_as(administrator).get(f"{LOG}?{query}").status_code in {302, 400}


@pytest.mark.parametrize("path", [LOG, "/admin/community/importrecord/", "/admin/core/apitoken/"])
def test_long_lists_cost_the_same_for_two_rows_and_for_twenty(
    client_as, administrator, path, django_assert_max_num_queries
):
    def grow(count):
        for number in range(count):
            person = make_member()
            create_token(person, by=person, name="a program")
            ImportRecord.objects.create(
                source="s", kind="post", external_id=f"{count}-{number}", target_type="post", target_id=1
            )

    client = client_as(administrator)
    grow(2)
    with django_assert_max_num_queries(10) as few:
        client.get(path)
    grow(18)
    with django_assert_max_num_queries(10) as many:
        client.get(path)
    assert len(few.captured_queries) == len(many.captured_queries)


# --- tokens -----------------------------------------------------------------------------------------------------

TOKENS = "/admin/core/apitoken/"


def test_an_administrator_revokes_a_token_and_sees_no_digest(client_as, administrator, member):
    made = create_token(member, by=member, name="a program")
    client = client_as(administrator)
    for path in (TOKENS, f"{TOKENS}{made.token.pk}/change/"):
        page = client.get(path).content.decode()
        assert "a program" in page
        assert made.token.digest not in page
        assert made.secret not in page
    act(client, TOKENS, "revoke", made.token, confirmed=1)
    assert ApiToken.objects.get().revoked_at is not None
    activity = Activity.objects.get(verb=Verb.API_TOKEN_REVOKED)
    assert (activity.actor_id, activity.target_id) == (administrator.pk, member.pk)


def test_tokens_are_the_administrators(sign_in):
    assert sign_in("manager").get(TOKENS).status_code == 403


def test_models_of_packages_are_not_there(client_as, administrator):
    client = client_as(administrator)
    for app in ("account", "mfa", "usersessions", "auth", "taggit"):
        assert client.get(f"/admin/{app}/").status_code == 404
