"""One page of a thread, and the posts on it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import quote

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Count, Exists, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from community.core.http import address_of
from community.core.models import Module
from community.core.moments import Clock, initials
from community.core.statements import Blank, Statement
from discussions.models import (
    POSTS_PER_PAGE,
    Bookmark,
    Claim,
    Follow,
    FollowLevel,
    FollowReason,
    Poll,
    Post,
    Reaction,
    ReactionKind,
    ReadState,
    Resource,
    Space,
    SpacePreset,
    TaggedTopic,
    Topic,
    TopicKind,
    visible_spaces,
)
from discussions.permissions import (
    IN_BIN_FOR,
    MODERATORS,
    can_claim_question,
    can_close_topic,
    can_edit_topic,
    can_reply,
)
from discussions.queries.moved import with_moved
from discussions.queries.rows import Level, Link, PageLink, Pages, PostRow, ReplyRow, TopicPage
from discussions.queries.settling import about_settling, create_poll_url
from members.actions.photo import PhotoSize
from members.models import Expertise, Member, RoleName


def readable_by(space: Space) -> str:
    """The plain sentence who will be able to read (rule 3.6)."""
    return str(_READABLE_BY[SpacePreset(space.preset)])


_READABLE_BY = {
    SpacePreset.OPEN: gettext_lazy("All members can read this."),
    SpacePreset.READ_ONLY: gettext_lazy(
        "All members can read this; community managers and moderators write."
    ),
    SpacePreset.PRIVATE: gettext_lazy("The people listed in this space can read this, and the moderators."),
    SpacePreset.HIDDEN: gettext_lazy("The people listed in this space can read this, and the moderators."),
    SpacePreset.EXPERTS: gettext_lazy(
        "Experts and the people listed in this space can read this, and the moderators."
    ),
    SpacePreset.CONFIDENTIAL: gettext_lazy(
        "Only the people listed in this room can read this. Nothing of it leaves by mail."
    ),
}


#: For so long a deleted post offers to be undone.
UNDO_FOR = timedelta(seconds=10)

_TOPIC_COLUMNS = tuple(field.attname for field in Topic._meta.concrete_fields)
_READER = Blank("reader")
# Of the replies to one post, shown under it.
REPLIES_SHOWN = 50
_MINE = (
    *("my_level", "my_reason", "claimer_id", "claimer", "my_number", "tag_names", "tag_slugs", "has_polls"),
    "resource_spaces",
)


def _opened() -> "QuerySet[Topic, Any]":
    mine = Follow.objects.filter(member=_READER, topic=OuterRef("pk"))
    read = ReadState.objects.filter(member=_READER, topic=OuterRef("pk"))
    tags = TaggedTopic.objects.filter(content_object=OuterRef("pk")).order_by("tag__name")
    claim = Claim.objects.current().filter(topic=OuterRef("pk"))
    resources = Resource.objects.published().filter(sources__topic=OuterRef("pk"))
    return (
        Topic.objects.present()
        .filter(pk=Blank("topic"))
        .annotate(
            my_level=Coalesce(Subquery(mine.values("level")), Value("")),
            my_reason=Coalesce(Subquery(mine.values("reason")), Value("")),
            claimer_id=Subquery(claim.values("member")),
            claimer=Subquery(claim.values("member__display_name")),
            my_number=Coalesce(Subquery(read.values("last_read_number")), Value(0)),
            tag_names=ArraySubquery(tags.values("tag__name")),
            tag_slugs=ArraySubquery(tags.values("tag__slug")),
            has_polls=Exists(Poll.objects.present().filter(topic=OuterRef("pk"))),
            resource_spaces=ArraySubquery(resources.values("space")),
        )
        .values_list(*_TOPIC_COLUMNS, *_MINE)
    )


_OPENED = Statement(_opened)


def open_topic(user: Member, topic_id: int) -> Topic | None:
    """The topic with its space and tags and this reader's place in it; None where there is none for them.

    One query beside that for the spaces the reader may see, which decide.
    """
    found = _OPENED(topic=topic_id, reader=user.pk)
    if not found:
        return None
    *columns, level, reason, claimer_id, claimer, number, tag_names, tag_slugs, has_polls, spaces = found[0]
    topic = Topic.from_db("default", _TOPIC_COLUMNS, columns)
    visible = {space.pk: space for space in visible_spaces(user)}
    if topic.space_id not in visible:
        return None
    topic.space = visible[topic.space_id]
    # What `annotate` would set.
    topic.__dict__ |= {
        "my_level": level,
        "my_reason": reason,
        "claimer_id": claimer_id,
        "claimer": claimer,
        "my_number": number,
        "my_tags": list(zip(tag_names, tag_slugs, strict=True)),
        "has_polls": has_polls,
        "has_resources": not visible.keys().isdisjoint(spaces),
    }
    return topic


def page_of(number: int) -> int:
    """Numbers 1 to 20 are page 1, 21 to 40 page 2, whatever is missing among them."""
    return (max(number, 1) - 1) // POSTS_PER_PAGE + 1


def first_new_number(topic: Topic) -> int:
    """The number after the last one read; 0 for somebody who has read everything or never was here."""
    read: int = topic.my_number  # type: ignore[attr-defined]
    return read + 1 if 0 < read < topic.last_number else 0


def topic_page(topic: Topic, user: Member, *, page: int) -> TopicPage:
    """Fill one page of an opened topic: one query beside those of `open_topic`.

    Posts are found by number, so that page 250 costs what page 1 costs.
    """
    pages_in_all = page_of(topic.last_number)
    page = min(max(page, 1), pages_in_all)
    lowest = (page - 1) * POSTS_PER_PAGE + 1
    new_from = first_new_number(topic)
    posts = post_rows(topic, user, first=lowest, last=lowest + POSTS_PER_PAGE - 1, new_from=new_from)
    if topic.has_moved_posts:
        posts = with_moved(posts, topic, user, first=lowest, last=lowest + POSTS_PER_PAGE - 1)
    url = topic.get_absolute_url()
    reply = can_reply(user, topic)
    closing = bool(can_close_topic(user, topic))
    new_is_elsewhere = bool(new_from) and page_of(new_from) != page
    level: str = topic.my_level  # type: ignore[attr-defined]
    tags: list[tuple[str, str]] = topic.my_tags  # type: ignore[attr-defined]
    return TopicPage(
        id=topic.pk,
        title=topic.title,
        url=url,
        is_question=topic.kind == TopicKind.QUESTION,
        is_answered=topic.accepted_post_id is not None,
        accepted_url=f"{address_of('post_show')}{topic.accepted_post_id}/" if topic.accepted_post_id else "",
        closed_reason=(topic.close_reason or _("closed")) if topic.closed_at else "",
        space_name=topic.space.name,
        space_url=topic.space.get_absolute_url(),
        tags=[Link(name, f"{address_of('tag_show')}{quote(slug)}/") for name, slug in tags],
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
        **_about_reader(topic, user),
        **about_settling(topic, user),
        read_up_to=topic.last_number if page == pages_in_all else lowest + POSTS_PER_PAGE - 1,
    )


def _about_reader(topic: Topic, user: Member) -> dict[str, Any]:
    """Why the reader follows, and who is at an open question (rules 3.9 and 3.11)."""
    url, reason, claimer_id = topic.get_absolute_url(), topic.my_reason, topic.claimer_id  # type: ignore[attr-defined]
    shown = {
        "live_url": f"{url}live/?after={topic.last_number}",
        "poll_url": create_poll_url(user, topic),
        "resources_url": f"{url}resources/" if user.uses(Module.LIBRARY) else "",
        "has_resources": topic.has_resources,  # type: ignore[attr-defined]
    }
    if reason and topic.my_level != FollowLevel.MUTE:  # type: ignore[attr-defined]
        label = _REASONS[reason]
        shown |= {
            "follow_reason": _("Because {reason}.").format(reason=label),
            "unfollow_url": f"{url}unfollow/",
        }
    if topic.kind != TopicKind.QUESTION or topic.accepted_post_id is not None or topic.closed_at is not None:
        return shown
    shown["experts_url"] = f"{url}experts/"
    if claimer_id == user.pk:
        return shown | {"answering_label": _("You are answering this."), "release_url": f"{url}release/"}
    if claimer_id is not None:
        name = topic.claimer  # type: ignore[attr-defined]
        return shown | {"answering_label": _("{name} is answering this.").format(name=name)}
    return shown | {"claim_url": f"{url}claim/"} if can_claim_question(user, topic) else shown


_REASONS = dict(FollowReason.choices)


def follow_levels(current: str) -> list[Level]:
    """The choices of a follow, the present one marked."""
    return _levels(current, get_language())


@cache
def _levels(current: str, _language: str | None) -> list[Level]:
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
    "hidden_at",
    "thanks_count",
    "imported_upvotes",
    "insightful_count",
    "agree_count",
    "me_too_count",
    "my_reactions",
    "is_bookmarked",
    "reply_count",
    "author__photo__name",
    "expert_topic",
)


def _numbered() -> "QuerySet[Post, Any]":
    mine = Reaction.objects.filter(post=OuterRef("pk"), member=_READER)
    marks = Bookmark.objects.filter(post=OuterRef("pk"), member=_READER)
    replies = Post.objects.present().filter(reply_to=OuterRef("pk")).order_by().values("reply_to")
    # Rule 2.5: the label stands beside the name where the topic carries a tag of that name.
    tags = TaggedTopic.objects.filter(content_object=Blank("topic")).values(name=Lower("tag__name"))
    labels = Expertise.objects.current().filter(member=OuterRef("author"), topic__in=tags).order_by("topic")
    return (
        Post.objects.filter(topic=Blank("topic"), number__gte=Blank("first"), number__lte=Blank("last"))
        .annotate(
            my_reactions=ArraySubquery(mine.values("kind")),
            is_bookmarked=Exists(marks),
            # Whatever answers nobody else answers the first post: its replies are the thread itself.
            reply_count=Case(
                When(number__gt=1, then=Subquery(replies.annotate(n=Count("pk")).values("n"))), default=None
            ),
            expert_topic=Subquery(labels.values("topic")[:1]),
        )
        .order_by("number")
        .values_list(*_POST_COLUMNS)
    )


_NUMBERED = Statement(_numbered)


def post_rows(topic: Topic, user: Member, *, first: int, last: int, new_from: int = 0) -> list[PostRow]:
    """The posts of a topic from the first to the last of these numbers, for this reader. One query."""
    rows = _NUMBERED(topic=topic.pk, reader=user.pk, first=first, last=last)
    return _PostPrinter(topic, user, new_from if new_from >= first else 0).print(rows)


@cache
def _photos_url() -> str:
    return reverse("photo_show", args=["0", 0])[: -len("0/0/")]


class _PostWords:
    """The words around posts in one language."""

    def __init__(self) -> None:
        self.restore = (_("Restore"), _("Undo"))
        self.expert = _("Expert in {topic}")
        self.accept = (_("Accept as answer"), _("Take the acceptance back"))
        self.edited = _("edited {when}")
        self.reactions = (_("{count} insightful"), _("{count} agree"), _("{count} me too"))
        self.nobody = _("A former member")


@cache
def _post_words(language: str | None) -> _PostWords:
    """Looked up once in a process: they are the same for every post and every reader."""
    return _PostWords()


class _PostPrinter:
    """Turns columns into rows; what is the same for all posts of a page is worked out once."""

    def __init__(self, topic: Topic, user: Member, new_from: int) -> None:
        self.topic = topic
        self.now = timezone.now()
        self.clock = Clock(self.now)
        self.words = _post_words(get_language())
        self.thanks: dict[int, str] = {}
        self.new_from = new_from
        self.user_id = user.pk
        self.is_moderator = user.has_role(*MODERATORS)
        self.may_write = bool(can_reply(user, topic))
        self.may_change_own = topic.closed_at is None or self.is_moderator
        is_question = topic.kind == TopicKind.QUESTION
        self.may_accept = is_question and (
            topic.author_id == user.pk or self.is_moderator or user.has_role(RoleName.EXPERT)
        )
        self.is_moderated = user.uses(Module.MODERATION)
        self.url = topic.get_absolute_url()
        self.posts_url = address_of("post_show")
        self.members_url = address_of("member_show")
        self.photos_url = _photos_url()

    def print(self, rows: Iterable[Sequence[Any]]) -> list[PostRow]:
        rows = list(rows)
        if self.new_from:
            # The first new number may be gone, moved elsewhere: the line stands above what came after it.
            self.new_from = next((row[1] for row in rows if row[1] >= self.new_from), 0)
        return [self._row(*columns) for columns in rows]

    def _thanks_label(self, count: int) -> str:
        """Few posts of a page differ in it."""
        label = self.thanks.get(count)
        if label is None:
            label = self.thanks[count] = ngettext("{count} thanks", "{count} thanks", count).format(
                count=count
            )
        return label

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
        hidden_at: datetime | None,
        thanks_count: int,
        imported_upvotes: int,
        insightful_count: int,
        agree_count: int,
        me_too_count: int,
        my_reactions: list[str],
        is_bookmarked: bool,
        reply_count: int | None,
        photo: str | None,
        expert_topic: str | None,
    ) -> PostRow:
        anchor, base = f"post-{number}", f"{self.posts_url}{post_id}/"
        when = self.clock.moment(created_at)
        if deleted_at is not None:
            # Rule 3.7: a slip of the hand is undone with the button under the hand.
            just_now = deleted_by_id == self.user_id and self.now - deleted_at < UNDO_FOR
            is_mine = deleted_by_id == self.user_id and self.now - deleted_at < IN_BIN_FOR
            return PostRow(
                anchor, number, self._url_of(number), "", "", "", "", when.relative, when.iso, when.exact, "",
                is_first_new=number == self.new_from,
                deleted_note=_("Post {number} was deleted.").format(number=number),
                restore_url=f"{base}restore/" if (self.is_moderator or is_mine) and hidden_at is None else "",
                restore_label=self.words.restore[just_now],
            )  # fmt: skip
        is_mine = author_id == self.user_id
        is_accepted = post_id == self.topic.accepted_post_id
        may_edit = self.is_moderator or (is_mine and self.may_change_own)
        accept_url = ""
        if self.may_accept and number > 1:
            accept_url = f"{base}{'unaccept' if is_accepted else 'accept'}/"
        edited_label = (
            self.words.edited.format(when=self.clock.moment(edited_at).relative) if edited_at else ""
        )
        imported_label = (
            ngettext(
                "{count} vote before the move", "{count} votes before the move", imported_upvotes
            ).format(count=imported_upvotes)
            if imported_upvotes
            else ""
        )
        name = author_name or self.words.nobody
        thanked = ReactionKind.THANKS in my_reactions
        reactions_label = ""
        if insightful_count or agree_count or me_too_count:
            counts = zip(self.words.reactions, (insightful_count, agree_count, me_too_count), strict=True)
            reactions_label = " · ".join(word.format(count=count) for word, count in counts if count)
        return PostRow(
            anchor=anchor,
            number=number,
            url=self._url_of(number),
            author_name=name,
            author_url=f"{self.members_url}{handle}/" if handle else "",
            author_initials=initials(name),
            author_photo=f"{self.photos_url}{photo}/{PhotoSize.SMALL}/" if photo else "",
            expert_label=self.words.expert.format(topic=expert_topic) if expert_topic else "",
            headline=headline or "",
            when_relative=when.relative,
            when_iso=when.iso,
            when_exact=when.exact,
            # Sanitised when it was stored (rule 3.4): the one field that is printed as HTML.
            html=mark_safe(html),  # noqa: S308
            is_first_new=number == self.new_from,
            is_accepted=is_accepted,
            reply_to_number=reply_to_number if reply_to_number and reply_to_number > 1 else 0,
            reply_to_name=reply_to_name or self.words.nobody,
            reply_to_url=self._url_of(reply_to_number or 1),
            notes=bool(edited_label or imported_label),
            edited_label=edited_label,
            history_url=f"{base}history/",
            imported_label=imported_label,
            thank_url="" if is_mine else f"{base}{'unthank' if thanked else 'thank'}/",
            thanked=thanked,
            thanks_label=self._thanks_label(thanks_count) if thanks_count else "",
            react_url="" if is_mine else f"{base}react/",
            report_url="" if is_mine or not self.is_moderated else f"{base}report/",
            said_insightful=ReactionKind.INSIGHTFUL in my_reactions,
            said_agree=ReactionKind.AGREE in my_reactions,
            said_me_too=ReactionKind.ME_TOO in my_reactions,
            reactions_label=reactions_label,
            bookmark_url=f"{base}{'unbookmark' if is_bookmarked else 'bookmark'}/",
            bookmarked=is_bookmarked,
            replies_url=f"{base}replies/" if reply_count else "",
            replies_label=ngettext("{count} reply", "{count} replies", reply_count).format(count=reply_count)
            if reply_count
            else "",
            reply_url=f"{self.url}?page={page_of(number)}&reply_to={number}#write" if self.may_write else "",
            quote_url=f"{self.url}?page={page_of(number)}&quote={number}#write" if self.may_write else "",
            permanent_url=base,
            has_menu=may_edit,
            accept_url=accept_url,
            accept_label=self.words.accept[is_accepted],
            edit_url=f"{base}edit/" if may_edit else "",
            delete_url=f"{base}delete/" if may_edit and number > 1 else "",
        )


def reply_rows(post: Post, user: Member) -> list[ReplyRow]:
    """Rule 3.3, the one level of nesting: what was answered to this post, by time. One query."""
    replies = (
        Post.objects.visible_to(user)
        .filter(reply_to=post, topic=post.topic_id)
        .select_related("author")
        .order_by("number")[:REPLIES_SHOWN]
    )
    clock = Clock(timezone.now())
    rows = []
    for reply in replies:
        when = clock.moment(reply.created_at)
        rows.append(
            ReplyRow(
                number=reply.number,
                url=post.topic.get_post_url(reply.number),
                author_name=reply.author.display_name if reply.author else _("A former member"),
                when_relative=when.relative,
                when_iso=when.iso,
                when_exact=when.exact,
                # Sanitised when it was stored (rule 3.4).
                html=mark_safe(reply.html),  # noqa: S308
            )
        )
    return rows


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
