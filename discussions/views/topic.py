"""Reading and writing topics."""

import re
from typing import Final

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.errors import Invalid
from community.core.http import whole_number
from community.core.permissions import require
from community.core.text import Prose
from discussions.actions.follow import follow, unfollow
from discussions.actions.notice import notice_key
from discussions.actions.submission import send_topic
from discussions.actions.topic import (
    close_topic,
    edit_topic,
    mark_read,
    reopen_topic,
)
from discussions.forms.writing import PostForm, TopicEditForm, TopicForm
from discussions.models import FollowLevel, HeldPost, Post, Topic, TopicKind
from discussions.permissions import can_edit_topic, can_reply
from discussions.queries import first_new_number, open_topic, page_of, readable_by, topic_page
from discussions.queries.moved import merged_into, moved_page
from discussions.queries.notices import forget_unread_key, unread_keys
from discussions.queries.spaces import outlines_of, rules_of
from discussions.queries.writing import (
    Advice,
    draft_of,
    joined,
    prose_of,
    quote_of,
    similar_topics,
    stray_draft,
)
from discussions.views.draft import forget_what_was_sent, writing_in
from discussions.views.poll import polls_of
from members.requests import MemberRequest

SLUG: Final = re.compile(r"[\w-]{1,60}")


@require_safe
def topic_show(request: MemberRequest, topic_id: int) -> HttpResponse:
    """One page of a thread, without `page` the one with the first unread post; being here marks it as read."""
    topic = open_topic(request.user, topic_id)
    if topic is None:
        return _lead_on(request, topic_id)
    return render_topic(request, topic)


def _lead_on(request: MemberRequest, topic_id: int) -> HttpResponse:
    """A topic that was merged: its address leads on, and of a page of it each old place of a post does."""
    topic = merged_into(request.user, topic_id)
    if topic is None:
        raise Http404
    number = whole_number(request.GET.get("page"), highest=1_000_000)
    if not number:
        return redirect(topic)
    place = moved_page(request.user, topic, topic_id, page=number)
    return render(request, "discussions/topic_moved.html", {"place": place})


def render_topic(
    request: MemberRequest, topic: Topic, form: PostForm | None = None, *, status: int = 200
) -> HttpResponse:
    """The page of a thread, with a composer that keeps what was typed when a reply could not be taken."""
    number = whole_number(request.GET.get("page"), highest=1_000_000)
    page = topic_page(topic, request.user, page=number or page_of(first_new_number(topic) or 1))
    is_noticed = notice_key(topic.pk) in unread_keys(request.user)
    if page.read_up_to > topic.my_number or is_noticed:  # type: ignore[attr-defined]
        mark_read(topic, request.user, page.read_up_to)
        if is_noticed and page.read_up_to >= topic.last_number:
            forget_unread_key(request.user, notice_key(topic.pk))
    key = f"reply:{topic.pk}"
    draft = draft_of(request.user, key) if page.can_reply else None
    words = draft.words if draft and form is None else {}
    wanted = request.GET.get("reply_to") or request.GET.get("quote") or words.get("reply_to")
    answering, reply_to = "", whole_number(wanted, highest=topic.highest_number)
    answered = next((post for post in page.posts if post.number == reply_to and not post.deleted_note), None)
    if answered is not None:
        answering = f"{answered.author_name}, {answered.number}"
    context = {
        "page": page,
        "polls": polls_of(topic, request.user, is_first=page.pages is None or (number or 1) == 1),
        "posts": page.posts,
        "pages": page.pages,
        "form": form
        or PostForm.blank(
            reply_to=reply_to if answered else None, body=_reply_body(request, topic, prose_of(words))
        ),
        "answering": answering,
        "writing": writing_in(request, key, draft),
    }
    return render(request, "discussions/topic_show.html", context, status=status)


def _reply_body(request: MemberRequest, topic: Topic, kept: Prose) -> Prose:
    """The draft; below it the post that the address asks to quote, for those without script."""
    number = whole_number(request.GET.get("quote"), highest=topic.highest_number)
    if number is None or not can_reply(request.user, topic):
        return kept
    posts = Post.objects.visible_to(request.user).select_related("author")
    quoted = posts.filter(topic=topic, number=number).first()
    return joined(kept, quote_of(quoted)) if quoted else kept


def advised_in(request: MemberRequest) -> list[str]:
    """The rules whose advice the author has read: the button beside it sends their names."""
    return [name for name in request.POST.get("advised", "").split(",") if name]


def say_held(request: MemberRequest) -> HttpResponse:
    """What was sent waits for a moderator; where, and that nothing of it is lost."""
    messages.success(request, _("A moderator looks at it before others do. Here it waits, in your words."))
    return redirect("own_case_list")


def topic_create(request: MemberRequest) -> HttpResponse:
    """Start a topic, in the space named by the address or in one chosen in the form."""
    slug = request.GET.get("space", "")
    key = f"topic:new:{slug if SLUG.fullmatch(slug) else ''}"
    draft = draft_of(request.user, key)
    words = draft.words if draft else {}
    stray = stray_draft(request.user, whole_number(request.GET.get("draft")))
    if stray is not None:
        # Below what stands in this form already, so that keeping one of them does not lose the other.
        both = joined(prose_of(words), prose_of(stray.words))
        words = stray.words | words | {"body": both.source, "body_format": both.source_format}
    kind = request.GET.get("kind", "")
    form = TopicForm(request.POST or None, user=request.user, space_slug=slug, kind=kind, words=words)
    if request.method == "POST" and form.is_valid():
        try:
            topic = send_topic(
                form.cleaned_data["space"],
                by=request.user,
                **form.topic_arguments(),
                advised=advised_in(request),
            )
        except Invalid as error:
            form.take_refusal(error)
        else:
            forget_what_was_sent(request, key)
            if isinstance(topic, HeldPost):
                return say_held(request)
            # A session needs its hours and hosts before it is one.
            return redirect("session_edit", topic.pk) if topic.kind == TopicKind.SESSION else redirect(topic)
    space = form.chosen_space
    context = {
        "writing": writing_in(request, key, draft),
        "advice": Advice(similar=similar_topics(request.user, str(form["title"].value() or ""))),
        "form": form,
        "rules": rules_of(space) if space else [],
        "outlines": outlines_of(space) if space else [],
        "space": {"name": space.name, "url": space.get_absolute_url(), "readable_by": readable_by(space)}
        if space
        else None,
    }
    return render(request, "discussions/topic_create.html", context, status=422 if form.errors else 200)


def topic_edit(request: MemberRequest, topic_id: int) -> HttpResponse:
    """Change title and tags."""
    topic = get_object_or_404(Topic.objects.visible_to(request.user).select_related("space"), pk=topic_id)
    require(can_edit_topic(request.user, topic))
    initial = {"title": topic.title, "tags": ", ".join(topic.tags.names())}
    form = TopicEditForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            edit_topic(
                topic, by=request.user, title=form.cleaned_data["title"], tags=form.cleaned_data["tags"]
            )
        except Invalid as error:
            form.take_refusal(error)
        else:
            return redirect(topic)
    heading = {
        "title": topic.title,
        "url": topic.get_absolute_url(),
        "space_name": topic.space.name,
        "space_url": topic.space.get_absolute_url(),
    }
    return render(
        request,
        "discussions/topic_edit.html",
        {"form": form, "topic": heading},
        status=422 if form.errors else 200,
    )


@require_POST
def topic_close(request: MemberRequest, topic_id: int) -> HttpResponse:
    topic = get_object_or_404(Topic.objects.visible_to(request.user).select_related("space"), pk=topic_id)
    close_topic(topic, by=request.user, reason=request.POST.get("reason", ""))
    messages.success(request, _("The topic is closed. Readers see the reason."))
    return redirect(topic)


@require_POST
def topic_reopen(request: MemberRequest, topic_id: int) -> HttpResponse:
    topic = get_object_or_404(Topic.objects.visible_to(request.user).select_related("space"), pk=topic_id)
    reopen_topic(topic, by=request.user)
    messages.success(request, _("The topic is open again."))
    return redirect(topic)


@require_POST
def topic_follow(request: MemberRequest, topic_id: int) -> HttpResponse:
    """Set the level; the present level sent again takes the follow back."""
    topic = open_topic(request.user, topic_id)
    if topic is None:
        raise Http404
    wanted = request.POST.get("level", "")
    if wanted not in FollowLevel.values:
        raise Invalid(_("Choose Everything, Highlights or Mute."))
    is_undo = wanted == topic.my_level  # type: ignore[attr-defined]
    if is_undo:
        unfollow(topic, by=request.user)
    else:
        follow(topic, FollowLevel(wanted), by=request.user)
    return redirect(topic)
