"""The list of spaces and the page of one."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from discussions.models import visible_space_ids, visible_spaces
from discussions.queries import following, space_page, space_rows
from discussions.queries.spaces import spaces_to_ask_for
from members.requests import MemberRequest


@require_safe
def space_list(request: MemberRequest) -> HttpResponse:
    context = {
        "spaces": space_rows(request.user),
        "askable": spaces_to_ask_for(request.user, visible_space_ids(request.user)),
    }
    return render(request, "discussions/space_list.html", context)


@require_safe
def space_show(request: MemberRequest, slug: str) -> HttpResponse:
    space = next((space for space in visible_spaces(request.user) if space.slug == slug), None)
    if space is None:
        raise Http404
    page = space_page(space, request.user, before=request.GET.get("before"))
    return render(
        request,
        "discussions/space_show.html",
        {
            "space": page,
            "topics": page.topics,
            "older_url": page.older_url,
            "following": following(request.user, space),
        },
    )
