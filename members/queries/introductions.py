"""Introductions, as the people concerned see them: what I am asked, and what was made."""

from dataclasses import dataclass

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.moments import Clock, Moment, initials
from members.models import Introduction, Member

_MOST = 100


@dataclass(frozen=True, slots=True)
class PersonLink:
    display_name: str
    headline: str
    initials: str
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


def introductions_page(reader: Member) -> tuple[list[AskedRow], list[MadeRow]]:
    """Two queries. What waits for others is not shown to anybody: its end would tell who said no.

    Somebody whom the reader no longer sees is not named.
    """
    clock = Clock(timezone.now())
    shown = Member.objects.visible_to(reader).values("pk")
    people = ("by", "first", "second")
    asked = [
        AskedRow(
            introducer=_link(row.by),
            other=_link(row.second if row.first_id == reader.pk else row.first),
            reason=row.reason,
            at=clock.moment(row.created_at),
            answer_url=reverse("introduction_answer", args=[row.pk]),
        )
        for row in Introduction.objects.waiting_for(reader)
        .filter(first__in=shown, second__in=shown, by__in=shown)
        .select_related(*people)
        .order_by("-created_at", "-pk")[:_MOST]
    ]
    concerned = Q(by=reader) | Q(first=reader) | Q(second=reader)
    made = [
        MadeRow(
            sentence=_("You introduced them")
            if row.by_id == reader.pk
            else _("{name} introduced you").format(name=row.by.display_name),
            people=[_link(member) for member in (row.first, row.second) if member.pk != reader.pk],
            reason=row.reason,
            at=clock.moment(row.made_at or row.created_at),
        )
        for row in Introduction.objects.made()
        .filter(concerned, first__in=shown, second__in=shown, by__in=shown)
        .select_related(*people)
        .order_by("-made_at", "-pk")[:_MOST]
    ]
    return asked, made


def _link(member: Member) -> PersonLink:
    return PersonLink(
        member.display_name, member.headline, initials(member.display_name), member.get_absolute_url()
    )
