import gzip
from pathlib import Path

import pytest

from community.data.rows import RowReader

HEAD = '<?xml version="1.0" encoding="utf-8"?>\n<posts>\n'


def read(path: Path) -> tuple[list[str], list[str]]:
    reader = RowReader(path, root="posts")
    return [row.get("Id", "") for row in reader], [str(damage) for damage in reader.damages]


@pytest.fixture
def file(tmp_path):
    def write(text: str | bytes, name: str = "Posts.xml") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def test_gives_the_attributes_of_every_row_with_or_without_a_byte_order_mark(file) -> None:
    text = HEAD + '  <row Id="1" Body="a&#xA;b &lt;p&gt;" />\n  <row Id="2" />\n</posts>\n'
    reader = RowReader(file("\ufeff" + text), root="posts")
    assert list(reader) == [{"Id": "1", "Body": "a\nb <p>"}, {"Id": "2"}]
    assert reader.damages == []
    assert read(file(text)) == (["1", "2"], [])


def test_reads_gzip_and_other_encodings(file) -> None:
    text = HEAD + '<row Id="1" />\n</posts>\n'
    assert read(file(gzip.compress(text.encode()), "Posts.xml.gz")) == (["1"], [])
    assert read(file(text.replace("utf-8", "utf-16").encode("utf-16"))) == (["1"], [])


def test_a_file_on_one_line_is_read_in_pieces(file) -> None:
    rows = "".join(f'<row Id="{number}" Body="{"x" * 1000}" />' for number in range(3000))
    found, damages = read(file(HEAD.replace("\n", "") + rows + "</posts>"))
    assert len(found) == 3000
    assert damages == []


def test_loses_a_bad_character_rather_than_its_row(file) -> None:
    reader = RowReader(
        file(HEAD + '<row Id="1" Body="a&#x1;b&#0;c&#xFFFE;d&#xD800;e&#10;" />\n</posts>'), root="posts"
    )
    assert [row["Body"] for row in reader] == ["abcde\n"]
    assert reader.damages == []


def test_goes_on_with_the_next_row_behind_a_broken_one(file) -> None:
    text = (
        HEAD
        + '<row Id="1" />\n<row Id="2" Body="a < b" />\n<row Id="3" />\n<row Id="4"\n<row Id="5" />\n</posts>\n'
    )
    found, damages = read(file(text))
    # The parser notices the fourth only when the fifth begins, so the fifth is lost with it.
    assert found == ["1", "3"]
    assert damages == [
        "Posts.xml, line 4: not well-formed (invalid token); 2 rows of this file were kept",
        "Posts.xml, line 7: not well-formed (invalid token); 2 rows of this file were kept",
    ]


@pytest.mark.parametrize(
    ("tail", "problem"),
    [
        ('<row Id="2" Bo', "line 4: unclosed token"),
        ('<row Id="2" />\n', "line 5: no element found"),
        ('<row Id="2" />\n</posts>\n<row Id="3" />\n', "line 6: junk after document element"),
    ],
)
def test_keeps_what_stands_before_the_end_of_a_file_that_was_cut(file, tail, problem) -> None:
    found, damages = read(file(HEAD + '<row Id="1" />\n' + tail))
    assert "1" in found
    assert problem in damages[0]


def test_keeps_what_stands_before_the_cut_of_a_packed_file(file) -> None:
    rows = "".join(f'<row Id="{number}" Body="{number * 7919 % 10007}" />\n' for number in range(30_000))
    packed = gzip.compress((HEAD + rows + "</posts>").encode())
    found, damages = read(file(packed[: len(packed) // 2], "Posts.xml.gz"))
    assert found[:3] == ["0", "1", "2"]
    assert 1000 < len(found) < 30_000
    assert "cut off or damaged" in damages[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "line 1: no element found"),
        ('{"posts": []}', "line 1: not well-formed"),
        ("<html><body>Not found</body></html>", "the file begins with <html>, not with <posts>"),
        (
            '<?xml version="1.0"?>\n<!DOCTYPE posts [<!ENTITY a "b">]>\n<posts>\n<row Id="&a;" /></posts>',
            "document type",
        ),
        ('<?xml version="1.0" encoding="x-unknown"?>\n<posts />', "unknown"),
        (b"\x00\x01\x02", "line 1"),
    ],
)
def test_says_what_is_wrong_with_what_is_no_table(file, text, problem) -> None:
    path = file(text)
    reader = RowReader(path, root="posts")
    assert list(reader) == []
    assert not reader.is_table
    assert problem in str(reader.damages[0])


def test_says_that_a_damaged_archive_is_none(file) -> None:
    assert "cut off or damaged" in read(file("no gzip at all", "Posts.xml.gz"))[1][0]


def test_gives_up_on_a_file_that_is_broken_everywhere(file) -> None:
    reader = RowReader(file(HEAD + '<row Id="1" B="<" />\n' * 5000), root="posts")
    assert list(reader) == []
    assert len(reader.damages) == 1000
