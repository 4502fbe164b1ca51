"""Reading a file of invitations: bytes to rows, and for each line that cannot be taken the reason. No database."""

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from community.core.errors import Invalid
from community.core.spreadsheets import FORMULA_SIGNS
from community.core.text import clean_line

MOST_ROWS: Final = 10_000
MOST_BYTES: Final = 4_000_000
COLUMNS: Final = ("email", "name", "company", "message")
_LONGEST: Final = {"email": 254, "name": 80, "company": 120, "message": 1000}


@dataclass(frozen=True, slots=True)
class FileRow:
    """Somebody to invite, and the line of the file that says so."""

    line: int
    email: str
    name: str = ""
    company: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that is not taken, and why."""

    line: int
    what: str
    reason: str


@dataclass(slots=True)
class ReadFile:
    rows: list[FileRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_invitations(content: bytes) -> ReadFile:
    """Every line of a CSV file, taken or with its reason. Raises `Invalid` where the file as a whole cannot be read."""
    text = _decoded(content)
    lines = _lines(text)
    header = next(lines, None)
    if header is None:
        raise _refusal(_("The file is empty. Its first line names the columns, with an “email” among them."))
    places = _places(header[1])
    read, seen = ReadFile(), dict[str, int]()
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(read.rows) + len(read.problems) >= MOST_ROWS:
            raise _refusal(
                _("The file has more than {count} rows. Split it and send one part after the other.").format(
                    count=f"{MOST_ROWS:,}"
                )
            )
        said = {name: cells[place] if place < len(cells) else "" for name, place in places.items()}
        problem = _problem_with(said, seen)
        email = _address(said["email"])
        if problem:
            read.problems.append(Problem(line, clean_line(said["email"])[:80], problem))
            continue
        seen[email] = line
        rest = {name: clean_line(value) for name, value in said.items() if name != "email"}
        read.rows.append(FileRow(line=line, email=email, **rest))
    return read


def _decoded(content: bytes) -> str:
    """UTF-8, or UTF-16 that says so at its beginning. Anything else would be guessed, and names come out wrong."""
    if len(content) > MOST_BYTES:
        raise _refusal(
            _("The file has more than {size} MB. Split it and send one part after the other.").format(
                size=MOST_BYTES // 1_000_000
            )
        )
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _refusal(
            _(
                "Line {line} is not UTF-8: names with accents would come out wrong. In your spreadsheet program, "
                "save the file as “CSV UTF-8” and choose it again."
            ).format(line=line)
        ) from error
    if "\x00" in text:
        raise _refusal(
            _(
                "This is no text file, or UTF-16 that does not say so. Save it as “CSV UTF-8” and choose it again."
            )
        )
    return text


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells. The delimiter is the one that the first line holds most of."""
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    started = 1
    try:
        for cells in reader:
            yield started, cells
            started = reader.line_num + 1
    except csv.Error as error:
        raise _refusal(
            _(
                "Line {line} cannot be read as CSV: a quotation mark is open, or a cell is far too long."
            ).format(line=started)
        ) from error


def _places(header: list[str]) -> dict[str, int]:
    names = [clean_line(cell).casefold().replace("e-mail", "email") for cell in header]
    if "email" not in names:
        raise _refusal(
            _("The first line must name the columns, with an “email” among them. It reads: {header}").format(
                header=", ".join(clean_line(cell) for cell in header)[:200]
            )
        )
    unknown = [name for name in names if name and name not in COLUMNS]
    if unknown:
        raise _refusal(
            _("The column “{column}” is not known. Known are: {columns}.").format(
                column=unknown[0][:60], columns=", ".join(COLUMNS)
            )
        )
    return {name: names.index(name) for name in COLUMNS if name in names}


def _problem_with(said: dict[str, str], seen: dict[str, int]) -> str:
    for name, value in said.items():
        if name != "email" and value.lstrip().startswith(FORMULA_SIGNS):
            return _("“{column}” begins as a formula does ({sign}). Write it without the sign.").format(
                column=name, sign=value.lstrip()[:1].strip() or "↹"
            )
        if len(clean_line(value)) > _LONGEST[name]:
            return _("“{column}” has more than {limit} characters.").format(column=name, limit=_LONGEST[name])
    email = _address(said["email"])
    if not email:
        return _("There is no address in this line.")
    try:
        validate_email(email)
    except ValidationError:
        return _("That is not an e-mail address.")
    if email.startswith(FORMULA_SIGNS):
        return _("That is not an e-mail address: it begins as a formula does.")
    if email in seen:
        return _("The same address stands in line {line}.").format(line=seen[email])
    return ""


def _address(value: str) -> str:
    return unicodedata.normalize("NFC", clean_line(value)).lower()


def _refusal(sentence: str) -> Invalid:
    return Invalid(sentence, fields={"file": [sentence]})
