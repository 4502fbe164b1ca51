"""The worker is killed again and again: every row of activity is still told, and each of its effects exists once."""

import random
import time

import pytest
import redis

from tests.drills.house import house, own_redis, until

pytestmark = [pytest.mark.drill, pytest.mark.django_db]

WORKER = (
    *(
        "celery",
        "--app",
        "tests.drills.worker",
        "worker",
        "--concurrency",
        "1",
        "--queues",
        "default,mail,metrics",
    ),
    *("--without-gossip", "--without-mingle", "--loglevel", "WARNING"),
)

EFFECTS = """
    SELECT activity.id, count(*) FILTER (WHERE subscriber = 'first'), count(*) FILTER (WHERE subscriber = 'second')
    FROM core_activity AS activity LEFT JOIN drill_effect ON drill_effect.activity_id = activity.id
    WHERE verb = 'topic.created' GROUP BY activity.id
"""
FOLLOWS = """
    SELECT topic.id, count(follow.id) FROM discussions_topic AS topic
    LEFT JOIN discussions_follow AS follow ON follow.topic_id = topic.id AND follow.reason = 'started' GROUP BY topic.id
"""


@pytest.fixture
def queue():
    """A Redis that nobody else knows."""
    with own_redis() as address, redis.Redis.from_url(address) as client:
        client.address = address
        yield client


@pytest.fixture
def drill(tmp_path, queue):
    with house(tmp_path, queue.address) as drill:
        drill.ask("CREATE TABLE drill_effect (activity_id bigint, subscriber text); SELECT 1")
        drill.act("people")
        yield drill


def assert_every_effect_exists_once(drill) -> None:
    effects = drill.ask(EFFECTS)
    assert effects
    assert [row for row in effects if row[1:] != (1, 1)] == []
    assert [row for row in drill.ask(FOLLOWS) if row[1] != 1] == []


def test_a_worker_is_killed_in_the_middle_of_telling(drill):
    """Six times kill -9 of the worker and its children, while rows wait and while one is half told."""
    dice = random.Random(11)
    drill.act("topics", "40")
    kills = 0
    while kills < 6 and drill.undispatched() > 5:
        left = drill.undispatched()
        worker = drill.start(*WORKER, DRILL_PAUSE="0.15")
        until(lambda left=left: drill.undispatched() < left, what="the first row of this worker")
        time.sleep(dice.uniform(0.0, 0.4))
        drill.kill(worker)
        kills += 1
    assert kills >= 3
    assert drill.undispatched() > 0
    sweep_until_settled_by_worker(drill)
    assert_every_effect_exists_once(drill)


def sweep_until_settled_by_worker(drill) -> None:
    """The last worker lives; what the killed ones took with them is in no queue, so the sweep must find it."""
    worker = drill.start(*WORKER)
    deadline = time.monotonic() + 300
    while drill.undispatched():
        assert time.monotonic() < deadline, drill.log()[-2000:]
        drill.act("ask-for-sweep")
        time.sleep(1)
    drill.kill(worker)


def test_an_actor_is_killed_between_commit_and_queue(drill, queue):
    """The row is there, no message is; the next sweep of a living worker tells it."""
    sweep_until_settled_by_worker(drill)
    assert queue.llen("default") == 0
    for _round in range(3):
        drill.act("die")
    assert queue.llen("default") == 0
    assert drill.undispatched() == 3
    sweep_until_settled_by_worker(drill)
    assert_every_effect_exists_once(drill)


def test_redis_forgets_everything_that_was_queued(drill, queue):
    drill.act("topics", "15")
    assert queue.llen("default") >= 15
    queue.flushdb()
    sweep_until_settled_by_worker(drill)
    assert_every_effect_exists_once(drill)


TOLD = "SELECT count(*), count(DISTINCT member_id), coalesce(sum(count), 0) FROM core_notice WHERE reason = 'space'"


def test_a_worker_is_killed_while_it_tells_many(drill):
    """Chunks that committed stay, nobody is told twice, and the next worker goes on to the last follower."""
    sweep_until_settled_by_worker(drill)
    drill.act("followers", "600")
    drill.act("topics", "1")
    kills = told = 0
    while kills < 4 and drill.undispatched():
        worker = drill.start(*WORKER, DRILL_CHUNK="50", DRILL_CHUNK_PAUSE="1")
        # Again and again, as beat does: a sweep leaves young rows to their message, and that died with a worker.
        until(
            lambda told=told: drill.act("ask-for-sweep") or drill.ask(TOLD)[0][0] > told,
            what="the next chunk",
        )
        drill.kill(worker)
        kills += 1
        told = drill.ask(TOLD)[0][0]
        assert told % 50 == 0
        # The row is free: a mere lock on it would have kept everybody else from it until the last was told.
        assert drill.undispatched() == 1
        if told > 400:
            break
    assert 0 < told < 600
    sweep_until_settled_by_worker(drill)
    assert drill.ask(TOLD) == [(600, 600, 600)]
    assert_every_effect_exists_once(drill)


def test_the_messages_of_the_queue_reach_the_worker_without_any_sweep(drill, queue):
    """The usual way, so that the sweep is the exception: what a commit queues is what the worker understands."""
    drill.act("topics", "5")
    worker = drill.start(*WORKER)
    until(lambda: not drill.undispatched(), what="telling by message alone")
    drill.kill(worker)
    assert_every_effect_exists_once(drill)
