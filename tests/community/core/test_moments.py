"""Times as people say them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from community.core.moments import Clock, initials, moment

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 min ago"),
        (timedelta(minutes=59, seconds=59), "59 min ago"),
        (timedelta(hours=1), "1 h ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=29), "29 days ago"),
        (timedelta(days=30), "22 Oct 2026"),
        (timedelta(days=4000), "9 Dec 2015"),
        (timedelta(hours=-2), "just now"),
    ],
)
def test_a_moment_is_relative_while_that_says_more_than_the_date(before, words):
    assert moment(NOW - before, NOW).relative == words


def test_a_moment_is_exact_in_the_zone_of_the_reader():
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        shown = moment(datetime(2026, 11, 20, 23, 30, tzinfo=UTC), NOW)
    assert shown.exact == "21 Nov 2026, 08:30"
    assert shown.iso == "2026-11-21T08:30:00+09:00"


def test_a_clock_keeps_the_zone_it_was_made_in_and_tells_each_moment_as_moment_does():
    times = [NOW - timedelta(hours=7 * number) for number in range(200)]
    with timezone.override(ZoneInfo("America/St_Johns")):
        clock = Clock(NOW)
        expected = [moment(at, NOW) for at in times]
    assert [clock.moment(at) for at in times] == expected


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Mira Member", "MM"), ("Mira", "M"), ("mira van der member", "MM"), ("", "?"), ("  ", "?"), ("Ö", "Ö")],
)
def test_initials(name, letters):
    assert initials(name) == letters
