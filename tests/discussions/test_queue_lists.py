"""The lists of the queue beyond their first page, and taken along as a table."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from community.core.models import Activity, Scope
from community.core.tokens import create_token
from community.core.verbs import Verb
from discussions.actions.case import report_post
from discussions.models import Case, CaseKind, CaseReason, CaseState, ReportReason, Ruling, RulingAct
from discussions.queries import case_export
from discussions.queries.moderation import Wanted, queue_page
from tests.factories import make_member, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db

NOW = timezone.now()
PASSWORD = "a long enough password"


@pytest.fixture
def space():
    return make_space("Pricing")


def make_cases(space, count, *, about, state=CaseState.OPEN, kind=CaseKind.POST, first=0):
    """Every third is due in the same moment as its neighbours: the id decides between them."""
    cases = Case.objects.bulk_create(
        Case(
            kind=kind,
            target_id=first + number,
            space=space,
            about=about,
            title=f"Case {first + number}",
            reason=CaseReason.OTHER,
            state=state,
            opened_at=NOW,
            due_at=NOW + timedelta(hours=(first + number) // 3),
            decided_at=NOW + timedelta(hours=number // 3) if state == CaseState.DECIDED else None,
        )
        for number in range(count)
    )
    if state == CaseState.DECIDED:
        Ruling.objects.bulk_create(
            Ruling(case=case, act=RulingAct.KEEP, by=make_member(), at=case.decided_at, version=1)
            for case in cases[:5]
        )
    return cases


def walked(web, address):
    """The ids of all pages, and how many queries each cost."""
    found, costs, seen = [], [], 0
    while address:
        seen += 1
        assert seen < 10
        with CaptureQueriesContext(connection) as queries:
            page = web.get(address).context["page"]
        found.append([row.id for row in page.rows])
        costs.append(len(queries))
        address = page.next_url
    return found, costs


@pytest.mark.parametrize(
    ("name", "state"), [("open", "open"), ("returned", "returned"), ("decided", "decided")]
)
def test_each_list_is_walked_to_its_end_and_no_row_comes_twice(
    space, member, moderator, client_as, name, state
):
    cases = make_cases(space, 120, about=member, state=CaseState(state))
    web = client_as(moderator)
    web.get(reverse("case_list"))
    pages, costs = walked(web, f"{reverse('case_list')}?list={name}")
    assert [len(page) for page in pages] == [50, 50, 20]
    ids = [pk for page in pages for pk in page]
    by_time = sorted(
        cases, key=lambda case: (case.decided_at or case.due_at, case.pk), reverse=name == "decided"
    )
    assert ids == [case.pk for case in by_time]
    assert len(set(costs)) == 1


def test_what_was_narrowed_stays_narrowed_and_leads_back_to_the_top(space, member, moderator, client_as):
    make_cases(space, 60, about=member)
    make_cases(space, 60, about=member, kind=CaseKind.HELD, first=1000)
    web = client_as(moderator)
    first = web.get(f"{reverse('case_list')}?kind=held&space={space.slug}").context["page"]
    assert "kind=held" in first.next_url
    assert f"space={space.slug}" in first.next_url
    second = web.get(first.next_url)
    assert len(second.context["page"].rows) == 10
    assert 'rel="next"' not in second.content.decode()
    assert "From the top" in second.content.decode()
    assert web.get(second.context["page"].first_url).context["page"].rows[0].id == first.rows[0].id


def test_what_is_decided_meanwhile_moves_nothing_out_of_the_way(space, member, moderator):
    cases = make_cases(space, 60, about=member)
    first = queue_page(moderator, Wanted())
    after = first.next_url.partition("after=")[2]
    Case.objects.filter(pk__in=[case.pk for case in cases[:20]]).update(
        state=CaseState.DECIDED, decided_at=timezone.now()
    )
    second = queue_page(moderator, Wanted(after=after))
    assert [row.id for row in second.rows] == [case.pk for case in cases[50:]]


@pytest.mark.parametrize("after", ["", "nothing", "-", "1-", "9" * 40 + "-1", "' OR 1=1 --"])
def test_a_key_that_is_none_is_the_first_page(space, member, moderator, client_as, after):
    make_cases(space, 3, about=member)
    page = client_as(moderator).get(reverse("case_list"), {"after": after})
    assert page.status_code == 200
    assert len(page.context["page"].rows) == 3


def test_the_api_goes_beyond_fifty_at_the_same_cost(space, member, moderator, client):
    make_cases(space, 120, about=member)
    secret = create_token(moderator, by=moderator, name="t", scope=Scope.READ).secret
    headers = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    address, ids, costs = "/api/v1/cases/?limit=50", [], []
    client.get(address, **headers)
    while address:
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address, **headers).json()
        ids += [row["id"] for row in answer["results"]]
        costs.append(len(queries))
        address = answer["next"]
    assert ids == sorted(ids)
    assert len(set(ids)) == 120
    assert len(set(costs)) == 1


# --- as a table -------------------------------------------------------------------------------------------------


def table(web, **narrowed):
    answer = web.post(reverse("case_export"), narrowed)
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_a_manager_takes_a_list_along_with_its_decisions_and_it_is_recorded(
    space, member, manager, client_as
):
    person = make_member("=Ann()")
    cases = make_cases(space, 3, about=person, state=CaseState.DECIDED)
    make_cases(space, 2, about=member, first=100)
    web = client_as(manager)
    assert "Export this list" in web.get(reverse("case_list")).content.decode()
    rows = table(web, list="decided")
    assert [row["Case"] for row in rows] == [str(case.pk) for case in cases]
    assert rows[0]["About"] == "'=Ann()"
    assert (rows[0]["Decision"], rows[0]["In time"]) == ("Keep", "yes")
    assert [row["Decision"] for row in table(web)] == ["", ""]
    taken = Activity.objects.filter(verb=Verb.CASES_EXPORTED).order_by("pk").first()
    assert (taken.data, taken.audience) == ({"list": "decided", "rows": 3}, "staff")


def test_it_is_narrowed_as_the_list_is_and_holds_neither_words_nor_reporters(
    space, member, manager, client_as
):
    post = make_post(topic=make_topic(space=space), by=member, body="Ring me under 0123 456.")
    reporter = make_member("Rita Reporter")
    report_post(post, by=reporter, reason=ReportReason.OTHER, words="zqwords")
    web = client_as(manager)
    (row,) = table(web, kind="post", space=space.slug)
    assert row["Space"] == "Pricing"
    for hidden in ("0123 456", "zqwords", "Rita"):
        assert hidden not in str(row)
    assert table(web, kind="held") == []


def test_what_a_manager_does_not_see_is_not_in_it(manager, member, client_as):
    room = make_space("The quiet merger", preset="confidential", members=[member])
    make_cases(room, 2, about=member)
    assert table(client_as(manager)) == []


def test_long_tables_are_read_in_batches(space, member, manager, client_as, monkeypatch):
    monkeypatch.setattr(case_export, "BATCH", 7)
    cases = make_cases(space, 20, about=member)
    assert [row["Case"] for row in table(client_as(manager))] == [str(case.pk) for case in cases]


@pytest.mark.parametrize("role", ["member", "moderator", "administrator"])
def test_nobody_else_takes_it(client_as, role):
    web = client_as(make_member(role=role))
    assert web.post(reverse("case_export")).status_code == 403
    assert not Activity.objects.filter(verb=Verb.CASES_EXPORTED).exists()


def test_the_password_is_asked_for_again(client_as):
    web = client_as(make_member(role="manager", password=PASSWORD))
    answer = web.post(reverse("case_export"))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert not Activity.objects.filter(verb=Verb.CASES_EXPORTED).exists()
