"""Ask-me-anything sessions: asking, supporting and answering on one page, the transcript, and the calendar entry."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.errors import Invalid
from community.core.permissions import require
from discussions.actions.ask_session import (
    answer_question,
    ask_question,
    settle_session,
    support_question,
    unsupport_question,
)
from discussions.calendar_file import Entry, write_calendar
from discussions.forms.settling import SessionForm, SessionPostForm
from discussions.models import AskSession, Post, SessionQuestion, Topic, TopicKind
from discussions.permissions import can_answer_question, can_settle_session
from discussions.queries.ask_session import session_page
from discussions.queries.writing import draft_of, prose_of
from discussions.views.draft import forget_what_was_sent, writing_in
from members.requests import MemberRequest


@require_safe
def session_show(request: MemberRequest, topic_id: int) -> HttpResponse:
    """The questions, in the order of support, and the answers."""
    return _render(request, _topic(request, topic_id))


def _render(
    request: MemberRequest, topic: Topic, form: SessionPostForm | None = None, *, status: int = 200
) -> HttpResponse:
    key = f"ask:{topic.pk}"
    draft = draft_of(request.user, key)
    context = {
        "session": session_page(topic, request.user),
        "form": form or SessionPostForm.blank(prose_of(draft.words) if draft else None),
        "writing": writing_in(request, key, draft),
    }
    return render(request, "discussions/session_show.html", context, status=status)


@require_safe
def session_transcript(request: MemberRequest, topic_id: int) -> HttpResponse:
    """What was asked and answered, the answered questions first."""
    context = {"session": session_page(_topic(request, topic_id), request.user)}
    return render(request, "discussions/session_transcript.html", context)


@require_safe
def session_calendar(request: MemberRequest, topic_id: int) -> HttpResponse:
    """The session as an entry for a calendar; one that moved replaces the earlier one."""
    topic = _topic(request, topic_id)
    session = get_object_or_404(AskSession, topic=topic)
    entry = Entry(
        uid=f"session-{topic.pk}@{request.get_host()}",
        title=topic.title,
        url=f"{settings.SITE_URL}{topic.get_absolute_url()}session/",
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        stamped_at=session.updated_at,
        sequence=session.sequence,
    )
    response = HttpResponse(
        write_calendar(entry, product="Trefoil"), content_type="text/calendar; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="session-{topic.pk}.ics"'
    return response


def session_edit(request: MemberRequest, topic_id: int) -> HttpResponse:
    """Hours and hosts."""
    topic = _topic(request, topic_id)
    require(can_settle_session(request.user, topic))
    session = AskSession.objects.filter(topic=topic).first()
    form = SessionForm(request.POST or None, by=request.user, session=session, now=timezone.now())
    if request.method == "POST" and form.is_valid():
        try:
            settle_session(topic, by=request.user, **form.cleaned_data)
        except Invalid as error:
            form.take_refusal(error)
        else:
            messages.success(request, _("The session is settled."))
            return redirect("session_show", topic.pk)
    heading = {
        "title": topic.title,
        "url": topic.get_absolute_url(),
        "space_name": topic.space.name,
        "space_url": topic.space.get_absolute_url(),
    }
    return render(
        request,
        "discussions/session_edit.html",
        {"topic": heading, "form": form},
        status=422 if form.errors else 200,
    )


@require_POST
def session_ask(request: MemberRequest, topic_id: int) -> HttpResponse:
    """Ask the hosts; what cannot be taken comes back with the reason."""
    topic = _topic(request, topic_id)
    session = get_object_or_404(AskSession, topic=topic)
    form = SessionPostForm(request.POST)
    if form.is_valid():
        try:
            ask_question(
                session,
                by=request.user,
                prose=form.cleaned_data["body"],
                idempotency_key=form.cleaned_data["idempotency_key"],
            )
        except Invalid as error:
            form.take_refusal(error)
        else:
            forget_what_was_sent(request, f"ask:{topic.pk}")
            messages.success(request, _("Your question stands among the others."))
            return redirect("session_show", topic.pk)
    return _render(request, topic, form, status=422)


def question_answer(request: MemberRequest, question_id: int) -> HttpResponse:
    """A host answers one question, on a page of its own: quiet, and with nothing else in sight."""
    question = _question(request, question_id)
    require(can_answer_question(request.user, question))
    key = f"answer:{question.pk}"
    draft = draft_of(request.user, key)
    form = (
        SessionPostForm(request.POST)
        if request.method == "POST"
        else SessionPostForm.blank(prose_of(draft.words) if draft else None)
    )
    if request.method == "POST" and form.is_valid():
        try:
            answer_question(
                question,
                by=request.user,
                prose=form.cleaned_data["body"],
                idempotency_key=form.cleaned_data["idempotency_key"],
            )
        except Invalid as error:
            form.take_refusal(error)
        else:
            forget_what_was_sent(request, key)
            messages.success(request, _("Answered."))
            return redirect("session_show", question.session_id)
    page = session_page(question.session.topic, request.user)
    row = next((row for row in [*page.open_questions, *page.answered] if row.id == question.pk), None)
    return render(
        request,
        "discussions/question_answer.html",
        {"session": page, "question": row, "form": form, "writing": writing_in(request, key, draft)},
        status=422 if form.errors else 200,
    )


@require_POST
def question_support(request: MemberRequest, question_id: int) -> HttpResponse:
    question = support_question(_question(request, question_id), by=request.user)
    return redirect("session_show", question.session_id)


@require_POST
def question_unsupport(request: MemberRequest, question_id: int) -> HttpResponse:
    question = unsupport_question(_question(request, question_id), by=request.user)
    return redirect("session_show", question.session_id)


def _topic(request: MemberRequest, topic_id: int) -> Topic:
    sessions = Topic.objects.visible_to(request.user).select_related("space")
    return get_object_or_404(sessions, pk=topic_id, kind=TopicKind.SESSION)


def _question(request: MemberRequest, question_id: int) -> SessionQuestion:
    seen = Post.objects.visible_to(request.user)
    questions = SessionQuestion.objects.select_related("session__topic__space", "post__topic__space")
    return get_object_or_404(questions, pk=question_id, post__in=seen)
