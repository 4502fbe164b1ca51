"""The search, and what it suggests while somebody types."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from community.core.http import whole_number
from community.core.keyset import with_query
from community.core.text import clean_line
from community.search.finding import LAST_PAGE
from community.search.page import search_page
from community.search.suggestions import search_suggestions
from members.requests import MemberRequest


@require_safe
def search(request: MemberRequest) -> HttpResponse:
    """Words and operators; `topic` looks inside one topic."""
    words = clean_line(request.GET.get("q", ""))[:200]
    page = max(1, min(whole_number(request.GET.get("page"), default=1) or 1, LAST_PAGE))
    topic = whole_number(request.GET.get("topic"))
    found = search_page(request.user, words, page=page, topic_id=topic)
    in_topic = str(topic) if topic is not None and found.topic_title else ""
    has_more = found.has_more and page < LAST_PAGE
    older_url = with_query(reverse("search"), q=words, topic=in_topic, page=str(page + 1)) if has_more else ""
    context = {
        "q": words,
        "page": found,
        "results": found.rows,
        "searched": bool(words),
        "older_url": older_url,
        "in_topic": in_topic,
        "topic_url": reverse("topic_show", args=[topic]) if in_topic else "",
        "everywhere_url": with_query(reverse("search"), q=words),
    }
    return render(request, "search.html", context)


@require_safe
def search_suggest(request: MemberRequest) -> HttpResponse:
    """The list that opens under the field; empty where nothing begins so."""
    typed = clean_line(request.GET.get("q", ""))[:100]
    return render(request, "_search_suggest.html", {"suggestions": search_suggestions(request.user, typed)})
