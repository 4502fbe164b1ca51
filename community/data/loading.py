"""From the staging tables into the community: set-based, in chunks of whole topics, each chunk one transaction.

What is here already is known by its import record and is never added again, so a run that was killed is simply
started anew. Formats and their files are not known here.
"""

from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction
from django.urls import reverse

from community.core.models import Audience, SearchKind
from community.core.search import CONFIG
from community.core.text import RENDERER_VERSION, SourceFormat, render
from community.core.verbs import Verb
from community.data.progress import Progress, Step
from community.data.staging import TABLES, Copy, analyse
from discussions.models import POSTS_PER_PAGE, Space
from members.actions.fact import built_in_fields
from members.models import FactSource, RoleName

# Posts in one transaction (a longer topic goes in whole), and how many of them are rendered at a time.
_CHUNK: Final = 1_000
_RENDERED_AT_ONCE: Final = 100
# Posts whose counts are compared with the dump by one statement.
_REFRESHED_AT_ONCE: Final = 20_000

# Longest stem plus the longest number that `handle_stem` and `Tag.slugify` leave room for.
_HANDLE: Final = ("staged_member", "member_id", "handle", "members_member", "handle")
_SLUG: Final = ("staged_tag", "tag_id", "slug", "discussions_tag", "slug")


#: Our tables that an import fills.
FILLED: Final = (
    "community_importrecord",
    "core_activity",
    "core_searchentry",
    "discussions_post",
    "discussions_postrevision",
    "discussions_tag",
    "discussions_taggedtopic",
    "discussions_topic",
    "members_fact",
    "members_member",
    "members_role",
)
# Foreign keys and records are looked up in these, by plans that the server keeps until it hears of more rows.
_LOOKED_UP: Final = ("community_importrecord", "discussions_post", "discussions_topic", "members_member")
_ANALYSED_AFTER: Final = frozenset(4**power for power in range(12))

Parameters = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a dump goes: `source` names its community in the import records."""

    source: str
    space: Space

    def parameters(self) -> Parameters:
        """What the statements below are given beside their range of posts."""
        # Addresses as the URL configuration has them, taken apart around the place of the id.
        topic_url, topic_end = _around("topic_show", 987_654_321)
        member_url, member_end = _around("member_show", "a-handle")
        return {
            "source": self.source,
            "space": self.space.pk,
            "topic_url": topic_url,
            "topic_end": topic_end,
            "member_url": member_url,
            "member_end": member_end,
            "posts_per_page": POSTS_PER_PAGE,
            "role": RoleName.MEMBER.value,
            "from_import": FactSource.IMPORT.value,
            "renderer": RENDERER_VERSION,
            "config": CONFIG,
            "topic_kind": SearchKind.TOPIC.value,
            "post_kind": SearchKind.POST.value,
            "community": Audience.COMMUNITY.value,
            "in_space": Audience.SPACE.value,
            **{verb.name.lower(): verb.value for verb in Verb},
        }


def load(destination: Destination, *, with_votes: bool, progress: Progress) -> None:
    """Carry everything over that is staged and not here yet; refresh the counts of what is here.

    `with_votes` False leaves the counts of known posts alone: their votes were not read.
    """
    parameters = destination.parameters()
    with progress.step("members and tags"), transaction.atomic():
        _find_known(parameters)
        _name(*_HANDLE)
        _name(*_SLUG)
        built_in_fields()
        _run(_MEMBERS, parameters)
        _run(_TAGS, parameters)
    analyse((*TABLES, *_LOOKED_UP))
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(seq), 0) FROM staged_post")
        last = int(cursor.fetchone()[0])
    with progress.step("posts", last, unit="posts") as step:
        done = chunks = 0
        while done < last:
            end = _end_of_chunk(done)
            _load_chunk(done, end, parameters, step)
            done = end
            chunks += 1
            if chunks in _ANALYSED_AFTER:
                analyse(_LOOKED_UP)
    if with_votes:
        with progress.step("votes", last, unit="posts") as step:
            for start in range(0, last, _REFRESHED_AT_ONCE):
                end = min(start + _REFRESHED_AT_ONCE, last)
                with transaction.atomic():
                    _run(_VOTES, {**parameters, "after": start, "until": end})
                step.update(end - start)


def figures(source: str) -> dict[str, int]:
    """What the community holds from one dump, counted in the community's own tables."""
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, {"source": source})
        row = cursor.fetchone()
        return {column.name: int(value) for column, value in zip(cursor.description, row, strict=True)}


def _around(name: str, placeholder: object) -> tuple[str, str]:
    before, _placeholder, after = reverse(name, args=[placeholder]).partition(str(placeholder))
    return before, after


def _run(statements: tuple[str, ...], parameters: Parameters) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, parameters)


def _find_known(parameters: Parameters) -> None:
    _run(_KNOWN, parameters)


def _name(staged: str, id_column: str, column: str, table: str, unique: str) -> None:
    """Give every new row a name nobody has: the stem itself for the first, else with the lowest free number.

    All in one pass, whatever the number of rows: candidates that are taken, or are another new row's own stem, are
    left out, and what remains is dealt out in the order of the keys.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH wanted AS (
                SELECT key, stem, row_number() OVER (PARTITION BY stem ORDER BY length(key), key) AS place
                FROM {staged} WHERE is_new AND {id_column} IS NULL
            ), taken AS (
                SELECT {unique} AS name FROM {table}
            ), stems AS (
                SELECT stem, count(*) AS needed FROM wanted GROUP BY stem
            ), near AS (
                -- How many names could stand in the way of a stem: itself, and itself with a number.
                SELECT regexp_replace(name, '-[0-9]+$', '') AS stem, count(*) AS count
                FROM (SELECT name FROM taken UNION ALL SELECT stem FROM stems) AS name GROUP BY 1
            ), candidates AS (
                SELECT stem, row_number() OVER (PARTITION BY stem ORDER BY number) AS place,
                       CASE number WHEN 1 THEN stem ELSE stem || '-' || number END AS name
                FROM stems
                LEFT JOIN near USING (stem)
                CROSS JOIN LATERAL generate_series(1, stems.needed + coalesce(near.count, 0) + 1) AS number
                WHERE NOT EXISTS (
                    SELECT FROM taken
                    WHERE taken.name = CASE number WHEN 1 THEN stems.stem ELSE stems.stem || '-' || number END
                ) AND (number = 1 OR NOT EXISTS (
                    SELECT FROM stems AS other WHERE other.stem = stems.stem || '-' || number
                ))
            )
            UPDATE {staged} AS staged SET {column} = candidates.name
            FROM wanted JOIN candidates USING (stem, place) WHERE staged.key = wanted.key
            """  # noqa: S608 - names from the constants above
        )


def _end_of_chunk(after: int) -> int:
    """The last post of as many whole topics as fit into a chunk, at least one."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(
                max(last_seq) FILTER (WHERE last_seq <= %(after)s + %(chunk)s), min(last_seq)
            ) FROM staged_topic WHERE last_seq > %(after)s AND seq <= %(after)s + %(chunk)s
            """,
            {"after": after, "chunk": _CHUNK},
        )
        return int(cursor.fetchone()[0])


def _load_chunk(after: int, until: int, parameters: Parameters, step: Step) -> None:
    # Rendering is the slow part and happens before anything is locked.
    _run(("TRUNCATE staged_rendered",), {})
    for start in range(after, until, _RENDERED_AT_ONCE):
        end = min(start + _RENDERED_AT_ONCE, until)
        _render(start, end)
        step.update(end - start)
    with transaction.atomic():
        _run(_CHUNK_STATEMENTS, {**parameters, "after": after, "until": until})


def _render(after: int, until: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq, source, source_format FROM staged_post WHERE is_new AND seq > %s AND seq <= %s",
            [after, until],
        )
        rows = cursor.fetchall()
    with Copy("staged_rendered", ("seq", "html", "plain")) as copy:
        for seq, source, source_format in rows:
            rendered = render(source, SourceFormat(source_format))
            copy.add(seq, rendered.html, rendered.plain)


# --- The statements -------------------------------------------------------------------------------------------------

# A record whose target is gone still means: not again.
_KNOWN: Final = (
    """
    UPDATE staged_member AS staged SET is_new = false, member_id = member.id
    FROM community_importrecord AS record LEFT JOIN members_member AS member ON member.id = record.target_id
    WHERE record.source = %(source)s AND record.kind = 'user' AND record.external_id = staged.key
    """,
    """
    UPDATE staged_tag AS staged SET is_new = false, tag_id = tag.id
    FROM community_importrecord AS record LEFT JOIN discussions_tag AS tag ON tag.id = record.target_id
    WHERE record.source = %(source)s AND record.kind = 'tag' AND record.external_id = staged.key
    """,
    # A word the community has already is that word, not another one.
    """
    UPDATE staged_tag AS staged SET tag_id = tag.id
    FROM (SELECT lower(name) AS name, min(id) AS id FROM discussions_tag GROUP BY 1) AS tag
    WHERE staged.is_new AND tag.name = lower(staged.name)
    """,
    """
    UPDATE staged_topic AS staged SET is_new = false, topic_id = topic.id
    FROM community_importrecord AS record LEFT JOIN discussions_topic AS topic ON topic.id = record.target_id
    WHERE record.source = %(source)s AND record.kind = 'topic' AND record.external_id = staged.key
    """,
    """
    UPDATE staged_post AS staged SET is_new = false, post_id = post.id, number = post.number
    FROM community_importrecord AS record LEFT JOIN discussions_post AS post ON post.id = record.target_id
    WHERE record.source = %(source)s AND record.kind = staged.kind AND record.external_id = staged.key
    """,
    # New replies of a topic that was taken away here stay away.
    """
    UPDATE staged_post AS staged SET is_new = false FROM staged_topic AS topic
    WHERE staged.is_new AND topic.seq = staged.topic_seq AND NOT topic.is_new AND topic.topic_id IS NULL
    """,
)

_MEMBERS: Final = (
    """
    UPDATE staged_member AS staged SET member_id = new.id
    FROM (
        SELECT key, nextval(pg_get_serial_sequence('members_member', 'id')) AS id
        FROM (SELECT key FROM staged_member WHERE is_new ORDER BY joined_at, length(key), key) AS ordered
    ) AS new WHERE new.key = staged.key
    """,
    # No address and a password nobody can type: an account that is there to be claimed.
    """
    INSERT INTO members_member (
        id, password, email, handle, display_name, headline, time_zone, locale, joined_at, is_machine
    )
    SELECT member_id, '!' || replace(gen_random_uuid()::text, '-', ''), NULL, handle, name, '', 'UTC', 'en', joined_at,
           is_machine
    FROM staged_member WHERE is_new
    """,
    """
    INSERT INTO members_fact (member_id, field_id, "values", visibility, source, confirmed_at)
    SELECT staged.member_id, field.id, ARRAY[said.value], field.default_visibility, %(from_import)s, staged.joined_at
    FROM staged_member AS staged
    CROSS JOIN LATERAL (
        VALUES ('biography', staged.biography), ('place', staged.place), ('links', staged.website)
    ) AS said (key, value)
    JOIN members_factfield AS field ON field.key = said.key
    WHERE staged.is_new AND said.value <> ''
    """,
    """
    INSERT INTO members_role (member_id, role, from_at)
    SELECT member_id, %(role)s, joined_at FROM staged_member WHERE is_new AND NOT is_machine
    """,
    """
    INSERT INTO core_activity (
        occurred_at, verb, actor_id, actor_role, target_type, target_id, target_title, target_url, audience, data,
        dispatched_at
    )
    SELECT joined_at, %(member_joined)s, member_id, %(role)s, 'member', member_id, name,
           %(member_url)s || handle || %(member_end)s, %(community)s, '{"source": "import"}', now()
    FROM staged_member WHERE is_new AND NOT is_machine ORDER BY member_id
    """,
    """
    INSERT INTO community_importrecord (source, kind, external_id, target_type, target_id, data)
    SELECT %(source)s, 'user', key, 'member', member_id, '{}' FROM staged_member WHERE is_new
    """,
)

_TAGS: Final = (
    """
    UPDATE discussions_tag AS tag SET description = staged.description
    FROM staged_tag AS staged WHERE staged.is_new AND tag.id = staged.tag_id AND tag.description = ''
    """,
    """
    WITH made AS (
        INSERT INTO discussions_tag (name, slug, description)
        SELECT name, slug, description FROM staged_tag WHERE is_new AND tag_id IS NULL ORDER BY key
        RETURNING id, name
    )
    UPDATE staged_tag AS staged SET tag_id = made.id FROM made WHERE made.name = staged.name
    """,
    """
    INSERT INTO community_importrecord (source, kind, external_id, target_type, target_id, data)
    SELECT %(source)s, 'tag', key, 'tag', tag_id, '{}' FROM staged_tag WHERE is_new
    """,
)

# Only the staging tables are joined here, for only they have statistics that fit: in a community that is just being
# filled, the planner takes the tables for empty.
_CHUNK_STATEMENTS: Final = (
    # Known topics that grow: their numbers are given out under the lock that everybody takes for it.
    """
    SELECT id FROM discussions_topic WHERE id = ANY(ARRAY(
        SELECT DISTINCT topic.topic_id FROM staged_topic AS topic JOIN staged_post AS post ON post.topic_seq = topic.seq
        WHERE topic.seq > %(after)s AND topic.seq <= %(until)s AND NOT topic.is_new AND post.is_new
    )) ORDER BY id FOR UPDATE
    """,
    """
    UPDATE staged_topic AS staged
    SET title = topic.title, kind = topic.kind, space_id = topic.space_id, base = topic.highest_number
    FROM discussions_topic AS topic
    WHERE topic.id = staged.topic_id AND NOT staged.is_new AND staged.seq > %(after)s AND staged.seq <= %(until)s
    """,
    """
    UPDATE staged_topic AS staged SET topic_id = new.id, space_id = %(space)s
    FROM (
        SELECT seq, nextval(pg_get_serial_sequence('discussions_topic', 'id')) AS id
        FROM (
            SELECT seq FROM staged_topic WHERE is_new AND seq > %(after)s AND seq <= %(until)s ORDER BY seq
        ) AS ordered
    ) AS new WHERE new.seq = staged.seq
    """,
    """
    UPDATE staged_post AS staged SET post_id = new.id, number = new.number
    FROM (
        SELECT seq, number, nextval(pg_get_serial_sequence('discussions_post', 'id')) AS id
        FROM (
            SELECT post.seq, topic.base + row_number() OVER (PARTITION BY post.topic_seq ORDER BY post.seq) AS number
            FROM staged_post AS post JOIN staged_topic AS topic ON topic.seq = post.topic_seq
            WHERE post.is_new AND post.seq > %(after)s AND post.seq <= %(until)s ORDER BY post.seq
        ) AS ordered
    ) AS new WHERE new.seq = staged.seq
    """,
    """
    INSERT INTO discussions_topic (
        id, space_id, kind, title, author_id, created_at, highest_number, last_number, post_count, people_count,
        last_post_at, last_poster_id, closed_at, closed_by_id, close_reason
    )
    SELECT topic.topic_id, topic.space_id, topic.kind, topic.title, author.member_id, topic.created_at, truth.posts,
           truth.posts, truth.posts, truth.people, latest.created_at, poster.member_id, topic.closed_at,
           closer.member_id, topic.close_reason
    FROM staged_topic AS topic
    JOIN (
        SELECT post.topic_seq, count(*) AS posts, count(DISTINCT author.member_id) AS people
        FROM staged_post AS post LEFT JOIN staged_member AS author ON author.key = post.author_key
        WHERE post.seq > %(after)s AND post.seq <= %(until)s GROUP BY post.topic_seq
    ) AS truth ON truth.topic_seq = topic.seq
    JOIN staged_post AS first ON first.seq = topic.seq
    JOIN staged_post AS latest ON latest.seq = topic.last_seq
    LEFT JOIN staged_member AS author ON author.key = first.author_key
    LEFT JOIN staged_member AS poster ON poster.key = latest.author_key
    LEFT JOIN staged_member AS closer ON closer.key = topic.closer_key
    WHERE topic.is_new AND topic.seq > %(after)s AND topic.seq <= %(until)s
    """,
    """
    INSERT INTO discussions_taggedtopic (tag_id, content_object_id)
    SELECT tag.tag_id, topic.topic_id
    FROM staged_topic AS topic
    JOIN staged_topic_tag AS tagged ON tagged.topic_seq = topic.seq
    JOIN staged_tag AS tag ON tag.key = tagged.tag_key
    WHERE topic.is_new AND topic.seq > %(after)s AND topic.seq <= %(until)s AND tag.tag_id IS NOT NULL
    """,
    # What answers a post that is gone here answers the first one of its topic.
    """
    INSERT INTO discussions_post (
        id, topic_id, number, author_id, reply_to_id, source, source_format, html, renderer_version, created_at,
        edited_at, edit_reason, version, thanks_count, imported_upvotes
    )
    SELECT post.post_id, topic.topic_id, post.number, author.member_id,
           CASE WHEN post.number > 1 THEN coalesce(answered.post_id, first.post_id) END,
           post.source, post.source_format, rendered.html, %(renderer)s, post.created_at, post.edited_at,
           post.edit_reason, post.version, 0, post.upvotes
    FROM staged_post AS post
    JOIN staged_rendered AS rendered ON rendered.seq = post.seq
    JOIN staged_topic AS topic ON topic.seq = post.topic_seq
    JOIN staged_post AS first ON first.seq = post.topic_seq
    LEFT JOIN staged_post AS answered ON answered.seq = post.reply_seq
    LEFT JOIN staged_member AS author ON author.key = post.author_key
    WHERE post.is_new AND post.seq > %(after)s AND post.seq <= %(until)s
    ORDER BY post.seq
    """,
    """
    INSERT INTO discussions_postrevision (
        post_id, version, title, source, source_format, edited_by_id, edited_at, reason
    )
    SELECT post.post_id, revision.version, revision.title, revision.source, revision.source_format, editor.member_id,
           revision.edited_at, revision.reason
    FROM staged_revision AS revision
    JOIN staged_post AS post ON post.seq = revision.post_seq
    LEFT JOIN staged_member AS editor ON editor.key = revision.editor_key
    WHERE post.is_new AND post.seq > %(after)s AND post.seq <= %(until)s
    ORDER BY post.seq, revision.version
    """,
    """
    INSERT INTO core_searchentry (
        kind, target_type, target_id, title, text, space_id, author_id, occurred_at, vector
    )
    SELECT %(topic_kind)s, 'topic', topic.topic_id, topic.title, rendered.plain, %(space)s, author.member_id,
           post.created_at,
           setweight(to_tsvector(%(config)s::regconfig, topic.title), 'A')
               || setweight(to_tsvector(%(config)s::regconfig, rendered.plain), 'C')
    FROM staged_topic AS topic
    JOIN staged_post AS post ON post.seq = topic.seq
    JOIN staged_rendered AS rendered ON rendered.seq = topic.seq
    LEFT JOIN staged_member AS author ON author.key = post.author_key
    WHERE topic.is_new AND topic.seq > %(after)s AND topic.seq <= %(until)s
    """,
    """
    INSERT INTO core_searchentry (
        kind, target_type, target_id, title, text, space_id, author_id, occurred_at, vector
    )
    SELECT %(post_kind)s, 'post', post.post_id, topic.title, rendered.plain, topic.space_id, author.member_id,
           post.created_at, setweight(to_tsvector(%(config)s::regconfig, rendered.plain), 'C')
    FROM staged_post AS post
    JOIN staged_rendered AS rendered ON rendered.seq = post.seq
    JOIN staged_topic AS topic ON topic.seq = post.topic_seq
    LEFT JOIN staged_member AS author ON author.key = post.author_key
    WHERE post.is_new AND post.number > 1 AND post.seq > %(after)s AND post.seq <= %(until)s
    """,
    """
    INSERT INTO core_activity (
        occurred_at, verb, actor_id, actor_role, target_type, target_id, target_title, target_url, counterpart_id,
        space_id, audience, data, dispatched_at
    )
    SELECT happened.occurred_at, happened.verb, actor.member_id,
           CASE WHEN actor.member_id IS NULL OR actor.is_machine THEN '' ELSE %(role)s END,
           happened.target_type, happened.target_id, happened.title, happened.url,
           nullif(counterpart.member_id, actor.member_id), happened.space_id, %(in_space)s, happened.data, now()
    FROM (
        SELECT post.created_at AS occurred_at, CASE post.number WHEN 1 THEN %(topic_created)s ELSE %(post_created)s END
                   AS verb,
               post.author_key AS actor_key, answered.author_key AS counterpart_key,
               CASE post.number WHEN 1 THEN 'topic' ELSE 'post' END AS target_type,
               CASE post.number WHEN 1 THEN topic.topic_id ELSE post.post_id END AS target_id,
               topic.title, topic.space_id,
               %(topic_url)s || topic.topic_id || %(topic_end)s || CASE post.number WHEN 1 THEN '' ELSE
                   '?page=' || ((post.number - 1) / %(posts_per_page)s + 1) || '#post-' || post.number END AS url,
               jsonb_build_object('topic_id', topic.topic_id, 'kind', topic.kind, 'mentioned_ids', jsonb_build_array())
                   || CASE post.number WHEN 1 THEN '{}' ELSE jsonb_build_object('number', post.number,
                          'reply_to_id', coalesce(answered.post_id, first.post_id)) END AS data
        FROM staged_post AS post
        JOIN staged_topic AS topic ON topic.seq = post.topic_seq
        JOIN staged_post AS first ON first.seq = post.topic_seq
        LEFT JOIN staged_post AS answered ON answered.seq = post.reply_seq
        WHERE post.is_new AND post.seq > %(after)s AND post.seq <= %(until)s
        UNION ALL
        SELECT revision.edited_at, %(post_edited)s, revision.editor_key, NULL, 'post', post.post_id, topic.title,
               topic.space_id, %(topic_url)s || topic.topic_id || %(topic_end)s || '?page='
                   || ((post.number - 1) / %(posts_per_page)s + 1) || '#post-' || post.number,
               jsonb_build_object('topic_id', topic.topic_id, 'number', post.number, 'version', revision.version + 1)
        FROM staged_revision AS revision
        JOIN staged_post AS post ON post.seq = revision.post_seq
        JOIN staged_topic AS topic ON topic.seq = post.topic_seq
        WHERE revision.changes_body AND post.is_new AND post.seq > %(after)s AND post.seq <= %(until)s
        UNION ALL
        SELECT revision.edited_at, %(topic_edited)s, revision.editor_key, NULL, 'topic', topic.topic_id, topic.title,
               topic.space_id, %(topic_url)s || topic.topic_id || %(topic_end)s,
               jsonb_build_object('topic_id', topic.topic_id, 'fields', jsonb_build_array('title'))
        FROM staged_revision AS revision
        JOIN staged_topic AS topic ON topic.seq = revision.post_seq
        WHERE revision.changes_title AND topic.is_new AND topic.seq > %(after)s AND topic.seq <= %(until)s
        UNION ALL
        SELECT event.occurred_at, event.verb, event.actor_key, NULL, 'topic', topic.topic_id, topic.title,
               topic.space_id, %(topic_url)s || topic.topic_id || %(topic_end)s,
               CASE event.verb WHEN %(topic_closed)s
                   THEN jsonb_build_object('topic_id', topic.topic_id, 'reason', event.reason)
                   ELSE jsonb_build_object('topic_id', topic.topic_id) END
        FROM staged_event AS event
        JOIN staged_topic AS topic ON topic.seq = event.topic_seq
        WHERE topic.is_new AND topic.seq > %(after)s AND topic.seq <= %(until)s
    ) AS happened
    LEFT JOIN staged_member AS actor ON actor.key = happened.actor_key
    LEFT JOIN staged_member AS counterpart ON counterpart.key = happened.counterpart_key
    ORDER BY happened.occurred_at, happened.target_id
    """,
    """
    INSERT INTO community_importrecord (source, kind, external_id, target_type, target_id, data)
    SELECT %(source)s, 'topic', key, 'topic', topic_id, '{}' FROM staged_topic
    WHERE is_new AND seq > %(after)s AND seq <= %(until)s
    UNION ALL
    SELECT %(source)s, kind, key, 'post', post_id, data FROM staged_post
    WHERE is_new AND seq > %(after)s AND seq <= %(until)s
    """,
    # Known topics that grew; what people wrote and deleted here is counted with the rest.
    """
    UPDATE discussions_topic AS topic
    SET highest_number = latest.number, last_number = latest.number, post_count = topic.post_count + grown.posts,
        people_count = (
            SELECT count(DISTINCT author_id) FROM discussions_post
            WHERE topic_id = topic.id AND deleted_at IS NULL
        ), last_post_at = latest.created_at, last_poster_id = poster.member_id
    FROM (
        SELECT post.topic_seq, count(*) AS posts, max(post.seq) AS last_seq FROM staged_post AS post
        WHERE post.is_new AND post.seq > %(after)s AND post.seq <= %(until)s GROUP BY post.topic_seq
    ) AS grown
    JOIN staged_topic AS known ON known.seq = grown.topic_seq AND NOT known.is_new
    JOIN staged_post AS latest ON latest.seq = grown.last_seq
    LEFT JOIN staged_member AS poster ON poster.key = latest.author_key
    WHERE topic.id = known.topic_id
    """,
    # Accepted answers that the last import did not know of; what people here chose since then stays.
    """
    WITH chosen AS (
        SELECT topic.topic_id, topic.title, topic.space_id, topic.accepted_key, topic.accepted_at, answer.post_id,
               answer.number, question.author_key AS asker_key, answer.author_key AS answerer_key
        FROM staged_topic AS topic
        JOIN staged_post AS answer ON answer.seq = topic.accepted_seq
        JOIN staged_post AS question ON question.seq = topic.seq
        JOIN community_importrecord AS record
            ON record.source = %(source)s AND record.kind = 'topic' AND record.external_id = topic.key
        WHERE topic.seq > %(after)s AND topic.seq <= %(until)s AND topic.topic_id IS NOT NULL
          AND topic.kind = 'question' AND answer.post_id IS NOT NULL
          AND record.data->>'accepted' IS DISTINCT FROM topic.accepted_key
    ), remembered AS (
        UPDATE community_importrecord AS record
        SET data = record.data || jsonb_build_object('accepted', chosen.accepted_key)
        FROM chosen WHERE record.source = %(source)s AND record.kind = 'topic' AND record.target_id = chosen.topic_id
    ), accepted AS (
        UPDATE discussions_topic AS topic SET accepted_post_id = chosen.post_id
        FROM chosen WHERE topic.id = chosen.topic_id
    )
    INSERT INTO core_activity (
        occurred_at, verb, actor_id, actor_role, target_type, target_id, target_title, target_url, counterpart_id,
        space_id, audience, data, dispatched_at
    )
    SELECT chosen.accepted_at, %(answer_accepted)s, asker.member_id,
           CASE WHEN asker.member_id IS NULL OR asker.is_machine THEN '' ELSE %(role)s END,
           'post', chosen.post_id, chosen.title,
           %(topic_url)s || chosen.topic_id || %(topic_end)s || '?page='
               || ((chosen.number - 1) / %(posts_per_page)s + 1) || '#post-' || chosen.number,
           nullif(answerer.member_id, asker.member_id), chosen.space_id, %(in_space)s,
           jsonb_build_object('topic_id', chosen.topic_id, 'number', chosen.number), now()
    FROM chosen
    LEFT JOIN staged_member AS asker ON asker.key = chosen.asker_key
    LEFT JOIN staged_member AS answerer ON answerer.key = chosen.answerer_key
    ORDER BY chosen.accepted_at, chosen.post_id
    """,
)

# Set, not increased: a second run changes nothing, a newer dump brings its own counts.
_VOTES: Final = (
    """
    UPDATE discussions_post AS post SET imported_upvotes = staged.upvotes
    FROM staged_post AS staged
    WHERE staged.seq > %(after)s AND staged.seq <= %(until)s AND NOT staged.is_new
      AND post.id = staged.post_id AND post.imported_upvotes <> staged.upvotes
    """,
    """
    UPDATE community_importrecord AS record SET data = staged.data
    FROM staged_post AS staged
    WHERE staged.seq > %(after)s AND staged.seq <= %(until)s AND NOT staged.is_new
      AND record.source = %(source)s AND record.kind = staged.kind AND record.external_id = staged.key
      AND record.data <> staged.data
    """,
)

_FIGURES: Final = """
    WITH record AS (
        SELECT kind, target_id, (data->>'down')::bigint AS down FROM community_importrecord WHERE source = %(source)s
    ), topic AS (
        SELECT topic.accepted_post_id FROM record
        JOIN discussions_topic AS topic ON topic.id = record.target_id AND topic.deleted_at IS NULL
        WHERE record.kind = 'topic'
    ), post AS (
        SELECT record.kind, record.down, post.imported_upvotes FROM record
        JOIN discussions_post AS post ON post.id = record.target_id AND post.deleted_at IS NULL
        WHERE record.kind IN ('post', 'comment')
    )
    SELECT
        (SELECT count(*) FROM topic) AS topics,
        (SELECT count(*) FROM post) AS posts,
        (SELECT count(*) FROM record JOIN members_member AS member ON member.id = record.target_id
         WHERE record.kind = 'user' AND NOT member.is_machine) AS members,
        (SELECT count(*) FROM record JOIN discussions_tag AS tag ON tag.id = record.target_id
         WHERE record.kind = 'tag') AS tags,
        (SELECT count(accepted_post_id) FROM topic) AS accepted_answers,
        (SELECT coalesce(sum(imported_upvotes), 0) FROM post WHERE kind = 'post') AS votes_up,
        (SELECT coalesce(sum(down), 0) FROM post WHERE kind = 'post') AS votes_down
"""
