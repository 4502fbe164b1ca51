"""Lists of spaces, topics and posts, read by key and never by offset."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import DateTimeField, Exists, IntegerField, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from community.core.http import address_of
from community.core.keyset import read_number_key, read_time_key, split_page, time_key, with_query
from community.core.moments import Clock
from community.core.statements import Blank, OneOf, Statement
from community.core.text import excerpt, plain_text
from discussions.models import (
    Claim,
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
from discussions.permissions import can_create_topic, can_read_figures, can_settle_space, is_steward
from discussions.queries.rows import MemberPostRow, SpacePage, SpaceRow, TopicRow
from discussions.queries.topic import page_of, readable_by
from members.models import Member

TOPICS_PER_PAGE = 30
# Beyond that hardly two topics have the same number.
MANY_REPLIES = 1_000
# After that nobody is a newcomer any more.
NEWCOMER_FOR = timedelta(days=30)


TOPIC_COLUMNS = (
    "id",
    "kind",
    "title",
    "space_id",
    "accepted_post_id",
    "pinned_at",
    "closed_at",
    "last_number",
    "post_count",
    "author__display_name",
    "last_poster__display_name",
    "my_number",
    "my_reason",
    "tag_names",
    "answering",
    "useful_people",
    "useful_companies",
)
# The key of a first page: everything lies behind it.
_TOP = (datetime(9999, 1, 1, tzinfo=UTC), 0)
_MOST = 2**31 - 1

_READER, _SPACES = Blank("reader"), Blank("spaces")
_FOLLOWS = Follow.objects.filter(member=_READER, topic=OuterRef("pk")).exclude(level=FollowLevel.MUTE)
_READ = ReadState.objects.filter(member=_READER, topic=OuterRef("pk"))
_READ_TO = Coalesce(Subquery(_READ.values("last_read_number")), Value(0))
# Rule 3.11: whoever said "I am answering this" within the last two days.
_CLAIMS = Claim.objects.current().filter(topic=OuterRef("pk"))
_TAGS = TaggedTopic.objects.filter(content_object=OuterRef("pk")).order_by("tag__name")


@cache
def _statement(topics: Callable[[], TopicQuerySet], at: str, limit: int, order: str) -> Statement:
    """The rows of a list by the column `order`, highest first, behind the key (`before`, `before_id`)."""
    before = Blank("before", DateTimeField() if order == at else IntegerField())
    before_id = Blank("before_id")
    # Said twice, because the index is entered at the first condition and the second one only sorts out ties.
    behind = Q(**{f"{order}__lte": before}) & (Q(**{f"{order}__lt": before}) | Q(pk__lt=before_id))
    return Statement(
        lambda: (
            topics()
            .filter(behind)
            .annotate(
                my_number=_READ_TO,
                my_reason=Subquery(_FOLLOWS.values("reason")),
                tag_names=ArraySubquery(_TAGS.values("tag__name")),
                answering=Subquery(_CLAIMS.values("member__display_name")),
            )
            .order_by(f"-{order}", "-id")
            .values_list(*TOPIC_COLUMNS, at, order)[:limit]
        )
    )


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a topic stands in a list, ready to print, and the address that undoes it ('' where nothing does)."""

    text: str
    undo_url: str = ""
    is_unread: bool = False


def _nothing_more(row: Sequence[Any]) -> None:
    """The reason is that of the reader's follow, where something is new."""


def topic_rows(
    topics: Callable[[], TopicQuerySet],
    user: Member,
    *,
    limit: int,
    before: str | None = None,
    on_top: Callable[[], TopicQuerySet] | None = None,
    in_space: bool = False,
    at: str = "last_post_at",
    order: str = "",
    why: Callable[[Sequence[Any]], Reason | None] = _nothing_more,
    **blanks: object,
) -> tuple[list[TopicRow], str]:
    """Rows of a list of topics for this reader and the key of its next page ('' at the end). One query.

    `topics` gives the queryset, in which `reader`, `spaces` and the `blanks` stand open. `at` is the time the list is
    ordered by: it is shown, and it is the key, but where `order` names the column of a number. `on_top` stands above
    the first page, for one query more. `why` says of a row why it stands in the list.
    """
    spaces = {space.pk: space for space in visible_spaces(user)}
    blanks |= {"reader": user.pk, "spaces": list(spaces)}
    first_key = read_number_key(before) if order else read_time_key(before)
    top, topic_id = first_key or ((_MOST, 0) if order else _TOP)
    found, has_more = split_page(
        _statement(topics, at, limit + 1, order or at)(before=top, before_id=topic_id, **blanks), limit
    )
    key = _key_of(found[-1]) if has_more else ""
    if on_top is not None and first_key is None:
        found = [*_statement(on_top, at, limit, at)(before=_TOP[0], before_id=_TOP[1], **blanks), *found]
    words, clock = _words(get_language()), Clock(timezone.now())
    return [words.row(row, spaces, clock, why(row), in_space=in_space) for row in found], key


def _key_of(row: Sequence[Any]) -> str:
    last = row[-1]
    return time_key(last, row[0]) if isinstance(last, datetime) else f"{last}-{row[0]}"


class _ListWords:
    """The words of lists in one language."""

    def __init__(self) -> None:
        self.kinds = {value: str(label) for value, label in TopicKind.choices}
        self.reasons = {
            value: _("because {reason}").format(reason=label) for value, label in FollowReason.choices
        }
        self.topics_url = address_of("topic_show")
        self.nobody = _("A former member")
        self.none_yet = _("no replies")
        self.replies: dict[int, str] = {}
        self.new = _("{count} new")
        self.unread = _("new")
        self.answering = _("{name} is answering")

    def replies_label(self, count: int) -> str:
        """Numbers that many topics have are put into words once."""
        label = self.replies.get(count)
        if label is None:
            label = ngettext("{count} reply", "{count} replies", count).format(count=count)
            if count < MANY_REPLIES:
                self.replies[count] = label
        return label

    def row(
        self,
        columns: Sequence[Any],
        spaces: dict[int, Space],
        clock: Clock,
        why: Reason | None,
        *,
        in_space: bool,
    ) -> TopicRow:
        (topic_id, kind, title, space_id, accepted_id, pinned_at, closed_at, last_number, post_count,
         author_name, last_poster_name, my_number, my_reason, tag_names, answering, _people, _companies,
         at, _key) = columns  # fmt: skip
        replies = post_count - 1
        new = last_number - my_number if my_number and last_number > my_number else 0
        new_label = self.new.format(count=new) if new else ""
        if why is not None and why.is_unread and not new_label:
            new_label = self.unread
        url = f"{self.topics_url}{topic_id}/"
        if new:
            url = f"{url}?page={page_of(my_number + 1)}#post-{my_number + 1}"
        when = clock.moment(at)
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
            replies_label=self.replies_label(replies) if replies else self.none_yet,
            tags_text=" ".join([f"#{name}" for name in tag_names]),
            new_label=new_label,
            reason=why.text if why else (self.reasons.get(my_reason, "") if new else ""),
            answering_label=self.answering.format(name=answering)
            if answering and accepted_id is None
            else "",
            undo_url=why.undo_url if why else "",
        )


@cache
def _words(language: str | None) -> _ListWords:
    """Looked up once in a process: a list has a dozen words that are the same for everybody."""
    return _ListWords()


def _in_space() -> TopicQuerySet:
    return Topic.objects.present().filter(space=Blank("space"), pinned_at__isnull=True)


def _pinned_in_space() -> TopicQuerySet:
    return Topic.objects.present().filter(space=Blank("space"), pinned_at__isnull=False)


def space_page(space: Space, user: Member, *, before: str | None) -> SpacePage:
    """A space with its topics, pinned ones on top of the first page. Two queries."""
    url = space.get_absolute_url()
    rows, key = topic_rows(
        _in_space,
        user,
        limit=TOPICS_PER_PAGE,
        before=before,
        on_top=_pinned_in_space,
        in_space=True,
        space=space.pk,
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
        settle_url=f"{url}edit/" if can_settle_space(user, space) else "",
        figures_url=f"{url}figures/" if can_read_figures(user, space) else "",
        stand_in_url=f"{url}stewards/stand-in/" if is_steward(user, space.pk) else "",
        topics=rows,
        older_url=with_query(url, before=key) if key else "",
    )


_LATEST_IN = Topic.objects.present().filter(space=OuterRef("pk")).order_by("-last_post_at", "-id")
_LATEST_OF = Statement(
    lambda: (
        Space.objects.filter(OneOf("pk", _SPACES))
        .order_by()
        .annotate(latest=Subquery(_LATEST_IN.values("last_post_at")[:1]))
        .values_list("pk", "latest")
    )
)


def space_rows(user: Member) -> list[SpaceRow]:
    """The spaces this person may see, with how much is in them. Two queries."""
    spaces = visible_spaces(user)
    latest = {row[0]: row[1] for row in _LATEST_OF(spaces=[space.pk for space in spaces])}
    clock = Clock(timezone.now())
    rows = []
    for space in spaces:
        at = latest.get(space.pk)
        when = clock.moment(at) if at else None
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


def _tagged() -> TopicQuerySet:
    return Topic.objects.in_spaces(_SPACES).filter(tagged_topics__tag=Blank("tag"))


def tag_topics(tag: Tag, user: Member, *, before: str | None) -> tuple[list[TopicRow], str]:
    """The topics under a tag that this person may see, latest first, and the address of the next page."""
    rows, key = topic_rows(_tagged, user, limit=TOPICS_PER_PAGE, before=before, tag=tag.pk)
    return rows, with_query(tag.get_absolute_url(), before=key) if key else ""


def _latest() -> TopicQuerySet:
    return Topic.objects.in_spaces(_SPACES)


def latest_topics(user: Member, *, limit: int) -> list[TopicRow]:
    """What moved last anywhere this person may read."""
    return topic_rows(_latest, user, limit=limit)[0]


def _unanswered() -> TopicQuerySet:
    open_questions = Topic.objects.in_spaces(_SPACES).filter(
        kind=TopicKind.QUESTION, accepted_post__isnull=True, closed_at__isnull=True
    )
    return open_questions.exclude(author=_READER)


def unanswered_questions(user: Member, *, limit: int) -> list[TopicRow]:
    """Open questions without an accepted answer that somebody else asked, newest first."""
    return topic_rows(_unanswered, user, limit=limit, at="created_at")[0]


def _first_of_newcomers() -> TopicQuerySet:
    """Driven by the few tags that the reader knows: the other way round it would walk a month of topics."""
    # What they began where the reader may not look says nothing here.
    earlier = Topic.objects.in_spaces(_SPACES).filter(author=OuterRef("author"), pk__lt=OuterRef("pk"))
    about = TaggedTopic.objects.filter(OneOf("tag", Blank("tags"))).values("content_object")
    return (
        Topic.objects.in_spaces(_SPACES)
        .filter(pk__in=about, post_count=1, closed_at__isnull=True, created_at__gt=Now() - NEWCOMER_FOR)
        .filter(~Exists(earlier), author__joined_at__gt=Now() - NEWCOMER_FOR)
        .exclude(author=_READER)
    )


def first_posts_of_newcomers(user: Member, tags: Sequence[int], *, limit: int) -> list[TopicRow]:
    """Rule 1.11: what newcomers wrote first and nobody answered yet, about what this person knows. One query."""
    if not tags:
        return []
    return topic_rows(_first_of_newcomers, user, limit=limit, at="created_at", tags=list(tags))[0]


def _knowable() -> TopicQuerySet:
    about = TaggedTopic.objects.filter(OneOf("tag", Blank("tags"))).values("content_object")
    return _unanswered().filter(pk__in=about)


def questions_one_knows(user: Member, tags: Sequence[int], *, limit: int) -> list[TopicRow]:
    """Open questions of others about what this person knows, newest first. One query, none without a tag."""
    if not tags:
        return []
    reason = Reason(_("matches what you know"))
    return topic_rows(
        _knowable, user, limit=limit, at="created_at", why=lambda _row: reason, tags=list(tags)
    )[0]


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
    clock = Clock(timezone.now())
    rows = []
    for post in found:
        when = clock.moment(post.created_at)
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
