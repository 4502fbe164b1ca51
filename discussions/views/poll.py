"""Polls: asking, voting with one form, closing, and what was done with it."""

from typing import Final

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.errors import Conflict, Invalid, Refused
from community.core.http import whole_number
from community.core.models import Module
from community.core.notices import read_notices
from community.core.permissions import require
from community.core.spreadsheets import csv_response
from discussions.actions.poll import (
    close_poll,
    create_poll,
    delete_poll,
    edit_poll,
    export_results,
    extend_poll,
    outcome_key,
    poll_key,
    vote_in_poll,
    write_outcome,
)
from discussions.forms.poll import OutcomeForm, PollExtendForm, PollForm, VoteForm
from discussions.models import Poll, Space, Topic, visible_spaces
from discussions.permissions import (
    can_answer_for_poll,
    can_create_poll,
    can_edit_poll,
    can_see_promises,
)
from discussions.queries.notices import forget_unread_key, unread_keys
from discussions.queries.poll import PollPage, my_marks, poll_page, promised_polls
from discussions.queries.poll import poll_list as polls_page
from discussions.queries.poll_results import results_table
from discussions.queries.rows import Link
from discussions.queries.writing import draft_of
from discussions.views.draft import forget_what_was_sent, writing_in
from members.models import Member
from members.requests import MemberRequest

# Of one topic; whoever asks more asks too much.
POLLS_IN_TOPIC: Final = 5


@require_safe
def poll_list(request: MemberRequest) -> HttpResponse:
    """Polls of the spaces that the reader may see, or of one of them."""
    _require_polls(request.user)
    slug, state = request.GET.get("space", ""), request.GET.get("show", "")
    space = next((space for space in visible_spaces(request.user) if space.slug == slug), None)
    if slug and space is None:
        raise Http404
    found = polls_page(
        request.user,
        space=space,
        is_open={"open": True, "closed": False}.get(state),
        before=request.GET.get("before"),
    )
    prefix = (f"space={slug}&" if slug else "") + (f"show={state}&" if state in {"open", "closed"} else "")
    context = {
        "polls": found.polls,
        "older_url": f"?{prefix}before={found.older}" if found.older else "",
        "space": {"name": space.name, "url": space.get_absolute_url(), "slug": slug} if space else None,
        "state": state if state in {"open", "closed"} else "",
        "places": [
            Link(one.name, f"{reverse('poll_create')}?space={one.slug}")
            for one in ([space] if space else visible_spaces(request.user))
            if can_create_poll(request.user, one)
        ],
        "sees_promises": bool(can_see_promises(request.user)),
    }
    return render(request, "discussions/poll_list.html", context)


@require_safe
def promise_list(request: MemberRequest) -> HttpResponse:
    """Rule 4.4: closed polls whose voters still wait for an answer."""
    _require_polls(request.user)
    require(can_see_promises(request.user))
    return render(request, "discussions/promise_list.html", {"promises": promised_polls(request.user)})


@require_safe
def poll_show(request: MemberRequest, poll_id: int) -> HttpResponse:
    poll = _poll(request, poll_id)
    for key in (poll_key(poll.pk), outcome_key(poll.pk)):
        if key in unread_keys(request.user):
            read_notices(request.user, key)
            forget_unread_key(request.user, key)
    return _render(request, poll)


def poll_create(request: MemberRequest) -> HttpResponse:
    """Ask one, in the topic or on its own in the space that the address names."""
    _require_polls(request.user)
    place = _place(request)
    require(can_create_poll(request.user, place))
    key = f"poll:space:{place.slug}" if isinstance(place, Space) else f"poll:topic:{place.pk}"
    draft = draft_of(request.user, key)
    kept = draft.words if draft else None
    form = PollForm(request.POST) if request.method == "POST" else PollForm.blank(timezone.now(), kept)
    if request.method == "POST" and form.is_valid():
        try:
            poll = create_poll(
                place,
                by=request.user,
                idempotency_key=form.cleaned_data["idempotency_key"],
                **form.arguments(),
            )
        except Invalid as error:
            form.take_refusal(error)
        else:
            forget_what_was_sent(request, key)
            messages.success(request, _("The poll is open."))
            return redirect(poll)
    name = place.name if isinstance(place, Space) else place.title
    context = {
        "form": form,
        "place": {"name": name, "url": place.get_absolute_url()},
        "writing": writing_in(request, key, draft),
    }
    return render(request, "discussions/poll_create.html", context, status=422 if form.errors else 200)


def poll_edit(request: MemberRequest, poll_id: int) -> HttpResponse:
    """Everything before anybody has voted, and afterwards how long it is open."""
    poll = _poll(request, poll_id)
    require(can_edit_poll(request.user, poll, timezone.now()))
    extends = request.GET.get("only") == "end" or request.POST.get("only") == "end"
    key = f"pollchange:{poll.pk}"
    draft = None if extends else draft_of(request.user, key)
    form: PollForm | PollExtendForm
    if extends:
        form = PollExtendForm(request.POST or None, initial={"closes_at": poll.closes_at})
    else:
        form = (
            PollForm(request.POST)
            if request.method == "POST"
            else PollForm.of(poll, draft.words if draft else None)
        )
    if request.method == "POST" and form.is_valid():
        try:
            if isinstance(form, PollForm):
                edit_poll(poll, by=request.user, **form.arguments())
            else:
                extend_poll(poll, by=request.user, closes_at=form.cleaned_data["closes_at"])
        except (Invalid, Conflict) as error:
            if isinstance(error, Invalid):
                form.take_refusal(error)
            else:
                form.add_error(None, error.sentence)
        else:
            if not extends:
                forget_what_was_sent(request, key)
            messages.success(request, _("The poll is changed."))
            return redirect(poll)
    context = {
        "form": form,
        "extends": extends,
        "poll": {"title": poll.title, "url": poll.get_absolute_url()},
        "writing": writing_in(request, key, draft),
    }
    return render(request, "discussions/poll_edit.html", context, status=422 if form.errors else 200)


@require_POST
def poll_vote(request: MemberRequest, poll_id: int) -> HttpResponse:
    """One ballot; one that cannot be counted comes back as it was, with the reason."""
    poll = _poll(request, poll_id)
    page = poll_page(poll, request.user)
    form = VoteForm(request.POST, poll=poll, options=page.options)
    if form.is_valid():
        try:
            vote_in_poll(poll, by=request.user, **form.arguments())
        except Invalid as error:
            form.take_refusal(error)
        else:
            messages.success(request, _("Your vote is counted."))
            return redirect(poll)
    return _render(request, poll, form, status=422)


@require_POST
def poll_close(request: MemberRequest, poll_id: int) -> HttpResponse:
    poll = close_poll(_poll(request, poll_id), by=request.user)
    messages.success(request, _("The poll is closed. Its voters wait for what you do with it."))
    return redirect(poll)


def poll_outcome(request: MemberRequest, poll_id: int) -> HttpResponse:
    """What was done with it."""
    poll = _poll(request, poll_id)
    require(can_answer_for_poll(request.user, poll))
    key = f"outcome:{poll.pk}"
    draft = draft_of(request.user, key)
    written = draft.words.get("words", "") if draft else poll.outcome
    form = OutcomeForm(request.POST or None, initial={"words": written})
    if request.method == "POST" and form.is_valid():
        try:
            write_outcome(poll, by=request.user, words=form.cleaned_data["words"])
        except Invalid as error:
            form.take_refusal(error)
        else:
            forget_what_was_sent(request, key)
            messages.success(request, _("Everybody who voted is told."))
            return redirect(poll)
    context = {
        "form": form,
        "poll": poll_page(poll, request.user),
        "writing": writing_in(request, key, draft),
    }
    return render(request, "discussions/poll_outcome.html", context, status=422 if form.errors else 200)


@require_POST
@reauthentication_required  # type: ignore[untyped-decorator]
def poll_export(request: MemberRequest, poll_id: int) -> HttpResponse | StreamingHttpResponse:
    """The results as CSV, for whom the page shows them to, and with what it shows."""
    poll = _poll(request, poll_id)
    page = poll_page(poll, request.user)
    if page.results is None:
        raise Refused(page.why_no_results)
    export_results(poll, by=request.user)
    header, rows = results_table(page.results)
    return csv_response(f"poll-{poll.pk}.csv", header, rows)


@require_POST
def poll_delete(request: MemberRequest, poll_id: int) -> HttpResponse:
    poll = delete_poll(_poll(request, poll_id), by=request.user)
    messages.success(request, _("The poll is gone, with its votes."))
    return redirect(poll.topic or poll.place)


def polls_of(topic: Topic, user: Member, *, is_first: bool) -> list[dict[str, object]]:
    """The polls inside an opened topic, on its first page with their ballots. No query where there is none."""
    if not topic.has_polls or not user.uses(Module.POLLS):  # type: ignore[attr-defined]
        return []
    polls = Poll.objects.visible_to(user).with_place().filter(topic=topic).order_by("-created_at", "-pk")
    if not is_first:
        return [
            {"link": {"name": poll.title, "url": poll.get_absolute_url()}} for poll in polls[:POLLS_IN_TOPIC]
        ]
    shown: list[dict[str, object]] = []
    for poll in polls[:POLLS_IN_TOPIC]:
        page = poll_page(poll, user)
        shown.append({"page": page, "form": vote_form(page, poll, user)})
    return shown


def vote_form(page: PollPage, poll: Poll, user: Member) -> VoteForm | None:
    """The form of a ballot, with one's own where it can be changed; None for who cannot vote now."""
    if not page.vote_url:
        return None
    marks, needs_information = my_marks(poll, user) if page.has_voted else ({}, False)
    return VoteForm(poll=poll, options=page.options, marks=marks, needs_information=needs_information)


def _render(
    request: MemberRequest, poll: Poll, form: VoteForm | None = None, *, status: int = 200
) -> HttpResponse:
    page = poll_page(poll, request.user)
    context = {"poll": page, "form": form or vote_form(page, poll, request.user)}
    return render(request, "discussions/poll_show.html", context, status=status)


def _poll(request: MemberRequest, poll_id: int) -> Poll:
    return get_object_or_404(Poll.objects.visible_to(request.user).with_place(), pk=poll_id)


def _place(request: MemberRequest) -> Space | Topic:
    number = whole_number(request.GET.get("topic"))
    if number:
        return get_object_or_404(Topic.objects.visible_to(request.user).select_related("space"), pk=number)
    slug = request.GET.get("space", "")
    space = next((space for space in visible_spaces(request.user) if space.slug == slug), None)
    if space is None:
        raise Http404
    return space


def _require_polls(user: Member) -> None:
    """Rule 15.6: where polls are off, their pages are not there."""
    if not user.uses(Module.POLLS):
        raise Http404
