"""Imports that are killed, and imports of dumps of very different sizes: real processes in the tests' database."""

import json
import random
import subprocess
import time
from pathlib import Path

import pytest
from django.core.management import call_command

from discussions.actions.maintenance import repair_counters
from discussions.models import Post
from tests.community.data.dumps import command, process_environment, run, snapshot, write_dump

pytestmark = [pytest.mark.drill, pytest.mark.django_db(transaction=True)]

# What twenty times the dump may cost more: twenty times the base alone would be several times this.
GROWTH_MEGABYTES = 12


def start(folder: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(folder, *options),
        env=process_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_killed_at_any_moment_it_comes_to_the_same_end(tmp_path, record_property) -> None:
    folder = write_dump(tmp_path / "killed", topics=400)
    began = time.monotonic()
    whole = start(folder)
    ended = {line.partition(":")[0]: time.monotonic() - began for line in whole.stderr}
    assert whole.wait(60) == 0
    expected = snapshot()
    call_command("flush", interactive=False, verbosity=0)

    chance = random.Random(20)
    reading, chunk = ended["Votes.xml"] - ended["Users.xml"], (ended["posts"] - ended["members and tags"]) / 4
    # While files are read; before and while members are written; then again and again once more posts are there.
    plan = (
        [("Users.xml", reading)] * 2
        + [("sorting", chunk)] * 2
        + [("members and tags", chunk / 2)]
        + [("", chunk)] * 3
    )
    killed, seen = 0, [0]
    for step, longest in plan:
        process = start(folder)
        if step:
            next((line for line in process.stderr if line.startswith(step)), "")
        else:
            while process.poll() is None and Post.objects.count() == seen[-1]:
                time.sleep(0.01)
        try:
            process.wait(chance.uniform(0.0, longest))
        except subprocess.TimeoutExpired:
            process.kill()
            killed += 1
        process.communicate()
        seen.append(Post.objects.count())
    record_property("killed", killed)
    record_property("posts after each", str(seen))
    assert killed >= len(plan) // 2, seen
    assert seen == sorted(seen)
    last = run(folder)
    assert last["posts"] == 400 * 9
    assert snapshot() == expected
    assert not any(repair_counters().values())


def test_memory_does_not_grow_with_the_dump(tmp_path, record_property) -> None:
    peaks = []
    for size in (40, 40 * 20):
        folder = write_dump(tmp_path / f"size-{size}", topics=size, words=30)
        process = start(folder, "--json")
        out, _err = process.communicate(timeout=300)
        assert process.returncode == 0
        report = json.loads(out)
        assert report["posts"] == size * 9
        peaks.append(report["peak_mb"])
    record_property("peak megabytes", str(peaks))
    assert peaks[1] - peaks[0] < GROWTH_MEGABYTES
