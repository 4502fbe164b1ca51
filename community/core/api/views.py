"""What every endpoint shares: its query checked before it runs, its body as checked values, its list paged."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from community.core.api.fields import Query, StrictSerializer
from community.core.api.pagination import Keyset
from community.core.errors import Conflict, Invalid
from community.core.http import MAX_ID

Thing = TypeVar("Thing", bound=Model)


class Endpoint(viewsets.GenericViewSet[Any]):
    """One noun of the API. Its methods fetch through `visible_to`, call one action and print the result.

    `queries` names the parameters of each action; every other parameter is refused.
    """

    noun: ClassVar[str]
    keyset: ClassVar[Keyset]
    queries: ClassVar[Mapping[str, type[Query]]] = {}
    query: dict[str, Any]
    # REST framework's OPTIONS describes serializers; the schema does that.
    metadata_class = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not self.action:
            # A method that is not here gets its 405, whatever else it asks for.
            return
        query = self.queries.get(self.action, Query)(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        self.query = query.validated_data

    def body(self, serializer_class: type[StrictSerializer]) -> dict[str, Any]:
        """The checked values of a JSON body. Raises a 400 that names the fields."""
        serializer = serializer_class(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        values: dict[str, Any] = serializer.validated_data
        return values

    def idempotency_key(self) -> str | None:
        key = self.request.headers.get("Idempotency-Key")
        if key == "":
            raise exceptions.ParseError(_("An idempotency key has 8 to 64 visible characters."))
        return key

    def listed(
        self, rows: QuerySet[Any], serializer_class: type[serializers.BaseSerializer[Any]]
    ) -> Response:
        """One page of a list."""
        page = self.paginate_queryset(rows)
        data = serializer_class(page, many=True, context=self.get_serializer_context()).data
        return self.get_paginated_response(data)

    def shown(
        self, thing: Model, serializer_class: type[serializers.BaseSerializer[Any]], *, status: int = 200
    ) -> Response:
        """One thing; a new one with its address."""
        data = serializer_class(thing, context=self.get_serializer_context()).data
        headers = {"Location": f"/api/v1/{self.noun}s/{thing.pk}/"} if status == 201 else {}
        return Response(data, status=status, headers=headers)


@contextmanager
def unlike_the_rest() -> Iterator[None]:
    """Values that each are as described and do not fit what is there, or each other: 409, in the action's words.

    A 422 would say that the schema was not kept, and no schema of requests can tell.
    """
    try:
        yield
    except Invalid as error:
        raise Conflict(error.sentence, fields=error.fields) from error


def found(rows: QuerySet[Thing], **lookup: object) -> Thing:
    """The one row, or 404 for what is not there, not open to the reader, or beyond what an id can be."""
    if any(isinstance(value, int) and value > MAX_ID for value in lookup.values()):
        raise Http404
    row = rows.filter(**lookup).first()
    if row is None:
        raise Http404
    return row
