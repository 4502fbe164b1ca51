"""`make run`: all in one terminal, from an empty folder to a printed address; what it runs is elsewhere.

The launcher holds the servers, has `manage.py prepare` fill the database, and runs the Procfile until Ctrl-C.
Beside the Procfile runs the keeper: it says when the site answers, starts servers again that were killed, and
ends everything when the launcher itself was killed.
"""

import contextlib
import http.client
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

import psutil
import psycopg2
import redis
from honcho.environ import parse_procfile
from honcho.manager import Manager

from community import embedded
from community.embedded.lease import give_back_leases, repair_leases
from community.env import PROJECT, VAR, ConfigurationError, env_int, env_str

# What `manage.py prepare` leaves for the keeper to print under the address.
WELCOME = VAR / "run" / "welcome.txt"
OLDEST_POSTGRES = 16
LONGEST_FIRST_ANSWER_SECONDS = 120
LONGEST_STOP_SECONDS = 15
LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Mark:
    """Which run a process belongs to; it stands in the environment of everything that one launcher starts."""

    pid: int
    born: float
    var: str

    VARIABLE = "TREFOIL_RUN"

    @classmethod
    def of_launcher(cls) -> "Mark":
        process = psutil.Process()
        return cls(process.pid, process.create_time(), str(VAR))

    @classmethod
    def parse(cls, text: str) -> "Mark | None":
        parts = text.split(":", 2)
        try:
            return cls(int(parts[0]), float(parts[1]), parts[2])
        except (ValueError, IndexError):
            return None

    def __str__(self) -> str:
        return f"{self.pid}:{self.born}:{self.var}"

    def launcher_lives(self) -> bool:
        try:
            process = psutil.Process(self.pid)
            # The birth tells it from a later process of the same number; it moves a little with the clock.
            return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - self.born) < 2
        except psutil.Error:
            return False


def run() -> int:
    """Prepare, then run the Procfile until a signal comes or one of its processes ends."""
    bind, port = env_str("BIND", "127.0.0.1"), env_int("PORT", 8000, least=1, most=65535)
    end_processes_of_dead_launchers()
    check_port(bind, port)
    if embedded.is_embedded():
        say(f"starting the servers in {VAR}")
    # Held to the end, so that nothing in between stops the servers.
    check_database(embedded.database_url())
    check_redis(embedded.redis_url())
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PORT": str(port),
        "BIND": bind,
        # Output is read through pipes: without it lines come late, after a crash never.
        "PYTHONUNBUFFERED": "1",
        Mark.VARIABLE: str(Mark.of_launcher()),
    }
    if os.geteuid() == 0:
        # Root is all there is on many a throw-away machine; docs/operations.md says it shorter than Celery.
        environment["PYTHONWARNINGS"] = "ignore:You're running the worker with superuser privileges"
    WELCOME.unlink(missing_ok=True)
    prepared = subprocess.run(
        [sys.executable, "manage.py", "prepare"], cwd=PROJECT, env=environment, check=False
    )
    if prepared.returncode:
        return prepared.returncode
    manager = Manager()
    procfile = parse_procfile((PROJECT / "Procfile").read_text(encoding="utf-8"))
    for name, command in procfile.processes.items():
        manager.add_process(name, f"exec {command}", env=environment, cwd=str(PROJECT))
    keeper = f"exec {shlex.quote(sys.executable)} -m community.launch keep"
    manager.add_process("trefoil", keeper, env=environment, cwd=str(PROJECT))
    # A closed terminal is a Ctrl-C without a hand.
    signal.signal(signal.SIGHUP, _as_termination)
    manager.loop()
    stopped_by_signal = manager.returncode in {128 + signal.SIGINT, 128 + signal.SIGTERM}
    if not give_back_leases(seconds=LONGEST_STOP_SECONDS):
        say("the servers go on, something else still uses them")
    say("stopped" if stopped_by_signal else "stopped, since one of the processes above ended")
    return 0 if stopped_by_signal else manager.returncode or 1


def keep() -> int:
    """Print the address once it answers, then look after servers and launcher until told to stop."""
    mark = Mark.parse(os.environ.get(Mark.VARIABLE, ""))
    if mark is None:
        raise ConfigurationError("The keeper is started by make run.")
    port = env_int("PORT", 8000)
    embedded.database_url()
    embedded.redis_url()
    announce_by = time.monotonic() + LONGEST_FIRST_ANSWER_SECONDS
    announced = False
    trouble = ""
    while mark.launcher_lives():
        if not announced and (is_healthy() or time.monotonic() > announce_by):
            announced = True
            announce(port)
        try:
            repair_leases()
            trouble = ""
        except ConfigurationError as error:
            if str(error) != trouble:
                say(str(error))
            trouble = str(error)
        time.sleep(LOOK_SECONDS)
    end_processes_of_dead_launchers()
    return 0


def announce(port: int) -> None:
    address = env_str("SITE_URL", f"http://localhost:{port}").rstrip("/")
    welcome = WELCOME.read_text(encoding="utf-8").strip() if WELCOME.exists() else ""
    lines = ["", f"Open {address}/", "", *welcome.splitlines(), "", "Stop with Ctrl-C."]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def is_healthy() -> bool:
    """Whether the site on this machine answers, with the database behind it."""
    bind, port = env_str("BIND", "127.0.0.1"), env_int("PORT", 8000)
    # Listening everywhere is asked for here.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "[::]": "::1"}.get(bind, bind)  # noqa: S104
    named = urlsplit(env_str("SITE_URL", f"http://localhost:{port}")).netloc
    connection = http.client.HTTPConnection(host, port, timeout=5)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/health/", headers={"Host": named})
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False


def check_port(bind: str, port: int) -> None:
    """Fail with one sentence if the port cannot be listened on: gunicorn would say it among its tries."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((bind.strip("[]"), port))
        except OSError as error:
            raise ConfigurationError(
                f"Port {port} on {bind} cannot be used ({error.strerror or error});"
                f" stop what uses it, or choose another: make run PORT={port + 1 if port < 65535 else 8000}"
            ) from None


def check_database(url: str) -> None:
    """Fail with one sentence if there is no database that fits."""
    try:
        connection = psycopg2.connect(url, connect_timeout=5)
    except psycopg2.OperationalError as error:
        reason = (str(error).strip().splitlines() or ["no reason given"])[0]
        raise ConfigurationError(f"The database of DATABASE_URL does not answer: {reason}") from None
    version: int = connection.server_version // 10_000
    connection.close()
    if version < OLDEST_POSTGRES:
        raise ConfigurationError(
            f"PostgreSQL {OLDEST_POSTGRES} or newer is needed; DATABASE_URL leads to {version}."
        )


def check_redis(url: str) -> None:
    """Fail with one sentence if Redis does not answer: without it no job runs."""
    client = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5)
    try:
        client.ping()
    except redis.RedisError as error:
        raise ConfigurationError(f"The Redis of REDIS_URL does not answer: {error}") from None
    finally:
        client.close()


def end_processes_of_dead_launchers() -> None:
    """End what is left of runs in this folder whose launcher was killed: it would hold the port."""
    left = [process for process in psutil.process_iter() if _is_left_over(process)]
    for process in left:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _, stubborn = psutil.wait_procs(left, timeout=5)
    for process in stubborn:
        with contextlib.suppress(psutil.Error):
            process.kill()


def _is_left_over(process: psutil.Process) -> bool:
    if process.pid == os.getpid():
        return False
    try:
        mark = Mark.parse(process.environ().get(Mark.VARIABLE, ""))
    except psutil.Error:
        # Gone meanwhile, or of somebody else.
        return False
    return mark is not None and mark.var == str(VAR) and not mark.launcher_lives()


def _as_termination(_number: int, _frame: FrameType | None) -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def say(text: str) -> None:
    sys.stdout.write(f"trefoil: {text}\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    try:
        match arguments:
            case []:
                return run()
            case ["keep"]:
                return keep()
            case ["health"]:
                return 0 if is_healthy() else 1
        sys.stderr.write("usage: python -m community.launch [keep | health]\n")
        return 2
    except KeyboardInterrupt:
        say("stopped")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
