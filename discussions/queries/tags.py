"""Tags that members propose, and the words of the list, as far as their reader sees them used."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.http import address_of
from community.core.moments import Clock
from discussions.models import Tag, Topic
from discussions.queries.rows import Link, Row
from members.models import Member

PROPOSALS_SHOWN = 50
TOPICS_SHOWN = 3
CHOICES_SHOWN = 300
CARRIED_READ = 1_000


@dataclass(frozen=True, slots=True)
class ProposedTag(Row):
    """A word for the list, with a few of the topics that carry it."""

    name: str
    url: str
    proposer_name: str
    when_relative: str
    when_iso: str
    when_exact: str
    topics: list[Link]
    accept_url: str
    merge_url: str


def proposed_tags(user: Member) -> list[ProposedTag]:
    """The oldest proposals that stand on topics the reader may see. Two queries."""
    seen = Topic.objects.visible_to(user).filter(tagged_topics__tag=OuterRef("pk"))
    tags = list(
        Tag.objects.filter(Exists(seen), proposed_at__isnull=False)
        .select_related("proposed_by")
        .order_by("proposed_at", "pk")[:PROPOSALS_SHOWN]
    )
    topics: dict[int, list[Link]] = {tag.pk: [] for tag in tags}
    carried = (
        Topic.objects.visible_to(user)
        .filter(tagged_topics__tag__in=tags)
        .order_by("-pk")
        .values_list("tagged_topics__tag", "pk", "title")[:CARRIED_READ]
    )
    for tag_id, topic_id, title in carried:
        if len(topics[tag_id]) < TOPICS_SHOWN:
            topics[tag_id].append(Link(title, f"{address_of('topic_show')}{topic_id}/"))
    clock = Clock(timezone.now())
    rows = []
    for tag in tags:
        when = clock.moment(tag.proposed_at)
        rows.append(
            ProposedTag(
                name=tag.name,
                url=tag.get_absolute_url(),
                proposer_name=tag.proposed_by.display_name if tag.proposed_by else _("A former member"),
                when_relative=when.relative,
                when_iso=when.iso,
                when_exact=when.exact,
                topics=topics[tag.pk],
                accept_url=reverse("tag_accept", args=[tag.slug]),
                merge_url=reverse("tag_merge", args=[tag.slug]),
            )
        )
    return rows


def tag_choices(user: Member) -> Sequence[str]:
    """The words of the list that stand on topics the reader may see: a word may be the secret of a room. One query."""
    seen = Topic.objects.visible_to(user).filter(tagged_topics__tag=OuterRef("pk"))
    listed = Tag.objects.filter(Exists(seen), proposed_at__isnull=True)
    return list(listed.order_by("name").values_list("name", flat=True)[:CHOICES_SHOWN])
