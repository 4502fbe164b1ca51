"""The list of spaces and the page of one."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from discussions.models import visible_spaces
from discussions.queries import space_page, space_rows
from members.requests import MemberRequest


@require_safe
def space_list(request: MemberRequest) -> HttpResponse:
    return render(request, "discussions/space_list.html", {"spaces": space_rows(request.user)})


@require_safe
def space_show(request: MemberRequest, slug: str) -> HttpResponse:
    space = next((space for space in visible_spaces(request.user) if space.slug == slug), None)
    if space is None:
        raise Http404
    page = space_page(space, request.user, before=request.GET.get("before"))
    return render(
        request,
        "discussions/space_show.html",
        {"space": page, "topics": page.topics, "older_url": page.older_url},
    )
