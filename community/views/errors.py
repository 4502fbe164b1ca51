"""The answers of last resort: what Django calls when no view could answer."""

import sys

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from community.core.http import render_error, wants_json
from community.core.middleware import request_id


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render_error(request, 400, _("The request could not be read. Go back and try it again."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render_error(request, 403, _("This is not open to you. A community manager can tell you why."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The same words for what is not there and for what may not be known."""
    return render_error(
        request,
        404,
        _("There is nothing at this address, or nothing that is open to you. Search, or start at home."),
    )


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """What allauth answers with when a limit of sign-in is reached."""
    return render_error(
        request, 429, _("That was too often in too short a time. Wait a few minutes, then try again.")
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render_error(
        request,
        403,
        _(
            "This form is older than your sign-in. Go back, reload the page and send it again; your words are kept."
        ),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without the request: whatever failed must not fail again here.

    503 where it was the database that could not answer (gone, full, or busy beyond its time limits): the same request
    may succeed in a moment, and machines know that from the status.
    """
    status = 503 if isinstance(sys.exception(), OperationalError) else 500
    if wants_json(request):
        sentence = _("Something failed on our side. The fault is recorded.")
        response: HttpResponse = JsonResponse(
            {"detail": sentence, "request": request_id.get()}, status=status
        )
    else:
        context = {"community_name": settings.COMMUNITY_NAME, "request_id": request_id.get()}
        response = HttpResponse(render_to_string("errors/500.html", context), status=status)
    if status == 503:
        response["Retry-After"] = "5"
    return response
