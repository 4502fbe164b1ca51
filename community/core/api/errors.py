"""How a refusal reads in the API: `{"detail": sentence, "fields": {name: [sentences]}}`, whatever raised it."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.response import Response

from community.core.errors import DomainError

WHOLE = "non_field_errors"
NOT_SIGNED_IN = gettext_lazy(
    "This is for members. Send a token as “Authorization: Bearer trf_…”, or sign in."
)


def answer_error(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """The domain's three errors, Django's two and REST framework's own; None for everything unexpected."""
    if isinstance(error, DomainError):
        return _answer(error.status, error.sentence, error.fields)
    if isinstance(error, Http404):
        # The same words for what is not there and for what may not be known.
        return _answer(404, _("There is nothing here, or nothing that is open to you."))
    if isinstance(error, PermissionDenied):
        return _answer(403, _("This is not open to you. A community manager can tell you why."))
    if isinstance(error, exceptions.ValidationError):
        fields = _fields(error.detail)
        whole = fields.pop(WHOLE, [])
        sentence = (
            whole[0] if whole else _("Something in this request cannot be taken as it is; see the fields.")
        )
        return _answer(400, sentence, fields)
    if isinstance(error, exceptions.APIException):
        sentence = str(NOT_SIGNED_IN) if isinstance(error, exceptions.NotAuthenticated) else str(error.detail)
        wait = getattr(error, "wait", None)
        if wait is not None:
            sentence = _("A little slower, please: wait {seconds} seconds.").format(seconds=wait)
        response = _answer(error.status_code, sentence)
        if wait is not None:
            response["Retry-After"] = str(wait)
        if (header := getattr(error, "auth_header", None)) is not None:
            response["WWW-Authenticate"] = header
        return response
    return None


def _answer(status: int, sentence: str, fields: Mapping[str, list[str]] | None = None) -> Response:
    return Response({"detail": sentence, "fields": dict(fields or {})}, status=status)


def _fields(detail: object) -> dict[str, list[str]]:
    """Every sentence under the name of the outermost field it belongs to."""
    if isinstance(detail, Mapping):
        return {str(name): _sentences(value) for name, value in detail.items()}
    return {WHOLE: _sentences(detail)}


def _sentences(detail: object) -> list[str]:
    if isinstance(detail, Mapping):
        return [sentence for value in detail.values() for sentence in _sentences(value)]
    if isinstance(detail, list):
        return [sentence for value in detail for sentence in _sentences(value)]
    return [str(detail)]
