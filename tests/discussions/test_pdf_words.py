"""The words of PDF files, which a process of its own reads, and files that mean harm to it."""

import ast
import subprocess
import sys
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from pypdf import PdfReader, PdfWriter

from community.core.models import SearchEntry
from discussions import office_text
from discussions.actions.attachment import attach_file
from discussions.actions.file_text import read_files
from discussions.office_text import TEXT_LENGTH, UnreadableError, text_of
from tests.factories import make_space, make_topic


def pdf(*pages: str, extra: bytes = b"", **changed: bytes) -> bytes:
    """A small PDF without compression, a line of words on each page; `changed` replaces objects by their names."""
    objects: dict[str, bytes] = {
        "catalog": b"<< /Type /Catalog /Pages 2 0 R >>",
        "pages": b"<< /Type /Pages /Kids [%b] /Count %d >>"
        % (b" ".join(b"%d 0 R" % (4 + 2 * n) for n in range(len(pages))), len(pages)),
        "font": b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    }
    for n, words in enumerate(pages):
        objects[f"page{n}"] = (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> >>" % (5 + 2 * n)
        )
        objects[f"words{n}"] = stream(b"BT /F1 12 Tf 50 700 Td (%b) Tj ET" % words.encode("latin-1"))
    objects |= changed
    content, places = b"%PDF-1.4\n", []
    for number, written in enumerate(objects.values(), start=1):
        places.append(len(content))
        content += b"%d 0 obj\n%b\nendobj\n" % (number, written)
    content += extra
    start = len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    content += b"".join(b"%010d 00000 n \n" % place for place in places)
    content += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    return content + b"startxref\n%d\n%%%%EOF\n" % start


def stream(content: bytes, *, declared: int | None = None, how: bytes = b"") -> bytes:
    length = len(content) if declared is None else declared
    return b"<< /Length %d %b >>\nstream\n%b\nendstream" % (length, how, content)


def locked(content: bytes, password: str, *, owner: str = "owner") -> bytes:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(content)))
    writer.encrypt(user_password=password, owner_password=owner, algorithm="AES-256")
    target = BytesIO()
    writer.write(target)
    return target.getvalue()


def test_pages_in_their_order():
    assert text_of(pdf("Margins and volumes", "second page"), "pdf") == "Margins and volumes\nsecond page"


def test_a_file_without_words_has_none():
    assert text_of(pdf(), "pdf") == ""
    assert text_of(pdf(""), "pdf") == ""


def test_a_file_that_everybody_can_open_is_read_though_it_may_not_be_changed():
    assert text_of(locked(pdf("Margins"), ""), "pdf") == "Margins"


def test_pages_and_characters_are_bounded(monkeypatch):
    monkeypatch.setattr(office_text, "MOST_PAGES", 2)
    assert text_of(pdf("one", "two", "three"), "pdf").split() == ["one", "two"]
    assert len(text_of(pdf("word " * TEXT_LENGTH, "more"), "pdf")) <= TEXT_LENGTH


def test_what_was_read_before_a_page_that_cannot_be_read_is_kept():
    content = pdf("one", "two", page1=b"<< /Type /Page /Contents 7 0 R /Resources (none) >>")
    assert text_of(content, "pdf") == "one"


def test_the_program_knows_no_secrets_and_nothing_of_the_site(monkeypatch):
    """Whatever a file made it do, it could do no more than any program without our environment."""
    seen = {}

    def run(command, **more):
        seen.update(more, command=command)
        return subprocess.CompletedProcess(command, 0, stdout=b"", stderr=b"")

    monkeypatch.setattr(subprocess, "run", run)
    text_of(b"%PDF-1.7", "pdf")
    assert (seen["env"], seen["cwd"], seen["command"][:2]) == ({}, "/", [sys.executable, "-I"])
    imported = {
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(ast.parse(Path(seen["command"][3]).read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names | {"pypdf"}


NESTED = b"[" * 200_000 + b"]" * 200_000
BOMB = zlib.compress(b" " * 200_000_000, 9)
CHAIN = b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"%PDF-1.7", id="a name alone"),
        pytest.param(b"%PDF-1.7\n" + bytes(range(256)) * 2_000, id="noise"),
        pytest.param(b"%PDF-1.7\nstartxref\n9999999999\n%%EOF", id="a place outside"),
        pytest.param(pdf("x")[:-150], id="cut"),
        pytest.param(pdf("x", pages=CHAIN), id="pages inside themselves"),
        pytest.param(pdf("x", catalog=b"<< /Type /Catalog /Pages 1 0 R >>"), id="a circle"),
        pytest.param(pdf("x", pages=b"<< /Type /Pages /Kids %b >>" % NESTED), id="deep pages"),
        pytest.param(pdf("x", words0=stream(NESTED)), id="deep words"),
        pytest.param(pdf("x", words0=stream(b"BT", declared=10**15)), id="a length that is not there"),
        pytest.param(pdf("x", words0=stream(BOMB, how=b"/Filter /FlateDecode")), id="a bomb"),
        pytest.param(
            pdf("x", words0=stream(zlib.compress(BOMB), how=b"/Filter [/FlateDecode /FlateDecode]")),
            id="a bomb in a bomb",
        ),
        pytest.param(
            pdf("x", pages=b"<< /Type /Pages /Kids [4 0 R] /Count 99999999999 >>", words0=stream(b"")),
            id="many pages that are not there",
        ),
        pytest.param(pdf("x").replace(b"/Size 6", b"/Size 999999999999"), id="a huge table"),
        pytest.param(locked(pdf("x"), "secret"), id="encrypted"),
        pytest.param(pdf("x", page0=b"4 0 R"), id="a page that is itself"),
    ],
)
def test_damaged_and_hostile_files_harm_nothing(content):
    """Refused, or read as far as they can be; never an error of another kind, never without an end."""
    try:
        text = text_of(content, "pdf")
    except UnreadableError:
        return
    assert text in {"", "x"}


def test_an_encrypted_file_says_so():
    with pytest.raises(UnreadableError, match="encrypted"):
        text_of(locked(pdf("x"), "secret"), "pdf")


def test_a_file_that_keeps_the_processor_busy_is_ended(monkeypatch):
    monkeypatch.setattr(office_text, "MOST_PDF_SECONDS", 2)
    busy = pdf("x", words0=stream(b"BT /F1 12 Tf " + b"(a) Tj 1 0 0 1 0 0 cm " * 400_000 + b"ET"))
    with pytest.raises(UnreadableError, match="too long"):
        text_of(busy, "pdf")


def test_a_process_that_only_waits_is_ended_by_the_clock(monkeypatch):
    monkeypatch.setattr(office_text, "MOST_PDF_WAIT", 0.01)
    with pytest.raises(UnreadableError, match="too long"):
        text_of(pdf("x"), "pdf")


@pytest.mark.skipif(sys.platform != "linux", reason="the bound of memory is Linux's")
def test_a_file_that_fills_the_memory_is_ended(monkeypatch):
    monkeypatch.setattr(office_text, "MOST_PDF_BYTES", 120_000_000)
    with pytest.raises(UnreadableError, match="too large|damaged"):
        text_of(
            pdf("x", words0=stream(zlib.compress(b" " * 70_000_000, 9), how=b"/Filter /FlateDecode")), "pdf"
        )


# --- in the search ---


@pytest.mark.django_db
def test_words_of_a_pdf_are_found(web, member):
    file = attach_file(SimpleUploadedFile("terms.pdf", pdf("The kingfisher clause.")), by=member)
    make_topic(space=make_space(), by=member, body=f"See [terms]({file.get_absolute_url()}).")
    assert read_files() == 1
    (row,) = web.get(reverse("search"), {"q": "kingfisher"}).context["page"].rows
    assert row.title == "terms.pdf"
    assert "<mark>kingfisher</mark>" in row.snippet


@pytest.mark.django_db
def test_a_file_that_cannot_be_read_is_found_by_its_name_and_not_tried_again(web, member, caplog):
    file = attach_file(SimpleUploadedFile("kingfisher.pdf", b"%PDF-1.7 and no more"), by=member)
    make_topic(space=make_space(), by=member, body=f"See [terms]({file.get_absolute_url()}).")
    assert read_files() == 1
    assert "could not be read" in caplog.text
    assert SearchEntry.objects.get(target_type="attachment").text == ""
    (row,) = web.get(reverse("search"), {"q": "kingfisher"}).context["page"].rows
    assert row.title == "kingfisher.pdf"
    assert read_files() == 0
