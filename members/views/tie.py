"""Follow, mute and block: buttons on a person's page, and the list of one's own."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.http import safe_next
from members.actions.tie import (
    block_member,
    follow_member,
    mute_member,
    unblock_member,
    unfollow_member,
    unmute_member,
)
from members.models import Member
from members.queries.ties import tied_members, ties_page
from members.requests import MemberRequest


@require_safe
def tie_list(request: MemberRequest) -> HttpResponse:
    """Whom I follow, have muted and have blocked: nobody else sees this page."""
    return render(
        request, "members/tie_list.html", {"groups": ties_page(request.user), "here_url": request.path}
    )


def _change(request: MemberRequest, handle: str, act: Callable[..., Member], sentence: str) -> HttpResponse:
    """Anybody I see, and anybody I have a tie with: who blocked me cannot be told from somebody who is not here."""
    member = get_object_or_404(tied_members(request.user), handle=handle)
    act(member, by=request.user)
    messages.success(request, sentence.format(name=member.display_name))
    is_shown = Member.objects.visible_to(request.user).filter(pk=member.pk).exists()
    return redirect(safe_next(request, member.get_absolute_url() if is_shown else "tie_list"))


@require_POST
def member_follow(request: MemberRequest, handle: str) -> HttpResponse:
    return _change(request, handle, follow_member, _("You follow {name}."))


@require_POST
def member_unfollow(request: MemberRequest, handle: str) -> HttpResponse:
    return _change(request, handle, unfollow_member, _("You no longer follow {name}."))


@require_POST
def member_mute(request: MemberRequest, handle: str) -> HttpResponse:
    return _change(
        request, handle, mute_member, _("{name} is muted. Only you know: nothing they write is sent to you.")
    )


@require_POST
def member_unmute(request: MemberRequest, handle: str) -> HttpResponse:
    return _change(request, handle, unmute_member, _("{name} is no longer muted."))


@require_POST
def member_block(request: MemberRequest, handle: str) -> HttpResponse:
    return _change(
        request,
        handle,
        block_member,
        _("{name} is blocked. You no longer find each other, and they are not told."),
    )


@require_POST
def member_unblock(request: MemberRequest, handle: str) -> HttpResponse:
    return _change(request, handle, unblock_member, _("{name} is no longer blocked."))
