"""The queue of moderation and its decisions; what its author sees of a case; reports; sanctions; public figures."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.errors import Conflict, Invalid
from community.core.http import whole_number
from community.core.models import Module, is_in_use
from community.core.notices import read_notices
from community.core.permissions import require
from community.core.spreadsheets import csv_response
from community.core.text import Prose, SourceFormat
from discussions.actions.case import release_case, report_member, report_post, report_topic, take_case
from discussions.actions.case_export import export_cases
from discussions.actions.listening import flag_listening, settle_listening
from discussions.actions.moderation import acts_of, answer_case, rule_case, undo_ruling
from discussions.forms.message import ReportForm
from discussions.forms.moderation import OwnCaseForm, RulingForm
from discussions.models import (
    Case,
    CaseKind,
    CaseReason,
    CaseState,
    HeldPost,
    Listening,
    Post,
    ReportReason,
    RulingAct,
    Space,
    Topic,
    visible_spaces,
)
from discussions.permissions import (
    can_export_cases,
    can_listen,
    can_report,
    can_see_queue,
    can_take_part_in_ruling,
)
from discussions.queries import moderation as queries
from discussions.queries.case_export import export_count, export_header, export_rows
from members.actions.standing import appeal_sanction
from members.forms.standing import AppealForm
from members.models import Member, Sanction
from members.requests import MemberRequest

HIGHEST = 2**31 - 1
View = Callable[..., HttpResponseBase]


def moderated(view: View) -> View:
    """Rule 15.6: where moderation is switched off, none of this is there."""

    @wraps(view)
    def guarded(request: MemberRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.uses(Module.MODERATION):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


# --- the queue --------------------------------------------------------------------------------------------------


@require_safe
@moderated
def case_list(request: MemberRequest) -> HttpResponse:
    """Rule 8.2: what waits, most urgent first; looking at it settles the notice about it."""
    require(can_see_queue(request.user))
    read_notices(request.user, "queue")
    spaces = visible_spaces(request.user)
    wanted = _wanted(request.GET, spaces)
    context = {
        "page": queries.queue_page(request.user, wanted),
        "wanted": wanted,
        "kinds": [{"value": value, "label": label} for value, label in CaseKind.choices],
        "reasons": [{"value": value, "label": label} for value, label in CaseReason.choices],
        "spaces": [{"value": space.slug, "label": space.name} for space in spaces],
        "may_listen": bool(can_listen(request.user)),
        "may_export": bool(can_export_cases(request.user)),
    }
    return render(request, "discussions/case_list.html", context)


@require_POST
@reauthentication_required  # type: ignore[untyped-decorator]
@moderated
def case_export(request: MemberRequest) -> HttpResponse | StreamingHttpResponse:
    """The list as it is narrowed, with every decision about what stands in it, as CSV. Logged."""
    require(can_export_cases(request.user))
    wanted = _wanted(request.POST, visible_spaces(request.user))
    export_cases(by=request.user, name=wanted.name, rows=export_count(request.user, wanted))
    rows = export_rows(request.user, wanted)
    return csv_response(f"moderation-{wanted.name}.csv", export_header(), rows)


def _wanted(said: QueryDict, spaces: Iterable[Space]) -> queries.Wanted:
    """What the list is narrowed to; a value that is none narrows nothing."""
    name, kind, reason, slug = (said.get(key, "") for key in ("list", "kind", "reason", "space"))
    return queries.Wanted(
        name=name if name in queries.LISTS else "open",
        kind=kind if kind in CaseKind.values else "",
        reason=reason if reason in CaseReason.values else "",
        space_slug=slug if slug in {space.slug for space in spaces} else "",
        after=said.get("after", ""),
    )


@require_safe
@moderated
def case_show(request: MemberRequest, case_id: int) -> HttpResponse:
    """One case with everything that bears on the decision."""
    return _render_case(request, _case(request, case_id))


@require_POST
@moderated
def case_take(request: MemberRequest, case_id: int) -> HttpResponse:
    case = take_case(
        _case(request, case_id),
        by=request.user,
        version=whole_number(request.POST.get("version"), highest=HIGHEST),
    )
    return redirect(case)


@require_POST
@moderated
def case_release(request: MemberRequest, case_id: int) -> HttpResponse:
    release_case(_case(request, case_id), by=request.user)
    messages.success(request, _("It is back in the queue."))
    return redirect("case_list")


@require_POST
@moderated
def case_rule(request: MemberRequest, case_id: int) -> HttpResponse:
    """Decide, and go on with the next one. Whoever comes second is told, and keeps the words they wrote."""
    case = _case(request, case_id)
    form = _ruling_form(request, case, request.POST)
    status = 422
    if form.is_valid():
        try:
            rule_case(
                case,
                RulingAct(form.cleaned_data["act"]),
                by=request.user,
                version=form.cleaned_data["version"],
                terms=form.terms(),
            )
        except Invalid as error:
            form.take_refusal(error)
        except Conflict as error:
            case.refresh_from_db()
            form.data = {**request.POST.dict(), "version": str(case.version)}
            form.add_error(None, error.sentence)
            status = 409
        else:
            messages.success(request, _("Decided. You can take it back on its page."))
            following = Case.objects.visible_to(request.user).open().order_by("due_at", "pk").first()
            return redirect(following or "case_list")
    return _render_case(request, case, form=form, status=status)


@require_POST
@moderated
def case_undo(request: MemberRequest, case_id: int) -> HttpResponse:
    case = undo_ruling(
        _case(request, case_id),
        by=request.user,
        version=whole_number(request.POST.get("version"), highest=HIGHEST),
    )
    messages.success(request, _("The decision is taken back. It waits in the queue again."))
    return redirect(case)


def _case(request: MemberRequest, case_id: int) -> Case:
    require(can_see_queue(request.user))
    cases = Case.objects.visible_to(request.user).select_related("about", "owner", "space")
    return get_object_or_404(cases, pk=case_id)


def _ruling_form(request: MemberRequest, case: Case, data: Any = None) -> RulingForm:
    _title, source, source_format = queries.source_of(case)
    moving = {link.url: link for link in queries.spaces_to_move_to(request.user, case)}
    spaces = {space.slug: space for space in Space.objects.visible_to(request.user) if space.slug in moving}
    acts = [
        (act.value, str(act.label))
        for act in acts_of(case)
        if can_take_part_in_ruling(request.user, case, act)
    ]
    return RulingForm(
        data,
        acts=acts,
        canned=queries.canned_reasons(),
        spaces=spaces,
        source=source,
        source_format=source_format or SourceFormat.MARKDOWN.value,
        version=case.version,
    )


def _render_case(
    request: MemberRequest, case: Case, *, form: RulingForm | None = None, status: int = 200
) -> HttpResponse:
    page = queries.case_page(case, request.user)
    context = {
        "page": page,
        "form": (form or _ruling_form(request, case)) if page.is_open or form else None,
    }
    return render(request, "discussions/case_show.html", context, status=status)


# --- reports ----------------------------------------------------------------------------------------------------


@moderated
def post_report(request: MemberRequest, post_id: int) -> HttpResponse:
    posts = Post.objects.visible_to(request.user).select_related("topic__space", "author")
    post = get_object_or_404(posts, pk=post_id)
    require(can_report(request.user, post.author_id))
    name = post.author.display_name if post.author else _("A former member")
    return _report(
        request, post.get_absolute_url(), _("Report a post"), name, lambda **words: report_post(post, **words)
    )


@moderated
def topic_report(request: MemberRequest, topic_id: int) -> HttpResponse:
    topics = Topic.objects.visible_to(request.user).select_related("space", "author")
    topic = get_object_or_404(topics, pk=topic_id)
    require(can_report(request.user, topic.author_id))
    name = topic.author.display_name if topic.author else _("A former member")
    return _report(
        request,
        topic.get_absolute_url(),
        _("Report a topic"),
        name,
        lambda **words: report_topic(topic, **words),
    )


@moderated
def member_report(request: MemberRequest, handle: str) -> HttpResponse:
    member = get_object_or_404(Member.objects.visible_to(request.user), handle=handle)
    require(can_report(request.user, member.pk))
    return _report(
        request,
        member.get_absolute_url(),
        _("Report a profile"),
        member.display_name,
        lambda **words: report_member(member, **words),
    )


def _report(
    request: MemberRequest, back_url: str, title: str, author_name: str, report: Callable[..., object]
) -> HttpResponse:
    form, status = ReportForm(request.POST or None), 422
    if request.method == "POST" and form.is_valid():
        try:
            report(
                by=request.user,
                reason=ReportReason(form.cleaned_data["reason"]),
                words=form.cleaned_data["words"],
            )
        except Conflict as error:
            form.add_error(None, error.sentence)
            status = 409
        else:
            messages.success(request, _("Reported. Somebody looks at it; you hear when they have."))
            # What is hidden by now has no page to go back to.
            return redirect("home")
    context = {"form": form, "title": title, "author_name": author_name, "back_url": back_url}
    return render(request, "discussions/report_create.html", context, status=status if form.errors else 200)


# --- with its author --------------------------------------------------------------------------------------------


@require_safe
@moderated
def own_case_list(request: MemberRequest) -> HttpResponse:
    """What of one's own waits for a moderator, or was returned."""
    return render(request, "discussions/own_case_list.html", {"cases": queries.own_cases(request.user)})


@moderated
def own_case_edit(request: MemberRequest, case_id: int) -> HttpResponse:
    """Change what was returned, and send it again."""
    mine = Case.objects.of_author(request.user).filter(state=CaseState.RETURNED)
    if request.method == "POST":
        # Decided meanwhile: what was typed comes back with the sentence that says so.
        mine = Case.objects.filter(
            about=request.user, kind__in=[CaseKind.POST, CaseKind.TOPIC, CaseKind.HELD]
        )
    case, status = get_object_or_404(mine, pk=case_id), 422
    title, source, source_format = queries.source_of(case)
    form = OwnCaseForm(
        request.POST or None,
        title=title,
        body=Prose(source, SourceFormat(source_format or SourceFormat.MARKDOWN)),
        version=case.version,
        has_title=case.kind == CaseKind.HELD and _starts_topic(case),
    )
    if request.method == "POST" and form.is_valid():
        try:
            answer_case(
                case,
                by=request.user,
                prose=form.cleaned_data["body"],
                version=form.cleaned_data["version"],
                title=form.cleaned_data.get("title", ""),
            )
        except Invalid as error:
            form.take_refusal(error)
        except Conflict as error:
            form.add_error(None, error.sentence)
            status = 409
        else:
            messages.success(request, _("Sent again. A moderator looks at it."))
            return redirect("own_case_list")
    context = {"form": form, "title": case.title, "returned_words": case.returned_words}
    return render(request, "discussions/own_case_edit.html", context, status=status if form.errors else 200)


def _starts_topic(case: Case) -> bool:
    return HeldPost.objects.filter(pk=case.target_id, topic__isnull=True).exists()


@require_safe
@moderated
def sanction_list(request: MemberRequest) -> HttpResponse:
    """One's own warnings and times of being quiet, each with its reason and the one appeal."""
    return _render_sanctions(request)


@require_POST
@moderated
def sanction_appeal(request: MemberRequest, sanction_id: int) -> HttpResponse:
    sanction = get_object_or_404(
        Sanction.objects.select_related("member"), pk=sanction_id, member=request.user
    )
    form = AppealForm(request.POST)
    if form.is_valid():
        try:
            appeal_sanction(sanction, by=request.user, words=form.cleaned_data["words"])
        except Invalid as error:
            form.take_refusal(error)
        else:
            messages.success(request, _("Your appeal is with somebody else than who imposed it."))
            return redirect("sanction_list")
    return _render_sanctions(request, form=form, about=sanction.pk)


def _render_sanctions(
    request: MemberRequest, *, form: AppealForm | None = None, about: int = 0
) -> HttpResponse:
    context = {
        "sanctions": queries.own_sanctions(request.user),
        "form": form or AppealForm(),
        "about": about,
    }
    return render(request, "discussions/sanction_list.html", context, status=422 if form else 200)


# --- figures and critics ----------------------------------------------------------------------------------------


@require_safe
@login_not_required
def moderation_statistics(request: HttpRequest) -> HttpResponse:
    """Rule 8.5: what was reported and decided, for everybody, without names and without groups under five."""
    if not is_in_use(Module.MODERATION):
        raise Http404
    return render(request, "discussions/moderation_statistics.html", {"page": queries.statistics()})


@require_safe
@moderated
def listening_list(request: MemberRequest) -> HttpResponse:
    """Rule 8.6: critics whose topics wait for an answer."""
    require(can_listen(request.user))
    return render(request, "discussions/listening_list.html", {"rows": queries.listen_rows(request.user)})


@require_POST
@moderated
def listening_settle(request: MemberRequest, topic_id: int) -> HttpResponse:
    require(can_listen(request.user))
    rows = Listening.objects.filter(topic__in=Topic.objects.visible_to(request.user))
    settle_listening(get_object_or_404(rows, pk=topic_id), by=request.user)
    messages.success(request, _("Settled."))
    return redirect("listening_list")


@require_POST
@moderated
def listening_flag(request: MemberRequest, topic_id: int) -> HttpResponse:
    topic = get_object_or_404(Topic.objects.visible_to(request.user).select_related("space"), pk=topic_id)
    flag_listening(topic, by=request.user)
    messages.success(request, _("On the list of those to listen to, with a reply due."))
    return redirect("listening_list")
