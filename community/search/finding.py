"""The SQL of the search: from the words and the narrowing to the best finds, age by age."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import OperationalError, connection, transaction
from psycopg2.errors import QueryCanceled

from community.core.languages import CONFIGS
from community.core.search import CONFIG
from community.search.narrowing import HOLDERS, WIDE, Narrowing

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
OPEN_MARK, CLOSE_MARK = "\x02", "\x03"

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


def _windows(column: str, edges: Sequence[str], *, nothing: str, wide: int = WIDE) -> list[_Window]:
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


def _windows_by_day(narrowing: Narrowing) -> tuple[list[_Window], dict[str, datetime]]:
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
_MARKS: Final = f"StartSel={OPEN_MARK},StopSel={CLOSE_MARK}"


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


def _few_holders(narrowing: Narrowing) -> list[int] | None:
    """All posts that hold what `has:` asks for, where they are few; None where they are many or nothing is asked."""
    with connection.cursor() as cursor:
        for content in narrowing.contents:
            if content in HOLDERS:
                cursor.execute(HOLDERS[content], {"limit": FEW_NAMED})
                ids = [post_id for (post_id,) in cursor.fetchall()]
                if len(ids) < FEW_NAMED:
                    return ids
    return None


def _few_topics(narrowing: Narrowing) -> list[int] | None:
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


def find_entries(
    words: str, narrowing: Narrowing, *, skip: int, topic_id: int | None
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
    for opened in sorted({len(windows), min(len(windows), WIDE), 1}, reverse=True):
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
