"""The welcome's last step, which joins people and talk: one introduction of oneself, in the space for it."""

from django.db import transaction
from django.utils.translation import gettext as _

from community.core.errors import Conflict
from community.core.text import Prose
from discussions.actions.topic import create_topic
from discussions.models import TAG_LENGTH, TAGS_PER_TOPIC, Space, Topic, TopicKind, visible_spaces
from discussions.permissions import can_create_topic
from members.actions.welcome import take_step
from members.models import Fact, Member


@transaction.atomic
def introduce_newcomer(
    member: Member, *, by: Member, title: str, prose: Prose, idempotency_key: str | None = None
) -> Topic:
    """Rule 1.11: post the introduction and end the welcome. It carries what the newcomer looks for as its tags.

    Raises `Conflict` where no space takes introductions, and what `create_topic` raises.
    """
    space = space_for_introductions(member)
    if space is None:
        raise Conflict(
            _("No space takes introductions at the moment. Skip this; a community manager will help.")
        )
    topic = create_topic(
        space,
        by=by,
        kind=TopicKind.INTRODUCTION,
        title=title,
        prose=prose,
        tags=topics_looked_for(member),
        idempotency_key=idempotency_key,
    )
    take_step(member, "introduces", by=by, topic_id=topic.pk)
    return topic


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
