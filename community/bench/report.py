"""What was measured, as a table for people and as JSON for machines, and which budgets were kept."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import django
from django.db import connection

from community.bench.measure import BARE, FLOOR, Figures, median, percentile, quartiles
from community.bench.sizes import Sizes


@dataclass(frozen=True, slots=True)
class Budget:
    """A promise of the project about one figure of one page."""

    title: str
    page: str
    figure: str
    most: float
    against: str = ""

    def measured(self, by_name: Mapping[str, Figures]) -> float:
        entry = by_name[self.page]
        if self.figure == "queries":
            return float(entry.queries)
        if self.figure == "changes":
            return float(entry.changes)
        if self.figure == "ratio":
            return median(entry.ratios)
        if self.figure == "p95":
            # Of the floor in turn with this page: a burst of other work on the machine meets both.
            return percentile(entry.latency_ms, 95) / percentile(entry.floor_latency_ms, 95)
        other = by_name[self.against]
        return median([mine / theirs for mine, theirs in zip(entry.cpu_ms, other.cpu_ms, strict=True)])


_FIRST = "long topic, first page"
DIRECTORY = (
    *("people", "people, broad facet", "people, two facets", "people, word in a fifth", "people, rare word"),
    *("people, newest", "people, all values", "company"),
)
LISTS = ("for you", "latest", "latest of a tag, unread", "unanswered", "most useful")
_QUEUE = ("applications", "applications, waitlist", "applications, accepted", "application")

TOPIC = ("topic", _FIRST, "long topic, middle page", "long topic, last page")
#: What is promised to cost at any size what it costs in a small community (`--against`).
SAME_AT_ANY_SIZE = (
    *("home", *LISTS, "spaces", "space", *TOPIC),
    *("search, rare word", "search, common word", "search, four operators", "inbox", "reply"),
)
MOST_BESIDE_SMALL = 1.2

BUDGETS = (
    *(Budget(f"{page}: queries", page, "queries", 10) for page in TOPIC),
    *(Budget(f"{page}: CPU against the floor", page, "ratio", 1.5) for page in TOPIC),
    *(Budget(f"{page}: queries", page, "queries", 8) for page in ("space", "spaces", *LISTS)),
    *(Budget(f"{page}: CPU against the floor", page, "ratio", 1.4) for page in ("space", "spaces", *LISTS)),
    Budget("home: queries", "home", "queries", 12),
    Budget("topic, marked as read: queries", "topic, marked as read", "queries", 10),
    Budget("topic, marked as read: statements that change rows", "topic, marked as read", "changes", 1),
    Budget("reply that a thousand are told of: statements", "reply", "queries", 25),
    Budget("long topic, middle page against its first", "long topic, middle page", "relative", 1.1, _FIRST),
    Budget("long topic, last page against its first", "long topic, last page", "relative", 1.1, _FIRST),
    Budget("application: queries", "application", "queries", 10),
    *(Budget(f"{page}: CPU against the floor", page, "ratio", 3.0) for page in (*DIRECTORY, *_QUEUE)),
    *(Budget(f"{page}: p95 against the floor's", page, "p95", 3.0) for page in (*DIRECTORY, *_QUEUE)),
)


def beside(small: Mapping[str, Any], pages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What each page costs here, in floors of server and database together, beside the report of another size."""
    theirs = {page["name"]: page["whole_ratio"] for page in small["pages"]}
    mine = {page["name"]: page["whole_ratio"] for page in pages}
    posts = small["sizes"]["posts"]
    return [
        {
            "title": f"{name}: cost beside that at {posts:,} posts",
            "most": MOST_BESIDE_SMALL,
            "measured": round(mine[name] / theirs[name], 3),
            "kept": mine[name] / theirs[name] <= MOST_BESIDE_SMALL,
        }
        for name in SAME_AT_ANY_SIZE
        if name in mine and name in theirs
    ]


def report(
    figures: Sequence[Figures],
    sizes: Sizes,
    *,
    requests: int,
    load_seconds: float | None,
    small: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Everything that was measured. `load_seconds` is None where the database was there already.

    `small` is the report of a smaller community, which costs are held against.
    """
    by_name = {entry.page.name: entry for entry in figures}
    floor = median(by_name[FLOOR].cpu_ms)
    bare = median(by_name[BARE].cpu_ms)
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (server_version,) = cursor.fetchone()
    return {
        "sizes": sizes.as_dict(),
        "load_seconds": None if load_seconds is None else round(load_seconds, 1),
        "requests": requests,
        "python": platform.python_version(),
        "django": django.get_version(),
        "postgresql": str(server_version).split()[0],
        "floor_cpu_ms": round(floor, 3),
        "bare_cpu_ms": round(bare, 3),
        "pages": (told := [_page(entry, bare) for entry in figures]),
        "budgets": [
            {
                "title": budget.title,
                "most": budget.most,
                "measured": round(value, 3),
                "kept": value <= budget.most,
            }
            for budget in BUDGETS
            for value in (budget.measured(by_name),)
        ]
        + (beside(small, told) if small else []),
    }


def parts_table(parts: Mapping[str, Mapping[str, float]]) -> str:
    """Where the time goes, a block for each page."""
    lines = []
    for path, shares in parts.items():
        whole = sum(shares.values())
        lines += ["", f"{path}: {whole:.2f} ms without the server"]
        lines += [f"  {value:6.2f} ms {value / whole:5.0%}  {part}" for part, value in shares.items()]
    return "\n".join(lines)


def _page(entry: Figures, bare: float) -> dict[str, Any]:
    low, high = quartiles(entry.ratios)
    cpu = median(entry.cpu_ms)
    return {
        "name": entry.page.name,
        "path": entry.page.path,
        "queries": entry.queries,
        "changes": entry.changes,
        "cpu_ms": round(cpu, 3),
        "ratio": round(median(entry.ratios), 3),
        "ratio_quartiles": [round(low, 3), round(high, 3)],
        "whole_ratio": round(median(entry.whole_ratios), 3),
        "ratio_to_bare": round(cpu / bare, 3),
        "database_cpu_ms": round(median(entry.database_ms), 3) if entry.database_ms else None,
        "p50_ms": round(percentile(entry.latency_ms, 50), 2),
        "p95_ms": round(percentile(entry.latency_ms, 95), 2),
        "bytes": entry.size,
        "bytes_gzip": entry.size_gzip,
    }


_HEADS = (
    *("page", "queries", "CPU ms", "× floor", "quartiles", "× bare", "DB CPU ms"),
    *("p50 ms", "p95 ms", "bytes", "gzip"),
)


def table(result: Mapping[str, Any]) -> str:
    """The pages in columns, then the budgets."""
    rows = [_HEADS]
    for page in result["pages"]:
        low, high = page["ratio_quartiles"]
        rows.append(
            (
                page["name"],
                str(page["queries"]),
                f"{page['cpu_ms']:.2f}",
                f"{page['ratio']:.2f}",
                f"{low:.2f}–{high:.2f}",
                f"{page['ratio_to_bare']:.2f}",
                "–" if page["database_cpu_ms"] is None else f"{page['database_cpu_ms']:.2f}",
                f"{page['p50_ms']:.1f}",
                f"{page['p95_ms']:.1f}",
                str(page["bytes"]),
                "–" if page["bytes_gzip"] is None else str(page["bytes_gzip"]),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    lines = [_line(row, widths) for row in rows]
    lines.append("")
    lines += [
        f"{'kept  ' if kept else 'BROKEN'}  {budget['title']}: {budget['measured']:g} (at most {budget['most']:g})"
        for budget in result["budgets"]
        for kept in (budget["kept"],)
    ]
    return "\n".join(lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]
    return "  ".join([cells[0].ljust(widths[0]), *padded[1:]])
