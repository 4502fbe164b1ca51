"""How much of a space or a tag the reader hears, and why (rule 3.9)."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from community.core.statements import Blank, Statement
from discussions.models import Follow, FollowReason, Space, Tag
from discussions.queries.rows import Level, Row
from discussions.queries.topic import follow_levels
from members.models import Member


@dataclass(frozen=True, slots=True)
class Following(Row):
    """The choices with the present one; `reason` and `unfollow_url` are '' where nothing is followed."""

    url: str
    unfollow_url: str
    levels: list[Level]
    reason: str


def _mine(noun: str) -> "QuerySet[Follow, tuple[str, str]]":
    return Follow.objects.filter(member=Blank("reader"), **{noun: Blank("thing")}).values_list(
        "level", "reason"
    )


_OF_SPACE, _OF_TAG = Statement(lambda: _mine("space")), Statement(lambda: _mine("tag"))


def following(user: Member, thing: Space | Tag) -> Following:
    """One query."""
    noun, statement = ("space", _OF_SPACE) if isinstance(thing, Space) else ("tag", _OF_TAG)
    held = statement(reader=user.pk, thing=thing.pk)
    level, reason = held[0] if held else ("", "")
    return Following(
        url=reverse(f"{noun}_follow", args=[thing.slug]),
        unfollow_url=reverse(f"{noun}_unfollow", args=[thing.slug]) if held else "",
        levels=follow_levels(level),
        reason=_("Because {reason}.").format(reason=FollowReason(reason).label) if held else "",
    )
