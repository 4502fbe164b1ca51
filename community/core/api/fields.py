"""What a request may hold: fields that take exactly what the published schema says, and serializers without surprises.

REST framework is generous (numbers as text, text as numbers, unknown names ignored); each generosity is a value that
the schema forbids and the server takes. Rules of the product are not here: actions have them.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from community.core.http import MAX_ID

# Controls that may stand in no text (those of the edge), spelled for a regular expression of any dialect.
_CONTROL: Final = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f"
# What counts as something to see, as ranges of which every character is: Latin to Armenian, Hebrew, Arabic, the Indic
# scripts, Thai, Lao, Myanmar, Georgian, Hangul, Ethiopic, symbols, kana, Han, full width, emoji.
_VISIBLE: Final = (
    "!-~¡-¬®-\u02ff\u0370-\u0482\u048a-\u058f\u05d0-\u05f4\u061d-\u064a\u0671-\u06d5"
    "\u0904-\u0939\u0982-\u09b9\u0a03-\u0a39\u0a83-\u0ab9\u0b02-\u0b39\u0b83-\u0bbf\u0c05-\u0c39\u0c82-\u0cb9"
    "\u0d02-\u0d3a\u0d82-\u0dc6\u0e01-\u0e30\u0e4f-\u0eb0\u1000-\u102c\u10a0-\u115e\u1380-\u167f"
    "\u1e00-\u1fff\u2030-\u205e\u2070-\u20cf\u2100-\u27ff\u2900-\u2bff\u3001-\u3029\u3041-\u3096\u309b-\u3163"
    "\u3165-\ua48c\uac00-\ud7a3\uff01-\uff9f\U0001f000-\U0001faf6\U00020000-\U0002a6df"
)
TEXT_PATTERN: Final = f"^[^{_CONTROL}]*[{_VISIBLE}][^{_CONTROL}]*$"
_VISIBLE_IN_TAG: Final = _VISIBLE.replace("!-~", r"!-+\--~")
TAG_PATTERN: Final = f"^[^{_CONTROL},]*[{_VISIBLE_IN_TAG}][^{_CONTROL},]*$"
# Every match is an address; the rarer ones that it leaves out (other scripts, quotes) are taken too.
EMAIL_PATTERN: Final = (
    r"^[A-Za-z0-9_+-]{1,30}(\.[A-Za-z0-9_+-]{1,30})?"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?\.){1,3}[A-Za-z]{2,24}$"
)
CURSOR_PATTERN: Final = "^[A-Za-z0-9_-]{1,800}$"
BASE64_PATTERN: Final = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)$"

_HAS_VISIBLE: Final = re.compile(f"[{_VISIBLE}]")
_HAS_CONTROL: Final = re.compile(f"[{_CONTROL}]")
_CURSOR: Final = re.compile(CURSOR_PATTERN.removeprefix("^").removesuffix("$"))
_NUMBER: Final = re.compile(r"-?[0-9]{1,19}")


class TextField(serializers.CharField):
    """Text with something to see in it and nothing that only machines read; white space stays as it came."""

    default_error_messages = {
        "invisible": _("There is nothing to see in this text."),
        "control": _("This text holds control characters. Remove them and send it again."),
    }

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if _HAS_CONTROL.search(data):
            self.fail("control")
        if not _HAS_VISIBLE.search(data):
            self.fail("invisible")
        return data


class Base64Field(serializers.CharField):
    """A file inside a body; the value is its bytes."""

    default_error_messages = {"not_base64": _("The content is not in base64.")}

    def to_internal_value(self, data: Any) -> bytes:  # type: ignore[override]
        if not isinstance(data, str):
            self.fail("invalid")
        try:
            return base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            self.fail("not_base64")


class EmailField(TextField):
    """An e-mail address. The action says whether it is one, in the words that pages use."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=254, **kwargs)


class TagField(TextField):
    """A tag. Pages take tags with commas between them, so none can stand in one."""

    default_error_messages = {"comma": _("A tag holds no comma. Send each tag on its own.")}

    def to_internal_value(self, data: Any) -> str:
        tag = super().to_internal_value(data)
        if "," in tag:
            self.fail("comma")
        return tag


class CursorField(serializers.CharField):
    """Where a list goes on: taken from `next` of the page before and not to be understood."""

    default_error_messages = {"malformed": _("This is no cursor. Take it from `next` of the page before.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or not _CURSOR.fullmatch(data):
            self.fail("malformed")
        return data


class NumberField(serializers.IntegerField):
    """A whole number within bounds: a number in a body, digits in an address; never the one for the other."""

    def __init__(self, *, min_value: int, max_value: int, **kwargs: Any) -> None:
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        if getattr(self.root, "reads_address", False):
            is_number = isinstance(data, str) and _NUMBER.fullmatch(data) is not None
        elif isinstance(data, float):
            is_number = data.is_integer()
        else:
            is_number = isinstance(data, int) and not isinstance(data, bool)
        if not is_number:
            self.fail("invalid")
        return int(data)


class IdField(NumberField):
    """The id of something of ours. Whether it is there, and open to the reader, is the view's question (404)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_ID, **kwargs)


class YesNoField(serializers.BooleanField):
    """`true` or `false`, in an address as words and in a body as such, and none of the other words for it."""

    def to_internal_value(self, data: Any) -> bool:
        in_address = getattr(self.root, "reads_address", False)
        known = data in ("true", "false") if in_address else isinstance(data, bool)
        if not known:
            self.fail("invalid", input=data)
        return data in (True, "true")


class FlagField(serializers.BooleanField):
    """`true` or `false` in a body, and none of the other things that count as one of them."""

    def to_internal_value(self, data: Any) -> bool:
        if data is not True and data is not False:
            self.fail("invalid", input=data)
        return bool(data)


class MomentField(serializers.DateTimeField):
    """Always UTC: a program does not care in which zone the token's member reads."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=UTC, **kwargs)


class AddressField(serializers.URLField):
    """The page of a thing, absolute; the source is its `get_absolute_url`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, source="get_absolute_url", **kwargs)

    def to_representation(self, value: str) -> str:
        return str(self.context["request"].build_absolute_uri(value))


class StrictSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What may be sent. A name that it does not know is a mistake of the sender and is said to be one.

    Dropping it in silence would let a misspelt filter show everything and a misspelt field change nothing.
    """

    reads_address = False

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = [str(name) for name in data if name not in self.fields]
            if unknown:
                raise serializers.ValidationError(
                    {name[:80]: [_("This is not known here.")] for name in unknown[:10]}
                )
        return super().to_internal_value(data)


class Query(StrictSerializer):
    """The part of an address behind the question mark."""

    reads_address = True


class ListQuery(Query):
    """What every list takes."""

    limit = NumberField(min_value=1, max_value=100, default=20, help_text=_("How many at most."))
    cursor = CursorField(required=False, help_text=_("Where to go on, out of `next` of the page before."))
