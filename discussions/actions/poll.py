"""Polls: asking, voting, closing, and saying what was done with it."""

import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final

from celery import shared_task
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Invalid
from community.core.idempotency import claim
from community.core.models import Audience, Module, Notice, SearchKind, is_in_use
from community.core.permissions import require
from community.core.search import put_entry, remove_entry
from community.core.text import Prose, SourceFormat, clean_line
from community.core.verbs import Verb
from discussions.actions.submission import refuse_what_would_be_held
from discussions.models import (
    HIGHEST_SCORE,
    MOST_DOTS,
    OUTCOME_LENGTH,
    POLL_ABOUT_LENGTH,
    POLL_OPTION_LENGTH,
    POLL_OPTIONS,
    POLL_TITLE_LENGTH,
    Ballot,
    Electorate,
    Poll,
    PollKind,
    PollOption,
    ResultsShown,
    Secrecy,
    Space,
    Topic,
    VotePer,
    Voter,
)
from discussions.permissions import (
    can_answer_for_poll,
    can_close_poll,
    can_create_poll,
    can_delete_poll,
    can_edit_poll,
    can_see_results,
    can_vote,
    employer_of,
)
from members.models import Member

logger = logging.getLogger(__name__)

REMIND_BEFORE: Final = timedelta(hours=24)
# A poll that is open for less needs no reminder: it has just been told.
REMINDED_IF_OPEN_FOR: Final = timedelta(hours=48)
LONGEST: Final = timedelta(days=366)
MOST_OUTCOME_DAYS: Final = 180
HIGHEST_QUORUM: Final = 1_000_000
TEND_BATCH: Final = 100

# Never from a seed that somebody could know.
_random = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class PollRules:
    """How a poll is held; rule 4.1 and 4.2. `quorum` 0 asks for none, `most_choices` 0 takes any number."""

    kind: PollKind
    closes_at: datetime
    results: ResultsShown = ResultsShown.AFTER_VOTING
    electorate: Electorate = Electorate.READERS
    vote_per: VotePer = VotePer.MEMBER
    secrecy: Secrecy = Secrecy.SUMS
    may_change: bool = True
    can_need_information: bool = False
    quorum: int = 0
    most_choices: int = 0
    dots: int = 8
    outcome_days: int = 14


# An option in words, or of a poll that looks for a date its moment.
Option = str | datetime


@transaction.atomic
def create_poll(
    place: Space | Topic,
    *,
    by: Member,
    title: str,
    options: Sequence[Option],
    rules: PollRules,
    about: str = "",
    idempotency_key: str | None = None,
    at: datetime | None = None,
) -> Poll:
    """Ask a poll in a topic, or on its own in a space. The same idempotency key gives back the same poll.

    Raises `Refused`, and `Invalid` with the field's name for what does not fit: no title, fewer than two options or
    equal ones, an end that is past or more than a year away, an anonymous poll whose results are seen while people
    vote or whose votes can be changed (rule 4.3), or words that the rules of the space would hold (rule 8.3). `at` is
    for generated histories.
    """
    require(can_create_poll(by, place))
    claimed = claim(
        idempotency_key,
        by=by,
        action="create_poll",
        request={"place": [type(place).__name__, place.pk], "title": title, "options": list(options)},
    )
    if claimed.target_id is not None:
        return Poll.objects.with_place().get(pk=claimed.target_id)
    now = at or timezone.now()
    title, about, options = _clean_words(title, about, options, rules.kind)
    _check_rules(rules, len(options), now)
    _ask_the_space(place if isinstance(place, Space) else place.space, [title, about, *options], by=by)
    poll = Poll.objects.create(
        space=place if isinstance(place, Space) else None,
        topic=place if isinstance(place, Topic) else None,
        author=by,
        title=title,
        about=about,
        created_at=now,
        **_columns(rules),
    )
    _put_options(poll, options)
    _put_entry(poll, options)
    _record(Verb.POLL_CREATED, poll, by=by, at=now, kind=str(rules.kind))
    claimed.settle(poll.pk)
    return poll


@transaction.atomic
def edit_poll(
    poll: Poll, *, by: Member, title: str, options: Sequence[Option], rules: PollRules, about: str = ""
) -> Poll:
    """Put it right before anybody has voted. Afterwards only `extend_poll` is left. Raises as `create_poll`."""
    poll = _lock(poll)
    require(can_edit_poll(by, poll, timezone.now()))
    _refuse_voted(poll)
    title, about, options = _clean_words(title, about, options, rules.kind)
    _check_rules(rules, len(options), timezone.now())
    _ask_the_space(poll.place, [title, about, *options], by=by)
    wanted = {"title": title, "about": about, **_columns(rules)}
    changed = [name for name, value in wanted.items() if getattr(poll, name) != value]
    for name in changed:
        setattr(poll, name, wanted[name])
    if changed:
        poll.reminded_at = None
        poll.save(update_fields=[*changed, "reminded_at"])
    if options != [option.starts_at or option.label for option in poll.options.all()]:
        poll.options.all().delete()
        _put_options(poll, options)
        changed.append("options")
    if changed:
        _put_entry(poll, options)
        _record(Verb.POLL_EDITED, poll, by=by, fields=changed)
    return poll


@transaction.atomic
def extend_poll(poll: Poll, *, by: Member, closes_at: datetime) -> Poll:
    """Leave it open for longer; never for less, or a vote that was meant for tomorrow would come too late."""
    poll = _lock(poll)
    now = timezone.now()
    require(can_edit_poll(by, poll, now))
    if closes_at < poll.closes_at or closes_at > now + LONGEST:
        sentence = _("A running poll can be left open for longer, up to a year. To end it now, close it.")
        raise Invalid(sentence, fields={"closes_at": [sentence]})
    if closes_at != poll.closes_at:
        poll.closes_at, poll.reminded_at = closes_at, None
        poll.save(update_fields=["closes_at", "reminded_at"])
        _record(Verb.POLL_EDITED, poll, by=by, fields=["closes_at"])
    return poll


@transaction.atomic
def vote_in_poll(
    poll: Poll,
    *,
    by: Member,
    marks: Mapping[int, int] | None = None,
    needs_information: bool = False,
    at: datetime | None = None,
) -> Voter:
    """Cast a ballot, or change one's own where the poll allows it. Who votes is kept apart from what (rule 4.3).

    `marks` are weights by the id of the option: 1 for a choice, the rank, the dots, the score; of dates 2 for "suits"
    and 1 for "if need be". It takes no idempotency key: its fingerprint would keep the choice beside the name. Raises
    `Refused` for who may not vote, `Conflict` where the vote was cast already, `Invalid` for marks that do not fit.
    """
    poll = _lock(poll)
    now = at or timezone.now()
    require(can_vote(by, poll, now))
    option_ids, weights = _clean_marks(poll, marks or {}, needs_information=needs_information)
    company = employer_of(by)
    is_for_company = poll.vote_per == VotePer.COMPANY
    voter = Voter.objects.filter(poll=poll, member=by).select_related("ballot").first()
    if voter is not None:
        if voter.ballot is None or not poll.may_change:
            raise Conflict(_("You have voted already. A vote in this poll cannot be changed."))
        ballot = voter.ballot
        ballot.option_ids, ballot.weights, ballot.needs_information = option_ids, weights, needs_information
        ballot.save(update_fields=["option_ids", "weights", "needs_information"])
        voter.voted_at = now
        voter.save(update_fields=["voted_at"])
        _record(Verb.POLL_VOTE_CHANGED, poll, by=by, at=now, is_private=True)
        return voter
    cast: Ballot | None = None
    if poll.is_anonymous:
        _mix_in(poll, option_ids, weights, needs_information=needs_information)
    else:
        cast = Ballot.objects.create(
            poll=poll, option_ids=option_ids, weights=weights, needs_information=needs_information
        )
    voter = Voter.objects.create(
        poll=poll,
        member=by,
        organisation_id=company if is_for_company or not poll.is_anonymous else None,
        is_for_company=is_for_company,
        is_anonymous=poll.is_anonymous,
        ballot=cast,
        voted_at=None if poll.is_anonymous else now,
    )
    _record(Verb.POLL_VOTED, poll, by=by, at=now, is_private=True)
    return voter


@transaction.atomic
def close_poll(poll: Poll, *, by: Member | None, at: datetime | None = None) -> Poll:
    """End it: no vote is taken any more, and an answer is owed by a day (rule 4.4). `by` None is the clock."""
    poll = _lock(poll)
    if by is not None:
        require(can_close_poll(by, poll))
    if poll.closed_at is not None:
        raise Conflict(_("This poll is closed already."))
    now = at or timezone.now()
    poll.closed_at, poll.closed_by = min(now, poll.closes_at), by
    poll.outcome_due_at = poll.closed_at + timedelta(days=poll.outcome_days)
    poll.save(update_fields=["closed_at", "closed_by", "outcome_due_at"])
    _record(Verb.POLL_CLOSED, poll, by=by, at=at, outcome_due_at=poll.outcome_due_at.isoformat())
    return poll


@transaction.atomic
def write_outcome(poll: Poll, *, by: Member, words: str, at: datetime | None = None) -> Poll:
    """Rule 4.4: say what was done with it. Voters are told the first time; a later correction is silent."""
    poll = _lock(poll)
    require(can_answer_for_poll(by, poll))
    words = _clean_text(words)
    if not words:
        sentence = _("Say in a few sentences what became of it, also where nothing did.")
        raise Invalid(sentence, fields={"words": [sentence]})
    if len(words) > OUTCOME_LENGTH:
        sentence = _("{limit} characters are the most.").format(limit=OUTCOME_LENGTH)
        raise Invalid(sentence, fields={"words": [sentence]})
    if words == poll.outcome:
        return poll
    _ask_the_space(poll.place, [words], by=by, field="words")
    now, is_first = at or timezone.now(), poll.outcome_at is None
    poll.outcome, poll.outcome_at, poll.outcome_by = words, poll.outcome_at or now, by
    poll.save(update_fields=["outcome", "outcome_at", "outcome_by"])
    _put_entry(poll, [option.starts_at or option.label for option in poll.options.all()])
    if is_first:
        assert poll.outcome_due_at is not None, "poll_closed_owes_outcome"
        _record(Verb.POLL_OUTCOME_WRITTEN, poll, by=by, at=now, in_time=now <= poll.outcome_due_at)
    else:
        _record(Verb.POLL_EDITED, poll, by=by, at=now, fields=["outcome"])
    return poll


@transaction.atomic
def export_results(poll: Poll, *, by: Member) -> Poll:
    """Take the results along as a table; who did is recorded. Raises `Refused` for whom they are not shown to."""
    has_voted = Voter.objects.filter(poll=poll, member=by).exists()
    require(can_see_results(by, poll, timezone.now(), has_voted=has_voted))
    record(
        Verb.POLL_EXPORTED,
        by=by,
        target=poll,
        audience=Audience.STAFF,
        space_id=poll.place.pk,
        topic_id=poll.topic_id,
    )
    return poll


@transaction.atomic
def delete_poll(poll: Poll, *, by: Member) -> Poll:
    """Take it away with its votes: its author before anybody has voted, and who moderates there at any time."""
    poll = _lock(poll)
    require(can_delete_poll(by, poll))
    poll.deleted_at = timezone.now()
    poll.save(update_fields=["deleted_at"])
    remove_entry(target_type="poll", target_id=poll.pk)
    Notice.objects.filter(key__in=[poll_key(poll.pk), outcome_key(poll.pk)]).delete()
    _record(Verb.POLL_DELETED, poll, by=by)
    return poll


def poll_key(poll_id: int) -> str:
    """The key of notices that there is a poll, and that it closes soon."""
    return f"poll:{poll_id}"


def outcome_key(poll_id: int) -> str:
    return f"poll-outcome:{poll_id}"


def move_polls(topic: Topic, into: Topic | None = None) -> None:
    """After a topic moved to another space or became part of `into`: its polls are found there and nowhere else."""
    if into is not None:
        Poll.objects.filter(topic=topic).update(topic=into)
    for poll in Poll.objects.present().filter(topic=into or topic).with_place():
        _put_entry(poll, [option.starts_at or option.label for option in poll.options.all()])


@shared_task(name="discussions.tend_polls")
def tend_polls() -> int:
    """Close polls whose time has come, remind before that, and say once when an answer is overdue. Returns how many.

    Safe to run twice and late: the rows say what was done. Nothing happens where polls are switched off.
    """
    if not is_in_use(Module.POLLS):
        return 0
    now = timezone.now()
    ending = Poll.objects.present().filter(closed_at__isnull=True, closes_at__lte=now).order_by("closes_at")
    closed = 0
    for poll in ending[:TEND_BATCH]:
        try:
            close_poll(poll, by=None)
        except Conflict:
            # Somebody closed it in this very moment.
            continue
        closed += 1
    return closed + _remind(now) + _call_in_promises(now)


@transaction.atomic
def _remind(now: datetime) -> int:
    due = (
        Poll.objects.present()
        .running(now)
        .filter(closes_at__lte=now + REMIND_BEFORE, reminded_at__isnull=True)
        .select_for_update(skip_locked=True, of=("self",))
        .with_place()
        .order_by("closes_at")[:TEND_BATCH]
    )
    polls = list(due)
    for poll in polls:
        poll.reminded_at = now
        poll.save(update_fields=["reminded_at"])
        if poll.closes_at - poll.created_at >= REMINDED_IF_OPEN_FOR:
            _record(Verb.POLL_REMINDED, poll, by=None)
    return len(polls)


@transaction.atomic
def _call_in_promises(now: datetime) -> int:
    due = (
        Poll.objects.promised()
        .filter(outcome_due_at__lte=now, outcome_reminded_at__isnull=True)
        .select_for_update(skip_locked=True, of=("self",))
        .with_place()
        .order_by("outcome_due_at")[:TEND_BATCH]
    )
    polls = list(due)
    for poll in polls:
        poll.outcome_reminded_at = now
        poll.save(update_fields=["outcome_reminded_at"])
        _record(Verb.POLL_OUTCOME_MISSED, poll, by=None, counterpart_id=poll.author_id)
    return len(polls)


# --- what they share --------------------------------------------------------------------------------------------


def _mix_in(poll: Poll, option_ids: list[int], weights: list[int], *, needs_information: bool) -> None:
    """Rule 4.3: put one anonymous ballot among the others so that nothing tells which one it is.

    All ballots of the poll are written anew in this transaction, with new random keys and in a random order; equal
    ones are one row. The poll's row is locked, so nobody writes beside it.
    """
    counts = {(tuple(option_ids), tuple(weights), needs_information): 1}
    for ballot in Ballot.objects.filter(poll=poll):
        key = (tuple(ballot.option_ids), tuple(ballot.weights), ballot.needs_information)
        counts[key] = counts.get(key, 0) + ballot.count
    Ballot.objects.filter(poll=poll).delete()
    rows = [
        Ballot(poll=poll, option_ids=list(ids), weights=list(heavy), needs_information=needs, count=count)
        for (ids, heavy, needs), count in counts.items()
    ]
    _random.shuffle(rows)
    Ballot.objects.bulk_create(rows)


def _lock(poll: Poll) -> Poll:
    """The poll's row under its lock, with its place of now."""
    locked = Poll.objects.select_for_update().get(pk=poll.pk)
    if locked.topic_id is not None:
        locked.topic = Topic.objects.select_related("space").get(pk=locked.topic_id)
    return locked


def _refuse_voted(poll: Poll) -> None:
    if Voter.objects.filter(poll=poll).exists():
        raise Conflict(_("Somebody has voted by now, and what they voted on stays as it is."))


def _columns(rules: PollRules) -> dict[str, object]:
    columns = {field.name: getattr(rules, field.name) for field in fields(rules)}
    # Only several choices have a limit, and only dots are counted out.
    if rules.kind != PollKind.MULTIPLE:
        columns["most_choices"] = 0
    return columns


def _clean_words(
    title: str, about: str, options: Sequence[Option], kind: PollKind
) -> tuple[str, str, list[Option]]:
    wrong: dict[str, list[str]] = {}
    title, about = clean_line(title), _clean_text(about)
    if not title:
        wrong["title"] = [_("Say in one line what you ask.")]
    elif len(title) > POLL_TITLE_LENGTH:
        wrong["title"] = [_("{limit} characters are the most.").format(limit=POLL_TITLE_LENGTH)]
    if len(about) > POLL_ABOUT_LENGTH:
        wrong["about"] = [_("{limit} characters are the most.").format(limit=POLL_ABOUT_LENGTH)]
    cleaned: list[Option] = []
    for option in options:
        one = option if isinstance(option, datetime) else clean_line(option)
        if one:
            cleaned.append(one)
    if any(isinstance(option, datetime) != (kind == PollKind.DATE) for option in cleaned):
        wrong["options"] = [
            _("A poll that finds a date has days with an hour as options, every other has words.")
        ]
    elif any(isinstance(option, str) and len(option) > POLL_OPTION_LENGTH for option in cleaned):
        wrong["options"] = [_("An option has at most {limit} characters.").format(limit=POLL_OPTION_LENGTH)]
    elif not 2 <= len(cleaned) <= POLL_OPTIONS:
        wrong["options"] = [_("A poll has 2 to {limit} options.").format(limit=POLL_OPTIONS)]
    elif len({str(option).casefold() for option in cleaned}) < len(cleaned):
        wrong["options"] = [_("Two options are the same.")]
    if wrong:
        raise Invalid(" ".join(sentence for (sentence,) in wrong.values()), fields=wrong)
    return title, about, cleaned


def _ask_the_space(space: Space, words: Sequence[Option], *, by: Member, field: str = "about") -> None:
    """Rule 8.3 for what is said in a poll. It does not wait for a moderator: what would be held is refused."""
    said = "\n\n".join(word for word in words if isinstance(word, str))
    refuse_what_would_be_held(space.pk, Prose(said, SourceFormat.MARKDOWN), by=by, field=field)


def _clean_text(text: str) -> str:
    """Several lines: each cleaned, empty ones kept between paragraphs."""
    return "\n".join(clean_line(line) for line in text.splitlines()).strip()


def _check_rules(rules: PollRules, options: int, now: datetime) -> None:
    wrong: dict[str, list[str]] = {}
    if rules.closes_at <= now:
        wrong["closes_at"] = [_("Choose a moment that is still to come.")]
    elif rules.closes_at > now + LONGEST:
        wrong["closes_at"] = [_("A poll is open for a year at most.")]
    if rules.secrecy == Secrecy.ANONYMOUS:
        if rules.results not in {ResultsShown.AT_CLOSE, ResultsShown.MANAGERS}:
            wrong["results"] = [
                _(
                    "Results of an anonymous poll are shown when it is closed: whoever looks before and after "
                    "a vote would know it."
                )
            ]
        if rules.may_change:
            wrong["may_change"] = [
                _("An anonymous vote cannot be changed: nobody can find it again, and that is the point.")
            ]
    if not 0 <= rules.quorum <= HIGHEST_QUORUM:
        wrong["quorum"] = [_("A number of votes, or 0 for none.")]
    if not 0 <= rules.most_choices <= options:
        wrong["most_choices"] = [_("Not more than there are options; 0 for any number.")]
    if not 1 <= rules.dots <= MOST_DOTS:
        wrong["dots"] = [_("1 to {limit} dots.").format(limit=MOST_DOTS)]
    if not 1 <= rules.outcome_days <= MOST_OUTCOME_DAYS:
        wrong["outcome_days"] = [_("1 to {limit} days.").format(limit=MOST_OUTCOME_DAYS)]
    if wrong:
        raise Invalid(" ".join(sentence for (sentence,) in wrong.values()), fields=wrong)


def _clean_marks(
    poll: Poll, marks: Mapping[int, int], *, needs_information: bool
) -> tuple[list[int], list[int]]:
    """The one way in which a ballot is written down, so that equal ones are equal. Raises `Invalid`."""
    if needs_information:
        if not poll.can_need_information or marks:
            raise _no_ballot(_("Either choose, or say that you need more information where that is offered."))
        return [], []
    known = set(poll.options.values_list("pk", flat=True))
    if not marks:
        raise _no_ballot(_("Choose first."))
    if not marks.keys() <= known:
        raise _no_ballot(_("That option is not in this poll. Load the page again."))
    weights = list(marks.values())
    match PollKind(poll.kind):
        case PollKind.SINGLE:
            if len(marks) > 1:
                raise _no_ballot(_("Choose one option."))
            fits = weights == [1]
        case PollKind.MULTIPLE:
            if poll.most_choices and len(marks) > poll.most_choices:
                raise _no_ballot(_("Choose {limit} at most.").format(limit=poll.most_choices))
            fits = set(weights) == {1}
        case PollKind.RANKED:
            if len(set(weights)) < len(weights):
                raise _no_ballot(_("Give each place once. What you leave out stands behind all others."))
            # Gaps are closed: 1, 2, 3 in the order given.
            ranked = sorted(marks, key=lambda option: marks[option])
            if any(weight < 1 or weight > POLL_OPTIONS for weight in weights):
                raise _no_ballot(_("Places begin with 1."))
            return ranked, list(range(1, len(ranked) + 1))
        case PollKind.DOTS:
            if sum(weights) > poll.dots:
                raise _no_ballot(
                    _("You have {dots} dots, and spread {spread}.").format(
                        dots=poll.dots, spread=sum(weights)
                    )
                )
            fits = all(1 <= weight <= poll.dots for weight in weights)
        case PollKind.SCORE:
            fits = all(0 <= weight <= HIGHEST_SCORE for weight in weights)
        case PollKind.DATE:
            fits = set(weights) <= {1, 2}
    if not fits:
        raise _no_ballot(_("This cannot be counted. Load the page again."))
    chosen = sorted(marks)
    return chosen, [marks[option] for option in chosen]


def _no_ballot(sentence: str) -> Invalid:
    return Invalid(sentence, fields={"marks": [sentence]})


def _put_options(poll: Poll, options: Sequence[Option]) -> None:
    PollOption.objects.bulk_create(
        [
            PollOption(poll=poll, position=number, starts_at=option)
            if isinstance(option, datetime)
            else PollOption(poll=poll, position=number, label=option)
            for number, option in enumerate(options, start=1)
        ]
    )


def _put_entry(poll: Poll, options: Sequence[Option]) -> None:
    """Rule 4.2: what is asked and what was done with it can be searched, and never a result."""
    words = [poll.about, *(option for option in options if isinstance(option, str)), poll.outcome]
    put_entry(
        SearchKind.POLL,
        target_type="poll",
        target_id=poll.pk,
        title=poll.title,
        text="\n".join(filter(None, words)),
        space_id=poll.place.pk,
        author_id=poll.author_id,
        at=poll.created_at,
    )


def _record(
    verb: Verb,
    poll: Poll,
    *,
    by: Member | None,
    at: datetime | None = None,
    is_private: bool = False,
    counterpart_id: int | None = None,
    **data: Any,
) -> None:
    """`is_private`: who voted is between them and the poll."""
    record(
        verb,
        by=by,
        at=at,
        target=poll,
        audience=Audience.MEMBER if is_private else Audience.SPACE,
        counterpart_id=counterpart_id,
        space_id=poll.place.pk,
        topic_id=poll.topic_id,
        **data,
    )
