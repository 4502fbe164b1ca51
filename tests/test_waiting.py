"""A database that makes somebody wait too long: a sentence and a time to come back, not a failure."""

import threading

import psycopg2
import pytest
from django.db import OperationalError, connection, transaction
from django.test import TransactionTestCase
from django.urls import reverse

from members.models import Member
from tests.api import Program
from tests.conftest import empty_tables, tables_to_empty
from tests.factories import make_member, make_topic
from tests.homes import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def held_topic(member):
    """A topic whose row somebody else holds, met by a connection with little patience."""
    topic = make_topic(by=member)
    other = psycopg2.connect(**connection.get_connection_params() | {"cursor_factory": None})
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '150ms'")
    with other.cursor() as cursor:
        cursor.execute("SELECT 1 FROM discussions_topic WHERE id = %s FOR UPDATE", [topic.pk])
    yield topic
    other.close()
    connection.close()


def test_a_page_says_when_to_come_back(web, held_topic):
    web.raise_request_exception = False
    response = web.post(reverse("post_create", args=[held_topic.pk]), {"body": "Waiting"})
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert held_topic.posts.count() == 1


def test_a_program_is_told_in_json(member, held_topic):
    program = Program(member)
    response = program.post(f"/api/v1/topics/{held_topic.pk}/posts/", {"body": "Waiting"})
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert response.json()["detail"]


def test_tables_are_emptied_although_a_late_request_reads_them_in_another_order():
    """The thread has the last table and wants the first, emptying has the first and wants the last: one gives way."""
    first, *_others, last = tables_to_empty()
    make_member()
    has_last, ended = threading.Event(), []

    def late_request() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SELECT FROM {last} LIMIT 1")
                has_last.set()
                until_somebody_waits()
                cursor.execute(f"SELECT FROM {first} LIMIT 1")
                ended.append("read")
        except OperationalError:
            ended.append("given way")
        finally:
            connection.close()

    thread = threading.Thread(target=late_request)
    thread.start()
    has_last.wait()
    empty_tables(TransactionTestCase())
    thread.join()
    assert ended
    assert not Member.objects.exists()


def until_somebody_waits() -> None:
    other = psycopg2.connect(**connection.get_connection_params() | {"cursor_factory": None})
    other.autocommit = True
    with other.cursor() as cursor:

        def somebody_waits() -> bool:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = 'relation')")
            return cursor.fetchone()[0]

        wait_for(somebody_waits)
    other.close()
