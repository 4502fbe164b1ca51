"""Rule 4.3 tried: a ballot is joined to its voter by every column, by place, by transaction and by time, in vain.

And rule 4.2: what is hidden is nowhere, neither as a number nor as a difference.
"""

import ast
import random
import re
import threading
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from community.core.errors import DomainError
from community.core.letters import letter_for
from community.core.models import Activity, IdempotencyKey, Mail, Notice
from community.core.verbs import Verb
from discussions.actions.follow import follow
from discussions.actions.poll import close_poll, vote_in_poll, write_outcome
from discussions.models import Ballot, FollowLevel, Poll, PollKind, ResultsShown, Secrecy, Voter
from discussions.queries.poll import poll_page
from members.actions.profile import start_employment
from members.models import Member
from tests.factories import dispatch_activity, make_member, make_organisation, make_poll
from tests.routes import routes
from tests.settings import forget_cache
from tests.test_access_matrix import values as open_values
from tests.test_secret_sweep import normal
from tests.world import make_open_world, undone

ANONYMOUS = {
    "secrecy": Secrecy.ANONYMOUS,
    "results": ResultsShown.AT_CLOSE,
    "may_change": False,
}


def option_ids(poll):
    return list(poll.options.values_list("pk", flat=True))


def rows_with_place(table, poll):
    """Every column of a table, and what PostgreSQL knows of a row beside them."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT *, ctid::text AS ctid, xmin::text AS xmin, cmin::text AS cmin FROM {table}"
            " WHERE poll_id = %s ORDER BY ctid",
            [poll.pk],
        )
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


# --- rule 4.3: the anonymous ballot -----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_no_column_order_transaction_or_time_joins_a_ballot_to_its_voter():
    """Twenty people vote one after the other, each in a transaction of their own, and each differently."""
    poll = make_poll(kind=PollKind.RANKED, options=["A", "B", "C", "D"], **ANONYMOUS)
    orders = list(permutations(option_ids(poll)))
    random.Random(4).shuffle(orders)
    chosen = {}
    for order in orders[:20]:
        voter = make_member()
        vote_in_poll(poll, by=voter, marks={option: n for n, option in enumerate(order, start=1)})
        chosen[voter.pk] = list(order)
    ballots, voters = rows_with_place("discussions_ballot", poll), rows_with_place("discussions_voter", poll)
    assert len(ballots) == len(voters) == 20
    # By columns: beside the poll itself and what was chosen there is a random key and nothing else.
    assert set(ballots[0]) == {
        "id", "poll_id", "option_ids", "weights", "needs_information", "count", "ctid", "xmin", "cmin",
    }  # fmt: skip
    assert {(row["ballot_id"], row["voted_at"], row["organisation_id"]) for row in voters} == {(None,) * 3}
    ballot_values = {str(row["id"]) for row in ballots}
    for row in voters:
        assert ballot_values.isdisjoint(map(str, row.values()))
    activities = list(Activity.objects.filter(verb=Verb.POLL_VOTED).order_by("pk").values())
    assert {row["actor_id"] for row in activities} == set(chosen)
    for row in activities:
        text = str(row)
        assert row["data"] == {"topic_id": None}
        assert not any(key in text for key in ballot_values)
    # By transaction: all ballots were written by one, whose voter is only the last of twenty; so no row says which.
    assert len({row["xmin"] for row in ballots}) == 1
    assert len({row["xmin"] for row in voters}) == 20
    # By place: neither order of rows on the disk, nor that of keys, follows the order of voting.
    by_voting = [chosen[row["member_id"]] for row in sorted(voters, key=lambda row: row["id"])]
    for order in (
        [row["option_ids"] for row in ballots],
        [row["option_ids"] for row in sorted(ballots, key=lambda row: row["id"])],
    ):
        hits = sum(one == other for one, other in zip(order, by_voting, strict=True))
        # Of twenty in a random order one stands in its place on average; ten or more happen once in ten million.
        assert hits < 10
    # Nothing else kept the choice: no key of a repeated request, whose fingerprint could be guessed.
    assert not IdempotencyKey.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_equal_ballots_are_one_row_and_the_last_vote_is_not_the_last_row():
    """After each vote the ballots are written anew: where the newest one lies says nothing about who came last."""
    places = []
    for _round in range(12):
        poll = make_poll(kind=PollKind.MULTIPLE, options=["A", "B", "C", "D"], **ANONYMOUS)
        options = option_ids(poll)
        for number in range(4):
            vote_in_poll(poll, by=make_member(), marks={options[number]: 1})
        rows = rows_with_place("discussions_ballot", poll)
        places.append([row["option_ids"] for row in rows].index([options[3]]))
        vote_in_poll(poll, by=make_member(), marks={options[3]: 1})
        assert sorted(Ballot.objects.filter(poll=poll).values_list("count", flat=True)) == [1, 1, 1, 2]
    # Always the same place would be an order; twelve times at random that is one in 4 million.
    assert len(set(places)) > 1


@pytest.mark.django_db(transaction=True)
def test_nothing_beside_the_ballots_knows_one_of_them():
    """Every other table, sequences and the log of the administration: after votes, the close, mails and the answer.

    That none of these rows changes with what was chosen is tried in tests/discussions/test_poll_difference.py.
    """
    poll = make_poll(kind=PollKind.RANKED, options=["A", "B", "C", "D"], **ANONYMOUS)
    orders = list(permutations(option_ids(poll)))[:8]
    voters = [make_member() for _order in orders]
    seen = set()
    for voter, order in zip(voters, orders, strict=True):
        vote_in_poll(poll, by=voter, marks={option: n for n, option in enumerate(order, start=1)})
        dispatch_activity()
        seen |= {str(row["id"]) for row in rows_with_place("discussions_ballot", poll)}
    close_poll(poll, by=None)
    dispatch_activity()
    write_outcome(poll, by=Member.objects.get(pk=poll.author_id), words="We take the first.")
    dispatch_activity()
    ballots = rows_with_place("discussions_ballot", poll)
    # A random key says neither when nor where it was made, and no sequence gave it out.
    assert {row["id"].version for row in ballots} == {4}
    assert len(seen) == 8 * 9 // 2
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_depend WHERE refobjid = 'discussions_ballot'::regclass AND deptype = 'a'"
            " AND classid = 'pg_class'::regclass AND objid IN (SELECT oid FROM pg_class WHERE relkind = 'S')"
        )
        assert cursor.fetchone() == (0,)
        others, together = [], set()
        for table in connection.introspection.table_names():
            if table == "discussions_ballot":
                continue
            cursor.execute(f'SELECT xmin::text, row::text FROM "{table}" AS row')  # noqa: S608
            for xmin, text in cursor.fetchall():
                others.append(text)
                if xmin == ballots[0]["xmin"]:
                    together.add(table)
    # Neither a ballot of now nor one of earlier is named, and no ranking stands anywhere in any spelling.
    rankings = {separator.join(map(str, order)) for order in orders for separator in (",", ", ", " ", ":")}
    assert not [text for text in others if any(word in text for word in seen | rankings)]
    # The transaction of the latest vote is that of all ballots: it wrote who voted last, and that somebody did.
    assert len({row["xmin"] for row in ballots}) == 1
    assert {"discussions_voter"} <= together <= {"discussions_voter", "core_activity"}
    assert not LogEntry.objects.exists()
    # All voters are told in the same words.
    told = Notice.objects.filter(member__in=voters)
    assert told.count() == 8 * told.values("title", "url", "key").distinct().count() > 0


@pytest.mark.django_db(transaction=True)
def test_the_place_of_a_ballot_is_that_of_chance():
    """Whoever votes first, or last, lies in each of four places as often as chance has it; by key as well."""
    firsts, lasts = [], []
    for _round in range(48):
        poll = make_poll(kind=PollKind.MULTIPLE, options=["A", "B", "C", "D"], **ANONYMOUS)
        options = option_ids(poll)
        for option in options:
            vote_in_poll(poll, by=make_member(), marks={option: 1})
        rows = rows_with_place("discussions_ballot", poll)
        for order in (rows, sorted(rows, key=lambda row: row["id"])):
            places = [row["option_ids"] for row in order]
            firsts.append((order is rows, places.index([options[0]])))
            lasts.append((order is rows, places.index([options[3]])))
    for places in (firsts, lasts):
        for by_disk in (True, False):
            for place in range(4):
                # Twelve of 48 on average; none, or all but a few, happen once in sixty thousand runs.
                assert 1 <= places.count((by_disk, place)) <= 32


@pytest.mark.django_db
def test_the_database_refuses_a_voter_whose_anonymous_ballot_could_be_found():
    poll = make_poll(**ANONYMOUS)
    ballot = Ballot.objects.create(poll=poll, option_ids=option_ids(poll)[:1], weights=[1])
    company = make_organisation()
    for link in ({"ballot": ballot}, {"voted_at": timezone.now()}, {"organisation": company}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Voter.objects.create(poll=poll, member=make_member(), is_anonymous=True, **link)


@pytest.mark.django_db
def test_an_anonymous_poll_of_fewer_than_five_has_no_results():
    poll = make_poll(**ANONYMOUS)
    for _number in range(4):
        vote_in_poll(poll, by=make_member(), marks={option_ids(poll)[0]: 1})
    reader = make_member(role="manager")
    close_poll(poll, by=None)
    page = poll_page(Poll.objects.with_place().get(pk=poll.pk), reader)
    assert page.results is None
    assert "from 5 votes on" in page.why_no_results


def test_only_polls_read_ballots():
    """Whoever makes this list longer says in the commit why no link to a voter comes of it."""
    root = Path(__file__).resolve().parents[2]
    readers = set()
    for package in ("community", "members", "discussions", "outreach", "metrics"):
        for path in (root / package).rglob("*.py"):
            if "migrations" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Name) and node.id == "Ballot" and isinstance(node.ctx, ast.Load):
                    readers.add(str(path.relative_to(root)))
    assert readers == {
        "discussions/models/poll.py",
        "discussions/actions/poll.py",
        "discussions/queries/poll_results.py",
    }


# --- rule 4.3: breakdowns ---------------------------------------------------------------------------------------


def staff_of(company, count):
    people = [make_member() for _number in range(count)]
    for person in people:
        start_employment(person, company, by=None, title="Buyer", from_date=timezone.now().date())
    return people


@pytest.mark.django_db
@pytest.mark.parametrize("secrecy", [Secrecy.SUMS, Secrecy.ANONYMOUS])
def test_companies_are_told_apart_from_five_voters_on_and_never_in_an_anonymous_poll(secrecy):
    large, small, tiny = make_organisation("Large"), make_organisation("Small"), make_organisation("Tiny")
    poll = make_poll(**(ANONYMOUS if secrecy == Secrecy.ANONYMOUS else {"secrecy": secrecy}))
    for person in [*staff_of(large, 6), *staff_of(small, 4), *staff_of(tiny, 1)]:
        vote_in_poll(poll, by=person, marks={option_ids(poll)[0]: 1})
    close_poll(poll, by=None)
    page = poll_page(Poll.objects.with_place().get(pk=poll.pk), make_member(role="manager"))
    heads = [group.head for group in page.results.groups]
    assert heads == ([] if secrecy == Secrecy.ANONYMOUS else ["Large (6)", "All others (5)"])


@pytest.mark.django_db
def test_a_small_rest_hides_the_smallest_group_with_it():
    poll = make_poll()
    for person in [*staff_of(make_organisation("Large"), 6), *staff_of(make_organisation("Tiny"), 1)]:
        vote_in_poll(poll, by=person, marks={option_ids(poll)[0]: 1})
    close_poll(poll, by=None)
    page = poll_page(Poll.objects.with_place().get(pk=poll.pk), make_member())
    assert page.results.groups == []


@pytest.mark.django_db
def test_names_stand_beside_choices_in_an_open_poll_and_nowhere_else():
    voter = make_member("Zora Zunft")
    for secrecy, named in ((Secrecy.OPEN, True), (Secrecy.SUMS, False)):
        poll = make_poll(secrecy=secrecy)
        vote_in_poll(poll, by=Member.objects.get(pk=voter.pk), marks={option_ids(poll)[0]: 1})
        close_poll(poll, by=None)
        page = poll_page(Poll.objects.with_place().get(pk=poll.pk), make_member())
        assert ("Zora Zunft" in str(page.results)) == named


# --- rule 4.1: two hundred at once ------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("secrecy", [Secrecy.SUMS, Secrecy.ANONYMOUS])
def test_two_hundred_parallel_votes_are_all_counted_once(secrecy):
    """Each of a hundred people twice, at the same moment: a hundred votes, one a person, whatever came first."""
    rules = ANONYMOUS if secrecy == Secrecy.ANONYMOUS else {"secrecy": secrecy, "may_change": False}
    poll = make_poll(**rules)
    options = option_ids(poll)
    people = [make_member() for _number in range(100)]
    queue = [(person, number % 3) for number, person in enumerate(people)] * 2
    random.Random(2).shuffle(queue)
    errors, lock = [], threading.Lock()
    barrier = threading.Barrier(20)

    def work():
        barrier.wait()
        try:
            while True:
                with lock:
                    if not queue:
                        return
                    person, choice = queue.pop()
                try:
                    vote_in_poll(poll, by=person, marks={options[choice]: 1})
                except DomainError as error:
                    errors.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == ["Conflict"] * 100
    assert Voter.objects.filter(poll=poll).count() == 100
    close_poll(poll, by=None)
    results = poll_page(Poll.objects.with_place().get(pk=poll.pk), make_member()).results
    assert (results.votes, [row.value for row in results.rows]) == (100, [34, 33, 33])
    assert Activity.objects.filter(verb=Verb.POLL_VOTED).count() == 100


# --- rule 4.2: hidden results are nowhere -----------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["member", "moderator", "manager", "administrator"])
def test_no_answer_changes_when_votes_come_in_that_the_reader_may_not_know(role):
    """Every address of page, API, admin, search and notices, before and after: whatever counts is seen as a change."""
    with time_machine.travel(datetime.now(UTC), tick=False):
        world = make_open_world()
        room = world.rooms["open"]
        hidden = [ResultsShown.AT_CLOSE] + ([] if role == "manager" else [ResultsShown.MANAGERS])
        polls = [
            make_poll(place=place, by=world.writer, results=results, secrecy=secrecy, may_change=False)
            for place in (room.topic, room.space)
            for results in hidden
            for secrecy in (Secrecy.OPEN, Secrecy.SUMS, Secrecy.ANONYMOUS)
        ]
        if role != "manager":
            closed = make_poll(place=room.topic, by=world.writer, results=ResultsShown.MANAGERS)
        reader = world.cast[role]
        follow(room.topic, FollowLevel.EVERYTHING, by=reader)
        client = world.client(role)
        own = {f"/polls/{poll.pk}/": poll for poll in polls}
        extra = [f"/api/v1/polls/{poll.pk}/" for poll in polls]
        extra += [f"/admin/discussions/poll/{poll.pk}/change/" for poll in polls]
        extra += ["/search/?q=One", "/search/?q=kind:poll", "/api/v1/search/?q=One", "/polls/?show=open"]
        extra += [f"/polls/?space={room.space.slug}"]

        def read():
            answers = {}
            names = [route.address(open_values(world)) for route in routes()]
            for address in [*names, *own, *extra]:
                if address.startswith(("/accounts/", "/mail/")):
                    continue
                with undone():
                    forget_cache()
                    answers[address] = normal(client.get(address), address)
            return answers

        # People who vote are new members, and lists of people show them: they are there before.
        voters = [make_member() for _number in range(6)]
        dispatch_activity()
        before = read()
        for poll in polls:
            options = option_ids(poll)
            for number, voter in enumerate(voters):
                vote_in_poll(poll, by=Member.objects.get(pk=voter.pk), marks={options[number % 2]: 1})
        if role != "manager":
            vote_in_poll(closed, by=Member.objects.get(pk=voters[0].pk), marks={option_ids(closed)[0]: 1})
        dispatch_activity()
        after = read()
    assert {address for address in before if before[address] != after[address]} == set()


@pytest.mark.django_db
def test_the_same_sweep_sees_results_that_are_shown(client_as, member):
    """The control: of a poll that always shows its results the page does change."""
    with time_machine.travel(datetime.now(UTC), tick=False):
        poll = make_poll(results=ResultsShown.ALWAYS)
        client, voter = client_as(member), make_member()
        address = poll.get_absolute_url()
        before = normal(client.get(address), address)
        vote_in_poll(poll, by=voter, marks={option_ids(poll)[0]: 1})
        assert normal(client.get(address), address) != before


@pytest.mark.django_db
def test_mails_and_notices_of_a_poll_hold_no_result():
    """At the close and at the outcome, to whom results are not shown: managers alone read them here."""
    poll = make_poll(results=ResultsShown.MANAGERS, options=["zqwinnerqz", "zqloserqz"], title="Which hall")
    follow(poll.place, FollowLevel.EVERYTHING, by=(follower := make_member(email="zqfollower@example.org")))
    voters = [make_member() for _number in range(7)]
    for voter in voters:
        vote_in_poll(poll, by=voter, marks={option_ids(poll)[0]: 1})
    close_poll(poll, by=None)
    dispatch_activity()
    told = list(Notice.objects.values_list("title", "url"))
    assert told
    for title, url in told:
        assert title in {"Poll: Which hall", "Closed: Which hall"}
        assert url == poll.get_absolute_url()
    assert not re.search(r"zqwinner|zqloser|\b7\b", " ".join(title for title, _url in told))
    rows = Activity.objects.filter(target_type="poll").values_list("data", "target_title")
    assert not re.search(r"zqwinner|zqloser|votes|count", str(list(rows)))
    assert follower.email
    for written in Mail.objects.all():
        letter = letter_for(written)
        assert letter is None or not re.search(
            r"zqwinner|zqloser", f"{letter.subject} {letter.text} {letter.html}"
        )


@pytest.mark.django_db
def test_the_record_of_acts_in_the_admin_shows_nobody_s_vote(client_as, manager):
    """Who votes when is a count of votes before the close."""
    poll = make_poll(results=ResultsShown.AT_CLOSE)
    client = client_as(manager)
    page = "/admin/core/activity/?target_type=poll"
    before = client.get(page).content.decode()
    voter = make_member("Zora Zunft")
    vote_in_poll(poll, by=voter, marks={option_ids(poll)[0]: 1})
    after = client.get(page).content.decode()
    assert "asked a poll" in before
    assert "Zora" not in after
