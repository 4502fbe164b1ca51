"""Photos of people: what is uploaded is decoded, cut to a square and drawn anew; nothing of the file is kept."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import IntEnum
from functools import partial
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
from community.core.errors import Conflict
from community.core.models import Audience
from community.core.permissions import require
from community.core.pictures import opened_picture, refused, upright, webp_of
from community.core.verbs import Verb
from members.models import HiddenProfile, Member, Photo
from members.permissions import can_edit_profile

logger = logging.getLogger(__name__)


class PhotoSize(IntEnum):
    """Pixels of a side of the squares that are kept: more than is shown, for screens with fine dots."""

    SMALL = 96
    LARGE = 288


#: A telephone's photo has five megabytes.
MAX_BYTES: Final = 8_000_000
MIN_SIDE: Final = 64
FIELD: Final = "photo"
FOLDER: Final = "photos"


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
    # What moderation hides may come back.
    strays -= set(HiddenProfile.objects.hidden().filter(photo__in=names).values_list("photo", flat=True))
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
        raise refused(
            _("This file is larger than {most} megabytes. Choose a smaller photo.").format(
                most=MAX_BYTES // 1_000_000
            ),
            FIELD,
        )
    with opened_picture(start, field=FIELD) as picture:
        if min(picture.size) < MIN_SIDE:
            raise refused(
                _("This photo is too small: each side needs {least} pixels at least.").format(least=MIN_SIDE),
                FIELD,
            )
        if picture.format == "JPEG":
            picture.draft("RGB", (2 * PhotoSize.LARGE, 2 * PhotoSize.LARGE))
        return {size: _square(picture, size) for size in PhotoSize}


def _square(picture: Image.Image, size: PhotoSize) -> bytes:
    """The middle of the picture, upright, on white where it was transparent."""
    return webp_of(ImageOps.fit(upright(picture), (size, size)), on="white")


def _delete_files(name: str) -> None:
    for size in PhotoSize:
        default_storage.delete(path_of(name, size))


def _written_before(name: str, files: Iterable[str], moment: datetime) -> bool:
    own = [file for file in files if file.startswith(name)]
    return all(default_storage.get_modified_time(f"{FOLDER}/{file}") < moment for file in own)


def _told(member: Member, by: Member) -> None:
    record(Verb.PHOTO_CHANGED, by=by, target=member, audience=Audience.MEMBER, counterpart_id=member.pk)
