"""How ballots are counted, beside a second computation that shares nothing with the first."""

from fractions import Fraction
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from discussions.counting import (
    count_choices,
    count_dates,
    count_dots,
    count_ranking,
    count_scores,
    large_groups,
)

OPTIONS = (1, 2, 3, 4)


def strongest_path(prefers, one, other, options):
    """By trying every chain without repetition, which is what the definition says and no algorithm."""
    between = [option for option in options if option not in {one, other}]
    best = 0
    for length in range(len(between) + 1):
        for middle in permutations(between, length):
            chain = [one, *middle, other]
            links = [
                prefers[a, b] if prefers[a, b] > prefers[b, a] else 0
                for a, b in zip(chain, chain[1:], strict=False)
            ]
            best = max(best, min(links))
    return best


def schulze_by_hand(options, rankings):
    """`rankings` are lists, best first; whoever is missing stands behind, equal."""
    prefers = {}
    for a in options:
        for b in options:
            if a != b:
                prefers[a, b] = sum(
                    1 for row in rankings if a in row and (b not in row or row.index(a) < row.index(b))
                )
    path = {pair: strongest_path(prefers, *pair, options) for pair in prefers}
    return {a: {b for b in options if a != b and path[a, b] > path[b, a]} for a in options}


def as_ballots(rankings):
    """As stored: equal ballots once, with their number."""
    counted = {}
    for row in rankings:
        counted[tuple(row)] = counted.get(tuple(row), 0) + 1
    return [
        ({option: place for place, option in enumerate(row, start=1)}, times)
        for row, times in counted.items()
    ]


rankings = st.lists(
    st.permutations(OPTIONS).flatmap(
        lambda order: st.integers(1, len(OPTIONS)).map(lambda length: list(order)[:length])
    ),
    max_size=25,
)


@settings(max_examples=300, deadline=None)
@given(rankings)
def test_a_ranking_is_what_the_definition_says(rows):
    ranking = count_ranking(OPTIONS, as_ballots(rows))
    beaten = schulze_by_hand(OPTIONS, rows)
    assert dict(ranking.wins) == {option: len(others) for option, others in beaten.items()}
    assert ranking.winners == [
        option for option in OPTIONS if not any(option in beaten[other] for other in OPTIONS)
    ]


@settings(max_examples=200, deadline=None)
@given(rankings)
def test_whoever_beats_everybody_in_pairs_wins(rows):
    ranking = count_ranking(OPTIONS, as_ballots(rows))
    for option in OPTIONS:
        if all(
            ranking.preferred[option, other] > ranking.preferred[other, option]
            for other in OPTIONS
            if other != option
        ):
            assert ranking.winners == [option]


def test_the_example_of_the_paper():
    """45 voters and five options, Schulze (2011), section 3.1: E before A, C, B, D."""
    a, b, c, d, e = range(5)
    rows = (
        5 * [[a, c, b, e, d]] + 5 * [[a, d, e, c, b]] + 8 * [[b, e, d, a, c]] + 3 * [[c, a, b, e, d]]
        + 7 * [[c, a, e, b, d]] + 2 * [[c, b, a, d, e]] + 7 * [[d, c, e, b, a]] + 8 * [[e, b, a, d, c]]
    )  # fmt: skip
    ranking = count_ranking(range(5), as_ballots(rows))
    assert sorted(range(5), key=lambda option: -ranking.wins[option]) == [e, a, c, b, d]
    assert ranking.winners == [e]
    assert ranking.strength[a, b] == 28
    assert ranking.strength[e, d] == 31


weights = st.lists(st.dictionaries(st.sampled_from(OPTIONS), st.integers(0, 5), max_size=4), max_size=40)


@given(weights)
def test_sums_and_means_are_those_of_the_single_ballots(rows):
    ballots = [(row, 1) for row in rows]
    twice = [(row, 2) for row in rows]
    for option in OPTIONS:
        given_here = [row[option] for row in rows if option in row]
        assert count_choices(OPTIONS, ballots)[option] == len(given_here)
        assert count_dots(OPTIONS, ballots)[option] == sum(given_here)
        assert count_dots(OPTIONS, twice)[option] == 2 * sum(given_here)
        mean, times = count_scores(OPTIONS, ballots)[option]
        assert times == len(given_here)
        assert mean == (Fraction(sum(given_here), len(given_here)) if given_here else 0)
        assert count_scores(OPTIONS, twice)[option] == (mean, 2 * times)


def test_dates_count_what_suits_apart_from_what_does_if_need_be():
    ballots = [({1: 2, 2: 1}, 3), ({2: 2}, 1)]
    assert count_dates((1, 2, 3), ballots) == {1: (3, 0), 2: (1, 3), 3: (0, 0)}


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.integers(0, 12), max_size=6))
def test_no_group_of_fewer_than_five_is_left_by_subtraction(sizes):
    groups = {name: [{1: 1}] * size for name, size in sizes.items()}
    shown, rest = large_groups(groups, least=5)
    assert all(len(rows) >= 5 for rows in shown.values())
    if shown:
        assert len(rest) == 0 or len(rest) >= 5
        assert sum(map(len, shown.values())) + len(rest) == sum(sizes.values())
