"""Queueing is a hint: it never fails a request and never holds one up for long."""

import time

import pytest
from celery import shared_task
from kombu import pools

from community.addresses import celery_broker_url
from community.celery import app
from community.core import broker
from community.core.broker import enqueue
from community.embedded import redis_url
from tests.proxy import proxy_to


@shared_task(name="tests.nothing")
def nothing(number: int) -> int:
    return number


@pytest.fixture
def proxy(monkeypatch):
    with proxy_to(redis_url()) as proxy:
        monkeypatch.setattr(app.conf, "broker_write_url", celery_broker_url(proxy.url(0)))
        monkeypatch.setattr(broker, "_rest_until", 0.0)
        broker._producers.cache_clear()
        yield proxy
    broker._producers.cache_clear()
    broker._rest_until = 0.0
    pools.reset()


def queued(queue: str) -> int:
    with app.connection_for_read() as connection:
        return connection.default_channel.client.llen(queue)


def test_a_job_is_queued_with_its_arguments(proxy):
    before = queued("test-queue")
    assert enqueue(nothing, [7], queue="test-queue")
    assert queued("test-queue") == before + 1


def shut(proxy):
    proxy.shut()


def silence(proxy):
    proxy.silent = True


def slow_down(proxy):
    proxy.delay = 0.5


@pytest.mark.parametrize("spoil", [shut, silence, slow_down])
@pytest.mark.parametrize("was_used_before", [True, False])
def test_without_redis_queueing_is_refused_within_a_moment_and_then_rests(
    proxy, spoil, was_used_before, caplog
):
    if was_used_before:
        assert enqueue(nothing, [1], queue="test-queue")
    spoil(proxy)
    began = time.monotonic()
    enqueue(nothing, [2], queue="test-queue")
    assert time.monotonic() - began < 1.5
    began = time.monotonic()
    assert not enqueue(nothing, [3], queue="test-queue")
    assert time.monotonic() - began < 0.01
    assert "broker" in caplog.text


def test_after_the_rest_it_queues_again(proxy, monkeypatch):
    proxy.silent = True
    assert not enqueue(nothing, [1], queue="test-queue")
    proxy.silent = False
    assert not enqueue(nothing, [2], queue="test-queue")
    monkeypatch.setattr(broker, "_rest_until", 0.0)
    assert enqueue(nothing, [3], queue="test-queue")


def test_a_redis_that_takes_nothing_more_is_no_error(proxy):
    with app.connection_for_read() as connection:
        client = connection.default_channel.client
        before = client.config_get("maxmemory")["maxmemory"]
        client.config_set("maxmemory", "1")
        try:
            assert not enqueue(nothing, [1], queue="test-queue")
        finally:
            client.config_set("maxmemory", before)
