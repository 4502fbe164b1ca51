"""The API's own description: the OpenAPI document for programs, and the same as a page for people."""

from drf_spectacular.renderers import OpenApiJsonRenderer2
from drf_spectacular.views import SpectacularAPIView
from django.http import HttpRequest, HttpResponse


class SchemaView(SpectacularAPIView):
    """One form, JSON: it is what every generator reads."""

    renderer_classes = [OpenApiJsonRenderer2]


api_schema = SchemaView.as_view()


def api_docs(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")
