"""The measured server: gunicorn with the production's configuration and one worker, and the CPU it has used."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from community.env import PROJECT, VAR

#: A request with it is answered with its SQL statements instead of the page.
COUNT_HEADER = "X-Bench-Count"
SESSION_COOKIE = "session"
CSRF_COOKIE = "csrf"
LONGEST_START_SECONDS = 60
LONGEST_STOP_SECONDS = 10


class ServerError(Exception):
    """The measured server did not start; the text says where to look."""


class EndedError(ServerError):
    """A process that was measured is no more."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where it listens and which process works."""

    port: int
    worker: int
    environment: dict[str, str]


@contextmanager
def running(database: str) -> Iterator[Server]:
    """Serve the database with one worker on a free port of this machine, and stop at the end."""
    port = _free_port()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "community.bench.settings",
        "TREFOIL_BENCH_DATABASE": database,
        "SITE_URL": f"http://127.0.0.1:{port}",
        "ALLOWED_HOSTS": "127.0.0.1",
        "BIND": "127.0.0.1",
        "PORT": str(port),
        "WEB_WORKERS": "1",
        "LOG_LEVEL": "WARNING",
    }
    log_path = VAR / "log" / "bench.log"
    log_path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"],
        cwd=PROJECT,
        env=environment,
        check=True,
    )
    with log_path.open("wb") as log:
        # A worker that is replaced between two readings would lose what it has used.
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--max-requests", "0", "community.bench.wsgi"],
            cwd=PROJECT,
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            yield Server(port, _wait_for_worker(process, port, log_path), environment)
        finally:
            process.terminate()
            try:
                process.wait(LONGEST_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def parts(
    server: Server, session_key: str, paths: Sequence[str], *, requests: int
) -> dict[str, dict[str, float]]:
    """Where the CPU of each path goes, in a process of its own with the server's settings; see `where`."""
    done = subprocess.run(
        [sys.executable, "-m", "community.bench.where", str(requests), session_key, *paths],
        cwd=PROJECT,
        env=server.environment,
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise ServerError("The samples of where the time goes could not be taken.")
    found: dict[str, dict[str, float]] = json.loads(done.stdout)
    return found


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_for_worker(process: "subprocess.Popen[bytes]", port: int, log: Path) -> int:
    deadline = time.monotonic() + LONGEST_START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            client.request("GET", "/health/")
            if client.getresponse().status == 200:
                return int(psutil.Process(process.pid).children()[0].pid)
        except OSError:
            pass
        time.sleep(0.1)
    raise ServerError(f"The measured server did not answer; {log} has more.")


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time that these processes have used.

    Linux keeps a clock for each process, with nanoseconds and with the threads that have ended; /proc counts in
    hundredths of a second, which is more than a request takes. Raises `EndedError` where one of them has ended.
    """
    total = 0.0
    for pid in pids:
        total += _cpu_seconds(pid)
    return total


def _cpu_seconds(pid: int) -> float:
    try:
        if sys.platform == "linux":
            # As clock_getcpuclockid(3) makes it: the complement of the pid, and 2 for "as scheduled".
            used = time.clock_gettime((~pid << 3) | 2)
        else:
            times = psutil.Process(pid).cpu_times()
            used = times.user + times.system
    except (OSError, psutil.NoSuchProcess) as error:
        raise EndedError(f"Process {pid} ended while it was measured.") from error
    return used
