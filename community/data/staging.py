"""The waiting room of an import: temporary tables in the words of our own models, and the way rows get into them.

Every format fills these tables; `loading` carries them over. Being temporary, they vanish with the connection,
so a killed import leaves nothing behind. What a dump's columns mean is not known here.
"""

import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Final, Self

from django.db import connection

# `key` is the row's id in the dump. `is_new`, the ids of rows that are ours, and `base`, the highest number that a
# topic had here before, are found out by `loading`. `seq` runs over all posts in the order in which they will be
# numbered: topic by topic, the question first.
TABLES: Final = {
    "staged_member": """
        key text PRIMARY KEY, name text NOT NULL, stem text NOT NULL, joined_at timestamptz, biography text NOT NULL,
        place text NOT NULL, website text NOT NULL, is_machine boolean NOT NULL,
        member_id bigint, handle text, is_new boolean NOT NULL DEFAULT true
    """,
    "staged_tag": """
        key text PRIMARY KEY, name text NOT NULL, stem text NOT NULL, description text NOT NULL DEFAULT '',
        tag_id bigint, slug text, is_new boolean NOT NULL DEFAULT true
    """,
    "staged_topic": """
        seq bigint PRIMARY KEY, key text NOT NULL, kind text NOT NULL, title text NOT NULL,
        created_at timestamptz NOT NULL, last_seq bigint NOT NULL, accepted_seq bigint, accepted_key text,
        accepted_at timestamptz, closed_at timestamptz, closer_key text, close_reason text NOT NULL DEFAULT '',
        topic_id bigint, space_id bigint, base int NOT NULL DEFAULT 0, is_new boolean NOT NULL DEFAULT true
    """,
    "staged_topic_tag": """
        topic_seq bigint NOT NULL, tag_key text NOT NULL, PRIMARY KEY (topic_seq, tag_key)
    """,
    "staged_post": """
        seq bigint PRIMARY KEY, topic_seq bigint NOT NULL, reply_seq bigint, kind text NOT NULL, key text NOT NULL,
        author_key text, created_at timestamptz NOT NULL, source text NOT NULL, source_format text NOT NULL,
        version int NOT NULL DEFAULT 1, edited_at timestamptz, edit_reason text NOT NULL DEFAULT '',
        upvotes int NOT NULL DEFAULT 0, data jsonb NOT NULL DEFAULT '{}',
        post_id bigint, number int, is_new boolean NOT NULL DEFAULT true
    """,
    # A version that an edit replaced, as PostRevision has it.
    "staged_revision": """
        post_seq bigint NOT NULL, version int NOT NULL, title text NOT NULL, source text NOT NULL,
        source_format text NOT NULL, editor_key text, edited_at timestamptz NOT NULL, reason text NOT NULL,
        changes_title boolean NOT NULL, changes_body boolean NOT NULL, PRIMARY KEY (post_seq, version)
    """,
    # Closing and opening again, in the past.
    "staged_event": """
        topic_seq bigint NOT NULL, verb text NOT NULL, occurred_at timestamptz NOT NULL, actor_key text,
        reason text NOT NULL
    """,
    "staged_rendered": "seq bigint PRIMARY KEY, html text NOT NULL, plain text NOT NULL",
}

_BATCH: Final = 1 << 20
_ESCAPES: Final = {ord("\\"): r"\\", ord("\n"): r"\n", ord("\r"): r"\r", ord("\t"): r"\t"}

Value = str | int | bool | datetime | None


def make_tables(tables: dict[str, str]) -> None:
    """Make temporary tables: name to columns."""
    with connection.cursor() as cursor:
        for name, columns in tables.items():
            cursor.execute(f"CREATE TEMP TABLE {name} ({columns})")


def drop_tables(names: Iterable[str]) -> None:
    """Give their space back before the end."""
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"DROP TABLE {name}")


def clear() -> None:
    """Drop every temporary table of this connection, also those that an import which failed in it left."""
    with connection.cursor() as cursor:
        cursor.execute("DISCARD TEMP")


def analyse(names: Iterable[str]) -> None:
    """Nothing does this by itself for temporary tables, and for ours too late: without it the plans are guesses."""
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"ANALYZE {name}")


class Copy:
    """Puts rows into a staging table by COPY, a megabyte at a time."""

    def __init__(self, table: str, columns: Sequence[str]) -> None:
        self._statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
        self._buffer = io.StringIO()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._flush()

    def add(self, *values: Value) -> None:
        self._buffer.write("\t".join(map(_field, values)))
        self._buffer.write("\n")
        if self._buffer.tell() >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        self._buffer.seek(0)
        with connection.cursor() as cursor:
            cursor.copy_expert(self._statement, self._buffer)
        self._buffer = io.StringIO()


def _field(value: Value) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
