"""The words inside files, and files that mean harm."""

import zipfile
from io import BytesIO

import pytest

from discussions import office_text
from discussions.office_text import TEXT_LENGTH, UnreadableError, text_of

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
T = 'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'


def package(**parts: str | bytes) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name.replace("__", "/") + ".xml", content)
    return target.getvalue()


def document(words: str) -> bytes:
    return package(word__document=f"<w:document {W}><w:p><w:r><w:t>{words}</w:t></w:r></w:p></w:document>")


def test_a_letter():
    first = "<w:p><w:r><w:t>Dear </w:t></w:r><w:r><w:t>Ann</w:t></w:r></w:p>"
    two = f"<w:document {W}>{first}<w:p><w:t>Yours</w:t></w:p></w:document>"
    assert text_of(package(word__document=two), "docx").split() == ["Dear", "Ann", "Yours"]


def test_slides_in_their_order():
    slides = {f"ppt__slides__slide{n}": f"<a:x {A}><a:p><a:t>slide{n}</a:t></a:p></a:x>" for n in (10, 2, 1)}
    assert text_of(package(**slides), "pptx").split() == ["slide1", "slide2", "slide10"]


def test_cells_of_a_sheet_and_not_its_formulas():
    strings = f"<sst {S}><si><t>Margin</t></si><si><t>Volume</t></si></sst>"
    sheet = f'<worksheet {S}><c t="inlineStr"><f>A1*2</f><is><t>Inline</t></is></c></worksheet>'
    content = package(xl__sharedStrings=strings, xl__worksheets__sheet1=sheet)
    assert sorted(text_of(content, "xlsx").split()) == ["Inline", "Margin", "Volume"]


@pytest.mark.parametrize("ending", ["odt", "ods", "odp"])
def test_open_documents(ending):
    body = f"<office {T}><text:p>Terms<text:s/>and</text:p><text:h>conditions</text:h></office>"
    assert text_of(package(content=body), ending).split() == ["Terms", "and", "conditions"]


def test_plain_text_and_kinds_that_are_not_read():
    assert text_of("Größe \xff".encode("latin-1"), "txt").startswith("Gr")
    assert text_of(b"a;b", "csv") == "a;b"
    assert text_of(b"PK", "zip") == ""


def test_a_long_text_is_cut():
    assert len(text_of(document("word " * TEXT_LENGTH), "docx")) <= TEXT_LENGTH


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + f"]><w:document {W}><w:t>&j;</w:t></w:document>"
)
FILES = f'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><w:document {W}><w:t>&f;</w:t></w:document>'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no package",
        document("x")[:-30],
        document("x").replace(b"PK\x05\x06", b"PK\x05\x07"),
        package(word__document="<not closed"),
        package(word__document=b"\x00\x01\x02"),
        package(word__document=BOMB),
        package(word__document=FILES),
    ],
)
def test_damaged_and_hostile_packages_are_refused(content):
    with pytest.raises(UnreadableError):
        text_of(content, "docx")


def test_a_package_that_grows_is_refused(monkeypatch):
    """Thirty megabytes of blanks between two words are thirty kilobytes packed."""
    blanks = f"<w:document {W}>" + " " * (office_text.MOST_BYTES + 10) + "</w:document>"
    content = package(word__document=blanks)
    assert len(content) < 100_000
    with pytest.raises(UnreadableError, match="too large inside"):
        text_of(content, "docx")


def test_too_many_entries_and_too_much_time(monkeypatch):
    monkeypatch.setattr(office_text, "MOST_ENTRIES", 2)
    with pytest.raises(UnreadableError, match="too many"):
        text_of(package(a="<a/>", b="<a/>", c="<a/>"), "docx")
    monkeypatch.setattr(office_text, "MOST_SECONDS", -1.0)
    with pytest.raises(UnreadableError, match="too long"):
        text_of(document("x"), "docx")


def test_deep_nesting_ends_at_the_bounds():
    deep = f"<w:document {W}>" + "<w:p>" * 200_000 + "<w:t>deep</w:t>" + "</w:p>" * 200_000 + "</w:document>"
    assert text_of(package(word__document=deep), "docx").split() == ["deep"]
