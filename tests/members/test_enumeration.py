"""Nobody finds out who is a member: known and unknown addresses get the same bytes, cookies, redirects and time."""

import random
import re
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from community.core.models import Mail
from members.actions.identity_provider import set_identity_provider
from members.actions.invitation import make_link, send_invitation
from members.actions.member import create_member, deactivate_member
from members.actions.organisation import add_domain
from members.actions.standing import leave_community, suspend_member
from members.models import Protocol
from tests.factories import PASSWORD, make_application, make_member, make_organisation
from tests.oidc import running_company
from tests.settings import forget_cache

pytestmark = pytest.mark.django_db

TRIES = 60
# Medians may differ by this share. On a busy machine they settle later, so more tries are added before it is a finding.
TOLERANCE = 0.15
ROUNDS = 6

UNKNOWN = "nobody@example.org"
KINDS = ("member", "without password", "unconfirmed", "deactivated", "applicant", "suspended", "left")
# The open link of the invitation that `people` has made.
OPEN_LINK: dict[str, str] = {}


@pytest.fixture
def people(manager) -> dict[str, str]:
    """One address for each state an account can be in; each is as long as the unknown one."""
    make_member(email="memb01@example.org", password=PASSWORD)
    make_member(email="nopass@example.org")
    create_member(by=manager, email="uncnfd@example.org", display_name="Uma Unconfirmed", password=PASSWORD)
    deactivate_member(make_member(email="deactv@example.org", password=PASSWORD), by=manager, reason="left")
    make_application(email="applcn@example.org", sent=False)
    suspended = make_member(email="suspnd@example.org", password=PASSWORD)
    in_a_week = timezone.now() + timedelta(days=7)
    suspend_member(suspended, by=manager, reason="Shouting.", until=in_a_week)
    left = make_member(email="leftus@example.org", password=PASSWORD)
    leave_community(left, by=left)
    OPEN_LINK["path"] = urlsplit(make_link(send_invitation(by=manager))).path
    addresses = (
        "memb01@example.org",
        "nopass@example.org",
        "uncnfd@example.org",
        "deactv@example.org",
        "applcn@example.org",
        "suspnd@example.org",
        "leftus@example.org",
    )
    return dict(zip(KINDS, addresses, strict=True))


def guess(client: Client, email: str) -> HttpResponse:
    return client.post(reverse("account_login"), {"login": email, "password": "wrong as can be"})


def ask_for_code(client: Client, email: str) -> HttpResponse:
    return client.post(reverse("account_request_login_code"), {"email": email})


def ask_for_link(client: Client, email: str) -> HttpResponse:
    return client.post(reverse("account_reset_password"), {"email": email})


def ask_to_join(client: Client, email: str) -> HttpResponse:
    return client.post(reverse("application_start"), {"email": email})


def ask_by_company(client: Client, email: str) -> HttpResponse:
    return client.post(reverse("company_sign_in"), {"company": email})


def take_up_invitation(client: Client, email: str) -> HttpResponse:
    return client.post(OPEN_LINK["path"], {"name": "Somebody", "email": email})


FORMS = [guess, ask_for_code, ask_for_link, ask_to_join, ask_by_company, take_up_invitation]


def what_is_seen(client: Client, response: HttpResponse, email: str) -> Iterator[object]:
    """Everything a stranger gets to see of an answer and of the page it leads to, without what is always new."""
    while True:
        text = response.content.decode()
        text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", text)
        text = re.sub(r'nonce="[^"]+"', "", text)
        yield response.status_code
        yield text.replace(email, "ADDRESS")
        yield {name: value for name, value in response.headers.items() if name not in VOLATILE}
        yield {
            name: (len(cookie.value), cookie["max-age"], cookie["path"])
            for name, cookie in response.cookies.items()
        }
        if response.status_code != 302:
            return
        response = client.get(response["Location"])


VOLATILE = frozenset(
    {"X-Request-ID", "Content-Security-Policy", "Expires", "Last-Modified", "Content-Length"}
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", FORMS)
def test_every_address_gets_the_same_answer(people, form, kind):
    seen = []
    for email in (people[kind], UNKNOWN):
        client = Client()
        client.get(reverse("account_login"))
        seen.append(list(what_is_seen(client, form(client, email), email)))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("form", [ask_for_code, ask_for_link])
def test_a_wrong_code_gets_the_same_answer(people, form):
    seen = []
    for email in (people["member"], UNKNOWN):
        client = Client()
        form(client, email)
        response = client.post(reverse("account_confirm_login_code"), {"code": "WRNG-CODE"})
        seen.append(list(what_is_seen(client, response, email)))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("form", [ask_for_code, ask_for_link])
def test_both_get_a_mail(people, form):
    for email in (people["member"], UNKNOWN):
        form(Client(), email)
    assert [message.to for message in mail.outbox] == [[people["member"]], [UNKNOWN]]


def test_whoever_asks_to_join_gets_a_mail(people):
    for email in (*people.values(), UNKNOWN):
        ask_to_join(Client(), email)
    addresses = Mail.objects.order_by("pk").values_list("address", flat=True)
    assert list(addresses) == [*people.values(), UNKNOWN]


@pytest.mark.parametrize("form", [ask_for_code, ask_for_link, ask_to_join, take_up_invitation])
def test_every_address_costs_the_same_queries(people, form, django_assert_max_num_queries):
    form(Client(), UNKNOWN)
    counts = {}
    for email in (*people.values(), UNKNOWN):
        forget_cache()
        Mail.objects.all().delete()
        with django_assert_max_num_queries(25) as asked:
            form(Client(), email)
        counts[email] = len(asked.captured_queries)
    assert counts[UNKNOWN] > 3
    assert set(counts.values()) == {counts[UNKNOWN]}, counts


@pytest.mark.parametrize("form", FORMS)
def test_every_address_takes_the_same_time(people, form):
    times: dict[str, list[float]] = {email: [] for email in (*people.values(), UNKNOWN)}
    for _round in range(ROUNDS):
        try_in_turns(form, times)
        median = {email: statistics.median(values) for email, values in times.items()}
        apart = {kind: abs(median[email] / median[UNKNOWN] - 1) for kind, email in people.items()}
        if max(apart.values()) <= TOLERANCE:
            return
    pytest.fail(f"{form.__name__}: unknown takes {median[UNKNOWN] * 1000:.1f} ms, apart by {apart}")


def try_in_turns(form: Callable[[Client, str], HttpResponse], times: dict[str, list[float]]) -> None:
    """`TRIES` for each address, in an order that changes, so that all meet the same noise."""
    order = list(times)
    for _try in range(TRIES):
        random.shuffle(order)
        for email in order:
            forget_cache()
            # Each try is the first of its day.
            Mail.objects.all().delete()
            client = Client()
            began = time.perf_counter()
            form(client, email)
            times[email].append(time.perf_counter() - began)


def test_a_company_leads_everybody_on_who_has_its_domain(people, administrator):
    """Where a company signs its people in, an address of it is led there whether or not it has an account here."""
    organisation = make_organisation()
    add_domain(organisation, by=administrator, domain="example.org")
    with running_company() as company:
        set_identity_provider(
            organisation, by=administrator, protocol=Protocol.OIDC, address=company.issuer, client_id="trefoil",
            secret="", must_be_https=False,
        )  # fmt: skip
        seen = []
        for email in (*people.values(), UNKNOWN):
            client = Client()
            client.get(reverse("account_login"))
            pages = str(list(what_is_seen(client, ask_by_company(client, email), email)))
            seen.append(re.sub(r"(state|nonce|code_challenge)=[A-Za-z0-9_-]+", "", pages))
    assert set(seen) == {seen[-1]}
