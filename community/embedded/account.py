"""Which account an embedded PostgreSQL runs as, since it refuses root, and what that account can reach."""

import os
import pwd
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from community.env import ConfigurationError

NAME = "trefoil"


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int
    name: str

    def as_user(self) -> dict[str, Any]:
        """Arguments of subprocess calls that run as this account; empty when it is ours already."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can(self, *command: str | Path) -> bool:
        """Whether a command succeeds as this account: only trying knows every rule on the way."""
        try:
            done = subprocess.run(
                command, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, check=False, **self.as_user()
            )
        except OSError:
            return False
        return done.returncode == 0

    def can_keep_files_in(self, folder: Path) -> bool:
        """Whether it can write in the folder and have it closed to others, as PostgreSQL demands."""
        try:
            facts = folder.lstat()
        except OSError:
            return False
        closed = stat.S_ISDIR(facts.st_mode) and facts.st_uid == self.uid and not facts.st_mode & 0o077
        return closed and self.can("/bin/sh", "-c", 'cd "$1" && : > .probe && rm .probe', "sh", folder)


def ourselves() -> Account:
    """Return who we are; without an account in the machine's list the number has to do for a name."""
    uid = os.geteuid()
    return _by_uid(uid) or Account(uid, os.getegid(), str(uid))


def server_account(folder: Path) -> Account:
    """Return ourselves; for root the owner of the folder, or our own account where that is root too."""
    uid = os.geteuid()
    if uid != 0:
        account = _by_uid(uid)
        if account is None:
            raise ConfigurationError(
                f"The user id {uid} has no account on this machine, and PostgreSQL needs one;"
                " set DATABASE_URL to a server, or run as a named user."
            )
        return account
    owner = folder.stat().st_uid
    if owner != 0 and (account := _by_uid(owner)):
        return account
    account = _by_name(NAME)
    if account is None:
        _make_account()
        # Where no account can be made, one that is there for others has to do.
        account = _by_name(NAME) or _by_name("postgres") or _by_name("nobody")
    if account is None:
        raise ConfigurationError(
            "PostgreSQL does not run as root and no account for it could be made;"
            f" make one (useradd --system {NAME}), or set DATABASE_URL to a server."
        )
    if not account.can("/bin/sh", "-c", ":"):
        raise ConfigurationError(
            "PostgreSQL does not run as root, and this root may not act as another user;"
            " run as an ordinary user, or set DATABASE_URL to a server."
        )
    return account


def _make_account() -> None:
    command: Sequence[str] = (
        "useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
        "--shell", "/usr/sbin/nologin", NAME,
    )  # fmt: skip
    try:
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError:
        return


def _by_uid(uid: int) -> Account | None:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return None
    return Account(entry.pw_uid, entry.pw_gid, entry.pw_name)


def _by_name(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_uid, entry.pw_gid, entry.pw_name)
