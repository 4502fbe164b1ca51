"""Ratios, quartiles and budgets out of measured figures; no server."""

import pytest

from community.bench.acts import changes
from community.bench.measure import Figures, Page, percentile, quartiles
from community.bench.report import BUDGETS, beside, table
from community.bench.server import EndedError, cpu_seconds


def figures(name: str, cpu: list[float], floor: list[float]) -> Figures:
    latencies = {"latency_ms": [1.0, 2.0], "floor_latency_ms": [1.0, 2.0]}
    return Figures(Page(name, "/"), queries=6, size=1, cpu_ms=cpu, floor_ms=floor, **latencies)


def test_each_round_is_compared_with_its_own_floor():
    assert figures("topic", [4.0, 9.0], [2.0, 3.0]).ratios == [2.0, 3.0]


def test_quartiles_and_percentiles():
    assert quartiles([1.0, 2.0, 3.0, 4.0, 5.0]) == (2.0, 4.0)
    assert percentile([float(value) for value in range(101)], 95) == 95.0


def test_a_budget_takes_the_figure_it_is_about():
    names = {name for budget in BUDGETS for name in (budget.page, budget.against) if name}
    by_name = {name: figures(name, [3.0] * 3, [2.0] * 3) for name in names}
    by_name |= {
        "topic": figures("topic", [4.0, 5.0, 9.0], [2.0] * 3),
        "long topic, first page": figures("long topic, first page", [4.0, 4.0, 4.0], [2.0] * 3),
        "long topic, middle page": figures("long topic, middle page", [4.4, 4.0, 4.2], [2.0] * 3),
        "long topic, last page": figures("long topic, last page", [8.0, 8.0, 8.0], [2.0] * 3),
    }
    by_name["topic, marked as read"].changes = 2
    measured = {budget.title: (budget.measured(by_name), budget.most) for budget in BUDGETS}
    assert len(measured) == len(BUDGETS)
    assert measured["topic: queries"] == (6.0, 10)
    assert measured["topic: CPU against the floor"] == (2.5, 1.5)
    assert measured["space: queries"] == (6.0, 8)
    assert measured["space: CPU against the floor"] == (1.5, 1.4)
    assert measured["home: queries"] == (6.0, 12)
    assert measured["reply that a thousand are told of: statements"] == (6.0, 25)
    assert measured["topic, marked as read: statements that change rows"] == (2.0, 1)
    assert measured["long topic, middle page against its first"] == (1.05, 1.1)
    assert measured["long topic, last page against its first"] == (2.0, 1.1)
    assert measured["people: CPU against the floor"] == (1.5, 3.0)
    assert measured["people: p95 against the floor's"] == (1.0, 3.0)


def test_the_database_counts_where_it_is_known():
    entry = figures("topic", [4.0, 4.0], [2.0, 2.0])
    assert entry.whole_ratios == [2.0, 2.0]
    entry.database_ms, entry.floor_database_ms = [5.0, 5.0], [1.0, 1.0]
    assert entry.whole_ratios == [3.0, 3.0]


def test_costs_are_held_against_those_of_a_smaller_community():
    small = {
        "sizes": {"posts": 10_000},
        "pages": [{"name": "home", "whole_ratio": 2.0}, {"name": "space", "whole_ratio": 2.0}],
    }
    pages = [{"name": "home", "whole_ratio": 2.4}, {"name": "space", "whole_ratio": 2.5}]
    assert beside(small, pages) == [
        {"title": "home: cost beside that at 10,000 posts", "most": 1.2, "measured": 1.2, "kept": True},
        {"title": "space: cost beside that at 10,000 posts", "most": 1.2, "measured": 1.25, "kept": False},
    ]


def test_a_lock_is_no_change_and_a_statement_in_two_parts_is_one():
    assert changes(["SELECT 1 FROM discussions_topic FOR UPDATE OF discussions_topic", "BEGIN"]) == 0
    both = "WITH noticed AS (\n UPDATE core_notice\n SET read_at = now())\n INSERT INTO discussions_readstate"
    assert changes([both, 'UPDATE "discussions_topic" SET "title" = 1', "DELETE FROM core_notice"]) == 3


def test_a_process_that_has_ended_is_told_from_one_that_used_nothing():
    with pytest.raises(EndedError, match="ended while it was measured"):
        cpu_seconds([2**22 + 1])


def test_the_table_names_what_was_broken():
    page = {
        "name": "topic",
        "queries": 6,
        "cpu_ms": 5.0,
        "ratio": 2.5,
        "ratio_quartiles": [2.4, 2.6],
        "ratio_to_bare": 2.7,
        "database_cpu_ms": None,
        "p50_ms": 6.0,
        "p95_ms": 9.0,
        "bytes": 46_000,
        "bytes_gzip": None,
    }
    budgets = [
        {"title": "one", "most": 2.0, "measured": 2.5, "kept": False},
        {"title": "two", "most": 10, "measured": 6.0, "kept": True},
    ]
    text = table({"pages": [page], "budgets": budgets})
    assert "BROKEN  one: 2.5 (at most 2)" in text
    assert "kept    two: 6 (at most 10)" in text
    assert len({len(line) for line in text.splitlines()[:2]}) == 1
