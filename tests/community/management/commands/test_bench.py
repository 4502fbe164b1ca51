"""The whole bench at a tiny size: a database of its own, a real server, the figures as JSON, nothing left behind."""

import json
import os
import subprocess
import sys

import pytest
from django.db import connection

from community.bench.report import BUDGETS
from community.bench.sizes import Sizes
from community.env import PROJECT

SIZES = Sizes(members=40, topics=30, posts=500, long_topic=100)
TINY = ("--members", "40", "--topics", "30", "--posts", "500", "--long-topic", "100", "--requests", "12")


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "community.settings"}
    return subprocess.run(
        [sys.executable, "manage.py", "bench", *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    path = tmp_path_factory.mktemp("bench") / "figures.json"
    # Twelve requests on a busy machine say nothing about the budgets.
    done = bench(*TINY, "--json", str(path), "--where", "--no-fail")
    assert done.returncode == 0, done.stderr
    return json.loads(path.read_text()), done.stdout


def test_every_page_has_its_figures(result):
    figures, _table = result
    assert figures["sizes"] == SIZES.as_dict()
    assert figures["load_seconds"] > 0
    names = [page["name"] for page in figures["pages"]]
    assert names[:2] == ["floor", "bare"]
    assert {"home", "spaces", "space", "topic", "search, rare word", "person", "API, topics"} <= set(names)
    for page in figures["pages"]:
        assert page["cpu_ms"] > 0
        assert page["queries"] >= 3
        assert page["ratio_quartiles"][0] <= page["ratio"] <= page["ratio_quartiles"][1]
        assert page["p50_ms"] <= page["p95_ms"]
        assert page["bytes"] > 0 or page["name"] == "reply"


def test_the_floor_is_measured_in_the_same_run_and_ratios_refer_to_it(result):
    figures, _table = result
    floor = figures["pages"][0]
    assert floor["queries"] == 3
    assert floor["cpu_ms"] == figures["floor_cpu_ms"]
    assert 0.5 < floor["ratio"] < 2
    topic = next(page for page in figures["pages"] if page["name"] == "topic")
    assert topic["ratio"] == pytest.approx(topic["cpu_ms"] / floor["cpu_ms"], rel=0.5)


def test_budgets_of_queries_are_kept_and_the_table_says_so(result):
    figures, table = result
    kept = {budget["title"]: budget["kept"] for budget in figures["budgets"]}
    assert len(kept) == len(BUDGETS)
    assert kept["topic: queries"]
    assert kept["space: queries"]
    assert kept["application: queries"]
    assert kept["topic, marked as read: statements that change rows"]
    assert kept["reply that a thousand are told of: statements"]
    assert {f"{page}: p95 against the floor's" for page in ("people", "applications", "application")} <= set(
        kept
    )
    assert "kept    topic: queries" in table


def test_it_says_where_the_time_goes(result):
    figures, table = result
    topic = figures["parts"]["/topics/2/?page=1"]
    assert {"session and member", "compiled queries", "template: loops of rows"} <= set(topic)
    assert list(topic.values()) == sorted(topic.values(), reverse=True)
    assert "session and member" in figures["parts"]["/bench/floor/"]
    assert "ms without the server" in table


@pytest.mark.django_db
@pytest.mark.usefixtures("result")
def test_nothing_is_left_behind():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname = %s", [SIZES.database])
        assert cursor.fetchone() == (0,)


def test_sizes_that_cannot_be_are_one_sentence():
    done = bench("--members", "3")
    assert done.returncode == 1
    assert done.stderr.strip() == "CommandError: The bench needs at least 20 members."
