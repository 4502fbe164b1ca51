"""The welcome's last step, which joins people and talk: one introduction of oneself, in the space for it."""

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from community.core.errors import Conflict
from community.core.text import Prose
from discussions.actions.submission import send_topic
from discussions.models import (
    TAG_LENGTH,
    TAGS_PER_TOPIC,
    Case,
    HeldPost,
    Space,
    Topic,
    TopicKind,
    visible_spaces,
)
from discussions.permissions import can_create_topic
from members.actions.welcome import take_step
from members.models import Fact, Member


@transaction.atomic
def introduce_newcomer(
    member: Member,
    *,
    by: Member,
    title: str,
    prose: Prose,
    idempotency_key: str | None = None,
    advised: Collection[str] = (),
) -> Topic | HeldPost:
    """Rule 1.11: send the introduction and end the welcome. It carries what the newcomer looks for as its tags.

    By the rules of its space, as whatever else is written there: returns the topic, or what is held for a moderator.
    Raises `Conflict` where no space takes introductions, and what `send_topic` raises.
    """
    space = space_for_introductions(member)
    if space is None:
        raise Conflict(
            _("No space takes introductions at the moment. Skip this; a community manager will help.")
        )
    topic = send_topic(
        space,
        by=by,
        kind=TopicKind.INTRODUCTION,
        title=title,
        prose=prose,
        tags=topics_looked_for(member),
        idempotency_key=idempotency_key,
        advised=advised,
    )
    take_step(member, "introduces", by=by, topic_id=None if isinstance(topic, HeldPost) else topic.pk)
    return topic


def held_introduction(member: Member) -> HeldPost | None:
    """The introduction that waits for a moderator, or was kept by one; None where there is none, or it was not kept."""
    held = HeldPost.objects.filter(author=member, topic=None, kind=TopicKind.INTRODUCTION)
    latest = held.select_related("posted__topic").order_by("-pk").first()
    if latest is None or latest.posted is not None:
        return latest
    return (
        latest if Case.objects.of_author(member).filter(kind="held", target_id=latest.pk).exists() else None
    )


def space_for_introductions(member: Member) -> Space | None:
    """Of the spaces where the member may post an introduction, the one that takes the fewest other kinds.

    So a room for introductions comes before a room that takes them too; then the order of the spaces.
    """
    spaces = [
        space
        for space in visible_spaces(member)
        if TopicKind.INTRODUCTION in space.topic_kinds and can_create_topic(member, space)
    ]
    return min(spaces, key=lambda space: len(space.topic_kinds), default=None)


def topics_looked_for(member: Member) -> list[str]:
    """By these the introduction finds those who can help."""
    fact = Fact.objects.filter(member=member, field__key="looks_topics").first()
    return [topic for topic in (fact.values if fact else []) if len(topic) <= TAG_LENGTH][:TAGS_PER_TOPIC]


def introduction_template(helps: str, looks_for: str) -> str:
    """The beginning of an introduction, with what was said in the steps before."""
    parts = [
        _("What I do:"),
        f"{_('What I can help with:')} {helps}",
        f"{_('What I am looking for:')} {looks_for}",
    ]
    return "\n\n".join(part.strip() for part in parts)
