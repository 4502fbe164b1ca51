"""The first page a member sees; strangers and applicants are led to theirs."""

from datetime import timedelta
from time import time
from typing import Final

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from community.queries import home_page
from members.actions.welcome import lead_to_welcome
from members.models import RoleName
from members.queries.welcome import welcome_left
from members.requests import MemberRequest

#: How long after coming in the first visit leads to the welcome, and the later ones show what is left of it.
WELCOME_WITHIN: Final = timedelta(days=60)


# The closed door leads strangers to the public page instead of to sign-in.
@login_required(login_url="gate_show", redirect_field_name="")
@require_safe
def home(request: MemberRequest) -> HttpResponse:
    """Rule 1.3: whoever has asked to come in sees how that stands, and nothing of the inside."""
    reader = request.user
    if not reader.is_admitted and reader.has_role(RoleName.APPLICANT):
        return redirect("application_show")
    # Rule 1.11. Whoever came long ago is not asked about, so that their page does not pay for it.
    is_newcomer = reader.joined_at > timezone.now() - WELCOME_WITHIN
    if is_newcomer and lead_to_welcome(reader):
        return redirect("welcome")
    welcome = welcome_left(reader) if is_newcomer else None
    page = home_page(reader)
    return render(
        request,
        "home.html",
        {
            "since_label": page.since_label,
            "moved_label": page.moved_label,
            "live_url": f"{reverse('topic_list_live')}?after={int(time())}",
            "topics": page.topics,
            "latest": page.latest,
            "questions": page.questions,
            "spaces": [{"name": space.name, "url": space.get_absolute_url()} for space in page.spaces],
            "spaces_url": reverse("space_list"),
            "write_url": reverse("topic_create"),
            "welcome": welcome,
        },
    )
