"""Keeps one embedded server: starts it, starts it again when it dies, stops it when the last user is gone.

One supervisor per server and TREFOIL_VAR, in its own session, so that Ctrl-C in a terminal does not reach it.
It holds its lock for life; users hold another one shared. When it can have that one alone there is no user;
it keeps it until it is gone, so a user that comes at this moment waits and then starts the next supervisor.
"""

import fcntl
import json
import logging
import os
import signal
import subprocess
import sys
import time
from typing import Protocol

from community.embedded.places import Places, sentence
from community.embedded.postgres import Postgres
from community.embedded.redis import Redis
from community.env import ConfigurationError

logger = logging.getLogger("trefoil.embedded")

LOOK_SECONDS = 0.2
LONGEST_REST_SECONDS = 5.0
# A probe of another process holds the supervisor's lock for an instant.
LOCK_SECONDS = 0.3
LARGEST_LOG_BYTES = 10 << 20


class Server(Protocol):
    title: str
    stop_signal: signal.Signals
    stop_seconds: float
    start_seconds: float
    url: str

    def prepare(self) -> None: ...
    def start(self) -> "subprocess.Popen[bytes]": ...
    def answers(self) -> bool: ...
    def finish(self) -> None: ...
    def clear_leftovers(self) -> None: ...
    def explain(self, log: str) -> ConfigurationError: ...


def server_of(places: Places) -> Server:
    return Postgres(places) if places.kind == "postgres" else Redis(places)


def supervise(places: Places) -> int:
    """Fork a supervisor and return 0 when its server answers; else print one sentence and return 1."""
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8") as pipe:
            report = pipe.read()
        if report == "ready":
            return 0
        sys.stderr.write(f"trefoil: {report or f'The supervisor ended; {places.log} may say why.'}\n")
        return 1
    os.close(reading)
    os.setsid()
    try:
        _detach(places)
        Supervisor(places, server_of(places), report_to=writing).run()
    except ConfigurationError as error:
        _report(writing, str(error))
    except OSError as error:
        logger.exception("supervisor failed")
        _report(writing, str(sentence(error, places.var)))
    return 0


def _report(descriptor: int, text: str) -> None:
    try:
        os.write(descriptor, text.encode())
        os.close(descriptor)
    except OSError:
        # Reported before, or the one who wanted to know is gone.
        return


def _detach(places: Places) -> None:
    """Let go of the terminal, the folder and the streams of the process that happened to come first."""
    os.chdir("/")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    places.make()
    try:
        if places.log.exists() and places.log.stat().st_size > LARGEST_LOG_BYTES:
            places.log.replace(places.log.with_suffix(".log.old"))
        log = os.open(places.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        places.share(places.log)
    except OSError as error:
        raise sentence(error, places.log.parent) from error
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(nothing)
    os.close(log)
    logging.raiseExceptions = False  # a full disk under the log is no reason to stop
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s [%(process)d] trefoil: %(message)s"
    )


class Supervisor:
    """The life of one server."""

    def __init__(self, places: Places, server: Server, *, report_to: int) -> None:
        self.places = places
        self.server = server
        self.report_to = report_to
        self.stopping = False
        self.process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Keep the server until it is no longer used or we are told to stop."""
        if not self._take_lock():
            # Somebody else was faster; the one who waits for us asks again.
            _report(self.report_to, "ready")
            return
        users = self.places.open_lock(self.places.users_lock)
        signal.signal(signal.SIGTERM, self._stop_on_signal)
        try:
            self.places.state.unlink(missing_ok=True)
            self.server.prepare()
            self._start()
            self.server.finish()
            self._tell()
            _report(self.report_to, "ready")
            while not self.stopping and not self._is_alone(users):
                time.sleep(LOOK_SECONDS)
                if self.process is None or self.process.poll() is not None:
                    self._start_again(users)
        finally:
            self.places.state.unlink(missing_ok=True)
            self._stop()
            self.places.remove_socket_folder()
            logger.info("stopped")

    def _take_lock(self) -> bool:
        # Kept open on purpose until the process ends.
        descriptor = self.places.open_lock(self.places.supervisor_lock)
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    return False
                time.sleep(0.01)
            else:
                return True

    @staticmethod
    def _is_alone(users: int) -> bool:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _stop_on_signal(self, _number: int, _frame: object) -> None:
        self.stopping = True

    def _start(self) -> None:
        """Start the server and wait until it answers."""
        self.server.clear_leftovers()
        logged = self.places.log.stat().st_size
        self.process = self.server.start()
        deadline = time.monotonic() + self.server.start_seconds
        while not self.server.answers():
            if self.process.poll() is not None:
                with self.places.log.open("rb") as log:
                    log.seek(logged)
                    raise self.server.explain(log.read().decode(errors="replace"))
            if time.monotonic() > deadline or self.stopping:
                raise ConfigurationError(
                    f"The embedded {self.server.title} did not answer; {self.places.log} has more."
                )
            time.sleep(0.02)
        logger.info("%s answers (pid %d)", self.server.title, self.process.pid)

    def _start_again(self, users: int) -> None:
        """Start a server that died until it answers or nobody wants it any more: a full disk may get room."""
        code = self.process.returncode if self.process else None
        logger.warning("%s ended with %s, starting it again", self.server.title, code)
        rest = LOOK_SECONDS
        while not self.stopping and not self._is_alone(users):
            try:
                self._start()
            except ConfigurationError as trouble:
                logger.warning("%s", trouble)
                self._stop()
                self._tell(trouble)
                time.sleep(rest)
                rest = min(LONGEST_REST_SECONDS, rest * 2)
            else:
                self._tell()
                return

    def _tell(self, trouble: ConfigurationError | None = None) -> None:
        """Write where the server is or what it lacks; a disk too full for that must not end us."""
        state = {"url": self.server.url} if trouble is None else {"trouble": str(trouble)}
        try:
            self.places.write(self.places.state, json.dumps(state))
        except ConfigurationError:
            if trouble is None:
                raise
            logger.warning("the trouble could not be written down")

    def _stop(self) -> None:
        if self.process is None:
            return
        for sign, seconds in (
            (self.server.stop_signal, self.server.stop_seconds),
            (signal.SIGQUIT, 10.0),
            (signal.SIGKILL, 10.0),
        ):
            if self.process.poll() is None:
                self.process.send_signal(sign)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
            break
        self.process = None
