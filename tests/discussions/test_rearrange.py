"""Moved, split and merged topics: who may, what is carried over, and that two at once leave nothing crooked."""

import random
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Activity, Notice, SearchEntry
from community.core.text import Prose, SourceFormat
from community.core.verbs import Verb
from discussions.actions.post import accept_answer, create_post, delete_post
from discussions.actions.rearrange import merge_topics, move_topic, split_topic
from discussions.actions.topic import mark_read
from discussions.models import (
    Draft,
    Follow,
    Post,
    PostMove,
    ReadState,
    SpacePreset,
    SpaceSteward,
    Topic,
    TopicKind,
    forget_visible_spaces,
)
from tests.factories import make_member, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db


@pytest.fixture
def space():
    return make_space("Pricing")


@pytest.fixture
def topic(space, member):
    return make_topic(space=space, by=member, title="Pilots")


def follow(topic, *members, level="everything"):
    for one in members:
        Follow.objects.create(
            member=one, topic=topic, level=level, reason="chosen", created_at=timezone.now()
        )


def entry(kind, target):
    return SearchEntry.objects.filter(target_type=kind, target_id=target.pk).first()


def numbers(topic):
    return list(topic.posts.order_by("number").values_list("number", flat=True))


def assert_counters(topic):
    topic.refresh_from_db()
    present = topic.posts.present()
    assert topic.post_count == present.count()
    assert topic.people_count == present.values("author").distinct().count()
    assert topic.last_number == max(present.values_list("number", flat=True))
    assert topic.highest_number >= topic.last_number
    assert topic.last_post_at == max(present.values_list("created_at", flat=True))


# --- moving -----------------------------------------------------------------------------------------------------


def test_move_topic_changes_who_finds_it_and_who_follows_it(topic, moderator, member, other_member, manager):
    private = make_space("Board", preset=SpacePreset.PRIVATE, members=[member])
    reply = make_post(topic=topic, by=other_member)
    follow(topic, member, other_member, manager)
    move_topic(topic, private, by=moderator, reason="Names of customers.")
    topic.refresh_from_db()
    assert topic.space == private
    assert entry("topic", topic).space_id == entry("post", reply).space_id == private.pk
    assert set(Follow.objects.filter(topic=topic).values_list("member", flat=True)) == {member.pk, manager.pk}
    row = Activity.objects.get(verb=Verb.TOPIC_MOVED)
    assert (row.space_id, row.data["reason"]) == (private.pk, "Names of customers.")


def test_move_topic_within_open_spaces_keeps_followers(topic, moderator, other_member):
    follow(topic, other_member)
    move_topic(topic, make_space(), by=moderator)
    assert Follow.objects.filter(topic=topic, member=other_member).exists()


def test_a_notice_of_a_moved_topic_asks_for_the_right_of_its_new_space(topic, moderator, other_member):
    Notice.objects.create(
        member=other_member, key=f"topic:{topic.pk}", reason="following", weight=8, title=topic.title, url="/",
        target_type="topic", target_id=topic.pk, space_id=topic.space_id, first_at=timezone.now(),
        at=timezone.now(),
    )  # fmt: skip
    private = make_space(preset=SpacePreset.PRIVATE)
    move_topic(topic, private, by=moderator)
    assert Notice.objects.get().space_id == private.pk


def test_a_steward_moves_between_the_spaces_they_look_after(topic, space, member, other_member):
    target = make_space("Practice")
    SpaceSteward.objects.create(space=space, member=other_member)
    forget_visible_spaces(other_member)
    with pytest.raises(Refused, match="You do not look after Practice"):
        move_topic(topic, target, by=other_member)
    SpaceSteward.objects.create(space=target, member=other_member)
    forget_visible_spaces(other_member)
    assert move_topic(topic, target, by=other_member).space == target


def test_a_stewardship_that_ended_is_none(topic, space, other_member):
    SpaceSteward.objects.create(space=space, member=other_member, until=timezone.now() - timedelta(seconds=1))
    forget_visible_spaces(other_member)
    with pytest.raises(Refused, match="Stewards and moderators move"):
        move_topic(topic, make_space(), by=other_member)


def test_move_topic_refuses_what_does_not_fit(topic, space, moderator, member):
    questions, other = make_space(topic_kinds=[TopicKind.QUESTION]), make_space()
    room = make_space(preset=SpacePreset.CONFIDENTIAL, members=[moderator])
    forget_visible_spaces(member)
    with pytest.raises(Conflict, match="in Pricing already"):
        move_topic(topic, space, by=moderator)
    with pytest.raises(Invalid, match="does not take topics of that kind"):
        move_topic(topic, questions, by=moderator)
    with pytest.raises(Refused, match="Stewards and moderators move"):
        move_topic(topic, other, by=member)
    with pytest.raises(Refused, match="confidential room"):
        move_topic(topic, room, by=moderator)


# --- splitting --------------------------------------------------------------------------------------------------


def test_split_topic_numbers_anew_and_leaves_gaps(topic, moderator, member, other_member):
    posts = [make_post(topic=topic, by=other_member) for _number in range(3)]
    answer = make_post(topic=topic, by=member, reply_to=posts[1])
    after = make_post(topic=topic, by=member, reply_to=posts[1])
    new = split_topic(topic, [3, 5], by=moderator, title="A matter of its own", kind=TopicKind.DISCUSSION)
    assert (numbers(topic), numbers(new)) == ([1, 2, 4, 6], [1, 2])
    answer.refresh_from_db()
    after.refresh_from_db()
    posts[1].refresh_from_db()
    assert posts[1].reply_to is None
    assert answer.reply_to == posts[1]
    # It answers what the split-off one answered.
    assert (after.reply_to.number, after.topic_id) == (1, topic.pk)
    assert_counters(topic)
    assert_counters(new)
    assert (topic.highest_number, topic.has_moved_posts, new.author_id) == (6, True, other_member.pk)
    assert set(PostMove.objects.values_list("topic", "number", "post")) == {
        (topic.pk, 3, posts[1].pk),
        (topic.pk, 5, answer.pk),
    }
    assert entry("topic", new)
    assert entry("post", posts[1]) is None
    assert entry("post", answer).title == "A matter of its own"


def test_a_reply_after_a_split_takes_the_next_number_of_each(topic, moderator, other_member):
    make_post(topic=topic, by=other_member)
    new = split_topic(topic, [2], by=moderator, title="Apart", kind=TopicKind.DISCUSSION)
    assert make_post(topic=topic, by=other_member).number == 3
    assert make_post(topic=new, by=other_member).number == 2


def test_split_topic_carries_reading_and_following_over(topic, moderator, member, other_member):
    for _number in range(4):
        make_post(topic=topic, by=member)
    mark_read(topic, other_member, 3)
    follow(topic, other_member, level="highlights")
    new = split_topic(topic, [2, 4, 5], by=moderator, title="Apart", kind=TopicKind.DISCUSSION)
    assert ReadState.objects.get(topic=new, member=other_member).last_read_number == 1
    assert ReadState.objects.get(topic=new, member=member).last_read_number == 3
    assert Follow.objects.get(topic=new, member=other_member).level == "highlights"


def test_split_topic_that_takes_the_accepted_answer_opens_the_question(
    space, moderator, member, other_member
):
    question = make_topic(space=space, by=member, kind=TopicKind.QUESTION)
    answer = make_post(topic=question, by=other_member)
    accept_answer(answer, by=member)
    split_topic(question, [2], by=moderator, title="Apart", kind=TopicKind.DISCUSSION)
    question.refresh_from_db()
    assert question.accepted_post is None


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ([], "at least one"),
        ([1], "first post carries"),
        ([2, 9], "not here any more"),
        ([3], "not here any more"),
    ],
)
def test_split_topic_says_what_cannot_be_chosen(topic, moderator, member, chosen, sentence):
    make_post(topic=topic, by=member)
    delete_post(make_post(topic=topic, by=member), by=member)
    with pytest.raises(Invalid, match=sentence):
        split_topic(topic, chosen, by=moderator, title="Apart", kind=TopicKind.DISCUSSION)


# --- merging ----------------------------------------------------------------------------------------------------


def test_merge_topics_appends_in_the_order_of_time(space, topic, moderator, member, other_member):
    make_post(topic=topic, by=member)
    source = make_topic(space=space, by=other_member, title="Pilots again")
    reply = make_post(topic=source, by=member)
    gone = make_post(topic=source, by=member)
    delete_post(gone, by=member)
    follow(source, other_member)
    Draft.objects.create(
        member=other_member, key=f"reply:{source.pk}", words={"body": "Kept"}, updated_at=timezone.now()
    )
    first = source.posts.get(number=1)
    merge_topics(source, topic, by=moderator, reason="The same matter.")
    assert numbers(topic) == [1, 2, 3, 4, 5]
    first.refresh_from_db()
    reply.refresh_from_db()
    assert (first.number, first.reply_to.number, reply.number, reply.reply_to) == (3, 1, 4, first)
    assert_counters(topic)
    assert (topic.highest_number, topic.last_number) == (5, 4)
    source.refresh_from_db()
    assert (source.merged_into, source.deleted_at is None, source.post_count) == (topic, False, 0)
    assert Follow.objects.get(member=other_member).topic == topic
    assert Draft.objects.get().key == f"reply:{topic.pk}"
    assert entry("topic", source) is None
    assert entry("post", first).text.startswith("The first words")
    assert entry("post", reply).title == "Pilots"


def test_merge_topics_marks_nothing_read_that_was_not(space, topic, moderator, member, other_member):
    make_post(topic=topic, by=member)
    source = make_topic(space=space, by=member)
    for _number in range(3):
        make_post(topic=source, by=member)
    whole, partly, source_only = other_member, make_member(), make_member()
    for reader, here, there in ((whole, 2, 3), (partly, 1, 4), (source_only, 0, 4)):
        mark_read(source, reader, there)
        if here:
            mark_read(topic, reader, here)
    merge_topics(source, topic, by=moderator)
    states = dict(ReadState.objects.filter(topic=topic).values_list("member", "last_read_number"))
    assert states[whole.pk] == 5, "posts 1 to 3 of the source are 3 to 5 now"
    assert states[partly.pk] == 1
    assert source_only.pk not in states


def test_merging_twice_leads_to_the_last_one(space, moderator, member):
    first, second, third = (make_topic(space=space, by=member) for _topic in range(3))
    merge_topics(first, second, by=moderator)
    merge_topics(second, third, by=moderator)
    first.refresh_from_db()
    assert first.merged_into == third
    assert numbers(third) == [1, 2, 3]
    with pytest.raises(Conflict, match="not there any more"):
        merge_topics(first, third, by=moderator)


def test_a_reply_on_its_way_lands_where_its_topic_is_now(space, topic, moderator, member):
    source = make_topic(space=space, by=member)
    answered = source.posts.get()
    merge_topics(source, topic, by=moderator)
    post = create_post(source, by=member, prose=Prose("Late", SourceFormat.MARKDOWN), reply_to=answered)
    assert (post.topic, post.number, post.reply_to) == (topic, 3, answered)


def test_merging_into_a_private_space_needs_both_and_ends_the_following_of_the_others(
    topic, moderator, member, other_member
):
    private = make_topic(space=make_space(preset=SpacePreset.PRIVATE, members=[member]), by=member)
    follow(topic, member, other_member)
    merge_topics(topic, private, by=moderator)
    assert list(Follow.objects.values_list("member", flat=True)) == [member.pk]


# --- two at once ------------------------------------------------------------------------------------------------


def together(*acts):
    """Run them at the same time, each in a thread of its own; returns what they raised."""
    barrier, raised = threading.Barrier(len(acts)), []

    def run(act):
        try:
            barrier.wait()
            act()
        except (Conflict, Invalid, Refused) as error:
            raised.append(error)
        except Exception as error:  # noqa: BLE001
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.mark.django_db(transaction=True)
def test_two_merges_of_each_into_the_other_leave_one_topic():
    moderator = make_member(role="moderator")
    one, two = (make_topic(space=make_space()) for _topic in range(2))
    raised = together(
        lambda: merge_topics(one, two, by=moderator), lambda: merge_topics(two, one, by=moderator)
    )
    assert [type(error) for error in raised] == [Conflict]
    (left,) = Topic.objects.present()
    assert numbers(left) == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_twenty_writers_and_movers_leave_exact_counters():
    """Replies, deletions, splits, merges and moves of four topics at once: no post is lost, no number is double."""
    moderator = make_member(role="moderator")
    spaces = [make_space(), make_space(), make_space(preset=SpacePreset.PRIVATE)]
    writers = [make_member(role="moderator") for _writer in range(12)]
    topics = [make_topic(space=spaces[number % 2], by=writers[number]) for number in range(4)]
    for topic in topics:
        for number in range(5):
            make_post(topic=topic, by=writers[number])
    chance = random.Random(4)
    written = []

    def write(writer):
        written.append(
            create_post(chance.choice(topics), by=writer, prose=Prose("At once", SourceFormat.MARKDOWN)).pk
        )

    acts = [lambda writer=writer: write(writer) for writer in writers]
    acts += [
        lambda: split_topic(topics[0], [2, 4], by=moderator, title="A", kind=TopicKind.DISCUSSION),
        lambda: split_topic(topics[0], [3, 4], by=moderator, title="B", kind=TopicKind.DISCUSSION),
        lambda: merge_topics(topics[1], topics[2], by=moderator),
        lambda: merge_topics(topics[2], topics[3], by=moderator),
        lambda: move_topic(topics[2], spaces[2], by=moderator),
        lambda: move_topic(topics[3], spaces[2], by=moderator),
        lambda: delete_post(topics[3].posts.get(number=4), by=moderator),
        lambda: delete_post(topics[0].posts.get(number=3), by=moderator),
    ]
    raised = together(*acts)
    assert {type(error) for error in raised} <= {Conflict, Invalid, Refused}, raised
    assert Post.objects.count() == 24 + len(written)
    for topic in Topic.objects.present():
        assert_counters(topic)
        given = numbers(topic)
        assert len(given) == len(set(given))
        assert max(given) <= topic.highest_number
        assert entry("topic", topic).space_id == topic.space_id
    for post in Post.objects.present().filter(number__gt=1).select_related("topic", "reply_to"):
        assert post.reply_to.topic_id == post.topic_id
        assert entry("post", post).space_id == post.topic.space_id
    for move in PostMove.objects.select_related("post"):
        assert not Post.objects.filter(topic=move.topic_id, number=move.number).exists()
