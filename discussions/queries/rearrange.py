"""What the pages of moving, splitting and merging show before somebody confirms."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community.core.text import excerpt, plain_text
from discussions.models import Follow, Post, Space, Topic, visible_spaces
from discussions.models.reader import readers_of
from discussions.permissions import can_move_topic
from discussions.queries.rows import Row
from discussions.queries.topic import readable_by
from members.models import Member

SPLIT_PAGE = 100


@dataclass(frozen=True, slots=True)
class Consequence(Row):
    """Rule 3.6, for a topic that changes its readers: who reads it now, who reads it then, who loses sight of it."""

    name: str
    readable_now: str
    readable_then: str
    losing_label: str


@dataclass(frozen=True, slots=True)
class ChoiceRow(Row):
    """A post that may be split off."""

    number: int
    author_name: str
    excerpt: str


def spaces_to_move_to(topic: Topic, user: Member) -> list[Space]:
    """Where this topic may go, by the rights of both spaces and the kinds they take. No query beside the resolver's."""
    return [
        space
        for space in visible_spaces(user)
        if space.pk != topic.space_id
        and topic.kind in space.topic_kinds
        and can_move_topic(user, topic, space)
    ]


def consequence(topic: Topic, space: Space) -> Consequence:
    """What a move of this topic into that space changes for its readers. One query."""
    losing = Follow.objects.filter(topic=topic).exclude(member__in=readers_of(space)).count()
    return Consequence(
        name=space.name,
        readable_now=readable_by(topic.space),
        readable_then=readable_by(space),
        losing_label=ngettext(
            "{count} person who follows it will not see it any more.",
            "{count} people who follow it will not see it any more.",
            losing,
        ).format(count=losing)
        if losing
        else "",
    )


def choices_to_split(topic: Topic, user: Member, *, after: int) -> tuple[list[ChoiceRow], int]:
    """A hundred replies behind a number, and the number behind which the next ones come (0 at the end). One query."""
    posts = list(
        Post.objects.visible_to(user)
        .filter(topic=topic, number__gt=max(after, 1))
        .select_related("author")
        .order_by("number")[: SPLIT_PAGE + 1]
    )
    rows = [
        ChoiceRow(
            post.number,
            post.author.display_name if post.author else _("A former member"),
            excerpt(plain_text(post.html)),
        )
        for post in posts[:SPLIT_PAGE]
    ]
    return rows, rows[-1].number if len(posts) > SPLIT_PAGE else 0
