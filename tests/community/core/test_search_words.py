"""Taking apart what somebody types into the search."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.core.search_words import MOST_OPERATORS, Operator, read_day, read_search


@pytest.mark.parametrize(
    ("typed", "words", "operators"),
    [
        ("pricing pilot", "pricing pilot", []),
        ("in:pricing renewal", "renewal", ["in:pricing"]),
        ("renewal IN:Pricing", "renewal", ["in:Pricing"]),
        ('in:"Small circle" renewal', "renewal", ['in:"Small circle"']),
        ('"list price" -draft', '"list price" -draft', []),
        ('"in:pricing"', '"in:pricing"', []),
        ("re:invent http://example.org", "re:invent http://example.org", []),
        ("from:ann from:ann from:ben", "", ["from:ann", "from:ben"]),
        ("is:unanswered tag:a tag:b", "", ["is:unanswered", "tag:a", "tag:b"]),
        ("begin:here within:x", "begin:here within:x", []),
        ('"never closed', '"never closed', []),
    ],
)
def test_words_and_operators_are_told_apart(typed, words, operators):
    asked = read_search(typed)
    assert (asked.words, [operator.typed for operator in asked.operators]) == (words, operators)
    assert asked.problems == ()


@pytest.mark.parametrize("typed", ["in:", "-tag:pilot", 'from:"" x', " ".join(f"tag:{n}" for n in range(20))])
def test_what_cannot_be_read_is_said_and_the_rest_stays(typed):
    asked = read_search(f"{typed} words")
    assert len(asked.problems) == 1
    assert asked.words.endswith("words")
    assert len(asked.operators) <= MOST_OPERATORS


def test_a_chip_taken_away_leaves_the_rest():
    asked = read_search('in:"Small circle" tag:a renewal')
    assert asked.without(Operator("tag", "a")) == 'in:"Small circle" renewal'
    assert asked.with_operator(Operator("is", "answered")) == 'in:"Small circle" tag:a is:answered renewal'


@pytest.mark.parametrize(
    ("value", "first", "after"),
    [
        ("2026-03-09", "2026-03-09", "2026-03-10"),
        ("2026-12", "2026-12-01", "2027-01-01"),
        ("2026-3", "2026-03-01", "2026-04-01"),
        ("2026", "2026-01-01", "2027-01-01"),
    ],
)
def test_days_months_and_years(value, first, after):
    start, end = read_day(value)
    assert (start.date().isoformat(), end.date().isoformat()) == (first, after)


@pytest.mark.parametrize(
    "value", ["", "yesterday", "2026-13", "2026-02-30", "0000", "9999", "9999-12-31", "٢٠٢٦", "20"]
)
def test_what_is_no_day(value):
    assert read_day(value) is None


@given(st.text(max_size=300))
def test_any_text_is_read(typed):
    asked = read_search(typed)
    again = read_search(asked.with_operator(Operator("is", "answered")))
    assert asked.words.count("\x00") <= typed.count("\x00")
    assert all(operator.value for operator in again.operators)
