"""The page of a company."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from members.models import Organisation
from members.queries.organisation import organisation_page
from members.requests import MemberRequest


@require_safe
def organisation_show(request: MemberRequest, slug: str) -> HttpResponse:
    """Rule 2.3. Where the reader may see nobody of it, there is no such company."""
    organisation = get_object_or_404(Organisation.objects.visible_to(request.user), slug=slug)
    page = organisation_page(organisation, request.user)
    return render(request, "members/organisation_show.html", {"organisation": page, "members": page.members})
