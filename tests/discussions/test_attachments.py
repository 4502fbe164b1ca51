"""Files: what is taken and what is refused, who may open which, and when they go."""

import base64
import zipfile
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import resolve, reverse
from django.utils import timezone
from PIL import Image

from community.core.errors import Invalid, Refused
from community.core.text import Prose, SourceFormat
from discussions.actions.attachment import (
    MOST_UNCLAIMED,
    attach_file,
    clean_file_name,
    path_of,
    remove_unclaimed_attachments,
)
from discussions.actions.draft import save_draft
from discussions.actions.post import delete_post, edit_post
from discussions.models import Attachment, Draft, Post
from tests.api import Program
from tests.factories import make_member, make_picture, make_post, make_space, make_topic
from tests.members.test_photos import animated, png, truncated

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_storage(settings, tmp_path) -> None:
    own = settings.STORAGES["default"] | {"OPTIONS": {"location": tmp_path}}
    settings.STORAGES = settings.STORAGES | {"default": own}


def packed(*names):
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return target.getvalue()


def text_file(by, name="note.txt", words=b"Words."):
    return attach_file(BytesIO(words), by=by, file_name=name)


def opened(client, attachment):
    return client.get(attachment.get_absolute_url())


# --- what is taken ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_drawn_anew(member, kind):
    exif = Image.Exif()
    exif[0x010F] = "zqcameraqz"
    upload = make_picture(kind, (3000, 300), exif=exif)
    polyglot = BytesIO(upload.getvalue() + b"<script>zqscriptqz</script>")
    row = attach_file(polyglot, by=member, file_name=f"Plan.{kind.lower()}", alt="  A plan ")
    assert (row.content_type, row.width, row.height, row.alt) == ("image/webp", 2400, 240, "A plan")
    assert row.file_name == "Plan.webp"
    with default_storage.open(path_of(row.name)) as file:
        content = file.read()
    assert b"zq" not in content
    assert len(content) == row.size
    assert dict(Image.open(BytesIO(content)).getexif()) == {}


def test_a_transparent_picture_stays_so(member):
    clear = BytesIO()
    Image.new("RGBA", (100, 100), (0, 0, 0, 0)).save(clear, "PNG")
    clear.seek(0)
    row = attach_file(clear, by=member, file_name="a.png")
    with default_storage.open(path_of(row.name)) as file:
        assert Image.open(file).mode == "RGBA"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", b"%PDF-1.7 x"),
        ("a.txt", "Wörter".encode()),
        ("a.csv", "Wörter;2".encode("cp1252")),
        ("a.docx", packed("[Content_Types].xml", "word/document.xml")),
        ("a.xlsx", packed("xl/workbook.xml")),
        ("a.odt", packed("mimetype", "content.xml")),
        ("a.zip", packed("whatever")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_people_pass_on_is_taken_as_it_is(member, name, content):
    row = attach_file(BytesIO(content), by=member, file_name=name)
    with default_storage.open(path_of(row.name)) as file:
        assert file.read() == content
    assert (row.is_image, row.file_name, row.uploader) == (False, name, member)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (
            "a.svg",
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
            "kind are not taken",
        ),
        ("a.html", b"<script>alert(1)</script>", "kind are not taken"),
        ("a.exe", b"MZ\x00", "kind are not taken"),
        ("a", b"MZ", "kind are not taken"),
        ("a.pdf.exe", b"%PDF-1.7", "kind are not taken"),
        ("", b"x", "kind are not taken"),
        ("a.png", b"<svg><script>alert(1)</script></svg>", "no picture that can be read"),
        ("a.png", b"%PDF-1.7", "no picture that can be read"),
        ("a.gif", b"GIF89a" + b"\x00" * 50, "no picture that can be read"),
        ("a.png", png(10_000, 6_000), "more than 40 megapixels"),
        ("a.jpg", truncated(), "no picture that can be read"),
        ("a.webp", animated("WEBP"), "moves"),
        ("a.heic", b"\x00\x00\x00\x18ftypheic" + b"\x00" * 40, "HEIC"),
        ("a.pdf", b"<html><script>", "not what its ending .pdf says"),
        ("a.txt", b"  <!DOCTYPE html><script>", "not what its ending .txt says"),
        ("a.txt", b"MZ\x00\x00", "not what its ending .txt says"),
        ("a.csv", b"<svg onload=alert(1)>", "not what its ending .csv says"),
        ("a.docx", packed("evil.xml"), "not what its ending .docx says"),
        ("a.docx", b"PK\x03\x04 no more", "not what its ending .docx says"),
        ("a.zip", b"MZ" + packed("x"), "not what its ending .zip says"),
        ("a.txt", b"", "empty"),
        ("a.txt", b"x" * 10_000_001, "larger than 10 megabytes"),
    ],
)
def test_what_is_not_taken_is_a_sentence(member, name, content, words):
    with pytest.raises(Invalid, match=words) as caught:
        attach_file(BytesIO(content), by=member, file_name=name)
    assert list(caught.value.fields) == ["file"]
    assert not Attachment.objects.exists()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\ann\\plan.pdf", "plan.pdf"),
        ("a" * 400 + ".pdf", "a" * 116 + ".pdf"),
        ("\u202egpj.txt", "gpj.txt"),
        ('a"b;c\r\nX: y.txt', "abc X y.txt"),
        ("خطة.PDF", "خطة.pdf"),
        (".htaccess", "htaccess"),
    ],
)
def test_the_name_of_a_file_is_tamed(given, kept):
    assert clean_file_name(given) == kept


def test_only_members_attach_and_not_without_end(applicant, member):
    with pytest.raises(Refused):
        text_file(applicant)
    for _number in range(MOST_UNCLAIMED):
        text_file(member)
    with pytest.raises(Invalid, match="50 files"):
        text_file(member)


# --- who may open it ----------------------------------------------------------------------------------------------


def test_a_file_is_its_uploader_s_until_it_stands_somewhere(member, other_member, client_as):
    row = text_file(member)
    assert opened(client_as(member), row).status_code == 200
    assert opened(client_as(other_member), row).status_code == 404
    assert opened(client_as(None), row).status_code == 302
    post = make_post(by=member, body=f"[a]({row.get_absolute_url()})")
    row.refresh_from_db()
    assert (row.post, row.uploader) == (post, None), "whose it is says the post"
    assert opened(client_as(other_member), row).status_code == 200
    delete_post(post, by=member)
    assert opened(client_as(other_member), row).status_code == 404
    assert opened(client_as(member), row).status_code == 404


def test_a_file_of_a_closed_room_is_not_there_for_others(member, client_as):
    insider = make_member()
    space = make_space(preset="confidential", members=[insider])
    row = text_file(insider)
    make_topic(space=space, by=insider, body=f"[a]({row.get_absolute_url()})")
    assert opened(client_as(insider), row).status_code == 200
    assert opened(client_as(member), row).status_code == 404
    assert opened(client_as(make_member(role="manager")), row).status_code == 404


def test_nobody_claims_what_somebody_else_uploaded(member, other_member, client_as):
    row = text_file(member)
    make_post(by=other_member, body=f"[a]({row.get_absolute_url()})")
    row.refresh_from_db()
    assert row.uploader == member
    assert opened(client_as(other_member), row).status_code == 404
    # And what stands in a closed room does not come out by naming it elsewhere.
    insider = make_member()
    secret = text_file(insider)
    make_topic(
        space=make_space(preset="private", members=[insider]),
        by=insider,
        body=f"[a]({secret.get_absolute_url()})",
    )
    make_post(by=insider, body=f"[a]({secret.get_absolute_url()})")
    assert opened(client_as(member), secret).status_code == 404


def test_an_edit_claims_too(member):
    post, row = make_post(by=member), text_file(member)
    edit_post(
        post, by=member, prose=Prose(f"[a]({row.get_absolute_url()})", SourceFormat.MARKDOWN), version=1
    )
    row.refresh_from_db()
    assert row.post == post


def test_how_it_is_sent(web, member):
    row = text_file(member, "Wörter.txt")
    answer = opened(web, row)
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Content-Type"] == "text/plain"
    assert b"".join(answer.streaming_content) == b"Words."
    picture = attach_file(make_picture(), by=member, file_name="a.png")
    answer = opened(web, picture)
    assert answer["Content-Disposition"].startswith("inline")
    assert answer["Content-Type"] == "image/webp"
    default_storage.delete(path_of(row.name))
    assert opened(web, row).status_code == 404
    for wrong in ("x", "0" * 32, "..%2f..%2fetc"):
        assert web.get(f"/attachments/{wrong}/").status_code == 404


def test_a_picture_stands_in_the_post_and_foreign_ones_do_not(member):
    row = attach_file(make_picture(), by=member, file_name="a.png", alt="A teal field")
    post = make_post(
        by=member, body=f"![A teal field]({row.get_absolute_url()}) ![x](https://example.org/x.png)"
    )
    assert f'<img src="{row.get_absolute_url()}" alt="A teal field">' in post.html
    assert post.html.count("<img") == 1


# --- the pages ----------------------------------------------------------------------------------------------------


def send(browser, name, content, **more):
    return browser.post(reverse("attachment_create"), {"file": SimpleUploadedFile(name, content), **more})


def test_without_script_the_file_comes_to_the_end_of_the_text(web):
    topic = make_topic()
    words = {
        "draft_key": f"reply:{topic.pk}",
        "draft_sequence": "0",
        "body": "See the plan.",
        "alt": "A plan",
    }
    answer = send(web, "plan.png", make_picture().getvalue(), **words)
    assert answer["Location"] == f"{topic.get_absolute_url()}#write"
    row = Attachment.objects.get()
    page = web.get(topic.get_absolute_url()).content.decode()
    assert f"See the plan.\n\n![A plan]({row.get_absolute_url()})" in page
    body = Draft.objects.get().words["body"]
    web.post(reverse("post_create", args=[topic.pk]), {"body": body, "draft_sequence": "1"})
    row.refresh_from_db()
    assert row.post == Post.objects.get(topic=topic, number=2)


def test_what_is_refused_leaves_the_text(web):
    topic = make_topic()
    words = {"draft_key": f"reply:{topic.pk}", "draft_sequence": "0", "body": "See the plan."}
    answer = send(web, "plan.svg", b"<svg>", **words)
    page = web.get(answer["Location"]).content.decode()
    assert "Files of this kind are not taken" in page
    assert "See the plan." in page
    page = web.post(
        reverse("attachment_create"), words | {"draft_sequence": "1"}, follow=True
    ).content.decode()
    assert "Choose a file first" in page


def test_the_script_gets_what_to_insert(web):
    answer = web.post(
        reverse("attachment_create"),
        {"file": SimpleUploadedFile("a.txt", b"Words.")},
        headers={"accept": "application/json"},
    )
    row = Attachment.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {"url": row.get_absolute_url(), "name": "a.txt", "alt": "", "is_image": False}


def test_a_file_that_was_chosen_and_not_attached_is_not_forgotten(web):
    topic = make_topic()
    answer = web.post(reverse("post_create", args=[topic.pk]), {"body": "See the plan.", "file": "plan.pdf"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "chosen and not attached" in page
    assert "See the plan." in page


def test_the_limits_belong_to_addresses_that_are_there(settings):
    assert {resolve(path).url_name for path in settings.BODY_LIMITS} >= {
        "attachment_create",
        "api_attachment_list",
    }


def test_more_than_a_form_may_send_is_413(web, settings):
    assert send(web, "a.txt", b"x" * 10_700_000).status_code == 413


# --- the sweep ----------------------------------------------------------------------------------------------------


def test_what_stands_nowhere_goes_after_a_day(member, time_machine):
    kept, drafted, gone = (text_file(member) for _file in range(3))
    make_post(by=member, body=f"[a]({kept.get_absolute_url()})")
    save_draft("reply:7", {"body": f"[a]({drafted.get_absolute_url()})"}, 0, by=member)
    default_storage.save(path_of("ab" * 16), BytesIO(b"stray"))
    assert remove_unclaimed_attachments() == 0
    time_machine.move_to(timezone.now() + timedelta(hours=25))
    assert remove_unclaimed_attachments() == 2
    assert remove_unclaimed_attachments() == 0
    assert set(Attachment.objects.all()) == {kept, drafted}
    assert not default_storage.exists(path_of(gone.name))
    assert default_storage.exists(path_of(kept.name))


# --- the API ------------------------------------------------------------------------------------------------------


def test_a_program_uploads_and_uses_a_file(member):
    program = Program(member)
    sent = {
        "file_name": "plan.png",
        "content": base64.b64encode(make_picture().getvalue()).decode(),
        "alt": "A plan",
    }
    row = program.post("/api/v1/attachments/", sent)
    assert row.status_code == 201
    values = row.json()
    topic = make_topic()
    post = program.post(f"/api/v1/topics/{topic.pk}/posts/", {"body": values["markdown"]}).json()
    assert "<img" in post["html"]
    read = program.get(row["Location"]).json()
    assert base64.b64decode(read["content"]).startswith(b"RIFF")
    assert read["id"] == values["id"]


@pytest.mark.parametrize(
    ("content", "status"), [("not base64!", 400), (base64.b64encode(b"<svg>").decode(), 409)]
)
def test_a_program_is_told_what_is_wrong(member, content, status):
    program = Program(member)
    answer = program.post("/api/v1/attachments/", {"file_name": "a.png", "content": content})
    assert answer.status_code == status
    assert answer.json()["detail"]
