"""Mail that goes out and mail that cannot, limits and whose address they count, secrets of second factors."""

import socket
from contextlib import closing, contextmanager
from email import message_from_bytes
from email.policy import default as modern

import pytest
from aiosmtpd.controller import Controller
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.backends.db import SessionStore
from django.core import mail
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from community.core.models import AddressFault
from members.adapter import AccountAdapter, MfaAdapter
from members.models import Member
from tests.factories import PASSWORD, make_member
from tests.settings import forget_cache

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> Member:
    return make_member("Petra Person", email="petra@example.org", password=PASSWORD)


def free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


# --- a mail server ----------------------------------------------------------------------------------------------


class Sink:
    """Takes every message, or answers as told."""

    def __init__(self) -> None:
        self.envelopes = []
        self.answer = "250 taken"

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.envelopes.append(envelope)
        return self.answer


@contextmanager
def mail_server(settings):
    sink = Sink()
    controller = Controller(
        sink, hostname="127.0.0.1", port=free_port(), server_kwargs={"enable_SMTPUTF8": True}
    )
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    try:
        yield sink
    finally:
        controller.stop()


def no_mail_server(settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()


def test_a_real_mail_server_gets_one_message_to_one_person(client, person, settings):
    with mail_server(settings) as sink:
        client.post(reverse("account_request_login_code"), {"email": person.email})
    [envelope] = sink.envelopes
    assert envelope.rcpt_tos == [person.email]
    message = message_from_bytes(envelope.content, policy=modern)
    assert message["Subject"] == "Your code for Trefoil"
    assert message["To"] == person.email
    assert message["From"] == settings.DEFAULT_FROM_EMAIL
    body = message.get_body().get_content()
    assert "It works once and for ten minutes" in body
    assert body.split()[-2:] == ["Trefoil", "http://testserver"]


def test_a_name_of_the_community_with_other_letters_arrives_whole(client, person, settings):
    settings.COMMUNITY_NAME = "Ökonomie & Żagle <内部>"
    settings.DEFAULT_FROM_EMAIL = "Ökonomie <community@example.org>"
    with mail_server(settings) as sink:
        client.post(reverse("account_reset_password"), {"email": person.email})
    message = message_from_bytes(sink.envelopes[0].content, policy=modern)
    assert message["Subject"].strip() == "A new password for Ökonomie & Żagle <内部>"
    assert "Ökonomie & Żagle <内部>" in message.get_body().get_content()


FORMS_THAT_SEND = [
    ("account_request_login_code", {"email": "petra@example.org"}),
    ("account_reset_password", {"email": "petra@example.org"}),
    ("account_request_login_code", {"email": "nobody@example.org"}),
    ("account_reset_password", {"email": "nobody@example.org"}),
]


@pytest.mark.parametrize(("url_name", "fields"), FORMS_THAT_SEND)
def test_without_a_mail_server_the_page_comes_back_with_a_sentence_and_the_address(
    client, person, settings, url_name, fields
):
    no_mail_server(settings)
    response = client.post(reverse(url_name), fields)
    page = response.content.decode()
    assert response.status_code == 503
    assert "could not be sent just now" in page
    assert f'value="{fields["email"]}"' in page


@pytest.mark.parametrize(("url_name", "fields"), FORMS_THAT_SEND)
def test_a_mail_server_that_refuses_is_the_same_sentence(client, person, settings, url_name, fields):
    with mail_server(settings) as sink:
        sink.answer = "452 no room"
        response = client.post(reverse(url_name), fields)
    assert response.status_code == 503
    assert "could not be sent just now" in response.content.decode()


def test_a_mail_server_that_says_nothing_is_waited_for_only_as_long_as_the_timeout(client, person, settings):
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", silent.getsockname()[1]
        settings.EMAIL_TIMEOUT = 0.3
        response = client.post(reverse("account_request_login_code"), {"email": person.email})
    assert response.status_code == 503


def test_a_first_sign_in_whose_confirmation_cannot_be_sent_shows_the_form_again(client, person, settings):
    person.emailaddress_set.update(verified=False)
    no_mail_server(settings)
    response = client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    page = response.content.decode()
    assert response.status_code == 503
    assert f'value="{person.email}"' in page
    assert PASSWORD not in page


def test_a_further_address_whose_code_cannot_be_sent_is_not_lost_from_the_form(client, person, settings):
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    no_mail_server(settings)
    response = client.post(reverse("account_email"), {"email": "private@example.org", "action_add": ""})
    assert response.status_code == 503
    assert 'value="private@example.org"' in response.content.decode()


def test_another_code_that_cannot_be_sent_is_a_sentence_and_the_first_still_works(client, person, settings):
    client.post(reverse("account_request_login_code"), {"email": person.email})
    [message] = mail.outbox
    code = next(line.strip() for line in message.body.splitlines() if line.startswith("    "))
    backend = settings.EMAIL_BACKEND
    no_mail_server(settings)
    response = client.post(reverse("account_confirm_login_code"), {"action": "resend"})
    assert response.status_code == 503
    assert "could not be sent just now" in response.content.decode()
    settings.EMAIL_BACKEND = backend
    client.post(reverse("account_confirm_login_code"), {"code": code})
    assert client.get("/").status_code == 200


def test_a_changed_password_stands_although_its_notice_cannot_be_sent(client, person, settings):
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    no_mail_server(settings)
    new = "nine slow otters sing"
    response = client.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": new, "password2": new},
        follow=True,
    )
    assert response.status_code == 200
    assert "could not be sent" not in response.content.decode()
    person.refresh_from_db()
    assert person.check_password(new)


def test_the_log_names_neither_address_nor_code(client, person, settings, caplog):
    no_mail_server(settings)
    client.post(reverse("account_request_login_code"), {"email": person.email})
    assert "sign-in mail not sent" in caplog.text
    assert person.email not in caplog.text


# --- limits -----------------------------------------------------------------------------------------------------


def wrong(client: Client, number: int, *, email: str = "", **headers: str):
    fields = {"login": email or f"person{number}@example.org", "password": "wrong as can be"}
    return client.post(reverse("account_login"), fields, headers=headers)


def is_limited(response) -> bool:
    return response.status_code == 429 or "Too many failed login attempts" in response.content.decode()


def test_the_sixth_wrong_password_for_an_address_waits_known_or_not(client, person):
    for email in (person.email, "nobody@example.org"):
        forget_cache()
        answers = [is_limited(wrong(client, number, email=email)) for number in range(6)]
        assert answers == [False] * 5 + [True]


def test_the_right_password_waits_too_and_a_code_still_lets_one_in(client, person):
    for number in range(5):
        wrong(client, number, email=person.email)
    response = client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    assert is_limited(response)
    client.post(reverse("account_request_login_code"), {"email": person.email})
    assert len(mail.outbox) == 1


def test_one_network_address_has_ten_wrong_tries_a_minute_over_all_accounts(client):
    answers = [is_limited(wrong(client, number)) for number in range(11)]
    assert answers == [False] * 10 + [True]


def test_a_success_does_not_wipe_the_count_of_failures(client, person):
    """Whoever guesses at others cannot buy new tries by signing in to an account of their own between them."""
    for number in range(9):
        wrong(client, number)
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    client.logout()
    assert not is_limited(wrong(client, 10))
    assert is_limited(wrong(client, 11))


def test_a_made_up_forwarding_header_buys_no_tries(client):
    answers = [is_limited(wrong(client, number, x_forwarded_for=f"10.0.0.{number}")) for number in range(11)]
    assert answers[-1] is True


def test_behind_our_proxy_each_person_has_their_own_limit(client, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    answers = [is_limited(wrong(client, number, x_forwarded_for=f"10.0.0.{number}")) for number in range(15)]
    assert not any(answers)


def test_behind_our_proxy_what_the_person_wrote_into_the_header_is_not_believed(client, settings):
    """The proxy appends the address it saw; everything before that is the person's own invention."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    answers = [is_limited(wrong(client, n, x_forwarded_for=f"10.0.0.{n}, 192.0.2.7")) for n in range(11)]
    assert answers[-1] is True
    assert not is_limited(wrong(client, 99, x_forwarded_for="10.0.0.1, 192.0.2.8"))


@pytest.mark.parametrize("header", ["", "rubbish", "10.0.0.1", "[::1]:80, x", "1, 2, 3", "," * 200])
@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_no_forwarding_header_is_a_fault(client, person, settings, header, proxies):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    response = client.post(
        reverse("account_login"),
        {"login": person.email, "password": PASSWORD},
        headers={"x-forwarded-for": header},
    )
    assert response.status_code == 302


def test_addresses_of_one_network_of_version_six_count_as_one(client, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    answers = [is_limited(wrong(client, n, x_forwarded_for=f"2001:db8:1:2::{n:x}")) for n in range(11)]
    assert answers[-1] is True


@pytest.mark.parametrize("url_name", ["account_request_login_code", "account_reset_password"])
def test_nobody_fills_a_mailbox_through_us(person, url_name):
    for _try in range(6):
        Client().post(reverse(url_name), {"email": person.email})
    assert len(mail.outbox) == 3


def test_a_limit_speaks_in_our_words(client):
    for number in range(10):
        response = client.post(reverse("account_reset_password"), {"email": f"person{number}@example.org"})
    response = client.post(reverse("account_reset_password"), {"email": "another@example.org"})
    assert response.status_code == 429
    assert "Wait a few minutes" in response.content.decode()


# --- the address of a request -----------------------------------------------------------------------------------


def test_the_client_address_falls_back_to_the_connection(settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    request = RequestFactory().get("/", headers={"x-forwarded-for": "10.0.0.9"}, REMOTE_ADDR="192.0.2.1")
    assert AccountAdapter().get_client_ip(request) == "192.0.2.1"


# --- second factors ---------------------------------------------------------------------------------------------


def test_the_secret_of_a_second_factor_is_not_readable_in_the_database(person):
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    stored = Authenticator.objects.get(user=person).data["secret"]
    assert secret not in stored
    assert MfaAdapter().decrypt(stored) == secret


def test_second_factors_survive_a_new_secret_key(person, settings):
    stored = MfaAdapter().encrypt("the secret")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key that is long enough to be one, or so"
    assert MfaAdapter().decrypt(stored) == "the secret"


def test_a_lost_secret_key_lets_nobody_in_and_is_no_fault(client, person, settings):
    TOTP.activate(person, generate_totp_secret())
    settings.SECRET_KEY = "another key that is long enough to be one, or so"
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    response = client.post(reverse("mfa_authenticate"), {"code": "123456"})
    assert response.status_code == 200
    assert "Incorrect code" in response.content.decode()


def test_an_address_that_is_confirmed_anew_takes_mail_again(member, rf):
    """Rule 9.4."""
    fault = AddressFault.objects.create(
        address=member.email, member=member, reason="unknown", stopped_at=timezone.now()
    )
    address = EmailAddress.objects.get(user=member, email=member.email)
    address.verified = False
    address.save()
    request = rf.get("/")
    request.user, request.session = member, SessionStore()
    request._messages = FallbackStorage(request)
    with context.request_context(request):
        assert AccountAdapter().confirm_email(request, address)
    assert not AddressFault.objects.filter(pk=fault.pk).exists()
