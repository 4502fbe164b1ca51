"""Folders with embedded servers of their own."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.homes import Home, clean, ordinary_uid


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that everybody can enter: pytest's own are closed to others."""
    path = Path(tempfile.mkdtemp(prefix="trefoil-test-", dir="/tmp"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        # What servers of root put where their account could enter.
        for note in Path("/var/lib/trefoil").glob("*/belongs_to"):
            if note.read_text().startswith(f"{path}/"):
                shutil.rmtree(note.parent, ignore_errors=True)


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as path:
        yield path


@pytest.fixture(scope="module")
def shared_home() -> Iterator[Home]:
    """One whose database is made once for all tests of a module."""
    with open_folder() as path:
        home = Home(path / "var")
        yield home
        clean(home)


@pytest.fixture
def make_home(folder: Path) -> Iterator[Callable[..., Home]]:
    homes = []

    def make(name: str = "var", uid: int | None = None) -> Home:
        home = Home(folder / name)
        if uid is not None:
            home.uid = uid
            os.chown(folder, uid, uid)
        homes.append(home)
        return home

    yield make
    for home in homes:
        clean(home)


@pytest.fixture
def home(make_home: Callable[..., Home]) -> Home:
    return make_home()


@pytest.fixture
def ordinary_home(make_home: Callable[..., Home]) -> Home:
    """A folder of somebody who is not root."""
    return make_home(uid=ordinary_uid()) if os.geteuid() == 0 else make_home()
