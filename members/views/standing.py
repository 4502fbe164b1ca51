"""Pausing, leaving, coming back, and the page of somebody who is suspended."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.errors import Conflict, Invalid
from community.core.moments import moment
from community.core.permissions import require
from members.actions.standing import (
    appeal_suspension,
    leave_community,
    pause_member,
    resume_member,
    return_to_community,
)
from members.forms.standing import AppealForm, PauseForm
from members.permissions import is_admitted
from members.queries.standing import departure, suspension_in_force, suspension_seen
from members.requests import MemberRequest


def member_pause(request: MemberRequest) -> HttpResponse:
    """Rule 1.12: no mail and no requests until a date."""
    require(is_admitted(request.user))
    form = PauseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            pause_member(request.user, by=request.user, until=form.cleaned_data["until"])
        except Invalid as error:
            form.take_refusal(error)
        else:
            messages.success(request, _("You are pausing. Everything else stays as it is."))
            return redirect("member_pause")
    until = request.user.paused_until
    context = {"form": form, "until": moment(until, timezone.now()) if until else None}
    return render(request, "members/member_pause.html", context, status=422 if form.errors else 200)


@require_POST
def member_resume(request: MemberRequest) -> HttpResponse:
    """Come back before the date."""
    resume_member(request.user, by=request.user)
    messages.success(request, _("Welcome back. Mail and requests reach you again."))
    return redirect("home")


@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]
def member_leave(request: MemberRequest) -> HttpResponse:
    """What leaving means, with the pause beside it; then the leaving itself."""
    if not request.user.held_roles:
        require(is_admitted(request.user))
    if request.method == "POST":
        try:
            leave_community(request.user, by=request.user)
        except Invalid as error:
            return _leave_page(request, error.sentence, status=422)
        logout(request)
        messages.success(request, _("You have left. Thank you for having been here."))
        return redirect("account_login")
    return _leave_page(request, "")


@require_safe
def member_left(request: MemberRequest) -> HttpResponse:
    """What somebody finds who has left and signs in again."""
    if not request.user.has_left or request.user.left_at is None:
        return redirect("home")
    return render(request, "members/member_left.html", {"departure": departure(request.user.left_at)})


@require_POST
def member_return(request: MemberRequest) -> HttpResponse:
    """Come back, at once or through the gate."""
    member = return_to_community(request.user, by=request.user)
    if member.is_admitted:
        messages.success(request, _("Welcome back. You are a member again."))
    else:
        messages.success(request, _("Your way back goes through the gate: tell us how things stand now."))
    return redirect("home")


@require_safe
def suspension_show(request: MemberRequest) -> HttpResponse:
    """Reason, end and appeal: all that somebody who is suspended sees."""
    return _suspension_page(request, AppealForm())


@require_POST
def suspension_appeal(request: MemberRequest) -> HttpResponse:
    """The one appeal."""
    suspension = suspension_in_force(request.user)
    if suspension is None:
        raise Conflict(_("You are not suspended."))
    form = AppealForm(request.POST)
    if form.is_valid():
        try:
            appeal_suspension(suspension, by=request.user, words=form.cleaned_data["words"])
        except Invalid as error:
            form.take_refusal(error)
        else:
            messages.success(request, _("Your appeal is with somebody else than who suspended you."))
            return redirect("suspension_show")
    return _suspension_page(request, form)


def _suspension_page(request: MemberRequest, form: AppealForm) -> HttpResponse:
    suspension = suspension_in_force(request.user)
    if suspension is None:
        return redirect("home")
    context = {"suspension": suspension_seen(suspension), "form": form}
    return render(request, "members/suspension_show.html", context, status=422 if form.errors else 200)


def _leave_page(request: MemberRequest, refusal: str, *, status: int = 200) -> HttpResponse:
    context = {"refusal": refusal, "may_pause": request.user.is_admitted}
    return render(request, "members/member_leave.html", context, status=status)
