"""Turns DATABASE_URL and REDIS_URL into what Django and Celery want to be told; connects to nothing."""

from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from community.env import ConfigurationError, split_url

POSTGRES_SCHEMES = ("postgresql", "postgres")
REDIS_SCHEMES = ("redis", "rediss", "unix")

# Query options of DATABASE_URL that libpq understands and that are safe to hand through.
_LIBPQ_OPTIONS = frozenset(
    {"sslmode", "sslrootcert", "sslcert", "sslkey", "target_session_attrs", "application_name"}
)


def check_database_url(name: str, url: str) -> str:
    """Return the URL if it names a PostgreSQL database, else say what is wrong with it."""
    parts = split_url(name, url, schemes=POSTGRES_SCHEMES)
    if not unquote(parts.path).strip("/"):
        raise ConfigurationError(f"{name} names no database: postgresql://user:password@host:5432/database.")
    return url


def check_redis_url(name: str, url: str) -> str:
    """Return the URL if it names a Redis server, else say what is wrong with it."""
    parts = split_url(name, url, schemes=REDIS_SCHEMES)
    if parts.scheme == "unix":
        if not parts.path.strip("/"):
            raise ConfigurationError(f"{name} names no socket: unix:///run/redis/redis.sock?db=0.")
    elif not parts.hostname:
        raise ConfigurationError(f"{name} names no server: redis://host:6379/0.")
    _redis_database(name, url)
    return url


def database_settings(
    url: str,
    *,
    name: str = "DATABASE_URL",
    connect_timeout_seconds: int = 5,
    statement_timeout_ms: int = 15_000,
    lock_timeout_ms: int = 5_000,
    idle_in_transaction_timeout_ms: int = 30_000,
    conn_max_age_seconds: int = 600,
) -> dict[str, Any]:
    """Return one entry of DATABASES; `?host=/folder` in the URL is a unix socket, 0 ms means no limit."""
    check_database_url(name, url)
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    options: dict[str, Any] = {key: value for key, value in query.items() if key in _LIBPQ_OPTIONS}
    unknown = sorted(query.keys() - _LIBPQ_OPTIONS - {"host", "port"})
    if unknown:
        raise ConfigurationError(f"{name} has an option that is not known: {unknown[0]}.")
    options["connect_timeout"] = connect_timeout_seconds
    options["options"] = (
        f"-c statement_timeout={statement_timeout_ms}"
        f" -c lock_timeout={lock_timeout_ms}"
        f" -c idle_in_transaction_session_timeout={idle_in_transaction_timeout_ms}"
        # What a page asks takes a millisecond, and a second process to read with takes six to start. The planner hires
        # one where it takes twenty rows for thousands: the first posts of a long topic, say.
        " -c max_parallel_workers_per_gather=0"
    )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path).strip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host") or unquote(parts.hostname or ""),
        "PORT": query.get("port") or (str(parts.port) if parts.port else ""),
        "CONN_MAX_AGE": conn_max_age_seconds,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def redis_location(url: str, *, database: int = 0) -> str:
    """Return the URL of the `database`th database after the one it names: each use is emptied alone."""
    parts = urlsplit(url)
    number = _redis_database("REDIS_URL", url) + database
    if parts.scheme == "unix":
        query = {key: value for key, value in parse_qsl(parts.query) if key != "db"}
        # urlunsplit would drop the slashes before an empty host, which redis-py wants.
        return f"unix://{parts.netloc}{parts.path}?{urlencode({**query, 'db': str(number)})}"
    return parts._replace(path=f"/{number}").geturl()


def celery_broker_url(url: str, *, database: int = 0) -> str:
    """Return `redis_location` as Celery spells it, which knows unix sockets by another name than redis-py."""
    location = redis_location(url, database=database)
    parts = urlsplit(location)
    if parts.scheme != "unix":
        return location
    number = _redis_database("REDIS_URL", location)
    return f"redis+socket://{quote(unquote(parts.path))}?{urlencode({'virtual_host': number})}"


def _redis_database(name: str, url: str) -> int:
    parts = urlsplit(url)
    text = dict(parse_qsl(parts.query)).get("db", "") if parts.scheme == "unix" else parts.path.strip("/")
    if not text:
        return 0
    if not text.isdecimal() or int(text) > 1000:
        raise ConfigurationError(
            f"{name} must end in the number of a Redis database, as in redis://host:6379/0."
        )
    return int(text)
