"""The page of a poll, the list of polls, and what is still promised."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community.core.keyset import read_time_key, split_page, time_key
from community.core.moments import Clock
from discussions.models import (
    HIGHEST_SCORE,
    Electorate,
    Poll,
    PollKind,
    ResultsShown,
    Secrecy,
    Space,
    VotePer,
    Voter,
)
from discussions.permissions import (
    can_answer_for_poll,
    can_close_poll,
    can_delete_poll,
    can_edit_poll,
    can_vote,
)
from discussions.queries.poll_results import Results, option_labels, results_of
from discussions.queries.rows import Row
from discussions.queries.topic import readable_by
from members.models import Member

POLLS_PER_PAGE: Final = 20
PROMISES_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class PollPage(Row):
    """Everything about one poll for one reader; addresses are '' where the act is not theirs."""

    id: int
    title: str
    url: str
    about: str
    kind_label: str
    author_name: str
    space_name: str
    space_url: str
    topic_title: str
    topic_url: str
    readable_by: str
    is_open: bool
    state_label: str
    closes_exact: str
    closes_iso: str
    rules: list[str]
    options: list[tuple[int, str]]
    has_voted: bool
    vote_url: str
    vote_label: str
    why_not: str
    results: Results | None
    why_no_results: str
    outcome: str
    outcome_label: str
    is_promised: bool
    outcome_url: str
    export_url: str
    edit_url: str
    close_url: str
    delete_url: str


@dataclass(frozen=True, slots=True)
class PollRow(Row):
    """A poll in a list: nothing of its results."""

    title: str
    url: str
    kind_label: str
    space_name: str
    space_url: str
    state_label: str
    is_open: bool
    has_voted: bool


@dataclass(frozen=True, slots=True)
class PromiseRow(Row):
    """Rule 4.4: a closed poll that owes its voters an answer."""

    title: str
    url: str
    space_name: str
    author_name: str
    due_exact: str
    due_iso: str
    is_overdue: bool
    outcome_url: str


@dataclass(frozen=True, slots=True)
class PollList(Row):
    polls: list[PollRow]
    older: str


def poll_page(poll: Poll, user: Member, *, now: datetime | None = None) -> PollPage:
    """One poll, fetched `with_place`. Six queries at most, whatever was voted in it."""
    now = now or timezone.now()
    options = list(poll.options.all())
    voter = Voter.objects.filter(poll=poll, member=user).first()
    found = results_of(poll, user, options=options, has_voted=voter is not None, now=now)
    may_vote = can_vote(user, poll, now)
    is_settled = voter is not None and not poll.may_change
    clock, url, place = Clock(now), poll.get_absolute_url(), poll.place
    closes = clock.moment(poll.closed_at or poll.closes_at)
    is_open = not poll.is_over(now)
    labels = option_labels(options, now)
    return PollPage(
        id=poll.pk,
        title=poll.title,
        url=url,
        about=poll.about,
        kind_label=str(poll.get_kind_display()),
        author_name=poll.author.display_name if poll.author else _("A former member"),
        space_name=place.name,
        space_url=place.get_absolute_url(),
        topic_title=poll.topic.title if poll.topic else "",
        topic_url=poll.topic.get_absolute_url() if poll.topic else "",
        readable_by=readable_by(place),
        is_open=is_open,
        state_label=_state(closes.exact, is_open=is_open),
        closes_exact=closes.exact,
        closes_iso=closes.iso,
        rules=_rules(poll, place),
        options=[(option.pk, labels[option.pk]) for option in options],
        has_voted=voter is not None,
        vote_url=f"{url}vote/" if may_vote and not is_settled else "",
        vote_label=_("Change my vote") if voter is not None else _("Vote"),
        why_not=_("You have voted.")
        if voter is not None
        else ("" if may_vote else getattr(may_vote, "reason", "")),
        results=found if isinstance(found, Results) else None,
        why_no_results="" if isinstance(found, Results) else found,
        outcome=poll.outcome,
        outcome_label=_outcome(poll, clock, now),
        is_promised=poll.closed_at is not None and poll.outcome_at is None,
        outcome_url=f"{url}outcome/" if can_answer_for_poll(user, poll) else "",
        export_url=f"{url}export/" if isinstance(found, Results) else "",
        edit_url=f"{url}edit/" if can_edit_poll(user, poll, now) else "",
        close_url=f"{url}close/" if poll.closed_at is None and can_close_poll(user, poll) else "",
        delete_url=f"{url}delete/" if can_delete_poll(user, poll) else "",
    )


def my_marks(poll: Poll, user: Member) -> tuple[dict[int, int], bool]:
    """What the reader chose, to be changed; nothing where nobody can know it (rule 4.3). One query."""
    voter = (
        Voter.objects.filter(poll=poll, member=user, ballot__isnull=False).select_related("ballot").first()
    )
    if voter is None or voter.ballot is None:
        return {}, False
    ballot = voter.ballot
    return dict(zip(ballot.option_ids, ballot.weights, strict=True)), ballot.needs_information


def poll_list(
    user: Member, *, space: Space | None = None, is_open: bool | None = None, before: str | None = None
) -> PollList:
    """Polls, newest first. Two queries."""
    now = timezone.now()
    polls = Poll.objects.visible_to(user).with_place().order_by("-created_at", "-pk")
    if space is not None:
        polls = polls.filter(Q(space=space) | Q(topic__space=space))
    if is_open is True:
        polls = polls.running(now)
    elif is_open is False:
        polls = polls.exclude(pk__in=Poll.objects.visible_to(user).running(now).values("pk"))
    if (key := read_time_key(before)) is not None:
        at, poll_id = key
        polls = polls.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=poll_id))
    found, has_more = split_page(list(polls[: POLLS_PER_PAGE + 1]), POLLS_PER_PAGE)
    older = time_key(found[-1].created_at, found[-1].pk) if has_more else ""
    return PollList(poll_rows(found, user, now), older)


def poll_rows(polls: Sequence[Poll], user: Member, now: datetime) -> list[PollRow]:
    """One query beside those for the polls."""
    voted = set(Voter.objects.filter(poll__in=polls, member=user).values_list("poll", flat=True))
    clock = Clock(now)
    return [
        PollRow(
            title=poll.title,
            url=poll.get_absolute_url(),
            kind_label=str(poll.get_kind_display()),
            space_name=poll.place.name,
            space_url=poll.place.get_absolute_url(),
            state_label=_state(
                clock.moment(poll.closed_at or poll.closes_at).exact, is_open=not poll.is_over(now)
            ),
            is_open=not poll.is_over(now),
            has_voted=poll.pk in voted,
        )
        for poll in polls
    ]


def promised_polls(user: Member, *, now: datetime | None = None) -> list[PromiseRow]:
    """Rule 4.4: closed polls of spaces the reader sees that owe an answer, longest due first. One query."""
    now = now or timezone.now()
    clock = Clock(now)
    polls = Poll.objects.visible_to(user).promised().with_place().order_by("outcome_due_at", "pk")
    rows = []
    for poll in polls[:PROMISES_SHOWN]:
        assert poll.outcome_due_at is not None, "poll_closed_owes_outcome"
        due = clock.moment(poll.outcome_due_at)
        rows.append(
            PromiseRow(
                title=poll.title,
                url=poll.get_absolute_url(),
                space_name=poll.place.name,
                author_name=poll.author.display_name if poll.author else _("A former member"),
                due_exact=due.exact,
                due_iso=due.iso,
                is_overdue=poll.outcome_due_at <= now,
                outcome_url=f"{poll.get_absolute_url()}outcome/" if can_answer_for_poll(user, poll) else "",
            )
        )
    return rows


def _state(when: str, *, is_open: bool) -> str:
    return (_("Open until {when}") if is_open else _("Closed on {when}")).format(when=when)


def _outcome(poll: Poll, clock: Clock, now: datetime) -> str:
    if poll.outcome_at is not None:
        return _("Said on {when}").format(when=clock.moment(poll.outcome_at).exact)
    if poll.outcome_due_at is None:
        return ngettext(
            "What was done with it is said within {count} day after the close.",
            "What was done with it is said within {count} days after the close.",
            poll.outcome_days,
        ).format(count=poll.outcome_days)
    when = clock.moment(poll.outcome_due_at).exact
    words = _("Was due on {when}") if poll.outcome_due_at <= now else _("Due by {when}")
    return words.format(when=when)


def _rules(poll: Poll, place: Space) -> list[str]:
    """How it is held, in sentences, before anybody votes."""
    sentences = [_HOW[PollKind(poll.kind)](poll)]
    if poll.vote_per == VotePer.COMPANY:
        sentences.append(_("One vote for each company: the first of its people who votes, votes for it."))
    if poll.electorate == Electorate.LISTED:
        sentences.append(_("The people listed in {space} vote.").format(space=place.name))
    sentences.append(
        {
            Secrecy.OPEN: _("Open: whoever sees the results reads who chose what."),
            Secrecy.SUMS: _("Only sums are shown. Your vote is kept with your name, and no page shows it."),
            Secrecy.ANONYMOUS: _(
                "Anonymous: that you voted is kept, and what you chose without any link to you. Nobody can "
                "look it up, and so nobody can change it, you included."
            ),
        }[Secrecy(poll.secrecy)]
    )
    sentences.append(
        {
            ResultsShown.ALWAYS: _("Everybody sees the results at any time."),
            ResultsShown.AFTER_VOTING: _(
                "You see the results after you have voted; everybody does at the close."
            ),
            ResultsShown.AT_CLOSE: _("Nobody sees results before the close."),
            ResultsShown.MANAGERS: _("Community managers see the results, nobody else."),
        }[ResultsShown(poll.results)]
    )
    if poll.may_change:
        sentences.append(_("You can change your vote until the close."))
    elif not poll.is_anonymous:
        sentences.append(_("A vote cannot be changed."))
    if poll.quorum:
        sentences.append(_("It takes {count} votes to count.").format(count=poll.quorum))
    return sentences


_HOW: Final[Mapping[PollKind, Callable[[Poll], str]]] = {
    PollKind.SINGLE: lambda _poll: _("Choose one."),
    PollKind.MULTIPLE: lambda poll: (
        _("Choose up to {count}.").format(count=poll.most_choices)
        if poll.most_choices
        else _("Choose as many as you like.")
    ),
    PollKind.RANKED: lambda _poll: _("Put them in your order; what you leave out stands behind."),
    PollKind.DOTS: lambda poll: _("Spread up to {count} dots.").format(count=poll.dots),
    PollKind.SCORE: lambda _poll: _("Score each from 0 to {highest}.").format(highest=HIGHEST_SCORE),
    PollKind.DATE: lambda _poll: _("Say which dates suit you. Times are those of your own zone."),
}
