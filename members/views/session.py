"""Where one is signed in: the list, and ending one or all others."""

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from members.actions.sign_in import end_session, end_sessions
from members.queries.sessions import session_rows
from members.requests import MemberRequest


@require_safe
def session_list(request: MemberRequest) -> HttpResponse:
    """Rule 1.13: sessions are listed and can be ended."""
    rows = session_rows(request.user, current_key=request.session.session_key)
    return render(
        request,
        "members/session_list.html",
        {"sessions": rows, "has_others": any(not row.is_current for row in rows)},
    )


@require_POST
def session_end(request: MemberRequest, session_id: int) -> HttpResponse:
    """End one; somebody else's is not there, and one's own current one is ended by signing out."""
    session = get_object_or_404(
        UserSession.objects.exclude(session_key=request.session.session_key), pk=session_id, user=request.user
    )
    end_session(session, by=request.user)
    messages.success(request, _("That sign-in has ended."))
    return redirect("session_list")


@require_POST
def session_end_others(request: MemberRequest) -> HttpResponse:
    """End all but this one."""
    count = end_sessions(request.user, but=request.session.session_key)
    sentence = ngettext("{count} other sign-in has ended.", "{count} other sign-ins have ended.", count)
    messages.success(request, sentence.format(count=count))
    return redirect("session_list")
