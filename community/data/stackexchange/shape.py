"""From the tables of the dump to the staged rows of our own models: what belongs together, and in which order.

Questions become topics, answers replies to post 1, comments replies to the post they stand under.
"""

from collections import Counter
from typing import Final

from django.db import connection

from community.core.verbs import Verb
from community.data.stackexchange.tables import (
    ANSWER,
    BODIES,
    CLOSED,
    MACHINE,
    QUESTION,
    REOPENED,
    TAGS,
    TITLES,
)
from community.data.staging import Copy
from discussions.models import TAGS_PER_TOPIC, Tag

#: What is made on the way, beside the tables of the dump.
DERIVED: Final = ("se_item", "se_order", "se_votes", "se_change", "se_version")

_KEYS: Final = {"se_user": "id", "se_post": "id", "se_comment": "id", "se_history": "id", "se_tag": "name"}


def drop_doubles(skipped: Counter[str]) -> None:
    with connection.cursor() as cursor:
        for table, key in _KEYS.items():
            cursor.execute(
                f"""
                DELETE FROM {table} AS copy USING (
                    SELECT {key}, min(ctid) AS kept FROM {table} GROUP BY {key} HAVING count(*) > 1
                ) AS twice WHERE copy.{key} = twice.{key} AND copy.ctid <> twice.kept
                """  # noqa: S608 - names from the line above
            )
            skipped["rows that stand in their table twice"] += cursor.rowcount
            cursor.execute(f"CREATE UNIQUE INDEX ON {table} ({key})")


def shape(skipped: Counter[str]) -> None:
    with connection.cursor() as cursor:
        for statement in _STATEMENTS:
            cursor.execute(
                statement,
                {
                    "machine": MACHINE,
                    "question": QUESTION,
                    "answer": ANSWER,
                    "titles": list(TITLES),
                    "bodies": list(BODIES),
                    "tags": list(TAGS),
                    "closed": CLOSED,
                    "reopened": REOPENED,
                    "tags_per_topic": TAGS_PER_TOPIC,
                    "topic_closed": Verb.TOPIC_CLOSED.value,
                    "topic_reopened": Verb.TOPIC_REOPENED.value,
                },
            )
        cursor.execute("SELECT name FROM se_tag UNION SELECT name FROM se_post_tag ORDER BY name")
        names = [row[0] for row in cursor.fetchall()]
        with Copy("staged_tag", ("key", "name", "stem")) as copy:
            for name in names:
                copy.add(name, name, Tag().slugify(name))
        cursor.execute(_TAG_DESCRIPTIONS)
        for reason, statement in _COUNTS.items():
            cursor.execute(statement, {"tags_per_topic": TAGS_PER_TOPIC})
            skipped[reason] += cursor.fetchone()[0]
        cursor.execute(_MISSING_DATES)
    for reason in [reason for reason, count in skipped.items() if not count]:
        del skipped[reason]


_STATEMENTS: Final = (
    """
    INSERT INTO staged_member (key, name, stem, joined_at, biography, place, website, is_machine)
    SELECT id, name, stem, joined_at, about, place, website, id = %(machine)s FROM se_user
    """,
    # Questions, and the answers whose question is there. Nothing is placed before what it answers, whatever its date.
    """
    CREATE TEMP TABLE se_item AS
    SELECT id, id AS question_id, 0 AS rank, created_at, created_at AS placed_at, created_at AS topic_at
    FROM se_post WHERE type = %(question)s
    UNION ALL
    SELECT answer.id, question.id, 1, answer.created_at, greatest(answer.created_at, question.created_at),
           question.created_at
    FROM se_post AS answer JOIN se_post AS question ON question.id = answer.parent_id AND question.type = %(question)s
    WHERE answer.type = %(answer)s
    """,
    "CREATE UNIQUE INDEX ON se_item (id)",
    """
    CREATE TEMP TABLE se_order AS
    SELECT row_number() OVER (
        ORDER BY topic_at, question_id, rank > 0, placed_at, rank, created_at, id
    ) AS seq, item.*
    FROM (
        SELECT question_id, rank, id, created_at, placed_at, topic_at, question_id AS replies_to FROM se_item
        UNION ALL
        SELECT item.question_id, 2, comment.id, comment.created_at, greatest(comment.created_at, item.placed_at),
               item.topic_at, item.id
        FROM se_comment AS comment JOIN se_item AS item ON item.id = comment.post_id
    ) AS item
    """,
    "CREATE UNIQUE INDEX ON se_order (id, (rank = 2))",
    "CREATE INDEX ON se_order (question_id)",
    "ANALYZE se_order",
    """
    CREATE TEMP TABLE se_votes AS
    SELECT vote.post_id, count(*) FILTER (WHERE vote.type = 2) AS up, count(*) FILTER (WHERE vote.type = 3) AS down,
           max(vote.day) FILTER (WHERE vote.type = 1) AS accepted_on
    FROM se_vote AS vote JOIN se_item AS item ON item.id = vote.post_id GROUP BY vote.post_id
    """,
    "CREATE UNIQUE INDEX ON se_votes (post_id)",
    # One change of one post: what was saved together, and what it made of title and body.
    """
    CREATE TEMP TABLE se_change AS
    SELECT history.post_id, min(history.id) AS id, min(history.created_at) AS created_at,
           min(history.user_id) AS user_id, max(history.comment) AS comment,
           (array_agg(history.text ORDER BY history.id DESC) FILTER (WHERE type = ANY(%(bodies)s)))[1] AS body,
           (array_agg(history.text ORDER BY history.id DESC) FILTER (WHERE type = ANY(%(titles)s)))[1] AS title,
           'markdown' AS source_format
    FROM se_history AS history JOIN se_item AS item ON item.id = history.post_id
    WHERE type = ANY(%(bodies)s || %(titles)s)
    GROUP BY history.post_id, history.revision
    """,
    # Where the history lacks the last edit that the post knows of, the post itself is its newest version.
    """
    INSERT INTO se_change
    SELECT post.id, 9223372036854775807, post.edited_at, post.editor_id, '', post.body, NULL, 'html'
    FROM se_post AS post
    JOIN (
        SELECT post_id, max(created_at) AS last_at FROM se_history
        WHERE type = ANY(%(bodies)s || %(titles)s || %(tags)s) GROUP BY post_id
    ) AS known ON known.post_id = post.id
    WHERE known.last_at < post.edited_at - interval '1 second'
    """,
    # A history that does not begin with a body says nothing certain; then the post itself is all there is.
    """
    DELETE FROM se_change WHERE post_id IN (
        SELECT post_id FROM (
            SELECT DISTINCT ON (post_id) post_id, body FROM se_change ORDER BY post_id, created_at, id
        ) AS first WHERE body IS NULL
    )
    """,
    """
    CREATE TEMP TABLE se_version AS
    SELECT post_id, row_number() OVER post AS version, created_at, user_id, comment,
           body IS NOT NULL AS changes_body, title IS NOT NULL AS changes_title,
           first_value(body) OVER (PARTITION BY post_id, bodies ORDER BY created_at, id) AS body,
           first_value(source_format) OVER (PARTITION BY post_id, bodies ORDER BY created_at, id) AS source_format,
           first_value(title) OVER (PARTITION BY post_id, titles ORDER BY created_at, id) AS title
    FROM (
        SELECT *, count(body) OVER post AS bodies, count(title) OVER post AS titles
        FROM se_change WINDOW post AS (PARTITION BY post_id ORDER BY created_at, id)
    ) AS change
    WINDOW post AS (PARTITION BY post_id ORDER BY created_at, id)
    """,
    "CREATE UNIQUE INDEX ON se_version (post_id, version)",
    "ANALYZE se_version",
    """
    INSERT INTO staged_topic (
        seq, key, kind, title, created_at, last_seq, accepted_seq, accepted_key, accepted_at, closed_at, closer_key,
        close_reason
    )
    SELECT first.seq, question.id, 'question', coalesce(nullif(question.title, ''), 'Question ' || question.id),
           question.created_at, topic.last_seq, accepted.seq, accepted.id,
           greatest(votes.accepted_on, answer.created_at), question.closed_at, closing.user_id,
           coalesce(closing.comment, '')
    FROM se_post AS question
    JOIN se_order AS first ON first.id = question.id AND first.rank = 0
    JOIN (SELECT question_id, max(seq) AS last_seq FROM se_order GROUP BY question_id) AS topic
        ON topic.question_id = question.id
    LEFT JOIN se_order AS accepted
        ON accepted.id = question.accepted_id AND accepted.rank = 1 AND accepted.question_id = question.id
    LEFT JOIN se_post AS answer ON answer.id = accepted.id
    LEFT JOIN se_votes AS votes ON votes.post_id = accepted.id
    LEFT JOIN (
        SELECT DISTINCT ON (post_id) post_id, user_id, comment FROM se_history
        WHERE type = %(closed)s ORDER BY post_id, created_at DESC, id DESC
    ) AS closing ON closing.post_id = question.id AND question.closed_at IS NOT NULL
    """,
    """
    INSERT INTO staged_topic_tag (topic_seq, tag_key)
    SELECT DISTINCT topic.seq, tag.name
    FROM se_post_tag AS tag JOIN staged_topic AS topic ON topic.key = tag.post_id::text
    WHERE tag.place < %(tags_per_topic)s
    """,
    """
    INSERT INTO staged_event (topic_seq, verb, occurred_at, actor_key, reason)
    SELECT place.seq, CASE history.type WHEN %(closed)s THEN %(topic_closed)s ELSE %(topic_reopened)s END,
           history.created_at, history.user_id, history.comment
    FROM se_history AS history JOIN se_order AS place ON place.id = history.post_id AND place.rank = 0
    WHERE history.type IN (%(closed)s, %(reopened)s)
    """,
    # A question that is closed though no history says when or why.
    """
    INSERT INTO staged_event (topic_seq, verb, occurred_at, actor_key, reason)
    SELECT seq, %(topic_closed)s, closed_at, NULL, '' FROM staged_topic
    WHERE closed_at IS NOT NULL AND seq NOT IN (SELECT topic_seq FROM staged_event WHERE verb = %(topic_closed)s)
    """,
    """
    INSERT INTO staged_post (
        seq, topic_seq, reply_seq, kind, key, author_key, created_at, source, source_format, version, edited_at,
        edit_reason, upvotes, data
    )
    SELECT place.seq, first.seq, CASE place.rank WHEN 0 THEN NULL ELSE first.seq END, 'post', post.id, author.key,
           post.created_at, coalesce(newest.body, post.body), coalesce(newest.source_format, 'html'),
           coalesce(newest.version, 1),
           CASE WHEN newest.version > 1 THEN newest.created_at WHEN newest IS NULL THEN post.edited_at END,
           CASE WHEN newest.version > 1 THEN newest.comment ELSE '' END,
           coalesce(votes.up, 0),
           jsonb_strip_nulls(jsonb_build_object(
               'type', CASE place.rank WHEN 0 THEN 'question' ELSE 'answer' END, 'score', post.score,
               'up', coalesce(votes.up, 0), 'down', coalesce(votes.down, 0),
               'author', CASE WHEN author IS NULL THEN coalesce(post.owner_name, 'user' || post.owner_id) END
           ))
    FROM se_order AS place
    JOIN se_post AS post ON post.id = place.id
    JOIN se_order AS first ON first.id = place.question_id AND first.rank = 0
    LEFT JOIN staged_member AS author ON author.key = post.owner_id::text
    LEFT JOIN se_votes AS votes ON votes.post_id = post.id
    LEFT JOIN (SELECT DISTINCT ON (post_id) * FROM se_version ORDER BY post_id, version DESC) AS newest
        ON newest.post_id = post.id
    WHERE place.rank < 2
    """,
    """
    INSERT INTO staged_post (
        seq, topic_seq, reply_seq, kind, key, author_key, created_at, source, source_format, data
    )
    SELECT place.seq, first.seq, answered.seq, 'comment', comment.id, author.key, comment.created_at, comment.text,
           'markdown',
           jsonb_strip_nulls(jsonb_build_object(
               'score', comment.score,
               'author', CASE WHEN author IS NULL THEN coalesce(comment.owner_name, 'user' || comment.owner_id) END
           ))
    FROM se_order AS place
    JOIN se_comment AS comment ON comment.id = place.id
    JOIN se_order AS first ON first.id = place.question_id AND first.rank = 0
    JOIN se_order AS answered ON answered.id = place.replies_to AND answered.rank < 2
    LEFT JOIN staged_member AS author ON author.key = comment.owner_id::text
    WHERE place.rank = 2
    """,
    """
    INSERT INTO staged_revision (
        post_seq, version, title, source, source_format, editor_key, edited_at, reason, changes_title, changes_body
    )
    SELECT place.seq, before.version, CASE WHEN after.changes_title THEN coalesce(before.title, '') ELSE '' END,
           before.body, before.source_format, editor.key, after.created_at, after.comment,
           after.changes_title AND place.rank = 0, after.changes_body
    FROM se_version AS before
    JOIN se_version AS after ON after.post_id = before.post_id AND after.version = before.version + 1
    JOIN se_order AS place ON place.id = before.post_id AND place.rank < 2
    LEFT JOIN staged_member AS editor ON editor.key = after.user_id::text
    """,
)

_TAG_DESCRIPTIONS: Final = """
    UPDATE staged_tag AS tag SET description = left(replace(excerpt.body, E'\n', ' '), 1000)
    FROM se_tag JOIN se_post AS excerpt ON excerpt.id = se_tag.excerpt_id AND excerpt.type = 4
    WHERE se_tag.name = tag.key
"""

_MISSING_DATES: Final = """
    UPDATE staged_member AS member SET joined_at = coalesce(
        (SELECT min(created_at) FROM staged_post WHERE author_key = member.key),
        (SELECT min(created_at) FROM staged_post), now()
    ) WHERE joined_at IS NULL
"""

_COUNTS: Final = {
    "votes on posts that are not in the dump": """
        SELECT count(*) FROM se_vote WHERE NOT EXISTS (SELECT FROM se_post WHERE se_post.id = se_vote.post_id)
    """,
    "votes on pages that are not imported": """
        SELECT count(*) FROM se_vote JOIN se_post ON se_post.id = se_vote.post_id
        WHERE NOT EXISTS (SELECT FROM se_item WHERE se_item.id = se_vote.post_id)
    """,
    "votes other than up, down and accepted": """
        SELECT count(*) FROM se_vote JOIN se_item ON se_item.id = se_vote.post_id WHERE se_vote.type NOT IN (1, 2, 3)
    """,
    "comments on posts that are not in the dump": """
        SELECT count(*) FROM se_comment WHERE NOT EXISTS (SELECT FROM se_post WHERE se_post.id = se_comment.post_id)
    """,
    "comments on pages that are not imported": """
        SELECT count(*) FROM se_comment JOIN se_post ON se_post.id = se_comment.post_id
        WHERE NOT EXISTS (SELECT FROM se_item WHERE se_item.id = se_comment.post_id)
    """,
    "answers whose question is not in the dump": """
        SELECT count(*) FROM se_post WHERE type = 2 AND NOT EXISTS (SELECT FROM se_item WHERE se_item.id = se_post.id)
    """,
    "accepted answers that are not in the dump": """
        SELECT count(*) FROM se_post AS question WHERE type = 1 AND accepted_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM se_item WHERE se_item.id = question.accepted_id AND question_id = question.id AND rank = 1
        )
    """,
    "tag wikis, of which the excerpts became descriptions of tags": """
        SELECT count(*) FROM se_post WHERE type IN (4, 5)
    """,
    "pages that are neither question, answer nor tag wiki": """
        SELECT count(*) FROM se_post WHERE type NOT IN (1, 2, 4, 5)
    """,
    "posts whose author is gone, kept without one": """
        SELECT count(*) FROM staged_post WHERE author_key IS NULL
    """,
    "replies older than what they answer, kept behind it": """
        SELECT count(*) FROM staged_post AS reply JOIN staged_post AS answered ON answered.seq = reply.reply_seq
        WHERE reply.created_at < answered.created_at
    """,
    "questions without a title, named by their number": """
        SELECT count(*) FROM se_post WHERE type = 1 AND title = ''
    """,
    "tags beyond five on one topic": """
        SELECT count(*) FROM se_post_tag WHERE place >= %(tags_per_topic)s
    """,
    "members without a date, who joined with their first post": """
        SELECT count(*) FROM staged_member WHERE joined_at IS NULL
    """,
    "history of posts that are not imported, and of other kinds": """
        SELECT count(*) FROM se_history
        WHERE type NOT IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
           OR NOT EXISTS (SELECT FROM se_item WHERE se_item.id = se_history.post_id)
    """,
}
