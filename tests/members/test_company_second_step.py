"""Signing in by one's company where a second step was set up here: it is asked for, and ends the sign-in."""

from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.test import Client
from django.urls import reverse

from members.actions.identity_provider import remove_identity_provider, set_identity_provider
from members.actions.organisation import add_domain
from members.models import Protocol
from tests.factories import make_member, make_organisation
from tests.oidc import CLIENT_ID, CLIENT_SECRET, running_company
from tests.saml import Company

pytestmark = pytest.mark.django_db


@pytest.fixture
def organisation(administrator):
    made = make_organisation("The Company")
    add_domain(made, by=administrator, domain="company.example")
    return made


@pytest.fixture(params=Protocol.values)
def half_signed_in(request, organisation, administrator):
    """A browser after the company's word, before the second step; with the row, the person and their secret."""
    member, secret, client = make_member(email="ada@company.example"), generate_totp_secret(), Client()
    TOTP.activate(member, secret)
    common = {"by": administrator, "protocol": Protocol(request.param), "must_be_https": False}
    asked = {"company": "ada@company.example", "next": "/members/"}
    if request.param == Protocol.SAML:
        company = Company()
        row = set_identity_provider(
            organisation, address=company.sign_on, client_id=company.entity_id,
            certificates=company.certificate, **common,
        )  # fmt: skip
        page = client.post(reverse("company_sign_in"), asked)
        answer = company.answer(page.context["address"])
        posted = Client().post(urlsplit(answer.pop("answer_to")).path, answer)
        back = posted.headers["Location"]
    else:
        with running_company() as company:
            row = set_identity_provider(
                organisation, address=company.issuer, client_id=CLIENT_ID, secret=CLIENT_SECRET, **common
            )
            page = client.post(reverse("company_sign_in"), asked)
            query = parse_qs(urlsplit(page.context["address"]).query)
            back = company.authorize({name: values[0] for name, values in query.items()})
            step = client.get(back.removeprefix("http://testserver"))
            yield client, row, member, secret, step.headers["Location"]
            return
    yield client, row, member, secret, client.get(back).headers["Location"]


def code_of(secret):
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def test_the_second_step_ends_the_sign_in(half_signed_in):
    client, _row, member, secret, step = half_signed_in
    assert step.startswith(reverse("mfa_authenticate"))
    assert "_auth_user_id" not in client.session
    assert client.get(step).status_code == 200
    assert client.post(step, {"code": "000000"}).status_code == 200
    answer = client.post(step, {"code": code_of(secret)})
    assert answer.headers["Location"] == "/members/"
    assert client.session["_auth_user_id"] == str(member.pk)


def test_a_company_that_is_removed_meanwhile_signs_nobody_in(half_signed_in, administrator):
    client, row, _member, secret, step = half_signed_in
    remove_identity_provider(row, by=administrator)
    answer = client.post(step, {"code": code_of(secret)})
    assert answer.headers["Location"].startswith(reverse("account_login"))
    assert "_auth_user_id" not in client.session
