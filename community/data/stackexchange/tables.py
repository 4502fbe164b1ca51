"""The files of the dump: what their columns and numbers mean, and the values that go into the tables beside them.

What the tables become together is in `shape`; here each row is looked at alone.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from community.core.text import MAX_SOURCE, SourceFormat, clean_line, clean_source, excerpt, render
from community.data.staging import Value
from discussions.models import TAG_LENGTH, TITLE_LENGTH
from members.actions.member import handle_stem

# The account under which a site acts by itself.
MACHINE: Final = -1
QUESTION: Final = 1
ANSWER: Final = 2
TAG_EXCERPT: Final = 4
TAG_WIKI: Final = 5

# PostHistoryTypeId: titles, bodies, tags as they were first, then edited, then rolled back; closed, opened again.
TITLES: Final = (1, 4, 7)
BODIES: Final = (2, 5, 8)
TAGS: Final = (3, 6, 9)
CLOSED: Final = 10
REOPENED: Final = 11

# The comment of a closing is a number; these are the sites' own words for them, of both generations.
_CLOSE_REASONS: Final = {
    "1": "a duplicate of another question",
    "2": "off topic here",
    "3": "not constructive",
    "4": "not a real question",
    "7": "too localised",
    "10": "answered by any general reference",
    "101": "a duplicate of another question",
    "102": "off topic here",
    "103": "unclear what is asked",
    "104": "too broad",
    "105": "primarily based on opinion",
}

# One temporary table for each file, in the dump's own words, with what is used of it.
TABLES: Final = {
    "se_user": """
        id bigint NOT NULL, name text NOT NULL, stem text NOT NULL, joined_at timestamptz, about text NOT NULL,
        place text NOT NULL, website text NOT NULL
    """,
    "se_post": """
        id bigint NOT NULL, type bigint NOT NULL, parent_id bigint, accepted_id bigint, created_at timestamptz NOT NULL,
        edited_at timestamptz, editor_id bigint, closed_at timestamptz, score bigint, title text NOT NULL,
        body text NOT NULL, owner_id bigint, owner_name text
    """,
    "se_post_tag": "post_id bigint NOT NULL, name text NOT NULL, place int NOT NULL",
    "se_comment": """
        id bigint NOT NULL, post_id bigint NOT NULL, created_at timestamptz NOT NULL, score bigint, text text NOT NULL,
        owner_id bigint, owner_name text
    """,
    "se_history": """
        id bigint NOT NULL, type bigint NOT NULL, post_id bigint NOT NULL, revision text NOT NULL,
        created_at timestamptz NOT NULL, user_id bigint, comment text NOT NULL, text text
    """,
    "se_vote": "post_id bigint NOT NULL, type bigint NOT NULL, day timestamptz",
    "se_tag": "name text NOT NULL, excerpt_id bigint",
}

Row = Mapping[str, str]


def _user(row: Row, skipped: Counter[str]) -> tuple[Value, ...] | None:
    number = _integer(row.get("Id"))
    if number is None:
        return None
    name = clean_line(row.get("DisplayName", ""))[:80].strip() or f"user{number}"
    return (
        number,
        name,
        handle_stem(name),
        _moment(row.get("CreationDate")),
        excerpt_of_html(row.get("AboutMe", ""), 2000),
        clean_line(row.get("Location", ""))[:120].strip(),
        web_address(row.get("WebsiteUrl", "")),
    )


def _post(row: Row, skipped: Counter[str]) -> tuple[Value, ...] | None:
    number, kind, at = (
        _integer(row.get("Id")),
        _integer(row.get("PostTypeId")),
        _moment(row.get("CreationDate")),
    )
    if number is None or kind is None or at is None:
        return None
    body = row.get("Body", "")
    if kind in {QUESTION, ANSWER}:
        body = _source(body, skipped)
    else:
        body = excerpt_of_html(body, 1000) if kind == TAG_EXCERPT else ""
    return (
        number,
        kind,
        _integer(row.get("ParentId")),
        _integer(row.get("AcceptedAnswerId")),
        at,
        _moment(row.get("LastEditDate")),
        _integer(row.get("LastEditorUserId")),
        _moment(row.get("ClosedDate")),
        _integer(row.get("Score")),
        clean_line(row.get("Title", ""))[:TITLE_LENGTH].strip(),
        body,
        _integer(row.get("OwnerUserId")),
        _name(row.get("OwnerDisplayName")),
    )


def _comment(row: Row, skipped: Counter[str]) -> tuple[Value, ...] | None:
    number, post, at = _integer(row.get("Id")), _integer(row.get("PostId")), _moment(row.get("CreationDate"))
    if number is None or post is None or at is None:
        return None
    return (
        number,
        post,
        at,
        _integer(row.get("Score")),
        comment_markdown(_source(row.get("Text", ""), skipped)),
        _integer(row.get("UserId")),
        _name(row.get("UserDisplayName")),
    )


def _history(row: Row, skipped: Counter[str]) -> tuple[Value, ...] | None:
    number, kind, post = (
        _integer(row.get("Id")),
        _integer(row.get("PostHistoryTypeId")),
        _integer(row.get("PostId")),
    )
    at = _moment(row.get("CreationDate"))
    if number is None or kind is None or post is None or at is None:
        return None
    user, comment, text = _integer(row.get("UserId")), row.get("Comment", ""), row.get("Text", "")
    kept: str | None = None
    if kind in BODIES:
        kept = _source(text, skipped)
    elif kind in TITLES:
        kept = clean_line(text)[:TITLE_LENGTH].strip()
    elif kind == CLOSED:
        comment = _CLOSE_REASONS.get(comment.strip(), comment)
        user = user if user is not None else _lone_voter(text)
    return (
        number,
        kind,
        post,
        row.get("RevisionGUID") or str(number),
        at,
        user,
        clean_line(comment)[:200].strip(),
        kept,
    )


def _vote(row: Row, skipped: Counter[str]) -> tuple[Value, ...] | None:
    post, kind = _integer(row.get("PostId")), _integer(row.get("VoteTypeId"))
    return None if post is None or kind is None else (post, kind, _moment(row.get("CreationDate")))


def _tag(row: Row, skipped: Counter[str]) -> tuple[Value, ...] | None:
    name = _tag_name(row.get("TagName", ""))
    return (name, _integer(row.get("ExcerptPostId"))) if name else None


@dataclass(frozen=True, slots=True)
class TableFile:
    name: str
    staged_as: str
    columns: tuple[str, ...]
    values: Callable[[Row, Counter[str]], tuple[Value, ...] | None]


def _columns(table: str) -> tuple[str, ...]:
    return tuple(column.split()[0] for column in TABLES[table].split(","))


READERS: Final = tuple(
    TableFile(name, staged_as, _columns(staged_as), values)
    for name, staged_as, values in (
        ("Users", "se_user", _user),
        ("Tags", "se_tag", _tag),
        ("Posts", "se_post", _post),
        ("Comments", "se_comment", _comment),
        ("PostHistory", "se_history", _history),
        ("Votes", "se_vote", _vote),
    )
)

_INTEGER: Final = re.compile(r"-?[0-9]{1,18}")


def _integer(value: str | None) -> int | None:
    return int(value) if value and _INTEGER.fullmatch(value) else None


def _moment(value: str | None) -> datetime | None:
    """Times of the dumps are UTC and do not say so."""
    if not value:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _name(value: str | None) -> str | None:
    return clean_line(value)[:80].strip() or None if value else None


def _source(text: str, skipped: Counter[str]) -> str:
    source = clean_source(text)
    if len(source) > MAX_SOURCE:
        skipped[f"texts longer than {MAX_SOURCE:,} characters, cut there"] += 1
    return source[:MAX_SOURCE]


_TAG: Final = re.compile(r"[^<>|]+")


def tag_names(value: str) -> list[str]:
    """`<a><b>`, or `|a|b|` as dumps have it since 2024."""
    names = (_tag_name(name) for name in _TAG.findall(value))
    return list(dict.fromkeys(name for name in names if name))


def _tag_name(value: str) -> str:
    return clean_line(value).lower()[:TAG_LENGTH].strip()


def _lone_voter(text: str) -> int | None:
    """Who closed a question alone; where several voted, nobody in particular did."""
    try:
        voters = json.loads(text)["Voters"]
        return int(voters[0]["Id"]) if len(voters) == 1 else None
    except (ValueError, TypeError, LookupError):
        return None


def excerpt_of_html(html: str, length: int) -> str:
    """What is said in foreign HTML, as plain text of at most `length` characters."""
    plain = render(clean_source(html), SourceFormat.HTML).plain if html.strip() else ""
    return plain if len(plain) <= length else excerpt(plain, length)


_IS_WEB: Final = URLValidator(schemes=["http", "https"])


def web_address(value: str) -> str:
    """A website that the profile form would take, else nothing."""
    address = clean_line(value)
    try:
        _IS_WEB(address)
    except ValidationError:
        return ""
    # The table wants the scheme in small letters.
    scheme, separator, rest = address.partition("://")
    return scheme.lower() + separator + rest if len(address) <= 300 else ""


_CODE: Final = re.compile(r"(`+[^`]*`+)")
_OPENING: Final = re.compile(r"(?<!\\)<(?=[A-Za-z/!?])(?!https?://)")
_INDENT: Final = re.compile(r"(?m)^[ \t]+")
_BLOCK: Final = re.compile(r"(?m)^(?=>|#{1,6}(?:\s|$)|[+*-](?:\s|$)|[=-]+[ \t]*$)")
_NUMBERED: Final = re.compile(r"(?m)^([0-9]{1,9})(?=[.)](?:\s|$))")


def comment_markdown(text: str) -> str:
    """Comments know emphasis, code and links only: what would be a block or a tag for us was plain text there."""
    text = _NUMBERED.sub(r"\1\\", _BLOCK.sub(r"\\", _INDENT.sub("", text)))
    parts = _CODE.split(text)
    return "".join(part if index % 2 else _OPENING.sub(r"\\<", part) for index, part in enumerate(parts))
