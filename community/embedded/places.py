"""Where the embedded servers keep what below TREFOIL_VAR, and the sentences for folders that do not work."""

import errno
import os
import shutil
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from community.embedded.account import Account
from community.env import ConfigurationError

# A unix socket's path has 108 bytes on Linux and 104 on macOS, the closing zero included.
LONGEST_SOCKET_PATH = 103
LONGEST_SOCKET_NAME = ".s.PGSQL.5432.lock"


def sentence(error: OSError, path: Path) -> ConfigurationError:
    """Say what an operating system error about a folder means to the person who chose it."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT} or is_full(path):
        return full_disk(path)
    if error.errno in {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS}:
        return ConfigurationError(
            f"{path} is on a file system without file locks; set TREFOIL_VAR to another folder."
        )
    return ConfigurationError(
        f"The folder {path} cannot be used ({error.strerror}); make it writable for this user,"
        " or set TREFOIL_VAR to a folder that is."
    )


def full_disk(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"The disk that holds {path} is full; make room, or set TREFOIL_VAR to a folder on another disk."
    )


def is_full(path: Path, *, least_bytes: int = 1 << 20) -> bool:
    """Whether less than `least_bytes` is free where the path is, or would be once it is made."""
    for existing in (path, *path.parents):
        try:
            disk = os.statvfs(existing)
        except OSError:
            continue
        no_entries = disk.f_files > 0 and disk.f_favail == 0
        return no_entries or disk.f_bavail * disk.f_frsize < least_bytes
    return False


@dataclass(frozen=True)
class Places:
    """The files of one kind of server ("postgres" or "redis") under one TREFOIL_VAR."""

    var: Path
    kind: str

    @property
    def run(self) -> Path:
        return self.var / "run"

    @property
    def users_lock(self) -> Path:
        """Held shared by every process that uses the server; whoever holds it alone may stop the server."""
        return self.run / f"{self.kind}.users"

    @property
    def supervisor_lock(self) -> Path:
        """Held by the supervisor as long as it lives."""
        return self.run / f"{self.kind}.supervisor"

    @property
    def state(self) -> Path:
        """What the supervisor tells: the address, or the trouble it has."""
        return self.run / f"{self.kind}.json"

    @property
    def log(self) -> Path:
        return self.var / "log" / f"{self.kind}.log"

    @property
    def data(self) -> Path:
        return self.var / self.kind

    @property
    def data_elsewhere(self) -> Path:
        """Names the folder of the data where it could not be `data`."""
        return self.var / f"{self.kind}.where"

    @property
    def sockets(self) -> Path:
        return self.run / self.kind

    @property
    def sockets_elsewhere(self) -> Path:
        """Names the folder of the sockets where it could not be `sockets`."""
        return self.run / f"{self.kind}.sockets"

    def make(self) -> None:
        """Make the folders that every kind needs."""
        for folder in (self.var, self.run, self.log.parent):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise sentence(error, folder) from error
            self.share(folder)
            if not os.access(folder, os.W_OK | os.X_OK):
                raise sentence(PermissionError(errno.EACCES, "Permission denied"), folder)

    def share(self, path: Path) -> None:
        """Give what root made to whoever owns the folder, so that one `sudo` does not lock its owner out."""
        owner = self.var.stat()
        if os.geteuid() == 0 and owner.st_uid != 0:
            os.chown(path, owner.st_uid, owner.st_gid)

    def open_lock(self, path: Path) -> int:
        """Open a lock file; the descriptor is closed on exec and inherited by fork."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            self.share(path)
        except OSError as error:
            raise sentence(error, path) from error
        return descriptor

    def write(self, path: Path, text: str) -> None:
        """Write a file whole: a reader sees the old text or the new one."""
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            draft.write_text(text, encoding="utf-8")
            self.share(draft)
            draft.replace(path)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise sentence(error, path.parent) from error

    def database_url(self, sockets: Path, role: str = "trefoil") -> str:
        # libpq reads %20 and not + as a space.
        return f"postgresql://{role}@/{role}?host={quote(str(sockets), safe='/')}"

    def redis_url(self, sockets: Path) -> str:
        return f"unix://{quote(str(sockets / 'redis.sock'), safe='/')}?db=0"

    def url(self, sockets: Path) -> str:
        return self.database_url(sockets) if self.kind == "postgres" else self.redis_url(sockets)

    def make_socket_folder(self, account: Account) -> Path:
        """Return a folder for sockets that only the account can enter, and short enough.

        The same one as before if it still is all that: processes that outlive a supervisor know it.
        """
        if self.sockets_elsewhere.exists():
            before = Path(self.sockets_elsewhere.read_text(encoding="utf-8"))
            if _takes_sockets(before, account):
                return before
            self.sockets_elsewhere.unlink()
        try:
            self.sockets.mkdir(mode=0o700, exist_ok=True)
            self.sockets.chmod(0o700)
            os.chown(self.sockets, account.uid, account.gid)
            if _takes_sockets(self.sockets, account):
                return self.sockets
        except OSError as error:
            if is_full(self.run):
                raise full_disk(self.run) from error
        for base in (os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp"):  # noqa: S108 - mkdtemp
            try:
                folder = Path(tempfile.mkdtemp(prefix="trefoil-", dir=base or None))
                os.chown(folder, account.uid, account.gid)
            except OSError:
                continue
            if _takes_sockets(folder, account):
                self.write(self.sockets_elsewhere, str(folder))
                return folder
            folder.rmdir()
        raise ConfigurationError(
            f"No folder for the sockets of the servers was found: {self.run} is too deep or takes none,"
            " and so is the folder for temporary files."
        )

    def remove_socket_folder(self) -> None:
        """Leave nothing behind outside var."""
        if self.sockets_elsewhere.exists():
            shutil.rmtree(self.sockets_elsewhere.read_text(encoding="utf-8"), ignore_errors=True)
            self.sockets_elsewhere.unlink(missing_ok=True)


def _takes_sockets(folder: Path, account: Account) -> bool:
    """Whether the account can make sockets with our longest name there; some file systems refuse any."""
    # To libpq a comma separates several hosts.
    if len(os.fsencode(folder / LONGEST_SOCKET_NAME)) > LONGEST_SOCKET_PATH or "," in str(folder):
        return False
    if not account.can_keep_files_in(folder):
        return False
    probe = folder / f".probe{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        try:
            listener.bind(str(probe))
        except OSError:
            return False
        finally:
            probe.unlink(missing_ok=True)
    return True
