"""A database of its own for each size, beside the community's on the same server: made, found again, dropped."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from community.bench import load
from community.bench.sizes import Sizes
from community.env import PROJECT


def fingerprint() -> str:
    """Of everything that decides what such a database holds: the migrations and the loader."""
    digest = hashlib.sha256()
    migrations = sorted(PROJECT.glob("**/migrations/*.py"))
    own = [path for path in migrations if ".venv" not in path.parts]
    for path in (*own, *sorted(Path(__file__).parent.glob("*.py"))):
        if path.name in _DECIDE_NOTHING:
            continue
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


# Files of the bench that only measure or tell.
_DECIDE_NOTHING = frozenset(
    {"database.py", "measure.py", "report.py", "server.py", "settings.py", "urls.py", "where.py", "wsgi.py"}
)


def is_built(sizes: Sizes) -> bool:
    """Whether the database of these sizes is there, whole, and of this version of the tables and the loader."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            [sizes.database],
        )
        row = cursor.fetchone()
    return row is not None and row[0] == _mark(sizes)


def build(sizes: Sizes, *, say: load.Say) -> float:
    """Make and fill the database anew. Returns the seconds the filling took."""
    drop(sizes)
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{sizes.database}" TEMPLATE template0')
    with inside(sizes):
        say("tables")
        call_command("migrate", verbosity=0, interactive=False)
        seconds = load.load(sizes, say=say)
    # Last, so that a load that was interrupted is never taken for a whole one.
    with connection.cursor() as cursor:
        cursor.execute(f'COMMENT ON DATABASE "{sizes.database}" IS %s', [_mark(sizes)])
    return seconds


def drop(sizes: Sizes) -> None:
    """Leave nothing behind; no database is no error."""
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{sizes.database}" WITH (FORCE)')


@contextmanager
def inside(sizes: Sizes) -> Iterator[None]:
    """Let the default connection of this process mean the bench's database, as Django's test runner does."""
    before = connection.settings_dict["NAME"]
    _connect_to(sizes.database)
    try:
        yield
    finally:
        _connect_to(before)


def _connect_to(name: str) -> None:
    connection.close()
    settings.DATABASES["default"]["NAME"] = name
    connection.settings_dict["NAME"] = name


def _mark(sizes: Sizes) -> str:
    return json.dumps({**sizes.as_dict(), "fingerprint": fingerprint()}, sort_keys=True)
