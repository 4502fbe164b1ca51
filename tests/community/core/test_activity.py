"""The spine: written with its change, told at least once, and read without a gap."""

import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from community.core import activity as spine
from community.core.activity import (
    MAX_ATTEMPTS,
    SWEEP_BATCH,
    dispatch,
    on,
    record,
    sweep_activity,
    target_type,
)
from community.core.models import Activity, Audience
from community.core.verbs import Verb
from discussions.models import Follow
from members.models import Member
from tests.factories import dispatch_activity, make_member, make_topic

VERB = Verb.IMPORT_FINISHED


@pytest.fixture
def subscribers(monkeypatch) -> Iterator[Callable]:
    """Nobody listens but those whom the test registers."""
    monkeypatch.setattr(spine, "_subscribers", {})
    return on(VERB)


def write(target: Member, **changes: object) -> Activity:
    with transaction.atomic():
        return record(VERB, by=target, target=target, audience=Audience.STAFF, **changes)


def age(row: Activity, **elapsed: float) -> None:
    Activity.objects.filter(pk=row.pk).update(recorded_at=timezone.now() - timedelta(**elapsed))
    settle_the_cast()


def settle_the_cast() -> None:
    """On a slow machine the rows of those who were made for the test become due as well."""
    Activity.objects.exclude(verb=VERB).update(dispatched_at=timezone.now())


# --- writing ---


@pytest.mark.django_db(transaction=True)
def test_a_row_outside_a_transaction_is_refused():
    member = make_member()
    before = Activity.objects.count()
    with pytest.raises(transaction.TransactionManagementError, match="inside the transaction"):
        record(VERB, by=member, target=member, audience=Audience.STAFF)
    assert Activity.objects.count() == before


@pytest.mark.django_db(transaction=True)
def test_a_row_shares_the_fate_of_its_change():
    member = make_member()
    before = Activity.objects.count()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record(VERB, by=member, target=member, audience=Audience.STAFF)
        raise ZeroDivisionError
    assert Activity.objects.count() == before


@pytest.mark.django_db
def test_a_row_freezes_who_in_which_role_what_and_where(expert):
    counterpart = make_member()
    row = write(expert, counterpart_id=counterpart.pk, space_id=7, organisation_id=8, added=3)
    expert.display_name = "Renamed"
    expert.save()
    row.refresh_from_db()
    assert (row.actor, row.actor_role) == (expert, "expert")
    assert (row.target_type, row.target_id, row.target_title) == ("member", expert.pk, "Edda Expert")
    assert row.target_url == f"/members/{expert.handle}/"
    assert (row.counterpart, row.space_id, row.organisation_id, row.data) == (counterpart, 7, 8, {"added": 3})
    assert abs(row.recorded_at - timezone.now()) < timedelta(minutes=1)
    assert row.dispatched_at is None


@pytest.mark.django_db
def test_an_import_writes_the_true_time_and_when_it_was_learned(member):
    then = timezone.now() - timedelta(days=4000)
    row = write(member, at=then)
    row.refresh_from_db()
    assert row.occurred_at == then
    assert row.recorded_at - then > timedelta(days=3999)


@pytest.mark.django_db
def test_without_an_actor_nothing_in_the_row_names_one(member):
    with transaction.atomic():
        row = record(VERB, by=None, target=make_topic(by=member), audience=Audience.SPACE)
    row.refresh_from_db()
    assert (row.actor_id, row.actor_role) == (None, "")
    assert member.display_name not in str(row.__dict__)


@pytest.mark.django_db
def test_the_name_of_a_verb_is_checked_by_the_database(member):
    with pytest.raises(DatabaseError), transaction.atomic():
        Activity.objects.filter(pk=write(member).pk).update(verb="nodot")


def test_only_models_have_a_type():
    with pytest.raises(TypeError):
        target_type(object())


def test_verbs_are_nouns_with_a_past_tense():
    for verb in Verb.values:
        assert re.fullmatch(
            r"[a-z_]+\.([a-z_]+ed|begun|given|hidden|left|made|said|sent|set|shown|split|taken|undone|withdrawn|written)",
            verb,
        )


# --- telling ---


@pytest.mark.django_db
def test_every_subscriber_hears_a_row_once_and_a_second_dispatch_is_nothing(member, subscribers):
    heard = []
    subscribers(lambda row: heard.append(("first", row.pk)))
    subscribers(lambda row: heard.append(("second", row.pk)))
    row = write(member)
    assert dispatch([row.pk]) == 1
    assert dispatch([row.pk]) == 0
    assert heard == [("first", row.pk), ("second", row.pk)]
    row.refresh_from_db()
    assert row.dispatched_at is not None


@pytest.mark.django_db
def test_rows_that_nobody_listens_to_are_settled(member, subscribers):
    assert dispatch([write(member).pk]) == 1


@pytest.mark.django_db
def test_ids_that_are_gone_are_no_error():
    assert dispatch([2**62]) == 0


@pytest.mark.django_db
def test_a_failing_subscriber_loses_neither_the_row_nor_the_effects_of_the_others(
    member, subscribers, caplog
):
    """One of three fails: the two others have taken effect at once, and the row comes again until all have."""
    broken = [True]

    def fail(_row: Activity) -> None:
        make_member("Nobody Keeps", email=None)
        if broken:
            raise RuntimeError("no luck today")

    def follow(row: Activity) -> None:
        Member.objects.filter(pk=row.target_id).update(headline="told")

    subscribers(fail)
    subscribers(follow)
    row = write(member)
    assert dispatch([row.pk]) == 0
    member.refresh_from_db()
    row.refresh_from_db()
    assert member.headline == "told"
    assert (row.dispatched_at, row.attempts) == (None, 1)
    assert not Member.objects.filter(display_name="Nobody Keeps").exists(), (
        "the failed one left half an effect"
    )
    assert "subscriber failed" in caplog.text

    broken.clear()
    assert dispatch([row.pk]) == 1
    assert Member.objects.filter(display_name="Nobody Keeps").exists()


@pytest.mark.django_db
def test_a_database_error_in_a_subscriber_spoils_nothing_else(member, subscribers):
    def fail(_row: Activity) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    subscribers(fail)
    rows = [write(member), write(member)]
    assert dispatch([row.pk for row in rows]) == 0
    assert [row.attempts for row in Activity.objects.filter(verb=VERB)] == [1, 1]


@pytest.mark.django_db
def test_a_verb_of_a_newer_version_is_left_for_a_newer_worker(member, subscribers):
    row = write(member)
    Activity.objects.filter(pk=row.pk).update(verb="future.arrived")
    assert dispatch([row.pk]) == 0
    row.refresh_from_db()
    assert (row.dispatched_at, row.attempts) == (None, 1)


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_the_same_row_tell_it_once(subscribers):
    """The second one skips what the first holds instead of waiting for it."""
    member = make_member()
    holding, release, heard = threading.Event(), threading.Event(), []

    def slow(row: Activity) -> None:
        heard.append(row.pk)
        holding.set()
        release.wait(10)

    subscribers(slow)
    row = write(member)
    with in_thread(lambda: dispatch([row.pk])) as first:
        assert holding.wait(10)
        began = time.monotonic()
        assert dispatch([row.pk]) == 0
        assert time.monotonic() - began < 1
        release.set()
    assert first == [1]
    assert heard == [row.pk]


@pytest.mark.django_db(transaction=True)
def test_who_tells_in_chunks_commits_alone_and_before_the_others(monkeypatch):
    monkeypatch.setattr(spine, "_subscribers", {})
    member, heard, fails = make_member(), [], [True, False]

    def wide(row: Activity) -> None:
        heard.append(("wide", connection.in_atomic_block))
        if fails.pop(0):
            raise ValueError

    def narrow(row: Activity) -> None:
        heard.append(("narrow", connection.in_atomic_block))

    on(VERB)(narrow)
    on(VERB, in_chunks=True)(wide)
    row = write(member)
    assert dispatch([row.pk]) == 0
    row.refresh_from_db()
    assert (row.dispatched_at, row.attempts) == (None, 1)
    assert (dispatch([row.pk]), dispatch([row.pk])) == (1, 0)
    assert heard == [("wide", False), ("narrow", True)] * 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        assert cursor.fetchone() == (0,)


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_a_row_told_in_chunks_tell_it_once(monkeypatch):
    monkeypatch.setattr(spine, "_subscribers", {})
    holding, release, heard = threading.Event(), threading.Event(), []

    def wide(row: Activity) -> None:
        heard.append(row.pk)
        holding.set()
        release.wait(10)

    on(VERB, in_chunks=True)(wide)
    row = write(make_member())
    first = threading.Thread(target=lambda: (dispatch([row.pk]), connection.close()))
    first.start()
    assert holding.wait(10)
    assert dispatch([row.pk]) == 0
    release.set()
    first.join()
    row.refresh_from_db()
    assert (heard, row.dispatched_at is not None) == ([row.pk], True)


@pytest.mark.django_db(transaction=True)
def test_commit_queues_the_dispatch_and_a_rollback_does_not(monkeypatch):
    queued = []
    monkeypatch.setattr(spine, "enqueue", lambda task, args: queued.append((task.name, args)))
    member = make_member()
    queued.clear()
    row = write(member)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        write(member)
        raise ZeroDivisionError
    assert queued == [("activity.dispatch", ([row.pk],))]


# --- sweeping ---


@pytest.fixture
def heard(subscribers) -> list[int]:
    heard: list[int] = []
    subscribers(lambda row: heard.append(row.pk))
    return heard


@pytest.mark.django_db
def test_the_sweep_finds_what_a_lost_message_left(member, heard):
    lost, fresh = write(member), write(member)
    age(lost, seconds=6)
    assert sweep_activity() == 1
    assert heard == [lost.pk]
    age(fresh, seconds=6)
    assert sweep_activity() == 1
    assert sweep_activity() == 0
    assert heard == [lost.pk, fresh.pk]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("attempts", "too_early", "due"),
    [(1, 2, 6), (2, 6, 10), (3, 20, 28), (7, 2100, 2200), (11, 177_000, 177_200)],
)
def test_a_row_that_failed_waits_longer_each_time(member, heard, attempts, too_early, due):
    row = write(member)
    Activity.objects.filter(pk=row.pk).update(attempts=attempts)
    age(row, seconds=too_early)
    assert sweep_activity() == 0
    age(row, seconds=due)
    assert sweep_activity() == 1


@pytest.mark.django_db
def test_after_the_last_attempt_a_row_is_left_for_people_and_can_still_be_replayed(member, heard):
    row = write(member)
    Activity.objects.filter(pk=row.pk).update(attempts=MAX_ATTEMPTS)
    age(row, days=30)
    assert sweep_activity() == 0
    assert dispatch([row.pk]) == 1


@pytest.mark.django_db
def test_rows_that_always_fail_hold_up_nobody(member, subscribers, monkeypatch):
    monkeypatch.setattr(spine, "SWEEP_BATCH", 3)
    healthy: list[int] = []

    def picky(row: Activity) -> None:
        if row.data.get("poison"):
            raise ValueError
        healthy.append(row.pk)

    subscribers(picky)
    for _number in range(5):
        age(write(member, poison=True), days=1)
        Activity.objects.filter(verb=VERB).update(attempts=1)
    behind = write(member)
    age(behind, seconds=30)
    sweep_activity()
    assert healthy == [behind.pk]


@pytest.mark.django_db
def test_a_full_batch_asks_for_the_next_one_at_once(member, heard, monkeypatch):
    queued = []
    monkeypatch.setattr(spine, "enqueue", lambda task, *args: queued.append(task.name))
    with transaction.atomic():
        for _number in range(SWEEP_BATCH + 1):
            record(VERB, by=member, target=member, audience=Audience.STAFF)
    Activity.objects.filter(verb=VERB).update(recorded_at=timezone.now() - timedelta(minutes=1))
    settle_the_cast()
    queued.clear()
    assert sweep_activity() == SWEEP_BATCH
    assert queued == ["activity.sweep"]
    assert sweep_activity() == 1
    assert queued == ["activity.sweep"]


# --- reading with a cursor ---


@pytest.mark.django_db(transaction=True)
def test_a_lower_id_that_commits_later_is_not_skipped_by_the_cursor_but_by_a_naive_one():
    """Two interleaved transactions: the first takes its id, the second takes the next one and commits before it."""
    member = make_member()
    start = newest_cursor()
    inserted, commit = threading.Event(), threading.Event()
    ids: list[int] = []

    def slow_writer() -> None:
        with transaction.atomic():
            ids.append(record(VERB, by=None, target=member, audience=Audience.STAFF).pk)
            inserted.set()
            commit.wait(10)

    naive_cursor, naive_saw = start[1], []

    def naive_read() -> None:
        nonlocal naive_cursor
        for row in Activity.objects.filter(id__gt=naive_cursor).order_by("id"):
            naive_saw.append(row.pk)
            naive_cursor = row.pk

    cursor, saw = start, []

    def read() -> None:
        nonlocal cursor
        for row in Activity.objects.after(cursor):
            saw.append(row.pk)
            cursor = (row.xid, row.pk)

    with in_thread(slow_writer):
        assert inserted.wait(10)
        fast = write(member)
        assert fast.pk > ids[0]
        naive_read()
        read()
        assert naive_saw == [fast.pk]
        assert saw == [], "a row is read only when nothing can appear before it any more"
        commit.set()
    naive_read()
    until(lambda: read() or len(saw) == 2)
    assert naive_saw == [fast.pk], "the naive cursor has lost a row for ever"
    assert saw == [ids[0], fast.pk]


@pytest.mark.django_db(transaction=True)
def test_readers_among_writers_of_all_speeds_miss_nothing_and_see_nothing_twice():
    """Four writers that take their transaction id early and commit late, some rolling back, and one reader."""
    member = make_member()
    cursor, saw = newest_cursor(), []
    written: list[int] = []
    dice = random.Random(7)
    plans = [
        [(dice.random() / 100, dice.random() / 100, dice.random() < 0.2) for _ in range(25)] for _ in range(4)
    ]

    def writer(plan: list[tuple[float, float, bool]]) -> None:
        for before, after, rolls_back in plan:
            try:
                with transaction.atomic():
                    make_member()
                    time.sleep(before)
                    row = record(VERB, by=None, target=member, audience=Audience.STAFF)
                    time.sleep(after)
                    if rolls_back:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                continue
            written.append(row.pk)

    threads = [threading.Thread(target=closing(lambda plan=plan: writer(plan))) for plan in plans]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        for row in Activity.objects.after(cursor)[:7]:
            saw.append((row.pk, row.verb))
            cursor = (row.xid, row.pk)
    for thread in threads:
        thread.join()
    until(lambda: not Activity.objects.filter(xid__gt=cursor[0]).exclude(pk__in=settled_ids()).exists())
    for row in Activity.objects.after(cursor):
        saw.append((row.pk, row.verb))
    seen = [pk for pk, verb in saw if verb == VERB]
    assert len(written) > 60
    assert sorted(seen) == sorted(written)
    assert len(saw) == len({pk for pk, _verb in saw})


# --- the subscribers of the product ---


@pytest.mark.django_db
def test_subscribers_of_the_apps_are_found_and_do_their_work_once(member):
    topic = make_topic(by=member)
    dispatch_activity()
    Activity.objects.update(dispatched_at=None)
    dispatch_activity()
    assert Follow.objects.filter(topic=topic, member=member).count() == 1


def settled_ids() -> list[int]:
    return list(Activity.objects.settled().values_list("pk", flat=True))


def until(true: Callable[[], object], *, seconds: float = 20) -> None:
    """Transactions of other tests on the same server hold the cursor back for a moment, as they would in life."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.02)


def newest_cursor() -> tuple[int, int]:
    row = Activity.objects.order_by("-xid", "-id").first()
    return (row.xid, row.pk) if row else (0, 0)


def closing(work: Callable[[], object]) -> Callable[[], None]:
    """A thread has its own connection, and the test database can only go when it is closed."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    return run


@contextmanager
def in_thread(work: Callable[[], object]) -> Iterator[list[object]]:
    results: list[object] = []
    thread = threading.Thread(target=closing(lambda: results.append(work())))
    thread.start()
    try:
        yield results
    finally:
        thread.join(20)
    assert not thread.is_alive()
