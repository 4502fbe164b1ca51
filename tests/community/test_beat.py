"""The scheduler reads the table and leaves no file."""

from pathlib import Path

import pytest

from community.beat import TableScheduler
from community.celery import app


def test_every_entry_of_the_table_is_scheduled_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    scheduler = TableScheduler(app)
    assert scheduler.schedule.keys() >= app.conf.beat_schedule.keys()
    for name, entry in app.conf.beat_schedule.items():
        assert scheduler.schedule[name].task == entry["task"]
    scheduler.sync()
    scheduler.close()
    assert not list(tmp_path.iterdir())
