"""The published OpenAPI document: every refusal is in it, and no object takes more than it names."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS

from community.core.api.fields import (
    BASE64_PATTERN,
    CURSOR_PATTERN,
    EMAIL_PATTERN,
    TAG_PATTERN,
    TEXT_PATTERN,
    Base64Field,
    CursorField,
    EmailField,
    StrictSerializer,
    TagField,
    TextField,
)
from community.core.api.views import Endpoint
from community.core.http import MAX_ID


class Problem(serializers.Serializer[Any]):
    """Every refusal looks like this."""

    detail = serializers.CharField(help_text=_("A sentence for people."))
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()),
        help_text=_("For each field that was not taken, why. Often empty."),
    )


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "community.core.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": str(_("A token of the member it acts as, made on the page “API tokens”.")),
        }


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "community.core.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


ALWAYS = {
    400: _("A parameter or field is not as described."),
    401: _("Not signed in, or the token is not valid."),
    403: _("The member may not do this, or the token may only read."),
    429: _("Too many requests in this minute; Retry-After says how long to wait."),
}
OF_ONE_THING = {404: _("There is nothing here, or nothing that is open to the member.")}
OF_A_CHANGE = {
    404: _("Something named in the address or the body is not there, or not open to the member."),
    409: _("Somebody was faster, or it is in another state than assumed."),
    422: _("The community cannot take it as it is."),
}
OF_A_BODY = {
    413: _("The body is too large."),
    415: _("The body is not application/json."),
}

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 8, "maxLength": 64, "pattern": "^[!-~]{8,64}$"},
    OpenApiParameter.HEADER,
    description=str(
        _("Makes a repeated request one effect: the same key and body give back what the first request made.")
    ),
)


# The nearest class first.
PATTERNS = {
    EmailField: EMAIL_PATTERN,
    TagField: TAG_PATTERN,
    TextField: TEXT_PATTERN,
    CursorField: CURSOR_PATTERN,
    Base64Field: BASE64_PATTERN,
}


def id_parameter(name: str) -> OpenApiParameter:
    """The id in an address, with its bounds."""
    return OpenApiParameter(
        name, {"type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_ID}, OpenApiParameter.PATH
    )


class Schema(AutoSchema):
    """Names operations as the pages' views are named, and adds to each what can go wrong."""

    view: Endpoint  # type: ignore[override]

    def get_operation_id(self) -> str:
        return f"{self.view.noun}_{self.view.action}"

    def get_tags(self) -> list[str]:
        return [self._tokenize_path()[0]]

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        responses: dict[str, Any] = super()._get_response_bodies(direction)
        problems = dict(ALWAYS)
        if "{" in self.path or self.view.queries.get(self.view.action or ""):
            problems |= OF_ONE_THING
        if self.method not in SAFE_METHODS:
            problems |= OF_A_CHANGE | OF_A_BODY
        for status, description in problems.items():
            answer = OpenApiResponse(Problem, description=str(description))
            described = self._get_response_for_code(answer, str(status), direction=direction)  # type: ignore[no-untyped-call]
            responses.setdefault(str(status), described)
        return dict(sorted(responses.items()))

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        schema = super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        for kind, pattern in PATTERNS.items():
            if isinstance(field, kind):
                return schema | {"pattern": pattern, "minLength": 1}
        return schema

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if isinstance(serializer, StrictSerializer):
            schema["additionalProperties"] = False
        if type(serializer).__doc__ is None:
            # The docstring of a base class speaks to those who write code here.
            schema.pop("description", None)
        return schema


def link_what_is_created(result: dict[str, Any], **_context: object) -> dict[str, Any]:
    """Say of everything that is created which operations take its id: testers and generators follow it."""
    operations = [
        (path, operation) for path, methods in result["paths"].items() for operation in methods.values()
    ]
    for _path, creation in operations:
        noun, _underscore, action = creation["operationId"].partition("_")
        if action == "create":
            creation["responses"]["201"]["links"] = {
                operation["operationId"]: {
                    "operationId": operation["operationId"],
                    "parameters": {f"{noun}_id": "$response.body#/id"},
                }
                for path, operation in operations
                if f"{{{noun}_id}}" in path
            }
    return result
