"""Being at a question: saying so, and asking somebody who may know."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.http import is_fragment
from discussions.actions.answering import claim_question, release_question, request_answer
from discussions.models import Topic
from discussions.permissions import can_request_answer
from discussions.queries import people_who_know
from members.models import Member
from members.requests import MemberRequest


@require_POST
def question_claim(request: MemberRequest, topic_id: int) -> HttpResponse:
    topic = _visible_topic(request, topic_id)
    claim_question(topic, by=request.user)
    messages.success(request, _("Others see for two days that you are answering this."))
    return redirect(topic)


@require_POST
def question_release(request: MemberRequest, topic_id: int) -> HttpResponse:
    topic = _visible_topic(request, topic_id)
    release_question(topic, by=request.user)
    messages.success(request, _("The question is open for others again."))
    return redirect(topic)


@require_safe
def topic_experts(request: MemberRequest, topic_id: int) -> HttpResponse:
    """Who may know: a page, and the panel beside the question."""
    topic = _visible_topic(request, topic_id)
    may_ask = can_request_answer(request.user, topic)
    context = {
        "people": people_who_know(topic, request.user, may_ask=bool(may_ask)),
        "topic": {"title": topic.title, "url": topic.get_absolute_url()},
        "why_not": getattr(may_ask, "reason", ""),
    }
    template = "discussions/_topic_experts.html" if is_fragment(request) else "discussions/topic_experts.html"
    return render(request, template, context)


@require_POST
def answer_request(request: MemberRequest, topic_id: int, handle: str) -> HttpResponse:
    """Ask this person; they hear of it in their notices."""
    topic = _visible_topic(request, topic_id)
    member = get_object_or_404(Member.objects.visible_to(request.user), handle=handle)
    request_answer(topic, member, by=request.user)
    messages.success(request, _("{name} will hear that you ask.").format(name=member.display_name))
    return redirect(topic)


def _visible_topic(request: MemberRequest, topic_id: int) -> Topic:
    return get_object_or_404(Topic.objects.visible_to(request.user).select_related("space"), pk=topic_id)
