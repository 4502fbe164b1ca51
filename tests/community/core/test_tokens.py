"""API tokens: made by their member, known by digest, bounded in reach and time."""

import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone

from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Activity, ApiToken, Audience, Scope
from community.core.tokens import USABLE_TOKENS, authenticate, create_token, revoke_token
from community.core.verbs import Verb
from tests.factories import make_deactivated_member

pytestmark = pytest.mark.django_db


def last(verb):
    return Activity.objects.filter(verb=verb).latest("id")


def test_a_new_token_is_kept_as_its_digest_and_expires(member):
    made = create_token(member, by=member, name="  sync \u202e job ", scope=Scope.WRITE)
    token = ApiToken.objects.get()
    assert made.secret.startswith("trf_")
    assert len(made.secret) == 47
    assert token.digest == hashlib.sha256(made.secret.encode()).hexdigest()
    assert token.prefix == made.secret[:12]
    assert token.name == "sync job"
    assert token.scopes == ["read", "write"]
    assert timedelta(days=179) < token.expires_at - timezone.now() <= timedelta(days=180)
    stored = " ".join(str(value) for value in ApiToken.objects.values_list().get())
    assert made.secret not in stored
    row = last(Verb.API_TOKEN_CREATED)
    assert (row.actor, row.audience, row.data) == (
        member,
        Audience.STAFF,
        {"name": "sync job", "scopes": token.scopes},
    )


def test_reading_is_the_default_scope(member):
    assert create_token(member, by=member, name="x").token.scopes == ["read"]


def test_nobody_makes_a_token_for_somebody_else(member, manager, administrator):
    for other in (manager, administrator):
        with pytest.raises(Refused):
            create_token(member, by=other, name="x")
    assert not ApiToken.objects.exists()


def test_people_outside_get_none(applicant):
    for person in (applicant, make_deactivated_member()):
        with pytest.raises(Refused):
            create_token(person, by=None, name="x")


@pytest.mark.parametrize(("name", "days"), [("", 10), ("\u200b", 10), ("x", 0), ("x", 367), ("x", -1)])
def test_what_makes_no_token(member, name, days):
    with pytest.raises(Invalid):
        create_token(member, by=member, name=name, days=days)


def test_there_is_an_end_to_tokens(member):
    for _round in range(USABLE_TOKENS):
        made = create_token(member, by=member, name="x")
    with pytest.raises(Conflict):
        create_token(member, by=member, name="x")
    revoke_token(made.token, by=member)
    create_token(member, by=member, name="x")


def test_revoking_ends_it_once(member, manager):
    made = create_token(member, by=member, name="x")
    with pytest.raises(Refused):
        revoke_token(made.token, by=manager)
    assert authenticate(made.secret) == made.token
    revoke_token(made.token, by=member)
    revoke_token(made.token, by=member)
    assert authenticate(made.secret) is None
    assert Activity.objects.filter(verb=Verb.API_TOKEN_REVOKED).count() == 1
    assert last(Verb.API_TOKEN_REVOKED).data == {"name": "x"}


def test_an_expired_one_is_none(member):
    made = create_token(member, by=member, name="x")
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert authenticate(made.secret) is None


@pytest.mark.parametrize(
    "secret", ["", "trf_", "trf_" + "a" * 42, "trf_" + "a" * 44, "x" * 1_000_000, "trf_" + "ä" * 43]
)
def test_what_is_no_token_costs_no_query(django_assert_num_queries, secret):
    with django_assert_num_queries(0):
        assert authenticate(secret) is None


def test_use_is_noted_but_not_at_every_request(member, django_assert_num_queries):
    secret = create_token(member, by=member, name="x").secret
    with django_assert_num_queries(2):
        authenticate(secret)
    noted = ApiToken.objects.get().last_used_at
    assert noted is not None
    with django_assert_num_queries(1):
        authenticate(secret)
    ApiToken.objects.update(last_used_at=noted - timedelta(minutes=6))
    with django_assert_num_queries(2):
        authenticate(secret)
