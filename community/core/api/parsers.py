"""Reading a JSON body strictly: bounded, UTF-8, each name once, no control characters, no nesting bombs."""

import json
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

from community.core.middleware import has_control


class TooMuch(APIException):
    status_code = 413
    default_code = "too_much"


class StrictJSONParser(BaseParser):
    """REST framework reads a body to its end and takes NUL bytes and repeated names; this does neither.

    The limit is that of the address. Control characters are refused here, once, instead of in every field.
    """

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        request = (parser_context or {}).get("request")
        path = getattr(request, "path_info", "")
        limit = settings.BODY_LIMITS.get(path, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        try:
            raw = stream.read(limit + 1)
        except RequestDataTooBig as error:
            raise TooMuch(_too_much()) from error
        if len(raw) > limit:
            raise TooMuch(_too_much())
        try:
            value = json.loads(
                raw.decode("utf-8"), object_pairs_hook=_each_name_once, parse_constant=_no_constant
            )
        except (ValueError, RecursionError) as error:
            raise ParseError(_("The body could not be read as JSON in UTF-8.")) from error
        if _holds_control(value):
            raise ParseError(
                _("The body holds control characters. Remove them and send it again; nothing was stored.")
            )
        return value


def _too_much() -> str:
    return _("That is more than any request of ours needs. Nothing was stored; shorten it and send it again.")


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return names


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _holds_control(value: object) -> bool:
    """Without recursion: what the parser could nest, a recursive walk might not survive."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if has_control(item):
                return True
        elif isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            waiting += item
    return False
