"""The page of a tag."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from discussions.models import Tag
from discussions.queries import tag_topics
from members.requests import MemberRequest


@require_safe
def tag_show(request: MemberRequest, slug: str) -> HttpResponse:
    """A tag that stands only on topics the reader may not see is as good as not there: its name may be the secret."""
    tag = get_object_or_404(Tag, slug=slug)
    topics, older_url = tag_topics(tag, request.user, before=request.GET.get("before"))
    if not topics and not request.GET.get("before"):
        raise Http404
    return render(
        request, "discussions/tag_show.html", {"tag": tag, "topics": topics, "older_url": older_url}
    )
