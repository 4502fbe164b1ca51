"""What the demo's data says fits together, before anything is built from it."""

from collections import Counter

import pytest

from community.demo.more_threads import MORE_THREADS
from community.demo.people import PEOPLE
from community.demo.threads import DESK, ROOMS, THREADS, Thread
from discussions.models import TAGS_PER_TOPIC, SpacePreset, TopicKind
from members.models import RoleName

ALL = (*THREADS, *MORE_THREADS)
JOINED = {person.key: person.joined for person in PEOPLE}
ROLES = {person.key: set(person.roles) for person in PEOPLE}
BY_SLUG = {room.slug: room for room in ROOMS}
WRITERS = {RoleName.MODERATOR, RoleName.MANAGER}


def days_of(thread: Thread) -> list[float]:
    """For each post, how many days before today it was written."""
    days = [float(thread.day)]
    for reply in thread.replies:
        days.append(days[-1] - reply.after / 24)
    return days


@pytest.mark.parametrize("thread", ALL, ids=lambda thread: thread.title)
def test_a_thread_is_possible(thread) -> None:
    room = BY_SLUG[thread.room]
    writers = [thread.who, *(reply.who for reply in thread.replies)]
    thanks = [thread.thanks, *(reply.thanks for reply in thread.replies)]
    for number, (who, day) in enumerate(zip(writers, days_of(thread), strict=True), start=1):
        assert JOINED[who] > day, f"{who} writes before joining"
        assert day > 0, "the last words are not in the future"
        assert who not in thanks[number - 1], "nobody thanks themselves"
        assert all(JOINED[key] > day for key in thanks[number - 1]), (
            "thanks from somebody who is not here yet"
        )
        if room.listed:
            assert {who, *thanks[number - 1]} <= set(room.listed)
        if room.preset == SpacePreset.READ_ONLY:
            assert ROLES[who] & WRITERS
        if room.preset == SpacePreset.EXPERTS:
            assert ROLES[who] & {RoleName.EXPERT, *WRITERS}
    for number, reply in enumerate(thread.replies, start=2):
        assert 1 <= reply.to < number
        assert bool(reply.first) == bool(reply.reason)
    assert thread.accepted <= len(writers)
    assert not thread.accepted or thread.kind == TopicKind.QUESTION
    assert len(thread.tags) <= TAGS_PER_TOPIC


def test_there_is_something_to_read_everywhere_and_in_every_month() -> None:
    assert len({thread.title for thread in ALL}) == len(ALL) >= 80
    rooms = Counter(thread.room for thread in ALL)
    assert all(rooms[room.slug] >= 2 for room in ROOMS if room.slug != "introductions")
    months = Counter(thread.day // 30 for thread in ALL)
    assert all(months[month] >= 12 for month in range(4))
    assert len(DESK) * 2 > 60
    questions = [thread for thread in ALL if thread.kind == TopicKind.QUESTION]
    assert len([thread for thread in questions if thread.accepted]) >= 20
    assert len([thread for thread in questions if not thread.accepted]) >= 10


def test_there_are_right_to_left_words_code_and_tables() -> None:
    texts = [text for thread in ALL for text in (thread.text, *(reply.text for reply in thread.replies))]
    assert any("\u0600" <= letter <= "\u06ff" for text in texts for letter in text)
    assert any("```python" in text for text in texts)
    assert any("|---|" in text for text in texts)
