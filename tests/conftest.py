"""The cast by role, signed-in clients, and a migrated database that each worker copies instead of building it."""

import gc
import hashlib
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from secrets import token_hex

import psycopg2
import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.test import Client, TransactionTestCase
from psycopg2 import sql
from psycopg2.errors import DeadlockDetected, LockNotAvailable
from psycopg2.extensions import cursor as ServerCursor  # noqa: N812
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from members.actions.fact import built_in_fields
from members.models import Member, RoleName
from tests.factories import make_deactivated_member, make_member
from tests.settings import WORKER, forget_cache

TEMPLATE_PREFIX = "trefoil_template_"
COPY_PREFIX = "trefoil_test_"
# One worker builds the template, the others wait for it; any number that nobody else locks.
TEMPLATE_LOCK = 7_305_131
# No test changes them, and so none has to write them again.
WRITTEN_BY_MIGRATIONS_ALONE = {"django_content_type", "auth_permission"}
MANY_ROWS = 200

# Files that take a worker for minutes begin first: one that began last would leave the others without work.
LONGEST_FIRST = (
    "browser/test_hostile_content.py",
    "test_schema_fuzz.py",
    "demo/test_make_demo.py",
    "browser/test_look.py",
    "browser/test_conversation_pages.py",
    "test_secret_sweep.py",
    "discussions/test_poll_secrecy.py",
    "discussions/test_poll_difference.py",
    "drills/test_redis.py",
    "test_hostile_requests.py",
    "test_access_matrix.py",
    "community/test_launch.py",
    "commands/test_bench.py",
    "members/test_enumeration.py",
)


# Their tests share nothing, so that each goes to whichever worker is free; the other files stay together.
APART = (
    "browser/test_hostile_content.py",
    "test_schema_fuzz.py",
    "browser/test_look.py",
    "browser/test_conversation_pages.py",
    "test_secret_sweep.py",
    "discussions/test_poll_secrecy.py",
    "discussions/test_poll_difference.py",
)


class FileScheduling(LoadScopeScheduling):
    """A file is one worker's, so that what its tests share is made once; those of APART go test by test."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return nodeid if path.endswith(APART) else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FileScheduling:
    return FileScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def rank(item: pytest.Item) -> int:
        path = item.path.as_posix()
        places = [place for place, name in enumerate(LONGEST_FIRST) if path.endswith(name)]
        return places[0] if places else len(LONGEST_FIRST)

    items.sort(key=rank)


def pytest_collection_finish() -> None:
    """What stands in memory from here on stays for good: looking through it for garbage took a tenth of a sweep."""
    gc.freeze()
    gc.set_threshold(10_000)


# --- the database ---


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_blocker) -> Iterator[None]:
    """Each process gets a database of its own name, so that two runs on one server never meet.

    A connection with that name, and that of the template, stays open as long as the process lives: what no living
    process names was left behind by a killed run or by another state of the migrations, and goes.
    """
    digest = migrations_digest()
    copy, template = f"{COPY_PREFIX}{WORKER}_{token_hex(4)}", TEMPLATE_PREFIX + digest
    server = psycopg2.connect(**maintenance_parameters(), application_name=f"{copy}:{digest}")
    server.autocommit = True
    with django_db_blocker.unblock(), server.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [TEMPLATE_LOCK])
        drop_leftovers(cursor)
        build_template(cursor, template)
        cursor.execute("SELECT pg_advisory_unlock(%s)", [TEMPLATE_LOCK])
    connection.settings_dict["TEST"] |= {"NAME": copy, "TEMPLATE": template}
    yield
    server.close()


def drop_leftovers(cursor: ServerCursor) -> None:
    cursor.execute(
        "SELECT application_name FROM pg_stat_activity WHERE starts_with(application_name, %s)", [COPY_PREFIX]
    )
    named = {name for (text,) in cursor.fetchall() for name in named_by(text)}
    cursor.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s) OR starts_with(datname, %s)",
        [TEMPLATE_PREFIX, COPY_PREFIX],
    )
    for (name,) in cursor.fetchall():
        # A template that is kept for the next run costs little; one of earlier migrations is of no use.
        if name not in named:
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def named_by(application: str) -> tuple[str, str]:
    copy, _colon, digest = application.partition(":")
    return copy, TEMPLATE_PREFIX + digest


def build_template(cursor: ServerCursor, name: str) -> None:
    """A database with exactly the migrations of this tree, where it is not there yet."""
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
    if cursor.fetchone() is not None:
        return
    draft = f"{name}_draft"
    cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(draft)))
    migrate_database(draft)
    cursor.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(draft), sql.Identifier(name))
    )


def migrations_digest() -> str:
    """Changes with every byte of every migration, ours and those of the packages."""
    digest = hashlib.sha256()
    for config in apps.get_app_configs():
        for path in sorted(Path(config.path).glob("migrations/*.py")):
            digest.update(f"{config.label}/{path.name}".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def maintenance_parameters() -> dict[str, str]:
    """How to reach the server itself, without the time limits of the application."""
    chosen = {name: settings.DATABASES["default"][name] for name in ("HOST", "PORT", "USER", "PASSWORD")}
    return {name.lower(): str(value) for name, value in chosen.items() if value} | {"dbname": "postgres"}


def migrate_database(name: str) -> None:
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


@pytest.fixture(scope="session", autouse=True)
def _quick_flush() -> Iterator[None]:
    """A test that commits empties every table behind itself. Django's flush would then write all permissions again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_tables)
        yield


def empty_tables(_case: TransactionTestCase) -> None:
    """The tables as the migrations left them.

    To truncate a hundred tables takes the database ten times as long as to delete the few rows that most tests make.
    """
    for attempt in range(5):
        try:
            empty_tables_once()
        except OperationalError as error:
            # A late request of the last page holds one of the tables and waits for another: let it end.
            if attempt == 4 or not isinstance(error.__cause__, DeadlockDetected | LockNotAvailable):
                raise
        else:
            break
    built_in_fields()


def empty_tables_once() -> None:
    tables = tables_to_empty()
    with transaction.atomic(), connection.cursor() as cursor:
        # Whoever still writes, in a thread of the server, is waited for.
        cursor.execute(f"LOCK TABLE {', '.join(tables)}")
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{table}', count(*) FROM (SELECT FROM {table} LIMIT {MANY_ROWS}) AS row HAVING count(*) > 0"
                for table in tables
            )
        )
        rows = dict(cursor.fetchall())
        if MANY_ROWS in rows.values():
            cursor.execute(f"TRUNCATE {', '.join(tables)}")
        elif rows:
            # Keys are checked when all of it is gone.
            cursor.execute("; ".join(f"DELETE FROM {table}" for table in rows))


@cache
def tables_to_empty() -> tuple[str, ...]:
    names = set(connection.introspection.django_table_names()) - WRITTEN_BY_MIGRATIONS_ALONE
    return tuple(map(connection.ops.quote_name, sorted(names)))


# --- what one test leaves behind, the next one does not see ---


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    forget_cache()


@pytest.fixture(scope="session", autouse=True)
def _clean_queue() -> Iterator[None]:
    """Messages that commits of tests queued: nobody consumes them, and another run must not find them."""
    yield
    app = import_module("community.celery").app
    with app.connection_for_write() as queue:
        client = queue.default_channel.client
        for key in client.scan_iter(match=f"test-{WORKER}-*"):
            client.delete(key)


# --- the cast ---


@pytest.fixture
def stranger() -> None:
    """Nobody: not signed in."""
    return


@pytest.fixture
def applicant(db) -> Member:
    return make_member("Ansel Applicant", role=RoleName.APPLICANT)


@pytest.fixture
def member(db) -> Member:
    return make_member("Mira Member")


@pytest.fixture
def other_member(db) -> Member:
    return make_member("Oskar Other")


@pytest.fixture
def expert(db) -> Member:
    return make_member("Edda Expert", role=RoleName.EXPERT)


@pytest.fixture
def steward(db) -> Member:
    return make_member("Stellan Steward", role=RoleName.STEWARD)


@pytest.fixture
def moderator(db) -> Member:
    return make_member("Mona Moderator", role=RoleName.MODERATOR)


@pytest.fixture
def manager(db) -> Member:
    return make_member("Marek Manager", role=RoleName.MANAGER)


@pytest.fixture
def executive(db) -> Member:
    return make_member("Elif Executive", role=RoleName.EXECUTIVE)


@pytest.fixture
def administrator(db) -> Member:
    return make_member("Ada Administrator", role=RoleName.ADMINISTRATOR)


@pytest.fixture
def deactivated(db) -> Member:
    return make_deactivated_member("Dario Deactivated")


@pytest.fixture
def client_as() -> Callable[[Member | None], Client]:
    """A client signed in as that member; `client_as(None)` is a stranger's."""
    return signed_in


@pytest.fixture
def sign_in(db) -> Callable[[str], Client]:
    """A client of a new member with that role: `sign_in("expert")`."""

    def sign_in(role: str) -> Client:
        return signed_in(make_member(role=role))

    return sign_in


@pytest.fixture
def web(member: Member) -> Client:
    """The browser of `member`."""
    return signed_in(member)


def signed_in(member: Member | None) -> Client:
    client = Client()
    if member is not None:
        client.force_login(member)
    return client
