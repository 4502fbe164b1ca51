"""The API's own description: the OpenAPI document for programs, and the same as a page for people."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe
from drf_spectacular.renderers import OpenApiJsonRenderer2
from drf_spectacular.views import SpectacularAPIView

from community.core.permissions import require
from community.reference import api_reference
from members.permissions import is_admitted
from members.requests import MemberRequest


class SchemaView(SpectacularAPIView):
    """One form, JSON: it is what every generator reads."""

    renderer_classes = [OpenApiJsonRenderer2]


api_schema = SchemaView.as_view()


@require_safe
def api_docs(request: MemberRequest) -> HttpResponse:
    """Rendered here in our own look: a viewer from elsewhere needs images that the content policy forbids."""
    require(is_admitted(request.user))
    reference = api_reference(request.build_absolute_uri("/").rstrip("/"))
    context = {
        "groups": reference.groups,
        "objects": reference.objects,
        "schema_url": reverse("api_schema"),
        "tokens_url": reverse("api_token_list"),
    }
    return render(request, "api_docs.html", context)
