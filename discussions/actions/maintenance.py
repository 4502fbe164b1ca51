"""Jobs of the night: counters that drifted, posts that an older renderer made, sessions that ended."""

import logging

from celery import shared_task
from django.db import connection, transaction

from community.core.text import RENDERER_VERSION, SourceFormat, render
from discussions.mentions import link_mentions
from discussions.models import Mention, Message, Post, ReactionKind

logger = logging.getLogger(__name__)

RENDER_BATCH = 200

_DRIFT = """
    WITH truth AS (
        SELECT topic_id, count(*) AS post_count, max(number) AS last_number, count(DISTINCT author_id) AS people_count
        FROM discussions_post WHERE deleted_at IS NULL GROUP BY topic_id
    )
    UPDATE discussions_topic AS topic
    SET post_count = truth.post_count, last_number = truth.last_number, people_count = truth.people_count
    FROM truth
    WHERE truth.topic_id = topic.id
      AND (topic.post_count, topic.last_number, topic.people_count)
          IS DISTINCT FROM (truth.post_count, truth.last_number, truth.people_count)
"""
_THANKS_DRIFT = """
    WITH truth AS (
        SELECT post.id, count(reaction.id) AS thanks_count
        FROM discussions_post AS post
        LEFT JOIN discussions_reaction AS reaction ON reaction.post_id = post.id AND reaction.kind = 'thanks'
        GROUP BY post.id
    )
    UPDATE discussions_post AS post
    SET thanks_count = truth.thanks_count
    FROM truth
    WHERE truth.id = post.id AND post.thanks_count <> truth.thanks_count
"""

# Two places stand open: which posts and which topics are counted; all of them where nothing is filled in.
USEFULNESS = """
    WITH liked AS (
        SELECT DISTINCT post.topic_id, reaction.member_id
        FROM discussions_reaction AS reaction JOIN discussions_post AS post ON post.id = reaction.post_id
        WHERE reaction.kind IN ('thanks', 'insightful') AND post.deleted_at IS NULL
          AND reaction.member_id IS DISTINCT FROM post.author_id {of_posts}
    ),
    truth AS (
        SELECT topic.id, count(liked.member_id) AS people, count(DISTINCT employment.organisation_id) AS companies
        FROM discussions_topic AS topic
        LEFT JOIN liked ON liked.topic_id = topic.id
        LEFT JOIN members_employment AS employment
            ON employment.member_id = liked.member_id AND employment.until_date IS NULL
        WHERE true {of_topics}
        GROUP BY topic.id
    )
    UPDATE discussions_topic AS topic
    SET useful_people = truth.people, useful_companies = truth.companies,
        usefulness = truth.people + truth.companies
    FROM truth
    WHERE truth.id = topic.id
      AND (topic.useful_people, topic.useful_companies) IS DISTINCT FROM (truth.people, truth.companies)
"""
_REACTION_DRIFT = """
    WITH truth AS (
        SELECT post_id, {sums} FROM discussions_reaction GROUP BY post_id
    )
    UPDATE discussions_post AS post
    SET {sets}
    FROM truth
    WHERE truth.post_id = post.id AND ({mine}) IS DISTINCT FROM ({theirs})
""".format(  # noqa: S608 - the kinds of the model
    sums=", ".join(
        f"count(*) FILTER (WHERE kind = '{kind.value}') AS {kind.counter}"
        for kind in ReactionKind
        if kind != ReactionKind.THANKS
    ),
    sets=", ".join(
        f"{kind.counter} = truth.{kind.counter}" for kind in ReactionKind if kind != ReactionKind.THANKS
    ),
    mine=", ".join(f"post.{kind.counter}" for kind in ReactionKind if kind != ReactionKind.THANKS),
    theirs=", ".join(f"truth.{kind.counter}" for kind in ReactionKind if kind != ReactionKind.THANKS),
)


def refresh_usefulness(topic_id: int) -> None:
    """Rule 3.17: count anew the people, other than each post's author, who found a post of the topic useful.

    And their companies at present. Under the lock on the topic, so that of two counts the later one sees what the
    earlier one saw. Idempotent.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM discussions_topic WHERE id = %s FOR NO KEY UPDATE", [topic_id])
        one = {"of_posts": "AND post.topic_id = %(topic)s", "of_topics": "AND topic.id = %(topic)s"}
        cursor.execute(USEFULNESS.format(**one), {"topic": topic_id})


@shared_task(name="discussions.repair_counters")
def repair_counters() -> dict[str, int]:
    """Compare the counters that lists show with the truth, mend them and say how many had drifted (architecture §5)."""
    drifted: dict[str, int] = {}
    for name, statement in (
        ("topics", _DRIFT),
        ("thanks", _THANKS_DRIFT),
        ("reactions", _REACTION_DRIFT),
        ("usefulness", USEFULNESS.format(of_posts="", of_topics="")),
    ):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '10min'")
            cursor.execute(statement)
            drifted[name] = cursor.rowcount
    if any(drifted.values()):
        logger.warning(
            "counters had drifted", extra={"count": sum(drifted.values()), "reason": repr(drifted)}
        )
    return drifted


@shared_task(name="discussions.render_old_posts")
def render_old_posts() -> int:
    """Render posts and messages anew that an older version of the renderer made (rule 3.4), a batch of each.

    Returns how many; 0 when done.
    """
    with transaction.atomic():
        posts = list(
            Post.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(renderer_version__lt=RENDERER_VERSION)
            .order_by("renderer_version", "id")[:RENDER_BATCH]
        )
        handles: dict[int, list[str]] = {}
        named = Mention.objects.filter(post__in=posts).values_list("post_id", "member__handle")
        for post_id, handle in named:
            handles.setdefault(post_id, []).append(handle)
        for post in posts:
            html = render(post.source, SourceFormat(post.source_format)).html
            post.html = link_mentions(html, handles.get(post.pk, ()))
            post.renderer_version = RENDERER_VERSION
        Post.objects.bulk_update(posts, ["html", "renderer_version"])
        messages = list(
            Message.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(renderer_version__lt=RENDERER_VERSION)
            .order_by("renderer_version", "id")[:RENDER_BATCH]
        )
        for message in messages:
            message.html = render(message.source, SourceFormat(message.source_format)).html
            message.renderer_version = RENDERER_VERSION
        Message.objects.bulk_update(messages, ["html", "renderer_version"])
    return len(posts) + len(messages)
