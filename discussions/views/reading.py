"""The lists of rule 3.17, following, kept lists, and what has come since."""

from typing import Final

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.errors import Conflict, Invalid
from community.core.http import is_fragment, safe_next, whole_number
from community.core.permissions import require
from discussions.actions.follow import Followed, follow, unfollow
from discussions.actions.saved_view import delete_view, edit_view, save_view
from discussions.filters import TopicFilter, read_filter, read_query
from discussions.forms.reading import SavedViewForm
from discussions.models import FollowLevel, SavedView, Space, Tag, Topic, visible_spaces
from discussions.queries import new_posts, new_topics, topic_list_page
from members.permissions import is_admitted
from members.requests import MemberRequest

NO_CONTENT: Final = 204
NOT_MODIFIED: Final = 304


@require_safe
def topic_list(request: MemberRequest) -> HttpResponse:
    """For you, Latest, Unanswered or Most useful, narrowed by what stands in the address."""
    return _topic_list(request, read_filter(request.GET.dict()))


def _topic_list(
    request: MemberRequest, wanted: TopicFilter, form: SavedViewForm | None = None, *, status: int = 200
) -> HttpResponse:
    require(is_admitted(request.user))
    page = topic_list_page(request.user, wanted, before=request.GET.get("before"))
    context = {
        "page": page,
        "topics": page.topics,
        "form": form or SavedViewForm(initial={"query": page.query}),
        "is_kept": any(view.current for view in page.saved),
    }
    return render(request, "discussions/topic_list.html", context, status=status)


@require_safe
def topic_list_live(request: MemberRequest) -> HttpResponse:
    """Rule 3.18: how many topics moved since the list was printed; nothing where none did."""
    since = whole_number(request.GET.get("after"))
    found = new_topics(request.user, since) if since is not None else 0
    return _live(request, found, reverse("topic_list") + "?list=latest", "topics")


@require_safe
def topic_live(request: MemberRequest, topic_id: int) -> HttpResponse:
    """Rule 3.18: how many posts of others came behind the last one that is shown."""
    after = whole_number(request.GET.get("after"), highest=2**31 - 1)
    found = new_posts(request.user, topic_id, after or 0)
    if found is None:
        raise Http404
    return _live(request, found.count, found.url, "posts")


def _live(request: MemberRequest, count: int, url: str, noun: str) -> HttpResponse:
    """One line, or an empty answer; the mark lets a browser ask again for next to nothing."""
    mark = f'"{count}"'
    if request.headers.get("If-None-Match") == mark:
        answer = HttpResponse(status=NOT_MODIFIED)
    elif count:
        answer = render(request, "discussions/_live.html", {"count": count, "url": url, "noun": noun})
    else:
        answer = HttpResponse(status=NO_CONTENT)
    answer["ETag"] = mark
    return answer


@require_POST
def topic_unfollow(request: MemberRequest, topic_id: int) -> HttpResponse:
    """Undo a follow in one click, whoever began it."""
    topic = get_object_or_404(Topic.objects.visible_to(request.user).select_related("space"), pk=topic_id)
    return _unfollow(request, topic, topic.title)


@require_POST
def space_follow(request: MemberRequest, slug: str) -> HttpResponse:
    return _follow(request, _visible_space(request, slug))


@require_POST
def space_unfollow(request: MemberRequest, slug: str) -> HttpResponse:
    space = _visible_space(request, slug)
    return _unfollow(request, space, space.name)


@require_POST
def tag_follow(request: MemberRequest, slug: str) -> HttpResponse:
    return _follow(request, _visible_tag(request, slug))


@require_POST
def tag_unfollow(request: MemberRequest, slug: str) -> HttpResponse:
    tag = _visible_tag(request, slug)
    return _unfollow(request, tag, f"#{tag.name}")


@require_POST
def saved_view_create(request: MemberRequest) -> HttpResponse:
    """Keep the list that is on the page."""
    form = SavedViewForm(request.POST)
    wanted = read_query(request.POST.get("query", ""))
    if form.is_valid():
        try:
            view = save_view(
                by=request.user,
                name=form.cleaned_data["name"],
                query=wanted.query(),
                is_digest=form.cleaned_data["is_digest"],
            )
        except Invalid as error:
            form.take_refusal(error)
        except Conflict as error:
            form.add_error("name", error.sentence)
        else:
            messages.success(request, _("“{name}” is kept beside the lists.").format(name=view.name))
            return redirect(f"{reverse('topic_list')}?{view.query}")
    return _topic_list(request, wanted, form, status=422)


def saved_view_edit(request: MemberRequest, view_id: int) -> HttpResponse:
    """Rename a kept list, and say whether the digest brings it."""
    view = get_object_or_404(SavedView.objects.visible_to(request.user), pk=view_id)
    form = SavedViewForm(
        request.POST or None,
        initial={"name": view.name, "is_digest": view.is_digest, "query": view.query},
    )
    if request.method == "POST" and form.is_valid():
        try:
            edit_view(
                view,
                by=request.user,
                name=form.cleaned_data["name"],
                is_digest=form.cleaned_data["is_digest"],
            )
        except Invalid as error:
            form.take_refusal(error)
        except Conflict as error:
            form.add_error("name", error.sentence)
        else:
            return redirect(f"{reverse('topic_list')}?{view.query}")
    context = {"form": form, "list_url": f"{reverse('topic_list')}?{view.query}"}
    return render(request, "discussions/saved_view_edit.html", context, status=422 if form.errors else 200)


@require_POST
def saved_view_delete(request: MemberRequest, view_id: int) -> HttpResponse:
    view = get_object_or_404(SavedView.objects.visible_to(request.user), pk=view_id)
    delete_view(view, by=request.user)
    messages.success(request, _("“{name}” is deleted.").format(name=view.name))
    return redirect("topic_list")


def _follow(request: MemberRequest, thing: Followed) -> HttpResponse:
    """Set the level; the present level sent again takes the follow back."""
    wanted = request.POST.get("level", "")
    if wanted not in FollowLevel.values:
        raise Invalid(_("Choose Everything, Highlights or Mute."))
    follow(thing, FollowLevel(wanted), by=request.user)
    return redirect(safe_next(request, thing.get_absolute_url()))


def _unfollow(request: MemberRequest, thing: Followed, name: str) -> HttpResponse:
    unfollow(thing, by=request.user)
    if is_fragment(request):
        context = {"name": name, "url": thing.get_absolute_url()}
        return render(request, "discussions/_unfollowed.html", context)
    messages.success(request, _("You do not follow “{name}” any more.").format(name=name))
    return redirect(safe_next(request, thing.get_absolute_url()))


def _visible_space(request: MemberRequest, slug: str) -> Space:
    space = next((space for space in visible_spaces(request.user) if space.slug == slug), None)
    if space is None:
        raise Http404
    return space


def _visible_tag(request: MemberRequest, slug: str) -> Tag:
    """A tag that stands only on topics the reader may not see is as good as not there."""
    tag = get_object_or_404(Tag, slug=slug)
    if not Topic.objects.visible_to(request.user).filter(tagged_topics__tag=tag).exists():
        raise Http404
    return tag
