"""The page of a tag, and the list of those that members propose."""

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.errors import Invalid
from community.core.permissions import require
from discussions.actions.tag import accept_tag, merge_tag
from discussions.forms.settling import TagMergeForm
from discussions.models import Tag, Topic
from discussions.permissions import can_manage_tags
from discussions.queries import following, tag_topics
from discussions.queries.tags import proposed_tags, tag_choices
from members.requests import MemberRequest


@require_safe
def tag_show(request: MemberRequest, slug: str) -> HttpResponse:
    """A tag that stands only on topics the reader may not see is as good as not there: its name may be the secret."""
    tag = get_object_or_404(Tag, slug=slug)
    topics, older_url = tag_topics(tag, request.user, before=request.GET.get("before"))
    if not topics and not request.GET.get("before"):
        raise Http404
    return render(
        request,
        "discussions/tag_show.html",
        {"tag": tag, "topics": topics, "older_url": older_url, "following": following(request.user, tag)},
    )


@require_safe
def tag_list(request: MemberRequest) -> HttpResponse:
    """What members propose for the list of tags."""
    require(can_manage_tags(request.user))
    return _render_proposals(request)


@require_POST
def tag_accept(request: MemberRequest, slug: str) -> HttpResponse:
    tag = accept_tag(_seen(request, slug), by=request.user)
    messages.success(request, _("“{name}” is in the list now.").format(name=tag.name))
    return redirect("tag_list")


@require_POST
def tag_merge(request: MemberRequest, slug: str) -> HttpResponse:
    """Put another tag in its place everywhere."""
    tag = _seen(request, slug)
    require(can_manage_tags(request.user))
    form = TagMergeForm(request.POST, by=request.user)
    if form.is_valid():
        try:
            into = merge_tag(tag, form.cleaned_data["into"], by=request.user)
        except Invalid as error:
            form.take_refusal(error)
        else:
            messages.success(request, _("Topics carry “{name}” instead.").format(name=into.name))
            return redirect("tag_list")
    return _render_proposals(request, form, tag.name, status=422)


def _render_proposals(
    request: MemberRequest, form: TagMergeForm | None = None, refused: str = "", *, status: int = 200
) -> HttpResponse:
    context = {
        "tags": proposed_tags(request.user),
        "choices": tag_choices(request.user),
        "form": form,
        "refused": refused,
    }
    return render(request, "discussions/tag_list.html", context, status=status)


def _seen(request: MemberRequest, slug: str) -> Tag:
    """A tag that stands on no topic the reader may see is as good as not there."""
    seen = Topic.objects.visible_to(request.user).filter(tagged_topics__tag=OuterRef("pk"))
    tag: Tag = get_object_or_404(Tag.objects.filter(Exists(seen)), slug=slug)
    return tag
