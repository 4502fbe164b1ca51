"""Working days, by which the gate promises its decisions: Monday to Friday, each of 24 hours, in UTC. No database."""

from datetime import UTC, datetime, timedelta
from typing import Final

_SATURDAY: Final = 5
_DAY: Final = timedelta(days=1)


def add_working_time(start: datetime, span: timedelta) -> datetime:
    """The moment when so much working time has passed since `start`. A start at a weekend counts from Monday on."""
    at = _at_work(start.astimezone(UTC))
    while span > timedelta():
        step = min(span, _midnight_after(at) - at)
        at, span = at + step, span - step
        if span > timedelta():
            at = _at_work(at)
    return at


def working_time_between(start: datetime, end: datetime) -> timedelta:
    """How much working time lies between two moments; nothing where the end comes first."""
    at, end, passed = _at_work(start.astimezone(UTC)), end.astimezone(UTC), timedelta()
    while at < end:
        stop = min(end, _midnight_after(at))
        passed += stop - at
        at = _at_work(stop)
    return passed


def due_after(start: datetime, working_days: int) -> datetime:
    """Rule 1.5: when a decision is owed that was asked for at `start`."""
    return add_working_time(start, working_days * _DAY)


def due_again(due: datetime, *, stopped: datetime, resumed: datetime) -> datetime:
    """The due moment after the clock stood still: what working time was left then is left now.

    What was overdue already stays overdue by as much.
    """
    if due <= stopped:
        return due + max(resumed - stopped, timedelta())
    return add_working_time(resumed, working_time_between(stopped, due))


def _at_work(moment: datetime) -> datetime:
    """The moment itself on a working day, otherwise the beginning of Monday."""
    while moment.weekday() >= _SATURDAY:
        moment = _midnight_after(moment)
    return moment


def _midnight_after(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
