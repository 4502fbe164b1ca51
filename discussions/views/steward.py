"""Pages on which stewards and managers settle a space, its people and its stewards, and the one that asks for it."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from community.core.errors import Invalid
from community.core.models import Module
from community.core.permissions import require
from discussions.actions.space import add_space_member, edit_space, remove_space_member
from discussions.actions.steward import (
    archive_space,
    decide_request,
    end_steward,
    name_steward,
    reopen_space,
    request_space,
    settle_space,
)
from discussions.forms.settling import SpaceMemberForm, SpaceRequestForm, SpaceSettleForm, StewardForm
from discussions.models import Space, SpaceRequest, StewardPower, visible_space_ids, visible_spaces
from discussions.permissions import can_manage_space, can_settle_space
from discussions.queries import spaces as space_queries
from discussions.queries.moderation import proposal_rows
from members.requests import MemberRequest


def space_edit(request: MemberRequest, slug: str) -> HttpResponse:
    """Purpose, kinds, rules and outlines; for managers also the name and who may read."""
    space = _space(request, slug)
    require(can_settle_space(request.user, space))
    may_manage = bool(can_manage_space(request.user, space))
    form = SpaceSettleForm(request.POST or None, space=space, may_manage=may_manage)
    if request.method == "POST" and form.is_valid():
        try:
            space = edit_space(space, by=request.user, **form.space_arguments())
            settle_space(space, by=request.user, **form.settle_arguments())
        except Invalid as error:
            form.take_refusal(error)
        else:
            messages.success(request, _("The space is settled."))
            return redirect(space)
    return render(
        request,
        "discussions/space_edit.html",
        {
            "space": _heading(space),
            "form": form,
            "may_manage": may_manage,
            "is_archived": bool(space.archived_at),
        },
        status=422 if form.errors else 200,
    )


def space_people(request: MemberRequest, slug: str) -> HttpResponse:
    """Who is listed, who looks after the space, and who asks to be listed."""
    space = _space(request, slug)
    require(can_settle_space(request.user, space))
    return _render_people(request, space)


def _render_people(
    request: MemberRequest,
    space: Space,
    *,
    member_form: SpaceMemberForm | None = None,
    steward_form: StewardForm | None = None,
    status: int = 200,
) -> HttpResponse:
    may_manage = bool(can_manage_space(request.user, space))
    context = {
        "space": _heading(space),
        "people": space_queries.space_people(space, request.user),
        "member_form": member_form or SpaceMemberForm(by=request.user),
        "steward_form": (steward_form or StewardForm(by=request.user)) if may_manage else None,
        "may_manage": may_manage,
        "proposals": proposal_rows(space) if may_manage and request.user.uses(Module.MODERATION) else [],
    }
    return render(request, "discussions/space_people.html", context, status=status)


@require_POST
def space_member_add(request: MemberRequest, slug: str) -> HttpResponse:
    space = _space(request, slug)
    require(can_settle_space(request.user, space))
    form = SpaceMemberForm(request.POST, by=request.user)
    if not form.is_valid():
        return _render_people(request, space, member_form=form, status=422)
    add_space_member(space, form.cleaned_data["who"], by=request.user)
    return redirect("space_people", space.slug)


@require_POST
def space_member_remove(request: MemberRequest, slug: str, handle: str) -> HttpResponse:
    space = _space(request, slug)
    require(can_settle_space(request.user, space))
    row = get_object_or_404(space.memberships.select_related("member"), member__handle=handle)
    remove_space_member(space, row.member, by=request.user)
    # Whoever took themselves off a closed list sees it no more.
    return (
        redirect("space_list") if row.member_id == request.user.pk else redirect("space_people", space.slug)
    )


@require_POST
def steward_add(request: MemberRequest, slug: str) -> HttpResponse:
    space = _space(request, slug)
    require(can_manage_space(request.user, space))
    form = StewardForm(request.POST, by=request.user)
    if form.is_valid():
        try:
            name_steward(
                space,
                form.cleaned_data["who"],
                by=request.user,
                until=form.cleaned_data["until"],
                powers=[StewardPower(power) for power in form.cleaned_data["powers"]],
            )
        except Invalid as error:
            form.take_refusal(error)
        else:
            return redirect("space_people", space.slug)
    return _render_people(request, space, steward_form=form, status=422)


@require_POST
def steward_end(request: MemberRequest, slug: str, handle: str) -> HttpResponse:
    space = _space(request, slug)
    require(can_settle_space(request.user, space))
    row = get_object_or_404(space.stewardships.select_related("member"), member__handle=handle)
    end_steward(space, row.member, by=request.user)
    return redirect(space) if row.member_id == request.user.pk else redirect("space_people", space.slug)


def space_ask(request: MemberRequest, slug: str) -> HttpResponse:
    """A private space that can be asked for shows its name and purpose; any other is not there for strangers to it."""
    space = get_object_or_404(Space.objects.requestable(), slug=slug)
    if space.pk in visible_space_ids(request.user):
        return redirect(space)
    if not request.user.is_admitted:
        raise Http404
    asked = SpaceRequest.objects.filter(space=space, member=request.user, decided_at__isnull=True).first()
    form = SpaceRequestForm(request.POST or None, initial={"words": asked.words if asked else ""})
    if request.method == "POST" and form.is_valid():
        request_space(space, by=request.user, words=form.cleaned_data["words"])
        messages.success(request, _("You have asked to be listed. A steward of the space decides."))
        return redirect("space_list")
    return render(
        request,
        "discussions/space_ask.html",
        {
            "space": {"name": space.name, "purpose": space.purpose},
            "form": form,
            "is_asked": asked is not None,
        },
        status=422 if form.errors else 200,
    )


@require_POST
def space_request_decide(request: MemberRequest, request_id: int) -> HttpResponse:
    """`is_listed` is yes or no."""
    asked = get_object_or_404(
        SpaceRequest.objects.select_related("space"),
        pk=request_id,
        space__in=visible_space_ids(request.user),
    )
    answer = request.POST.get("is_listed")
    if answer not in {"yes", "no"}:
        raise Invalid(_("Say yes or no."))
    decide_request(asked, by=request.user, is_listed=answer == "yes")
    return redirect("space_people", asked.space.slug)


@require_POST
def space_archive(request: MemberRequest, slug: str) -> HttpResponse:
    space = archive_space(_space(request, slug), by=request.user)
    messages.success(request, _("The space is archived: it can be read, and nothing new is written here."))
    return redirect(space)


@require_POST
def space_reopen(request: MemberRequest, slug: str) -> HttpResponse:
    space = reopen_space(_space(request, slug), by=request.user)
    messages.success(request, _("The space is open for writing again."))
    return redirect(space)


def _space(request: MemberRequest, slug: str) -> Space:
    space = next((space for space in visible_spaces(request.user) if space.slug == slug), None)
    if space is None:
        raise Http404
    return space


def _heading(space: Space) -> dict[str, str]:
    return {"name": space.name, "slug": space.slug, "url": space.get_absolute_url()}
