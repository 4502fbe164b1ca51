"""The first page a member sees."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from community.queries import home_page
from members.requests import MemberRequest


@require_safe
def home(request: MemberRequest) -> HttpResponse:
    page = home_page(request.user)
    return render(
        request,
        "home.html",
        {
            "since_label": _("Since your last visit"),
            "moved_label": page.moved_label,
            "topics": page.topics,
            "latest": page.latest,
            "questions": page.questions,
            "spaces": [{"name": space.name, "url": space.get_absolute_url()} for space in page.spaces],
            "spaces_url": reverse("space_list"),
            "write_url": reverse("topic_create"),
        },
    )
