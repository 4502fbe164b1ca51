"""Writing tables for spreadsheet programs: no cell of theirs becomes a formula (trust §1.1)."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from django.http import StreamingHttpResponse

# What a spreadsheet program takes for the beginning of a formula.
FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class _Echo:
    """Gives back what is written, so that a row leaves as soon as it is made."""

    def write(self, value: str) -> str:
        return value


def defused(value: object) -> str:
    """A cell as text: one that would be a formula gets an apostrophe in front, which spreadsheet programs hide."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" \u00a0").startswith(FORMULA_SIGNS) else text


def csv_lines(header: Sequence[object], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Header and rows as lines of CSV, every cell defused; with the mark by which programs know UTF-8."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + str(writer.writerow([defused(cell) for cell in header]))
    for row in rows:
        yield str(writer.writerow([defused(cell) for cell in row]))


def csv_response(
    filename: str, header: Sequence[object], rows: Iterable[Sequence[object]]
) -> StreamingHttpResponse:
    """A file to download, sent as it is made."""
    response = StreamingHttpResponse(csv_lines(header, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response
