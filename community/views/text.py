"""Showing a writer what a text will look like; nothing is stored."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from community.core.errors import Invalid
from community.core.text import MAX_SOURCE, SourceFormat, clean_source, render


@require_POST
def text_preview(request: HttpRequest) -> HttpResponse:
    """The sanitised HTML of `source` in `source_format`, as readers would see it; the editor asks for it."""
    source = clean_source(request.POST.get("source", ""))
    if len(source) > MAX_SOURCE:
        raise Invalid(_("This is too long to be shown. Shorten it."))
    is_html = request.POST.get("source_format") == SourceFormat.HTML
    rendered = render(source, SourceFormat.HTML if is_html else SourceFormat.MARKDOWN)
    return JsonResponse({"html": rendered.html})
