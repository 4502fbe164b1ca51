"""The cache forgives a Redis that is gone, silent or slow, and wastes no time on it."""

import threading
import time

import pytest
from django.conf import settings

from community.core import cache as module
from community.core.cache import REST_SECONDS, ForgivingRedisCache
from community.embedded import redis_url
from tests.proxy import proxy_to


@pytest.fixture
def proxy():
    with proxy_to(redis_url()) as proxy:
        yield proxy


@pytest.fixture
def cache(proxy):
    ForgivingRedisCache._rest_until.clear()
    configured = settings.CACHES["default"]
    yield ForgivingRedisCache(
        proxy.url(1),
        {"OPTIONS": dict(configured["OPTIONS"]), "KEY_FUNCTION": configured["KEY_FUNCTION"], "TIMEOUT": 60},
    )
    ForgivingRedisCache._rest_until.clear()


@pytest.fixture
def patient(monkeypatch, cache):
    """What the cache does while Redis is well, also on a machine that is busy with other tests."""
    monkeypatch.setattr(module, "SLOW_SECONDS", 60.0)
    cache._options.update(socket_timeout=60.0, socket_connect_timeout=60.0)
    return cache


def use(cache):
    """Everything a page could ask of it, with the answers of an empty cache."""
    return {
        "get": cache.get("a", "otherwise"),
        "get_many": cache.get_many(["a", "b"]),
        "set": cache.set("a", 1),
        "set_many": cache.set_many({"a": 1}),
        "add": cache.add("b", 1),
        "get_or_set": cache.get_or_set("c", lambda: "made"),
        "touch": cache.touch("a"),
        "delete": cache.delete("a"),
        "delete_many": cache.delete_many(["a", "b"]),
        "has_key": cache.has_key("a"),
        "incr": cache.incr("n", 3),
        "decr": cache.decr("n", 1),
        "in": "a" in cache,
    }


WITHOUT = {
    "get": "otherwise",
    "get_many": {},
    "set": None,
    "set_many": [],
    "add": True,
    "get_or_set": "made",
    "touch": False,
    "delete": False,
    "delete_many": None,
    "has_key": False,
    "incr": 3,
    "decr": -1,
    "in": False,
}


def test_with_redis_it_is_a_cache(patient):
    cache = patient
    cache.set("a", {"any": ["thing"]})
    assert cache.get("a") == {"any": ["thing"]}
    assert cache.add("a", 2) is False
    assert cache.get_many(["a", "b"]) == {"a": {"any": ["thing"]}}
    cache.set("n", 1)
    assert (cache.incr("n"), cache.decr("n")) == (2, 1)
    cache.delete("a")
    assert cache.get("a") is None


def test_a_count_that_is_not_there_is_still_an_error_of_the_caller(patient):
    with pytest.raises(ValueError, match="not found"):
        patient.incr("unset")


def make_shut(proxy):
    proxy.shut()


def make_silent(proxy):
    proxy.silent = True


def make_slow(proxy):
    proxy.delay = 0.5


@pytest.mark.parametrize("spoil", [make_shut, make_silent, make_slow])
@pytest.mark.parametrize("was_used_before", [True, False])
def test_without_redis_everything_is_a_miss_and_costs_one_timeout(cache, proxy, spoil, was_used_before):
    if was_used_before:
        cache.set("a", 1)
    spoil(proxy)
    began = time.monotonic()
    answers = use(cache)
    first = time.monotonic() - began
    began = time.monotonic()
    assert use(cache) == answers == WITHOUT
    assert first < 0.8
    assert time.monotonic() - began < 0.02


def test_answers_that_are_slow_but_come_in_time_make_it_rest_too(cache, proxy):
    cache.set("a", 1)
    proxy.delay = 0.15
    assert cache.get("a") == 1
    assert cache.get("a") is None


def test_the_rest_holds_for_all_threads(cache, proxy):
    proxy.shut()
    cache.get("a")
    other = ForgivingRedisCache(proxy.url(1), {"OPTIONS": settings.CACHES["default"]["OPTIONS"]})
    took = []

    def ask() -> None:
        began = time.monotonic()
        other.get("a")
        took.append(time.monotonic() - began)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert took[0] < 0.02


def test_after_the_rest_it_comes_back_by_itself(cache, proxy, time_machine_rest):
    cache.set("a", 1)
    proxy.silent = True
    assert cache.get("a") is None
    proxy.silent = False
    assert cache.get("a") is None
    time_machine_rest(REST_SECONDS)
    assert cache.get("a") == 1


@pytest.fixture
def time_machine_rest():
    """The rest is over: time runs by the monotonic clock, which no library moves."""

    def pass_by(seconds: float) -> None:
        for server in ForgivingRedisCache._rest_until:
            ForgivingRedisCache._rest_until[server] -= seconds

    return pass_by
