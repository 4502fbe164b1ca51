"""What came out of a poll, as its reader may see it: the only place outside the action where ballots are read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Final

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community.core.moments import Clock
from discussions.counting import (
    YES,
    Counted,
    Marks,
    Ranking,
    count_choices,
    count_dates,
    count_dots,
    count_ranking,
    count_scores,
    large_groups,
)
from discussions.models import HIGHEST_SCORE, Ballot, Poll, PollKind, PollOption, Secrecy, VotePer, Voter
from discussions.permissions import MODERATORS, can_see_results
from discussions.queries.rows import Row
from members.models import Member

# Rule 4.3 and 14.6: no group of fewer is told apart, and no anonymous poll of fewer has results.
LEAST_GROUP: Final = 5
NAMES_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class ResultRow(Row):
    """One option. `share` is 0 to 100, of what the bar would be full at; `note` says more where the kind has more."""

    option_id: int
    label: str
    value: float
    value_label: str
    share: int
    note: str
    is_first: bool
    names: list[str]


@dataclass(frozen=True, slots=True)
class Cells(Row):
    """A row of a table: its head and its cells."""

    head: str
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Results(Row):
    """What may be shown. `finding` is the title of the chart; `need_information` is among the `votes`.

    `pairs` is the table of a ranking (how many prefer the row to the column), `groups` what companies chose.
    """

    finding: str
    unit: str
    source: str
    method: str
    rows: list[ResultRow]
    votes: int
    need_information: int
    need_information_label: str
    quorum_label: str
    is_quorate: bool
    winners: list[int]
    heads: list[str] = field(default_factory=list)
    pairs: list[Cells] = field(default_factory=list)
    groups: list[Cells] = field(default_factory=list)
    voters: list[str] = field(default_factory=list)


def results_of(
    poll: Poll,
    user: Member,
    *,
    options: Sequence[PollOption],
    has_voted: bool,
    now: datetime,
) -> Results | str:
    """The results, or the sentence why this reader does not see them. Two queries at most, whatever was voted."""
    may = can_see_results(user, poll, now, has_voted=has_voted)
    if not may:
        return may.reason
    counted, need, votes = _ballots(poll)
    if poll.is_anonymous and votes < LEAST_GROUP:
        return _(
            "Fewer than {least} voted. An anonymous poll shows its results from {least} votes on."
        ).format(least=LEAST_GROUP)
    labels = option_labels(options, now)
    cast = [] if poll.is_anonymous else _cast(poll)
    may_name = poll.secrecy == Secrecy.OPEN or user.has_role(*MODERATORS)
    names = _names(cast) if poll.secrecy == Secrecy.OPEN else {}
    tally = _TALLIES[PollKind(poll.kind)](poll, labels, counted, votes - need)
    rows = [
        ResultRow(
            option_id=row.option_id,
            label=labels[row.option_id],
            value=row.value,
            value_label=row.value_label,
            share=row.share,
            note=row.note,
            is_first=row.option_id in tally.winners,
            names=names.get(row.option_id, []),
        )
        for row in tally.rows
    ]
    is_quorate = votes >= poll.quorum
    return Results(
        finding=_finding(tally, labels, is_quorate=is_quorate, quorum=poll.quorum, votes=votes),
        unit=tally.unit,
        source=_source(poll, votes, now),
        method=tally.method,
        rows=rows,
        votes=votes,
        need_information=need,
        need_information_label=ngettext(
            "{count} needs more information", "{count} need more information", need
        ).format(count=need)
        if need
        else "",
        quorum_label=_quorum(poll.quorum, votes),
        is_quorate=is_quorate,
        winners=tally.winners if is_quorate else [],
        heads=[labels[option.pk] for option in options],
        pairs=_pairs(tally.ranking, labels),
        groups=_groups(poll, cast, [option.pk for option in options]),
        voters=_voters(poll, cast) if may_name else [],
    )


def option_labels(options: Sequence[PollOption], now: datetime) -> dict[int, str]:
    """The words of options; moments in the reader's own zone."""
    clock = Clock(now)
    return {
        option.pk: clock.moment(option.starts_at).exact if option.starts_at else option.label
        for option in options
    }


def results_table(results: Results) -> tuple[list[str], list[list[str]]]:
    """Header and rows for a spreadsheet program: what the page shows as charts and tables, and nothing else.

    A row for each option in the order of the poll, then how many voted. Names stand in it where the page names them,
    and companies from five voters on; of an anonymous poll neither.
    """
    named = any(row.names for row in results.rows)
    header = [_("Option"), _("Value"), _("Result"), _("More")]
    header += [_("Preferred to {option}").format(option=pair.head) for pair in results.pairs]
    header += [group.head for group in results.groups]
    header += [_("Names")] if named else []
    lines = []
    places = {label: place for place, label in enumerate(results.heads)}
    for row in sorted(results.rows, key=lambda row: places[row.label]):
        place = places[row.label]
        cells = [row.label, f"{row.value:g}", row.value_label, row.note]
        cells += [results.pairs[place].cells[other] for other in range(len(results.pairs))]
        cells += [group.cells[place] for group in results.groups]
        lines.append([*cells, ", ".join(row.names)] if named else cells)
    lines.append([_("Votes in all"), str(results.votes), results.source, results.quorum_label])
    if results.need_information:
        lines.append([_("I need more information"), str(results.need_information)])
    return header, lines


# --- counting ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    option_id: int
    value: float
    value_label: str
    share: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Tally:
    rows: list[_Line]
    winners: list[int]
    unit: str
    method: str
    lead: str
    ranking: Ranking | None = None


def _ballots(poll: Poll) -> tuple[list[Counted], int, int]:
    """Equal ballots once with their number, how many need more information, and how many votes in all. One query."""
    rows = (
        Ballot.objects.filter(poll=poll)
        .values_list("option_ids", "weights", "needs_information")
        .annotate(times=Sum("count"))
        .order_by("option_ids", "weights")
    )
    counted: list[Counted] = []
    need = votes = 0
    for option_ids, weights, needs_information, times in rows:
        votes += times
        if needs_information:
            need += times
        else:
            counted.append((dict(zip(option_ids, weights, strict=True)), times))
    return counted, need, votes


def _choices(_poll: Poll, labels: Mapping[int, str], counted: Sequence[Counted], voters: int) -> _Tally:
    sums = count_choices(list(labels), counted)
    lines = [
        _Line(option, votes, _votes(votes), _percent(votes, voters), f"{_percent(votes, voters)} %")
        for option, votes in sums.items()
    ]
    return _Tally(
        lines,
        _best(sums),
        _("Votes for each option, and their share of all who chose"),
        _("Each option has the votes of those who chose it."),
        _("{votes} of {voters}").format(votes=max(sums.values()), voters=voters),
    )


def _dots(_poll: Poll, labels: Mapping[int, str], counted: Sequence[Counted], _voters: int) -> _Tally:
    sums = count_dots(list(labels), counted)
    spread = sum(sums.values())
    lines = [
        _Line(
            option,
            dots,
            ngettext("{count} dot", "{count} dots", dots).format(count=dots),
            _percent(dots, spread),
            f"{_percent(dots, spread)} %",
        )
        for option, dots in sums.items()
    ]
    return _Tally(
        lines,
        _best(sums),
        _("Dots for each option, and their share of all dots"),
        _("The dots that voters gave are added."),
        _("{dots} of {spread} dots").format(dots=max(sums.values()), spread=spread),
    )


def _scores(_poll: Poll, labels: Mapping[int, str], counted: Sequence[Counted], _voters: int) -> _Tally:
    means = count_scores(list(labels), counted)
    lines = [
        _Line(
            option,
            float(mean),
            _("{score} of {highest}").format(score=_decimal(mean), highest=HIGHEST_SCORE),
            _percent(mean, HIGHEST_SCORE),
            ngettext("scored by {count}", "scored by {count}", times).format(count=times),
        )
        for option, (mean, times) in means.items()
    ]
    only_means = {option: mean for option, (mean, times) in means.items() if times}
    return _Tally(
        lines,
        _best(only_means),
        _("Mean score of each option, from 0 to 5"),
        _("The mean of the scores; who left an option out is not counted for it."),
        _("{score} of {highest}").format(
            score=_decimal(max(only_means.values(), default=Fraction(0))), highest=HIGHEST_SCORE
        ),
    )


def _dates(_poll: Poll, labels: Mapping[int, str], counted: Sequence[Counted], voters: int) -> _Tally:
    sums = count_dates(list(labels), counted)
    lines = [
        _Line(
            option,
            suits,
            _("suits {count}").format(count=suits),
            _percent(suits, voters),
            _("if need be {count} more").format(count=if_need_be) if if_need_be else "",
        )
        for option, (suits, if_need_be) in sums.items()
    ]
    best = max(sums.values())
    return _Tally(
        lines,
        _best(sums) if best > (0, 0) else [],
        _("For how many of those who answered each date suits"),
        _("First the date that suits most people; of equal ones that which suits more if need be."),
        _("{votes} of {voters}").format(votes=best[0], voters=voters),
    )


def _ranking(_poll: Poll, labels: Mapping[int, str], counted: Sequence[Counted], _voters: int) -> _Tally:
    ranking = count_ranking(list(labels), counted)
    others = max(len(labels) - 1, 1)
    ordered = sorted(ranking.wins, key=lambda option: -ranking.wins[option])
    lines = [
        _Line(
            option,
            ranking.wins[option],
            ngettext("beats {count} other", "beats {count} others", ranking.wins[option]).format(
                count=ranking.wins[option]
            ),
            _percent(ranking.wins[option], others),
        )
        for option in ordered
    ]
    has_votes = bool(counted)
    first = ranking.winners[0] if has_votes and len(ranking.winners) == 1 else 0
    return _Tally(
        lines,
        ranking.winners if has_votes else [],
        _("How many other options each one beats, compared two by two"),
        _(
            "Counted by the Schulze method (2011): an option beats another where the strongest chain of "
            "preferences leads from it to the other."
        ),
        _("beats {count} of {others}").format(count=ranking.wins[first], others=others) if first else "",
        ranking,
    )


_TALLIES: Final[Mapping[PollKind, Callable[[Poll, Mapping[int, str], Sequence[Counted], int], _Tally]]] = {
    PollKind.SINGLE: _choices,
    PollKind.MULTIPLE: _choices,
    PollKind.DOTS: _dots,
    PollKind.SCORE: _scores,
    PollKind.DATE: _dates,
    PollKind.RANKED: _ranking,
}


def _best(sums: Mapping[int, object]) -> list[int]:
    values: list[object] = list(sums.values())
    if not values or not any(values):
        return []
    best = max(values)  # type: ignore[type-var]
    return [option for option, value in sums.items() if value == best]


def _percent(part: float | Fraction, whole: int) -> int:
    return round(100 * part / whole) if whole else 0


def _decimal(value: Fraction) -> str:
    return f"{float(value):.1f}"


# --- words ------------------------------------------------------------------------------------------------------


def _finding(tally: _Tally, labels: Mapping[int, str], *, is_quorate: bool, quorum: int, votes: int) -> str:
    """The title of the chart says what it shows (rule 14.8)."""
    if not votes:
        return _("Nobody has voted")
    if not is_quorate:
        return _("No result: {votes} of the {quorum} votes it takes").format(votes=votes, quorum=quorum)
    if not tally.winners:
        return _("No option was chosen")
    names = [labels[option] for option in tally.winners]
    if len(names) == 1:
        return _("“{option}” is first: {lead}").format(option=names[0], lead=tally.lead)
    if len(names) == len(labels):
        return _("All options are equal")
    return _("Equal at the top: {options}").format(options=", ".join(f"“{name}”" for name in names))


def _source(poll: Poll, votes: int, now: datetime) -> str:
    counted = _votes(votes)
    if poll.closed_at is None:
        return _("{votes} in this poll so far.").format(votes=counted)
    when = Clock(now).moment(poll.closed_at).exact
    return _("{votes} in this poll, closed on {when}.").format(votes=counted, when=when)


def _quorum(quorum: int, votes: int) -> str:
    if not quorum:
        return ""
    words = (
        _("The quorum of {quorum} votes is reached.")
        if votes >= quorum
        else _("The quorum of {quorum} votes is not reached.")
    )
    return words.format(quorum=quorum)


def _votes(count: int) -> str:
    return ngettext("{count} vote", "{count} votes", count).format(count=count)


def _pairs(ranking: Ranking | None, labels: Mapping[int, str]) -> list[Cells]:
    if ranking is None:
        return []
    return [
        Cells(
            label,
            ["–" if one == other else str(ranking.preferred[one, other]) for other in labels],
        )
        for one, label in labels.items()
    ]


# --- who, where that may be told --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Cast:
    member: str
    company: str
    marks: Marks


def _cast(poll: Poll) -> list[_Cast]:
    """The votes with their voters, where the poll keeps them together. One query."""
    voters = (
        Voter.objects.filter(poll=poll, ballot__isnull=False)
        .order_by("member__display_name", "pk")
        .values_list("member__display_name", "organisation__name", "ballot__option_ids", "ballot__weights")
    )
    return [
        _Cast(name, company or "", dict(zip(option_ids, weights, strict=True)))
        for name, company, option_ids, weights in voters
    ]


def _names(cast: Sequence[_Cast]) -> dict[int, list[str]]:
    names: dict[int, list[str]] = {}
    for vote in cast:
        for option in vote.marks:
            names.setdefault(option, []).append(vote.member)
    return {option: chosen[:NAMES_SHOWN] for option, chosen in names.items()}


def _voters(poll: Poll, cast: Sequence[_Cast]) -> list[str]:
    """Who voted, in the order of names; of an anonymous poll too, where nothing beside them says what."""
    if not poll.is_anonymous:
        return [vote.member for vote in cast[:NAMES_SHOWN]]
    voters = Voter.objects.filter(poll=poll).order_by("member__display_name", "pk")
    return list(voters.values_list("member__display_name", flat=True)[:NAMES_SHOWN])


def _groups(poll: Poll, cast: Sequence[_Cast], option_ids: Sequence[int]) -> list[Cells]:
    """What companies chose, from five voters of a company on. Nothing of an anonymous poll: its ballots know none."""
    if poll.is_anonymous or poll.vote_per == VotePer.COMPANY:
        return []
    by_company: dict[str, list[Marks]] = {}
    for vote in cast:
        by_company.setdefault(vote.company, []).append(vote.marks)
    # Without a company one belongs to the others.
    nowhere = by_company.pop("", [])
    shown, rest = large_groups({**by_company, "": nowhere} if nowhere else by_company, least=LEAST_GROUP)
    without_company = shown.pop("", ())
    rest = [*rest, *without_company]
    if not shown:
        return []
    groups = [(name, shown[name]) for name in sorted(shown)]
    if rest:
        groups.append((_("All others"), rest))
    kind = PollKind(poll.kind)
    return [
        Cells(
            _("{company} ({voters})").format(company=name, voters=len(rows)),
            [_cell(kind, option, rows) for option in option_ids],
        )
        for name, rows in groups
    ]


def _cell(kind: PollKind, option: int, rows: Sequence[Marks]) -> str:
    weights = [marks[option] for marks in rows if option in marks]
    match kind:
        case PollKind.DOTS:
            return str(sum(weights))
        case PollKind.SCORE:
            return _decimal(Fraction(sum(weights), len(weights))) if weights else "–"
        case PollKind.RANKED:
            return str(weights.count(1))
        case PollKind.DATE:
            return str(weights.count(YES))
    return str(len(weights))
