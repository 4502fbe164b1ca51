"""Lists of spaces, topics and posts, read by key and never by offset."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community.core.keyset import read_time_key, split_page, time_key, with_query
from community.core.moments import moment
from community.core.text import excerpt, plain_text
from discussions.models import (
    Follow,
    FollowLevel,
    FollowReason,
    Post,
    ReadState,
    Space,
    Tag,
    TaggedTopic,
    Topic,
    TopicKind,
    TopicQuerySet,
    visible_spaces,
)
from discussions.permissions import can_create_topic
from discussions.queries.rows import MemberPostRow, SpacePage, SpaceRow, TopicRow
from discussions.queries.topic import page_of, readable_by
from members.models import Member

TOPICS_PER_PAGE = 30


_TOPIC_COLUMNS = (
    "id",
    "kind",
    "title",
    "space_id",
    "accepted_post_id",
    "pinned_at",
    "closed_at",
    "last_number",
    "post_count",
    "last_post_at",
    "author__display_name",
    "last_poster__display_name",
    "my_number",
    "my_reason",
)


def topic_rows(
    topics: TopicQuerySet,
    user: Member,
    *,
    limit: int,
    on_top: TopicQuerySet | None = None,
    in_space: bool = False,
    at: str = "last_post_at",
) -> tuple[list[TopicRow], str]:
    """Rows of an ordered queryset of topics and the key of the next page ('' at the end). Two queries: topics and tags.

    `at` is the time the list is ordered by: it is shown, and it is the key. `on_top` stands above the list, whatever
    its time, for one query more.
    """
    read = ReadState.objects.filter(member=user, topic=OuterRef("pk")).values("last_read_number")
    reason = (
        Follow.objects.filter(member=user, topic=OuterRef("pk"))
        .exclude(level=FollowLevel.MUTE)
        .values("reason")
    )

    def columns(queryset: TopicQuerySet) -> Any:
        mine = queryset.annotate(my_number=Coalesce(Subquery(read), Value(0)), my_reason=Subquery(reason))
        return mine.values_list(*_TOPIC_COLUMNS, at)

    found, has_more = split_page(columns(topics)[: limit + 1], limit)
    key = time_key(found[-1][-1], found[-1][0]) if has_more else ""
    if on_top is not None:
        found = [*columns(on_top), *found]
    tags: dict[int, list[str]] = {}
    tagged = TaggedTopic.objects.filter(content_object__in=[row[0] for row in found])
    for topic_id, name in (
        tagged.values_list("content_object_id", "tag__name").order_by("tag__name") if found else ()
    ):
        tags.setdefault(topic_id, []).append(f"#{name}")
    spaces = {space.pk: space for space in visible_spaces(user)}
    now = timezone.now()
    words = _ListWords()
    return [words.row(row, tags, spaces, now, in_space=in_space) for row in found], key


class _ListWords:
    """The words of a list, translated once for all its rows."""

    def __init__(self) -> None:
        self.kinds = {value: str(label) for value, label in TopicKind.choices}
        self.reasons = {
            value: _("because {reason}").format(reason=label) for value, label in FollowReason.choices
        }
        self.topics_url = reverse("topic_show", args=[0])[: -len("0/")]
        self.nobody = _("A former member")

    def row(
        self,
        columns: Sequence[Any],
        tags: dict[int, list[str]],
        spaces: dict[int, Space],
        now: datetime,
        *,
        in_space: bool,
    ) -> TopicRow:
        (topic_id, kind, title, space_id, accepted_id, pinned_at, closed_at, last_number, post_count, _last_post_at,
         author_name, last_poster_name, my_number, my_reason, at) = columns  # fmt: skip
        replies = post_count - 1
        new = last_number - my_number if my_number and last_number > my_number else 0
        url = f"{self.topics_url}{topic_id}/"
        if new:
            url = f"{url}?page={page_of(my_number + 1)}#post-{my_number + 1}"
        when = moment(at, now)
        space = spaces[space_id]
        return TopicRow(
            url=url,
            title=title,
            is_question=kind == TopicKind.QUESTION,
            answered=accepted_id is not None,
            pinned=pinned_at is not None,
            closed=closed_at is not None,
            kind_label=self.kinds[kind],
            space_name="" if in_space else space.name,
            space_url="" if in_space else space.get_absolute_url(),
            author_name=author_name or self.nobody,
            last_poster_name=(last_poster_name or self.nobody) if replies > 0 else "",
            when_relative=when.relative,
            when_iso=when.iso,
            when_exact=when.exact,
            replies_label=ngettext("{count} reply", "{count} replies", replies).format(count=replies)
            if replies
            else _("no replies"),
            tags_text=" ".join(tags.get(topic_id, ())),
            new_label=_("{count} new").format(count=new) if new else "",
            reason=self.reasons.get(my_reason, "") if new else "",
        )


def _behind(topics: TopicQuerySet, before: str | None) -> TopicQuerySet:
    """The rest of a list behind the key; the whole list for no key or one that is none of ours."""
    key = read_time_key(before)
    if key is None:
        return topics
    at, topic_id = key
    return topics.filter(Q(last_post_at__lt=at) | Q(last_post_at=at, pk__lt=topic_id))


def space_page(space: Space, user: Member, *, before: str | None) -> SpacePage:
    """A space with its topics, pinned ones on top of the first page. Three queries."""
    topics = Topic.objects.present().filter(space=space).order_by("-last_post_at", "-id")
    url = space.get_absolute_url()
    rows, key = topic_rows(
        _behind(topics.filter(pinned_at__isnull=True), before),
        user,
        limit=TOPICS_PER_PAGE,
        on_top=topics.filter(pinned_at__isnull=False) if before is None else None,
        in_space=True,
    )
    write = can_create_topic(user, space)
    return SpacePage(
        name=space.name,
        slug=space.slug,
        purpose=space.purpose,
        preset_label=str(space.get_preset_display()),
        readable_by=readable_by(space),
        url=url,
        write_url=with_query(reverse("topic_create"), space=space.slug) if write else "",
        why_not="" if write else getattr(write, "reason", ""),
        topics=rows,
        older_url=with_query(url, before=key) if key else "",
    )


def space_rows(user: Member) -> list[SpaceRow]:
    """The spaces this person may see, with how much is in them. Two queries."""
    spaces = visible_spaces(user)
    topics = Topic.objects.present().filter(space=OuterRef("pk")).order_by("-last_post_at", "-id")
    latest = dict(
        Space.objects.filter(pk__in=[space.pk for space in spaces])
        .annotate(latest=Subquery(topics.values("last_post_at")[:1]))
        .values_list("pk", "latest")
    )
    now = timezone.now()
    rows = []
    for space in spaces:
        at = latest.get(space.pk)
        when = moment(at, now) if at else None
        rows.append(
            SpaceRow(
                name=space.name,
                url=space.get_absolute_url(),
                purpose=space.purpose,
                preset_label=str(space.get_preset_display()),
                topics_label=_("archived")
                if space.archived_at
                else ("" if when else _("nothing written yet")),
                when_relative=when.relative if when else "",
                when_iso=when.iso if when else "",
                when_exact=when.exact if when else "",
            )
        )
    return rows


def tag_topics(tag: Tag, user: Member, *, before: str | None) -> tuple[list[TopicRow], str]:
    """The topics under a tag that this person may see, latest first, and the address of the next page."""
    topics = Topic.objects.visible_to(user).filter(tagged_topics__tag=tag).order_by("-last_post_at", "-id")
    rows, key = topic_rows(_behind(topics, before), user, limit=TOPICS_PER_PAGE)
    return rows, with_query(tag.get_absolute_url(), before=key) if key else ""


def moved_topics(user: Member, *, limit: int) -> list[TopicRow]:
    """Followed topics with something this person has not read, latest first."""
    follows = Follow.objects.filter(member=user, topic=OuterRef("pk")).exclude(level=FollowLevel.MUTE)
    read = ReadState.objects.filter(member=user, topic=OuterRef("pk")).values("last_read_number")
    topics = (
        Topic.objects.visible_to(user)
        .filter(Exists(follows))
        .alias(read_to=Coalesce(Subquery(read), Value(0)))
        .filter(last_number__gt=F("read_to"))
        .order_by("-last_post_at", "-id")
    )
    return topic_rows(topics, user, limit=limit)[0]


def latest_topics(user: Member, *, limit: int) -> list[TopicRow]:
    """What moved last anywhere this person may read."""
    return topic_rows(Topic.objects.visible_to(user).order_by("-last_post_at", "-id"), user, limit=limit)[0]


def unanswered_questions(user: Member, *, limit: int) -> list[TopicRow]:
    """Open questions without an accepted answer that somebody else asked, newest first."""
    topics = (
        Topic.objects.visible_to(user)
        .filter(kind=TopicKind.QUESTION, accepted_post__isnull=True, closed_at__isnull=True)
        .exclude(author=user)
        .order_by("-created_at", "-id")
    )
    return topic_rows(topics, user, limit=limit, at="created_at")[0]


def member_posts(member: Member, reader: Member, *, before: str | None) -> tuple[list[MemberPostRow], str]:
    """What a person wrote where the reader may read, newest first, and the key of the next page. One query."""
    posts = (
        Post.objects.visible_to(reader)
        .filter(author=member)
        .select_related("topic__space")
        .order_by("-created_at", "-id")
    )
    key = read_time_key(before)
    if key is not None:
        at, post_id = key
        posts = posts.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=post_id))
    found, has_more = split_page(list(posts[:21]), 20)
    now = timezone.now()
    rows = []
    for post in found:
        when = moment(post.created_at, now)
        rows.append(
            MemberPostRow(
                topic_title=post.topic.title,
                url=post.get_absolute_url(),
                space_name=post.topic.space.name,
                when_relative=when.relative,
                when_iso=when.iso,
                when_exact=when.exact,
                excerpt=excerpt(plain_text(post.html)),
            )
        )
    return rows, time_key(found[-1].created_at, found[-1].pk) if has_more else ""
