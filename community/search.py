"""The search (rule 3.16): what is asked is resolved to what the reader may know; permission is in the SQL itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import OperationalError, connection, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Concat
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from psycopg2.errors import QueryCanceled

from community.core.keyset import with_query
from community.core.languages import CONFIGS
from community.core.models import Module, SearchKind
from community.core.moments import moment
from community.core.search import CONFIG, note_miss
from community.core.search_words import CONTENTS, STATES, Asked, Operator, read_day, read_search
from discussions.models import Attachment, Poll, Post, Resource, Space, Tag, Topic, TopicKind, visible_spaces
from discussions.queries.messages import FoundMessage, found_messages
from members.directory import DirectorySearch, words_of
from members.models import DirectoryEntry, Member
from members.queries.directory import MemberRow, directory_page

RESULTS: Final = 20
# Ranked results are counted through, and only so far: beyond this a better word helps more than another page.
LAST_PAGE: Final = 20
# Of a word that stands in half of all posts only the newest are ranked: the rest would cost seconds and help nobody.
CANDIDATES: Final = 1_000
# Where other tables are asked for each of them, as many as the pages can show: then no older ones are looked for.
CANDIDATES_ASKED: Final = RESULTS * LAST_PAGE
# Operators that ask other tables may have to look far back for a frequent word. After so many milliseconds the search
# looks at the newest 64,000 entries alone, then at the newest 8,000, and says so.
PATIENCE: Final = 1_000
# Marks around found words until the text around them has been escaped.
_OPEN, _CLOSE = "\x02", "\x03"

SUGGESTED: Final = 5
#: A letter alone begins half of all titles.
SHORTEST_BEGINNING: Final = 2
_SUGGESTED_FROM: Final = 3_000

#: What `kind:` takes, and what stands on the chips. Ideas and events will join them.
KINDS: Final = {
    "topic": gettext_lazy("Topics"),
    "reply": gettext_lazy("Replies"),
    "file": gettext_lazy("Files"),
    "poll": gettext_lazy("Polls"),
    "person": gettext_lazy("People"),
    "message": gettext_lazy("My messages"),
    "resource": gettext_lazy("Library"),
}
_ENTRY_KINDS: Final = {
    "topic": SearchKind.TOPIC,
    "reply": SearchKind.POST,
    "file": SearchKind.FILE,
    "poll": SearchKind.POLL,
    "resource": SearchKind.RESOURCE,
}
#: Rule 15.6: what is not known where its module is switched off.
_MODULES: Final = {"poll": Module.POLLS, "resource": Module.LIBRARY}


def kinds_in_use(user: Member) -> dict[str, Any]:
    """What `kind:` takes in this community, with its words."""
    return {kind: label for kind, label in KINDS.items() if kind not in _MODULES or user.uses(_MODULES[kind])}


@dataclass(frozen=True, slots=True)
class SearchRow:
    """One find, with the found words marked."""

    title: str
    title_html: SafeString
    url: str
    kind_label: str
    space_name: str
    author_name: str
    when_relative: str
    when_iso: str
    when_exact: str
    snippet: SafeString
    # The same without marks, and what kind of entry it is: for programs.
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Chip:
    """Something that narrows the search: `is_on`, and the address leads to the search without it."""

    label: str
    url: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What was found of one kind, and what could not be read of the question."""

    rows: list[SearchRow] = field(default_factory=list)
    people: list[MemberRow] = field(default_factory=list)
    messages: list[FoundMessage] = field(default_factory=list)
    more_people_url: str = ""
    more_messages_url: str = ""
    has_more: bool = False
    problems: tuple[str, ...] = ()
    chips: list[Chip] = field(default_factory=list)
    topic_title: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.rows or self.people or self.messages)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something whose name begins as what is being typed."""

    label: str
    note: str
    url: str


@dataclass(slots=True)
class _Narrowing:
    """Conditions on `entry` in SQL, their parameters, and the sentences for what could not be used.

    `conditions` look at the entry's own columns; `asked` ask other tables, of hits that are found already.
    """

    spaces: list[int]
    conditions: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    # What is asked of topics, where topics of some tag alone are meant: conditions on `topic`.
    topics: list[str] = field(default_factory=list)
    is_of_topics: bool = False
    # Of what `has:` asks for; and the days that bound the search, where there are some.
    contents: list[str] = field(default_factory=list)
    before: datetime | None = None
    after: datetime | None = None
    # Topics and files alone: one entry in twenty. And those of chosen spaces alone.
    is_sparse: bool = False
    is_of_spaces: bool = False

    @property
    def wide(self) -> int:
        """The first window whose entries are too many to be read one by one."""
        return _WIDE_FOR_FEW if self.is_sparse else _WIDE


# --- the question -----------------------------------------------------------------------------------------------

# Where an entry stands: the row itself says its space, its author and its time; for the rest its own table is asked.
_POST: Final = """(CASE entry.kind
    WHEN 'post' THEN entry.target_id
    WHEN 'topic' THEN (SELECT id FROM discussions_post WHERE topic_id = entry.target_id AND number = 1)
    WHEN 'file' THEN (SELECT post_id FROM discussions_attachment WHERE id = entry.target_id) END)"""
_TOPIC: Final = f"""(CASE entry.kind
    WHEN 'topic' THEN entry.target_id
    WHEN 'poll' THEN (SELECT topic_id FROM discussions_poll WHERE id = entry.target_id)
    ELSE (SELECT topic_id FROM discussions_post WHERE id = {_POST}) END)"""  # noqa: S608
# Asked of each hit as a value and not with EXISTS: that would be joined, with all topics, or all posts with a link,
# read for each window.
_ANSWERED: Final = "topic.kind = 'question' AND topic.accepted_post_id IS NOT NULL"
_UNANSWERED: Final = "topic.kind = 'question' AND topic.accepted_post_id IS NULL"
_OF_KINDS: Final = "topic.kind = ANY(%(topic_kinds)s)"
_OF_TOPIC: Final = """(SELECT {condition}
    FROM discussions_topic AS topic WHERE entry.kind = 'topic' AND topic.id = entry.target_id)"""
_IN_HTML: Final = "(SELECT post.html ~ '{part}' FROM discussions_post AS post WHERE post.id = {post})"
_FILE: Final = """EXISTS (SELECT FROM discussions_attachment AS file
    WHERE file.post_id = {post} AND file.width {is_picture})"""

_HAS: Final = {
    "image": "({})".format(
        " OR ".join((_FILE.format(post=_POST, is_picture="> 0"), _IN_HTML.format(post=_POST, part="<img ")))
    ),
    "attachment": _FILE.format(post=_POST, is_picture="= 0"),
    "link": _IN_HTML.format(post=_POST, part='<a href="http'),
}
# The posts with such contents, the newest first. Where they are few, the search begins at them. The conditions are
# written as those of the indexes `post_with_picture` and `post_with_link` are.
_HOLDERS: Final = {
    "image": """
        (SELECT id FROM discussions_post WHERE html ~ '<img ' ORDER BY id DESC LIMIT %(limit)s)
        UNION (SELECT post_id FROM discussions_attachment WHERE width > 0 AND post_id IS NOT NULL LIMIT %(limit)s)""",
    "attachment": """
        SELECT post_id FROM discussions_attachment WHERE width = 0 AND post_id IS NOT NULL LIMIT %(limit)s""",
    "link": """SELECT id FROM discussions_post WHERE html ~ '<a href="http' ORDER BY id DESC LIMIT %(limit)s""",
}
# What only a question can be or have.
_STATES: Final = {
    ("is", "answered"): _ANSWERED,
    ("has", "answer"): _ANSWERED,
    ("is", "unanswered"): _UNANSWERED,
}


def _narrow(user: Member, asked: Asked, spaces: Sequence[Space]) -> _Narrowing:
    """Resolve each operator. What the reader may not know is answered as what there is not: with the same sentence."""
    found = _Narrowing([space.pk for space in spaces])
    values: dict[str, list[str]] = {}
    for operator in asked.operators:
        values.setdefault(operator.name, []).append(operator.value)
    _narrow_spaces(found, values.get("in", []), spaces)
    _narrow_authors(found, values.get("from", []), user)
    _narrow_tags(found, values.get("tag", []))
    _narrow_kinds(found, values.get("kind", []), kinds_in_use(user))
    _narrow_days(found, values)
    for name, choice in (("is", STATES), ("has", CONTENTS)):
        for value in map(str.lower, values.get(name, [])):
            if (name, value) in _STATES:
                condition = _STATES[name, value]
                found.conditions.append("entry.kind = 'topic'")
                found.asked.append(_OF_TOPIC.format(condition=condition))
                # Which is what the index of open questions holds; it alone is read where nothing else is asked.
                if _OF_KINDS in found.topics and TopicKind.QUESTION in found.parameters["topic_kinds"]:
                    found.topics.remove(_OF_KINDS)
                found.topics.append(condition)
                found.is_sparse = found.is_of_topics = True
            elif name == "has" and value in _HAS:
                found.asked.append(_HAS[value])
                found.contents.append(value)
            else:
                found.problems.append(
                    _("“{name}:” takes one of these: {choice}.").format(name=name, choice=", ".join(choice))
                )
    return found


def _narrow_spaces(found: _Narrowing, wanted: Sequence[str], spaces: Sequence[Space]) -> None:
    chosen: set[int] = set()
    for value in wanted:
        fitting = {
            space.pk for space in spaces if value.casefold() in {space.slug.casefold(), space.name.casefold()}
        }
        if not fitting:
            found.problems.append(_("There is no space “{name}” that you can read.").format(name=value))
        chosen |= fitting
    if chosen:
        found.spaces = sorted(chosen)
        found.is_of_spaces = True


def _narrow_authors(found: _Narrowing, wanted: Sequence[str], user: Member) -> None:
    handles = {value.removeprefix("@").lower() for value in wanted}
    if not handles:
        return
    if "me" in handles:
        handles = handles - {"me"} | {user.handle}
    shown = dict(Member.objects.visible_to(user).filter(handle__in=handles).values_list("handle", "pk"))
    found.problems += [
        _("Nobody here has the handle “{handle}”.").format(handle=handle)
        for handle in sorted(handles - set(shown))
    ]
    if shown:
        found.conditions.append("entry.author_id = ANY(%(authors)s)")
        found.parameters["authors"] = sorted(shown.values())


def _narrow_tags(found: _Narrowing, wanted: Sequence[str]) -> None:
    """All of them. A tag that only hidden topics carry and one that nobody uses both find nothing."""
    for number, value in enumerate(wanted):
        is_meant = f"(tag.slug = lower(%(tag{number})s) OR lower(tag.name) = lower(%(tag{number})s))"
        found.asked.append(
            f"""EXISTS (SELECT FROM discussions_taggedtopic AS tagged
                JOIN discussions_tag AS tag ON tag.id = tagged.tag_id
                WHERE tagged.content_object_id = {_TOPIC} AND {is_meant})"""
        )
        found.topics.append(
            f"""topic.id IN (SELECT tagged.content_object_id FROM discussions_taggedtopic AS tagged
                WHERE tagged.tag_id IN (SELECT tag.id FROM discussions_tag AS tag WHERE {is_meant}))"""  # noqa: S608
        )
        found.parameters[f"tag{number}"] = value.removeprefix("#")


def _narrow_kinds(found: _Narrowing, wanted: Sequence[str], known: dict[str, Any]) -> None:
    entries, topics = [], []
    off = sorted(str(_ENTRY_KINDS[kind]) for kind in _ENTRY_KINDS if kind not in known)
    if off:
        found.conditions.append("entry.kind <> ALL(%(kinds_off)s)")
        found.parameters["kinds_off"] = off
    for value in map(str.lower, wanted):
        if value in known:
            found.kinds.append(value)
            if value in _ENTRY_KINDS:
                entries.append(str(_ENTRY_KINDS[value]))
        elif value in TopicKind.values:
            found.kinds.append("topic")
            topics.append(value)
        else:
            choice = ", ".join([*known, *TopicKind.values])
            found.problems.append(_("“kind:” takes one of these: {choice}.").format(choice=choice))
    if entries or topics:
        kinds = sorted({*entries, *([str(SearchKind.TOPIC)] if topics else [])})
        # Of one kind the index gives the newest first; an array of one would have to be sorted.
        found.conditions.append("entry.kind = %(kind)s" if len(kinds) == 1 else "entry.kind = ANY(%(kinds)s)")
        found.parameters |= {"kind": kinds[0], "kinds": kinds}
        found.is_sparse = str(SearchKind.POST) not in entries
        found.is_of_topics = kinds == [str(SearchKind.TOPIC)]
    if topics and SearchKind.TOPIC not in entries:
        found.asked.append(f"(entry.kind <> 'topic' OR {_OF_TOPIC.format(condition=_OF_KINDS)})")
        found.topics.append(_OF_KINDS)
        found.parameters["topic_kinds"] = topics


def _narrow_days(found: _Narrowing, values: dict[str, list[str]]) -> None:
    zone = timezone.get_current_timezone()
    for name in ("before", "after"):
        for value in values.get(name, []):
            span = read_day(value)
            if span is None:
                found.problems.append(
                    _("“{name}:{value}” is no day: write it as 2026-03-09, 2026-03 or 2026.").format(
                        name=name, value=value
                    )
                )
                continue
            day = span[0].replace(tzinfo=zone)
            # Of several, the one that leaves the least.
            if name == "before":
                found.before = day if found.before is None else min(found.before, day)
            else:
                found.after = day if found.after is None else max(found.after, day)
    if found.before is not None:
        found.conditions.append("entry.occurred_at < %(before)s")
        found.parameters["before"] = found.before
    if found.after is not None:
        found.conditions.append("entry.occurred_at >= %(after)s")
        found.parameters["after"] = found.after


# --- the SQL ----------------------------------------------------------------------------------------------------

# Only constants of this module are put into the text; what people write goes through parameters. The words are
# spelled out at each place, because a plan knows how frequent a constant is and nothing of a joined row.
_WORDS: Final = "websearch_to_tsquery('{config}', %(words)s) || ({beginning})"

# All words but the last as they are, and the last one as a beginning: results come while typing.
_BEGINNING: Final = "websearch_to_tsquery('{config}', %(rest)s) && to_tsquery('{config}', %(last)s)"

_COLUMNS: Final = (
    "entry.id, entry.kind, entry.target_id, entry.title, entry.text, entry.language, entry.vector"
)


# The index cannot give the newest finds first: of a word in every fifth post it would hand out 200,000 at a million
# posts, two seconds of reading. So it is asked age by age, and a window is not opened when those before it were
# enough. A plain `ORDER BY id DESC LIMIT` walks the whole table for a rare word whenever the planner takes it for a
# frequent one. Ages are counted in entries from the newest one.
_AGES: Final = (8_000, 64_000, 512_000)
# Who gets as far as the wide windows asks for something rare: there the ids and times only filter (`+ 0` is in no
# index), because listing half a million of them would cost more than the finds.
_WIDE: Final = 2
# Of topics alone, which are one entry in twenty, a window is as narrow as one of twenty times fewer entries.
_WIDE_FOR_FEW: Final = 3


@dataclass(frozen=True, slots=True)
class _Window:
    """Entries of one age: a condition, the column that puts them in order, and whether they are few enough to read."""

    condition: str
    order: str
    is_narrow: bool


def _frame(windows: Sequence[_Window], *, reads: bool) -> str:
    """Finds window by window, each planned for itself, and by the words alone: `OFFSET 0` keeps out of the plan what is
    asked of the finds one by one, until there are enough.

    `reads`: an index leads to the few entries of a narrow window that can be meant, as of one space, or of topics among
    replies. Then they are all read, and the index of words is left alone (a condition that `IS TRUE` is in no index):
    of a frequent word it would hand out every entry there is.
    """
    parts, names = [], []
    for number, window in enumerate(windows):
        name = f"window{number}"
        hits = "({hits}) IS TRUE" if reads and window.is_narrow else "{hits}"
        names.append(f"SELECT * FROM {name}")  # noqa: S608
        parts.append(
            f"""{name} AS MATERIALIZED (
                SELECT {_COLUMNS} FROM (
                    SELECT * FROM core_searchentry AS entry
                    WHERE {hits} AND entry.space_id = ANY(%(spaces)s){{narrowing}} AND {window.condition}
                    ORDER BY {window.order} DESC OFFSET 0
                ) AS entry WHERE TRUE{{asked}}
            )"""  # noqa: S608
        )
    return f"""
    WITH {", ".join(parts)},
    found AS (SELECT * FROM ({" UNION ALL ".join(names)}) AS newest LIMIT %(candidates)s)"""  # noqa: S608


def _windows(column: str, edges: Sequence[str], *, nothing: str, wide: int = _WIDE) -> list[_Window]:
    """From the newest entry to the first edge, on to the next one, and to the end. `nothing` added changes no value."""
    windows = []
    for number, (newer, older) in enumerate(zip([None, *edges], [*edges, None], strict=True)):
        key = column if number < wide else f"({column} + {nothing})"
        bounds = [f"{key} > {older}"] if older else []
        bounds += [f"{key} <= {newer}"] if newer else []
        windows.append(_Window(" AND ".join(bounds) or "TRUE", column, is_narrow=number < wide))
    return windows


_EDGES: Final = [f"%(top)s - {age}" for age in _AGES]
_TIMES: Final = ", ".join(
    f"(SELECT occurred_at FROM core_searchentry AS entry WHERE id <= newest.id - {age} ORDER BY id DESC LIMIT 1)"  # noqa: S608
    for age in _AGES
)


def _windows_by_day(narrowing: _Narrowing) -> tuple[list[_Window], dict[str, datetime]]:
    """The same by time, between the days that were asked for, with their edges; none where nothing is of that age.

    Entries stand almost in the order of time, so ids say well enough how far apart the edges are to be. What came from
    elsewhere with an age of its own stands in the window of its time all the same. One query.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT newest.occurred_at, {_TIMES}
            FROM (SELECT id, occurred_at FROM core_searchentry WHERE occurred_at < %(until)s
                  ORDER BY occurred_at DESC LIMIT 1) AS newest
            """,  # noqa: S608
            {"until": narrowing.before or "infinity"},
        )
        newest, *times = cursor.fetchone() or (None,)
    after = narrowing.after
    if newest is None or (after is not None and newest < after):
        return [], {}
    edges = sorted(
        {at for at in times if at is not None and at < newest and (after is None or at > after)}, reverse=True
    )
    parameters = {f"edge{number}": at for number, at in enumerate(edges)}
    named = [f"%({name})s" for name in parameters]
    if narrowing.before is None and len(edges) == len(set(times) - {None}):
        # A day so long ago that it cuts nothing off: along the ids topics alone are found sooner.
        return _windows("entry.id", _EDGES, nothing="0", wide=narrowing.wide), {}
    return _windows("entry.occurred_at", named, nothing="interval '0'"), parameters


def _named(targets: str) -> str:
    """Finds among entries that are named, of which there are some thousands at most."""
    return f"""
    WITH named AS MATERIALIZED (
        SELECT {_COLUMNS}, entry.space_id, entry.author_id, entry.occurred_at FROM core_searchentry AS entry
        WHERE (entry.target_type, entry.target_id) IN ({targets})
    ),
    found AS (
        SELECT {_COLUMNS} FROM named AS entry
        WHERE {{hits}} AND entry.space_id = ANY(%(spaces)s){{narrowing}}{{asked}}
        ORDER BY entry.id DESC
        LIMIT %(candidates)s
    )"""  # noqa: S608


# One topic has 5,000 posts at most: its entries are named, and of those the words are asked.
_IN_TOPIC: Final = _named("""
    SELECT 'topic', %(topic)s::bigint
    UNION ALL SELECT 'post', post.id FROM discussions_post AS post WHERE post.topic_id = %(topic)s
    UNION ALL SELECT 'attachment', file.id FROM discussions_attachment AS file
        JOIN discussions_post AS post ON post.id = file.post_id WHERE post.topic_id = %(topic)s""")
_OF_POSTS: Final = _named("""
    SELECT 'post', id FROM unnest(%(posts)s::bigint[]) AS id
    UNION ALL SELECT 'topic', post.topic_id FROM discussions_post AS post
        WHERE post.id = ANY(%(posts)s) AND post.number = 1
    UNION ALL SELECT 'attachment', file.id FROM discussions_attachment AS file WHERE file.post_id = ANY(%(posts)s)""")
_OF_TOPICS: Final = _named("SELECT 'topic', id FROM unnest(%(topics)s::bigint[]) AS id")
#: So many posts or topics are looked through one by one; where more are meant, one is found soon enough on the way.
FEW_NAMED: Final = 4_000

_BEST: Final = f""",
    best AS (
        SELECT id, kind, target_id, title, text, language, {{phrase}} AS phrase, {{rank}} AS rank
        FROM found
        ORDER BY phrase DESC, rank DESC, id DESC
        OFFSET %(skip)s LIMIT {RESULTS + 1}
    )
    SELECT kind, target_id, {{title}}, {{headline}}
    FROM best
    ORDER BY phrase DESC, rank DESC, id DESC
"""  # noqa: S608
_MARKS: Final = f"StartSel={_OPEN},StopSel={_CLOSE}"


@dataclass(frozen=True, slots=True)
class _Statement:
    """The parts of the question that depend on the words and on the languages there are."""

    hits: str
    phrase: str
    rank: str
    title: str
    headline: str


def _statement(words: str, languages: Sequence[str]) -> _Statement:
    """Each language asks its own entries in its own way; one language alone needs no such condition.

    The headline follows the language of its text. Without words everything is a hit, the newest first.
    """
    if not words:
        return _Statement("TRUE", "0", "0", "title", "left(text, 240)")
    last = words.rpartition(" ")[2]

    def wanted(config: str) -> str:
        beginning = _BEGINNING.format(config=config) if last.isalnum() else "''::tsquery"
        return _WORDS.format(config=config, beginning=beginning)

    if len(languages) == 1:
        config = f"'{languages[0]}'"
        hits = f"entry.vector @@ ({wanted(languages[0])})"
        asked = wanted(languages[0])
    else:
        config = "language::regconfig"
        each = (f"entry.language = '{name}' AND entry.vector @@ ({wanted(name)})" for name in languages)
        hits = f"({' OR '.join(each)})"
        cases = " ".join(f"WHEN '{name}' THEN {wanted(name)}" for name in languages)
        asked = f"(CASE language {cases} END)"
    return _Statement(
        hits=hits,
        phrase=f"ts_rank_cd(vector, phraseto_tsquery({config}, %(words)s))",
        rank=f"ts_rank(vector, {asked})",
        title=f"ts_headline({config}, title, {asked}, '{_MARKS},HighlightAll=true')",
        headline=f"ts_headline({config}, left(text, 5000), {asked}, '{_MARKS},MaxWords=36,MinWords=18')",
    )


def _extent() -> tuple[int | None, list[str]]:
    """The highest id, and the languages that entries are written in: that of most, and those there are beside it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT (SELECT max(id) FROM core_searchentry),
                   ARRAY(SELECT name FROM unnest(%s::text[]) AS name WHERE EXISTS (
                       SELECT FROM core_searchentry WHERE language = name AND NOT language = 'english'))
            """,
            [[*CONFIGS.values(), "simple"]],
        )
        top, others = cursor.fetchone() or (None, [])
    return top, [CONFIG, *(name for name in others if name != CONFIG)]


def _few_holders(narrowing: _Narrowing) -> list[int] | None:
    """All posts that hold what `has:` asks for, where they are few; None where they are many or nothing is asked."""
    with connection.cursor() as cursor:
        for content in narrowing.contents:
            if content in _HOLDERS:
                cursor.execute(_HOLDERS[content], {"limit": FEW_NAMED})
                ids = [post_id for (post_id,) in cursor.fetchall()]
                if len(ids) < FEW_NAMED:
                    return ids
    return None


def _few_topics(narrowing: _Narrowing) -> list[int] | None:
    """All topics that the operators can mean, where they are few; None where they are many or could be anything.

    In whichever space: the entries of those that are closed to the reader are none of the finds.
    """
    # Without a tag they are never few.
    if not (narrowing.is_of_topics and "tag0" in narrowing.parameters):
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT topic.id FROM discussions_topic AS topic
            WHERE {" AND ".join(["topic.deleted_at IS NULL", *narrowing.topics])} LIMIT {FEW_NAMED}
            """,  # noqa: S608
            narrowing.parameters,
        )
        ids = [topic_id for (topic_id,) in cursor.fetchall()]
    return ids if len(ids) < FEW_NAMED else None


def _find(
    words: str, narrowing: _Narrowing, *, skip: int, topic_id: int | None
) -> tuple[list[tuple[str, int, str, str]], bool]:
    """Rows of kind, id, marked title and headline, one more than a page; and whether the search went all the way."""
    top, languages = _extent()
    statement = _statement(words, languages)
    rest, _space, last = words.rpartition(" ")
    parameters = {
        "top": top,
        "words": words,
        "rest": rest,
        "last": f"{last}:*",
        "spaces": narrowing.spaces,
        "skip": skip,
        "candidates": CANDIDATES_ASKED if narrowing.conditions or narrowing.asked else CANDIDATES,
        "topic": topic_id,
        **narrowing.parameters,
    }
    conditions = "".join(f" AND {condition}" for condition in narrowing.conditions)
    asked = "".join(f" AND {condition}" for condition in narrowing.asked)

    def run(frame: str) -> list[tuple[str, int, str, str]]:
        best = _BEST.format(
            phrase=statement.phrase, rank=statement.rank, title=statement.title, headline=statement.headline
        )
        with connection.cursor() as cursor:
            cursor.execute(
                frame.format(hits=statement.hits, narrowing=conditions, asked=asked) + best, parameters
            )
            rows: list[tuple[str, int, str, str]] = cursor.fetchall()
            return rows

    if topic_id is not None:
        return run(_IN_TOPIC), True
    holders = _few_holders(narrowing)
    if holders is not None:
        parameters["posts"] = holders
        return (run(_OF_POSTS) if holders else []), True
    topics = _few_topics(narrowing)
    if topics is not None:
        parameters["topics"] = topics
        return (run(_OF_TOPICS) if topics else []), True
    windows = _windows("entry.id", _EDGES, nothing="0", wide=narrowing.wide)
    if narrowing.before is not None or narrowing.after is not None:
        windows, ages = _windows_by_day(narrowing)
        parameters |= ages
    if not windows:
        return [], True
    reads = narrowing.is_sparse or narrowing.is_of_spaces
    if words and not (narrowing.conditions or narrowing.asked):
        return run(_frame(windows, reads=reads)), True
    for opened in sorted({len(windows), min(len(windows), _WIDE), 1}, reverse=True):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {PATIENCE}")
                rows = run(_frame(windows[:opened], reads=reads))
                cursor.execute("SET LOCAL statement_timeout = DEFAULT")
                return rows, opened == len(windows)
        except OperationalError as error:
            if not isinstance(error.__cause__, QueryCanceled):
                raise
    return [], False


# --- the page ---------------------------------------------------------------------------------------------------


def search_page(user: Member, typed: str, *, page: int, topic_id: int | None = None) -> SearchPage:
    """Rule 3.16: topics, replies and files that hold the words, exact phrases first, in the spaces this person may see.

    The last word also matches as a beginning, so that results come while typing. `kind:person` asks the members'
    directory, `kind:message` one's own messages. Pages are counted from 1. `topic_id` looks inside one topic.
    """
    asked = read_search(typed)
    spaces = {space.pk: space for space in visible_spaces(user)}
    topic = None if topic_id is None else Topic.objects.visible_to(user).filter(pk=topic_id).first()
    if not (asked.words or asked.operators):
        return SearchPage(problems=asked.problems, topic_title=topic.title if topic else "")
    narrowing = _narrow(user, asked, list(spaces.values()))
    kinds = set(narrowing.kinds)
    others = kinds & {"person", "message"}
    people = _people(user, asked.words) if "person" in others and asked.words else []
    found: list[tuple[str, int, str, str]] = []
    is_whole = True
    asks_entries = bool(kinds - others) or not others
    if spaces and asks_entries and (topic is not None or topic_id is None):
        found, is_whole = _find(
            asked.words,
            narrowing,
            skip=(page - 1) * RESULTS,
            topic_id=topic_id,
        )
    has_more, found = len(found) > RESULTS, found[:RESULTS]
    problems = [*asked.problems, *narrowing.problems]
    if not is_whole:
        problems.append(
            _("This would take long, so only the newest were looked through. Add a word or an operator.")
        )
    result = SearchPage(
        rows=_rows(user, found, spaces),
        people=people,
        messages=found_messages(user, asked.words, limit=RESULTS) if "message" in others else [],
        more_people_url=with_query(reverse("member_list"), q=asked.words) if people else "",
        more_messages_url=with_query(reverse("conversation_list"), q=asked.words)
        if "message" in others
        else "",
        has_more=has_more,
        problems=tuple(problems),
        chips=_chips(asked, kinds_in_use(user)),
        topic_title=topic.title if topic else "",
    )
    if result.is_empty and page == 1 and asked.words and not asked.operators and topic_id is None:
        note_miss(asked.words)
    return result


def _people(user: Member, words: str) -> list[MemberRow]:
    """As the directory finds them, with what it may show to this reader."""
    return directory_page(user, DirectorySearch(words=words), after=None).members[:RESULTS]


def _rows(
    user: Member, found: Sequence[tuple[str, int, str, str]], spaces: dict[int, Space]
) -> list[SearchRow]:
    """Asked again through the one resolver: an entry that lags behind shows nothing that may not be seen."""
    ids: dict[str, list[int]] = {kind: [] for kind in SearchKind.values}
    for kind, target_id, _title, _headline in found:
        ids[kind].append(target_id)
    readable = Post.objects.visible_to(user).select_related("topic", "author")
    kept = Resource.objects.visible_to(user).published().select_related("owner")
    resources = kept.in_bulk(ids["resource"]) if ids["resource"] else {}
    by_topic = (
        {post.topic_id: post for post in readable.filter(topic__in=ids["topic"], number=1)}
        if ids["topic"]
        else {}
    )
    by_post = readable.in_bulk(ids["post"]) if ids["post"] else {}
    files = (
        Attachment.objects.visible_to(user)
        .filter(message_id__isnull=True, uploader__isnull=True)
        .select_related("post__topic", "post__author", "resource__owner")
        .in_bulk(ids["file"])
        if ids["file"]
        else {}
    )
    by_file = {pk: file.post or file.resource for pk, file in files.items()}
    places: dict[str, dict[int, Any]] = {
        "topic": by_topic,
        "post": by_post,
        "file": by_file,
        "resource": resources,
    }
    now = timezone.now()
    rows = []
    polls = Poll.objects.visible_to(user).with_place().in_bulk(ids["poll"]) if ids["poll"] else {}
    for kind, target_id, title, headline in found:
        post = places[kind].get(target_id) if kind in places else None
        if isinstance(post, Resource):
            rows.append(_resource_row(post, kind, title, headline, spaces, now))
        elif post is not None:
            rows.append(_search_row(post, kind, title, headline, spaces, now))
        elif kind == SearchKind.POLL and target_id in polls:
            rows.append(_poll_row(polls[target_id], title, headline, now))
    return rows


def _poll_row(poll: Poll, title: str, headline: str, now: datetime) -> SearchRow:
    """What was asked and what was done with it; nothing of a result is in the index (rule 4.2)."""
    when = moment(poll.created_at, now)
    return SearchRow(
        title=poll.title,
        title_html=_marked(title) if _unmarked(title) == poll.title else SafeString(escape(poll.title)),
        url=poll.get_absolute_url(),
        kind_label=_("Poll"),
        space_name=poll.place.name,
        author_name=poll.author.display_name if poll.author else _("A former member"),
        when_relative=when.relative,
        when_iso=when.iso,
        when_exact=when.exact,
        snippet=_marked(headline),
        text=_unmarked(headline),
        kind=str(SearchKind.POLL),
    )


def _resource_row(
    resource: Resource, kind: str, title: str, headline: str, spaces: dict[int, Space], now: datetime
) -> SearchRow:
    """A resource, or a file that stands in one."""
    when = moment(resource.published_at or resource.created_at, now)
    is_file = kind == SearchKind.FILE
    plain = _unmarked(title) if is_file else resource.title
    return SearchRow(
        title=plain,
        title_html=_marked(title) if _unmarked(title) == plain else SafeString(escape(plain)),
        url=resource.get_absolute_url(),
        kind_label=_("File") if is_file else str(resource.get_kind_display()),
        space_name=spaces[resource.space_id].name,
        author_name=resource.owner.display_name,
        when_relative=when.relative,
        when_iso=when.iso,
        when_exact=when.exact,
        snippet=_marked(headline),
        text=_unmarked(headline),
        kind=kind,
    )


def _search_row(
    post: Post, kind: str, title: str, headline: str, spaces: dict[int, Space], now: datetime
) -> SearchRow:
    when = moment(post.created_at, now)
    is_topic = kind == SearchKind.TOPIC
    labels = {SearchKind.POST: _("Reply"), SearchKind.FILE: _("File")}
    # The topic itself knows its title best; an entry of a reply keeps the one it was written under.
    plain = _unmarked(title) if kind == SearchKind.FILE else post.topic.title
    marked = _marked(title) if _unmarked(title) == plain else SafeString(escape(plain))
    return SearchRow(
        title=plain,
        title_html=marked,
        url=post.topic.get_absolute_url() if is_topic else post.get_absolute_url(),
        kind_label=str(post.topic.get_kind_display()) if is_topic else labels[SearchKind(kind)],
        space_name=spaces[post.topic.space_id].name,
        author_name=post.author.display_name if post.author else _("A former member"),
        when_relative=when.relative,
        when_iso=when.iso,
        when_exact=when.exact,
        snippet=_marked(headline),
        text=_unmarked(headline),
        kind=kind,
    )


def _unmarked(text: str) -> str:
    return text.replace(_OPEN, "").replace(_CLOSE, "")


def _marked(headline: str) -> SafeString:
    """Escape first, then turn the two marks into elements: nothing of what somebody wrote becomes HTML."""
    safe = escape(headline).replace(_OPEN, "<mark>").replace(_CLOSE, "</mark>")
    return mark_safe(safe)  # noqa: S308


def _chips(asked: Asked, known: dict[str, Any]) -> list[Chip]:
    """What narrows the search now, then what often helps next."""
    path = reverse("search")
    chips = [
        Chip(
            operator.typed,
            with_query(path, q=asked.without(operator)) if asked.without(operator) else path,
            True,
        )
        for operator in asked.operators
    ]
    kinds = {operator.value.lower() for operator in asked.operators if operator.name == "kind"}
    if not kinds:
        chips += [
            Chip(str(label), with_query(path, q=asked.with_operator(Operator("kind", value))), False)
            for value, label in known.items()
        ]
        if not any(operator.name == "is" for operator in asked.operators):
            unanswered = Operator("is", "unanswered")
            chips.append(Chip(_("Unanswered"), with_query(path, q=asked.with_operator(unanswered)), False))
    return chips


# --- while typing -----------------------------------------------------------------------------------------------

_BEGINNING_OF_TITLE: Final = f"""
    SELECT id, title FROM (
        SELECT id, title FROM discussions_topic
        WHERE deleted_at IS NULL AND space_id = ANY(%(spaces)s)
        ORDER BY last_post_at DESC, id DESC LIMIT {_SUGGESTED_FROM}
    ) AS newest
    WHERE ' ' || lower(title) LIKE ALL (%(beginnings)s)
    LIMIT {SUGGESTED}
"""  # noqa: S608


def search_suggestions(user: Member, typed: str) -> list[Suggestion]:
    """Topics among those that moved last, people and tags that begin as the words do. Four queries at most.

    A tag is named only where the reader can see a topic that carries it.
    """
    words = [word for word in typed.lower().split() if word.isprintable()][:6]
    if not words or len(words[-1]) < SHORTEST_BEGINNING or ":" in typed:
        return []
    spaces = [space.pk for space in visible_spaces(user)]
    with connection.cursor() as cursor:
        cursor.execute(
            _BEGINNING_OF_TITLE,
            {"spaces": spaces, "beginnings": [f"% {_literal(word)}%" for word in words]},
        )
        topics = cursor.fetchall()
    found = [Suggestion(title, _("Topic"), Topic(pk=pk).get_absolute_url()) for pk, title in topics]
    found += [
        Suggestion(member.display_name, _("Person"), member.get_absolute_url())
        for member in _people_beginning(user, typed)
    ]
    carried = Topic.objects.in_spaces(spaces).values("pk")
    tags = (
        Tag.objects.filter(name__istartswith=" ".join(words).removeprefix("#"))
        .filter(tagged_topics__content_object__in=carried)
        .distinct()
        .order_by("name")[:SUGGESTED]
    )
    return found + [Suggestion(str(tag.name), _("Tag"), tag.get_absolute_url()) for tag in tags]


def _people_beginning(user: Member, typed: str) -> list[Member]:
    """Those of whose name each word begins a part. Along the index of names alone: no profile is read for it."""
    words = words_of(typed)[:4]
    if not words:
        return []
    entries = DirectoryEntry.objects.visible_to(user).annotate(named=Concat(Value(" "), F("sort_name")))
    for word in words:
        entries = entries.filter(Q(named__contains=f" {word}") | Q(named__contains=f"-{word}"))
    found = entries.order_by("sort_name").values("pk")[:50]
    return list(Member.objects.visible_to(user).filter(pk__in=found)[:SUGGESTED])


def _literal(word: str) -> str:
    """For LIKE: what people type has no wildcards."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
