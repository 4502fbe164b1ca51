"""The page on which people make and revoke their tokens."""

import re

import pytest
from django.urls import reverse

from community.core.models import ApiToken
from community.core.tokens import create_token
from tests.api import Program
from tests.factories import PASSWORD, make_member

pytestmark = pytest.mark.django_db

NEW = {"name": "Wiki sync", "scope": "write", "days": "30"}


def test_a_token_is_shown_once(web, member):
    answer = web.post(reverse("api_token_create"), NEW)
    secret = re.search(r'value="(trf_[^"]+)"', answer.content.decode()).group(1)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    program = Program(None)
    program.headers["Authorization"] = f"Bearer {secret}"
    assert program.get("members/me/").json()["id"] == member.pk
    page = web.get(reverse("api_token_list")).content.decode()
    assert secret not in page
    assert "Wiki sync" in page
    assert secret[:12] in page


@pytest.mark.parametrize(
    "change", [{"name": ""}, {"scope": "all"}, {"days": "0"}, {"days": "9999"}, {"days": "a"}]
)
def test_what_cannot_be_made_says_why(web, change):
    answer = web.post(reverse("api_token_create"), NEW | change)
    assert answer.status_code == 422
    assert not ApiToken.objects.exists()


def test_who_has_a_password_types_it_again(client_as):
    person = make_member(password=PASSWORD)
    browser = client_as(person)
    asked = browser.post(reverse("api_token_create"), NEW)
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    assert not ApiToken.objects.exists()
    assert browser.post(asked["Location"], {"password": "something else"}).status_code == 200
    assert not ApiToken.objects.exists()
    answer = browser.post(asked["Location"], {"password": PASSWORD})
    assert 'value="trf_' in answer.content.decode()
    assert ApiToken.objects.get().name == "Wiki sync"


def test_revoked_is_gone(web, member):
    made = create_token(member, by=member, name="Old one")
    answer = web.post(reverse("api_token_revoke", args=[made.token.pk]), follow=True)
    assert "is revoked" in answer.content.decode()
    assert made.secret[:12] not in answer.content.decode()
    made.token.refresh_from_db()
    assert made.token.revoked_at is not None


def test_nobody_revokes_or_sees_somebody_elses(web, client_as, other_member, manager):
    made = create_token(other_member, by=other_member, name="Not yours")
    for client in (web, client_as(manager)):
        assert client.post(reverse("api_token_revoke", args=[made.token.pk])).status_code == 404
        assert "Not yours" not in client.get(reverse("api_token_list")).content.decode()
    made.token.refresh_from_db()
    assert made.token.revoked_at is None


def test_applicants_have_none(client_as, applicant):
    client = client_as(applicant)
    assert client.get(reverse("api_token_list"))["Location"].startswith(reverse("application_show"))
    assert client.post(reverse("api_token_create"), NEW).status_code == 403
