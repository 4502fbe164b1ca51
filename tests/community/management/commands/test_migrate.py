"""A migration beside a running site: it waits for nobody long, comes again, and may take its time at its work."""

import threading
import time
from contextlib import contextmanager
from io import StringIO

import psycopg2
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, migrations
from django.db.migrations.loader import MigrationLoader

from community.management.commands.migrate import DEPLOY_LOCK, LOCK_TIMEOUT_MS, Command

pytestmark = pytest.mark.django_db(transaction=True)

TABLE = "planted_by_the_test_of_migrate"


@contextmanager
def another_connection():
    parameters = {
        name.lower(): str(connection.settings_dict[name]) for name in ("HOST", "PORT", "USER", "PASSWORD")
    }
    other = psycopg2.connect(
        **{name: value for name, value in parameters.items() if value},
        dbname=connection.settings_dict["NAME"],
    )
    try:
        yield other
    finally:
        other.close()


@pytest.fixture
def planted(monkeypatch):
    """A migration of its own on a table of its own, after all those of `core`."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {TABLE} (id integer)")
    operations = []
    build = MigrationLoader.build_graph

    def with_planted(loader: MigrationLoader) -> None:
        build(loader)
        (last,) = loader.graph.leaf_nodes("core")
        planted = type(
            "Migration", (migrations.Migration,), {"dependencies": [last], "operations": operations}
        )
        key = ("core", "9999_planted")
        loader.disk_migrations[key] = planted("9999_planted", "core")
        loader.graph.add_node(key, loader.disk_migrations[key])
        loader.graph.add_dependency(loader.disk_migrations[key], key, last)

    monkeypatch.setattr(MigrationLoader, "build_graph", with_planted)
    yield operations
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {TABLE}")
        cursor.execute("DELETE FROM django_migrations WHERE name = '9999_planted'")


def columns() -> set[str]:
    with connection.cursor() as cursor:
        return {column.name for column in connection.introspection.get_table_description(cursor, TABLE)}


def migrate() -> str:
    said = StringIO()
    call_command("migrate", "core", verbosity=0, stdout=said, stderr=said)
    return said.getvalue()


def test_a_table_in_use_is_waited_for_without_holding_up_its_readers(planted):
    """A long transaction holds the table; the migration asks again and again, and readers in between hardly wait."""
    planted.append(migrations.RunSQL(f"ALTER TABLE {TABLE} ADD COLUMN added integer"))
    slowest, stop = [0.0], threading.Event()

    def read() -> None:
        with another_connection() as reader:
            reader.autocommit = True
            while not stop.wait(0.01):
                began = time.monotonic()
                with reader.cursor() as cursor:
                    cursor.execute(f"SELECT count(*) FROM {TABLE}")
                slowest[0] = max(slowest[0], time.monotonic() - began)

    with another_connection() as holder:
        with holder.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {TABLE}")
        reading = threading.Thread(target=read)
        reading.start()
        release = threading.Timer(1.5, holder.rollback)
        release.start()
        try:
            said = migrate()
        finally:
            release.join()
            stop.set()
            reading.join()
    assert "trying again" in said
    assert columns() == {"id", "added"}
    # The limit of the lock, and what a busy machine adds.
    assert slowest[0] < LOCK_TIMEOUT_MS / 1000 + 0.6


def test_a_table_that_is_never_free_is_given_up_in_one_sentence(planted, monkeypatch):
    monkeypatch.setattr(Command, "longest_wait_seconds", 0.0)
    planted.append(migrations.RunSQL(f"ALTER TABLE {TABLE} ADD COLUMN added integer"))
    with another_connection() as holder, holder.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {TABLE}")
        with pytest.raises(CommandError, match="stayed in use for too long"):
            migrate()
    assert columns() == {"id"}


def test_any_other_fault_is_not_tried_again(planted):
    planted.append(migrations.RunSQL("SELECT 1 / 0"))
    with pytest.raises(Exception, match="division by zero"):
        migrate()


def test_the_work_itself_may_take_longer_than_a_page(planted):
    """The site's limit of a statement, lowered far below what the migration needs, does not end it."""
    seen = {}

    def look(_apps, editor) -> None:
        with editor.connection.cursor() as cursor:
            for name in ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout"):
                cursor.execute(f"SHOW {name}")
                seen[name] = cursor.fetchone()[0]

    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 50")
    planted.append(migrations.RunPython(look))
    planted.append(migrations.RunSQL("SELECT pg_sleep(0.3)"))
    migrate()
    assert seen == {
        "statement_timeout": "0",
        "idle_in_transaction_session_timeout": "0",
        "lock_timeout": f"{LOCK_TIMEOUT_MS}ms",
    }


def test_afterwards_the_limits_of_the_site_hold_again(planted):
    migrate()
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone()[0] == "15s"
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone()[0] == "5s"
    assert "statement_timeout=15000" in settings.DATABASES["default"]["OPTIONS"]["options"]


def test_two_deployments_at_once_wait_for_each_other(planted):
    planted.append(migrations.RunSQL(f"ALTER TABLE {TABLE} ADD COLUMN added integer"))
    with another_connection() as other:
        other.autocommit = True
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [DEPLOY_LOCK])
        release = threading.Timer(0.7, other.close)
        began = time.monotonic()
        release.start()
        migrate()
        release.join()
    assert time.monotonic() - began > 0.6
    assert columns() == {"id", "added"}
