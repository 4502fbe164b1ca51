"""The four lists of rule 3.17 and their chips: For you, Latest, Unanswered, Most useful."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from time import time
from typing import Any, Final
from urllib.parse import quote

from django.db import connection
from django.db.models import Exists, OuterRef, TextField
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from community.core.http import address_of
from community.core.keyset import read_time_key, time_key
from community.core.statements import Blank, OneOf, Statement
from discussions.filters import FOR_YOU, LATEST, LISTS, UNANSWERED, USEFUL, TopicFilter
from discussions.models import (
    Follow,
    FollowLevel,
    FollowReason,
    ReadState,
    SavedView,
    Space,
    Topic,
    TopicKind,
    TopicQuerySet,
    visible_spaces,
)
from discussions.queries.lists import TOPIC_COLUMNS, TOPICS_PER_PAGE, Reason, topic_rows
from discussions.queries.rows import Row, TopicRow
from members.models import Member

# A space or a tag that somebody follows brings its newest topics: whoever wants all of it opens it.
NEWEST_OF_EACH: Final = 100
# "Highlights" of a space: what so many people found useful.
HIGHLIGHT_PEOPLE: Final = 3


@dataclass(frozen=True, slots=True)
class Chip(Row):
    """A filter that is set, or can be, and the address with it the other way round."""

    label: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class SavedViewRow(Row):
    name: str
    url: str
    edit_url: str
    delete_url: str
    is_digest: bool
    current: bool


@dataclass(frozen=True, slots=True)
class TopicListPage(Row):
    """One page of a list: its rows, what it can be narrowed by, and the lists that the reader keeps."""

    title: str
    tabs: list[Chip]
    chips: list[Chip]
    spaces: list[Chip]
    topics: list[TopicRow]
    older_url: str
    query: str
    is_narrowed: bool
    saved: list[SavedViewRow]
    empty_title: str
    empty_text: str
    live_url: str


# --- For you ----------------------------------------------------------------------------------------------------

# Every arm is bounded by what this reader follows, not by the size of the community: topics, the newest of each space
# and of each tag, and open questions about what the reader knows. `rank` orders the reasons, the strongest first.
# What is muted is asked for each kind of follow, because each kind has an index of its own.
_FOR_YOU = f"""
    WITH candidates AS (
        SELECT follow.topic_id AS id, 1 AS rank, follow.reason::text AS reason, NULL::bigint AS tag_id
        FROM discussions_follow AS follow
        WHERE follow.member_id = %(reader)s AND follow.topic_id IS NOT NULL AND follow.level <> 'mute'
        UNION ALL
        SELECT newest.id, 2, 'space', NULL
        FROM discussions_follow AS follow
        CROSS JOIN LATERAL (
            SELECT topic.id, topic.kind, topic.useful_people FROM discussions_topic AS topic
            WHERE topic.space_id = follow.space_id AND topic.deleted_at IS NULL
              AND topic.last_post_at > follow.created_at - interval '7 days'
              AND (topic.last_post_at, topic.id) < (%(before)s, %(before_id)s)
            ORDER BY topic.last_post_at DESC, topic.id DESC LIMIT {NEWEST_OF_EACH}
        ) AS newest
        WHERE follow.member_id = %(reader)s AND follow.space_id IS NOT NULL
          AND (follow.level = 'everything' OR follow.level = 'highlights'
               AND (newest.kind = 'announcement' OR newest.useful_people >= {HIGHLIGHT_PEOPLE}))
        UNION ALL
        SELECT newest.id, 3, 'tag', follow.tag_id
        FROM discussions_follow AS follow
        CROSS JOIN LATERAL (
            SELECT content_object_id AS id FROM discussions_taggedtopic
            WHERE tag_id = follow.tag_id ORDER BY content_object_id DESC LIMIT {NEWEST_OF_EACH}
        ) AS newest
        JOIN discussions_topic AS topic ON topic.id = newest.id
        WHERE follow.member_id = %(reader)s AND follow.tag_id IS NOT NULL
          AND topic.last_post_at > follow.created_at - interval '7 days'
          AND (follow.level = 'everything' OR follow.level = 'highlights'
               AND topic.useful_people >= {HIGHLIGHT_PEOPLE})
        UNION ALL
        SELECT newest.id, 4, 'knows', known.id
        FROM discussions_tag AS known
        CROSS JOIN LATERAL (
            SELECT content_object_id AS id FROM discussions_taggedtopic
            WHERE tag_id = known.id ORDER BY content_object_id DESC LIMIT {NEWEST_OF_EACH}
        ) AS newest
        JOIN discussions_topic AS topic ON topic.id = newest.id
        WHERE known.id = ANY(%(knows)s) AND topic.kind = 'question' AND topic.accepted_post_id IS NULL
          AND topic.closed_at IS NULL AND topic.author_id IS DISTINCT FROM %(reader)s
          AND topic.created_at > now() - interval '30 days'
    ),
    muted AS (
        SELECT topic_id, NULL::bigint AS space_id, NULL::bigint AS tag_id FROM discussions_follow
        WHERE member_id = %(reader)s AND topic_id IS NOT NULL AND level = 'mute'
        UNION ALL
        SELECT NULL, space_id, NULL FROM discussions_follow
        WHERE member_id = %(reader)s AND space_id IS NOT NULL AND level = 'mute'
        UNION ALL
        SELECT NULL, NULL, tag_id FROM discussions_follow
        WHERE member_id = %(reader)s AND tag_id IS NOT NULL AND level = 'mute'
    ),
    best AS (SELECT DISTINCT ON (id) id, rank, reason, tag_id FROM candidates ORDER BY id, rank)
    SELECT topic.id, best.rank, best.reason, tag.name, tag.slug, topic.last_post_at, topic.space_id
    FROM best
    JOIN discussions_topic AS topic ON topic.id = best.id
    LEFT JOIN discussions_readstate AS state ON state.member_id = %(reader)s AND state.topic_id = topic.id
    LEFT JOIN discussions_tag AS tag ON tag.id = best.tag_id
    WHERE topic.deleted_at IS NULL AND topic.space_id = ANY(%(spaces)s)
      AND topic.last_number > coalesce(state.last_read_number, 0)
      AND (topic.last_post_at, topic.id) < (%(before)s, %(before_id)s)
      AND NOT EXISTS (SELECT 1 FROM muted WHERE muted.topic_id = topic.id)
      AND (best.rank = 1 OR NOT EXISTS (
          SELECT 1 FROM muted WHERE muted.space_id = topic.space_id
          OR muted.tag_id IN (SELECT tag_id FROM discussions_taggedtopic WHERE content_object_id = topic.id)
      )) {{narrowed}}
    ORDER BY topic.last_post_at DESC, topic.id DESC
    LIMIT %(limit)s
"""  # noqa: S608 - numbers of this module
_NARROWED: Final = {
    "space": "AND topic.space_id = %(space)s",
    "tag": """AND topic.id IN (
        SELECT content_object_id FROM discussions_taggedtopic JOIN discussions_tag ON discussions_tag.id = tag_id
        WHERE discussions_tag.slug = %(tag)s)""",
    "kind": "AND topic.kind = %(kind)s",
    "unanswered": "AND topic.kind = 'question' AND topic.accepted_post_id IS NULL AND topic.closed_at IS NULL",
}
# Where columns of a row of `topic_rows` stand.
_POSTS, _PEOPLE, _COMPANIES = (
    TOPIC_COLUMNS.index(name) for name in ("post_count", "useful_people", "useful_companies")
)
_LATEST_MOMENT: Final = ("9999-01-01T00:00:00Z", 0)

# Tags named as what this member is recognised for or says to help with; the names are compared in small letters.
_KNOWN = """
    SELECT tag.id FROM discussions_tag AS tag
    WHERE lower(tag.name) IN (
        SELECT topic FROM members_expertise WHERE member_id = %(reader)s AND ended_at IS NULL
        UNION
        SELECT lower(word) FROM members_fact AS fact
        JOIN members_factfield AS field ON field.id = fact.field_id AND field.key = 'helps_topics'
        CROSS JOIN unnest(fact.values) AS word
        WHERE fact.member_id = %(reader)s
    )
    LIMIT 50
"""


def known_tags(user: Member) -> list[int]:
    """The ids of the tags this member knows something about: expert labels and what they can help with. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, {"reader": user.pk})
        return [tag_id for (tag_id,) in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class ForYou:
    """The topics of a page with their reasons, in order, and the key of the next page."""

    reasons: dict[int, Reason]
    key: str
    since: datetime | None


def for_you(
    user: Member, wanted: TopicFilter, *, limit: int, before: str | None = None, knows: Sequence[int] = ()
) -> ForYou:
    """What moved of what this member follows or knows, unread, and why it is for them. One query."""
    spaces = {space.pk: space for space in visible_spaces(user)}
    narrowed = [name for name in _NARROWED if getattr(wanted, name)]
    chosen = next((space.pk for space in spaces.values() if space.slug == wanted.space), 0)
    moment, topic_id = read_time_key(before) or _LATEST_MOMENT
    with connection.cursor() as cursor:
        cursor.execute(
            _FOR_YOU.format(narrowed=" ".join(_NARROWED[name] for name in narrowed)),
            {
                "reader": user.pk,
                "spaces": list(spaces),
                "knows": list(knows),
                "before": moment,
                "before_id": topic_id,
                "space": chosen,
                "tag": wanted.tag,
                "kind": wanted.kind,
                "limit": limit + 1,
            },
        )
        found = cursor.fetchall()
    has_more, found = len(found) > limit, found[:limit]
    words = _words(get_language())
    reasons = {row[0]: _reason(row, spaces, words) for row in found}
    return ForYou(
        reasons,
        time_key(found[-1][5], found[-1][0]) if has_more else "",
        found[-1][5] if found else None,
    )


class _Words:
    """The words of these lists in one language."""

    def __init__(self) -> None:
        self.names = [_("For you"), _("Latest"), _("Unanswered"), _("Most useful")]
        self.kinds = [(value, str(label)) for value, label in TopicKind.choices]
        self.unanswered_only, self.unread_only = _("Unanswered only"), _("Unread only")
        self.reasons = {
            value: _("because {reason}").format(reason=label) for value, label in FollowReason.choices
        }
        self.by_space, self.by_tag = _("because you follow {name}"), _("because you follow #{name}")
        self.by_knowing = _("because you know {name}")


@cache
def _words(_language: str | None) -> _Words:
    """Looked up once in a process: they are the same for everybody."""
    return _Words()


def _reason(row: Sequence[Any], spaces: dict[int, Space], words: _Words) -> Reason:
    topic_id, rank, reason, tag_name, tag_slug, _at, space_id = row
    if rank == 1:
        return Reason(
            words.reasons[reason], f"{address_of('topic_show')}{topic_id}/unfollow/", is_unread=True
        )
    if rank == 2:
        space = spaces[space_id]
        text = words.by_space.format(name=space.name)
        return Reason(text, f"{space.get_absolute_url()}unfollow/", is_unread=True)
    if rank == 3:
        text = words.by_tag.format(name=tag_name)
        return Reason(text, f"{address_of('tag_show')}{quote(tag_slug)}/unfollow/", is_unread=True)
    return Reason(words.by_knowing.format(name=tag_name), is_unread=True)


def _chosen() -> TopicQuerySet:
    return Topic.objects.in_spaces(Blank("spaces")).filter(OneOf("id", Blank("chosen")))


# --- The other lists --------------------------------------------------------------------------------------------


@cache
def _narrowed(which: str, shape: tuple[str, ...]) -> Callable[[], TopicQuerySet]:
    """The queryset of a list with the chips of that shape: each shape is compiled once in a process."""
    muted = Follow.objects.filter(member=Blank("reader"), topic=OuterRef("pk"), level=FollowLevel.MUTE)
    unread = ReadState.objects.filter(
        member=Blank("reader"), topic=OuterRef("pk"), last_read_number__lt=OuterRef("last_number")
    )

    def topics() -> TopicQuerySet:
        found = Topic.objects.in_spaces(Blank("spaces")).filter(~Exists(muted))
        if "space" in shape:
            found = found.filter(space=Blank("space"))
        if "tag" in shape:
            found = found.filter(tagged_topics__tag__slug=Blank("tag", TextField()))
        if "kind" in shape:
            found = found.filter(kind=Blank("kind", TextField()))
        if "unread" in shape:
            # Rule 3.8: what one has read in; of the rest nothing is known to be unread.
            found = found.filter(Exists(unread))
        if "unanswered" in shape or which == UNANSWERED:
            found = found.filter(kind=TopicKind.QUESTION, accepted_post__isnull=True, closed_at__isnull=True)
        return found.filter(usefulness__gt=0) if which == USEFUL else found

    return topics


def _why_useful(row: Sequence[Any]) -> Reason:
    return Reason(_useful_to(row[_PEOPLE], row[_COMPANIES], get_language()))


@lru_cache(maxsize=4096)
def _useful_to(people: int, companies: int, _language: str | None) -> str:
    """Most topics are useful to a handful: the same few sentences stand in all lists."""
    text = ngettext("useful to {count} person", "useful to {count} people", people).format(count=people)
    if companies > 1:
        text = _("{people} in {count} companies").format(people=text, count=companies)
    return text


def _why_unanswered(row: Sequence[Any]) -> Reason:
    replies = row[_POSTS] - 1
    if not replies:
        return Reason(_("nobody has replied yet"))
    return Reason(
        ngettext("{count} reply, not accepted", "{count} replies, none accepted", replies).format(
            count=replies
        )
    )


def _rows(user: Member, wanted: TopicFilter, before: str | None) -> tuple[list[TopicRow], str]:
    if wanted.which == FOR_YOU:
        page = for_you(user, wanted, limit=TOPICS_PER_PAGE, before=before, knows=known_tags(user))
        return rows_of(user, page), page.key
    shape = tuple(name for name in ("space", "tag", "kind", "unread", "unanswered") if getattr(wanted, name))
    blanks: dict[str, Any] = {
        "space": next((space.pk for space in visible_spaces(user) if space.slug == wanted.space), 0),
        "tag": wanted.tag,
        "kind": wanted.kind,
    }
    topics = _narrowed(wanted.which, shape)
    chosen: dict[str, Any] = {}
    if wanted.which == USEFUL:
        chosen = {"order": "usefulness", "why": _why_useful}
    elif wanted.which == UNANSWERED:
        chosen = {"at": "created_at", "why": _why_unanswered}
    return topic_rows(topics, user, limit=TOPICS_PER_PAGE, before=before, **chosen, **blanks)


def rows_of(user: Member, page: ForYou) -> list[TopicRow]:
    """The rows of what `for_you` found. One query."""
    rows, _key = topic_rows(
        _chosen,
        user,
        # One limit for all, so that the statement is compiled once.
        limit=TOPICS_PER_PAGE,
        why=lambda row: page.reasons.get(row[0]),
        chosen=list(page.reasons),
    )
    return rows


# --- The page ---------------------------------------------------------------------------------------------------


def topic_list_page(user: Member, wanted: TopicFilter, *, before: str | None) -> TopicListPage:
    """One page of one of the four lists. At most four queries beside those for the spaces."""
    rows, key = _rows(user, wanted, before)
    url, query = reverse("topic_list"), wanted.query()
    spaces = [space for space in visible_spaces(user) if space.archived_at is None]
    words = _words(get_language())
    title, empty_title, empty_text = _texts_of(wanted, words)
    return TopicListPage(
        title=title,
        tabs=[
            Chip(label, _address(url, TopicFilter(which=name)), current=name == wanted.which)
            for name, label in zip(LISTS, words.names, strict=True)
        ],
        chips=list(_chips(url, wanted, words)),
        spaces=[
            Chip(
                space.name,
                _address(url, wanted.but(space="" if space.slug == wanted.space else space.slug)),
                current=space.slug == wanted.space,
            )
            for space in spaces
        ],
        topics=rows,
        older_url=f"{_address(url, wanted)}{'&' if query else '?'}before={key}" if key else "",
        query=query,
        is_narrowed=wanted.is_narrowed,
        saved=saved_views(user, query),
        empty_title=empty_title,
        empty_text=empty_text,
        live_url=f"{reverse('topic_list_live')}?after={int(time())}"
        if wanted.which == LATEST and not before
        else "",
    )


def _address(url: str, wanted: TopicFilter) -> str:
    query = wanted.query()
    return f"{url}?{query}" if query else url


def _chips(url: str, wanted: TopicFilter, words: _Words) -> Iterator[Chip]:
    """What the list is or can be narrowed by; the chosen ones lead to the list without them."""
    if wanted.tag:
        yield Chip(f"#{wanted.tag}", _address(url, wanted.but(tag="")), current=True)
    if wanted.which != UNANSWERED:
        for kind, label in words.kinds:
            other = "" if wanted.kind == kind else kind
            yield Chip(label, _address(url, wanted.but(kind=other)), current=wanted.kind == kind)
        yield Chip(
            words.unanswered_only,
            _address(url, wanted.but(unanswered=not wanted.unanswered)),
            current=wanted.unanswered,
        )
    if wanted.which != FOR_YOU:
        yield Chip(
            words.unread_only, _address(url, wanted.but(unread=not wanted.unread)), current=wanted.unread
        )


def _texts_of(wanted: TopicFilter, words: _Words) -> tuple[str, str, str]:
    """The title of a list, and what stands in its place while it is empty."""
    title = words.names[LISTS.index(wanted.which)]
    if wanted.is_narrowed:
        return title, _("Nothing here fits"), _("Take one of the filters away.")
    empty_title, empty_text = _EMPTY[wanted.which]
    return title, str(empty_title), str(empty_text)


_EMPTY: Final = {
    FOR_YOU: (
        gettext_lazy("You have read everything you follow"),
        gettext_lazy(
            "What moves in the topics, spaces and tags you follow stands here, and questions you may know."
        ),
    ),
    LATEST: (
        gettext_lazy("Nothing has been written yet"),
        gettext_lazy("What was written last in the spaces open to you stands here."),
    ),
    UNANSWERED: (
        gettext_lazy("Every question has an answer"),
        gettext_lazy("Questions without an accepted answer stand here, the newest on top."),
    ),
    USEFUL: (
        gettext_lazy("Nothing stands here yet"),
        gettext_lazy("Thank for a post, or call it insightful: what was of use to many people stands here."),
    ),
}


_SAVED = Statement(
    lambda: (
        SavedView.objects.filter(member=Blank("reader"))
        .in_spaces(Blank("slugs"))
        .order_by("name")
        .values_list("pk", "name", "query", "is_digest")
    )
)


def saved_views(user: Member, query: str | None = None) -> list[SavedViewRow]:
    """The lists this member keeps; `query` is that of the present one. One query."""
    url = reverse("topic_list")
    return [
        SavedViewRow(
            name=name,
            url=f"{url}?{kept}" if kept else url,
            edit_url=reverse("saved_view_edit", args=[view_id]),
            delete_url=reverse("saved_view_delete", args=[view_id]),
            is_digest=is_digest,
            current=kept == query,
        )
        for view_id, name, kept, is_digest in _SAVED(
            reader=user.pk, slugs=[space.slug for space in visible_spaces(user)]
        )
    ]
