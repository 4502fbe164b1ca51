"""The inbox of notices, and how one wants to hear of things."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.errors import Invalid
from community.core.inbound import forget_fault
from community.core.notices import (
    edit_preferences,
    preference_of,
    read_all_notices,
    read_notice,
)
from community.core.permissions import require
from discussions.forms.notice import PreferenceForm
from discussions.queries.notices import broken_address, inbox_page, open_notices
from members.permissions import is_admitted
from members.requests import MemberRequest


@require_safe
def notice_list(request: MemberRequest) -> HttpResponse:
    """Rule 9.1: what one was told of, newest first, each with its reason and leading to the first unread."""
    require(is_admitted(request.user))
    only_unread = request.GET.get("show") == "unread"
    page = inbox_page(request.user, before=request.GET.get("before"), only_unread=only_unread)
    return render(
        request,
        "notices/notice_list.html",
        {
            "page": page,
            "only_unread": only_unread,
            "older_url": f"?{'show=unread&' if only_unread else ''}before={page.older}" if page.older else "",
            "home_url": reverse("home"),
        },
    )


@require_POST
def notice_read(request: MemberRequest, notice_id: int) -> HttpResponse:
    """Put one aside without opening it."""
    require(is_admitted(request.user))
    notice = get_object_or_404(open_notices(request.user), pk=notice_id)
    read_notice(notice, by=request.user)
    return redirect("notice_list")


@require_POST
def notice_read_all(request: MemberRequest) -> HttpResponse:
    """Put all aside that stood on the page."""
    require(is_admitted(request.user))
    try:
        until = parse_datetime(request.POST.get("until", ""))
    except ValueError:
        until = None
    if until is not None and timezone.is_naive(until):
        until = None
    read_all_notices(by=request.user, until=until)
    messages.success(request, _("All of them are put aside."))
    return redirect("notice_list")


def notice_preferences(request: MemberRequest) -> HttpResponse:
    """Rule 9.3: one page, in human words."""
    require(is_admitted(request.user))
    form = PreferenceForm(
        request.POST or None,
        preference=preference_of(request.user.pk),
        modules_off=request.user.modules_off,
    )
    if request.method == "POST" and form.is_valid():
        try:
            edit_preferences(request.user, form.change(), by=request.user)
        except Invalid as error:
            form.take_refusal(error)
        else:
            messages.success(request, _("From now on you hear of things like this."))
            return redirect("notice_preferences")
    context = {
        "form": form,
        "time_zone": request.user.time_zone.replace("_", " "),
        "fault": broken_address(request.user),
    }
    return render(request, "notices/notice_preferences.html", context, status=422 if form.errors else 200)


@require_POST
def notice_address_works(request: MemberRequest) -> HttpResponse:
    """The reader says that their address takes mail again."""
    require(is_admitted(request.user))
    fault = broken_address(request.user)
    if fault is not None:
        forget_fault(fault.address)
        messages.success(request, _("Mail goes to your address again."))
    return redirect("notice_preferences")
