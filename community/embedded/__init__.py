"""PostgreSQL and Redis for a machine that has none: where they are, started when nobody named others.

With DATABASE_URL and REDIS_URL set nothing here starts anything. How a server is kept is in `supervisor`, how
a process says that it still needs one in `lease`.
"""

import sys
from pathlib import Path

from community.addresses import check_database_url, check_redis_url
from community.embedded.lease import take_lease
from community.embedded.places import Places
from community.env import VAR, env_str

# Programs that read the settings and never query: they must neither start servers nor fail where none can
# run.
_PROGRAMS_WITHOUT_DATA = frozenset({"mypy", "dmypy", "stubtest"})
_COMMANDS_WITHOUT_DATA = frozenset(
    {
        "check",
        "collectstatic",
        "compilemessages",
        "diffsettings",
        "findstatic",
        "help",
        "makemessages",
        "spectacular",
    }
)


def database_url() -> str:
    """Return DATABASE_URL, or the address of the embedded PostgreSQL after making sure that it answers."""
    given = env_str("DATABASE_URL", "")
    if given:
        return check_database_url("DATABASE_URL", given)
    if not needs_servers(sys.argv):
        return Places(VAR, "postgres").database_url(Path("/nonexistent"))
    return take_lease("postgres", VAR)


def redis_url() -> str:
    """Return REDIS_URL, or the address of the embedded Redis after making sure that it answers."""
    given = env_str("REDIS_URL", "")
    if given:
        return check_redis_url("REDIS_URL", given)
    if not needs_servers(sys.argv):
        return Places(VAR, "redis").redis_url(Path("/nonexistent"))
    return take_lease("redis", VAR)


def is_embedded() -> bool:
    """Whether at least one of the two servers is ours to start."""
    return not (env_str("DATABASE_URL", "") and env_str("REDIS_URL", ""))


def needs_servers(argv: list[str]) -> bool:
    """Whether the program of this command line may query: all but a few that are known not to."""
    program = Path(argv[0]).name if argv else ""
    if program == "__main__.py":
        program = Path(argv[0]).parent.name
    if program in _PROGRAMS_WITHOUT_DATA:
        return False
    if program in {"manage.py", "django-admin"}:
        # `manage.py` alone lists the commands; with --database a check queries.
        command = next((word for word in argv[1:] if not word.startswith("-")), "help")
        return command not in _COMMANDS_WITHOUT_DATA or "--database" in argv
    return True
