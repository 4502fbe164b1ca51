"""What the people of the demo were told of lately and have not read, so that their inboxes show something."""

from datetime import datetime, timedelta
from typing import Final

from discussions.actions.notice import tell_of_post
from discussions.models import Post

# What is older has been read by most of them.
LATELY: Final = timedelta(days=7)


def make_notices(now: datetime) -> None:
    """By the action that tells of every post; the mails that it queues are dropped with those of the past."""
    posts = Post.objects.present().filter(created_at__gt=now - LATELY).order_by("created_at", "pk")
    for post in posts.select_related("topic__space", "reply_to"):
        tell_of_post(post, at=post.created_at)
