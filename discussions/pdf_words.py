"""A program of its own that prints the words of the PDF on its input; it imports nothing of the site.

A PDF is read by a great deal of code, and a hostile one makes it run for ever or fill the memory. So that is done in
a process that has bounds from its first line on, no settings, no connections, and that may be killed at any moment.
Its arguments: most pages, most characters, most seconds of computing, most bytes of memory. What it prints until it
ends, however it ends, is the text; the code it ends with says why there is no more.
"""

import logging
import resource
import sys
from io import BytesIO
from itertools import islice
from typing import Final

from pypdf import PdfReader
from pypdf.errors import FileNotDecryptedError, LimitReachedError

# `office_text` knows them as numbers: it starts this, and loads nothing of it.
ENCRYPTED: Final = 3
TOO_LARGE: Final = 4


def main(most_pages: int, most_characters: int, most_seconds: int, most_bytes: int) -> int:
    """0, or why there is no more of it. Any other fault ends the program: the file is damaged."""
    _bound(resource.RLIMIT_CPU, most_seconds)
    _bound(resource.RLIMIT_AS, most_bytes)
    # It writes to its output alone, and leaves no picture of its memory behind.
    _bound(resource.RLIMIT_FSIZE, 0)
    _bound(resource.RLIMIT_CORE, 0)
    try:
        return _print_words(most_pages, most_characters)
    except MemoryError:
        return TOO_LARGE


def _bound(kind: int, most: int) -> None:
    try:
        resource.setrlimit(kind, (most, most))
    except ValueError:
        # Some systems do not know all bounds. The clock of whoever started this holds everywhere.
        return


def _print_words(most_pages: int, most_characters: int) -> int:
    logging.disable(logging.CRITICAL)
    left = most_characters
    try:
        for page in islice(PdfReader(BytesIO(sys.stdin.buffer.read())).pages, most_pages):
            words = " ".join(page.extract_text().replace("\x00", "").split())[:left]
            # At once: what has been read of a file stays, whatever its next page does.
            sys.stdout.buffer.write(f"{words}\n".encode("utf-8", "replace"))
            sys.stdout.buffer.flush()
            left -= len(words)
            if left <= 0:
                break
    except FileNotDecryptedError:
        return ENCRYPTED
    except LimitReachedError:
        return TOO_LARGE
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
