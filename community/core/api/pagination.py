"""Lists by key: never OFFSET, never COUNT. A cursor names the last row of the page before, and nobody reads it."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework import exceptions, pagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from community.core.http import MAX_ID
from community.core.keyset import split_page
from community.core.middleware import has_control

if TYPE_CHECKING:
    from rest_framework.views import APIView

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LONGEST_TEXT: Final = 300


@dataclass(frozen=True, slots=True)
class Keyset:
    """The order of a list: names of columns or annotations, together unique, all rising or all falling."""

    names: tuple[str, ...]
    kinds: tuple[type[int] | type[str] | type[datetime], ...]
    falling: bool = False

    @property
    def ordering(self) -> tuple[str, ...]:
        return tuple(f"-{name}" if self.falling else name for name in self.names)

    def behind(self, values: tuple[Any, ...]) -> Q:
        """Rows that come after these values.

        The first comparison repeats what the rest implies: it is the one that an index can start from.
        """
        step = "lt" if self.falling else "gt"
        rest = Q(**{f"{self.names[-1]}__{step}": values[-1]})
        for name, value in reversed(list(zip(self.names[:-1], values[:-1], strict=True))):
            rest = Q(**{f"{name}__{step}": value}) | (Q(**{name: value}) & rest)
        return Q(**{f"{self.names[0]}__{step}e": values[0]}) & rest

    def cursor(self, row: Model) -> str:
        values = [_packed(attrgetter(name)(row)) for name in self.names]
        text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def read(self, cursor: str) -> tuple[Any, ...] | None:
        """The values of a cursor of this list, None for anything else."""
        try:
            packed = json.loads(
                base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            )
        except (binascii.Error, ValueError, RecursionError):
            return None
        if not isinstance(packed, list) or len(packed) != len(self.kinds):
            return None
        values = tuple(_unpacked(value, kind) for value, kind in zip(packed, self.kinds, strict=True))
        return None if None in values else values


def _packed(value: Any) -> int | str:
    if isinstance(value, datetime):
        return (value - _EPOCH) // _MICROSECOND
    return cast("int | str", value)


def _unpacked(value: object, kind: type) -> Any:
    if kind is str:
        fits = isinstance(value, str) and len(value) <= _LONGEST_TEXT and not has_control(value)
        return value if fits else None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_ID:
        return None
    if kind is int:
        return value
    try:
        return _EPOCH + value * _MICROSECOND
    except OverflowError:
        return None


class ListView(Protocol):
    """What the pagination asks of a view: its order and its checked query."""

    keyset: Keyset
    query: dict[str, Any]


class KeysetPagination(pagination.BasePagination):
    """`{"results": […], "next": address or null}`."""

    def paginate_queryset(  # type: ignore[override]
        self, queryset: QuerySet[Any], request: Request, view: "APIView | None" = None
    ) -> list[Any] | None:
        listing = cast("ListView", view)
        keyset, limit, cursor = listing.keyset, listing.query["limit"], listing.query.get("cursor")
        if cursor is not None:
            values = keyset.read(cursor)
            if values is None:
                raise exceptions.NotFound(_("This list has no such place. Start at its beginning."))
            queryset = queryset.filter(keyset.behind(values))
        rows, has_more = split_page(list(queryset.order_by(*keyset.ordering)[: limit + 1]), limit)
        address = request.build_absolute_uri()
        self.next = replace_query_param(address, "cursor", keyset.cursor(rows[-1])) if has_more else None
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.next})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {
                "results": {"type": "array", "items": schema.get("items", schema)},
                "next": {
                    "type": "string",
                    "format": "uri",
                    "nullable": True,
                    "description": _("The address of the next page; null on the last one."),
                },
            },
        }
