"""How ballots are counted: arithmetic alone, without tables and without words.

A ballot is a mapping of option to weight and comes with the number of people who cast it so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations

Marks = Mapping[int, int]
Counted = tuple[Marks, int]
YES = 2


def count_choices(options: Sequence[int], ballots: Iterable[Counted]) -> dict[int, int]:
    """How many chose each option: one choice and several choices alike (approval)."""
    sums = dict.fromkeys(options, 0)
    for marks, times in ballots:
        for option in marks:
            sums[option] += times
    return sums


def count_dots(options: Sequence[int], ballots: Iterable[Counted]) -> dict[int, int]:
    """How many dots each option has."""
    sums = dict.fromkeys(options, 0)
    for marks, times in ballots:
        for option, dots in marks.items():
            sums[option] += dots * times
    return sums


def count_scores(options: Sequence[int], ballots: Iterable[Counted]) -> dict[int, tuple[Fraction, int]]:
    """The mean score of each option and how many scored it; an option that somebody left out they did not score."""
    sums, times_scored = dict.fromkeys(options, 0), dict.fromkeys(options, 0)
    for marks, times in ballots:
        for option, score in marks.items():
            sums[option] += score * times
            times_scored[option] += times
    return {
        option: (Fraction(sums[option], times_scored[option]) if times_scored[option] else Fraction(0),
                 times_scored[option])
        for option in options
    }  # fmt: skip


def count_dates(options: Sequence[int], ballots: Iterable[Counted]) -> dict[int, tuple[int, int]]:
    """For how many each date suits, and for how many more it does if need be."""
    sums = dict.fromkeys(options, (0, 0))
    for marks, times in ballots:
        for option, weight in marks.items():
            suits, if_need_be = sums[option]
            sums[option] = (suits + times, if_need_be) if weight == YES else (suits, if_need_be + times)
    return sums


@dataclass(frozen=True, slots=True)
class Ranking:
    """`preferred[a, b]` voters rank a before b; `strength` is that of the strongest path; `wins` orders the options."""

    preferred: Mapping[tuple[int, int], int]
    strength: Mapping[tuple[int, int], int]
    wins: Mapping[int, int]

    @property
    def winners(self) -> list[int]:
        """Those that no other option beats; several where the ballots decide no further."""
        options = list(self.wins)
        return [
            one
            for one in options
            if all(
                self.strength[one, other] >= self.strength[other, one] for other in options if other != one
            )
        ]


def count_ranking(options: Sequence[int], ballots: Iterable[Counted]) -> Ranking:
    """The Schulze method with winning votes. A weight is a rank, 1 the best; what is not ranked stands behind, equal.

    Source: Markus Schulze, "A new monotonic, clone-independent, reversal symmetric, and Condorcet-consistent
    single-winner election method", Social Choice and Welfare 36 (2011) 267-303, section 2.3 (the strengths of the
    strongest paths by the algorithm of Floyd and Warshall). Chosen over instant runoff because it elects whoever
    beats each other option in pairs, wherever there is one, and does not depend on the order of eliminations.
    """
    preferred = dict.fromkeys(permutations(options, 2), 0)
    last = len(options) + 1
    for marks, times in ballots:
        for one, other in preferred:
            if marks.get(one, last) < marks.get(other, last):
                preferred[one, other] += times
    strength = {
        (one, other): votes if votes > preferred[other, one] else 0
        for (one, other), votes in preferred.items()
    }
    for middle in options:
        for one in options:
            for other in options:
                if len({one, middle, other}) == 3:
                    through = min(strength[one, middle], strength[middle, other])
                    strength[one, other] = max(strength[one, other], through)
    wins = {
        one: sum(strength[one, other] > strength[other, one] for other in options if other != one)
        for one in options
    }
    return Ranking(preferred, strength, wins)


def large_groups(
    groups: Mapping[str, Sequence[Marks]], *, least: int
) -> tuple[dict[str, Sequence[Marks]], list[Marks]]:
    """The groups of at least `least` voters, and everybody else as one; none is left that subtraction would reveal.

    Where fewer than `least` would be left over, the smallest group joins them (complementary suppression).
    """
    shown = {name: rows for name, rows in groups.items() if len(rows) >= least}
    rest = [marks for name, rows in groups.items() if name not in shown for marks in rows]
    while shown and 0 < len(rest) < least:
        smallest = min(shown, key=lambda name: (len(shown[name]), name))
        rest += shown.pop(smallest)
    return (shown, rest) if shown else ({}, [])
