"""The search over topics and posts."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from community.core.http import whole_number
from community.core.keyset import with_query
from community.core.text import clean_line
from community.queries import search_page
from members.requests import MemberRequest

# Ranked results are counted through, and only so far: beyond this a better word helps more than another page.
LAST_PAGE = 20


@require_safe
def search(request: MemberRequest) -> HttpResponse:
    words = clean_line(request.GET.get("q", ""))[:200]
    page = max(1, min(whole_number(request.GET.get("page"), default=1) or 1, LAST_PAGE))
    results, has_more = search_page(request.user, words, page=page)
    older_url = (
        with_query(reverse("search"), q=words, page=str(page + 1)) if has_more and page < LAST_PAGE else ""
    )
    return render(
        request,
        "search.html",
        {"q": words, "results": results, "searched": bool(words), "older_url": older_url, "hint": ""},
    )
