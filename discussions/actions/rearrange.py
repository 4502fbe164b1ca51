"""Moving, splitting and merging topics: every post keeps its id, and every old address leads to where it stands now.

Topics are locked before posts, several topics in the order of their ids, so that nobody waits in a circle. What hangs
on a topic (read states, follows, drafts, notices, search entries) is carried over by statements about sets.
"""

from collections.abc import Sequence
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Count, Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Invalid
from community.core.models import Audience, SearchKind
from community.core.notices import move_notices
from community.core.permissions import require
from community.core.search import move_entries, put_entry, remove_entry
from community.core.text import clean_line, plain_text
from community.core.verbs import Verb
from discussions.actions.maintenance import refresh_usefulness
from discussions.actions.poll import move_polls
from discussions.actions.resource import follow_threads
from discussions.actions.topic import clean_title, put_topic_entry
from discussions.models import Claim, Follow, Post, PostMove, ReadState, Space, Topic, TopicKind
from discussions.models.reader import readers_of
from discussions.permissions import can_move_topic, can_rearrange_topic
from members.models import Member

SPLIT_LIMIT: Final = 200
REASON_LENGTH: Final = 300

# New numbers in the order of time behind the highest of the target; read states of those who had read the target to
# its end follow as far as they had read; posts that answered the first one of the source still answer it.
_APPEND = """
    WITH numbered AS MATERIALIZED (
        SELECT id, number AS old, %(highest)s + row_number() OVER (ORDER BY created_at, number) AS new
        FROM discussions_post WHERE topic_id = %(source)s
    ), forwarded AS (
        INSERT INTO discussions_postmove (topic_id, number, post_id, moved_at)
        SELECT %(source)s, old, id, %(now)s FROM numbered
    ), read AS (
        INSERT INTO discussions_readstate AS state (member_id, topic_id, last_read_number, read_at)
        SELECT old_state.member_id, %(target)s,
               coalesce((SELECT min(numbered.new) - 1 FROM numbered WHERE numbered.old > old_state.last_read_number),
                        (SELECT max(numbered.new) FROM numbered)),
               old_state.read_at
        FROM discussions_readstate AS old_state
        JOIN discussions_readstate AS there
          ON there.member_id = old_state.member_id AND there.topic_id = %(target)s
         AND there.last_read_number >= %(last)s
        WHERE old_state.topic_id = %(source)s
        ON CONFLICT (member_id, topic_id) DO UPDATE
        SET last_read_number = greatest(state.last_read_number, excluded.last_read_number)
    )
    UPDATE discussions_post AS post
    SET topic_id = %(target)s, number = numbered.new,
        reply_to_id = CASE WHEN numbered.old = 1 THEN %(first)s ELSE post.reply_to_id END
    FROM numbered WHERE numbered.id = post.id
"""

# What stays behind and answered a post that goes answers what that one answered.
_ANSWER_WHAT_STAYS = """
    WITH RECURSIVE up (id, answered) AS (
        SELECT post.id, post.reply_to_id FROM discussions_post AS post
        WHERE post.topic_id = %(source)s AND post.reply_to_id = ANY(%(ids)s) AND NOT post.id = ANY(%(ids)s)
        UNION ALL
        SELECT up.id, parent.reply_to_id FROM up JOIN discussions_post AS parent ON parent.id = up.answered
        WHERE up.answered = ANY(%(ids)s)
    )
    UPDATE discussions_post AS post SET reply_to_id = up.answered
    FROM up WHERE up.id = post.id AND NOT up.answered = ANY(%(ids)s)
"""

_CUT = """
    WITH numbered AS MATERIALIZED (
        SELECT id, number AS old, row_number() OVER (ORDER BY number) AS new, reply_to_id
        FROM discussions_post WHERE id = ANY(%(ids)s)
    ), forwarded AS (
        INSERT INTO discussions_postmove (topic_id, number, post_id, moved_at)
        SELECT %(source)s, old, id, %(now)s FROM numbered
    ), read AS (
        INSERT INTO discussions_readstate (member_id, topic_id, last_read_number, read_at)
        SELECT state.member_id, %(target)s, count(numbered.id), state.read_at
        FROM discussions_readstate AS state JOIN numbered ON numbered.old <= state.last_read_number
        WHERE state.topic_id = %(source)s
        GROUP BY state.member_id, state.read_at
    ), followed AS (
        INSERT INTO discussions_follow (member_id, topic_id, level, reason, created_at)
        SELECT member_id, %(target)s, level, reason, created_at FROM discussions_follow WHERE topic_id = %(source)s
    )
    UPDATE discussions_post AS post
    SET topic_id = %(target)s, number = numbered.new,
        reply_to_id = CASE WHEN numbered.new = 1 THEN NULL
                           WHEN numbered.reply_to_id = ANY(%(ids)s) THEN numbered.reply_to_id
                           ELSE %(first)s END
    FROM numbered WHERE numbered.id = post.id
"""

# A draft of a reply goes along, unless its writer has one there already.
_CARRY_FOLLOWS = """
    UPDATE discussions_follow AS follow SET topic_id = %(target)s
    WHERE follow.topic_id = %(source)s AND NOT EXISTS (
        SELECT 1 FROM discussions_follow AS other
        WHERE other.topic_id = %(target)s AND other.member_id = follow.member_id)
"""
_CARRY_DRAFTS = """
    UPDATE discussions_draft AS draft SET key = %(new)s
    WHERE draft.key = %(old)s AND NOT EXISTS (
        SELECT 1 FROM discussions_draft AS other WHERE other.key = %(new)s AND other.member_id = draft.member_id)
"""


@transaction.atomic
def move_topic(topic: Topic, space: Space, *, by: Member, reason: str = "") -> Topic:
    """Put a topic into another space; from then on those who read there read it, and nobody else.

    Followers who lose sight of it stop following. A pin belongs to the space and ends. Raises `Refused` where one of
    the spaces is not the mover's to look after, `Invalid` for a kind the space does not take, `Conflict` where the
    topic is there already.
    """
    (topic,) = _lock(topic.pk)
    space = Space.objects.get(pk=space.pk)
    require(can_move_topic(by, topic, space))
    if topic.space_id == space.pk:
        raise Conflict(_("This topic is in {space} already.").format(space=space.name))
    if topic.kind not in space.topic_kinds:
        sentence = _("{space} does not take topics of that kind. Choose another space, or let it take them.")
        raise Invalid(sentence.format(space=space.name), fields={"space": [_("Choose another space.")]})
    before, topic.space = topic.space_id, space
    topic.pinned_at, topic.pinned_until, topic.pin_reason = None, None, ""
    topic.save(update_fields=["space", "pinned_at", "pinned_until", "pin_reason"])
    move_entries("topic", [topic.pk], space_id=space.pk)
    move_entries("post", list(topic.posts.values_list("pk", flat=True)), space_id=space.pk)
    move_notices(f"topic:{topic.pk}", space_id=space.pk)
    move_polls(topic)
    follow_threads(Q(pk=topic.pk))
    _unfollow_without_sight(topic)
    record(
        Verb.TOPIC_MOVED,
        by=by,
        target=topic,
        audience=Audience.SPACE,
        space_id=space.pk,
        topic_id=topic.pk,
        from_space_id=before,
        reason=_reason(reason),
    )
    return topic


@transaction.atomic
def split_topic(
    topic: Topic, numbers: Sequence[int], *, by: Member, title: str, kind: TopicKind, reason: str = ""
) -> Topic:
    """Make a new topic of these posts, in the same space, numbered anew from 1; their old numbers stay gaps.

    Whoever follows the old topic follows the new one too, and has read of it what they had read. Returns the new
    topic. Raises `Invalid` for the first post, a post that is not there, or more than `SPLIT_LIMIT`.
    """
    title = clean_title(title)
    (topic,) = _lock(topic.pk)
    require(can_rearrange_topic(by, topic))
    _refuse_sessions(topic)
    chosen = sorted(set(numbers))
    posts = list(
        Post.objects.present()
        .select_for_update()
        .filter(topic=topic, number__in=chosen, number__gt=1)
        .order_by("number")
    )
    _check_chosen(chosen, posts)
    if kind not in topic.space.topic_kinds or kind in {TopicKind.SESSION, TopicKind.ANNOUNCEMENT}:
        raise Invalid(
            _("This space does not take topics of that kind."), fields={"kind": [_("Choose another kind.")]}
        )
    now, first, last = timezone.now(), posts[0], posts[-1]
    new = Topic.objects.create(
        space=topic.space,
        kind=kind,
        title=title,
        author=first.author,
        created_at=first.created_at,
        highest_number=len(posts),
        last_number=len(posts),
        post_count=len(posts),
        last_post_at=last.created_at,
        last_poster=last.author,
    )
    ids = [post.pk for post in posts]
    _execute(_ANSWER_WHAT_STAYS, source=topic.pk, ids=ids)
    _execute(_CUT, source=topic.pk, target=new.pk, ids=ids, first=first.pk, now=now)
    topic.has_moved_posts = True
    if topic.accepted_post_id in ids:
        topic.accepted_post = None
    topic.save(update_fields=["has_moved_posts", "accepted_post"])
    recount_topic(topic)
    recount_topic(new)
    remove_entry(target_type="post", target_id=first.pk)
    move_entries("post", ids[1:], space_id=new.space_id, title=new.title)
    _put_first_entry(new)
    record(
        Verb.TOPIC_SPLIT,
        by=by,
        target=new,
        audience=Audience.SPACE,
        space_id=new.space_id,
        topic_id=new.pk,
        from_topic_id=topic.pk,
        post_ids=ids,
        reason=_reason(reason),
    )
    return new


@transaction.atomic
def merge_topics(source: Topic, target: Topic, *, by: Member, reason: str = "") -> Topic:
    """Append the posts of `source` to `target` in the order of time, with new numbers; returns the target.

    The source is gone and its addresses lead on. Follows, drafts and, where the target was read to its end, read
    states are carried over; nothing that was not read is marked as read. Raises `Refused` where one of the topics is
    not the merger's to look after, `Conflict` for a topic and itself or one that is gone, `Invalid` for a session.
    """
    if source.pk == target.pk:
        raise Conflict(_("A topic cannot be merged into itself. Choose another one."))
    locked = {topic.pk: topic for topic in _lock(source.pk, target.pk)}
    source, target = locked[source.pk], locked[target.pk]
    require(can_rearrange_topic(by, target))
    require(can_move_topic(by, source, target.space))
    _refuse_sessions(source)
    _refuse_sessions(target)
    now = timezone.now()
    first_of_target = Post.objects.get(topic=target, number=1)
    first_of_source = Post.objects.get(topic=source, number=1)
    _execute(
        _APPEND,
        source=source.pk,
        target=target.pk,
        highest=target.highest_number,
        last=target.last_number,
        first=first_of_target.pk,
        now=now,
    )
    ids = list(PostMove.objects.filter(topic=source.pk).values_list("post_id", flat=True))
    Topic.objects.filter(merged_into=source).update(merged_into=target)
    Topic.objects.filter(pk=source.pk).update(
        merged_into=target,
        deleted_at=now,
        accepted_post=None,
        pinned_at=None,
        pinned_until=None,
        pin_reason="",
        post_count=0,
        people_count=0,
        last_number=0,
    )
    target.highest_number += source.highest_number
    recount_topic(target)
    _execute(_CARRY_FOLLOWS, source=source.pk, target=target.pk)
    _execute(_CARRY_DRAFTS, old=f"reply:{source.pk}", new=f"reply:{target.pk}")
    Follow.objects.filter(topic=source).delete()
    ReadState.objects.filter(topic=source).delete()
    Claim.objects.filter(topic=source).delete()
    _unfollow_without_sight(target)
    remove_entry(target_type="topic", target_id=source.pk)
    move_entries("post", ids, space_id=target.space_id, title=target.title)
    _put_post_entry(first_of_source.pk)
    move_notices(f"topic:{source.pk}", space_id=target.space_id, to_key=f"topic:{target.pk}")
    move_polls(source, target)
    follow_threads(Q(pk=target.pk))
    record(
        Verb.TOPIC_MERGED,
        by=by,
        target=target,
        audience=Audience.SPACE,
        space_id=target.space_id,
        topic_id=target.pk,
        from_topic_id=source.pk,
        reason=_reason(reason),
    )
    return target


def recount_topic(topic: Topic) -> None:
    """Write the counters of a locked topic anew, out of its posts that are there."""
    posts = topic.posts.present()
    truth = posts.aggregate(
        posts=Count("pk"), people=Count("author", distinct=True), latest=Max("created_at")
    )
    last = posts.order_by("-number").only("number", "author_id").first()
    topic.post_count, topic.people_count = truth["posts"], truth["people"]
    topic.highest_number = max(topic.highest_number, topic.posts.aggregate(Max("number"))["number__max"] or 0)
    if last is not None:
        topic.last_number, topic.last_poster_id, topic.last_post_at = (
            last.number,
            last.author_id,
            truth["latest"],
        )
    topic.save(
        update_fields=[
            "post_count", "people_count", "highest_number", "last_number", "last_poster", "last_post_at",
        ]
    )  # fmt: skip
    refresh_usefulness(topic.pk)


def _lock(*topic_ids: int) -> list[Topic]:
    """In the order of their ids, which everybody keeps. Raises `Conflict` where one was merged or deleted."""
    found = list(Topic.objects.select_for_update().filter(pk__in=topic_ids).order_by("pk"))
    if len(found) < len(topic_ids) or any(topic.deleted_at is not None for topic in found):
        raise Conflict(_("This topic is not there any more: somebody merged it meanwhile. Open it again."))
    # Asked for under the lock; a join would miss a topic that changed its space while the lock was waited for.
    spaces = Space.objects.in_bulk([topic.space_id for topic in found])
    for topic in found:
        topic.space = spaces[topic.space_id]
    return found


def _refuse_sessions(topic: Topic) -> None:
    if topic.kind == TopicKind.SESSION:
        raise Invalid(
            _("A session keeps its questions and answers together. It can be moved, not split or merged.")
        )


def _check_chosen(chosen: list[int], posts: list[Post]) -> None:
    problem = ""
    if not chosen:
        problem = _("Choose at least one reply.")
    elif 1 in chosen:
        problem = _("The first post carries the topic and stays. Move or merge the whole topic instead.")
    elif len(posts) < len(chosen):
        problem = _("Some of the chosen posts are not here any more. Look at the topic, and choose again.")
    elif len(chosen) > SPLIT_LIMIT:
        problem = _("At most {count} posts at a time.").format(count=SPLIT_LIMIT)
    if problem:
        raise Invalid(problem, fields={"numbers": [problem]})


def _unfollow_without_sight(topic: Topic) -> None:
    """Who cannot read the topic's space follows it no longer. One statement."""
    Follow.objects.filter(topic=topic).exclude(member__in=readers_of(topic.space)).delete()


def _put_first_entry(topic: Topic) -> None:
    """The first post's words are its topic's words in the search."""
    put_topic_entry(topic, plain_text(Post.objects.get(topic=topic, number=1).html))


def _put_post_entry(post_id: int) -> None:
    """What was a first post is a reply now, and is found as one."""
    post = Post.objects.select_related("topic").get(pk=post_id)
    put_entry(
        SearchKind.POST,
        target_type="post",
        target_id=post.pk,
        title=post.topic.title,
        text=plain_text(post.html),
        space_id=post.topic.space_id,
        author_id=post.author_id,
        at=post.created_at,
    )


def _reason(words: str) -> str:
    return clean_line(words)[:REASON_LENGTH]


def _execute(statement: str, **values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
