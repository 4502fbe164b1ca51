"""Two texts beside each other: what is the same, what came, what went; cheap whatever is compared."""

import time

from hypothesis import given
from hypothesis import strategies as st

from community.core.diff import DiffPart, diff_lines, diff_words


def parts(rows) -> list[tuple[str, str]]:
    return [(part.kind, part.text) for row in rows for part in row]


def test_lines_come_and_go():
    assert diff_lines(["one", "two"], ["one", "three"]) == [
        DiffPart("same", "one"),
        DiffPart("removed", "two"),
        DiffPart("added", "three"),
    ]


def test_within_a_paragraph_words_are_compared():
    rows = diff_words("Be kind.\n\nShare what you know.", "Be very kind.\n\nShare what you know.")
    assert parts(rows) == [
        ("same", "Be"),
        ("added", " very"),
        ("same", " kind."),
        ("same", "Share what you know."),
    ]


def test_paragraphs_come_and_go():
    assert parts(diff_words("One.", "One.\n\nTwo.")) == [("same", "One."), ("added", "Two.")]
    assert parts(diff_words("One.\n\nTwo.", "One.")) == [("same", "One."), ("removed", "Two.")]
    assert parts(diff_words("", "One.")) == [("added", "One.")]
    assert diff_words("", "") == []


@given(st.text(alphabet="ab \n#-", max_size=60), st.text(alphabet="ab \n#-", max_size=60))
def test_both_texts_can_be_told_from_the_parts(before, after):
    rows = diff_words(before, after)
    for text, without in ((before, "added"), (after, "removed")):
        told = " ".join(part.text for row in rows for part in row if part.kind != without)
        assert told.split() == text.split()


def test_a_long_paragraph_costs_no_more_than_it_should():
    began = time.monotonic()
    diff_words("ab ba " * 8_000, "ba ab " * 8_000)
    diff_words("\n\n".join(["ab ba"] * 800), "\n\n".join(["ba ab"] * 800))
    assert time.monotonic() - began < 10
