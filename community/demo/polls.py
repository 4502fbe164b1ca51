"""The polls of the demo: one that runs, one that waits for its answer, and an anonymous one that has its answer."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from discussions.actions.poll import PollRules, close_poll, create_poll, vote_in_poll, write_outcome
from discussions.models import (
    Poll,
    PollKind,
    ResultsShown,
    Secrecy,
    Space,
    forget_visible_spaces,
)
from members.models import Member

OUTCOME: Final = (
    "Eleven of you answered, and quarterly won clearly. From the next quarter on the round table meets four times "
    "a year, for half a day instead of an hour. The dates are in the announcements.\n\n"
    "Two needed more information about travel: we hold every second one online."
)


def make_polls(members: Mapping[str, Member], spaces: Mapping[str, Space], now: datetime) -> None:
    """A ranking that is open, a score that owes an answer, and an anonymous poll whose voters were told."""
    for member in members.values():
        forget_visible_spaces(member)
    voters = [member for member in members.values() if member.is_admitted][:14]
    asker = members["ines"]
    _open_ranking(asker, voters, spaces["suppliers"], now)
    _owed_score(members["henrik"], voters, spaces["contracts"], now)
    _answered(asker, voters, spaces["contracts"], now)


def _open_ranking(asker: Member, voters: Sequence[Member], space: Space, now: datetime) -> None:
    at = now - timedelta(days=3)
    poll = create_poll(
        space,
        by=asker,
        title="What shall the next round table be about?",
        about="An hour with three short cases. Put them in your order; what you leave out stands behind.",
        options=[
            "Second sources for single-source parts",
            "Price clauses tied to an index",
            "Leaving a supplier well",
            "What to ask in a supplier audit",
        ],
        rules=PollRules(kind=PollKind.RANKED, closes_at=now + timedelta(days=4), quorum=5),
        at=at,
    )
    orders = ((0, 1, 2), (1, 0), (0, 3, 1, 2), (2, 0), (1, 2, 0, 3), (0, 2))
    for number, (voter, order) in enumerate(zip(voters, orders, strict=False)):
        _vote(poll, voter, {choice: place for place, choice in enumerate(order, start=1)}, at, number)


def _owed_score(asker: Member, voters: Sequence[Member], space: Space, now: datetime) -> None:
    at = now - timedelta(days=30)
    poll = create_poll(
        space,
        by=asker,
        title="How well do these sources of benchmark prices serve you?",
        options=["Published indices", "Paid databases", "Asking peers here", "Quotes for comparison"],
        rules=PollRules(
            kind=PollKind.SCORE,
            closes_at=at + timedelta(days=10),
            results=ResultsShown.AT_CLOSE,
            outcome_days=14,
        ),
        at=at,
    )
    scores = (
        (3, 2, 5, 4),
        (4, 3, 4, 3),
        (2, 2, 5, 5),
        (3, 4, 4, 2),
        (4, 1, 5, 3),
        (3, 3, 3, 4),
        (2, 4, 5, 4),
    )
    for number, (voter, given) in enumerate(zip(voters, scores, strict=False)):
        _vote(poll, voter, dict(enumerate(given)), at, number)
    close_poll(poll, by=None, at=at + timedelta(days=10))


def _answered(asker: Member, voters: Sequence[Member], space: Space, now: datetime) -> None:
    at = now - timedelta(days=60)
    poll = create_poll(
        space,
        by=asker,
        title="How often shall the round table meet?",
        about="Nobody reads who chose what, and nobody can look it up.",
        options=["Every month", "Every quarter", "Twice a year"],
        rules=PollRules(
            kind=PollKind.SINGLE,
            closes_at=at + timedelta(days=7),
            results=ResultsShown.AT_CLOSE,
            secrecy=Secrecy.ANONYMOUS,
            may_change=False,
            can_need_information=True,
        ),
        at=at,
    )
    for number, (voter, choice) in enumerate(
        zip(voters, (1, 1, 0, 1, 2, 1, 1, None, 1, None, 0), strict=False)
    ):
        if choice is None:
            vote_in_poll(poll, by=voter, needs_information=True, at=at + timedelta(hours=5 + number))
        else:
            _vote(poll, voter, {choice: 1}, at, number)
    poll = close_poll(poll, by=None, at=at + timedelta(days=7))
    write_outcome(poll, by=asker, words=OUTCOME, at=at + timedelta(days=15))


def _vote(poll: Poll, voter: Member, weights: Mapping[int, int], at: datetime, number: int) -> None:
    options = list(poll.options.values_list("pk", flat=True))
    marks = {options[place]: weight for place, weight in weights.items()}
    vote_in_poll(poll, by=voter, marks=marks, at=at + timedelta(hours=5 + number))
