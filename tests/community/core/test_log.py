"""A log line is one line, bounded, and holds nothing that somebody wrote."""

import json
import logging
import sys

import pytest
from django.db import IntegrityError, connection, transaction

from community.core.log import MAX_ERROR, MAX_MESSAGE, LineFormatter
from community.core.middleware import request_id
from tests.factories import make_member


def line(message="A thing happened", *args, error=None, **extra):
    record = logging.LogRecord("community.core", logging.INFO, __file__, 1, message, args, error)
    record.__dict__.update(extra)
    text = LineFormatter().format(record)
    assert "\n" not in text
    assert "\r" not in text
    assert text.isascii()
    return json.loads(text)


def test_a_line_says_when_where_what_and_in_which_request():
    token = request_id.set("abc")
    try:
        written = line("%s rows", 3, member_id=7, status=404)
    finally:
        request_id.reset(token)
    assert written["message"] == "3 rows"
    assert (written["level"], written["logger"], written["request"]) == ("info", "community.core", "abc")
    assert (written["member_id"], written["status"]) == (7, 404)
    assert written["at"].endswith("+00:00")


def test_unknown_extras_are_dropped():
    assert "secret" not in str(line(email="secret@example.org", body="secret", token="secret"))


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\u2028b", "a\x85b", "\x1b[31mred", "\ud800", "{}", '"'])
def test_nothing_in_a_message_makes_a_second_line_or_moves_a_terminal(text):
    assert line("%s", text)["message"] == text


def test_a_message_and_an_error_are_bounded():
    assert len(line("x" * 1_000_000)["message"]) <= MAX_MESSAGE + 1
    try:
        raise ValueError("y" * 1_000_000)
    except ValueError:
        assert len(line(error=sys.exc_info())["error"]) <= MAX_ERROR + 1


@pytest.mark.django_db
def test_the_values_that_a_database_error_quotes_are_not_repeated():
    make_member(email="hidden.person@example.org")
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE members_member SET email = 'hidden.person@example.org' || '' WHERE true")
            cursor.execute(
                "INSERT INTO members_member (email, handle, display_name, time_zone, locale, joined_at, password)"
                " SELECT email, handle, display_name, time_zone, locale, joined_at, password FROM members_member"
            )
    except IntegrityError:
        written = line(error=sys.exc_info())
    assert "duplicate key" in written["error"]
    assert "hidden.person" not in written["error"]
