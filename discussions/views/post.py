"""Writing, changing and judging posts. Each act answers with the one fragment that changed, or with the page."""

from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.errors import Conflict, Invalid
from community.core.http import is_fragment
from community.core.keyset import with_query
from community.core.permissions import require
from discussions import queries
from discussions.actions.post import (
    accept_answer,
    delete_post,
    react_to_post,
    restore_post,
    thank_post,
    unaccept_answer,
    unreact_to_post,
    unthank_post,
)
from discussions.actions.submission import change_post, send_post
from discussions.forms.writing import PostEditForm, PostForm
from discussions.models import HeldPost, Post, Reaction, ReactionKind, Topic
from discussions.permissions import can_edit_post
from discussions.queries.history import changes_between
from discussions.queries.moved import merged_into, moved_post
from discussions.queries.writing import bin_rows, draft_of
from discussions.views.draft import forget_what_was_sent, writing_in
from discussions.views.topic import advised_in, render_topic, say_held
from members.models import Member
from members.requests import MemberRequest


@require_POST
def post_create(request: MemberRequest, topic_id: int) -> HttpResponse:
    """Reply, and come back to the reply. What cannot be taken comes back in the composer with the reason."""
    topic = queries.open_topic(request.user, topic_id) or _open_merged(request, topic_id)
    if topic is None:
        raise Http404
    form = PostForm(request.POST)
    if form.is_valid():
        number = form.cleaned_data["reply_to"]
        # Written while the answered post was moved: it is found where it stands now, and nothing typed is lost.
        answered = moved_post(request.user, topic_id, number) if number else None
        if number and answered is None:
            answered = get_object_or_404(Post.objects.present(), topic=topic, number=number)
        try:
            post = send_post(
                answered.topic if answered and answered.topic_id != topic.pk else topic,
                by=request.user,
                prose=form.cleaned_data["body"],
                reply_to=answered,
                idempotency_key=form.cleaned_data["idempotency_key"],
                advised=advised_in(request),
            )
        except Invalid as error:
            form.take_refusal(error)
        else:
            forget_what_was_sent(request, f"reply:{topic.pk}")
            return say_held(request) if isinstance(post, HeldPost) else redirect(post)
    return render_topic(request, topic, form, status=422)


@require_safe
def post_show(request: MemberRequest, post_id: int) -> HttpResponse:
    """The address that stays right: it leads to where the post stands now."""
    return redirect(_visible_post(request, post_id))


def post_edit(request: MemberRequest, post_id: int) -> HttpResponse:
    """Change a body; a save by somebody else meanwhile is shown, and nothing that was typed is lost."""
    post = _visible_post(request, post_id)
    require(can_edit_post(request.user, post))
    key = f"edit:{post.pk}"
    draft = draft_of(request.user, key)
    form = PostEditForm(request.POST or None, written=post, words=draft.words if draft else None)
    status, changes = 200, []
    if request.method == "POST" and form.is_valid():
        try:
            change_post(
                post,
                by=request.user,
                prose=form.cleaned_data["body"],
                version=form.cleaned_data["version"],
                reason=form.cleaned_data["reason"],
                advised=advised_in(request),
            )
        except Invalid as error:
            form.take_refusal(error)
        except Conflict as error:
            form.start_again_from(post, error)
            changes = changes_between(post, form.cleaned_data["body"])
            status = 409
        else:
            forget_what_was_sent(request, key)
            return redirect(post)
    context = {
        "form": form,
        "changes": changes,
        "writing": writing_in(request, key, draft),
        "post": {
            "url": post.get_absolute_url(),
            "number": post.number,
            "topic_title": post.topic.title,
            "topic_url": post.topic.get_absolute_url(),
        },
    }
    if form.errors and status == 200:
        status = 422
    return render(request, "discussions/post_edit.html", context, status=status)


@require_safe
def post_bin(request: MemberRequest) -> HttpResponse:
    """Rule 3.7: what one has deleted in the last 30 days."""
    return render(request, "discussions/post_bin.html", {"posts": bin_rows(request.user)})


@require_safe
def post_history(request: MemberRequest, post_id: int) -> HttpResponse:
    post = _visible_post(request, post_id)
    context = {
        "post": {
            "url": post.get_absolute_url(),
            "number": post.number,
            "topic_title": post.topic.title,
            "topic_url": post.topic.get_absolute_url(),
        },
        "revisions": queries.post_history(post),
    }
    return render(request, "discussions/post_history.html", context)


@require_POST
def post_thank(request: MemberRequest, post_id: int) -> HttpResponse:
    return _act(request, _visible_post(request, post_id), thank_post)


@require_POST
def post_unthank(request: MemberRequest, post_id: int) -> HttpResponse:
    return _act(request, _visible_post(request, post_id), unthank_post)


@require_POST
def post_react(request: MemberRequest, post_id: int) -> HttpResponse:
    """Insightful, agree or me too; the same one sent again is taken back."""
    post = _visible_post(request, post_id)
    kind = request.POST.get("kind", "")
    if kind not in ReactionKind.values:
        raise Invalid(_("Choose insightful, agree or me too."))
    is_there = Reaction.objects.filter(post=post, member=request.user, kind=kind).exists()
    return _act(
        request, post, partial(unreact_to_post if is_there else react_to_post, kind=ReactionKind(kind))
    )


@require_safe
def post_replies(request: MemberRequest, post_id: int) -> HttpResponse:
    """Rule 3.3: what was answered to this post, under it; a page, and the panel inside the thread."""
    post = _visible_post(request, post_id)
    context = {
        "replies": queries.reply_rows(post, request.user),
        "post": {
            "url": post.get_absolute_url(),
            "number": post.number,
            "topic_title": post.topic.title,
            "topic_url": post.topic.get_absolute_url(),
        },
    }
    template = "discussions/_reply_list.html" if is_fragment(request) else "discussions/post_replies.html"
    return render(request, template, context)


@require_POST
def post_delete(request: MemberRequest, post_id: int) -> HttpResponse:
    return _act(request, _visible_post(request, post_id), delete_post)


@require_POST
def post_restore(request: MemberRequest, post_id: int) -> HttpResponse:
    """A deleted post is reached through its topic: whoever sees the topic sees that a number is missing."""
    post = get_object_or_404(Post.objects.select_related("topic__space"), pk=post_id)
    if queries.open_topic(request.user, post.topic_id) is None:
        raise Http404
    return _act(request, post, restore_post)


@require_POST
def answer_accept(request: MemberRequest, post_id: int) -> HttpResponse:
    """Accepting changes two posts and the head of the page, so the whole page comes back."""
    post = _visible_post(request, post_id)
    accept_answer(post, by=request.user)
    messages.success(request, _("This is the accepted answer now."))
    return redirect(post)


@require_POST
def answer_unaccept(request: MemberRequest, post_id: int) -> HttpResponse:
    post = _visible_post(request, post_id)
    unaccept_answer(post, by=request.user)
    messages.success(request, _("The question is open again."))
    return redirect(post)


@require_safe
def member_posts(request: MemberRequest, handle: str) -> HttpResponse:
    """What a person wrote where the reader may read: a page, and the panel on the person's page."""
    member = get_object_or_404(Member.objects.visible_to(request.user), handle=handle)
    posts, key = queries.member_posts(member, request.user, before=request.GET.get("before"))
    url = reverse("member_posts", args=[member.handle])
    context = {
        "member": {"display_name": member.display_name, "url": member.get_absolute_url()},
        "posts": posts,
        "older_url": with_query(url, before=key) if key else "",
    }
    template = "discussions/_member_posts.html" if is_fragment(request) else "discussions/member_posts.html"
    return render(request, template, context)


def _open_merged(request: MemberRequest, topic_id: int) -> Topic | None:
    topic = merged_into(request.user, topic_id)
    return queries.open_topic(request.user, topic.pk) if topic is not None else None


def _visible_post(request: MemberRequest, post_id: int) -> Post:
    return get_object_or_404(Post.objects.visible_to(request.user).select_related("topic__space"), pk=post_id)


def _act(request: MemberRequest, post: Post, action: Callable[..., Post]) -> HttpResponse:
    """Do it, then answer htmx with the one post that changed and a browser without it with the post's place."""
    post = action(post, by=request.user)
    return answer_with_post(request, post) if is_fragment(request) else redirect(post)


def answer_with_post(request: MemberRequest, post: Post) -> HttpResponse:
    """The one post that changed, as its reader sees it now."""
    topic = queries.open_topic(request.user, post.topic_id)
    if topic is None:
        raise Http404
    rows = queries.post_rows(topic, request.user, first=post.number, last=post.number)
    return render(request, "discussions/_post_list.html", {"posts": rows})
