"""Folders with servers of their own, and processes that use them and can be killed."""

import contextlib
import json
import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis

PROJECT = Path(__file__).resolve().parents[1]

USER = """
import os, sys, json
from community import embedded
print(json.dumps({"database": embedded.database_url(), "redis": embedded.redis_url()}), flush=True)
if sys.argv[1:] == ["fork"] and os.fork():
    os._exit(0)
sys.stdin.read()
"""


@dataclass
class User:
    """A process that holds both servers until its standard input ends."""

    process: "subprocess.Popen[str]"
    database: str = ""
    redis: str = ""

    def wait_ready(self) -> "User":
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        addresses = json.loads(line)
        self.database, self.redis = addresses["database"], addresses["redis"]
        return self

    def leave(self) -> None:
        self.process.communicate("")

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def query(self, statement: str) -> object:
        connection = psycopg2.connect(self.database)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchone()[0] if cursor.description else None
        finally:
            connection.close()

    def ping(self) -> bool:
        with redis.Redis.from_url(self.redis, socket_timeout=5) as client:
            return client.ping()


@dataclass
class Home:
    """One TREFOIL_VAR."""

    var: Path
    uid: int = field(default_factory=os.geteuid)
    extra: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"}
        }
        return {**kept, "TREFOIL_VAR": str(self.var), "TREFOIL_EMBEDDED_FAST": "1", **self.extra}

    def start(self, *arguments: str, program: str = USER) -> User:
        as_user = (
            {} if self.uid == os.geteuid() else {"user": self.uid, "group": self.uid, "extra_groups": []}
        )
        environment = self.environment()
        interpreter = sys.executable
        if as_user:
            interpreter = interpreter_for(self.uid)
            environment["PYTHONPATH"] = os.pathsep.join(
                [str(PROJECT), *(p for p in sys.path if "site-packages" in p)]
            )
        return User(
            subprocess.Popen(
                [interpreter, "-c", program, *arguments],
                cwd=PROJECT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                **as_user,
            )
        )

    @contextmanager
    def user(self, *arguments: str) -> Iterator[User]:
        user = self.start(*arguments)
        try:
            yield user.wait_ready()
        finally:
            if user.process.poll() is None:
                user.leave()

    def refusal(self) -> str:
        """What a process says that cannot get the servers."""
        process = self.start().process
        output, errors = process.communicate("", timeout=60)
        assert process.returncode != 0, output
        return errors

    def supervisors(self) -> list[psutil.Process]:
        """The supervisors of this very folder."""
        return [process for process, kind in self.found() if kind == "supervisor"]

    def servers(self, name: str) -> list[psutil.Process]:
        """The processes called postgres or redis-server that work in this very folder, orphans too."""
        return [process for process, kind in self.found() if kind == name]

    def processes(self) -> list[psutil.Process]:
        return [process for process, _kind in self.found()]

    def found(self) -> list[tuple[psutil.Process, str]]:
        """Every process that is certainly of this folder, with what it is; whatever is unclear is not."""
        found = []
        data, sockets = str(self.data().resolve()), self.redis_places()
        for process in psutil.process_iter():
            try:
                name = process.name()
                if name.startswith("python") and self._is_supervisor(process.cmdline()):
                    found.append((process, "supervisor"))
                if name == "postgres" and process.cwd() == data:
                    found.append((process, name))
                if name == "redis-server" and is_redis_of(process.cmdline(), sockets):
                    found.append((process, name))
            except psutil.Error:
                continue
        return found

    def _is_supervisor(self, words: list[str]) -> bool:
        return words[1:4] == ["-m", "community.embedded", "supervise"] and words[5:] == [str(self.var)]

    def data(self) -> Path:
        pointer = self.var / "postgres.where"
        return Path(pointer.read_text()) if pointer.exists() else self.var / "postgres"

    def redis_places(self) -> list[str]:
        pointer = self.var / "run" / "redis.sockets"
        return [str(self.var / "run" / "redis"), *([pointer.read_text()] if pointer.exists() else [])]

    def postmaster(self) -> psutil.Process:
        supervisors = {process.pid for process in self.supervisors()}
        [process] = [process for process in self.servers("postgres") if process.ppid() in supervisors]
        return process

    def redis_server(self) -> psutil.Process:
        [process] = self.servers("redis-server")
        return process

    def wait_empty(self, seconds: float = 30) -> None:
        wait_for(lambda: not self.processes(), seconds, lambda: self.processes())


def is_redis_of(words: list[str], sockets: list[str]) -> bool:
    title = " ".join(words).strip()
    return any(title.endswith(f" unixsocket:{folder}/redis.sock") for folder in sockets)


def wait_for(condition: Callable[[], object], seconds: float = 30, say: Callable[[], object] = str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, say()
        time.sleep(0.1)


def interpreter_for(uid: int) -> str:
    """A Python of our version that this user can run, with our packages on its path."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        try:
            done = subprocess.run(
                [candidate, "-c", f"import sys; sys.path.insert(0, {str(PROJECT)!r}); import community"],
                cwd="/",
                env={"PYTHONPATH": os.pathsep.join(p for p in sys.path if "site-packages" in p)},
                capture_output=True,
                check=False,
                user=uid,
                group=uid,
                extra_groups=[],
            )
        except OSError:
            continue
        if done.returncode == 0:
            return candidate
    pytest.skip(f"no {version} and project that the user {uid} can run")


def ordinary_uid() -> int:
    return pwd.getpwnam("nobody").pw_uid


def clean(home: Home) -> None:
    """End what a failed test left running, and remove what it put outside its folder."""
    left = home.processes()
    for process in left:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(left, timeout=5)
    for pointer in home.var.glob("run/*.sockets"):
        shutil.rmtree(pointer.read_text(), ignore_errors=True)
