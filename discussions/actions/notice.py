"""Who is told of what happens in topics, and why: the rules of following, and the rights of the one resolver."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from community.core.models import Notice, NoticeReason
from community.core.notices import CHUNK, notify
from discussions.models import (
    Follow,
    FollowLevel,
    Post,
    ReadState,
    Space,
    TaggedTopic,
    Topic,
    visible_space_ids,
)
from discussions.models.reader import readers_of
from members.models import Member, Tie, TieKind

EVERYTHING: Final = (FollowLevel.EVERYTHING,)
HIGHLIGHTS: Final = (FollowLevel.EVERYTHING, FollowLevel.HIGHLIGHTS)


def notice_key(topic_id: int) -> str:
    """Rule 9.1: one notice per topic."""
    return f"topic:{topic_id}"


def tell_of_post(post: Post, *, at: datetime, mentioned_ids: Collection[int] = ()) -> None:
    """Rule 3.9 and 9.1: those who were named or answered, and those who follow; strongest reason first.

    Safe to run twice. Set-based and in chunks, so that it belongs into a job: some statements for each thousand.
    """
    topic = post.topic
    is_first = post.number == 1
    direct: list[tuple[NoticeReason, Sequence[int]]] = [
        (NoticeReason.MENTIONED, sorted(mentioned_ids)),
        (
            NoticeReason.REPLIED,
            [post.reply_to.author_id] if post.reply_to is not None and post.reply_to.author_id else [],
        ),
    ]
    for reason, ids in direct:
        _tell(post, reason, at, ids)
    tags = TaggedTopic.objects.filter(content_object=topic).values("tag")
    # A follow of the topic itself outranks what is said of its space and its tags.
    own = Follow.objects.filter(topic=topic, member=OuterRef("member"))
    muted = Follow.objects.filter(Q(space=topic.space_id) | Q(tag__in=tags), level=FollowLevel.MUTE)
    around = Follow.objects.filter(
        ~Exists(own), ~Exists(muted.filter(member=OuterRef("member"))),
        level__in=HIGHLIGHTS if is_first else EVERYTHING,
    )  # fmt: skip
    followers = (
        (NoticeReason.FOLLOWING, Follow.objects.filter(topic=topic, level__in=EVERYTHING)),
        (NoticeReason.SPACE, around.filter(space=topic.space_id)),
        (NoticeReason.TAG, around.filter(tag__in=tags)),
    )
    for reason, follows in followers:
        for chunk in _chunks(follows):
            _tell(post, reason, at, chunk)


def tell_of_answer(post: Post, *, at: datetime, by_id: int | None) -> None:
    """Rule 3.11: who wrote the accepted answer, and whoever follows the question for its highlights."""
    topic = post.topic
    if post.author_id is not None:
        title = _("Your answer was accepted: {title}").format(title=topic.title)
        _tell(
            post, NoticeReason.ANSWERED, at, [post.author_id], actor_id=by_id, tells_author=True, title=title
        )
    for chunk in _chunks(Follow.objects.filter(topic=topic, level__in=HIGHLIGHTS)):
        _tell(post, NoticeReason.ANSWERED, at, chunk, actor_id=by_id)


def tell_of_thanks(post: Post, *, at: datetime, by_id: int | None) -> None:
    """Rule 3.10. One line however many say it, until it is read."""
    if post.author_id is None or by_id is None:
        return
    for member_id in _open_to(post, [post.author_id], by_id, is_new=False):
        notify(
            [member_id],
            reason=NoticeReason.THANKED,
            key=f"thanks:{post.pk}",
            title=post.topic.title,
            url=post.get_absolute_url(),
            target=post,
            at=at,
            space_id=post.topic.space_id,
            actor_id=by_id,
        )


def forget_where_closed(member: Member) -> None:
    """After a member lost the right to see a space: what waits for them from there goes (rule 9.5)."""
    open_ids = visible_space_ids(member)
    Notice.objects.filter(member=member, space_id__isnull=False).exclude(space_id__in=open_ids).delete()


def forget_where_unreadable(space: Space) -> None:
    """After a space was closed to some: those who cannot read it any more have no notices of it."""
    Notice.objects.filter(space_id=space.pk).exclude(member__in=readers_of(space)).delete()


def follow_topic_elsewhere(topic: Topic) -> None:
    """After a topic moved to another space: its notices are open to who may read that one."""
    Notice.objects.filter(key=notice_key(topic.pk)).exclude(space_id=topic.space_id).update(
        space_id=topic.space_id
    )
    Notice.objects.filter(key=notice_key(topic.pk)).exclude(member__in=readers_of(topic.space)).delete()


def _tell(
    post: Post,
    reason: NoticeReason,
    at: datetime,
    member_ids: Sequence[int],
    *,
    actor_id: int | None = None,
    tells_author: bool = False,
    title: str = "",
) -> None:
    """Those of them who may read it, want to hear of it and have not read it; never who did it."""
    actor_id = actor_id or post.author_id
    is_new = reason != NoticeReason.ANSWERED
    told = _open_to(post, member_ids, actor_id, is_new=is_new)
    if not tells_author and post.author_id in told:
        told.remove(post.author_id)
    if told:
        notify(
            told,
            reason=reason,
            key=notice_key(post.topic_id),
            title=title or post.topic.title,
            url=post.get_absolute_url(),
            target=post,
            at=at,
            space_id=post.topic.space_id,
            actor_id=actor_id,
            at_once=True,
        )


def _open_to(post: Post, member_ids: Sequence[int], actor_id: int | None, *, is_new: bool) -> list[int]:
    """One statement: rights, mutes, blocks, and what was read meanwhile."""
    if not member_ids:
        return []
    topic = post.topic
    readers = readers_of(topic.space).filter(pk__in=list(member_ids), is_machine=False)
    quiet = Follow.objects.filter(topic=topic, member=OuterRef("pk"), level=FollowLevel.MUTE)
    readers = readers.filter(~Exists(quiet))
    if actor_id is not None:
        turned_away = Tie.objects.filter(
            member=OuterRef("pk"), other=actor_id, kind__in=[TieKind.MUTE, TieKind.BLOCK]
        )
        blocked = Tie.objects.filter(member=actor_id, other=OuterRef("pk"), kind=TieKind.BLOCK)
        readers = readers.filter(~Exists(turned_away), ~Exists(blocked)).exclude(pk=actor_id)
    if is_new:
        read = ReadState.objects.filter(topic=topic, member=OuterRef("pk"), last_read_number__gte=post.number)
        readers = readers.filter(~Exists(read))
    return list(readers.order_by("pk").values_list("pk", flat=True))


def _chunks(follows: "QuerySet[Follow]") -> Iterator[list[int]]:
    """The members of these follows, a thousand at a time and by key, so that memory stays flat."""
    after = 0
    while True:
        rows = follows.filter(member__gt=after).order_by("member")
        chunk = list(rows.values_list("member", flat=True).distinct()[:CHUNK])
        if chunk:
            yield chunk
        if len(chunk) < CHUNK:
            return
        after = chunk[-1]
