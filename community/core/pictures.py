"""Pictures that people upload: opened with care, and drawn anew so that nothing of the file is kept but its pixels."""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Final

from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from community.core.errors import Invalid

#: A telephone's photo has twelve megapixels; a decoder takes four bytes for each of them.
MAX_PIXELS: Final = 40_000_000
FORMATS: Final = ("JPEG", "PNG", "WEBP")
# What decoders raise for a file that is not what it says, or ends too early.
_BROKEN: Final = (OSError, ValueError, SyntaxError, EOFError, IndexError, struct.error, zlib.error)
_HEIC: Final = frozenset({b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif"})


@contextmanager
def opened_picture(content: bytes, *, field: str) -> Iterator[Image.Image]:
    """A still JPEG, PNG or WebP; only its beginning has been read when the block begins.

    Raises `Invalid` with a sentence for `field`, also for what the decoder finds wrong inside the block.
    """
    if not content:
        raise refused(_("This file is empty. Choose a picture."), field)
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC:
        raise refused(
            _("Pictures of this kind (HEIC or AVIF) are not taken. Export it as JPEG and choose that one."),
            field,
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(BytesIO(content), formats=FORMATS)
            _check(picture, field)
            yield picture
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise _too_many_pixels(field) from error
    except _BROKEN as error:
        raise refused(
            _("This is no picture that can be read. JPEG, PNG and WebP are taken; the file may be damaged."),
            field,
        ) from error


def upright(picture: Image.Image) -> Image.Image:
    """Turned as the camera was held, in the colours of screens; with an alpha channel only where there was one."""
    turned = ImageOps.exif_transpose(picture)
    return turned.convert("RGBA" if _is_transparent(turned) else "RGB")


def webp_of(picture: Image.Image, *, on: str | None) -> bytes:
    """An upright picture as a WebP file that holds pixels and nothing else.

    On a ground of that colour where it was transparent; None keeps it transparent.
    """
    has_alpha = picture.mode == "RGBA"
    # A new picture: nothing that the old one carried along (place, camera, profile, text) can be in it.
    if on is None and has_alpha:
        clean = Image.new("RGBA", picture.size)
        clean.paste(picture)
    else:
        clean = Image.new("RGB", picture.size, on or "white")
        clean.paste(picture, mask=picture if has_alpha else None)
    target = BytesIO()
    clean.save(target, "WEBP", quality=82, method=4)
    return target.getvalue()


def refused(sentence: str, field: str) -> Invalid:
    return Invalid(sentence, fields={field: [sentence]})


def _check(picture: Image.Image, field: str) -> None:
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise _too_many_pixels(field)
    # A telephone writes a second picture behind the first (MPO); that is no motion.
    if picture.format != "MPO" and getattr(picture, "is_animated", False):
        raise refused(_("This picture moves. Choose one that stands still."), field)


def _is_transparent(picture: Image.Image) -> bool:
    return picture.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in picture.info


def _too_many_pixels(field: str) -> Invalid:
    return refused(
        _("This picture has more than {most} megapixels. Choose a smaller one.").format(
            most=MAX_PIXELS // 1_000_000
        ),
        field,
    )
