"""What has come while somebody reads: counts only (rule 3.18)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.core.cache import cache

from community.core.http import address_of
from discussions.models import Post, Topic, visible_space_ids
from members.models import Member

#: Many read the same topic: for so many seconds the number of its last post is not asked of the database again.
KEPT_SECONDS: Final = 5
MOST: Final = 100
_BACK: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NewPosts:
    """How many posts of others stand behind a number, at most `MOST`, and where the first one is."""

    count: int
    url: str


def new_posts(user: Member, topic_id: int, after: int) -> NewPosts | None:
    """None where there is no such topic for this reader. Beside the spaces one query, mostly none.

    Redis keeps the place and the last number of a topic; without it the database is asked each time.
    """
    key = f"topic:last:{topic_id}"
    known: tuple[int, int] | None = cache.get(key)
    if known is None:
        known = (
            Topic.objects.visible_to(user).filter(pk=topic_id).values_list("space_id", "last_number").first()
        )
        if known is None:
            return None
        cache.set(key, known, KEPT_SECONDS)
    space_id, last_number = known
    if space_id not in visible_space_ids(user):
        return None
    if last_number <= after:
        return NewPosts(0, "")
    behind = Post.objects.visible_to(user).filter(topic=topic_id, number__gt=after).exclude(author=user)
    ids = list(behind.order_by("number").values_list("pk", flat=True)[:MOST])
    # The address that leads on: one that differs from the page by its anchor alone would not load what is new.
    return NewPosts(len(ids), f"{address_of('post_show')}{ids[0]}/" if ids else "")


def new_topics(user: Member, since: int) -> int:
    """How many topics moved after this second, at most `MOST`; none of those the reader wrote last. One query."""
    now = datetime.now(UTC)
    if since > int(now.timestamp()):
        return 0
    after = max(datetime.fromtimestamp(since, UTC), now - _BACK)
    moved = Topic.objects.visible_to(user).filter(last_post_at__gte=after + timedelta(seconds=1))
    return len(moved.exclude(last_poster=user).values_list("pk")[:MOST])
