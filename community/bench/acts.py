"""What people do, measured as pages are: a visit that marks as read, and a reply where a thousand follow.

Each is repeated hundreds of times, so what the server is asked to change is set back by the bench's own connection,
whose work is counted nowhere; at the end the database is as it was.
"""

import re
import uuid
from collections.abc import Sequence

from django.db import connection, transaction

from community.bench.load import READER_ID
from community.bench.sizes import LONG_TOPIC_ID, TYPICAL_TOPIC_ID, Sizes
from community.bench.words import COMMON_WORD

_CHANGES = re.compile(r"\b(INSERT INTO|UPDATE\s+\S+(\s+AS\s+\w+)?\s+SET|DELETE FROM)\b", re.IGNORECASE)
_BODY = f"""We tried this with {COMMON_WORD} last year, and it took three attempts.

- First the old figures, then the new ones.
- Whoever starts now should ask **before** the summer.

See [the notes](https://example.org/notes)."""


def changes(statements: Sequence[str]) -> int:
    """How many of these statements change rows; a lock alone is no change."""
    return sum(1 for statement in statements if _CHANGES.search(statement))


def forget_reading() -> None:
    """The reader has not seen the last posts of the typical topic."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE discussions_readstate SET last_read_number = 1 WHERE member_id = %s AND topic_id = %s",
            [READER_ID, TYPICAL_TOPIC_ID],
        )


def reply_form() -> dict[str, str]:
    """What a browser sends: a text of some lines, and the key that makes sending it twice one reply."""
    return {"body": _BODY, "body_format": "markdown", "idempotency_key": uuid.uuid4().hex}


def take_back(sizes: Sizes) -> None:
    """Remove the replies that were measured, and all that stands or counts because of them."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in _TAKE_BACK:
            cursor.execute(
                statement,
                {
                    "topic": LONG_TOPIC_ID,
                    "typical": TYPICAL_TOPIC_ID,
                    "last": sizes.long_topic,
                    "reader": READER_ID,
                },
            )


_ADDED = "SELECT id FROM discussions_post WHERE topic_id = %(topic)s AND number > %(last)s"
_TAKE_BACK = (
    f"DELETE FROM core_searchentry WHERE target_type = 'post' AND target_id IN ({_ADDED})",  # noqa: S608
    f"DELETE FROM core_activity WHERE target_type = 'post' AND target_id IN ({_ADDED})",  # noqa: S608
    "DELETE FROM core_idempotencykey WHERE member_id = %(reader)s",
    "DELETE FROM discussions_post WHERE topic_id = %(topic)s AND number > %(last)s",
    """
    UPDATE discussions_topic AS topic SET
        highest_number = post.number, last_number = post.number, post_count = post.number,
        last_post_at = post.created_at, last_poster_id = post.author_id,
        people_count = (SELECT count(DISTINCT author_id) FROM discussions_post WHERE topic_id = topic.id)
    FROM discussions_post AS post
    WHERE topic.id = %(topic)s AND post.topic_id = topic.id AND post.number = %(last)s
    """,
    """
    UPDATE discussions_readstate AS state SET last_read_number = topic.last_number
    FROM discussions_topic AS topic
    WHERE state.member_id = %(reader)s AND state.topic_id = topic.id AND topic.id IN (%(topic)s, %(typical)s)
    """,
)
