"""The reviewers' side of the gate: the queue, and one application with everything that is decided about it."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from community.core.permissions import require
from members.models import Application
from members.permissions import can_review_applications
from members.requests import MemberRequest


@require_safe
def application_review(request: MemberRequest, application_id: int) -> HttpResponse:
    require(can_review_applications(request.user))
    application = get_object_or_404(Application.objects.reviewable_by(request.user), pk=application_id)
    return HttpResponse(str(application))
