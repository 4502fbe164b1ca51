"""Coming in and going out: password, mailed code, mailed link, and who does not come in."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.urls import reverse

from members.actions.member import create_member, deactivate_member, reactivate_member
from members.models import Member, RoleName
from tests.factories import PASSWORD, make_member

pytestmark = pytest.mark.django_db

HOME = "/"
NEW_PASSWORD = "nine slow otters sing"


@pytest.fixture
def person() -> Member:
    return make_member("Petra Person", email="petra@example.org", password=PASSWORD)


def sign_in(client: Client, email: str = "petra@example.org", password: str = PASSWORD):
    return client.post(reverse("account_login"), {"login": email, "password": password})


def is_signed_in(client: Client) -> bool:
    return client.get(HOME).status_code == 200


def code_in(message) -> str:
    return re.search(r"^    (\S+)$", message.body, re.MULTILINE)[1]


def link_in(message) -> str:
    return re.search(r"http://testserver(/\S+)", message.body)[1]


# --- password ---------------------------------------------------------------------------------------------------


def test_address_and_password_let_a_member_in(client, person):
    response = sign_in(client)
    assert response.status_code == 302
    assert response["Location"] == HOME
    assert is_signed_in(client)


def test_the_address_counts_without_regard_to_capitals_and_spaces(client, person):
    sign_in(client, "  Petra@Example.ORG ")
    assert is_signed_in(client)


def test_a_wrong_password_gets_a_sentence_and_keeps_the_address(client, person):
    response = sign_in(client, password="not this one at all")
    page = response.content.decode()
    assert "not correct" in page
    assert 'value="petra@example.org"' in page
    assert "not this one" not in page
    assert not is_signed_in(client)


def test_the_next_page_is_kept_only_when_it_is_ours(client, person):
    for wanted, reached in (
        ("/me/", "/me/"),
        ("https://elsewhere.example/", HOME),
        ("//elsewhere.example", HOME),
    ):
        client.logout()
        response = client.post(
            reverse("account_login"), {"login": person.email, "password": PASSWORD, "next": wanted}
        )
        assert response["Location"] == reached


def test_a_new_session_key_is_given_at_sign_in(client, person):
    client.get(reverse("account_login"))
    client.get(reverse("account_request_login_code"))
    before = client.session.session_key
    sign_in(client)
    assert client.session.session_key != before


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(client, person):
    cookie = sign_in(client).cookies["session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


# --- signing out ------------------------------------------------------------------------------------------------


def test_signing_out_is_a_post(client, person):
    sign_in(client)
    assert client.get(reverse("account_logout")).status_code == 200
    assert is_signed_in(client)
    response = client.post(reverse("account_logout"))
    assert response["Location"] == reverse("account_login")
    assert not is_signed_in(client)


def test_nobody_signs_up_by_filling_in_a_form(client):
    for response in (
        client.get(reverse("account_signup")),
        client.post(reverse("account_signup"), {"email": "new@example.org", "password1": PASSWORD}),
    ):
        assert "by invitation" in response.content.decode()
    assert not Member.objects.exists()


# --- code by mail -----------------------------------------------------------------------------------------------


def test_a_code_by_mail_lets_a_member_in(client, person):
    response = client.post(reverse("account_request_login_code"), {"email": person.email})
    assert response["Location"] == reverse("account_confirm_login_code")
    [message] = mail.outbox
    assert message.to == [person.email]
    assert not is_signed_in(client)
    client.post(reverse("account_confirm_login_code"), {"code": code_in(message)})
    assert is_signed_in(client)


def test_the_code_belongs_to_the_browser_that_asked(client, person):
    client.post(reverse("account_request_login_code"), {"email": person.email})
    other = Client()
    other.post(reverse("account_confirm_login_code"), {"code": code_in(mail.outbox[0])})
    assert not is_signed_in(other)


def test_three_wrong_codes_end_it(client, person):
    client.post(reverse("account_request_login_code"), {"email": person.email})
    for _try in range(3):
        response = client.post(reverse("account_confirm_login_code"), {"code": "WRNG-CODE"})
    assert response["Location"] == reverse("account_request_login_code")
    client.post(reverse("account_confirm_login_code"), {"code": code_in(mail.outbox[0])})
    assert not is_signed_in(client)


def test_a_code_grows_old(client, person, time_machine):
    time_machine.move_to("2026-03-01T10:00:00Z", tick=False)
    client.post(reverse("account_request_login_code"), {"email": person.email})
    time_machine.shift(11 * 60)
    client.post(reverse("account_confirm_login_code"), {"code": code_in(mail.outbox[0])})
    assert not is_signed_in(client)


def test_another_code_can_be_sent_and_the_first_stops_working(client, person):
    client.post(reverse("account_request_login_code"), {"email": person.email})
    client.post(reverse("account_confirm_login_code"), {"action": "resend"})
    first, second = (code_in(message) for message in mail.outbox)
    client.post(reverse("account_confirm_login_code"), {"code": first})
    assert not is_signed_in(client)
    client.post(reverse("account_confirm_login_code"), {"code": second})
    assert is_signed_in(client)


def test_whoever_a_manager_adds_comes_in_by_one_code(client, manager):
    """The code shows that the address is theirs: no second one is asked for."""
    create_member(by=manager, email="new@example.org", display_name="Nora New")
    client.post(reverse("account_request_login_code"), {"email": "new@example.org"})
    client.post(reverse("account_confirm_login_code"), {"code": code_in(mail.outbox[0])})
    assert is_signed_in(client)
    assert len(mail.outbox) == 1


# --- link by mail -----------------------------------------------------------------------------------------------


def follow_link(client: Client, message) -> str:
    """The address of the form behind the link, which no longer holds the key."""
    response = client.get(link_in(message))
    assert response.status_code == 302
    return response["Location"]


def test_a_link_by_mail_leads_to_a_new_password(client, person):
    response = client.post(reverse("account_reset_password"), {"email": person.email})
    assert response["Location"] == reverse("account_reset_password_done")
    form = follow_link(client, mail.outbox[0])
    client.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    sign_in(client, password=NEW_PASSWORD)
    assert is_signed_in(client)
    assert not is_signed_in_with(PASSWORD)


def is_signed_in_with(password: str) -> bool:
    client = Client()
    sign_in(client, password=password)
    return is_signed_in(client)


def test_a_link_works_once_and_for_three_hours(client, person, time_machine):
    time_machine.move_to("2026-03-01T10:00:00Z", tick=False)
    client.post(reverse("account_reset_password"), {"email": person.email})
    link = link_in(mail.outbox[0])
    time_machine.shift(3 * 3600 + 60)
    assert client.get(link).status_code == 200
    time_machine.move_to("2026-03-01T10:05:00Z", tick=False)
    form = follow_link(client, mail.outbox[0])
    client.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert Client().get(link).status_code == 200


def test_a_robot_that_opens_every_link_changes_nothing(client, person):
    """Mail scanners fetch links before people do (trust §1.1 no. 16)."""
    client.post(reverse("account_reset_password"), {"email": person.email})
    robot = Client()
    for _visit in range(2):
        robot.get(follow_link(robot, mail.outbox[0]))
    form = follow_link(client, mail.outbox[0])
    client.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert is_signed_in_with(NEW_PASSWORD)


def test_a_new_password_ends_every_other_session_and_is_told_by_mail(client, person):
    elsewhere = Client()
    sign_in(elsewhere)
    client.post(reverse("account_reset_password"), {"email": person.email})
    form = follow_link(client, mail.outbox[0])
    client.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert not is_signed_in(elsewhere)
    assert "was changed by the link in a mail" in mail.outbox[-1].body


def test_the_link_leads_to_our_own_address_whatever_the_request_says(client, person, settings):
    settings.ALLOWED_HOSTS = ["*"]
    client.post(reverse("account_reset_password"), {"email": person.email}, headers={"host": "evil.example"})
    assert "evil.example" not in mail.outbox[0].body
    assert link_in(mail.outbox[0])


def test_a_link_confirms_the_address_it_was_sent_to(client, manager):
    added = create_member(by=manager, email="new@example.org", display_name="Nora New")
    assert not EmailAddress.objects.get(user=added).verified
    client.post(reverse("account_reset_password"), {"email": "new@example.org"})
    form = follow_link(client, mail.outbox[0])
    client.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    sign_in(client, "new@example.org", NEW_PASSWORD)
    assert is_signed_in(client)


@pytest.mark.parametrize("password", ["short", "password12345", "petra@example.org", "123456789012345"])
def test_a_password_that_is_easily_guessed_is_refused_with_the_reason(client, person, password):
    client.post(reverse("account_reset_password"), {"email": person.email})
    form = follow_link(client, mail.outbox[0])
    response = client.post(form, {"password1": password, "password2": password})
    assert response.status_code == 200
    assert 'class="errorlist"' in response.content.decode() or "error" in response.content.decode()
    assert is_signed_in_with(PASSWORD)


# --- changing it ------------------------------------------------------------------------------------------------


def test_changing_the_password_needs_the_old_one_keeps_this_session_and_ends_the_others(client, person):
    sign_in(client)
    elsewhere = Client()
    sign_in(elsewhere)
    url = reverse("account_change_password")
    client.post(url, {"oldpassword": "guess", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert is_signed_in_with(PASSWORD)
    client.post(url, {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert is_signed_in_with(NEW_PASSWORD)
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert "password of your account was changed" in mail.outbox[-1].body
    assert NEW_PASSWORD not in mail.outbox[-1].body


def test_a_new_password_does_not_bring_a_deactivated_account_back(person, manager):
    """allauth saves the whole row that it loaded; ours writes the one column."""
    from members.adapter import AccountAdapter

    loaded = Member.objects.get(pk=person.pk)
    deactivate_member(person, by=manager, reason="left")
    AccountAdapter().set_password(loaded, NEW_PASSWORD)
    assert Member.objects.get(pk=person.pk).deactivated_at is not None


@pytest.mark.parametrize("url_name", ["mfa_activate_totp", "mfa_add_webauthn", "mfa_generate_recovery_codes"])
def test_what_protects_the_account_asks_for_the_password_again(client, person, url_name):
    sign_in(client)
    response = client.get(reverse(url_name))
    assert response["Location"].startswith(reverse("account_reauthenticate"))
    response = client.post(response["Location"], {"password": PASSWORD, "next": reverse(url_name)})
    assert response["Location"].startswith(reverse(url_name))


def test_a_further_address_is_confirmed_before_it_counts(client, person):
    sign_in(client)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    response = client.post(reverse("account_email"), {"email": "Private@Example.org", "action_add": ""})
    assert not EmailAddress.objects.filter(email="private@example.org").exists()
    client.post(response["Location"], {"code": code_in(mail.outbox[-1])})
    assert EmailAddress.objects.get(email="private@example.org").verified
    other = Client()
    sign_in(other, "private@example.org")
    assert is_signed_in(other)


def test_the_address_of_another_member_cannot_be_taken_nor_found_out(client, person, other_member):
    sign_in(client)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    answers = {
        client.post(reverse("account_email"), {"email": email, "action_add": ""}).headers["Location"]
        for email in (other_member.email, "nobody@example.org")
    }
    assert len(answers) == 1
    assert not EmailAddress.objects.filter(user=person, email=other_member.email).exists()


# --- who does not come in ---------------------------------------------------------------------------------------


def test_an_account_known_only_from_an_import_has_no_way_in(client):
    imported = create_member(by=None, email=None, display_name="Ines Imported", source="import")
    assert not imported.has_usable_password()
    for email in ("", "None", imported.handle, "null"):
        sign_in(client, email, "")
        client.post(reverse("account_reset_password"), {"email": email})
        client.post(reverse("account_request_login_code"), {"email": email})
    assert not is_signed_in(client)
    assert mail.outbox == []


def test_a_machine_account_has_no_way_in(client, person):
    Member.objects.filter(pk=person.pk).update(is_machine=True)
    sign_in(client)
    assert not is_signed_in(client)


def test_a_deactivated_member_is_told_and_stays_outside(client, person, manager):
    deactivate_member(person, by=manager, reason="left")
    response = sign_in(client)
    assert response["Location"] == reverse("account_inactive")
    assert not is_signed_in(client)
    client.post(reverse("account_request_login_code"), {"email": person.email})
    assert "No account goes by this address" in mail.outbox[-1].body


def test_sessions_end_with_the_next_request_after_deactivation(client, person, manager):
    sign_in(client)
    assert is_signed_in(client)
    deactivate_member(person, by=manager, reason="left")
    assert client.get(HOME).status_code == 302
    reactivate_member(person, by=manager)
    assert is_signed_in(client)


def test_a_session_reads_account_and_roles_in_one_query(client, person, django_assert_num_queries):
    from members.backends import MemberBackend

    with django_assert_num_queries(1):
        member = MemberBackend().get_user(person.pk)
        assert member is not None
        assert member.roles == {RoleName.MEMBER}


# --- sessions ---------------------------------------------------------------------------------------------------


def test_a_member_sees_where_they_are_signed_in_and_ends_the_others(client, person):
    elsewhere = Client(
        headers={"user-agent": "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"}
    )
    sign_in(elsewhere)
    sign_in(client)
    page = client.get(reverse("session_list")).content.decode()
    assert "Firefox on Windows" in page
    assert UserSession.objects.filter(user=person).count() == 2
    client.post(reverse("session_end_others"))
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert Session.objects.count() == 1


def test_every_page_of_the_account_is_reached_from_ones_own_page(client, person):
    sign_in(client)
    page = client.get("/me/").content.decode()
    for url_name in ("account_email", "account_change_password", "mfa_index", "session_list"):
        assert f'href="{reverse(url_name)}"' in page
        assert client.get(reverse(url_name)).status_code == 200
