"""Fills an empty, migrated database with a synthetic community by a few set-based statements.

The rows are what the actions would have written: counters, search entries, activity and read states agree, and
`repair_counters` finds nothing to mend. Nothing is drawn at random by the server, so two loads of the same sizes are
equal but for the present moment.
"""

import io
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from community.bench.sizes import LONG_TOPIC_ID, TYPICAL_TOPIC_ID, Sizes, posts_by_topic
from community.bench.words import (
    BODIES,
    COMPANY_KINDS,
    COMPANY_STEMS,
    FIRST_NAMES,
    JOBS,
    LAST_NAMES,
    PLACES,
    RARE_PERSON,
    RARE_POSTS,
    TAGS,
    TOPICS,
    Words,
    body_pool,
)
from community.core.text import RENDERER_VERSION
from discussions.actions.maintenance import USEFULNESS
from discussions.models import Space, SpacePreset, Tag
from members.actions.directory import rebuild_directory
from members.actions.fact import built_in_fields
from members.actions.gate import default_tier
from members.models import Organisation

SEED = 20
YEARS = 3
#: Whom the measured requests are signed in as: writes now and then, reads and follows much.
READER_ID = 11
# Keeps the gate: a manager, who sees what the reader does not.
KEEPER_ID = 12
MOST_APPLICATIONS = 10_000
READER_TOPICS = 500
#: Of the long topic: whom a reply there is told to.
FOLLOWERS = 1_000
READER_FOLLOWS = 60

_DAY = 86_400.0
_PRESETS = (
    *[SpacePreset.OPEN] * 8,
    SpacePreset.READ_ONLY,
    SpacePreset.PRIVATE,
    SpacePreset.EXPERTS,
    SpacePreset.HIDDEN,
)
_SPACE_WEIGHTS = (20, 16, 12, 10, 8, 8, 6, 6, 2, 6, 4, 2)
_READERS_PRIVATE_SPACE = 10

TABLES = (
    "members_member",
    "members_fact",
    "members_role",
    "members_employment",
    "members_expertise",
    "members_directoryentry",
    "members_directoryfacet",
    "members_application",
    "members_applicationstep",
    "members_reviewdecision",
    "discussions_topic",
    "discussions_post",
    "discussions_postrevision",
    "discussions_taggedtopic",
    "discussions_reaction",
    "discussions_readstate",
    "discussions_follow",
    "core_searchentry",
    "core_activity",
    "core_notice",
)

Say = Callable[[str], None]


def load(sizes: Sizes, *, say: Say) -> float:
    """Build the community; `say` is told of each step. Returns the seconds it took. The tables must be empty."""
    began = time.monotonic()
    with connection.cursor() as cursor:
        # The limits are for requests of people; this is one long job. 1 GB only ever for one sort or one index.
        cursor.execute(
            "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0"
        )
        cursor.execute("SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'")
        # A parallel scan would hand out rows in another order, and posts must lie in the order of time.
        cursor.execute("SET max_parallel_workers_per_gather = 0")
    _load_rows(sizes, say=say)
    say("directory")
    rebuild_directory(seconds=math.inf)
    say("statistics")
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM (ANALYZE) {', '.join(TABLES)}")
        cursor.execute(
            "ANALYZE discussions_space, discussions_spacemembership, discussions_tag, members_organisation"
        )
    connection.close()
    return time.monotonic() - began


@transaction.atomic
def _load_rows(sizes: Sizes, *, say: Say) -> None:
    with connection.cursor() as cursor, _without_indexes(cursor, say):
        # Where the server keeps no log for others, rows of a table that was emptied in the same transaction
        # are not logged at all.
        cursor.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
        _plan(cursor, sizes, say)
        built_in_fields()
        chosen: dict[str, int | str] = {
            "members": sizes.members,
            "topics": sizes.topics,
            "tier": default_tier().pk,
        }
        for name, statement in _STATEMENTS:
            say(name)
            cursor.execute(statement, chosen | _PARAMETERS)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), apps.get_models()):
            cursor.execute(statement)


# --- Indexes and constraints ------------------------------------------------------------------------------------


@contextmanager
def _without_indexes(cursor: CursorWrapper, say: Say) -> Iterator[None]:
    """Drop what would be kept row by row and build it once afterwards: half the time, and denser indexes."""
    cursor.execute(
        """
        SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
        FROM pg_constraint
        WHERE contype IN ('f', 'u') AND conrelid = ANY(%s::regclass[])
        ORDER BY contype DESC, conrelid
        """,
        [list(TABLES)],
    )
    constraints = cursor.fetchall()
    for table, name, _definition in constraints:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    cursor.execute(
        """
        SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
        FROM pg_index WHERE indrelid = ANY(%s::regclass[]) AND NOT indisprimary
        """,
        [list(TABLES)],
    )
    indexes = cursor.fetchall()
    for name, _definition in indexes:
        cursor.execute(f"DROP INDEX {name}")
    yield
    say("indexes")
    for _name, definition in indexes:
        cursor.execute(definition)
    say("constraints")
    for table, name, definition in constraints:
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


# --- The plan: who writes what where, before any row is made ----------------------------------------------------


def _plan(cursor: CursorWrapper, sizes: Sizes, say: Say) -> None:
    say("texts")
    words = Words(SEED)
    cursor.execute(
        "CREATE TEMP TABLE bench_body (id int PRIMARY KEY, source text, html text, plain text) ON COMMIT DROP"
    )
    _copy(
        cursor,
        "bench_body",
        ((number, body.source, body.html, body.plain) for number, body in enumerate(body_pool(words))),
    )
    # The words of a reply, as `core.search.search_vector` weighs them; worked out once for each text of the pool.
    cursor.execute("ALTER TABLE bench_body ADD vector tsvector")
    cursor.execute("UPDATE bench_body SET vector = setweight(to_tsvector('english', plain), 'C')")
    # A number from 0 to 1 out of a number: spread like chance, and the same in every run.
    cursor.execute(
        """
        CREATE FUNCTION pg_temp.chance(bigint, bigint) RETURNS float8 LANGUAGE sql IMMUTABLE
        RETURN (hashint8extended($1, $2) & 268435455)::float8 / 268435456
        """
    )
    # A place in a list of so many, the first ones the most frequent.
    cursor.execute(
        """
        CREATE FUNCTION pg_temp.skewed(bigint, bigint, int) RETURNS int LANGUAGE sql IMMUTABLE
        RETURN floor($3 * power(pg_temp.chance($1, $2), 2.0))::int
        """
    )
    _plan_names(cursor)
    _plan_spaces()
    say("plan of topics and posts")
    _plan_topics(cursor, sizes, words)
    cursor.execute(_PLAN_POSTS, {"members": sizes.members, "posts": sizes.posts, **_PARAMETERS})
    cursor.execute("CREATE UNIQUE INDEX ON bench_post (topic_id, number)")
    cursor.execute("ANALYZE bench_topic; ANALYZE bench_post")


def _plan_names(cursor: CursorWrapper) -> None:
    names = [f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES]
    random.Random(SEED).shuffle(names)  # noqa: S311 - a generated community, not a secret
    cursor.execute("CREATE TEMP TABLE bench_name (id int PRIMARY KEY, name text) ON COMMIT DROP")
    _copy(cursor, "bench_name", enumerate(names))
    cursor.execute("CREATE TEMP TABLE bench_job (id int PRIMARY KEY, title text) ON COMMIT DROP")
    _copy(cursor, "bench_job", enumerate(JOBS))
    for table, words in (("bench_place", PLACES), ("bench_subject", TOPICS)):
        cursor.execute(f"CREATE TEMP TABLE {table} (id int PRIMARY KEY, name text) ON COMMIT DROP")
        _copy(cursor, table, enumerate(words))
    Organisation.objects.bulk_create(
        Organisation(name=f"{stem} {kind}", slug=f"{stem}-{kind}".lower())
        for stem in COMPANY_STEMS
        for kind in COMPANY_KINDS
    )
    Tag.objects.bulk_create(Tag(name=name, slug=name) for name in TAGS)


def _plan_spaces() -> None:
    Space.objects.bulk_create(
        Space(
            pk=number,
            name=f"Space {number}",
            slug=f"space-{number}",
            purpose=f"What belongs to subject {number}: questions, experience and results.",
            preset=preset,
            position=number,
        )
        for number, preset in enumerate(_PRESETS, start=1)
    )


def _plan_topics(cursor: CursorWrapper, sizes: Sizes, words: Words) -> None:
    chance = random.Random(SEED)  # noqa: S311 - a generated community, not a secret
    now = timezone.now().timestamp()
    space_ids = range(1, len(_PRESETS) + 1)

    def rows() -> Iterator[tuple[object, ...]]:
        for topic_id, count in enumerate(posts_by_topic(sizes, SEED), start=1):
            age = chance.uniform(0.05, YEARS * 365) * _DAY
            space_id = chance.choices(space_ids, weights=_SPACE_WEIGHTS)[0]
            if topic_id == LONG_TOPIC_ID:
                age, space_id = YEARS * 365 * _DAY, 1
            elif topic_id == TYPICAL_TOPIC_ID:
                age, space_id = 3 * _DAY, 1
            # Most threads are over in a week; a long one stays alive.
            span = min(age * chance.uniform(0.9, 1.0) - 60, count * chance.expovariate(1 / 0.5) * _DAY)
            if topic_id in (LONG_TOPIC_ID, TYPICAL_TOPIC_ID):
                span = age - 600
            kind = "question" if chance.random() < 0.5 else "discussion"
            accepted = (
                chance.randint(2, count) if kind == "question" and count > 1 and chance.random() < 0.6 else 0
            )
            tags = chance.sample(range(len(TAGS)), k=chance.choice((0, 1, 1, 2, 3)))
            yield (
                topic_id,
                count,
                space_id,
                kind,
                words.title(),
                now - age,
                max(span, 0),
                accepted,
                chance.random() < 0.03,
                "{" + ",".join(map(str, tags)) + "}",
            )

    cursor.execute(
        """
        CREATE TEMP TABLE bench_topic (
            id bigint PRIMARY KEY, count int, space_id int, kind text, title text, start float8, span float8,
            accepted int, closed bool, tags int[]
        ) ON COMMIT DROP
        """
    )
    _copy(cursor, "bench_topic", rows())


def _copy(cursor: CursorWrapper, table: str, rows: Iterator[tuple[object, ...]]) -> None:
    text = io.StringIO()
    for row in rows:
        text.write("\t".join(map(_copy_text, row)) + "\n")
    text.seek(0)
    # Django's wrapper passes COPY through to psycopg2.
    cursor.copy_expert(f"COPY {table} FROM STDIN", text)


def _copy_text(value: object) -> str:
    return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


_PARAMETERS: dict[str, int | str] = {
    "reader": READER_ID,
    "keeper": KEEPER_ID,
    "applications": MOST_APPLICATIONS,
    "reader_topics": READER_TOPICS,
    "reader_follows": READER_FOLLOWS,
    "followers": FOLLOWERS,
    "long_topic": LONG_TOPIC_ID,
    "typical_topic": TYPICAL_TOPIC_ID,
    "bodies": BODIES,
    "rare_posts": RARE_POSTS,
    "renderer_version": RENDERER_VERSION,
    "years": YEARS,
    "reader_space": _READERS_PRIVATE_SPACE,
    "rare_person": RARE_PERSON,
}

# A thread is a talk of few: the number of its people grows with the root of its posts, and some write more than
# others everywhere. The first person is the author. Ids follow time over all topics, so the posts of one thread
# lie scattered over the table as they do in a community that has grown.
_PLAN_POSTS = """
    CREATE TEMP TABLE bench_post ON COMMIT DROP AS
    SELECT row_number() OVER (ORDER BY created_at, topic_id, number) AS id, *
    FROM (
        SELECT
            topic.id AS topic_id,
            number,
            to_timestamp(topic.start + topic.span * (number - 1) / greatest(topic.count - 1, 1)) AS created_at,
            1 + floor(%(members)s * power(pg_temp.chance(
                topic.id * 4096
                + CASE number WHEN 1 THEN 0
                  ELSE floor(pg_temp.chance(topic.id * 65536 + number, 2) * (1 + 1.6 * sqrt(topic.count)))
                  END::bigint,
                1
            ), 2.0))::bigint AS author_id,
            -- Six of ten answer the topic, the others an earlier reply.
            CASE
                WHEN number = 1 THEN NULL
                WHEN pg_temp.chance(topic.id * 65536 + number, 3) < 0.6 THEN 1
                ELSE 1 + floor((number - 1) * pg_temp.chance(topic.id * 65536 + number, 4))::int
            END AS reply_number,
            floor(%(bodies)s * pg_temp.chance(topic.id * 65536 + number, 5))::int AS body,
            floor(4 * power(pg_temp.chance(topic.id * 65536 + number, 6), 3))::int AS thanks,
            pg_temp.chance(topic.id * 65536 + number, 7) < 0.03 AS edited
        FROM bench_topic AS topic, generate_series(1, topic.count) AS number
    ) AS post
    ORDER BY id;
    UPDATE bench_post SET body = %(bodies)s
    WHERE id IN (SELECT 1 + (%(posts)s::bigint - 1) * n / %(rare_posts)s FROM generate_series(1, %(rare_posts)s) AS n);
"""

_STATEMENTS: Sequence[tuple[str, str]] = (
    (
        "members",
        """
        INSERT INTO members_member
            (id, password, email, handle, display_name, headline, time_zone, locale, joined_at, claimed_at, is_machine)
        SELECT
            member.id, '!', 'member-' || member.id || '@example.org', 'member-' || member.id, bench_name.name,
            bench_job.title || ', ' || organisation.name, 'Europe/Berlin', 'en', joined.at, joined.at, false
        FROM generate_series(1, %(members)s) AS member (id)
        JOIN bench_name ON bench_name.id = member.id %% (SELECT count(*) FROM bench_name)
        JOIN bench_job ON bench_job.id = member.id %% (SELECT count(*) FROM bench_job)
        JOIN members_organisation AS organisation
            ON organisation.id = 1 + member.id %% (SELECT count(*) FROM members_organisation)
        CROSS JOIN LATERAL (
            -- One in forty is new.
            SELECT now() - pg_temp.chance(member.id, 8) * interval '80 days'
                - CASE WHEN member.id %% 40 = 7 THEN interval '0' ELSE %(years)s * interval '1 year' END AS at
        ) AS joined;
        INSERT INTO members_fact (member_id, field_id, "values", visibility, source, confirmed_at)
        SELECT member.id, field.id, said.value, field.default_visibility, 'self', member.joined_at
        FROM members_member AS member JOIN bench_body ON bench_body.id = member.id %% %(bodies)s
        CROSS JOIN LATERAL (
            VALUES
                ('biography', ARRAY[bench_body.plain]),
                ('place', ARRAY[(SELECT name FROM bench_place WHERE id = pg_temp.skewed(member.id, 20, 300))]),
                ('languages', ARRAY['en', (ARRAY['de', 'nl', 'fr', 'nb', 'pt'])[1 + member.id %% 5]]),
                ('helps_topics', ARRAY(
                    SELECT name FROM bench_subject
                    WHERE id IN (pg_temp.skewed(member.id, 21, 200), pg_temp.skewed(member.id, 22, 200))
                )),
                ('looks_topics', ARRAY[(SELECT name FROM bench_subject WHERE id = pg_temp.skewed(member.id, 23, 200))]),
                ('sector', ARRAY[(ARRAY['Energy and utilities', 'Retail and wholesale', 'Public sector',
                    'Software and IT', 'Health care'])[1 + member.id %% 5]]),
                ('links', ARRAY['https://example.org/']),
                ('can_help_with', ARRAY['audits and samples']),
                ('looks_for', ARRAY['forecasts'])
        ) AS said (key, value)
        JOIN members_factfield AS field ON field.key = said.key;
        UPDATE members_fact SET "values" = ARRAY["values"[1] || ' ' || %(rare_person)s]
        WHERE member_id = %(reader)s AND field_id = (SELECT id FROM members_factfield WHERE key = 'biography');
        INSERT INTO members_expertise (member_id, topic, evidence, review_due)
        SELECT member.id, bench_subject.name, 'Talks and answers', now() + interval '1 year'
        FROM members_member AS member
        JOIN bench_subject ON bench_subject.id = pg_temp.skewed(member.id, 24, 200) WHERE member.id %% 50 = 2;
        INSERT INTO members_role (member_id, role, from_at)
        SELECT
            id,
            CASE
                WHEN id = %(keeper)s THEN 'manager' WHEN id %% 500 = 1 THEN 'moderator' WHEN id %% 50 = 2 THEN 'expert'
                ELSE 'member'
            END,
            joined_at
        FROM members_member;
        INSERT INTO members_employment (member_id, organisation_id, title, from_date)
        SELECT
            member.id, 1 + member.id %% (SELECT count(*) FROM members_organisation), bench_job.title,
            member.joined_at::date
        FROM members_member AS member
        JOIN bench_job ON bench_job.id = member.id %% (SELECT count(*) FROM bench_job);
        INSERT INTO discussions_spacemembership (space_id, member_id)
        SELECT space.id, member.id
        FROM discussions_space AS space, members_member AS member
        WHERE space.preset IN ('private', 'hidden', 'experts') AND member.id <= 100 AND member.id <> %(reader)s
        UNION ALL SELECT %(reader_space)s, %(reader)s;
        """,
    ),
    (
        "applications",
        """
        INSERT INTO members_application
            (member_id, tier_id, state, company_name, created_at, edited_at, submitted_at, due_at, asked_at,
             waitlisted_at, decided_at, owner_id)
        SELECT
            asked.id, %(tier)s, asked.state, 'Northwind Systems', asked.at, asked.at, asked.at,
            asked.at + interval '2 days',
            CASE WHEN asked.state = 'more_asked' THEN asked.at + interval '1 day' END,
            CASE WHEN asked.state = 'waitlisted' THEN asked.at + interval '1 day' END,
            -- One decision in five was late.
            CASE WHEN asked.state IN ('accepted', 'declined')
                THEN asked.at + CASE WHEN asked.id %% 5 = 0 THEN interval '3 days' ELSE interval '1 day' END END,
            CASE WHEN asked.id %% 3 = 0 THEN %(keeper)s END
        FROM (
            SELECT
                id, now() - interval '4 days' - pg_temp.chance(id, 30) * interval '300 days' AS at,
                (ARRAY['submitted', 'submitted', 'in_review', 'in_review', 'more_asked', 'waitlisted', 'accepted',
                    'accepted', 'accepted', 'declined'])[1 + id %% 10] AS state
            FROM members_member WHERE id > %(members)s - least(%(applications)s, %(members)s / 2)
        ) AS asked;
        INSERT INTO members_applicationstep (application_id, state, by_id, at, words)
        SELECT id, 'submitted', member_id, submitted_at, '' FROM members_application;
        INSERT INTO members_reviewdecision (application_id, reviewer_id, accepts, words, at)
        SELECT id, %(keeper)s, state <> 'declined', 'In a few words.', coalesce(waitlisted_at, decided_at)
        FROM members_application WHERE state IN ('waitlisted', 'accepted', 'declined');
        """,
    ),
    (
        "topics",
        """
        INSERT INTO discussions_topic
            (id, space_id, kind, title, author_id, created_at, highest_number, last_number, post_count, people_count,
             last_post_at, last_poster_id, closed_at, close_reason, pinned_at)
        SELECT
            topic.id, topic.space_id, topic.kind, topic.title, first.author_id, first.created_at,
            topic.count, topic.count, topic.count, people.count, last.created_at, last.author_id,
            CASE WHEN topic.closed THEN last.created_at END,
            CASE WHEN topic.closed THEN 'Answered elsewhere' ELSE '' END,
            CASE WHEN topic.id %% 5003 = 5 THEN first.created_at END
        FROM bench_topic AS topic
        JOIN bench_post AS first ON first.topic_id = topic.id AND first.number = 1
        JOIN bench_post AS last ON last.topic_id = topic.id AND last.number = topic.count
        JOIN (SELECT topic_id, count(DISTINCT author_id) AS count FROM bench_post GROUP BY topic_id) AS people
            ON people.topic_id = topic.id
        ORDER BY first.id;
        INSERT INTO discussions_taggedtopic (tag_id, content_object_id)
        SELECT tag.id, topic.id
        FROM bench_topic AS topic, unnest(topic.tags) AS number
        JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS number FROM discussions_tag) AS tag USING (number);
        """,
    ),
    (
        "posts",
        """
        INSERT INTO discussions_post
            (id, topic_id, number, author_id, reply_to_id, source, source_format, html, renderer_version, created_at,
             edited_at, edit_reason, version, thanks_count, imported_upvotes)
        SELECT
            post.id, post.topic_id, post.number, post.author_id, answered.id, body.source, 'markdown', body.html,
            %(renderer_version)s, post.created_at,
            CASE WHEN post.edited THEN post.created_at + interval '1 hour' END,
            CASE WHEN post.edited THEN 'Corrected a figure' ELSE '' END,
            CASE WHEN post.edited THEN 2 ELSE 1 END,
            post.thanks, 0
        FROM bench_post AS post
        JOIN bench_body AS body ON body.id = post.body
        LEFT JOIN bench_post AS answered ON answered.topic_id = post.topic_id AND answered.number = post.reply_number;
        INSERT INTO discussions_postrevision
            (post_id, version, title, source, source_format, edited_by_id, edited_at, reason)
        SELECT id, 1, '', source, 'markdown', author_id, edited_at, edit_reason
        FROM discussions_post WHERE edited_at IS NOT NULL;
        UPDATE discussions_topic AS topic
        SET accepted_post_id = post.id
        FROM bench_topic AS plan
        JOIN bench_post AS post ON post.topic_id = plan.id AND post.number = plan.accepted
        WHERE plan.id = topic.id AND plan.accepted > 0;
        """,
    ),
    (
        "reading and thanks",
        """
        -- At most three, and fewer than there are members: n members further on nobody is met twice.
        INSERT INTO discussions_reaction (post_id, member_id, kind, created_at)
        SELECT post.id, 1 + (post.author_id - 1 + n) %% %(members)s, 'thanks', post.created_at + n * interval '1 hour'
        FROM bench_post AS post, generate_series(1, post.thanks) AS n;
        INSERT INTO discussions_readstate (member_id, topic_id, last_read_number, read_at)
        SELECT
            member_id, topic_id,
            1 + floor(topic.last_number * pg_temp.chance(member_id, topic_id))::int %% topic.last_number,
            topic.last_post_at
        FROM (
            SELECT DISTINCT member.id AS member_id, 1 + (member.id * 31 + n * 17) %% %(topics)s AS topic_id
            FROM members_member AS member, generate_series(1, 10) AS n
            WHERE member.id <> %(reader)s
        ) AS pair
        JOIN discussions_topic AS topic ON topic.id = pair.topic_id;
        -- The reader has read the two measured topics whole and of the latest ones four in five.
        INSERT INTO discussions_readstate (member_id, topic_id, last_read_number, read_at)
        SELECT
            %(reader)s, id,
            CASE
                WHEN id IN (%(long_topic)s, %(typical_topic)s) OR id %% 5 > 0 THEN last_number
                ELSE greatest(1, last_number - 3)
            END,
            last_post_at
        FROM (
            SELECT * FROM discussions_topic
            ORDER BY id IN (%(long_topic)s, %(typical_topic)s) DESC, last_post_at DESC LIMIT %(reader_topics)s
        ) AS topic;
        INSERT INTO discussions_follow (member_id, topic_id, level, reason, created_at)
        SELECT DISTINCT
            member.id, 1 + (member.id * 31 + n * 17) %% %(topics)s, 'everything', 'replied', member.joined_at
        FROM members_member AS member, generate_series(1, 3) AS n
        WHERE member.id <> %(reader)s;
        INSERT INTO discussions_follow (member_id, topic_id, level, reason, created_at)
        SELECT member.id, %(long_topic)s, 'everything', 'chosen', member.joined_at
        FROM (SELECT * FROM members_member WHERE id <> %(reader)s ORDER BY id LIMIT %(followers)s) AS member
        WHERE NOT EXISTS (
            SELECT FROM discussions_follow AS own
            WHERE own.member_id = member.id AND own.topic_id = %(long_topic)s
        );
        INSERT INTO discussions_follow (member_id, topic_id, level, reason, created_at)
        SELECT %(reader)s, topic_id, 'everything', 'chosen', read_at
        FROM discussions_readstate WHERE member_id = %(reader)s
        ORDER BY read_at DESC LIMIT %(reader_follows)s;
        INSERT INTO discussions_follow (member_id, space_id, level, reason, created_at)
        SELECT id, 1 + id %% 8, 'highlights', 'chosen', joined_at FROM members_member;
        UPDATE discussions_follow SET level = 'everything' WHERE member_id = %(reader)s AND space_id IS NOT NULL;
        INSERT INTO discussions_follow (member_id, tag_id, level, reason, created_at)
        SELECT %(reader)s, id, 'everything', 'chosen', now() - interval '90 days'
        FROM discussions_tag ORDER BY id LIMIT 5;
        """,
    ),
    (
        "notices",
        """
        INSERT INTO core_notice
            (member_id, key, reason, weight, title, url, target_type, target_id, space_id, actor_id, count, first_at,
            at, read_at)
        SELECT
            follow.member_id, 'topic:' || topic.id, 'following', 9, topic.title, '/topics/' || topic.id || '/',
            'topic', topic.id, topic.space_id, topic.last_poster_id, 1 + topic.id %% 5, topic.last_post_at,
            topic.last_post_at, CASE WHEN topic.id %% 4 > 0 THEN topic.last_post_at END
        FROM discussions_follow AS follow JOIN discussions_topic AS topic ON topic.id = follow.topic_id
        """,
    ),
    # Nothing is known of these rows yet, and there is no index to fall back on: without this it takes hours.
    (
        "what the rows are like",
        "ANALYZE discussions_topic, discussions_post, discussions_reaction, members_employment",
    ),
    ("usefulness", USEFULNESS.format(of_posts="", of_topics="")),
    (
        "search entries",
        """
        INSERT INTO core_searchentry
            (kind, target_type, target_id, title, text, space_id, author_id, occurred_at, vector)
        SELECT
            CASE post.number WHEN 1 THEN 'topic' ELSE 'post' END,
            CASE post.number WHEN 1 THEN 'topic' ELSE 'post' END,
            CASE post.number WHEN 1 THEN post.topic_id ELSE post.id END,
            topic.title, body.plain, topic.space_id, post.author_id, post.created_at,
            CASE post.number
                WHEN 1 THEN setweight(to_tsvector('english', topic.title), 'A') || body.vector
                ELSE body.vector
            END
        FROM bench_post AS post
        JOIN bench_body AS body ON body.id = post.body
        JOIN bench_topic AS topic ON topic.id = post.topic_id;
        """,
    ),
    (
        "activity",
        """
        INSERT INTO core_activity
            (occurred_at, verb, actor_id, actor_role, target_type, target_id, target_title, target_url, counterpart_id,
             space_id, audience, data, dispatched_at)
        SELECT *, occurred_at FROM (
            SELECT
                joined_at AS occurred_at, 'member.joined', id, 'member', 'member', id, display_name,
                '/members/' || handle || '/', NULL::bigint, NULL::bigint, 'community',
                jsonb_build_object('source', 'command')
            FROM members_member
            UNION ALL
            SELECT
                post.created_at, CASE post.number WHEN 1 THEN 'topic.created' ELSE 'post.created' END, post.author_id,
                'member', CASE post.number WHEN 1 THEN 'topic' ELSE 'post' END,
                CASE post.number WHEN 1 THEN post.topic_id ELSE post.id END, topic.title,
                '/topics/' || post.topic_id || '/'
                    || CASE post.number WHEN 1 THEN ''
                       ELSE '?page=' || (post.number - 1) / 20 + 1 || '#post-' || post.number END,
                nullif(answered.author_id, post.author_id), topic.space_id, 'space',
                CASE post.number
                    WHEN 1 THEN jsonb_build_object('topic_id', post.topic_id, 'kind', topic.kind)
                    ELSE jsonb_build_object(
                        'topic_id', post.topic_id, 'number', post.number, 'reply_to_id', answered.id, 'kind', topic.kind
                    )
                END
            FROM bench_post AS post
            JOIN bench_topic AS topic ON topic.id = post.topic_id
            LEFT JOIN bench_post AS answered
                ON answered.topic_id = post.topic_id AND answered.number = post.reply_number
            UNION ALL
            SELECT
                reaction.created_at, 'post.thanked', reaction.member_id, 'member', 'post', post.id, topic.title,
                '/topics/' || post.topic_id || '/?page=' || (post.number - 1) / 20 + 1 || '#post-' || post.number,
                post.author_id, topic.space_id, 'space',
                jsonb_build_object('topic_id', post.topic_id, 'number', post.number)
            FROM discussions_reaction AS reaction
            JOIN bench_post AS post ON post.id = reaction.post_id
            JOIN bench_topic AS topic ON topic.id = post.topic_id
        ) AS happened
        ORDER BY occurred_at;
        """,
    ),
)
