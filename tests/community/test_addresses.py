"""What two addresses become for Django, redis-py and Celery."""

import pytest

from community.addresses import (
    celery_broker_url,
    check_database_url,
    check_redis_url,
    database_settings,
    redis_location,
)
from community.env import ConfigurationError


def test_a_database_over_the_network() -> None:
    settings = database_settings("postgresql://us%40er:p%2Fw@db.example:5433/name?sslmode=require")
    assert settings["ENGINE"] == "django.db.backends.postgresql"
    assert (settings["HOST"], settings["PORT"], settings["NAME"]) == ("db.example", "5433", "name")
    assert (settings["USER"], settings["PASSWORD"]) == ("us@er", "p/w")
    assert settings["OPTIONS"]["sslmode"] == "require"
    assert settings["CONN_HEALTH_CHECKS"] is True


def test_a_database_behind_a_socket() -> None:
    settings = database_settings("postgresql://trefoil@/trefoil?host=/a%20b/c")
    assert (settings["HOST"], settings["PORT"], settings["NAME"]) == ("/a b/c", "", "trefoil")


def test_no_statement_waits_for_ever() -> None:
    settings = database_settings("postgresql://h/n", statement_timeout_ms=1, lock_timeout_ms=2)
    assert settings["OPTIONS"]["options"] == (
        "-c statement_timeout=1 -c lock_timeout=2 -c idle_in_transaction_session_timeout=30000"
        " -c max_parallel_workers_per_gather=0"
    )
    assert settings["OPTIONS"]["connect_timeout"] == 5


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "DATABASE_URL must start with postgresql://"),
        ("sqlite:///a", "DATABASE_URL must start with postgresql://"),
        ("postgresql://h", "DATABASE_URL names no database"),
        ("postgresql://h:99999/n", "DATABASE_URL is not a URL"),
        ("postgresql://[h/n", "DATABASE_URL is not a URL"),
        ("postgresql://h/n?pool=1", "DATABASE_URL has an option that is not known: pool."),
    ],
)
def test_a_wrong_database(url: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        database_settings(url)
    assert str(caught.value).startswith(sentence)


def test_the_password_is_not_repeated() -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_database_url("DATABASE_URL", "postgres//user:hunter2@host/name")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "location", "broker"),
    [
        ("redis://h:6379/0", "redis://h:6379/1", "redis://h:6379/1"),
        ("redis://h", "redis://h/1", "redis://h/1"),
        ("rediss://:pw@h:1/4", "rediss://:pw@h:1/5", "rediss://:pw@h:1/5"),
        ("unix:///run/r.sock", "unix:///run/r.sock?db=1", "redis+socket:///run/r.sock?virtual_host=1"),
        (
            "unix:///a%20b/r.sock?db=2",
            "unix:///a%20b/r.sock?db=3",
            "redis+socket:///a%20b/r.sock?virtual_host=3",
        ),
    ],
)
def test_each_use_of_redis_has_a_database_of_its_own(url: str, location: str, broker: str) -> None:
    check_redis_url("REDIS_URL", url)
    assert redis_location(url, database=1) == location
    assert celery_broker_url(url, database=1) == broker


@pytest.mark.parametrize(
    "url", ["redis:///0", "unix://", "redis://h/zero", "memcached://h", "redis://h/1001"]
)
def test_a_wrong_redis(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^REDIS_URL "):
        check_redis_url("REDIS_URL", url)
