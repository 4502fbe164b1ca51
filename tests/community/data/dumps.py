"""Dumps for tests: the small one of our own, generated ones of any size, and how to run an import over them."""

import io
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlencode
from xml.sax.saxutils import quoteattr

import pytest
from django.core.management import call_command
from django.db import connection

PROJECT = Path(__file__).resolve().parents[3]
LATHE = PROJECT / "tests" / "fixtures" / "stackexchange" / "lathe"
SHARED = PROJECT.parent / "shared" / "data"


def shared(name: str) -> Path:
    """A real dump beside the project; the test is skipped where it is not."""
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"the data set {name} is not beside the project")
    return folder


def copy_lathe(folder: Path) -> Path:
    return Path(shutil.copytree(LATHE, folder / "lathe"))


def run(path: Path, *options: str) -> dict:
    """Import in this process and give back the JSON report."""
    out = io.StringIO()
    call_command(
        "import_community", str(path), *options, "--format=stackexchange", "--json", stdout=out, verbosity=0
    )
    return json.loads(out.getvalue())


def command(path: Path, *options: str) -> list[str]:
    """The same as a command line, for processes that are killed or measured."""
    return [
        sys.executable,
        str(PROJECT / "manage.py"),
        "import_community",
        str(path),
        "--format=stackexchange",
        *options,
    ]


def process_environment() -> dict[str, str]:
    """A process with this lives in the database of the tests."""
    chosen = connection.settings_dict
    login = quote(chosen["USER"] or "", safe="")
    if chosen["PASSWORD"]:
        login += ":" + quote(chosen["PASSWORD"], safe="")
    place = {key.lower(): str(chosen[key]) for key in ("HOST", "PORT") if chosen[key]}
    url = f"postgresql://{login}@/{chosen['NAME']}?{urlencode(place)}"
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": url}


# --- generated dumps --------------------------------------------------------------------------------------------

BODY = "Words about turning and knurling of part number {}, *some* `code` and a [link](https://t.example). "


def write_dump(folder: Path, *, topics: int, answers: int = 4, comments: int = 4, words: int = 1) -> Path:
    """A plain community: `topics` questions, each with answers, comments, two versions of the question and votes."""
    folder.mkdir(parents=True)
    people = max(topics // 2, 2)
    with table(folder, "Users") as rows:
        for number in range(1, people + 1):
            rows(
                Id=number,
                CreationDate=at(0, number),
                DisplayName=f"Turner {number % 97}",
                AboutMe="<p>Hello.</p>",
            )
    with table(folder, "Tags") as rows:
        for number in range(20):
            rows(Id=number, TagName=f"part-{number}")
    with (
        table(folder, "Posts") as posts,
        table(folder, "Comments") as remarks,
        table(folder, "PostHistory") as history,
    ):
        post = 0
        for topic in range(topics):
            post += 1
            question, body = post, BODY.format(topic) * words
            posts(
                Id=question,
                PostTypeId=1,
                AcceptedAnswerId=question + 1 if answers else None,
                CreationDate=at(1, topic),
                LastEditDate=at(200, topic),
                Title=f"Question {topic} about part {topic % 20}",
                Body=f"<p>{body}</p>",
                Tags=f"<part-{topic % 20}>",
                OwnerUserId=topic % people + 1,
                Score=1,
            )
            for version, (kind, day) in enumerate(((2, 1), (5, 200))):
                history(
                    Id=question * 10 + version,
                    PostHistoryTypeId=kind,
                    PostId=question,
                    RevisionGUID=f"{question}-{version}",
                    CreationDate=at(day, topic),
                    UserId=topic % people + 1,
                    Text=f"{body} version {version}",
                )
            for answer in range(answers):
                post += 1
                posts(
                    Id=post,
                    PostTypeId=2,
                    ParentId=question,
                    CreationDate=at(2 + answer, topic),
                    Body=f"<p>Answer {answer}: {body}</p>",
                    OwnerUserId=(topic + answer) % people + 1,
                    Score=0,
                )
            for comment in range(comments):
                remarks(
                    Id=topic * comments + comment + 1,
                    PostId=question + comment % (answers + 1),
                    CreationDate=at(3 + comment, topic),
                    Text=f"A remark {comment} on **{topic}**.",
                    UserId=(topic + comment) % people + 1,
                )
    with table(folder, "Votes") as rows:
        for number in range(1, post + 1):
            rows(Id=number, PostId=number, VoteTypeId=2, CreationDate="2020-01-01T00:00:00.000")
    return folder


def at(day: int, second: int) -> str:
    """A moment that many days and seconds after the beginning."""
    return (datetime(2019, 1, 1) + timedelta(days=day, seconds=second)).isoformat(timespec="milliseconds")


@contextmanager
def table(folder: Path, name: str) -> Iterator:
    root = name.lower()
    with (folder / f"{name}.xml").open("w", encoding="utf-8") as file:
        file.write(f'\ufeff<?xml version="1.0" encoding="utf-8"?>\n<{root}>\n')
        yield lambda **values: file.write(row(values))
        file.write(f"</{root}>\n")


def row(values: dict[str, object]) -> str:
    attributes = " ".join(
        f"{name}={quoteattr(str(value))}" for name, value in values.items() if value is not None
    )
    return f"  <row {attributes} />\n"


# --- what an import left ----------------------------------------------------------------------------------------

# Without our own ids, which differ from run to run: everything is named by its id in the dump.
_SNAPSHOT = {
    "members": """
        SELECT record.external_id, handle, display_name, email, joined_at, claimed_at, is_machine,
               (SELECT array_agg(ARRAY[key, "values"[1], visibility, source, confirmed_at::text] ORDER BY key)
                    FROM members_fact AS fact JOIN members_factfield AS field ON field.id = fact.field_id
                    WHERE fact.member_id = member.id),
               role, from_at, left(password, 1)
        FROM community_importrecord AS record JOIN members_member AS member ON member.id = record.target_id
        LEFT JOIN members_role AS role ON role.member_id = member.id
        WHERE record.kind = 'user'
    """,
    "tags": """
        SELECT record.external_id, name, slug, description FROM community_importrecord AS record
        JOIN discussions_tag AS tag ON tag.id = record.target_id WHERE record.kind = 'tag'
    """,
    "records": "SELECT source, kind, external_id, target_type, data FROM community_importrecord",
    "spaces": "SELECT name, slug, preset FROM discussions_space",
    "topics": """
        SELECT record.external_id, topic.kind, title, author.handle, topic.created_at, highest_number, last_number,
               post_count, people_count, last_post_at, poster.handle, accepted.number, closed_at, closer.handle,
               close_reason,
               (SELECT array_agg(name ORDER BY name) FROM discussions_taggedtopic JOIN discussions_tag AS tag
                    ON tag.id = tag_id WHERE content_object_id = topic.id)
        FROM community_importrecord AS record JOIN discussions_topic AS topic ON topic.id = record.target_id
        LEFT JOIN members_member AS author ON author.id = topic.author_id
        LEFT JOIN members_member AS poster ON poster.id = topic.last_poster_id
        LEFT JOIN members_member AS closer ON closer.id = topic.closed_by_id
        LEFT JOIN discussions_post AS accepted ON accepted.id = accepted_post_id
        WHERE record.kind = 'topic'
    """,
    "posts": """
        SELECT record.kind, record.external_id, post.number, author.handle, answered.number, post.source,
               post.source_format, post.html, post.renderer_version, post.created_at, post.edited_at, post.edit_reason,
               post.version, post.imported_upvotes
        FROM community_importrecord AS record JOIN discussions_post AS post ON post.id = record.target_id
        LEFT JOIN members_member AS author ON author.id = post.author_id
        LEFT JOIN discussions_post AS answered ON answered.id = post.reply_to_id
        WHERE record.target_type = 'post'
    """,
    "revisions": """
        SELECT record.external_id, revision.version, title, revision.source, source_format, handle, edited_at, reason
        FROM discussions_postrevision AS revision
        JOIN community_importrecord AS record ON record.target_type = 'post' AND record.target_id = post_id
        LEFT JOIN members_member AS editor ON editor.id = edited_by_id
    """,
    "search": """
        SELECT record.kind, record.external_id, entry.kind, title, text, vector::text, handle, occurred_at
        FROM core_searchentry AS entry
        JOIN community_importrecord AS record USING (target_type, target_id)
        LEFT JOIN members_member AS author ON author.id = author_id
    """,
    "activity": """
        SELECT verb, occurred_at, record.kind, record.external_id, actor.handle, actor_role, counterpart.handle,
               target_title, audience, dispatched_at IS NOT NULL,
               activity.data - '{topic_id,reply_to_id,added}'::text[]
        FROM core_activity AS activity
        JOIN community_importrecord AS record USING (target_type, target_id)
        LEFT JOIN members_member AS actor ON actor.id = actor_id
        LEFT JOIN members_member AS counterpart ON counterpart.id = counterpart_id
        WHERE verb NOT IN ('space.created', 'import.finished')
    """,
    "activity counts": "SELECT verb, count(*) FROM core_activity GROUP BY verb",
    "posts without record": "SELECT count(*) FROM discussions_post",
    "members without record": "SELECT count(*) FROM members_member",
}


def snapshot(names: Sequence[str] = tuple(_SNAPSHOT)) -> dict[str, list[str]]:
    """Everything an import wrote, comparable between databases."""
    found = {}
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(_SNAPSHOT[name])
            found[name] = sorted(map(repr, cursor.fetchall()))
    return found


def rows_of_all_tables() -> dict[str, int]:
    """How many rows every table of the database has."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        counts = {}
        for name in tables:
            cursor.execute(f'SELECT count(*) FROM "{name}"')
            counts[name] = cursor.fetchone()[0]
    return counts
