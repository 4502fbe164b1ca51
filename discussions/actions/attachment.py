"""Uploading files and pictures, and putting them into what is written (rule 3.4). Private until they stand there."""

import re
import zipfile
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import PurePosixPath
from secrets import token_hex
from typing import BinaryIO, Final

from celery import shared_task
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import Image

from community.core.permissions import require
from community.core.pictures import opened_picture, refused, upright, webp_of
from community.core.text import ATTACHMENT_ADDRESS, Prose, SourceFormat, clean_line
from discussions.models import UNDO_WITHIN, Attachment, Draft, HeldPost, Ruling
from members.models import Member
from members.permissions import is_admitted

FIELD: Final = "file"
FOLDER: Final = "attachments"
PICTURE_ENDINGS: Final = frozenset(
    {"jpg", "jpeg", "png", "webp", "gif", "heic", "avif", "bmp", "tif", "tiff"}
)
#: The longer side of a picture that is kept, in pixels: enough to read a screen that was photographed.
LONGEST_SIDE: Final = 2_400
FILE_NAME_LENGTH: Final = 120
ALT_LENGTH: Final = 300
#: More than this somebody has not put into any post yet.
MOST_UNCLAIMED: Final = 50
SWEEP_AFTER: Final = timedelta(days=1)

_PACKED: Final = "application/vnd.openxmlformats-officedocument."
_OPEN_DOCUMENT: Final = "application/vnd.oasis.opendocument."
#: What an ending promises. Which of them are taken is a setting (`ATTACHMENT_TYPES`).
CONTENT_TYPES: Final = {
    "pdf": "application/pdf",
    "txt": "text/plain",
    "md": "text/markdown",
    "csv": "text/csv",
    "docx": f"{_PACKED}wordprocessingml.document",
    "xlsx": f"{_PACKED}spreadsheetml.sheet",
    "pptx": f"{_PACKED}presentationml.presentation",
    "odt": f"{_OPEN_DOCUMENT}text",
    "ods": f"{_OPEN_DOCUMENT}spreadsheet",
    "odp": f"{_OPEN_DOCUMENT}presentation",
    "zip": "application/zip",
}
_INSIDE: Final = {
    "docx": "word/document.xml",
    "xlsx": "xl/workbook.xml",
    "pptx": "ppt/presentation.xml",
    "odt": "content.xml",
    "ods": "content.xml",
    "odp": "content.xml",
}
_MARKUP: Final = re.compile(rb"\s*<(?:!doctype|html|svg|script|\?xml|!--|body|head)", re.IGNORECASE)


def attach_file(upload: BinaryIO, *, by: Member, alt: str = "", file_name: str = "") -> Attachment:
    """Take a file, which only its uploader may open until it stands in a post or a message.

    A picture is decoded and drawn anew, so that place, camera and whatever hangs behind it are gone. Raises `Refused`,
    and `Invalid` with a sentence under `file` for what is too large, of a kind that is not taken, or not what its
    ending says. The file is written before the row: a row never names what is not there.
    """
    require(is_admitted(by))
    shown_name = clean_file_name(file_name or getattr(upload, "name", None) or "")
    content = upload.read(settings.ATTACHMENT_MAX_BYTES + 1)
    _check_amount(content, by)
    ending = shown_name.rpartition(".")[2].lower()
    name, width, height = token_hex(16), 0, 0
    if ending in PICTURE_ENDINGS:
        content, width, height = _drawn(content)
        content_type, shown_name = "image/webp", f"{shown_name.rpartition('.')[0] or 'picture'}.webp"
    else:
        _check_kind(content, ending)
        content_type = CONTENT_TYPES[ending]
    default_storage.save(path_of(name), ContentFile(content))
    return Attachment.objects.create(
        name=name,
        file_name=shown_name,
        content_type=content_type,
        size=len(content),
        width=width,
        height=height,
        alt=clean_line(alt)[:ALT_LENGTH],
        created_at=timezone.now(),
        uploader=by,
    )


def claim_attachments(
    source: str,
    *,
    by: Member,
    post_id: int | None = None,
    message_id: int | None = None,
    resource_id: int | None = None,
) -> int:
    """Hand over what this member uploaded and names in this text to the post, message or resource it stands in.

    `source` may be the source or its HTML. Belongs into the transaction that writes it. One statement, and none where
    nothing is named; what others uploaded or what stands elsewhere stays where it is. Returns how many.
    """
    names = set(ATTACHMENT_ADDRESS.findall(source))
    if not names:
        return 0
    return Attachment.objects.filter(name__in=names, uploader=by).update(
        uploader=None, post_id=post_id, message_id=message_id, resource_id=resource_id
    )


@shared_task(name="discussions.remove_unclaimed_attachments")
def remove_unclaimed_attachments() -> int:
    """Delete what was uploaded a day ago, stands nowhere and waits in no draft or held post; and files without row.

    Safe to run twice; returns how many were removed.
    """
    before = timezone.now() - SWEEP_AFTER
    drafts = Draft.objects.annotate(text=Cast("words", CharField())).filter(
        member=OuterRef("uploader"),
        text__contains=Concat(Value("/attachments/"), OuterRef("name"), Value("/")),
    )
    held = HeldPost.objects.filter(
        author=OuterRef("uploader"),
        posted__isnull=True,
        html__contains=Concat(Value("/attachments/"), OuterRef("name"), Value("/")),
    )
    decided = Ruling.objects.filter(
        data__has_key="files", undone_at__isnull=True, at__gt=timezone.now() - UNDO_WITHIN
    ).values_list("data__files", flat=True)
    # What a moderator took out of a post comes back where the decision is taken back.
    kept = {pk for files in decided for pk in files}
    old = Attachment.objects.unclaimed().filter(~Exists(drafts), ~Exists(held), created_at__lt=before)
    old = old.exclude(pk__in=kept)
    removed = 0
    for pk, name in list(old.values_list("pk", "name")[:5_000]):
        # Asked again, one by one: it may have been put into a post in this moment.
        gone, _by_model = Attachment.objects.unclaimed().filter(pk=pk).delete()
        if gone:
            default_storage.delete(path_of(name))
            removed += 1
    return removed + _remove_strays(before)


def _remove_strays(before: datetime) -> int:
    """Files that no row names: what a failed request left, or a row that went with its post."""
    if not default_storage.exists(FOLDER):
        return 0
    folders, _files = default_storage.listdir(FOLDER)
    removed = 0
    for folder in folders:
        _folders, files = default_storage.listdir(f"{FOLDER}/{folder}")
        known = set(Attachment.objects.filter(name__in=files).values_list("name", flat=True))
        for name in set(files) - known:
            if default_storage.get_modified_time(path_of(name)) < before:
                default_storage.delete(path_of(name))
                removed += 1
    return removed


def path_of(name: str) -> str:
    """Where the file lies in the storage: in 256 folders, so that none becomes too long to list."""
    return f"{FOLDER}/{name[:2]}/{name}"


def clean_file_name(value: str) -> str:
    """What a download is called: the last part of a path on one line, short, nothing that turns letters around."""
    line = clean_line(PurePosixPath(value.replace("\\", "/")).name)
    line = re.sub(r'["<>|:*?;%/\u200e\u200f]', "", line).strip(". ")
    stem, dot, ending = line.rpartition(".")
    if not dot or not ending.isascii() or not ending.isalnum() or len(ending) > 10:
        return line[:FILE_NAME_LENGTH]
    return f"{stem[: FILE_NAME_LENGTH - len(ending) - 1].strip()}.{ending.lower()}"


def reference_to(attachment: Attachment) -> Prose:
    """What stands in the text for it, in Markdown: a picture with its words, or a link with the file's name."""
    words = attachment.alt if attachment.is_image else attachment.file_name
    shown = "".join(f"\\{sign}" if sign in "\\[]`*_<>&" else sign for sign in words)
    mark = "!" if attachment.is_image else ""
    return Prose(f"{mark}[{shown}]({attachment.get_absolute_url()})\n", SourceFormat.MARKDOWN)


def taken_kinds() -> list[str]:
    """The endings that are taken beside pictures, in the order of the list above."""
    return [ending for ending in CONTENT_TYPES if ending in settings.ATTACHMENT_TYPES]


def _check_amount(content: bytes, by: Member) -> None:
    if not content:
        raise refused(_("This file is empty. Choose another one."), FIELD)
    if len(content) > settings.ATTACHMENT_MAX_BYTES:
        raise refused(
            _(
                "This file is larger than {most} megabytes. Choose a smaller one, or link to where it lies."
            ).format(most=settings.ATTACHMENT_MAX_BYTES // 1_000_000),
            FIELD,
        )
    if Attachment.objects.filter(uploader=by).count() >= MOST_UNCLAIMED:
        raise refused(
            _(
                "You have {most} files here that stand in no post yet. Post them first; the rest goes after a day."
            ).format(most=MOST_UNCLAIMED),
            FIELD,
        )


def _drawn(content: bytes) -> tuple[bytes, int, int]:
    with opened_picture(content, field=FIELD) as picture:
        if picture.format == "JPEG":
            picture.draft("RGB", (2 * LONGEST_SIDE, 2 * LONGEST_SIDE))
        shown = upright(picture)
        shown.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        return webp_of(shown, on=None), shown.width, shown.height


def _check_kind(content: bytes, ending: str) -> None:
    kinds = taken_kinds()
    if ending not in kinds:
        raise refused(
            _("Files of this kind are not taken. Pictures are, and: {kinds}.").format(kinds=", ".join(kinds)),
            FIELD,
        )
    if not _is_what_it_says(content, ending):
        raise refused(
            _(
                "This file is not what its ending .{ending} says, or it is damaged. Save it anew and choose that."
            ).format(ending=ending),
            FIELD,
        )


def _is_what_it_says(content: bytes, ending: str) -> bool:
    if ending == "pdf":
        return content.startswith(b"%PDF-")
    if ending in _INSIDE or ending == "zip":
        try:
            with zipfile.ZipFile(BytesIO(content)) as packed:
                names = packed.namelist()
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
            return False
        return content.startswith(b"PK") and _INSIDE.get(ending, "") in {"", *names}
    # Words: what a browser might take for a page, or a program, is not let in under another name.
    return b"\x00" not in content and not _MARKUP.match(content)
