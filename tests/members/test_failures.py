"""Guessing stays hopeless when Redis is gone: the database counts wrong passwords and codes."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.db import connection
from django.test import Client
from django.urls import reverse

from members.actions.sign_in import TRIES, count_failure, forget_old_failures, is_locked, password_of
from members.models import Member, SignInFailure
from tests.factories import PASSWORD, make_member
from tests.settings import forget_cache

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> Member:
    return make_member("Petra Person", email="petra@example.org", password=PASSWORD)


def guess(email: str, password: str = "wrong as can be") -> str:
    """One try in a world whose cache has just forgotten everything."""
    forget_cache()
    return Client().post(reverse("account_login"), {"login": email, "password": password}).content.decode()


def test_without_the_cache_twenty_wrong_passwords_an_hour_are_all_known_or_not(person):
    for email in (person.email, "nobody@example.org"):
        answers = ["Too many failed" in guess(email) for _try in range(TRIES + 1)]
        assert answers == [False] * TRIES + [True]
    assert "Too many failed" in guess(person.email, PASSWORD)
    assert "Too many failed" in guess("Petra@Example.org ", PASSWORD)


def test_the_right_password_starts_anew(person):
    for _try in range(TRIES - 1):
        guess(person.email)
    guess(person.email, PASSWORD)
    assert not SignInFailure.objects.exists()


def test_the_hour_passes(person):
    for _try in range(TRIES):
        guess(person.email)
    SignInFailure.objects.update(since="2026-01-01T00:00:00Z")
    assert "Too many failed" not in guess(person.email)
    assert SignInFailure.objects.get().count == 1


def test_no_address_is_kept(person):
    guess(person.email)
    row = SignInFailure.objects.get()
    assert person.email not in row.digest
    assert len(row.digest) == 64


def test_counts_whose_hour_is_over_are_forgotten(person):
    guess(person.email)
    guess("nobody@example.org")
    SignInFailure.objects.filter(digest=password_of(person.email)).update(since="2026-01-01T00:00:00Z")
    assert forget_old_failures() == 1
    assert SignInFailure.objects.count() == 1


def test_codes_of_the_second_step_are_counted_too(person):
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    client = Client()
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})

    def enter(code):
        forget_cache()
        return client.post(reverse("mfa_authenticate"), {"code": code})

    for _try in range(TRIES):
        assert "Incorrect code" in enter("000000x").content.decode()
    right = format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))
    assert "Too many failed" in enter(right).content.decode()
    SignInFailure.objects.all().delete()
    assert enter(right)["Location"] == "/"


@pytest.mark.django_db(transaction=True)
def test_guesses_sent_at_once_are_all_counted():
    digest = password_of("petra@example.org")

    def one(_number: int) -> None:
        count_failure(digest)
        connection.close()

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(one, range(30)))
    assert SignInFailure.objects.get().count == 30
    assert is_locked(digest)
