"""A check that cannot fail proves nothing: each of `make check` meets a violation planted for it, and finds it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOLS = Path(sys.executable).parent
PACKAGES = ("community", "members", "discussions", "outreach", "metrics")


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )


# --- the direction of imports ---


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The packages and their contracts, for planting."""
    tree = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    return tree


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    return run(TOOLS / "lint-imports", "--no-cache", cwd=tree, PYTHONPATH=str(tree))


def test_the_direction_of_imports_is_kept(tree):
    result = lint_imports(tree)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("where", "planted", "named"),
    [
        (
            "community/core/planted.py",
            "from members.models import Member",
            "community.core.planted -> members.models",
        ),
        ("members/planted.py", "import discussions.models", "members.planted -> discussions.models"),
        ("discussions/planted.py", "import metrics", "discussions.planted -> metrics"),
        ("outreach/planted.py", "from community import settings", "outreach.planted -> community.settings"),
        ("metrics/planted.py", "from community.views import home", "metrics.planted -> community.views.home"),
        (
            "community/core/planted.py",
            "from community import queries",
            "community.core.planted -> community.queries",
        ),
        (
            "community/embedded/planted.py",
            "from community.core import text",
            "community.embedded.planted -> community.core",
        ),
        (
            "discussions/models/planted.py",
            "from discussions.actions import post",
            "discussions.models.planted -> discussions.a",
        ),
        ("members/actions/planted.py", "import members.urls", "members.actions.planted -> members.urls"),
    ],
)
def test_an_import_the_wrong_way_is_found(tree, where, planted, named):
    (tree / where).write_text(f'"""Planted."""\n{planted}\n', encoding="utf-8")
    try:
        result = lint_imports(tree)
    finally:
        (tree / where).unlink()
    assert result.returncode == 1
    assert named in " ".join(result.stdout.split())


# --- types ---


WRONG = {
    "no-untyped-def": "def double(number):\n    return 2 * number\n",
    "assignment": 'number: int = "seven"\n',
    "no-any-return": "from typing import Any\n\n\ndef any_of(x: Any) -> int:\n    return x\n",
    "type-arg": "def all_of(rows: list) -> int:\n    return len(rows)\n",
    "unused-ignore": "number: int = 7  # type: ignore\n",
}
RIGHT = "def double(number: int) -> int:\n    return 2 * number\n"


def test_types_that_are_wrong_or_missing_are_found_and_nothing_else(tmp_path):
    for rule, planted in {**WRONG, "right": RIGHT}.items():
        (tmp_path / f"{rule.replace('-', '_')}.py").write_text(planted, encoding="utf-8")
    result = run(
        *(sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml"),
        *("--cache-dir", tmp_path / "cache", *sorted(tmp_path.glob("*.py"))),
    )
    assert result.returncode == 1
    for rule in WRONG:
        assert f"[{rule}]" in result.stdout
        assert f"{rule.replace('-', '_')}.py" in result.stdout
    assert "right.py" not in result.stdout


# --- migrations ---


@pytest.fixture
def planted_app(tmp_path):
    """An app beside ours whose model may or may not have its migration."""
    app = tmp_path / "planted"
    (app / "migrations").mkdir(parents=True)
    for package in (app, app / "migrations"):
        (package / "__init__.py").touch()
    (app / "models.py").write_text(
        "from django.db import models\n\n\nclass Thing(models.Model):\n    name = models.CharField(max_length=9)\n",
        encoding="utf-8",
    )
    (tmp_path / "planted_settings.py").write_text(
        "from tests.settings import *\nINSTALLED_APPS = [*INSTALLED_APPS, 'planted']\n", encoding="utf-8"
    )
    return tmp_path


def makemigrations(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return run(
        *(sys.executable, "-m", "django", "makemigrations", *options),
        PYTHONPATH=f"{folder}{os.pathsep}{ROOT}",
        DJANGO_SETTINGS_MODULE="planted_settings",
    )


def test_a_model_without_its_migration_is_found_and_with_it_is_not(planted_app):
    missing = makemigrations(planted_app, "--check", "--dry-run")
    assert missing.returncode == 1
    assert "Create model Thing" in missing.stdout
    assert makemigrations(planted_app, "planted", "--name", "thing").returncode == 0
    present = makemigrations(planted_app, "--check", "--dry-run")
    assert present.returncode == 0, present.stdout + present.stderr


# --- style, and what is dangerous ---


@pytest.mark.parametrize(
    ("planted", "rule"),
    [
        ("try:\n    pass\nexcept Exception:\n    pass\n", "BLE001"),
        ("def inner() -> None:\n    import json\n\n    json.dumps({})\n", "PLC0415"),
        ("import hashlib\n\nhashlib.md5(b'')\n", "S324"),
        ("import pickle\n\npickle.loads(b'')\n", "S301"),
        ("from django.utils.safestring import mark_safe\n\nmark_safe(input())\n", "S308"),
        ("print('here')\n", "T201"),
        ("from datetime import datetime\n\ndatetime.now()\n", "DTZ005"),
        ("from .models import Member\n", "TID252"),
    ],
)
def test_what_the_house_forbids_is_found(tmp_path, planted, rule):
    path = tmp_path / "planted.py"
    path.write_text(f'"""Planted."""\n\n{planted}', encoding="utf-8")
    result = run(TOOLS / "ruff", "check", "--no-cache", "--config", ROOT / "pyproject.toml", path)
    assert result.returncode == 1
    assert rule in result.stdout
