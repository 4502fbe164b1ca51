"""Jobs of the night: counters that drifted, posts that an older renderer made, sessions that ended."""

import logging

from celery import shared_task
from django.db import connection, transaction

from community.core.text import RENDERER_VERSION, SourceFormat, render
from discussions.models import Post

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


@shared_task(name="discussions.repair_counters")
def repair_counters() -> dict[str, int]:
    """Compare the counters that lists show with the truth, mend them and say how many had drifted (architecture §5)."""
    drifted: dict[str, int] = {}
    for name, statement in (("topics", _DRIFT), ("thanks", _THANKS_DRIFT)):
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
    """Render a batch of posts that an older version of the renderer made (rule 3.4). Returns how many; 0 when done."""
    with transaction.atomic():
        posts = list(
            Post.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(renderer_version__lt=RENDERER_VERSION)
            .order_by("renderer_version", "id")[:RENDER_BATCH]
        )
        for post in posts:
            post.html = render(post.source, SourceFormat(post.source_format)).html
            post.renderer_version = RENDERER_VERSION
        Post.objects.bulk_update(posts, ["html", "renderer_version"])
    return len(posts)
