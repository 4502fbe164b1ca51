"""What the environment may say, and the one sentence for what it may not."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from community.env import (
    ConfigurationError,
    env_bool,
    env_int,
    env_list,
    env_path,
    env_secret,
    env_str,
    env_url,
    read_env_file,
)

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("NAME=plain", "plain"),
        ("export NAME=plain", "plain"),
        ("NAME = spaced # a comment", "spaced"),
        ("NAME=has#sign", "has#sign"),
        ("NAME='single # kept'", "single # kept"),
        ('NAME="double"  # gone', "double"),
        ("NAME=", ""),
        ("NAME=  # nothing", ""),
        ("NAME=a=b", "a=b"),
    ],
)
def test_lines_of_an_env_file(tmp_path: Path, line: str, value: str) -> None:
    path = tmp_path / ".env"
    path.write_text(f"# a comment\n\n{line}\n")
    assert read_env_file(path) == {"NAME": value}


@pytest.mark.parametrize("line", ["NAME", "1NAME=a", "NAME='open", "two words=a"])
def test_a_wrong_line_of_an_env_file_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / ".env"
    path.write_text(f"GOOD=1\n{line}\n")
    with pytest.raises(ConfigurationError, match="Line 2 of"):
        read_env_file(path)


def test_no_env_file_is_none(tmp_path: Path) -> None:
    assert read_env_file(tmp_path / ".env") == {}


@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_value_counts_as_unset(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("NAME", value)
    assert env_str("NAME", "default") == "default"
    assert env_bool("NAME", default=True) is True
    assert env_int("NAME", 3) == 3
    assert env_list("NAME", ["a"]) == ["a"]
    assert env_path("NAME", Path("/a")) == Path("/a")
    with pytest.raises(ConfigurationError, match="NAME is not set"):
        env_str("NAME")
    with pytest.raises(ConfigurationError, match="NAME is not set"):
        env_secret("NAME")


def test_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", " 7 ")
    assert env_int("NAME", 3, least=7, most=7) == 7
    monkeypatch.setenv("NAME", "Yes")
    assert env_bool("NAME", default=False) is True
    monkeypatch.setenv("NAME", "off")
    assert env_bool("NAME", default=True) is False
    monkeypatch.setenv("NAME", "a, b,,c ")
    assert env_list("NAME") == ["a", "b", "c"]
    monkeypatch.setenv("NAME", "elsewhere")
    assert env_path("NAME", Path("/a")) == PROJECT / "elsewhere"
    monkeypatch.setenv("NAME", "https://example.org")
    assert env_url("NAME") == "https://example.org"


@pytest.mark.parametrize(
    ("value", "read", "sentence"),
    [
        ("seven", lambda: env_int("NAME", 1), "NAME must be a whole number, not 'seven'."),
        ("0", lambda: env_int("NAME", 1, least=1, most=9), "NAME must be between 1 and 9, not 0."),
        ("perhaps", lambda: env_bool("NAME", default=True), "NAME must be 1 or 0"),
        ("c", lambda: env_str("NAME", choices=["a", "b"]), "NAME must be one of a, b, not 'c'."),
        ("ftp://a", lambda: env_url("NAME"), "NAME must start with https:// or http://."),
        ("https://a:x", lambda: env_url("NAME"), "NAME is not a URL"),
        ("short", lambda: env_secret("NAME"), "NAME is too weak"),
        ("a" * 60, lambda: env_secret("NAME"), "NAME is too weak"),
        ("django-insecure-0123456789abcdefghijklmnop", lambda: env_secret("NAME"), "NAME is too weak"),
    ],
)
def test_wrong_values(monkeypatch: pytest.MonkeyPatch, value: str, read, sentence: str) -> None:
    monkeypatch.setenv("NAME", value)
    with pytest.raises(ConfigurationError) as caught:
        read()
    assert str(caught.value).startswith(sentence)
    if "URL" in sentence or "weak" in sentence:
        assert value not in str(caught.value)


def test_a_secret_is_made_once_and_kept_closed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NAME", raising=False)
    kept = tmp_path / "var" / "secret"
    first = env_secret("NAME", kept_in=kept)
    assert len(first) >= 60
    assert env_secret("NAME", kept_in=kept) == first
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in kept.parent.iterdir()] == ["secret"]


def test_a_secret_comes_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "mounted"
    path.write_text("0123456789abcdefghijklmnopqrstuvwxyz\n")
    monkeypatch.setenv("NAME_FILE", str(path))
    assert env_secret("NAME") == "0123456789abcdefghijklmnopqrstuvwxyz"
    monkeypatch.setenv("NAME_FILE", str(path) + ".gone")
    with pytest.raises(ConfigurationError, match="The file that NAME_FILE names cannot be read"):
        env_secret("NAME")


def test_an_uncaught_configuration_error_is_one_sentence_in_any_process() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from community import settings"],
        cwd=PROJECT,
        env={**os.environ, "PORT": "high"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "trefoil: PORT must be a whole number, not 'high'.\n"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgresql://127.0.0.1:1/n", "The database does not answer: connection to server at"),
        ("postgresql://127.0.0.1:1", "DATABASE_URL names no database"),
    ],
)
def test_a_database_that_is_not_there_is_one_sentence_in_any_command(url: str, sentence: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        cwd=PROJECT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "community.settings", "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"trefoil: {sentence}")
    assert len(done.stderr.splitlines()) == 1
