"""The verbs of the conversation: outcome, refusal, and the activity each leaves behind."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Activity, SearchEntry
from community.core.text import Prose, SourceFormat
from community.core.verbs import Verb
from discussions.actions.maintenance import render_old_posts, repair_counters
from discussions.actions.post import (
    accept_answer,
    create_post,
    delete_post,
    edit_post,
    restore_post,
    thank_post,
    unaccept_answer,
    unthank_post,
)
from discussions.actions.space import add_space_member, create_space, edit_space, remove_space_member
from discussions.actions.topic import close_topic, create_topic, edit_topic, reopen_topic
from discussions.models import (
    Follow,
    Post,
    PostRevision,
    Space,
    SpacePreset,
    Topic,
    TopicKind,
    visible_space_ids,
)
from members.models import Member
from tests.factories import dispatch_activity, make_member, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db


def words(text: str) -> Prose:
    return Prose(text, SourceFormat.MARKDOWN)


def last(verb: Verb) -> Activity:
    return Activity.objects.filter(verb=verb).latest("id")


@pytest.fixture
def space():
    return make_space("Pricing")


@pytest.fixture
def topic(space, member):
    return make_topic(space=space, by=member)


@pytest.fixture
def question(space, member):
    return make_topic(space=space, by=member, kind=TopicKind.QUESTION)


# --- topics -----------------------------------------------------------------------------------------------------


def test_create_topic_makes_post_one_and_records_it(space, member):
    topic = create_topic(
        space, by=member, kind=TopicKind.DISCUSSION, title=" A  title ", prose=words("Hello"), tags=["x"]
    )
    post = topic.posts.get()
    assert (topic.title, post.number, post.reply_to, topic.people_count) == ("A title", 1, None, 1)
    row = last(Verb.TOPIC_CREATED)
    assert (row.actor, row.target_id, row.space_id, row.actor_role) == (member, topic.pk, space.pk, "member")
    assert SearchEntry.objects.get(target_type="topic", target_id=topic.pk).space_id == space.pk


@pytest.mark.parametrize(
    ("title", "body", "tags", "field"),
    [
        ("", "x", [], "title"),
        ("\u202e\u200b", "x", [], "title"),
        ("t" * 201, "x", [], "title"),
        ("t", "", [], "body"),
        ("t", "x" * 50_001, [], "body"),
        ("t", "x", ["a", "b", "c", "d", "e", "f"], "tags"),
        ("t", "x", ["n" * 41], "tags"),
    ],
)
def test_create_topic_names_the_field_that_is_wrong(space, member, title, body, tags, field):
    with pytest.raises(Invalid) as refusal:
        create_topic(space, by=member, kind=TopicKind.DISCUSSION, title=title, prose=words(body), tags=tags)
    assert list(refusal.value.fields) == [field]
    assert not Topic.objects.exists()


def test_create_topic_of_a_kind_the_space_does_not_take(member):
    space = make_space(topic_kinds=[TopicKind.QUESTION])
    with pytest.raises(Invalid, match="does not take topics of that kind"):
        create_topic(space, by=member, kind=TopicKind.DISCUSSION, title="t", prose=words("x"))


@pytest.mark.parametrize(
    "preset", [SpacePreset.PRIVATE, SpacePreset.HIDDEN, SpacePreset.EXPERTS, SpacePreset.CONFIDENTIAL]
)
def test_create_topic_where_one_may_not_see_is_refused(member, preset):
    with pytest.raises(Refused):
        create_topic(
            make_space(preset=preset), by=member, kind=TopicKind.DISCUSSION, title="t", prose=words("x")
        )


def test_a_read_only_space_is_written_by_moderators(member, moderator):
    space = make_space(preset=SpacePreset.READ_ONLY)
    with pytest.raises(Refused, match="read-only"):
        create_topic(space, by=member, kind=TopicKind.DISCUSSION, title="t", prose=words("x"))
    topic = create_topic(space, by=moderator, kind=TopicKind.DISCUSSION, title="t", prose=words("x"))
    with pytest.raises(Refused, match="read-only"):
        create_post(topic, by=member, prose=words("x"))


def test_tags_of_any_script_and_length_get_an_address(space, member):
    names = ["c++", "c#", "🍺", "ﷺ" * 40, "тег"]
    topic = create_topic(space, by=member, kind=TopicKind.DISCUSSION, title="t", prose=words("x"), tags=names)
    slugs = [tag.slug for tag in topic.tags.all()]
    assert len(set(slugs)) == 5
    assert all(slug and "/" not in slug and len(slug) <= 60 for slug in slugs)


def test_close_and_reopen(topic, member, moderator):
    with pytest.raises(Refused):
        close_topic(topic, by=member, reason="Because")
    with pytest.raises(Invalid):
        close_topic(topic, by=moderator, reason=" ")
    closed = close_topic(topic, by=moderator, reason="Settled")
    assert closed.close_reason == last(Verb.TOPIC_CLOSED).data["reason"] == "Settled"
    with pytest.raises(Conflict):
        close_topic(topic, by=moderator, reason="Again")
    with pytest.raises(Refused, match=r"closed \(Settled\)"):
        create_post(topic, by=member, prose=words("x"))
    reopen_topic(topic, by=moderator)
    with pytest.raises(Conflict):
        reopen_topic(topic, by=moderator)
    create_post(topic, by=member, prose=words("x"))


def test_edit_topic_without_a_change_leaves_no_trace(topic, member):
    before = Activity.objects.count()
    edit_topic(topic, by=member, title=topic.title, tags=[])
    assert Activity.objects.count() == before
    assert not PostRevision.objects.exists()


# --- posts ------------------------------------------------------------------------------------------------------


def test_create_post_gives_the_next_number_and_counts(topic, member, other_member):
    post = create_post(topic, by=other_member, prose=words("Hello"))
    create_post(topic, by=other_member, prose=words("Again"), reply_to=post)
    topic.refresh_from_db()
    assert (topic.highest_number, topic.last_number, topic.post_count, topic.people_count) == (3, 3, 3, 2)
    assert topic.last_poster == other_member
    row = Activity.objects.filter(verb=Verb.POST_CREATED).order_by("id").first()
    assert (row.actor, row.counterpart, row.data["number"]) == (other_member, member, 2)
    assert last(Verb.POST_CREATED).counterpart is None, "answering oneself concerns nobody else"


def test_create_post_answers_only_posts_of_its_topic(topic, space, member):
    foreign = make_post(topic=make_topic(space=space))
    with pytest.raises(Invalid, match="not in this topic"):
        create_post(topic, by=member, prose=words("x"), reply_to=foreign)


def test_a_key_used_for_something_else_is_a_conflict(topic, member):
    create_post(topic, by=member, prose=words("One"), idempotency_key="k" * 16)
    with pytest.raises(Conflict):
        create_post(topic, by=member, prose=words("Two"), idempotency_key="k" * 16)
    with pytest.raises(Invalid):
        create_post(topic, by=member, prose=words("Two"), idempotency_key="short")


def test_edit_inside_five_minutes_is_silent(topic, member):
    post = make_post(topic=topic, by=member)
    edited = edit_post(post, by=member, prose=words("Corrected"), version=1)
    assert (edited.version, edited.edited_at, edited.revisions.count()) == (2, None, 0)
    assert last(Verb.POST_EDITED).target_id == post.pk


def test_edit_after_an_hour_keeps_what_stood_there(topic, member):
    post = make_post(topic=topic, by=member, body="Before", at=timezone.now() - timedelta(hours=1))
    edited = edit_post(post, by=member, prose=words("After"), version=1)
    assert edited.edited_at is not None
    assert edited.revisions.get().source == "Before"
    assert SearchEntry.objects.get(target_type="post", target_id=post.pk).text == "After"


def test_edit_after_a_day_asks_for_a_reason(topic, member):
    post = make_post(topic=topic, by=member, at=timezone.now() - timedelta(days=2))
    with pytest.raises(Invalid) as refusal:
        edit_post(post, by=member, prose=words("After"), version=1)
    assert list(refusal.value.fields) == ["reason"]
    edit_post(post, by=member, prose=words("After"), version=1, reason="Wrong year")
    assert post.revisions.get().reason == "Wrong year"


def test_edit_of_an_older_version_is_a_conflict(topic, member):
    post = make_post(topic=topic, by=member)
    edit_post(post, by=member, prose=words("One"), version=1)
    with pytest.raises(Conflict):
        edit_post(post, by=member, prose=words("Two"), version=1)


def test_edit_by_somebody_else_is_refused(topic, member, other_member, moderator):
    post = make_post(topic=topic, by=member)
    with pytest.raises(Refused):
        edit_post(post, by=other_member, prose=words("x"), version=1)
    assert edit_post(post, by=moderator, prose=words("x"), version=1).revisions.count() == 1


def test_delete_leaves_a_gap_and_nobody_unread(topic, member, other_member):
    make_post(topic=topic, by=other_member)
    post = make_post(topic=topic, by=member)
    delete_post(post, by=member)
    topic.refresh_from_db()
    assert (topic.highest_number, topic.last_number, topic.post_count) == (3, 2, 2)
    assert topic.last_poster == other_member
    assert not SearchEntry.objects.filter(target_type="post", target_id=post.pk).exists()
    assert make_post(topic=topic, by=member).number == 4, "a number is never used again"


def test_restore_brings_the_post_back_to_its_number(topic, member, other_member):
    post = make_post(topic=topic, by=member)
    delete_post(post, by=member)
    with pytest.raises(Refused):
        restore_post(post, by=other_member)
    restored = restore_post(post, by=member)
    topic.refresh_from_db()
    assert (restored.number, topic.last_number, topic.post_count) == (2, 2, 2)
    with pytest.raises(Conflict):
        restore_post(post, by=member)


def test_the_first_post_stays(topic, member):
    with pytest.raises(Refused, match="carries the topic"):
        delete_post(topic.posts.get(number=1), by=member)


def test_thanks_count_once(topic, member, other_member):
    post = make_post(topic=topic, by=other_member)
    thank_post(post, by=member)
    thank_post(post, by=member)
    post.refresh_from_db()
    assert post.thanks_count == 1
    assert last(Verb.POST_THANKED).counterpart == other_member
    with pytest.raises(Refused):
        thank_post(post, by=other_member)
    unthank_post(post, by=member)
    unthank_post(post, by=member)
    post.refresh_from_db()
    assert post.thanks_count == 0


def test_accepting_is_for_the_asker_and_experts(question, member, other_member, expert):
    answer = make_post(topic=question, by=other_member)
    with pytest.raises(Refused):
        accept_answer(answer, by=other_member)
    accept_answer(answer, by=expert)
    second = make_post(topic=question, by=expert)
    assert accept_answer(second, by=member).accepted_post == second
    with pytest.raises(Conflict):
        unaccept_answer(answer, by=member)
    delete_post(second, by=expert)
    question.refresh_from_db()
    assert question.accepted_post is None, "an accepted answer that goes leaves the question open"


def test_a_discussion_has_no_accepted_answer(topic, member, other_member):
    with pytest.raises(Refused, match="Only a reply to a question"):
        accept_answer(make_post(topic=topic, by=other_member), by=member)
    with pytest.raises(IntegrityError), transaction.atomic():
        Topic.objects.filter(pk=topic.pk).update(accepted_post=topic.posts.first())


def test_who_introduces_themselves_follows_where_they_did(member):
    topic = make_topic(space=make_space("Introductions"), by=member, kind="introduction")
    dispatch_activity()
    assert Follow.objects.get(member=member, topic=topic).reason == "introduced"


def test_taking_part_follows_by_itself_but_never_against_a_choice(topic, member, other_member):
    Follow.objects.create(
        member=other_member, topic=topic, level="mute", reason="chosen", created_at=timezone.now()
    )
    make_post(topic=topic, by=other_member)
    dispatch_activity()
    assert Follow.objects.get(member=member, topic=topic).reason == "started"
    assert Follow.objects.get(member=other_member, topic=topic).level == "mute"


@pytest.mark.django_db(transaction=True)
def test_twenty_writers_get_twenty_numbers():
    topic = make_topic()
    writers = [make_member() for _ in range(20)]
    barrier = threading.Barrier(20)
    failures: list[Exception] = []

    def write(writer: Member) -> None:
        try:
            barrier.wait()
            create_post(topic, by=writer, prose=words("At once"))
        except Exception as error:  # noqa: BLE001
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=[writer]) for writer in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    topic.refresh_from_db()
    assert sorted(Post.objects.filter(topic=topic).values_list("number", flat=True)) == list(range(1, 22))
    assert (topic.highest_number, topic.post_count, topic.people_count) == (21, 21, 21)


# --- spaces -----------------------------------------------------------------------------------------------------


def test_opening_a_space_is_for_managers(member, manager):
    with pytest.raises(Refused):
        create_space(by=member, name="Mine")
    space = create_space(by=manager, name="Board room", preset=SpacePreset.CONFIDENTIAL)
    assert space.slug == "board-room"
    assert space.pk in visible_space_ids(manager), "whoever opens a room is listed in it"
    with pytest.raises(Conflict):
        create_space(by=manager, name="Board room")


def test_a_confidential_room_is_not_managed_from_outside(manager, member):
    space = make_space(preset=SpacePreset.CONFIDENTIAL)
    for act in (
        lambda: add_space_member(space, member, by=manager),
        lambda: edit_space(
            space, by=manager, name="x", purpose="", preset=SpacePreset.OPEN, topic_kinds=list(TopicKind)
        ),
    ):
        with pytest.raises(Refused):
            act()


def test_listing_and_unlisting_hold_from_the_next_request(manager):
    space = make_space(preset=SpacePreset.PRIVATE)
    person = make_member()
    add_space_member(space, person, by=manager)
    assert space.pk in visible_space_ids(Member.objects.get(pk=person.pk))
    remove_space_member(space, person, by=manager)
    assert space.pk not in visible_space_ids(Member.objects.get(pk=person.pk))


@pytest.mark.parametrize(
    ("role", "presets"),
    [
        ("applicant", set()),
        ("member", {"open", "read_only"}),
        ("steward", {"open", "read_only"}),
        ("expert", {"open", "read_only", "experts"}),
        ("executive", {"open", "read_only"}),
        ("administrator", {"open", "read_only"}),
        ("moderator", {"open", "read_only", "experts", "private", "hidden"}),
        ("manager", {"open", "read_only", "experts", "private", "hidden"}),
    ],
)
def test_the_resolver_by_role_and_preset(role, presets):
    for preset in SpacePreset:
        make_space(preset=preset)
    person = make_member(role=role)
    assert set(Space.objects.visible_to(person).values_list("preset", flat=True)) == presets


# --- the night --------------------------------------------------------------------------------------------------


def test_repair_counters_finds_and_mends_drift(topic, other_member):
    post = make_post(topic=topic, by=other_member)
    assert not any(repair_counters().values())
    Topic.objects.filter(pk=topic.pk).update(post_count=1, people_count=7)
    Post.objects.filter(pk=post.pk).update(thanks_count=3)
    assert repair_counters() == {"topics": 1, "thanks": 1, "reactions": 0, "usefulness": 0}
    topic.refresh_from_db()
    assert (topic.post_count, topic.people_count) == (2, 2)


def test_posts_of_an_older_renderer_are_rendered_again(topic):
    Post.objects.update(renderer_version=0, html="<p>old</p>")
    assert render_old_posts() == 1
    assert "old" not in topic.posts.get().html
    assert render_old_posts() == 0
