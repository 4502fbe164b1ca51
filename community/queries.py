"""Reads that join the apps: the home page and the search."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils import timezone
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community.core.models import SearchKind
from community.core.moments import moment
from community.core.search import CONFIG
from discussions.filters import TopicFilter
from discussions.models import Post, Space, visible_spaces
from discussions.queries import (
    TopicRow,
    first_posts_of_newcomers,
    for_you,
    known_tags,
    latest_topics,
    questions_one_knows,
    rows_of,
    unanswered_questions,
)
from members.models import Member

MOVED_ON_HOME = 10
LATEST_ON_HOME = 15
QUESTIONS_ON_HOME = 5
NEWCOMERS_ON_HOME = 2
_WEEK = 7

RESULTS = 20
# Of a word that stands in half of all posts only the newest are ranked: the rest would cost seconds and help nobody.
CANDIDATES = 1_000
# Marks around found words until the text around them has been escaped.
_OPEN, _CLOSE = "\x02", "\x03"


@dataclass(frozen=True, slots=True)
class HomePage:
    """What moved for this reader, what is new, and what they could help with."""

    since_label: str
    moved_label: str
    topics: list[TopicRow]
    latest: list[TopicRow]
    questions: list[TopicRow]
    spaces: list[Space]


@dataclass(frozen=True, slots=True)
class SearchRow:
    """One find, with the found words marked."""

    title: str
    url: str
    kind_label: str
    space_name: str
    author_name: str
    when_relative: str
    when_iso: str
    when_exact: str
    snippet: SafeString


def since_label(since: datetime | None) -> str:
    """The day in the reader's zone: a name within a week, otherwise the date."""
    if since is None:
        return _("Since your last visit")
    day = timezone.localtime(since).date()
    ago = (timezone.localdate() - day).days
    if ago < 1:
        return _("Today")
    if ago == 1:
        return _("Since yesterday")
    if ago < _WEEK:
        return _("Since {day}").format(day=WEEKDAYS[day.weekday()])
    return _("Since {day}").format(day=f"{day.day} {MONTHS[day.month]}")


def home_page(user: Member) -> HomePage:
    """Eight queries at most: what moved of what one follows, what is new, and whom this person could help.

    Nobody's visits are counted: "since Tuesday" is the day on which the oldest of what is shown moved.
    """
    found = for_you(user, TopicFilter(), limit=MOVED_ON_HOME)
    moved, knows = rows_of(user, found), known_tags(user)
    count = len(moved)
    label = (
        ngettext(
            "{count} thread you follow has moved", "{count} threads you follow have moved", count
        ).format(count=f"{count}+" if count == MOVED_ON_HOME else count)
        if count
        else _("Nothing you follow has moved")
    )
    shown = {row.url for row in moved}
    could_help = {
        row.url: row
        for row in (
            *first_posts_of_newcomers(user, knows, limit=NEWCOMERS_ON_HOME),
            *questions_one_knows(user, knows, limit=QUESTIONS_ON_HOME),
            *unanswered_questions(user, limit=QUESTIONS_ON_HOME),
        )
    }
    return HomePage(
        since_label=since_label(found.since),
        moved_label=label,
        topics=moved,
        latest=[row for row in latest_topics(user, limit=LATEST_ON_HOME) if row.url not in shown],
        questions=list(could_help.values())[:QUESTIONS_ON_HOME],
        spaces=visible_spaces(user),
    )


# Only constants of this module are put into the text; what people write goes through parameters. The words are
# spelled out at each place, because a plan knows how frequent a constant is and nothing of a joined row.
_WORDS = f"websearch_to_tsquery('{CONFIG}', %(words)s) || ({{beginning}})"

# All words but the last as they are, and the last one as a beginning: results come while typing.
_BEGINNING = f"websearch_to_tsquery('{CONFIG}', %(rest)s) && to_tsquery('{CONFIG}', %(last)s)"


def _window(newest: int | None, oldest: int | None, *, key: str = "id") -> str:
    """Finds among the entries of an age, counted in entries from the newest one; planned for itself."""
    younger = "" if oldest is None else f" AND {key} > %(top)s - {oldest}"
    older = "" if newest is None else f" AND {key} <= %(top)s - {newest}"
    return f"""
        AS MATERIALIZED (
            SELECT id, kind, target_id, text, vector FROM core_searchentry
            WHERE vector @@ ({{wanted}}) AND space_id = ANY(%(spaces)s){younger}{older}
            ORDER BY id DESC
        )"""  # noqa: S608


# The index cannot give the newest finds first: of a word in every fifth post it would hand out 200,000 at a million
# posts, two seconds of reading. So it is asked age by age, and a window is not opened when those before it were
# enough. A plain `ORDER BY id DESC LIMIT` walks the whole table for a rare word whenever the planner takes it for a
# frequent one. Who gets as far as the wide windows asks for something rare: there the ids only filter (`id + 0` is
# in no index), because listing half a million of them would cost more than the finds.
_SEARCH = f"""
    WITH recent {_window(None, 8_000)},
    later {_window(8_000, 64_000)},
    earlier {_window(64_000, 512_000, key="id + 0")},
    oldest {_window(512_000, None, key="id + 0")},
    found AS (
        SELECT * FROM (
            SELECT * FROM recent UNION ALL SELECT * FROM later
            UNION ALL SELECT * FROM earlier UNION ALL SELECT * FROM oldest
        ) AS newest
        LIMIT {CANDIDATES}
    ),
    best AS (
        SELECT id, kind, target_id, text,
               ts_rank_cd(vector, phraseto_tsquery('{CONFIG}', %(words)s)) AS phrase,
               ts_rank(vector, {{wanted}}) AS rank
        FROM found
        ORDER BY phrase DESC, rank DESC, id DESC
        OFFSET %(skip)s LIMIT {RESULTS + 1}
    )
    SELECT kind, target_id,
           ts_headline('{CONFIG}', left(text, 5000), {{wanted}},
                       'StartSel={_OPEN},StopSel={_CLOSE},MaxWords=36,MinWords=18')
    FROM best
    ORDER BY phrase DESC, rank DESC, id DESC
"""  # noqa: S608


def search_page(user: Member, words: str, *, page: int) -> tuple[list[SearchRow], bool]:
    """Topics and posts that hold the words, exact phrases first, in the spaces this person may see (in the SQL).

    The last word also matches as a beginning, so that results come while typing. Returns the rows of the page, counted
    from 1, and whether there are more.
    """
    spaces = {space.pk: space for space in visible_spaces(user)}
    if not words or not spaces:
        return [], False
    rest, _space, last = words.rpartition(" ")
    beginning = _BEGINNING if last.isalnum() else "''::tsquery"
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM core_searchentry")
        (top,) = cursor.fetchone() or (None,)
        cursor.execute(
            _SEARCH.format(wanted=_WORDS.format(beginning=beginning)),
            {
                "top": top,
                "words": words,
                "rest": rest,
                "last": f"{last}:*",
                "spaces": list(spaces),
                "skip": (page - 1) * RESULTS,
            },
        )
        found = cursor.fetchall()
    has_more, found = len(found) > RESULTS, found[:RESULTS]
    topics = [target_id for kind, target_id, _headline in found if kind == SearchKind.TOPIC]
    posts = [target_id for kind, target_id, _headline in found if kind == SearchKind.POST]
    # Asked again through the one resolver: an entry that lags behind shows nothing that may not be seen.
    readable = Post.objects.visible_to(user).select_related("topic", "author")
    by_topic = {post.topic_id: post for post in readable.filter(topic__in=topics, number=1)} if topics else {}
    by_post = readable.in_bulk(posts) if posts else {}
    now = timezone.now()
    rows = []
    for kind, target_id, headline in found:
        post = (by_topic if kind == SearchKind.TOPIC else by_post).get(target_id)
        if post is not None:
            rows.append(_search_row(post, kind, headline, spaces, now))
    return rows, has_more


def _search_row(post: Post, kind: str, headline: str, spaces: dict[int, Space], now: datetime) -> SearchRow:
    when = moment(post.created_at, now)
    is_topic = kind == SearchKind.TOPIC
    return SearchRow(
        title=post.topic.title,
        url=post.topic.get_absolute_url() if is_topic else post.get_absolute_url(),
        kind_label=str(post.topic.get_kind_display()) if is_topic else _("Reply"),
        space_name=spaces[post.topic.space_id].name,
        author_name=post.author.display_name if post.author else _("A former member"),
        when_relative=when.relative,
        when_iso=when.iso,
        when_exact=when.exact,
        snippet=_marked(headline),
    )


def _marked(headline: str) -> SafeString:
    """Escape first, then turn the two marks into elements: nothing of what somebody wrote becomes HTML."""
    safe = escape(headline).replace(_OPEN, "<mark>").replace(_CLOSE, "</mark>")
    return mark_safe(safe)  # noqa: S308
