"""The page of a person."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from members.models import HiddenProfile, Member
from members.permissions import can_see_sanctions
from members.queries.profile import profile_gap, profile_page
from members.queries.vcards import member_card
from members.requests import MemberRequest

GAP_SHOWN: Final = "gap_shown"
#: For how long it is said that moderation took something away: a decision can be taken back for as long.
SAID_FOR: Final = timedelta(days=30)


@require_safe
def member_show(request: MemberRequest, handle: str) -> HttpResponse:
    member = get_object_or_404(Member.objects.visible_to(request.user).select_related("photo"), handle=handle)
    # Rule 2.4: once a month at most, on each device.
    gap = "" if member.pk != request.user.pk or GAP_SHOWN in request.COOKIES else profile_gap(member)
    hidden = HiddenProfile.objects.hidden().filter(member=member, hidden_at__gt=timezone.now() - SAID_FOR)
    is_hidden = member.pk == request.user.pk and hidden.exists()
    context = {
        "member": profile_page(member, request.user),
        "gap": "" if is_hidden else gap,
        "is_hidden": is_hidden,
        "may_see_sanctions": member.pk != request.user.pk and bool(can_see_sanctions(request.user, member)),
    }
    response = render(request, "members/member_show.html", context)
    if gap:
        response.set_cookie(
            GAP_SHOWN,
            "1",
            max_age=timedelta(days=30),
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response


@require_safe
def member_vcard(request: MemberRequest, handle: str) -> HttpResponse:
    """The person as a contact for an address book."""
    member = get_object_or_404(Member.objects.visible_to(request.user), handle=handle)
    response = HttpResponse(member_card(member, request.user), content_type="text/vcard; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{member.handle}.vcf"'
    response["Cache-Control"] = "private, no-store"
    return response
