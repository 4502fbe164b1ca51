"""Photos: what is taken and what is refused, what is left of a file, and who is shown which."""

import struct
import zlib
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse
from django.utils import timezone
from PIL import Image, PngImagePlugin

from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Activity
from community.core.verbs import Verb
from members.actions.introduction import answer_introduction, create_introduction
from members.actions.photo import (
    MAX_BYTES,
    PhotoSize,
    change_photo,
    delete_photo,
    draw_squares,
    path_of,
    remove_stray_photos,
)
from members.actions.tie import block_member, follow_member, mute_member
from members.models import Photo
from tests.factories import make_member, make_picture

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_storage(settings, tmp_path) -> None:
    """The photos of one test alone: what others left lying is not this one's to count."""
    own = settings.STORAGES["default"] | {"OPTIONS": {"location": tmp_path}}
    settings.STORAGES = settings.STORAGES | {"default": own}


def png(width, height, *, data=b""):
    """A PNG that says how large it is and holds next to nothing."""

    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def animated(kind):
    target = BytesIO()
    frames = [Image.new("RGB", (100, 100), colour) for colour in ("red", "blue")]
    frames[0].save(target, kind, save_all=True, append_images=frames[1:])
    return target.getvalue()


def truncated():
    picture = Image.effect_noise((400, 400), 80).convert("RGB")
    target = BytesIO()
    picture.save(target, "JPEG")
    return target.getvalue()[:9_000]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_three_kinds_are_taken_and_become_squares(kind):
    squares = draw_squares(make_picture(kind, (300, 200)))
    for size, content in squares.items():
        picture = Image.open(BytesIO(content))
        assert (picture.format, picture.size) == ("WEBP", (size, size))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"x" * (MAX_BYTES + 1), "larger than 8 megabytes"),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
            "no picture that can be read",
        ),
        (b"<!doctype html><script>alert(1)</script>", "no picture that can be read"),
        (b"\x89PNG\r\n\x1a\n<script>alert(1)</script>", "no picture that can be read"),
        (b"GIF89a" + b"\x00" * 100, "no picture that can be read"),
        (b"%PDF-1.7", "no picture that can be read"),
        (b"\x00\x00\x00\x18ftypheic" + b"\x00" * 40, "HEIC"),
        (png(10_000, 6_000), "more than 40 megapixels"),
        (png(2**31 - 1, 2**31 - 1), "more than 40 megapixels"),
        (png(0, 10), "no picture that can be read"),
        (png(200, 200, data=b"not compressed"), "no picture that can be read"),
        (png(200, 200, data=zlib.compress(b"\x00" * 50)), "no picture that can be read"),
        (truncated(), "no picture that can be read"),
        (animated("PNG"), "moves"),
        (animated("WEBP"), "moves"),
        (make_picture(size=(63, 400)).getvalue(), "too small"),
    ],
    ids=[
        *("empty", "too many bytes", "svg", "html", "html as png", "gif", "pdf", "heic", "60 megapixels"),
        *("bomb", "no width", "damaged", "too little", "truncated", "apng", "webp that moves", "tiny"),
    ],
)
def test_what_is_refused_says_why(content, words):
    with pytest.raises(Invalid, match=words) as caught:
        draw_squares(BytesIO(content))
    assert list(caught.value.fields) == ["photo"]


def test_text_that_unpacks_to_a_flood_is_refused():
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "a" * 80_000_000, zip=True)
    upload = make_picture(size=(200, 200), pnginfo=info)
    assert len(upload.getvalue()) < 200_000
    with pytest.raises(Invalid):
        draw_squares(upload)


def test_nothing_that_the_camera_noted_is_left():
    exif = Image.Exif()
    exif[0x010F] = "zqcameraqz"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 5.0, 7.0)
    upload = make_picture(
        "JPEG", (300, 200), exif=exif, comment=b"zqcommentqz", icc_profile=b"zqprofileqz" * 20
    )
    assert b"zqcameraqz" in upload.getvalue()
    for content in draw_squares(upload).values():
        assert b"zq" not in content
        picture = Image.open(BytesIO(content))
        assert dict(picture.getexif()) == {}
        assert not {"exif", "icc_profile", "xmp", "comment"} & set(picture.info)


def test_what_hangs_behind_a_picture_does_not_come_along():
    polyglot = make_picture("JPEG", (200, 200)).getvalue() + b"<script>zqscriptqz</script>PK\x03\x04"
    for content in draw_squares(BytesIO(polyglot)).values():
        assert b"zqscriptqz" not in content


def test_it_stands_upright_and_the_transparent_is_white():
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = Image.new("RGB", (400, 200), "white")
    lying.paste("red", (0, 0, 200, 200))
    target = BytesIO()
    lying.save(target, "JPEG", exif=exif, quality=95)
    target.seek(0)
    square = Image.open(BytesIO(draw_squares(target)[PhotoSize.LARGE])).convert("RGB")
    above, below = square.getpixel((144, 20)), square.getpixel((144, 268))
    assert above[1] < 60
    assert below[1] > 200
    clear = BytesIO()
    Image.new("RGBA", (100, 100), (0, 0, 0, 0)).save(clear, "PNG")
    clear.seek(0)
    assert (
        min(Image.open(BytesIO(draw_squares(clear)[PhotoSize.SMALL])).convert("RGB").getpixel((5, 5))) > 250
    )


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "I;16", "LA"])
def test_every_way_to_write_colours_is_read(mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    target = BytesIO()
    Image.new(mode, (100, 100)).save(target, kind)
    target.seek(0)
    assert set(draw_squares(target)) == set(PhotoSize)


# --- having one ---------------------------------------------------------------------------------------------------


def test_a_photo_takes_the_place_of_the_one_before(
    member, manager, other_member, django_capture_on_commit_callbacks
):
    first = change_photo(member, make_picture(), by=member)
    assert Activity.objects.latest("id").verb == Verb.PHOTO_CHANGED
    with django_capture_on_commit_callbacks(execute=True):
        second = change_photo(member, make_picture(), by=manager)
    assert first.name != second.name
    assert not default_storage.exists(path_of(first.name, 96))
    assert default_storage.exists(path_of(second.name, 288))
    with pytest.raises(Refused):
        change_photo(member, make_picture(), by=other_member)
    with django_capture_on_commit_callbacks(execute=True):
        delete_photo(member, by=member)
    assert not default_storage.exists(path_of(second.name, 288))
    with pytest.raises(Conflict):
        delete_photo(member, by=member)


def test_files_without_a_row_are_removed_when_they_are_old(member, time_machine):
    kept = change_photo(member, make_picture(), by=member)
    for size in PhotoSize:
        default_storage.save(path_of("ab" * 16, size), BytesIO(b"x"))
    assert remove_stray_photos() == 0, "somebody may be about to write the row"
    time_machine.move_to(timezone.now() + timedelta(hours=25))
    assert remove_stray_photos() == 1
    assert remove_stray_photos() == 0
    assert default_storage.exists(path_of(kept.name, 96))
    assert not default_storage.exists(path_of("ab" * 16, 96))


# --- the pages ----------------------------------------------------------------------------------------------------


def send(browser, content, name="photo.png"):
    return browser.post(reverse("photo_edit"), {"photo": SimpleUploadedFile(name, content)})


def test_a_photo_is_given_shown_and_taken_away(web, member):
    assert "MM" in web.get(member.get_absolute_url()).content.decode()
    assert send(web, make_picture().getvalue(), "../../etc/passwd.svg").status_code == 302
    name = Photo.objects.get().name
    assert reverse("photo_show", args=[name, 288]) in web.get(member.get_absolute_url()).content.decode()
    assert web.post(reverse("photo_delete")).status_code == 302
    assert web.get(reverse("photo_show", args=[name, 288])).status_code == 404


def test_a_file_that_is_no_photo_gets_a_sentence(web):
    response = send(web, b"<html>")
    assert response.status_code == 422
    assert "no picture that can be read" in response.content.decode()
    assert "Choose a file first" in web.post(reverse("photo_edit"), {}).content.decode()
    assert send(web, b"x" * 8_200_000).status_code == 413
    assert send(web, b"x" * 8_000_001).status_code == 422
    assert not Photo.objects.exists()


def test_the_larger_limit_belongs_to_an_address_that_is_there(settings):
    assert {resolve(path).url_name for path in settings.BODY_LIMITS} >= {"photo_edit"}


def test_a_photo_is_shown_to_those_who_see_the_person(member, other_member, applicant, client_as):
    photo = change_photo(other_member, make_picture(), by=other_member)
    address = reverse("photo_show", args=[photo.name, 96])
    answer = client_as(member).get(address)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/webp"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cache-Control"].startswith("private")
    assert client_as(applicant).get(address).status_code == 404
    assert client_as(None).get(address).status_code == 302
    for wrong in ([photo.name, 97], ["0" * 32, 96]):
        assert client_as(member).get(reverse("photo_show", args=wrong)).status_code == 404
    block_member(member, by=other_member)
    assert client_as(member).get(address).status_code == 404


def test_an_applicant_sees_their_own(applicant, client_as):
    photo = change_photo(applicant, make_picture(), by=applicant)
    assert client_as(applicant).get(reverse("photo_show", args=[photo.name, 96])).status_code == 200


def test_ties_and_introductions_show_the_photos_of_those_whom_one_sees(member, other_member, client_as):
    third = make_member("Theo Third")
    small = {
        person: reverse("photo_show", args=[change_photo(person, make_picture(), by=person).name, 96])
        for person in (other_member, third)
    }
    web = client_as(member)
    follow_member(other_member, by=member)
    create_introduction(member, other_member, reason="Both in pricing.", by=third)
    assert small[other_member] in web.get(reverse("tie_list")).content.decode()
    page = web.get(reverse("introduction_list")).content.decode()
    assert small[other_member] in page
    row = create_introduction(third, other_member, reason="Both in pricing.", by=member)
    for person in (third, other_member):
        answer_introduction(row, agrees=True, by=person)
    page = web.get(reverse("introduction_list")).content.decode()
    assert small[third] in page
    mute_member(other_member, by=member)
    assert web.get(reverse("tie_list")).content.decode().count(small[other_member]) == 2
    # Whom one has blocked one does not meet, also where one has muted them before.
    block_member(other_member, by=member)
    for name in ("tie_list", "introduction_list"):
        assert small[other_member] not in web.get(reverse(name)).content.decode()
    link = f'href="{other_member.get_absolute_url()}"'
    assert link not in web.get(reverse("tie_list")).content.decode()
    assert web.get(small[other_member]).status_code == 404


def test_photos_cost_lists_no_query_each(member, client_as):
    web = client_as(member)

    def cost(name):
        with CaptureQueriesContext(connection) as captured:
            assert web.get(reverse(name)).status_code == 200
        return len(captured)

    def fill(count):
        for _number in range(count):
            person = make_member()
            change_photo(person, make_picture(), by=person)
            follow_member(person, by=member)
            create_introduction(person, member, reason="Both in pricing.", by=make_member())

    fill(1)
    before = [cost(name) for name in ("tie_list", "introduction_list")]
    fill(5)
    assert [cost(name) for name in ("tie_list", "introduction_list")] == before
