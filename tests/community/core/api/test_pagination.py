"""Cursors: what they hold, what they refuse, and that no page skips or repeats a row."""

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.core.api.pagination import Keyset
from members.models import Member
from tests.api import Program
from tests.factories import make_member

BY_TIME = Keyset(("at", "pk"), (datetime, int), falling=True)
BY_NAME = Keyset(("name", "pk"), (str, int))


class Row:
    def __init__(self, **values):
        self.__dict__ |= values


@given(
    st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9999, 1, 1), timezones=st.just(UTC)),
    st.integers(0, 2**63 - 1),
)
def test_a_cursor_comes_back_as_it_went(at, pk):
    assert BY_TIME.read(BY_TIME.cursor(Row(at=at, pk=pk))) == (at, pk)


@given(
    st.text(
        st.characters(min_codepoint=32, exclude_categories=["Cs"], exclude_characters="\x7f"), max_size=80
    )
)
def test_a_cursor_by_name_takes_every_name(name):
    assert BY_NAME.read(BY_NAME.cursor(Row(name=name, pk=7))) == (name, 7)


def packed(value) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "value",
    [
        [],
        [1],
        [1, 2, 3],
        {},
        None,
        5,
        ["a", 1],
        [1, "a"],
        [True, 1],
        [1, -1],
        [1, 2**63],
        [10**18 * 9, 1],
        [1.5, 1],
    ],
)
def test_what_is_no_cursor_by_time(value):
    assert BY_TIME.read(packed(value)) is None


@pytest.mark.parametrize("value", [["a\x00", 1], ["a" * 301, 1], [1, 1], ["\ud800", 1]])
def test_what_is_no_cursor_by_name(value):
    assert BY_NAME.read(packed(value)) is None


@given(st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", min_size=1, max_size=80))
def test_noise_is_no_cursor_and_no_error(noise):
    BY_TIME.read(noise)
    BY_NAME.read(noise)


@pytest.mark.django_db
def test_walking_a_list_meets_everybody_once(member):
    # Names that are equal but for their case, and equal altogether, fall on the borders of pages.
    for name in ("anna", "Anna", "ANNA", "Bo", "bo", "Çelik", "Zoë", "zoe", "Anna", "Bo"):
        make_member(name)
    program = Program(member)
    for size in (1, 2, 3, 100):
        seen, address = [], f"members/?limit={size}"
        while address:
            page = program.get(address).json()
            assert len(page["results"]) <= size
            seen += [row["id"] for row in page["results"]]
            address = page["next"]
        assert sorted(seen) == sorted(Member.objects.values_list("pk", flat=True))
        assert len(seen) == len(set(seen))
