"""Page-shaped reads: each function fills one page with loaded rows, in a fixed number of queries.

Rows carry ready-made words and addresses, because templates print and do nothing else.
"""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community.core.keyset import read_time_key, split_page, time_key, with_query
from community.core.moments import initials, moment
from community.core.text import excerpt, plain_text
from discussions.models import (
    POSTS_PER_PAGE,
    Follow,
    FollowLevel,
    FollowReason,
    Post,
    Reaction,
    ReadState,
    Space,
    SpacePreset,
    Tag,
    TaggedTopic,
    Topic,
    TopicKind,
    TopicQuerySet,
    visible_spaces,
)
from discussions.permissions import (
    MODERATORS,
    can_close_topic,
    can_create_topic,
    can_edit_topic,
    can_reply,
)
from members.models import Member, RoleName

TOPICS_PER_PAGE = 30
NOBODY = "—"


class Row:
    """Rows answer by name in templates without the detour of an exception, which is Django's first try."""

    __slots__ = ()

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)


@dataclass(frozen=True, slots=True)
class Link(Row):
    """A name and where it leads."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Level(Row):
    """One of the choices of a follow, and whether it is the present one."""

    value: str
    label: str
    current: bool


@dataclass(frozen=True, slots=True)
class PageLink(Row):
    """A page of a thread; without address it stands for a gap."""

    label: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Pages(Row):
    links: list[PageLink]
    previous_url: str
    next_url: str
    latest_url: str


@dataclass(frozen=True, slots=True)
class PostRow(Row):
    """One post as its reader sees it, with the acts open to this reader."""

    anchor: str
    number: int
    url: str
    author_name: str
    author_url: str
    author_initials: str
    headline: str
    when_relative: str
    when_iso: str
    when_exact: str
    html: SafeString | str
    is_first_new: bool = False
    is_accepted: bool = False
    deleted_note: str = ""
    reply_to_number: int = 0
    reply_to_name: str = ""
    reply_to_url: str = ""
    notes: bool = False
    edited_label: str = ""
    history_url: str = ""
    imported_label: str = ""
    thank_url: str = ""
    thanked: bool = False
    thanks_label: str = ""
    reply_url: str = ""
    has_menu: bool = False
    accept_url: str = ""
    accept_label: str = ""
    edit_url: str = ""
    delete_url: str = ""
    restore_url: str = ""


@dataclass(slots=True)
class TopicPage(Row):
    """One page of a thread: 20 numbers of it, whatever of them is still there."""

    id: int
    title: str
    url: str
    is_question: bool
    is_answered: bool
    accepted_url: str
    closed_reason: str
    space_name: str
    space_url: str
    tags: list[Link]
    readable_by: str
    people_count_label: str
    follow_level: str
    follow_levels: list[Level]
    follow_url: str
    can_reply: bool
    why_not: str
    reply_post_url: str
    edit_url: str
    close_url: str
    reopen_url: str
    first_new_url: str
    posts: list[PostRow]
    pages: Pages | None
    read_up_to: int
    similar: list[Link] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TopicRow(Row):
    """A topic in a list."""

    url: str
    title: str
    is_question: bool
    answered: bool
    pinned: bool
    closed: bool
    kind_label: str
    space_name: str
    space_url: str
    author_name: str
    last_poster_name: str
    when_relative: str
    when_iso: str
    when_exact: str
    replies_label: str
    tags_text: str
    new_label: str
    reason: str


@dataclass(frozen=True, slots=True)
class SpaceRow(Row):
    name: str
    url: str
    purpose: str
    preset_label: str
    topics_label: str
    when_relative: str
    when_iso: str
    when_exact: str


@dataclass(frozen=True, slots=True)
class SpacePage(Row):
    name: str
    slug: str
    purpose: str
    preset_label: str
    readable_by: str
    url: str
    write_url: str
    why_not: str
    topics: list[TopicRow]
    older_url: str


@dataclass(frozen=True, slots=True)
class MemberPostRow(Row):
    """A contribution in the list on a person's page."""

    topic_title: str
    url: str
    space_name: str
    when_relative: str
    when_iso: str
    when_exact: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class DiffLine(Row):
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class RevisionRow(Row):
    version: int
    editor_name: str
    when_relative: str
    when_iso: str
    when_exact: str
    reason: str
    lines: list[DiffLine]


def readable_by(space: Space) -> str:
    """The plain sentence who will be able to read (rule 3.6)."""
    sentences = {
        SpacePreset.OPEN: _("All members can read this."),
        SpacePreset.READ_ONLY: _("All members can read this; community managers and moderators write."),
        SpacePreset.PRIVATE: _("The people listed in this space can read this, and the moderators."),
        SpacePreset.HIDDEN: _("The people listed in this space can read this, and the moderators."),
        SpacePreset.EXPERTS: _(
            "Experts and the people listed in this space can read this, and the moderators."
        ),
        SpacePreset.CONFIDENTIAL: _(
            "Only the people listed in this room can read this. Nothing of it leaves by mail."
        ),
    }
    return sentences[SpacePreset(space.preset)]


# --- A topic --------------------------------------------------------------------------------------------------


def open_topic(user: Member, topic_id: int) -> Topic | None:
    """The topic with its space and this reader's place in it; None where there is none for them. One query."""
    mine = Follow.objects.filter(member=user, topic=OuterRef("pk")).values("level")
    read = ReadState.objects.filter(member=user, topic=OuterRef("pk")).values("last_read_number")
    return (
        Topic.objects.visible_to(user)
        .select_related("space")
        .annotate(my_level=Subquery(mine), my_number=Coalesce(Subquery(read), Value(0)))
        .filter(pk=topic_id)
        .first()
    )


def page_of(number: int) -> int:
    """Numbers 1 to 20 are page 1, 21 to 40 page 2, whatever is missing among them."""
    return (max(number, 1) - 1) // POSTS_PER_PAGE + 1


def first_new_number(topic: Topic) -> int:
    """The number after the last one read; 0 for somebody who has read everything or never was here."""
    read: int = topic.my_number  # type: ignore[attr-defined]
    return read + 1 if 0 < read < topic.last_number else 0


def topic_page(topic: Topic, user: Member, *, page: int) -> TopicPage:
    """Fill one page of an opened topic: two queries (posts, tags) beside those of `open_topic`.

    Posts are found by number, so that page 250 costs what page 1 costs.
    """
    pages_in_all = page_of(topic.last_number)
    page = min(max(page, 1), pages_in_all)
    lowest = (page - 1) * POSTS_PER_PAGE + 1
    new_from = first_new_number(topic)
    posts = post_rows(
        topic, user, Q(number__gte=lowest, number__lt=lowest + POSTS_PER_PAGE), new_from=new_from
    )
    url = topic.get_absolute_url()
    reply = can_reply(user, topic)
    closing = bool(can_close_topic(user, topic))
    new_is_elsewhere = bool(new_from) and page_of(new_from) != page
    level = topic.my_level or ""  # type: ignore[attr-defined]
    tags = (
        TaggedTopic.objects.filter(content_object=topic)
        .values_list("tag__name", "tag__slug")
        .order_by("tag__name")
    )
    return TopicPage(
        id=topic.pk,
        title=topic.title,
        url=url,
        is_question=topic.kind == TopicKind.QUESTION,
        is_answered=topic.accepted_post_id is not None,
        accepted_url=reverse("post_show", args=[topic.accepted_post_id]) if topic.accepted_post_id else "",
        closed_reason=(topic.close_reason or _("closed")) if topic.closed_at else "",
        space_name=topic.space.name,
        space_url=topic.space.get_absolute_url(),
        tags=[Link(name, reverse("tag_show", args=[slug])) for name, slug in tags],
        readable_by=readable_by(topic.space),
        people_count_label=ngettext("{count} person", "{count} people", topic.people_count).format(
            count=topic.people_count
        ),
        follow_level=level,
        follow_levels=follow_levels(level),
        follow_url=f"{url}follow/",
        can_reply=bool(reply),
        why_not="" if reply else getattr(reply, "reason", ""),
        reply_post_url=f"{url}posts/",
        edit_url=f"{url}edit/" if can_edit_topic(user, topic) else "",
        close_url=f"{url}close/" if closing and topic.closed_at is None else "",
        reopen_url=f"{url}reopen/" if closing and topic.closed_at is not None else "",
        first_new_url=topic.get_post_url(new_from) if new_is_elsewhere else "",
        posts=posts,
        pages=_pages(url, page, pages_in_all, topic),
        read_up_to=topic.last_number if page == pages_in_all else lowest + POSTS_PER_PAGE - 1,
    )


def follow_levels(current: str) -> list[Level]:
    return [Level(value, str(label), value == current) for value, label in FollowLevel.choices]


_POST_COLUMNS = (
    "id",
    "number",
    "author_id",
    "author__display_name",
    "author__handle",
    "author__headline",
    "reply_to__number",
    "reply_to__author__display_name",
    "html",
    "created_at",
    "edited_at",
    "deleted_at",
    "deleted_by_id",
    "thanks_count",
    "imported_upvotes",
    "thanked",
)


def post_rows(topic: Topic, user: Member, which: Q, *, new_from: int = 0) -> list[PostRow]:
    """The chosen posts of a topic for this reader, in the order of their numbers. One query."""
    thanks = Reaction.objects.filter(post=OuterRef("pk"), member=user, kind="thanks")
    rows = (
        Post.objects.filter(which, topic=topic)
        .annotate(thanked=Exists(thanks))
        .order_by("number")
        .values_list(*_POST_COLUMNS)
    )
    return _PostPrinter(topic, user, new_from).print(rows)


class _PostPrinter:
    """Turns columns into rows; what is the same for all posts of a page is worked out once."""

    def __init__(self, topic: Topic, user: Member, new_from: int) -> None:
        self.topic = topic
        self.now = timezone.now()
        self.new_from = new_from
        self.user_id = user.pk
        self.is_moderator = user.has_role(*MODERATORS)
        self.may_write = bool(can_reply(user, topic))
        self.may_change_own = topic.closed_at is None or self.is_moderator
        is_question = topic.kind == TopicKind.QUESTION
        self.may_accept = is_question and (
            topic.author_id == user.pk or self.is_moderator or user.has_role(RoleName.EXPERT)
        )
        self.url = topic.get_absolute_url()
        self.posts_url = reverse("post_show", args=[0])[: -len("0/")]
        self.members_url = reverse("member_show", args=["_"])[: -len("_/")]
        self.accept_words = (_("Accept as answer"), _("Take the acceptance back"))
        self.edited_words = _("edited {when}")
        self.nobody = _("A former member")

    def print(self, rows: Iterable[Sequence[Any]]) -> list[PostRow]:
        return [self._row(*columns) for columns in rows]

    def _url_of(self, number: int) -> str:
        return f"{self.url}?page={page_of(number)}#post-{number}"

    def _row(
        self,
        post_id: int,
        number: int,
        author_id: int | None,
        author_name: str | None,
        handle: str | None,
        headline: str | None,
        reply_to_number: int | None,
        reply_to_name: str | None,
        html: str,
        created_at: datetime,
        edited_at: datetime | None,
        deleted_at: datetime | None,
        deleted_by_id: int | None,
        thanks_count: int,
        imported_upvotes: int,
        thanked: bool,
    ) -> PostRow:
        anchor, base = f"post-{number}", f"{self.posts_url}{post_id}/"
        when = moment(created_at, self.now)
        if deleted_at is not None:
            return PostRow(
                anchor, number, self._url_of(number), "", "", "", "", when.relative, when.iso, when.exact, "",
                is_first_new=number == self.new_from,
                deleted_note=_("Post {number} was deleted.").format(number=number),
                restore_url=f"{base}restore/" if self.is_moderator or deleted_by_id == self.user_id else "",
            )  # fmt: skip
        is_mine = author_id == self.user_id
        is_accepted = post_id == self.topic.accepted_post_id
        may_edit = self.is_moderator or (is_mine and self.may_change_own)
        accept_url = ""
        if self.may_accept and number > 1:
            accept_url = f"{base}{'unaccept' if is_accepted else 'accept'}/"
        edited_label = (
            self.edited_words.format(when=moment(edited_at, self.now).relative) if edited_at else ""
        )
        imported_label = (
            ngettext(
                "{count} vote before the move", "{count} votes before the move", imported_upvotes
            ).format(count=imported_upvotes)
            if imported_upvotes
            else ""
        )
        name = author_name or self.nobody
        return PostRow(
            anchor=anchor,
            number=number,
            url=self._url_of(number),
            author_name=name,
            author_url=f"{self.members_url}{handle}/" if handle else "",
            author_initials=initials(name),
            headline=headline or "",
            when_relative=when.relative,
            when_iso=when.iso,
            when_exact=when.exact,
            # Sanitised when it was stored (rule 3.4): the one field that is printed as HTML.
            html=mark_safe(html),  # noqa: S308
            is_first_new=number == self.new_from,
            is_accepted=is_accepted,
            reply_to_number=reply_to_number if reply_to_number and reply_to_number > 1 else 0,
            reply_to_name=reply_to_name or self.nobody,
            reply_to_url=self._url_of(reply_to_number or 1),
            notes=bool(edited_label or imported_label),
            edited_label=edited_label,
            history_url=f"{base}history/",
            imported_label=imported_label,
            thank_url="" if is_mine else f"{base}{'unthank' if thanked else 'thank'}/",
            thanked=thanked,
            thanks_label=ngettext("{count} thanks", "{count} thanks", thanks_count).format(count=thanks_count)
            if thanks_count
            else "",
            reply_url=f"{self.url}?page={page_of(number)}&reply_to={number}#write" if self.may_write else "",
            has_menu=may_edit or bool(accept_url),
            accept_url=accept_url,
            accept_label=self.accept_words[is_accepted],
            edit_url=f"{base}edit/" if may_edit else "",
            delete_url=f"{base}delete/" if may_edit and number > 1 else "",
        )


def _pages(url: str, page: int, pages_in_all: int, topic: Topic) -> Pages | None:
    if pages_in_all == 1:
        return None
    shown = sorted({1, pages_in_all, *range(max(1, page - 2), min(pages_in_all, page + 2) + 1)})
    links: list[PageLink] = []
    before = 0
    for number in shown:
        if number > before + 1:
            links.append(PageLink("…", "", current=False))
        links.append(PageLink(str(number), f"{url}?page={number}", current=number == page))
        before = number
    return Pages(
        links=links,
        previous_url=f"{url}?page={page - 1}" if page > 1 else "",
        next_url=f"{url}?page={page + 1}" if page < pages_in_all else "",
        latest_url=topic.get_post_url(topic.last_number),
    )


def post_history(post: Post) -> list[RevisionRow]:
    """What each edit of a post changed, newest first: the lines added and removed. Two queries."""
    revisions = list(post.revisions.select_related("edited_by").order_by("-version")[:100])
    now = timezone.now()
    rows = []
    after_title, after = post.topic.title if post.number == 1 else "", post.source
    for revision in revisions:
        when = moment(revision.edited_at, now)
        before_title = revision.title or after_title
        lines = _diff(_titled(before_title, revision.source), _titled(after_title, after))
        rows.append(
            RevisionRow(
                version=revision.version + 1,
                editor_name=revision.edited_by.display_name if revision.edited_by else NOBODY,
                when_relative=when.relative,
                when_iso=when.iso,
                when_exact=when.exact,
                reason=revision.reason,
                lines=lines,
            )
        )
        after_title, after = before_title, revision.source
    return rows


def _titled(title: str, source: str) -> list[str]:
    return ([title] if title else []) + source.splitlines()


def _diff(before: list[str], after: list[str]) -> list[DiffLine]:
    kinds = {"  ": "same", "+ ": "added", "- ": "removed"}
    # Lines are compared whole: cheap for any input, where comparing letters is not (trust §1.1 no. 23).
    return [
        DiffLine(kinds[line[:2]], line[2:])
        for opcode in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        for line in _lines_of(opcode, before, after)
    ]


def _lines_of(opcode: tuple[str, int, int, int, int], before: list[str], after: list[str]) -> list[str]:
    tag, i1, i2, j1, j2 = opcode
    if tag == "equal":
        return [f"  {line}" for line in before[i1:i2]]
    return [f"- {line}" for line in before[i1:i2]] + [f"+ {line}" for line in after[j1:j2]]


# --- Lists of topics ------------------------------------------------------------------------------------------

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
