"""The application behind a real gunicorn, on the database of the test that starts it."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, urlencode

import psutil
from django.db import connection

from community import embedded

PROJECT = Path(__file__).resolve().parents[1]
STARTED_WITHIN_SECONDS = 30


@dataclass
class Gunicorn:
    """A running server. `workers()` are the processes that may be killed: the master starts new ones."""

    process: "subprocess.Popen[bytes]"
    url: str
    log: Path

    def workers(self) -> list[int]:
        try:
            return [child.pid for child in psutil.Process(self.process.pid).children()]
        except psutil.NoSuchProcess:
            return []


@contextmanager
def gunicorn(log: Path, *, workers: int = 2) -> Iterator[Gunicorn]:
    """Serve until the block ends. The test must commit (`transaction=True`): the server sees what is committed."""
    port = free_port()
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": database_url(),
        "REDIS_URL": embedded.redis_url(),
        "PORT": str(port),
        "BIND": "127.0.0.1",
        "WEB_WORKERS": str(workers),
        "API_REQUESTS_PER_MINUTE": "1000000",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "community.wsgi"],
            cwd=PROJECT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    server = Gunicorn(process, f"http://127.0.0.1:{port}", log)
    try:
        wait_until_it_answers(server)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_it_answers(server: Gunicorn) -> None:
    deadline = time.monotonic() + STARTED_WITHIN_SECONDS
    while time.monotonic() < deadline:
        assert server.process.poll() is None, server.log.read_text(encoding="utf-8")
        try:
            urllib.request.urlopen(f"{server.url}/health/", timeout=2)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"no answer in {STARTED_WITHIN_SECONDS} s: {server.log.read_text(encoding='utf-8')}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def database_url() -> str:
    """The test's own database, as the environment names one."""
    here = connection.settings_dict
    person = quote(here["USER"]) + (f":{quote(here['PASSWORD'])}" if here["PASSWORD"] else "")
    query = urlencode({name.lower(): here[name] for name in ("HOST", "PORT") if here[name]})
    return f"postgresql://{person}@/{quote(here['NAME'])}?{query}"


class Quiet:
    """Beside a handler of requests: no line on the screen for each of them."""

    def log_message(self, *_words: object) -> None:
        return


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A small server in a thread, on a port of its own; what is given is its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
