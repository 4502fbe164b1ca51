"""Lists that are read by key instead of by offset: the address of the next page names the last row of this one."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlencode

from community.core.http import whole_number

Row = TypeVar("Row")


def split_page(rows: Sequence[Row], size: int) -> tuple[list[Row], bool]:
    """Of `size + 1` rows asked for: those to show, and whether there are more. No COUNT on a hot path."""
    return list(rows[:size]), len(rows) > size


def time_key(at: datetime, row_id: int) -> str:
    """A cursor for lists by time: microseconds and id, as in `before=1700000000000000-42`."""
    return f"{int(at.timestamp()) * 1_000_000 + at.microsecond}-{row_id}"


def read_time_key(value: str | None) -> tuple[datetime, int] | None:
    """The cursor's moment and id; None for no cursor and for anything that is none of ours."""
    microseconds, dash, row_id = (value or "").partition("-")
    stamp, key = whole_number(microseconds), whole_number(row_id)
    if not dash or stamp is None or key is None or stamp > 4_102_444_800_000_000:
        return None
    seconds, rest = divmod(stamp, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest), key


def read_number_key(value: str | None) -> tuple[int, int] | None:
    """A cursor for lists by a number, as in `before=12-42`: the number and the id; None for none of ours."""
    number, dash, row_id = (value or "").partition("-")
    first, key = whole_number(number, highest=2**31 - 1), whole_number(row_id)
    return None if not dash or first is None or key is None else (first, key)


def with_query(path: str, **parameters: str) -> str:
    """The path with those parameters that hold something."""
    query = urlencode({name: value for name, value in parameters.items() if value})
    return f"{path}?{query}" if query else path
