"""Photos of people: what is uploaded is decoded, cut to a square and drawn anew; nothing of the file is kept."""

import logging
import struct
import warnings
import zlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import IntEnum
from functools import partial
from io import BytesIO
from secrets import token_hex
from typing import BinaryIO, Final

from celery import shared_task
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from community.core.activity import record
from community.core.errors import Conflict, Invalid
from community.core.models import Audience
from community.core.permissions import require
from community.core.verbs import Verb
from members.models import Member, Photo
from members.permissions import can_edit_profile

logger = logging.getLogger(__name__)


class PhotoSize(IntEnum):
    """Pixels of a side of the squares that are kept: more than is shown, for screens with fine dots."""

    SMALL = 96
    LARGE = 288


#: A telephone's photo has five megabytes and twelve megapixels; a decoder takes four bytes for each of them.
MAX_BYTES: Final = 8_000_000
MAX_PIXELS: Final = 40_000_000
MIN_SIDE: Final = 64
FORMATS: Final = ("JPEG", "PNG", "WEBP")
FOLDER: Final = "photos"
# What decoders raise for a file that is not what it says, or ends too early.
_BROKEN: Final = (OSError, ValueError, SyntaxError, EOFError, IndexError, struct.error, zlib.error)
_HEIC: Final = frozenset({b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif"})


@transaction.atomic
def change_photo(member: Member, upload: BinaryIO, *, by: Member) -> Photo:
    """Rule 2.1. Raises `Invalid` with a sentence for what is no photo, is too large, or moves.

    The files are written before the row, and those of the photo before are deleted after the commit: a row never names
    what is not there. Files that a failed transaction leaves are removed by `remove_stray_photos`.
    """
    require(can_edit_profile(by, member))
    squares = draw_squares(upload)
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    before = Photo.objects.filter(member=member).first()
    name = token_hex(16)
    for size, content in squares.items():
        default_storage.save(path_of(name, size), ContentFile(content))
    row, _created = Photo.objects.update_or_create(
        member=member, defaults={"name": name, "uploaded_at": timezone.now()}
    )
    if before is not None:
        transaction.on_commit(partial(_delete_files, before.name))
    _told(member, by)
    return row


@transaction.atomic
def delete_photo(member: Member, *, by: Member) -> Member:
    """Raises `Conflict` where there is none."""
    require(can_edit_profile(by, member))
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    row = Photo.objects.filter(member=member).first()
    if row is None:
        raise Conflict(_("There is no photo to take away."))
    row.delete()
    transaction.on_commit(partial(_delete_files, row.name))
    _told(member, by)
    return member


@shared_task(name="members.remove_stray_photos")
def remove_stray_photos() -> int:
    """Delete files older than a day that no row names. Safe to run twice; returns how many names were removed."""
    if not default_storage.exists(FOLDER):
        return 0
    _folders, files = default_storage.listdir(FOLDER)
    names = {file.partition("-")[0] for file in files}
    strays = names - set(Photo.objects.filter(name__in=names).values_list("name", flat=True))
    long_ago = timezone.now() - timedelta(days=1)
    old = [name for name in strays if _written_before(name, files, long_ago)]
    for name in old:
        _delete_files(name)
    return len(old)


def path_of(name: str, size: int) -> str:
    """Where the square of that size lies in the storage."""
    return f"{FOLDER}/{name}-{size}.webp"


def draw_squares(upload: BinaryIO) -> dict[PhotoSize, bytes]:
    """The squares of a picture, as WebP files that hold pixels and nothing else. Raises `Invalid`."""
    start = upload.read(MAX_BYTES + 1)
    if len(start) > MAX_BYTES:
        raise _refused(
            _("This file is larger than {most} megabytes. Choose a smaller photo.").format(
                most=MAX_BYTES // 1_000_000
            )
        )
    if not start:
        raise _refused(_("This file is empty. Choose a photo."))
    if start[4:8] == b"ftyp" and start[8:12] in _HEIC:
        raise _refused(
            _("Photos of this kind (HEIC or AVIF) are not taken. Export it as JPEG and choose that one.")
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # Reads the beginning only: how large it is and which kind.
            picture = Image.open(BytesIO(start), formats=FORMATS)
            width, height = picture.size
            _check_shape(picture, width, height)
            if picture.format == "JPEG":
                picture.draft("RGB", (2 * PhotoSize.LARGE, 2 * PhotoSize.LARGE))
            return {size: _square(picture, size) for size in PhotoSize}
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise _too_many_pixels() from error
    except _BROKEN as error:
        raise _refused(
            _("This is no photo that can be read. JPEG, PNG and WebP are taken; the file may be damaged.")
        ) from error


def _check_shape(picture: Image.Image, width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise _too_many_pixels()
    if min(width, height) < MIN_SIDE:
        raise _refused(
            _("This photo is too small: each side needs {least} pixels at least.").format(least=MIN_SIDE)
        )
    # A telephone writes a second picture behind the first (MPO); that is no motion.
    if picture.format != "MPO" and getattr(picture, "is_animated", False):
        raise _refused(_("This picture moves. Choose one that stands still."))


def _square(picture: Image.Image, size: PhotoSize) -> bytes:
    """The middle of the picture, upright, on white where it was transparent."""
    upright = ImageOps.exif_transpose(picture)
    cut = ImageOps.fit(upright.convert("RGBA" if _is_transparent(upright) else "RGB"), (size, size))
    # A new picture: nothing that the old one carried along (place, camera, profile, text) can be in it.
    clean = Image.new("RGB", (size, size), "white")
    clean.paste(cut, mask=cut if cut.mode == "RGBA" else None)
    target = BytesIO()
    clean.save(target, "WEBP", quality=82, method=4)
    return target.getvalue()


def _is_transparent(picture: Image.Image) -> bool:
    return picture.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in picture.info


def _refused(sentence: str) -> Invalid:
    return Invalid(sentence, fields={"photo": [sentence]})


def _too_many_pixels() -> Invalid:
    return _refused(
        _("This photo has more than {most} megapixels. Choose a smaller one.").format(
            most=MAX_PIXELS // 1_000_000
        )
    )


def _delete_files(name: str) -> None:
    for size in PhotoSize:
        default_storage.delete(path_of(name, size))


def _written_before(name: str, files: Iterable[str], moment: datetime) -> bool:
    own = [file for file in files if file.startswith(name)]
    return all(default_storage.get_modified_time(f"{FOLDER}/{file}") < moment for file in own)


def _told(member: Member, by: Member) -> None:
    record(Verb.PHOTO_CHANGED, by=by, target=member, audience=Audience.MEMBER, counterpart_id=member.pk)
