"""Who is told of what happens in topics, why, and how often: one notice a topic until it is read (rule 9.1)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from community.core.models import DEFAULT_DELIVERY, Delivery, Notice, NoticeReason
from community.core.notices import notify, read_notices
from discussions.actions.notice import tell_of_post
from discussions.actions.post import accept_answer, thank_post
from discussions.actions.space import add_space_member, remove_space_member
from discussions.actions.topic import mark_read
from discussions.models import (
    Follow,
    FollowReason,
    Post,
    Space,
    SpacePreset,
    Tag,
    forget_visible_spaces,
)
from discussions.models.reader import readers_of
from members.actions.role import end_role
from members.actions.tie import block_member, mute_member
from members.models import Member, Role, RoleName
from tests.factories import dispatch_activity, make_member, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db


def follows(member, level="everything", **thing):
    return Follow.objects.update_or_create(
        member=member,
        **thing,
        defaults={"level": level, "reason": FollowReason.CHOSEN, "created_at": timezone.now()},
    )


def notices(member):
    return list(Notice.objects.filter(member=member).order_by("pk"))


def one(member) -> Notice:
    (notice,) = notices(member)
    return notice


def test_the_author_of_a_topic_is_told_of_a_reply_and_its_writer_is_not(member, other_member):
    topic = make_topic(by=member, title="Pilots")
    post = make_post(topic=topic, by=other_member)
    dispatch_activity()
    notice = one(member)
    assert (notice.reason, notice.count, notice.title) == (NoticeReason.REPLIED, 1, "Pilots")
    assert notice.url == post.get_absolute_url()
    assert notices(other_member) == []


def test_one_notice_stands_for_all_that_is_new_and_points_at_the_first(member, other_member):
    topic = make_topic(by=member)
    first = make_post(topic=topic, by=other_member)
    second = make_post(topic=topic, by=make_member(), reply_to=first)
    dispatch_activity()
    notice = one(member)
    assert (notice.count, notice.url, notice.target_id) == (2, first.get_absolute_url(), second.pk)
    # The stronger reason stays named.
    assert notice.reason == NoticeReason.REPLIED


def test_reading_the_topic_reads_the_notice_and_the_next_reply_makes_a_new_one(member, other_member):
    topic = make_topic(by=member)
    make_post(topic=topic, by=other_member)
    dispatch_activity()
    topic.refresh_from_db()
    mark_read(topic, member, 2)
    assert one(member).read_at is not None
    third = make_post(topic=topic, by=other_member)
    dispatch_activity()
    assert [(notice.read_at is None, notice.url) for notice in notices(member)][-1] == (
        True,
        third.get_absolute_url(),
    )


def test_who_read_a_part_is_led_to_the_rest(member, other_member):
    topic = make_topic(by=member)
    for _number in range(3):
        make_post(topic=topic, by=other_member)
    dispatch_activity()
    topic.refresh_from_db()
    mark_read(topic, member, 2)
    notice = one(member)
    assert notice.read_at is None
    assert notice.url == topic.get_post_url(3)


def test_a_subscriber_that_runs_again_tells_nobody_twice(member, other_member):
    topic = make_topic(by=member)
    posts = [make_post(topic=topic, by=other_member) for _number in range(2)]
    dispatch_activity()
    for post in reversed(posts):
        tell_of_post(Post.objects.get(pk=post.pk), at=post.created_at)
    assert one(member).count == 2
    topic.refresh_from_db()
    mark_read(topic, member, 3)
    for post in posts:
        tell_of_post(Post.objects.get(pk=post.pk), at=post.created_at)
    assert len(notices(member)) == 1


@pytest.mark.parametrize(
    ("level", "of_reply", "of_topic"),
    [("everything", True, True), ("highlights", False, True), ("mute", False, False)],
)
def test_following_a_space_in_three_words(member, other_member, level, of_reply, of_topic):
    space = make_space()
    old = make_topic(space=space, by=other_member)
    dispatch_activity()
    follows(member, level, space=space)
    make_post(topic=old, by=make_member())
    make_topic(space=space, by=other_member, title="New")
    dispatch_activity()
    told = {notice.title: notice.reason for notice in notices(member)}
    assert told == ({old.title: "space"} if of_reply else {}) | ({"New": "space"} if of_topic else {})


def test_a_tag_is_followed_like_a_space(member, other_member):
    make_topic(tags=["pricing"])
    dispatch_activity()
    follows(member, tag=Tag.objects.get(name="pricing"))
    topic = make_topic(by=other_member, tags=["pricing"])
    dispatch_activity()
    assert one(member).reason == NoticeReason.TAG
    assert one(member).key == f"topic:{topic.pk}"


def test_a_topic_that_is_muted_is_silent_even_where_one_is_named(member, other_member):
    topic = make_topic(by=other_member)
    dispatch_activity()
    follows(member, "mute", topic=topic)
    follows(member, space=topic.space)
    post = make_post(topic=topic, by=make_member())
    tell_of_post(post, at=post.created_at, mentioned_ids=[member.pk])
    dispatch_activity()
    assert notices(member) == []


def test_a_muted_space_silences_follows_and_not_what_concerns_one(member, other_member):
    topic = make_topic(by=member, tags=["one"])
    dispatch_activity()
    follows(member, "mute", space=topic.space)
    follows(other_member, "mute", space=topic.space)
    follows(other_member, tag=Tag.objects.get(name="one"))
    make_post(topic=topic, by=make_member())
    dispatch_activity()
    assert one(member).reason == NoticeReason.REPLIED
    assert notices(other_member) == []


def test_somebody_who_is_named_is_told_with_that_reason(member, other_member):
    topic = make_topic(by=make_member())
    dispatch_activity()
    follows(member, topic=topic)
    post = make_post(topic=topic, by=other_member)
    tell_of_post(post, at=post.created_at, mentioned_ids=[member.pk, other_member.pk])
    assert one(member).reason == NoticeReason.MENTIONED
    assert notices(other_member) == []


@pytest.mark.parametrize("act", [mute_member, block_member])
def test_nothing_comes_from_whom_one_has_muted_or_blocked(member, other_member, act):
    topic = make_topic(by=member)
    act(other_member, by=member)
    make_post(topic=topic, by=other_member)
    dispatch_activity()
    assert notices(member) == []


def test_nothing_goes_to_whom_the_writer_has_blocked(member, other_member):
    topic = make_topic(by=member)
    block_member(member, by=other_member)
    make_post(topic=topic, by=other_member)
    dispatch_activity()
    assert notices(member) == []


def test_the_accepted_answer_is_told_to_its_writer_and_to_followers_of_highlights(member, other_member):
    topic = make_topic(by=member, kind="question")
    post = make_post(topic=topic, by=other_member)
    follower = make_member()
    follows(follower, "highlights", topic=topic)
    dispatch_activity()
    accept_answer(post, by=member)
    dispatch_activity()
    assert one(other_member).reason == one(follower).reason == NoticeReason.ANSWERED
    assert NoticeReason.ANSWERED not in {notice.reason for notice in notices(member)}


def test_thanks_are_one_line_however_many_say_it(member):
    post = make_post(by=member)
    for _number in range(3):
        thank_post(post, by=make_member())
    dispatch_activity()
    told = [notice for notice in notices(member) if notice.reason == NoticeReason.THANKED]
    assert [notice.count for notice in told] == [3]


# --- rights ---


@pytest.mark.parametrize("preset", SpacePreset.values)
def test_readers_of_a_space_are_exactly_those_whom_the_resolver_lets_in(preset):
    listed = make_member()
    space = make_space(preset=preset, members=[listed])
    people = [make_member(role=role) for role in RoleName] + [listed, make_member(email=None)]
    expected = {
        person.pk for person in people if Space.objects.visible_to(person).filter(pk=space.pk).exists()
    }
    assert (
        set(readers_of(space).filter(pk__in=[person.pk for person in people]).values_list("pk", flat=True))
        == expected
    )


def test_nobody_is_told_of_what_they_may_not_see(member, other_member):
    space = make_space(preset="private", members=[other_member])
    topic = make_topic(space=space, by=other_member)
    follows(member, topic=topic)
    post = make_post(topic=topic, by=make_topic_writer(space))
    tell_of_post(post, at=post.created_at, mentioned_ids=[member.pk])
    dispatch_activity()
    assert notices(member) == []
    assert notices(other_member) != []


def make_topic_writer(space) -> Member:
    writer = make_member()
    add_space_member(space, writer, by=None)
    return writer


def test_who_loses_a_space_loses_its_notices(member, manager):
    space = make_space(preset="private", members=[member])
    forget_visible_spaces(member)
    topic = make_topic(space=space, by=member)
    make_post(topic=topic, by=make_topic_writer(space))
    make_post(topic=make_topic(by=member))
    dispatch_activity()
    assert len(notices(member)) == 2
    remove_space_member(space, member, by=manager)
    dispatch_activity()
    assert one(member).space_id != space.pk


def test_who_loses_a_role_loses_the_notices_of_its_rooms(administrator):
    expert = make_member(role="expert", also=["member"])
    space = make_space(preset="experts")
    topic = make_topic(space=space, by=expert)
    make_post(topic=topic)
    dispatch_activity()
    assert len(notices(expert)) == 1
    end_role(Role.objects.get(member=expert, role="expert"), by=administrator)
    dispatch_activity()
    assert notices(expert) == []


# --- what it costs ---


def test_a_reply_costs_its_author_the_same_for_a_thousand_followers(member):
    topic = make_topic()
    dispatch_activity()

    def statements() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as request:
            make_post(topic=topic, by=member)
        with CaptureQueriesContext(connection) as job:
            dispatch_activity()
        return len(request), len(job)

    statements()
    few = statements()
    Member.objects.bulk_create(
        Member(handle=f"crowd{number}", display_name="Crowd", joined_at=timezone.now())
        for number in range(1_000)
    )
    crowd = list(Member.objects.filter(handle__startswith="crowd"))
    Role.objects.bulk_create(
        Role(member=person, role="member", from_at=timezone.now() - timedelta(days=1)) for person in crowd
    )
    Follow.objects.bulk_create(
        Follow(member=person, topic=topic, level="everything", reason="chosen", created_at=timezone.now())
        for person in crowd
    )
    many = statements()
    assert many[0] == few[0] <= 25
    # Two chunks more: each reads, asks for rights, writes, and looks who wants a mail.
    assert many[1] - few[1] <= 12
    assert Notice.objects.filter(key=f"topic:{topic.pk}", reason="following").count() >= 1_000


# --- notify itself ---


def test_the_default_is_the_digest_and_five_are_at_once():
    assert {reason for reason, way in DEFAULT_DELIVERY.items() if way == Delivery.AT_ONCE} == {
        "mentioned", "replied", "message", "decided", "quoted",
    }  # fmt: skip


def test_a_weaker_reason_for_older_news_changes_nothing_but_the_count(member, other_member):
    now, target = timezone.now(), other_member
    arguments = {"key": "k:1", "title": "T", "target": target, "actor_id": None}
    notify([member.pk], reason=NoticeReason.MENTIONED, url="/2", at=now, **arguments)
    notify([member.pk], reason=NoticeReason.TAG, url="/1", at=now - timedelta(hours=1), **arguments)
    notice = one(member)
    assert (notice.count, notice.url, notice.reason, notice.at) == (2, "/1", "mentioned", now)
    assert read_notices(member, "k:1") == 1
    assert read_notices(member, "k:1") == 0


# --- the dots of the rail ---


def dots(client, address: str = "/") -> list[str]:
    page = client.get(address)
    return sorted(space.name for space in page.context["nav_spaces"] if space.is_new)


def test_a_space_has_a_dot_while_something_there_is_unread(client_as, member, other_member):
    here = make_topic(space=make_space("Here"), by=member)
    make_topic(space=make_space("There"), by=member)
    client = client_as(member)
    assert dots(client) == []
    make_post(topic=here, by=other_member)
    dispatch_activity()
    assert dots(client) == ["Here"]
    assert client.get("/").content.decode().count("new for you") == 1
    assert dots(client_as(other_member)) == []
    # Whoever is reading it sees no dot any more.
    assert dots(client, here.get_absolute_url()) == []
    assert dots(client) == []


def test_the_dots_cost_no_query(client_as, member, other_member):
    client = client_as(member)
    spaces = [make_space(f"Space {number}") for number in range(4)]
    topics = [make_topic(space=space, by=member) for space in spaces]
    client.get("/spaces/")
    with CaptureQueriesContext(connection) as before:
        client.get("/spaces/")
    for topic in topics:
        make_post(topic=topic, by=other_member)
    dispatch_activity()
    with CaptureQueriesContext(connection) as after:
        assert len(dots(client, "/spaces/")) == 4
    assert len(after) == len(before)


def test_a_space_that_closed_has_neither_name_nor_dot(client_as, member, other_member):
    topic = make_topic(space=make_space("Here"), by=member)
    make_post(topic=topic, by=other_member)
    dispatch_activity()
    Space.objects.filter(pk=topic.space_id).update(preset="private")
    client = client_as(member)
    assert dots(client) == []
    assert "new for you" not in client.get("/").content.decode()
