"""Introductions, as the people concerned see them: what I am asked, and what was made."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.moments import Clock, Moment, initials
from members.models import Introduction, Member
from members.queries.photos import photo_url

_MOST = 100


@dataclass(frozen=True, slots=True)
class PersonLink:
    display_name: str
    headline: str
    initials: str
    photo_url: str
    url: str


@dataclass(frozen=True, slots=True)
class AskedRow:
    """Somebody thinks that I should know `other`."""

    introducer: PersonLink
    other: PersonLink
    reason: str
    at: Moment
    answer_url: str


@dataclass(frozen=True, slots=True)
class MadeRow:
    """An introduction that both agreed to; `sentence` says whose."""

    sentence: str
    people: list[PersonLink]
    reason: str
    at: Moment


def concerning(reader: Member) -> QuerySet[Introduction]:
    """What the reader may answer, or could have."""
    return Introduction.objects.filter(Q(first=reader) | Q(second=reader))


def asked_of(reader: Member) -> QuerySet[Introduction]:
    """Open ones that wait for the reader. Somebody whom the reader no longer sees is not named."""
    return _with_people(Introduction.objects.waiting_for(reader), reader)


def made_for(reader: Member) -> QuerySet[Introduction]:
    """Those that both agreed to, by the reader or with them. What waits for others is not shown to anybody."""
    mine = Q(by=reader) | Q(first=reader) | Q(second=reader)
    return _with_people(Introduction.objects.made().filter(mine), reader)


def _with_people(rows: QuerySet[Introduction], reader: Member) -> QuerySet[Introduction]:
    shown = Member.objects.visible_to(reader).values("pk")
    found = rows.filter(first__in=shown, second__in=shown, by__in=shown)
    return found.select_related("by__photo", "first__photo", "second__photo")


def introductions_page(reader: Member) -> tuple[list[AskedRow], list[MadeRow]]:
    """Two queries. What waits for others is not there: its end would tell who said no."""
    clock = Clock(timezone.now())
    asked = [
        AskedRow(
            introducer=_link(row.by),
            other=_link(row.second if row.first_id == reader.pk else row.first),
            reason=row.reason,
            at=clock.moment(row.created_at),
            answer_url=reverse("introduction_answer", args=[row.pk]),
        )
        for row in asked_of(reader).order_by("-created_at", "-pk")[:_MOST]
    ]
    made = [
        MadeRow(
            sentence=_("You introduced them")
            if row.by_id == reader.pk
            else _("{name} introduced you").format(name=row.by.display_name),
            people=[_link(member) for member in (row.first, row.second) if member.pk != reader.pk],
            reason=row.reason,
            at=clock.moment(row.made_at or row.created_at),
        )
        for row in made_for(reader).order_by("-made_at", "-pk")[:_MOST]
    ]
    return asked, made


def _link(member: Member) -> PersonLink:
    return PersonLink(
        member.display_name,
        member.headline,
        initials(member.display_name),
        photo_url(member),
        member.get_absolute_url(),
    )
