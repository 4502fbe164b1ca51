"""Sign-ins one can see and end, the second step that some roles need, and what is asked again before it is done."""

from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from community.core.models import ApiToken
from community.core.tokens import create_token
from members.browsers import browser_label
from members.models import Member, RoleName
from tests.factories import PASSWORD, make_member

pytestmark = pytest.mark.django_db


def signed_in(email: str) -> Client:
    client = Client(
        headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
    )
    client.post(reverse("account_login"), {"login": email, "password": PASSWORD})
    assert client.session.get("_auth_user_id")
    return client


@pytest.fixture
def person() -> Member:
    return make_member("Petra Person", email="petra@example.org", password=PASSWORD)


def is_in(client: Client) -> bool:
    return client.get(reverse("member_list")).status_code == 200


# --- sessions ---


@pytest.mark.parametrize(
    ("said", "label"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Windows",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) AppleWebKit/605.1 Version/18.0 Safari/605.1",
            "Safari on macOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1",
            "Safari on iPhone",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) CriOS/140.0 Mobile Safari/604.1",
            "Chrome on iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        (
            "Mozilla/5.0 (X11; CrOS x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36",
            "Chrome on ChromeOS",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64)", "A browser on Linux"),
        ("curl/8.0", "Something that does not say what it is"),
        ("", "Something that does not say what it is"),
        ("<script>alert(1)</script>", "Something that does not say what it is"),
    ],
)
def test_browsers_go_by_the_names_people_know(said, label):
    assert browser_label(said) == label


def test_one_is_ended_and_the_others_stay(person):
    here, there, elsewhere = (signed_in(person.email) for _number in range(3))
    row = UserSession.objects.get(session_key=there.session.session_key)
    page = here.get(reverse("session_list")).content.decode()
    assert page.count("Firefox on Linux") >= 3
    assert page.count("This one") == 1
    assert here.post(reverse("session_end", args=[row.pk])).status_code == 302
    assert (is_in(here), is_in(there), is_in(elsewhere)) == (True, False, True)
    here.post(reverse("session_end_others"))
    assert (is_in(here), is_in(elsewhere)) == (True, False)


def test_somebody_else_s_and_one_s_own_current_one_are_not_there(person):
    here = signed_in(person.email)
    make_member(email="other@example.org", password=PASSWORD)
    other = signed_in("other@example.org")
    for client in (other, here):
        row = UserSession.objects.get(session_key=client.session.session_key)
        assert here.post(reverse("session_end", args=[row.pk])).status_code == 404
    assert is_in(other)


def test_last_seen_is_noted_once_in_five_minutes(person):
    here = signed_in(person.email)
    long_ago = timezone.now() - timedelta(hours=1)
    UserSession.objects.update(last_seen_at=long_ago)
    Member.objects.update(last_login=long_ago)

    def writes() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            here.get(reverse("member_list"))
        return sum("usersessions_usersession" in query["sql"] for query in asked.captured_queries)

    assert [writes(), writes(), writes()] == [1, 0, 0]
    assert UserSession.objects.get().last_seen_at > timezone.now() - timedelta(minutes=1)


def test_a_new_password_ends_other_sessions_and_all_tokens(person):
    here, there = signed_in(person.email), signed_in(person.email)
    create_token(person, by=person, name="A program")
    new = "seven loud herons fly"
    asked = here.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert asked.status_code == 302
    assert (is_in(here), is_in(there)) == (True, False)
    assert not ApiToken.objects.usable().exists()


# --- the second step ---


@pytest.mark.parametrize("role", ["moderator", "manager", "executive", "administrator"])
def test_staff_and_moderators_set_a_second_step_up_before_anything_else(client_as, settings, role):
    settings.REQUIRE_SECOND_FACTOR = True
    member = make_member(role=role)
    web = client_as(member)
    for address in ("/", reverse("member_list"), reverse("profile_edit"), reverse("account_email")):
        assert web.get(address).headers["Location"] == reverse("mfa_index"), address
    assert web.post(reverse("profile_edit"), {}).status_code == 403
    assert web.get(reverse("api_space_list")).status_code == 403
    page = web.get("/", follow=True).content.decode()
    assert "asks for a second step" in page
    assert web.get(reverse("mfa_activate_totp")).status_code == 200
    TOTP.activate(member, generate_totp_secret())
    assert web.get("/").status_code == 200


@pytest.mark.parametrize("role", ["member", "expert", "steward"])
def test_others_may_have_one(client_as, settings, role):
    settings.REQUIRE_SECOND_FACTOR = True
    assert client_as(make_member(role=role)).get("/").status_code == 200


# --- asked again ---


STEP_UP = {
    "another address": ("account_email", {"action_add": "", "email": "new@example.org"}),
    "another password": ("account_change_password", None),
    "an authenticator app": ("mfa_activate_totp", None),
    "a passkey": ("mfa_add_webauthn", None),
    "new codes on paper": ("mfa_generate_recovery_codes", None),
    "a token": ("api_token_create", {"name": "A program", "scope": "read", "days": "30"}),
    "leaving": ("member_leave", {}),
}


@pytest.mark.parametrize("what", STEP_UP)
def test_what_matters_is_done_only_by_who_shows_again_who_they_are(person, what):
    name, form = STEP_UP[what]
    web = signed_in(person.email)
    answer = web.get(reverse(name)) if form is None else web.post(reverse(name), form)
    if name == "account_change_password":
        # The page asks for the present password itself.
        assert "oldpassword" in answer.content.decode()
        return
    assert answer.status_code == 302, what
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate")), what


@pytest.mark.parametrize("action", ["grant_role", "end_role", "suspend", "deactivate"])
def test_managers_show_again_who_they_are_before_they_change_people(action, person):
    make_member(email="boss@example.org", password=PASSWORD, role=RoleName.MANAGER)
    web = signed_in("boss@example.org")
    answer = web.post(
        reverse("admin:members_member_changelist"), {"action": action, "_selected_action": [person.pk]}
    )
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))


@pytest.mark.parametrize("what", [*STEP_UP, "a first password"])
def test_whoever_has_only_a_mailbox_signs_in_afresh(what):
    """Without a password there is nothing to ask for again, and a screen left open must not be enough."""
    member = make_member(email="code@example.org")
    name, form = {**STEP_UP, "a first password": ("account_set_password", None)}[what]
    if what == "another password":
        return
    new = {"password1": "seven loud herons fly", "password2": "seven loud herons fly"}
    web = Client()
    web.force_login(member)

    def ask():
        if what == "a first password":
            return web.post(reverse(name), new)
        return web.get(reverse(name)) if form is None else web.post(reverse(name), form)

    Member.objects.update(last_login=timezone.now() - timedelta(minutes=16))
    answer = ask()
    assert answer.status_code == 403, what
    assert "Sign in again first" in answer.content.decode()
    member.refresh_from_db()
    assert not member.has_usable_password()
    Member.objects.update(last_login=timezone.now())
    assert ask().status_code in {200, 302}
