"""How a process says that it uses an embedded server, and gets it started; keeping it is the supervisor's.

A lease is a shared lock on a file, held for the life of the process and of the children it forks. The kernel
drops it however they die, so there is no count to keep right and no pid that another process may have by now.
"""

import fcntl
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg2

from community.embedded.places import Places, sentence
from community.env import PROJECT, ConfigurationError

TITLES = {"postgres": "PostgreSQL", "redis": "Redis"}

# A crashed database of some size replays its log first; a server that has been ready once is back sooner.
LONGEST_START_SECONDS = 600
LONGEST_RETURN_SECONDS = 60
PATIENCE_SECONDS = 3

_leases: dict[Places, tuple[int, str]] = {}


def take_lease(kind: str, var: Path) -> str:
    """Return the address of a server that answers now, and keep it running as long as this process lives."""
    places = Places(var, kind)
    if places not in _leases:
        places.make()
        descriptor = _lock_shared(places)
        try:
            url = ensure_running(places)
        except ConfigurationError:
            os.close(descriptor)
            raise
        _leases[places] = (descriptor, url)
    return _leases[places][1]


def give_back_leases(*, seconds: float) -> bool:
    """Drop the leases of this process and wait for the servers to stop; False if others still use them."""
    held = list(_leases.items())
    _leases.clear()
    for _places, (descriptor, _url) in held:
        os.close(descriptor)
    deadline = time.monotonic() + seconds
    while any(is_supervised(places) for places, _held in held):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def repair_leases() -> None:
    """Start the servers this process leases again where their supervisor was killed."""
    for places in list(_leases):
        if not is_supervised(places):
            ensure_running(places)


def is_supervised(places: Places) -> bool:
    """Whether a supervisor lives: it holds its lock for as long as that."""
    if not places.supervisor_lock.exists():
        return False
    descriptor = places.open_lock(places.supervisor_lock)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def ensure_running(places: Places) -> str:
    """Return the address once the server answers, starting a supervisor where none lives."""
    title = TITLES[places.kind]
    answers = ANSWERS[places.kind]
    began = time.monotonic()
    while True:
        if not is_supervised(places):
            _start_supervisor(places)
        state = _read_state(places)
        if trouble := state.get("trouble"):
            raise ConfigurationError(trouble)
        if (url := state.get("url")) and answers(url):
            return url
        waited = time.monotonic() - began
        if waited > (LONGEST_RETURN_SECONDS if url else LONGEST_START_SECONDS):
            raise ConfigurationError(f"The embedded {title} does not answer; {places.log} may say why.")
        time.sleep(0.05)


def _lock_shared(places: Places) -> int:
    descriptor = places.open_lock(places.users_lock)
    deadline = time.monotonic() + LONGEST_RETURN_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            # A supervisor without users holds it alone while it stops the server.
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise ConfigurationError(
                    f"The embedded {TITLES[places.kind]} does not end; {places.log} may say why."
                ) from None
            time.sleep(0.02)
        except OSError as error:
            os.close(descriptor)
            raise sentence(error, places.users_lock) from error
        else:
            return descriptor


def _start_supervisor(places: Places) -> None:
    """Start one and wait until its server answers; no harm if another process does the same just now."""
    paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    process = subprocess.Popen(
        [sys.executable, "-m", "community.embedded", "supervise", places.kind, str(places.var)],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(PROJECT), *paths])},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        output, _ = process.communicate(timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        sys.stderr.write(f"trefoil: waiting for the embedded {TITLES[places.kind]} to start\n")
        output, _ = process.communicate()
    if process.returncode:
        lines = output.strip().splitlines() or [f"The embedded {TITLES[places.kind]} did not start."]
        raise ConfigurationError(lines[-1].removeprefix("trefoil: "))


def _read_state(places: Places) -> dict[str, str]:
    try:
        state = json.loads(places.state.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    except OSError as error:
        raise sentence(error, places.state) from error
    return state if isinstance(state, dict) else {}


def postgres_answers(url: str) -> bool:
    """Whether a connection can be made: nothing else tells, least of all a pid file."""
    try:
        psycopg2.connect(url, connect_timeout=5).close()
    except psycopg2.OperationalError:
        return False
    return True


def redis_answers(url: str) -> bool:
    """Whether the server behind a unix: URL answers PING."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(5)
        try:
            client.connect(unquote(urlsplit(url).path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


ANSWERS: dict[str, Callable[[str], bool]] = {"postgres": postgres_answers, "redis": redis_answers}
