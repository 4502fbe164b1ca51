"""The directory: finding people, keeping a search, taking the list out of the house."""

from typing import Final

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from community.core.permissions import require
from members.directory import read_search
from members.models import Organisation
from members.permissions import is_admitted
from members.queries.directory import directory_page, facet_keys
from members.requests import MemberRequest

VIEWS: Final = ("cards", "table")
VIEW_COOKIE: Final = "people_view"
_YEAR: Final = 365 * 24 * 3600


@require_safe
def member_list(request: MemberRequest) -> HttpResponse:
    """Rule 2.3: words, facets, cards or a table. The last view chosen is remembered in a cookie."""
    require(is_admitted(request.user))
    if slug := request.GET.get("organisation"):
        # Where activity of earlier days points to.
        return redirect(get_object_or_404(Organisation, slug=slug))
    keys = facet_keys()
    search = read_search(request.GET, [one.key for one in keys])
    chosen = request.GET.get("view") or request.COOKIES.get(VIEW_COOKIE)
    view = chosen if chosen in VIEWS else VIEWS[0]
    page = directory_page(request.user, search, keys, after=request.GET.get("after"))
    path, query = reverse("member_list"), search.query()
    context = {
        "page": page,
        "members": page.members,
        "q": search.words,
        "is_new": search.is_new,
        "is_newest_first": search.is_newest_first,
        "is_narrowed": not search.is_empty,
        "view": view,
        "query": query,
        "older_url": page.next_url,
        "view_urls": {name: f"{path}?{query}&view={name}".replace("?&", "?") for name in VIEWS},
        "sort_urls": {
            "name": f"{path}?{search.sorted(newest_first=False).query()}",
            "newest": f"{path}?{search.sorted(newest_first=True).query()}",
        },
    }
    response = render(request, "members/member_list.html", context)
    if request.GET.get("view") == view and request.COOKIES.get(VIEW_COOKIE) != view:
        response.set_cookie(
            VIEW_COOKIE, view, max_age=_YEAR, secure=settings.SITE_IS_HTTPS, httponly=True, samesite="Lax"
        )
    return response
