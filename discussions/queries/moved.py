"""Where posts stand that once stood under another address: in the gaps of a split topic, and for a merged one."""

from dataclasses import dataclass

from django.db.models import F
from django.utils.translation import gettext as _

from discussions.models import POSTS_PER_PAGE, Post, Topic
from discussions.queries.rows import PostRow, Row
from members.models import Member


@dataclass(frozen=True, slots=True)
class MovedRow(Row):
    """An old place: its anchor, and the address of the post now."""

    anchor: str
    number: int
    url: str
    author_name: str


@dataclass(frozen=True, slots=True)
class MovedPage(Row):
    """One page of a topic that was merged: each of its old places leads to the new one."""

    title: str
    url: str
    posts: list[MovedRow]


def merged_into(user: Member, topic_id: int) -> Topic | None:
    """The topic that this one is part of now, where the reader may see it. One query beside that for the spaces."""
    post = (
        Post.objects.visible_to(user)
        .filter(moves__topic=topic_id, moves__topic__merged_into__isnull=False)
        .select_related("topic")
        .order_by("moves__number")
        .first()
    )
    return post.topic if post is not None else None


def moved_post(user: Member, topic_id: int, number: int) -> Post | None:
    """The post that once stood under this number of this topic. One query."""
    found: Post | None = (
        Post.objects.visible_to(user)
        .filter(moves__topic=topic_id, moves__number=number)
        .select_related("topic__space")
        .first()
    )
    return found


def moved_page(user: Member, topic: Topic, topic_id: int, *, page: int) -> MovedPage:
    """The old numbers of one page of a topic that is part of `topic` now. One query."""
    first = (page - 1) * POSTS_PER_PAGE + 1
    rows = [
        MovedRow(f"post-{number}", number, post.get_absolute_url(), _author(post))
        for number, post in _moved(user, topic_id, first, first + POSTS_PER_PAGE - 1)
    ]
    return MovedPage(topic.title, topic.get_absolute_url(), rows)


def with_moved(posts: list[PostRow], topic: Topic, user: Member, *, first: int, last: int) -> list[PostRow]:
    """The posts of a page, and in the gaps where the others went, as far as the reader may see it. One query.

    Asked only where posts were split off.
    """
    gone = [
        PostRow(
            anchor=f"post-{number}",
            number=number,
            url=post.get_absolute_url(),
            author_name="", author_url="", author_initials="", headline="",
            when_relative="", when_iso="", when_exact="", html="",
            deleted_note=_("Post {number} was moved to “{title}”.").format(
                number=number, title=post.topic.title
            ),
            moved_url=post.get_absolute_url(),
        )
        for number, post in _moved(user, topic.pk, first, last)
    ]  # fmt: skip
    return sorted([*posts, *gone], key=lambda row: row.number)


def _moved(user: Member, topic_id: int, first: int, last: int) -> list[tuple[int, Post]]:
    posts = (
        Post.objects.visible_to(user)
        .filter(moves__topic=topic_id, moves__number__gte=first, moves__number__lte=last)
        .select_related("topic", "author")
        .annotate(old_number=F("moves__number"))
        .order_by("old_number")
    )
    return [(post.old_number, post) for post in posts]  # type: ignore[attr-defined]


def _author(post: Post) -> str:
    return post.author.display_name if post.author else _("A former member")
