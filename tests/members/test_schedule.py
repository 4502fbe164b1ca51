"""Working days: examples that people would check with a calendar, and what has to hold for every moment."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from members.schedule import add_working_time, due_after, due_again, working_time_between

# 2 March 2026 is a Monday.
MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
MOMENTS = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2035, 1, 1), timezones=st.just(UTC))
SPANS = st.timedeltas(min_value=timedelta(), max_value=timedelta(days=40))


def day(number: int, hour: int = 10) -> datetime:
    return datetime(2026, 3, number, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        (day(2), 2, day(4)),
        (day(5), 2, day(9)),  # Thursday to Monday
        (day(6), 1, day(9)),  # Friday to Monday
        (day(7), 2, day(11, 0)),  # a Saturday counts from Monday on
        (day(8, 23), 1, day(10, 0)),
        (day(2, 0), 1, day(3, 0)),
        (day(2), 10, day(16)),
    ],
)
def test_due_days(start, days, due):
    assert due_after(start, days) == due


def test_days_are_those_of_utc_whatever_the_zone():
    # Sunday evening in New York is Monday in UTC.
    new_york = timezone(timedelta(hours=-5))
    assert due_after(datetime(2026, 3, 8, 20, tzinfo=new_york), 1) == day(10, 1)


def test_a_clock_that_stood_still_goes_on_with_what_was_left():
    due = due_after(MONDAY, 2)
    # Asked on Tuesday, answered on Friday: one working day is left.
    assert due_again(due, stopped=day(3), resumed=day(6)) == day(9)
    # Answered on a Sunday: it goes on with Monday.
    assert due_again(due, stopped=day(3), resumed=day(8)) == day(10, 0)


def test_what_was_overdue_stays_overdue_by_as_much():
    assert due_again(day(4), stopped=day(5), resumed=day(9)) == day(8)


@given(MOMENTS, SPANS)
def test_exactly_so_much_working_time_lies_between(start, span):
    end = add_working_time(start, span)
    assert end >= start
    assert working_time_between(start, end) == span


@given(MOMENTS, st.integers(min_value=1, max_value=30))
def test_a_promise_falls_on_a_working_day(start, days):
    due = due_after(start, days)
    is_midnight_after_friday = due.weekday() == 5 and due.timetz() == datetime.min.time().replace(tzinfo=UTC)
    assert due.weekday() < 5 or is_midnight_after_friday
    assert due - start >= timedelta(days=days)
    assert due - start <= timedelta(days=days + 2 * (days // 5 + 2))


@given(MOMENTS, SPANS, SPANS)
def test_later_asked_is_never_earlier_due(start, span, later):
    assert add_working_time(start + later, span) >= add_working_time(start, span)


@given(MOMENTS, SPANS, SPANS)
def test_standing_still_takes_no_working_time_away(start, asked_after, waited):
    due = due_after(start, 2)
    stopped = start + asked_after
    resumed = stopped + waited
    again = due_again(due, stopped=stopped, resumed=resumed)
    assert again >= due
    if due > stopped:
        assert working_time_between(resumed, again) == working_time_between(stopped, due)
