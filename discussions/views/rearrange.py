"""Pages on which topics are pinned, moved, split and merged; what changes for readers is said before it happens."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from community.core.errors import Conflict, Invalid, Refused
from community.core.http import whole_number
from community.core.keyset import with_query
from community.core.permissions import require
from discussions.actions.pin import pin_topic, switch_replies, unpin_topic
from discussions.actions.rearrange import merge_topics, move_topic, split_topic
from discussions.forms.settling import TopicMergeForm, TopicMoveForm, TopicPinForm, TopicSplitForm
from discussions.models import Topic
from discussions.permissions import can_pin_topic, can_rearrange_topic
from discussions.queries.rearrange import choices_to_split, consequence, spaces_to_move_to
from members.requests import MemberRequest


def topic_pin(request: MemberRequest, topic_id: int) -> HttpResponse:
    """Why a topic stands on top of its space, and until when."""
    topic = _visible(request, topic_id)
    require(can_pin_topic(request.user, topic))
    form = TopicPinForm(request.POST or None, initial={"reason": topic.pin_reason})
    if request.method == "POST" and form.is_valid():
        try:
            pin_topic(
                topic, by=request.user, reason=form.cleaned_data["reason"], until=form.cleaned_data["until"]
            )
        except Invalid as error:
            form.take_refusal(error)
        else:
            messages.success(request, _("The topic stands on top of its space."))
            return redirect(topic)
    return _page(request, "topic_pin", topic, form)


@require_POST
def topic_unpin(request: MemberRequest, topic_id: int) -> HttpResponse:
    topic = _visible(request, topic_id)
    unpin_topic(topic, by=request.user)
    messages.success(request, _("The topic is not pinned any more."))
    return redirect(topic)


@require_POST
def topic_replies(request: MemberRequest, topic_id: int) -> HttpResponse:
    """Let an announcement take replies, or none: the other way than it is."""
    topic = _visible(request, topic_id)
    topic = switch_replies(topic, by=request.user, takes_replies=not topic.takes_replies)
    messages.success(
        request,
        _("The announcement takes replies.")
        if topic.takes_replies
        else _("The announcement takes no replies."),
    )
    return redirect(topic)


def topic_move(request: MemberRequest, topic_id: int) -> HttpResponse:
    """Choose a space, read who will be able to read the topic there, then confirm."""
    topic = _visible(request, topic_id)
    require(can_rearrange_topic(request.user, topic))
    spaces = {space.slug: space for space in spaces_to_move_to(topic, request.user)}
    posted = request.method == "POST"
    form = TopicMoveForm(request.POST if posted else request.GET or None, spaces=spaces)
    chosen = form.cleaned_data["space"] if form.is_valid() else None
    if posted and chosen is not None:
        try:
            topic = move_topic(topic, chosen, by=request.user, reason=form.cleaned_data["reason"])
        except Invalid as error:
            form.take_refusal(error)
        else:
            messages.success(request, _("The topic is in {space} now.").format(space=chosen.name))
            return redirect(topic)
    return _page(
        request,
        "topic_move",
        topic,
        form,
        spaces=bool(spaces),
        chosen=consequence(topic, chosen) if chosen is not None else None,
    )


def topic_split(request: MemberRequest, topic_id: int) -> HttpResponse:
    """Choose replies and give them a title of their own."""
    topic = _visible(request, topic_id)
    require(can_rearrange_topic(request.user, topic))
    posted = request.method == "POST"
    after = whole_number(request.GET.get("after"), default=0, highest=2**31 - 1) or 0
    rows, next_after = choices_to_split(topic, request.user, after=after)
    form = TopicSplitForm(request.POST if posted else None, space=topic.space)
    if posted and form.is_valid():
        try:
            new = split_topic(topic, form.chosen, by=request.user, **form.arguments())
        except Invalid as error:
            form.take_refusal(error)
        else:
            messages.success(
                request, _("The posts are a topic of their own now. Their old addresses lead here.")
            )
            return redirect(new)
    url = f"{topic.get_absolute_url()}split/"
    return _page(
        request,
        "topic_split",
        topic,
        form,
        posts=rows,
        chosen=set(form.chosen) if form.is_bound else set(),
        next_url=with_query(url, after=str(next_after)) if next_after else "",
    )


def topic_merge(request: MemberRequest, topic_id: int) -> HttpResponse:
    """Name the other topic, read what it is and who reads it, then confirm."""
    topic = _visible(request, topic_id)
    require(can_rearrange_topic(request.user, topic))
    posted = request.method == "POST"
    form = TopicMergeForm(request.POST if posted else request.GET or None, by=request.user)
    target = form.cleaned_data["into"] if form.is_valid() else None
    if posted and target is not None:
        try:
            target = merge_topics(topic, target, by=request.user, reason=form.cleaned_data["reason"])
        except (Invalid, Conflict, Refused) as error:
            form.add_error("into", error.sentence)
        else:
            messages.success(request, _("Both are one topic now. The old addresses lead here."))
            return redirect(target)
    return _page(
        request,
        "topic_merge",
        topic,
        form,
        target={"title": target.title, "url": target.get_absolute_url()} if target is not None else None,
        chosen=consequence(topic, target.space) if target is not None else None,
    )


def _visible(request: MemberRequest, topic_id: int) -> Topic:
    return get_object_or_404(Topic.objects.visible_to(request.user).select_related("space"), pk=topic_id)


def _page(request: MemberRequest, name: str, topic: Topic, form: object, **context: object) -> HttpResponse:
    heading = {
        "title": topic.title,
        "url": topic.get_absolute_url(),
        "space_name": topic.space.name,
        "space_url": topic.space.get_absolute_url(),
    }
    refused = request.method == "POST" and bool(getattr(form, "errors", None))
    return render(
        request,
        f"discussions/{name}.html",
        {"topic": heading, "form": form, **context},
        status=422 if refused else 200,
    )
