"""Web workers killed under writers: what was acknowledged is there, once, and no number is missing or given twice.

Promises P1 and P2. `KILL_WEB_KILLS` makes the drill longer (50 by default);
`--log-cli-level INFO` shows its figures.
"""

import json
import logging
import os
import random
import signal
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPException

import pytest

from community.core.models import Activity, IdempotencyKey, Scope
from community.core.tokens import create_token
from community.core.verbs import Verb
from discussions.models import Post, Topic
from tests.factories import make_member, make_space, make_topic
from tests.servers import gunicorn

logger = logging.getLogger(__name__)

KILLS = int(os.environ.get("KILL_WEB_KILLS", "50"))
WRITERS = 6
TOPICS = 3
GIVE_UP_AFTER_SECONDS = 60


@dataclass
class Writer:
    """A program that repeats a request with its key until the answer comes, as docs/api.md tells programs to."""

    url: str
    secret: str
    name: str
    topics: list[int]
    acknowledged: dict[str, dict] = field(default_factory=dict)
    attempts: int = 0
    broken: int = 0
    unexpected: list[str] = field(default_factory=list)

    def run(self, stop: threading.Event) -> None:
        turn = 0
        while not stop.is_set():
            key = f"{self.name}-{turn:06d}"
            topic = self.topics[turn % len(self.topics)]
            turn += 1
            deadline = time.monotonic() + GIVE_UP_AFTER_SECONDS
            while key not in self.acknowledged and not self.unexpected:
                if time.monotonic() > deadline:
                    self.unexpected.append(f"{key}: no answer in {GIVE_UP_AFTER_SECONDS} s")
                self.try_once(key, topic)

    def try_once(self, key: str, topic: int) -> None:
        request = urllib.request.Request(
            f"{self.url}/api/v1/topics/{topic}/posts/",
            data=json.dumps({"body": key}).encode(),
            headers={
                "Authorization": f"Bearer {self.secret}",
                "Content-Type": "application/json",
                "Idempotency-Key": key,
            },
        )
        self.attempts += 1
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                if answer.status == 201:
                    self.acknowledged[key] = json.load(answer)
                else:
                    self.unexpected.append(f"{key}: {answer.status}")
        except urllib.error.HTTPError as error:
            self.unexpected.append(f"{key}: {error.code} {error.read()[:300]!r}")
        except (OSError, HTTPException, ValueError):
            # Refused, reset, or cut off in the middle of the answer: nobody knows what became of it, so again.
            self.broken += 1
            time.sleep(0.02)


def wait_for_work(writers: list[Writer]) -> None:
    """Until a few more posts are in: killing faster than workers start would starve the writers and prove nothing."""
    before = sum(len(writer.acknowledged) for writer in writers)
    deadline = time.monotonic() + 1.5
    while time.monotonic() < deadline and sum(len(writer.acknowledged) for writer in writers) < before + 4:
        time.sleep(0.01)


@pytest.mark.drill
@pytest.mark.django_db(transaction=True)
def test_nothing_acknowledged_is_lost_or_doubled(tmp_path):
    chance = random.Random(7)
    space = make_space()
    topics = [make_topic(space=space) for _number in range(TOPICS)]
    killed = 0
    with gunicorn(tmp_path / "gunicorn.log", workers=2) as server:
        writers = [
            Writer(
                server.url,
                create_token(member, by=None, name="drill", scope=Scope.WRITE).secret,
                f"writer-{number}",
                [topic.pk for topic in topics],
            )
            for number, member in enumerate(make_member() for _number in range(WRITERS))
        ]
        stop = threading.Event()
        threads = [threading.Thread(target=writer.run, args=(stop,)) for writer in writers]
        for thread in threads:
            thread.start()
        while killed < KILLS:
            wait_for_work(writers)
            time.sleep(chance.uniform(0.0, 0.4))
            if workers := server.workers():
                os.kill(chance.choice(workers), signal.SIGKILL)
                killed += 1
        stop.set()
        for thread in threads:
            thread.join()

    assert not [problem for writer in writers for problem in writer.unexpected]
    acknowledged = {key: row for writer in writers for key, row in writer.acknowledged.items()}
    attempts, broken = sum(writer.attempts for writer in writers), sum(writer.broken for writer in writers)
    logger.info(
        "%s kills, %s requests, %s cut off, %s acknowledged", killed, attempts, broken, len(acknowledged)
    )
    assert broken > 0, "no request was hit: the drill proves nothing"

    written = Post.objects.filter(number__gt=1)
    bodies = Counter(written.values_list("source", flat=True))
    assert set(bodies) == set(acknowledged), "lost, or never asked for"
    assert set(bodies.values()) == {1}, "doubled"
    for post in written:
        row = acknowledged[post.source]
        assert (row["id"], row["topic"], row["number"]) == (post.pk, post.topic_id, post.number)
    for topic in Topic.objects.all():
        numbers = sorted(topic.posts.values_list("number", flat=True))
        assert numbers == list(range(1, len(numbers) + 1)), "a gap, or a number given twice"
        assert (topic.highest_number, topic.last_number, topic.post_count) == (len(numbers),) * 3
    recorded = Activity.objects.filter(verb=Verb.POST_CREATED).values_list("target_id", flat=True)
    assert Counter(recorded) == Counter(written.values_list("pk", flat=True)), "activity without its post"
    assert IdempotencyKey.objects.filter(target_id__isnull=True).count() == 0
