"""Ratios, quartiles and budgets out of measured figures; no server."""

from community.bench.measure import Figures, Page, percentile, quartiles
from community.bench.report import BUDGETS, table


def figures(name: str, cpu: list[float], floor: list[float]) -> Figures:
    latencies = {"latency_ms": [1.0, 2.0], "floor_latency_ms": [1.0, 2.0]}
    return Figures(Page(name, "/"), queries=6, size=1, cpu_ms=cpu, floor_ms=floor, **latencies)


def test_each_round_is_compared_with_its_own_floor():
    assert figures("topic", [4.0, 9.0], [2.0, 3.0]).ratios == [2.0, 3.0]


def test_quartiles_and_percentiles():
    assert quartiles([1.0, 2.0, 3.0, 4.0, 5.0]) == (2.0, 4.0)
    assert percentile([float(value) for value in range(101)], 95) == 95.0


# Promised in milliseconds too: the pages of a hundred thousand people.
LONG_LISTS = {budget.page for budget in BUDGETS if budget.figure == "p95"}


def test_a_budget_takes_the_figure_it_is_about():
    first = figures("long topic, first page", [4.0, 4.0, 4.0], [2.0] * 3)
    by_name = {
        "topic": figures("topic", [4.0, 5.0, 9.0], [2.0] * 3),
        "space": figures("space", [3.0, 3.0, 3.0], [2.0] * 3),
        "long topic, first page": first,
        "long topic, middle page": figures("long topic, middle page", [4.4, 4.0, 4.2], [2.0] * 3),
        "long topic, last page": figures("long topic, last page", [8.0, 8.0, 8.0], [2.0] * 3),
        "floor": figures("floor", [2.0] * 3, [2.0] * 3),
        **{name: figures(name, [3.0] * 3, [2.0] * 3) for name in LONG_LISTS},
    }
    measured = {budget.title: (budget.measured(by_name), budget.most) for budget in BUDGETS}
    assert measured == {
        "topic page, queries": (6.0, 10),
        "topic page, CPU against the floor": (2.5, 2.0),
        "topic list, queries": (6.0, 8),
        "topic list, CPU against the floor": (1.5, 1.6),
        "long topic, middle page against its first": (1.05, 1.1),
        "long topic, last page against its first": (2.0, 1.1),
        "application, queries": (6.0, 10),
        **{f"{name}: CPU against the floor": (1.5, 3.0) for name in LONG_LISTS},
        **{f"{name}: p95 against the floor's": (1.0, 3.0) for name in LONG_LISTS},
    }


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
