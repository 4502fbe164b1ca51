"""Passwords: the parameters of the decision record, bounded, renewed, and refused when anybody could guess them."""

import threading
import time

import pytest
from django.contrib.auth.hashers import check_password, identify_hasher, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from members import hashers
from members.hashers import PARALLEL_HASHES, Argon2Hasher
from tests.factories import PASSWORD, make_member


def test_the_parameters_are_those_of_the_decision_record(settings):
    assert settings.PASSWORD_HASHERS == ["members.hashers.Argon2Hasher"]
    encoded = make_password(PASSWORD)
    assert encoded.startswith("argon2$argon2id$v=19$m=19456,t=3,p=1$")
    assert check_password(PASSWORD, encoded)
    assert not check_password(PASSWORD + " ", encoded)


@pytest.mark.parametrize("password", ["pässwörter überall", "密码" * 10, "🌿" * 12, "x" * 20_000])
def test_any_words_and_any_length_are_a_password(password):
    assert check_password(password, make_password(password))


def test_a_password_hashed_with_less_is_hashed_anew_when_it_is_next_used(db):
    class Weaker(Argon2Hasher):
        time_cost = 1

    member = make_member(password=PASSWORD)
    member.password = Weaker().encode(PASSWORD, Weaker().salt())
    member.save(update_fields=["password"])
    assert ",t=1," in member.password
    assert member.check_password(PASSWORD)
    member.refresh_from_db()
    assert ",t=3," in member.password
    assert not identify_hasher(member.password).must_update(member.password)


def test_at_most_two_hashes_are_computed_at_once(monkeypatch):
    running, most = 0, 0
    guard = threading.Lock()

    def slowly(self, password, salt):
        nonlocal running, most
        with guard:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with guard:
            running -= 1
        return "argon2$x"

    monkeypatch.setattr(hashers.Argon2PasswordHasher, "encode", slowly)
    threads = [threading.Thread(target=make_password, args=(PASSWORD,)) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == PARALLEL_HASHES == 2


@pytest.mark.parametrize(
    "password",
    [
        "eleven char",
        "password1234",
        "qwertyuiop123",
        "314159265358979",
        "petra@example.org",
        "Petra Person",
        "petraperson1",
    ],
)
def test_what_anybody_would_try_first_is_refused_with_a_sentence(db, password):
    person = make_member("Petra Person", email="petra@example.org", handle="petraperson")
    with pytest.raises(ValidationError) as refused:
        validate_password(password, person)
    assert all(sentence.endswith(".") for sentence in refused.value.messages)


def test_four_words_are_a_good_password(db):
    validate_password(PASSWORD, make_member("Petra Person"))
