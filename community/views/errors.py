"""The answers of last resort: what Django calls when no view could answer."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from community.core.http import render_error
from community.core.middleware import request_id


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render_error(request, 400, _("The request could not be read. Go back and try it again."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render_error(request, 403, _("This is not open to you. A community manager can tell you why."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The same words for what is not there and for what may not be known."""
    return render_error(
        request, 404, _("There is nothing at this address, or nothing that is open to you. Search, or start at home.")
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render_error(
        request,
        403,
        _("This form is older than your sign-in. Go back, reload the page and send it again: what you typed is still there."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without the request: whatever failed must not fail again here."""
    template = "errors/500.html"
    context = {"community_name": settings.COMMUNITY_NAME, "request_id": request_id.get()}
    return TemplateResponse(None, template, context, status=500).render()  # type: ignore[arg-type]
