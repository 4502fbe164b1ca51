"""Cursors survive the way through an address, and a forged one is no error."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.core.http import MAX_ID
from community.core.keyset import read_time_key, split_page, time_key, with_query

MOMENTS = st.datetimes(
    min_value=datetime(1970, 1, 1), max_value=datetime(2099, 12, 31), timezones=st.just(UTC)
)


@given(MOMENTS, st.integers(0, MAX_ID))
def test_a_key_reads_back_as_what_it_was(at, row_id):
    assert read_time_key(time_key(at, row_id)) == (at, row_id)


@given(st.text())
def test_anything_else_is_no_key_and_no_error(value):
    key = read_time_key(value)
    assert key is None or read_time_key(time_key(*key)) == key


@pytest.mark.parametrize(
    "value",
    [None, "", "-", "1", "1-", "-1", "1-2-3", "99999999999999999999-1", "1-99999999999999999999", "1 -2"],
)
def test_forged_keys_are_none(value):
    assert read_time_key(value) is None


def test_a_page_knows_whether_there_is_more_without_counting():
    assert split_page([1, 2, 3], 2) == ([1, 2], True)
    assert split_page([1, 2], 2) == ([1, 2], False)
    assert split_page([], 2) == ([], False)


def test_an_address_has_only_what_holds_something():
    assert with_query("/a/", q="", page="2") == "/a/?page=2"
    assert with_query("/a/", q="") == "/a/"
    assert with_query("/a/", q="a&b=c") == "/a/?q=a%26b%3Dc"
