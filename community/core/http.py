"""How an answer is put into HTTP: errors in the form the asker understands, safe redirects, whole-number parameters."""

from collections.abc import Mapping, Sequence
from functools import cache
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

# PostgreSQL's bigint: an id above it is no id of ours, and asking for it would be an error instead of a 404.
MAX_ID = 2**63 - 1


def wants_json(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asked, and so wants only the part that changed."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"


def render_error(
    request: HttpRequest,
    status: int,
    sentence: str,
    *,
    fields: Mapping[str, Sequence[str]] | None = None,
) -> HttpResponse:
    """One sentence in the shape the asker understands: JSON under /api/, a fragment for htmx, otherwise a page."""
    if wants_json(request):
        return JsonResponse({"detail": sentence, "fields": dict(fields or {})}, status=status)
    template = "errors/_error.html" if is_fragment(request) else "errors/error.html"
    context = {
        "status": status,
        "title": ERROR_TITLES.get(status, HTTPStatus(status).phrase),
        "sentence": sentence,
        "fields": {name: list(texts) for name, texts in (fields or {}).items()},
    }
    return render(request, template, context, status=status)


def safe_next(request: HttpRequest, default: str) -> str:
    """The `next` parameter where it stays on this site, otherwise the default (trust §1.1 no. 26)."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return wanted
    return default


@cache
def address_of(view: str) -> str:
    """The address of a view up to its one number or slug, as in `/topics/` of `/topics/7/`.

    For lists: asking for each row costs more than all else that a row does.
    """
    return reverse(view, args=["0"])[: -len("0/")]


def whole_number(value: str | None, *, default: int | None = None, highest: int = MAX_ID) -> int | None:
    """A non-negative whole number out of a parameter; the default where it is none or out of range."""
    if value is None or not value.isascii() or not value.isdigit() or len(value) > 19:
        return default
    number = int(value)
    return number if number <= highest else default


ERROR_TITLES = {
    400: _("That request was not understood"),
    403: _("That is not yours to do"),
    404: _("Nothing here"),
    409: _("Somebody was faster"),
    413: _("Too much at once"),
    422: _("Please look at this again"),
    429: _("A little slower, please"),
    500: _("Something failed on our side"),
    503: _("Back in a moment"),
}
