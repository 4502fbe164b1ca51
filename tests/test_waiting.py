"""A database that makes somebody wait too long: a sentence and a time to come back, not a failure."""

import psycopg2
import pytest
from django.db import connection
from django.urls import reverse

from tests.api import Program
from tests.factories import make_topic

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
