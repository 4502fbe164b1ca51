"""Marking posts, and the page of what one has marked."""

from datetime import datetime, time

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.errors import Invalid
from community.core.http import is_fragment
from community.core.keyset import with_query
from community.core.permissions import require
from discussions import queries
from discussions.actions.bookmark import bookmark_post, delete_bookmark, edit_bookmark
from discussions.forms.reading import REMIND_AT, BookmarkForm
from discussions.models import Bookmark, Post
from discussions.views.post import answer_with_post
from members.permissions import is_admitted
from members.requests import MemberRequest


@require_safe
def bookmark_list(request: MemberRequest) -> HttpResponse:
    require(is_admitted(request.user))
    rows, key = queries.bookmark_rows(request.user, before=request.GET.get("before"))
    context = {
        "bookmarks": rows,
        "older_url": with_query(reverse("bookmark_list"), before=key) if key else "",
    }
    return render(request, "discussions/bookmark_list.html", context)


@require_POST
def bookmark_create(request: MemberRequest, post_id: int) -> HttpResponse:
    """Mark at once; note and reminder are set on the page of the mark."""
    post = get_object_or_404(Post.objects.visible_to(request.user).select_related("topic__space"), pk=post_id)
    bookmark = bookmark_post(post, by=request.user)
    if is_fragment(request):
        return answer_with_post(request, post)
    return redirect("bookmark_edit", bookmark.pk)


@require_POST
def bookmark_delete(request: MemberRequest, post_id: int) -> HttpResponse:
    post = get_object_or_404(Post.objects.visible_to(request.user).select_related("topic__space"), pk=post_id)
    delete_bookmark(post, by=request.user)
    if is_fragment(request):
        return answer_with_post(request, post)
    messages.success(request, _("The bookmark is taken away."))
    return redirect("bookmark_list")


def bookmark_edit(request: MemberRequest, bookmark_id: int) -> HttpResponse:
    """Rule 3.12: a note, and a reminder on a day, also "if nobody has answered by then"."""
    mark = get_object_or_404(
        Bookmark.objects.visible_to(request.user).select_related("post__topic"), pk=bookmark_id
    )
    local = timezone.localtime(mark.remind_at) if mark.remind_at else None
    initial = {
        "note": mark.note,
        "remind_on": local.date() if local else None,
        "unless_answered": mark.unless_answered,
    }
    form = BookmarkForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        day = form.cleaned_data["remind_on"]
        kept = local is not None and day == local.date()
        moment = timezone.make_aware(datetime.combine(day, time(REMIND_AT))) if day else None
        try:
            edit_bookmark(
                mark,
                by=request.user,
                note=form.cleaned_data["note"],
                remind_at=mark.remind_at if kept else moment,
                unless_answered=form.cleaned_data["unless_answered"],
            )
        except Invalid as error:
            form.take_refusal(error)
        else:
            messages.success(request, _("The bookmark is kept."))
            return redirect("bookmark_list")
    context = {
        "form": form,
        "topic_title": mark.post.topic.title,
        "url": mark.post.get_absolute_url(),
    }
    return render(request, "discussions/bookmark_edit.html", context, status=422 if form.errors else 200)
