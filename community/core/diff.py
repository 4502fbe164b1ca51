"""What differs between two texts, line by line and word by word, as plain parts that templates print and escape."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# Comparing words costs up to the product of their numbers; longer paragraphs are compared whole (trust §1.1 no. 23).
_MOST_WORDS: Final = 1_500
_WORD: Final = re.compile(r"\s*\S+")


@dataclass(frozen=True, slots=True)
class DiffPart:
    """A piece of text that is in both (`same`), only in the later (`added`), or only in the earlier (`removed`)."""

    kind: str
    text: str

    def __getitem__(self, name: str) -> object:
        return getattr(self, name)


def diff_lines(before: list[str], after: list[str]) -> list[DiffPart]:
    """Lines are compared whole: cheap for any input, where comparing letters is not."""
    parts = []
    for tag, i1, i2, j1, j2 in _opcodes(before, after):
        if tag == "equal":
            parts += [DiffPart("same", line) for line in before[i1:i2]]
        else:
            parts += [DiffPart("removed", line) for line in before[i1:i2]]
            parts += [DiffPart("added", line) for line in after[j1:j2]]
    return parts


def diff_words(before: str, after: str) -> list[list[DiffPart]]:
    """Paragraph by paragraph; in one that was changed, the words that came and went."""
    old, new = _paragraphs(before), _paragraphs(after)
    rows: list[list[DiffPart]] = []
    for tag, i1, i2, j1, j2 in _opcodes(old, new):
        if tag == "equal":
            rows += [[DiffPart("same", text)] for text in old[i1:i2]]
            continue
        gone, come = old[i1:i2], new[j1:j2]
        pairs = min(len(gone), len(come))
        rows += [_words(one, other) for one, other in zip(gone[:pairs], come[:pairs], strict=True)]
        rows += [[DiffPart("removed", text)] for text in gone[pairs:]]
        rows += [[DiffPart("added", text)] for text in come[pairs:]]
    return rows


def _words(before: str, after: str) -> list[DiffPart]:
    old, new = _WORD.findall(before), _WORD.findall(after)
    if max(len(old), len(new)) > _MOST_WORDS:
        return [DiffPart("removed", before), DiffPart("added", after)]
    parts = []
    for tag, i1, i2, j1, j2 in _opcodes(old, new):
        if tag == "equal":
            parts.append(DiffPart("same", "".join(new[j1:j2])))
            continue
        if i2 > i1:
            parts.append(DiffPart("removed", "".join(old[i1:i2])))
        if j2 > j1:
            parts.append(DiffPart("added", "".join(new[j1:j2])))
    return parts


def _paragraphs(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"\n\s*\n|\n(?=[#*-])", text) if part.strip()]


def _opcodes(before: list[str], after: list[str]) -> Sequence[tuple[str, int, int, int, int]]:
    return difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
