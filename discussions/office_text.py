"""The words inside a file: plain text, PDF, and what office programs write. No table is read here.

A file is somebody else's: nothing is unpacked to disk, and bytes, entries, time and the text itself are bounded. A
PDF is read by a process of its own, which is bounded in memory too.
"""

import signal
import subprocess
import sys
import time
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import Final
from xml.parsers import expat

#: Enough to find a document by; PostgreSQL takes a tsvector of 1 MB at most.
TEXT_LENGTH: Final = 200_000
#: Of all parts together, unpacked: a presentation of a hundred slides has five megabytes of them.
MOST_BYTES: Final = 30_000_000
MOST_ENTRIES: Final = 5_000
MOST_SECONDS: Final = 10.0
_CHUNK: Final = 65_536

MOST_PAGES: Final = 500
#: Of computing, and on the clock: a machine that is busy lets a process wait.
MOST_PDF_SECONDS: Final = 20
MOST_PDF_WAIT: Final = 60.0
#: Of memory that the process may ask for; reading a usual file takes 80 MB, most of them for the programs themselves.
MOST_PDF_BYTES: Final = 512_000_000

# Which parts hold words, by the ending of the file. Order of reading is that of their names.
_PARTS: Final = {
    "docx": ("word/document.xml", "word/footnotes.xml", "word/header", "word/footer"),
    "pptx": ("ppt/slides/slide", "ppt/notesSlides/notesSlide"),
    "xlsx": ("xl/sharedStrings.xml", "xl/worksheets/sheet"),
    "odt": ("content.xml",),
    "ods": ("content.xml",),
    "odp": ("content.xml",),
}
# In these elements stand words; in Open Document all text of the body is words.
_TEXT: Final = frozenset({"t"})
_ENDS: Final = frozenset({"p", "br", "tr", "si", "h", "row"})
_GAPS: Final = frozenset({"tab", "tc", "c", "s", "table-cell"})
_PDF_PROGRAM: Final = str(Path(__file__).with_name("pdf_words.py"))
# Why that program has ended, in its own numbers; a signal is a negative one.
_PDF_ENDS: Final = {
    0: "",
    3: "encrypted",
    4: "too large inside",
    -signal.SIGXCPU: "took too long",
    -signal.SIGKILL: "took too long",
}


class UnreadableError(Exception):
    """The file is damaged, hostile, too large inside, or took too long."""


def text_of(content: bytes, ending: str) -> str:
    """The words of a file, at most `TEXT_LENGTH` characters; none of kinds not read. Raises `UnreadableError`."""
    if ending in {"txt", "md", "csv"}:
        return content[: TEXT_LENGTH * 4].decode("utf-8", "replace")[:TEXT_LENGTH]
    if ending == "pdf":
        return _text_of_pdf(content)
    if ending not in _PARTS:
        return ""
    reader = _Reader(everything=ending.startswith("od"))
    try:
        with zipfile.ZipFile(BytesIO(content)) as package:
            entries = package.infolist()
            if len(entries) > MOST_ENTRIES:
                raise UnreadableError("too many entries")
            for entry in sorted(entries, key=_place):
                if entry.filename.endswith(".xml") and entry.filename.startswith(_PARTS[ending]):
                    reader.read(package, entry)
                if reader.length >= TEXT_LENGTH:
                    break
    except (
        zipfile.BadZipFile,
        zlib.error,
        expat.ExpatError,
        EOFError,
        NotImplementedError,
        OSError,
        RuntimeError,
        ValueError,
    ) as error:
        # What a damaged or encrypted package raises, by its part: all of it means that nothing can be read.
        raise UnreadableError(type(error).__name__) from error
    return " ".join("".join(reader.pieces).split(" "))[:TEXT_LENGTH].strip()


def _text_of_pdf(content: bytes) -> str:
    """Pages up to a bound or to the first that cannot be read. Raises `UnreadableError` where there is none."""
    bounds = (MOST_PAGES, TEXT_LENGTH, MOST_PDF_SECONDS, MOST_PDF_BYTES)
    # Isolated and without our environment: it finds its library beside the interpreter, and none of our secrets.
    command = [sys.executable, "-I", "-B", _PDF_PROGRAM, *map(str, bounds)]
    try:
        done = subprocess.run(
            command,
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={},
            timeout=MOST_PDF_WAIT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        printed, reason = error.stdout or b"", "took too long"
    else:
        printed, reason = done.stdout, _PDF_ENDS.get(done.returncode, "damaged")
    text = printed.decode("utf-8", "replace")[:TEXT_LENGTH].strip()
    if reason and not text:
        raise UnreadableError(reason)
    return text


def _place(entry: zipfile.ZipInfo) -> tuple[int, str]:
    """Slide 2 before slide 10."""
    return len(entry.filename), entry.filename


class _Reader:
    """Reads parts piece by piece; its bounds hold for all of them together."""

    def __init__(self, *, everything: bool) -> None:
        self.everything = everything
        self.pieces: list[str] = []
        self.length = 0
        self._left = MOST_BYTES
        self._until = time.monotonic() + MOST_SECONDS
        self._inside = 0

    def read(self, package: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
        self._inside = 0
        parser = expat.ParserCreate(namespace_separator=" ")
        # Without a document type there are no entities: neither bombs nor files of ours.
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._words
        with package.open(entry) as part:
            while chunk := part.read(_CHUNK):
                self._left -= len(chunk)
                if self._left < 0:
                    raise UnreadableError("too large inside")
                if time.monotonic() > self._until:
                    raise UnreadableError("took too long")
                parser.Parse(chunk, False)
                if self.length >= TEXT_LENGTH:
                    return
        parser.Parse(b"", True)

    def _refuse(self, *_declared: object) -> None:
        raise UnreadableError("has a document type")

    def _start(self, name: str, _attributes: object) -> None:
        local = name.rpartition(" ")[2]
        if local in _TEXT:
            self._inside += 1
        elif local in _GAPS:
            self._add(" ")

    def _end(self, name: str) -> None:
        local = name.rpartition(" ")[2]
        if local in _TEXT:
            self._inside -= 1
        elif local in _ENDS:
            self._add("\n")

    def _words(self, words: str) -> None:
        if self.everything or self._inside:
            self._add(words)

    def _add(self, words: str) -> None:
        if self.length < TEXT_LENGTH:
            # NUL cannot be stored; XML has none, what calls itself XML may.
            self.pieces.append(words.replace("\x00", ""))
            self.length += len(words)
