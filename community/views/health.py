"""For machines that watch: whether this process can serve, and what a browser refused to run."""

import json
import logging

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

logger = logging.getLogger(__name__)

MAX_REPORT = 8_000


@login_not_required
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """200 where the database answers, 503 where it does not. Redis is not asked: pages go on without it."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "database unreachable"}, status=503)
    return JsonResponse({"status": "ok"})


@csrf_exempt
@login_not_required
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """Log which directive a browser enforced, never the address or the sample: they may hold what somebody wrote."""
    body = request.read(MAX_REPORT)
    try:
        report = json.loads(body).get("csp-report", {})
        directive = str(report.get("effective-directive") or report.get("violated-directive") or "")[:40]
    except (ValueError, AttributeError, RecursionError):
        # Of anybody's making: strangers may send this.
        return HttpResponse(status=400)
    logger.warning("content security policy enforced", extra={"reason": directive})
    return HttpResponse(status=204)
