"""`make run` from the outside: one sentence for what cannot work, an address for what can, nothing left behind."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from community.launch import Mark
from tests.homes import PROJECT, Home, wait_for

pytestmark = pytest.mark.drill

# Generous, since other tests run on the same cores.
FIRST_ANSWER_SECONDS = 180


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def refusal(home: Home, **extra: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "community.launch"],
        cwd=PROJECT,
        env=home.environment() | extra,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1, done.stdout
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


class Run:
    """A launcher, what it says, and what it started."""

    def __init__(self, home: Home, port: int) -> None:
        self.port = port
        self.process = subprocess.Popen(
            [sys.executable, "-m", "community.launch"],
            cwd=PROJECT,
            env=home.environment() | {"PORT": str(port), "SITE_URL": "", "BIND": ""},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Its own group, as a terminal gives it one: Ctrl-C reaches the whole group.
            start_new_session=True,
        )
        self.mark = f"{self.process.pid}:"
        self.said: list[str] = []
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def _listen(self) -> None:
        for line in self.process.stdout:
            self.said.append(line)

    def wait_ready(self) -> "Run":
        wait_for(self.is_announced, FIRST_ANSWER_SECONDS, lambda: "".join(self.said))
        return self

    def is_announced(self) -> bool:
        assert self.process.poll() is None, "".join(self.said)
        return any(f"Open http://localhost:{self.port}/" in line for line in self.said)

    def status(self) -> int:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request("GET", "/health/")
            return connection.getresponse().status

    def started(self) -> list[psutil.Process]:
        """Every process that carries the mark of this very launcher."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(Mark.VARIABLE, "").startswith(self.mark):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def end(self) -> None:
        for process in [self.process, *self.started()]:
            with contextlib.suppress(psutil.Error):
                process.kill()
        self.process.wait()


@pytest.fixture
def run(shared_home: Home) -> Iterator:
    runs = []

    def start(port: int) -> Run:
        runs.append(Run(shared_home, port))
        return runs[-1].wait_ready()

    yield start
    for each in runs:
        each.end()


def test_it_serves_and_ctrl_c_stops_all_of_it(shared_home: Home, run) -> None:
    port = free_port()
    first = run(port)
    assert first.status() == 200
    commands = [" ".join(process.cmdline()) for process in first.started()]
    for part in ("gunicorn", " worker ", " beat ", "community.launch keep"):
        assert any(part in command for command in commands), commands
    os.killpg(first.process.pid, signal.SIGINT)
    assert first.process.wait(30) == 0, "".join(first.said)
    first.listener.join(5)
    assert first.said[-1] == "trefoil: stopped\n"
    assert not first.started()
    assert not shared_home.processes()


def test_a_killed_launcher_leaves_nothing_that_stops_the_next_one(shared_home: Home, run) -> None:
    port = free_port()
    first = run(port)
    first.process.kill()
    wait_for(lambda: not first.started(), 30, first.started)
    shared_home.wait_empty()
    second = run(port)
    assert second.status() == 200
    # A killed supervisor is noticed while the site runs.
    for supervisor in shared_home.supervisors():
        supervisor.kill()
    wait_for(lambda: len(shared_home.supervisors()) == 2, 30)
    wait_for(lambda: second.status() == 200, 30)


def test_a_busy_port_is_one_sentence(home: Home) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        said = refusal(home, PORT=str(port))
    assert said.startswith(
        f"trefoil: Port {port} on 127.0.0.1 cannot be used (Address already in use); stop what uses"
    )
    assert not home.var.exists()


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        ({"PORT": "70000"}, "PORT must be between 1 and 65535, not 70000."),
        ({"DATABASE_URL": "postgresql://127.0.0.1:1/n"}, "The database of DATABASE_URL does not answer: "),
        ({"DATABASE_URL": "mysql://127.0.0.1/n"}, "DATABASE_URL must start with postgresql://"),
    ],
)
def test_what_cannot_work_is_one_sentence(home: Home, extra: dict[str, str], sentence: str) -> None:
    extra = {"PORT": str(free_port()), "REDIS_URL": "redis://127.0.0.1:1/0", **extra}
    assert refusal(home, **extra).startswith(f"trefoil: {sentence}")


def test_a_wrong_redis_is_one_sentence(home: Home) -> None:
    with home.user() as user:
        said = refusal(
            home, PORT=str(free_port()), DATABASE_URL=user.database, REDIS_URL="redis://127.0.0.1:1/0"
        )
    assert said.startswith("trefoil: The Redis of REDIS_URL does not answer: ")


def test_an_old_python_is_one_sentence(tmp_path: Path) -> None:
    old = tmp_path / "python2.7"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    (tmp_path / "Makefile").write_text((PROJECT / "Makefile").read_text())
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "base.txt").write_text("")
    done = subprocess.run(
        ["make", "run", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    said = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert said == [
        "trefoil: Python 3.11 or newer is needed; install it, or name it: make PYTHON=/path/to/python3.11"
    ]
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize("text", ["", "1", "a:1:/x", "1:b:/x"])
def test_a_foreign_mark_is_none(text: str) -> None:
    assert Mark.parse(text) is None


def test_a_mark_knows_its_launcher_from_a_later_process_of_the_same_number() -> None:
    mark = Mark.of_launcher()
    assert Mark.parse(str(mark)) == mark
    assert mark.launcher_lives()
    assert not Mark(mark.pid, mark.born - 3600, mark.var).launcher_lives()
