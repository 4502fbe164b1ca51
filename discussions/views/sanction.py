"""What was imposed on a member, seen and lifted by those who look after it. One's own is in `moderation.py`."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.permissions import require
from discussions.actions.sanction import lift_sanction
from discussions.queries.sanctions import liftable_sanctions, sanction_page
from discussions.views.moderation import moderated
from members.models import Member
from members.permissions import can_see_sanctions
from members.requests import MemberRequest


@require_safe
@moderated
def member_sanction_list(request: MemberRequest, handle: str) -> HttpResponse:
    """Rule 8.5, for moderators; whoever it is about reads their own page, where they appeal."""
    member = get_object_or_404(Member.objects.visible_to(request.user), handle=handle)
    require(can_see_sanctions(request.user, member))
    if member.pk == request.user.pk:
        return redirect("sanction_list")
    context = {"page": sanction_page(member, request.user)}
    return render(request, "discussions/member_sanction_list.html", context)


@require_POST
@moderated
def sanction_lift(request: MemberRequest, sanction_id: int) -> HttpResponse:
    sanction = get_object_or_404(liftable_sanctions(request.user).select_related("member"), pk=sanction_id)
    lift_sanction(sanction, by=request.user)
    messages.success(request, _("Lifted. {name} is told.").format(name=sanction.member.display_name))
    if can_see_sanctions(request.user, sanction.member):
        return redirect("member_sanction_list", sanction.member.handle)
    return redirect("case_list")
