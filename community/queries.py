"""Reads that join the apps: the home page."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from discussions.filters import TopicFilter
from discussions.models import Space, visible_spaces
from discussions.queries import (
    TopicRow,
    first_posts_of_newcomers,
    for_you,
    known_tags,
    latest_topics,
    questions_one_knows,
    rows_of,
    unanswered_questions,
)
from members.models import Member

MOVED_ON_HOME = 10
LATEST_ON_HOME = 15
QUESTIONS_ON_HOME = 5
NEWCOMERS_ON_HOME = 2
_WEEK = 7


@dataclass(frozen=True, slots=True)
class HomePage:
    """What moved for this reader, what is new, and what they could help with."""

    since_label: str
    moved_label: str
    topics: list[TopicRow]
    latest: list[TopicRow]
    questions: list[TopicRow]
    spaces: list[Space]


def since_label(since: datetime | None) -> str:
    """The day in the reader's zone: a name within a week, otherwise the date."""
    if since is None:
        return _("Since your last visit")
    day = timezone.localtime(since).date()
    ago = (timezone.localdate() - day).days
    if ago < 1:
        return _("Today")
    if ago == 1:
        return _("Since yesterday")
    if ago < _WEEK:
        return _("Since {day}").format(day=WEEKDAYS[day.weekday()])
    return _("Since {day}").format(day=f"{day.day} {MONTHS[day.month]}")


def home_page(user: Member) -> HomePage:
    """Eight queries at most: what moved of what one follows, what is new, and whom this person could help.

    Nobody's visits are counted: "since Tuesday" is the day on which the oldest of what is shown moved.
    """
    found = for_you(user, TopicFilter(), limit=MOVED_ON_HOME)
    moved, knows = rows_of(user, found), known_tags(user)
    count = len(moved)
    label = (
        ngettext(
            "{count} thread you follow has moved", "{count} threads you follow have moved", count
        ).format(count=f"{count}+" if count == MOVED_ON_HOME else count)
        if count
        else _("Nothing you follow has moved")
    )
    shown = {row.url for row in moved}
    could_help: dict[str, TopicRow] = {}
    for row in (
        *first_posts_of_newcomers(user, knows, limit=NEWCOMERS_ON_HOME),
        *questions_one_knows(user, knows, limit=QUESTIONS_ON_HOME),
        *unanswered_questions(user, limit=QUESTIONS_ON_HOME),
    ):
        # The first reason to be here is the stronger one.
        could_help.setdefault(row.url, row)
    return HomePage(
        since_label=since_label(found.since),
        moved_label=label,
        topics=moved,
        latest=[row for row in latest_topics(user, limit=LATEST_ON_HOME) if row.url not in shown],
        questions=list(could_help.values())[:QUESTIONS_ON_HOME],
        spaces=visible_spaces(user),
    )
