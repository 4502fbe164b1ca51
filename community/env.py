"""Typed readers of the environment and the sentence a wrong value gets; no setting is decided here.

Every reader fails with a `ConfigurationError` whose text is one sentence for the person who runs the command.
An uncaught one prints that sentence and no traceback in whatever process it happens (manage.py, a worker, a
script), because its reader is fixing a file, not the code.
"""

import os
import re
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from urllib.parse import SplitResult, urlsplit

PROJECT = Path(__file__).resolve().parent.parent

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})
_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_DISK_FULL = "53100"
_WEAK_SECRET = re.compile(r"change|insecure|example|secret|password", re.IGNORECASE)


class ConfigurationError(Exception):
    """The environment asks for something that cannot work; the text is one sentence that says what."""


def _say_it_in_one_sentence(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        # Whoever pressed Ctrl-C knows where.
        return
    said = str(error) if issubclass(kind, ConfigurationError) else _database_trouble(error)
    if said:
        sys.stderr.write(f"trefoil: {said}\n")
    else:
        sys.__excepthook__(kind, error, trace)


def _database_trouble(error: BaseException) -> str:
    """Return a sentence where nobody's code is at fault: no connection came about, or the disk is full.

    Told by the driver's code for it, which is None before a connection; this module imports no driver.
    """
    code = getattr(error.__cause__ or error, "pgcode", "")
    if code is None and type(error).__name__ == "OperationalError":
        return f"The database does not answer: {(str(error).splitlines() or ['no reason given'])[0]}"
    if code == _DISK_FULL:
        return "The disk of the database is full; make room and start again."
    return ""


sys.excepthook = _say_it_in_one_sentence


def read_env_file(path: Path) -> dict[str, str]:
    """Return the assignments of a `.env` file: NAME=value lines, quotes optional, `#` starts a comment."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The file {path} cannot be read ({error}).") from error
    values: dict[str, str] = {}
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = _ASSIGNMENT.fullmatch(line)
        if match is None:
            raise ConfigurationError(f"Line {number} of {path} is not NAME=value.")
        name, value = match.groups()
        if value[:1] in {"'", '"'}:
            end = value.find(value[0], 1)
            if end < 0:
                raise ConfigurationError(f"Line {number} of {path} opens a quote and does not close it.")
            values[name] = value[1:end]
        else:
            values[name] = re.split(r"(?:^|\s)#", value, maxsplit=1)[0].strip()
    return values


# The real environment wins: a file that outranked it would make `PORT=9000 make run` a riddle.
for _name, _value in read_env_file(PROJECT / ".env").items():
    os.environ.setdefault(_name, _value)


def _raw(name: str) -> str | None:
    """The value, or None when unset or empty: compose files pass unset variables on as empty strings."""
    return os.environ.get(name, "").strip() or None


def env_str(name: str, default: str | None = None, *, choices: Sequence[str] = ()) -> str:
    """Return the variable; without a default it is required."""
    value = _raw(name)
    if value is None:
        if default is None:
            raise ConfigurationError(f"{name} is not set; .env.example shows what it looks like.")
        return default
    if choices and value not in choices:
        raise ConfigurationError(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return value


def env_bool(name: str, default: bool) -> bool:
    """Return a switch: 1/true/yes/on or 0/false/no/off in any case."""
    value = _raw(name)
    if value is None:
        return default
    if value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise ConfigurationError(f"{name} must be 1 or 0 (true, yes, on; false, no, off), not {value!r}.")


def env_int(name: str, default: int, *, least: int | None = None, most: int | None = None) -> int:
    """Return a whole number within its limits."""
    value = _raw(name)
    if value is None:
        return default
    try:
        number = int(value)
    except ValueError:
        raise ConfigurationError(f"{name} must be a whole number, not {value!r}.") from None
    if (least is not None and number < least) or (most is not None and number > most):
        low = "any" if least is None else least
        high = "any" if most is None else most
        raise ConfigurationError(f"{name} must be between {low} and {high}, not {number}.")
    return number


def env_list(name: str, default: Sequence[str] = ()) -> list[str]:
    """Return comma-separated values without blanks."""
    value = _raw(name)
    if value is None:
        return list(default)
    return [part.strip() for part in value.split(",") if part.strip()]


def env_url(name: str, default: str | None = None, *, schemes: Sequence[str] = ("https", "http")) -> str:
    """Return an absolute URL of one of the schemes; without a default it is required."""
    value = env_str(name, default)
    if value:
        split_url(name, value, schemes=schemes)
    return value


def split_url(name: str, value: str, *, schemes: Sequence[str]) -> SplitResult:
    """Split a URL, or say which variable is wrong; the value is not repeated since it may hold a password."""
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - reading it is what validates it
    except ValueError as error:
        raise ConfigurationError(f"{name} is not a URL ({error}).") from None
    if parts.scheme not in schemes:
        wanted = " or ".join(f"{scheme}://" for scheme in schemes)
        raise ConfigurationError(f"{name} must start with {wanted}.")
    return parts


def env_secret(name: str, *, kept_in: Path | None = None, least: int = 32) -> str:
    """Return a secret from NAME, or from the file NAME_FILE names, or one made once and kept in a file.

    Without `kept_in` it is required. Short or example values are refused: nothing else would notice them.
    """
    value = _raw(name)
    file_name = _raw(f"{name}_FILE")
    if value is None and file_name is not None:
        try:
            value = Path(file_name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"The file that {name}_FILE names cannot be read ({error}).") from error
    if value is not None:
        if len(value) < least or len(set(value)) < 8 or _WEAK_SECRET.search(value):
            raise ConfigurationError(
                f"{name} is too weak: use {least} or more random characters"
                " (python3 -c 'import secrets; print(secrets.token_urlsafe(48))')."
            )
        return value
    if kept_in is None:
        raise ConfigurationError(f"{name} is not set; .env.example shows how to make one.")
    return _kept_secret(kept_in)


def _kept_secret(path: Path) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            # Written aside and linked into place: of two processes that start together, one wins and both
            # read it.
            draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(secrets.token_urlsafe(48))
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        value = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigurationError(
            f"The secret kept in {path} cannot be written or read ({error.strerror})."
        ) from error
    if not value:
        raise ConfigurationError(f"The file {path} is empty; delete it and a new secret is made.")
    return value


def env_path(name: str, default: Path) -> Path:
    """Return an absolute path; a relative one counts from the project folder."""
    value = _raw(name)
    return default if value is None else (PROJECT / Path(value).expanduser()).absolute()


VAR = env_path("TREFOIL_VAR", PROJECT / "var")
