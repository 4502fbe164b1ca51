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
    """Of the loader: everything of ours that decides which rows such a database is given."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.name not in _DECIDE_NOTHING:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


# Files of the bench that only measure or tell.
_DECIDE_NOTHING = frozenset(
    {
        "acts.py",
        "database.py",
        "measure.py",
        "report.py",
        "server.py",
        "settings.py",
        "urls.py",
        "where.py",
        "wsgi.py",
    }
)


def migrations() -> dict[str, str]:
    """Each migration of ours with a digest of its text."""
    own = (path for path in PROJECT.glob("*/**/migrations/0*.py") if ".venv" not in path.parts)
    return {
        str(path.relative_to(PROJECT)): hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        for path in sorted(own)
    }


def is_built(sizes: Sizes) -> bool:
    """Whether the database of these sizes is there, whole, of this loader and of no other migrations than ours.

    Migrations that came after it may be missing: `bring_up` makes up for them.
    """
    built = _built(sizes)
    if built is None:
        return False
    then, now = built.pop("migrations", None), migrations()
    same = {key: value for key, value in _mark(sizes).items() if key != "migrations"}
    return built == same and isinstance(then, dict) and then.items() <= now.items()


def bring_up(sizes: Sizes) -> bool:
    """Run the migrations that came after the database was built. Returns whether there were any."""
    if _built(sizes) == _mark(sizes):
        return False
    with inside(sizes):
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0; SET lock_timeout = 0")
        call_command("migrate", verbosity=0, interactive=False)
        connection.close()
    _put_mark(sizes)
    return True


def _built(sizes: Sizes) -> dict[str, object] | None:
    """The mark that a whole load ends with."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            [sizes.database],
        )
        row = cursor.fetchone()
    try:
        mark = json.loads(row[0]) if row and row[0] else None
    except ValueError:
        return None
    return mark if isinstance(mark, dict) else None


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
    _put_mark(sizes)
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


def _mark(sizes: Sizes) -> dict[str, object]:
    return {**sizes.as_dict(), "fingerprint": fingerprint(), "migrations": migrations()}


def _put_mark(sizes: Sizes) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f'COMMENT ON DATABASE "{sizes.database}" IS %s', [json.dumps(_mark(sizes), sort_keys=True)]
        )
