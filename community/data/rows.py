"""Rows of one XML file, streamed, whatever its damage. What the rows mean is the format's business."""

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final
from xml.parsers import expat

from community.data.report import Damage

# A line is a row in the dumps there are; one that is longer is read in pieces, so that memory stays flat.
_PIECE: Final = 1 << 20
# A file in which this many rows are broken is not read to its end.
_MOST_DAMAGES: Final = 1_000

# References to characters that XML does not know stand in old dumps. Rather lose the character than the row.
_BAD_REFERENCE: Final = re.compile(
    rb"&#(?:x0*(?:[0-8bcefBCEF]|1[0-9a-fA-F]|[dD][89a-fA-F][0-9a-fA-F]{2}|[fF]{3}[eEfF])"
    rb"|0*(?:[0-8]|1[124-9]|2[0-9]|3[01]));"
)


class RowReader:
    """Iterates over the attributes of every `<row …/>` inside the expected root.

    A place that is not well-formed is noted in `damages`, and reading goes on with the next line that begins a
    row. A file that was cut off keeps what stands before the cut.
    """

    def __init__(self, path: Path, *, root: str) -> None:
        self.path = path
        self.rows = 0
        self.bytes_read = 0
        self._problems: list[tuple[int, str]] = []
        self._found: list[dict[str, str]] = []
        self._depth = 0
        self._expected = root
        self._root = ""
        self._encoding: str | None = None

    @property
    def damages(self) -> list[Damage]:
        """Complete once the iteration has ended."""
        return [Damage(self.path.name, line, problem, self.rows) for line, problem in self._problems]

    @property
    def is_table(self) -> bool:
        """Whether the root was the expected one, after the iteration."""
        return bool(self._root)

    def __iter__(self) -> Iterator[dict[str, str]]:
        with self.path.open("rb") as packed:
            file = gzip.GzipFile(fileobj=packed) if self.path.suffix.lower() == ".gz" else packed
            for rows in self._read(file):
                self.bytes_read = packed.tell()
                self.rows += len(rows)
                yield from rows

    def _read(self, file: BinaryIO | gzip.GzipFile) -> Iterator[list[dict[str, str]]]:
        parser = self._parser()
        # Lines before the first one of this parser, and whether we look for a place to go on after a damage.
        before, line, at_line_start, is_lost = 0, 1, True, False
        while True:
            try:
                piece = file.readline(_PIECE)
            except (EOFError, OSError, zlib.error) as error:
                self._problems.append((line, f"the file is cut off or damaged ({error})"))
                return
            if is_lost and at_line_start and piece.lstrip().startswith(b"<row"):
                parser, before, is_lost = self._parser(), line - 1, False
                parser.Parse(f"<{self._root}>".encode(self._encoding or "utf-8"), False)
            if not is_lost:
                try:
                    parser.Parse(_BAD_REFERENCE.sub(b"", piece), not piece)
                except (AlienError, LookupError, ValueError) as error:
                    # The last two: an encoding that nobody knows or that cannot be read in pieces.
                    self._problems.append((line, str(error)))
                    return
                except expat.ExpatError as error:
                    place = line if not piece else before + error.lineno
                    self._problems.append((place, expat.ErrorString(error.code) or "not well-formed"))
                    is_lost = True
                if self._found:
                    found, self._found = self._found, []
                    yield found
            if not piece or (is_lost and (not self._root or len(self._problems) >= _MOST_DAMAGES)):
                return
            at_line_start = piece.endswith(b"\n")
            line += at_line_start

    def _parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate(self._encoding)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.XmlDeclHandler = self._declare
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._depth = 0
        return parser

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1 and not self._root:
            if name.lower() != self._expected:
                raise AlienError(f"the file begins with <{name[:40]}>, not with <{self._expected}>")
            self._root = name
        elif name == "row":
            self._found.append(attributes)

    def _end(self, name: str) -> None:
        self._depth -= 1

    def _declare(self, version: str, encoding: str | None, standalone: int) -> None:
        self._encoding = encoding

    def _refuse_doctype(self, *declaration: object) -> None:
        # Its entities are how a small file becomes a large one.
        raise AlienError("a document type declaration, which no dump has")


class AlienError(Exception):
    """Well-formed as it may be, this is not a table of a dump."""
