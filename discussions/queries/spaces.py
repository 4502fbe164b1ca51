"""What stands beside the composer and on the pages on which a space is settled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.http import address_of
from community.core.keyset import with_query
from community.core.moments import Clock
from community.core.statements import Blank, OneOf, Statement
from discussions.models import Space, SpaceRequest, SpaceRules, SpaceSteward, StewardPower, TopicKind
from discussions.quality import explained
from discussions.queries.rows import Link, Row
from members.models import Member

PEOPLE_SHOWN = 200


@dataclass(frozen=True, slots=True)
class PersonRow(Row):
    """Somebody listed in a space, or looking after it."""

    name: str
    url: str
    note: str
    end_url: str


@dataclass(frozen=True, slots=True)
class RequestRow(Row):
    """Somebody who asks to be listed."""

    name: str
    url: str
    words: str
    when_relative: str
    when_iso: str
    when_exact: str
    decide_url: str


@dataclass(frozen=True, slots=True)
class SpacePeople(Row):
    stewards: list[PersonRow]
    listed: list[PersonRow]
    requests: list[RequestRow]
    is_cut: bool


def rules_of(space: Space) -> list[str]:
    """What the space asks of a topic, in sentences. One query."""
    rules = SpaceRules.objects.filter(space=space).first()
    if rules is None:
        return []
    sentences = []
    if rules.least_length:
        sentences.append(_("A question has at least {count} characters.").format(count=rules.least_length))
    if rules.needs_tag:
        sentences.append(_("A topic carries at least one tag."))
    if rules.look_first:
        sentences.append(_("You have looked for similar topics."))
    return [*sentences, *explained(rules.quality)]


def quality_of(space: Space) -> list[str]:
    """What it asks of the words alone, which holds for introductions too. One query."""
    rules = SpaceRules.objects.filter(space=space).first()
    return explained(rules.quality) if rules else []


def spaces_that_look_first(spaces: Sequence[Space]) -> frozenset[int]:
    """The ids of those that ask authors to look for similar topics first. One query."""
    asking = SpaceRules.objects.filter(space__in=spaces, look_first=True)
    return frozenset(asking.values_list("space", flat=True))


def outline_of(space: Space, kind: str) -> str:
    """What stands in the composer of a topic of this kind; '' where nothing does. One query."""
    found = space.templates.filter(kind=kind).values_list("source", flat=True).first()
    return found or ""


def outlines_of(space: Space) -> list[Link]:
    """The kinds that begin with an outline here, and where they do. One query."""
    names = dict(TopicKind.choices)
    return [
        Link(str(names[kind]), with_query(reverse("topic_create"), space=space.slug, kind=kind))
        for kind in space.templates.order_by("kind").values_list("kind", flat=True)
        if kind in space.topic_kinds
    ]


def space_people(space: Space, user: Member) -> SpacePeople:
    """Who looks after the space, who is listed, and who asks to be. Three queries."""
    url = space.get_absolute_url()
    now = timezone.now()
    clock = Clock(now)
    listed = list(
        space.memberships.select_related("member").order_by("member__display_name")[: PEOPLE_SHOWN + 1]
    )
    requests = (
        SpaceRequest.objects.filter(space=space, decided_at__isnull=True)
        .select_related("member")
        .order_by("created_at")
    )
    stewards = (
        SpaceSteward.objects.filter(space=space)
        .select_related("member", "stands_in_for__member")
        .order_by("member__display_name")
    )
    return SpacePeople(
        stewards=[
            PersonRow(
                row.member.display_name,
                row.member.get_absolute_url(),
                _note_of(row, clock, now),
                f"{url}stewards/{row.member.handle}/end/",
            )
            for row in stewards
        ],
        listed=[
            PersonRow(
                row.member.display_name,
                row.member.get_absolute_url(),
                row.member.headline or "",
                f"{url}people/{row.member.handle}/remove/",
            )
            for row in listed[:PEOPLE_SHOWN]
        ],
        requests=[
            RequestRow(
                request.member.display_name,
                request.member.get_absolute_url(),
                request.words,
                (when := clock.moment(request.created_at)).relative,
                when.iso,
                when.exact,
                reverse("space_request_decide", args=[request.pk]),
            )
            for request in requests
        ],
        is_cut=len(listed) > PEOPLE_SHOWN,
    )


_REQUESTABLE: Final = Statement(
    lambda: (
        Space.objects.requestable()
        .exclude(OneOf("pk", Blank("seen", ArrayField(BigIntegerField()))))
        .values_list("name", "slug")
    )
)


def spaces_to_ask_for(user: Member, seen: frozenset[int]) -> list[Link]:
    """Private spaces that say to every member that they can be asked for. One query."""
    if not user.is_admitted:
        return []
    return [
        Link(name, f"{address_of('space_show')}{slug}/ask/") for name, slug in _REQUESTABLE(seen=list(seen))
    ]


def _note_of(row: SpaceSteward, clock: Clock, now: datetime) -> str:
    """What they may do, for whom, and until when."""
    labels = dict(StewardPower.choices)
    powers = (
        _("may do everything")
        if len(row.powers) == len(StewardPower)
        else _("may {powers}").format(powers=", ".join(str(labels[power]) for power in row.powers))
    )
    until = _until(row, clock, ended=row.until is not None and row.until <= now)
    stands_in = (
        _("stands in for {name}").format(name=row.stands_in_for.member.display_name)
        if row.stands_in_for
        else ""
    )
    return " · ".join(filter(None, [until, stands_in, powers]))


def _until(row: SpaceSteward, clock: Clock, *, ended: bool) -> str:
    if row.until is None:
        return _("until further notice")
    words = _("ended {when}") if ended else _("until {when}")
    return words.format(when=clock.moment(row.until).exact)
