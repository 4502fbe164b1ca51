"""The reviewers' side of the gate: the queue, and one application with everything that is decided about it."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.errors import Conflict, Invalid
from community.core.forms import ActionForm
from community.core.http import whole_number
from community.core.permissions import Denied, require
from members.actions.review import (
    ask_applicant,
    ask_second_reviewer,
    assess_application,
    criteria_of,
    decide_application,
    note_application,
    settle_company,
    take_application,
    waive_vouches,
)
from members.actions.waitlist import move_on_waitlist
from members.forms.review import (
    CompanyForm,
    JudgementForm,
    NoteForm,
    PlaceForm,
    QuestionForm,
    SecondForm,
    WaiverForm,
)
from members.models import Application, ApplicationState, Tier
from members.permissions import can_review_application, can_review_applications
from members.queries.review import (
    LISTS,
    QueueFilter,
    decided_share,
    queue_rows,
    queue_tabs,
    review_page,
    reviewers,
)
from members.requests import MemberRequest


@require_safe
def application_list(request: MemberRequest) -> HttpResponse:
    """Rule 1.5: what is due first, what is overdue, whose it is, and how often the gate keeps its promise."""
    require(can_review_applications(request.user))
    name, slug, owner = (request.GET.get(key, "") for key in ("list", "tier", "owner"))
    tiers = list(Tier.objects.order_by("position", "id"))
    others = [one for one in reviewers(request.user) if one.pk != request.user.pk]
    owners = {"me", "nobody", *(one.handle for one in others)}
    wanted = QueueFilter(
        name=name if name in LISTS else "due",
        tier=next((tier for tier in tiers if tier.slug == slug), None),
        owner=owner if owner in owners else "",
        after=whole_number(request.GET.get("after")),
    )
    rows, older_url = queue_rows(request.user, wanted)
    context = {
        "rows": rows,
        "tabs": queue_tabs(request.user, wanted),
        "share": decided_share(),
        "wanted": wanted,
        "reviewers": [{"handle": one.handle, "name": one.display_name} for one in others],
        "tiers": [{"name": tier.name, "slug": tier.slug} for tier in tiers] if len(tiers) > 1 else [],
        "older_url": older_url,
    }
    return render(request, "members/application_list.html", context)


@require_safe
def application_review(request: MemberRequest, application_id: int) -> HttpResponse:
    """One application: answers beside criteria, and everything else that bears on the decision."""
    return _page(request, _found(request, application_id))


@require_POST
def application_take(request: MemberRequest, application_id: int) -> HttpResponse:
    """Become its owner, in the place of whom the page named."""
    application = _found(request, application_id)
    seen = whole_number(request.POST.get("instead_of"))
    owner = application.owner if application.owner_id == seen else None
    take_application(application, by=request.user, instead_of=owner)
    messages.success(request, _("You have taken this application."))
    return redirect(application)


@require_POST
def application_ask(request: MemberRequest, application_id: int) -> HttpResponse:
    """Ask the applicant for more."""
    application, form = _found(request, application_id), QuestionForm(request.POST)
    return _act(
        request,
        application,
        lambda: ask_applicant(application, form.cleaned_data["words"], by=request.user),
        done=_("The question is on its way. The clock stands still until the answer comes."),
        question=form,
    )


@require_POST
def application_note(request: MemberRequest, application_id: int) -> HttpResponse:
    """Write something down for other reviewers."""
    application, form = _found(request, application_id), NoteForm(request.POST)
    return _act(
        request,
        application,
        lambda: note_application(application, form.cleaned_data["note"], by=request.user),
        done=_("The note stands with the application."),
        note=form,
    )


@require_POST
def application_escalate(request: MemberRequest, application_id: int) -> HttpResponse:
    """Make it a matter of two."""
    application, form = _found(request, application_id), SecondForm(request.POST)
    return _act(
        request,
        application,
        lambda: ask_second_reviewer(application, form.cleaned_data["note"], by=request.user),
        done=_("Two reviewers have to agree now."),
        second=form,
    )


@require_POST
def application_waive(request: MemberRequest, application_id: int) -> HttpResponse:
    """Go without the vouches that are missing."""
    application, form = _found(request, application_id), WaiverForm(request.POST)
    return _act(
        request,
        application,
        lambda: waive_vouches(application, form.cleaned_data["reason"], by=request.user),
        done=_("The vouches are waived, and the reason is a note."),
        waiver=form,
    )


@require_POST
def application_settle(request: MemberRequest, application_id: int) -> HttpResponse:
    """Say which company it is."""
    application, form = _found(request, application_id), CompanyForm(request.POST)
    return _act(
        request,
        application,
        lambda: settle_company(application, form.cleaned_data["company"], by=request.user),
        done=_("The company is settled."),
        company=form,
    )


@require_POST
def application_move(request: MemberRequest, application_id: int) -> HttpResponse:
    """Give it another place on the waitlist."""
    application, form = _found(request, application_id), PlaceForm(request.POST)
    return _act(
        request,
        application,
        lambda: move_on_waitlist(
            application, form.cleaned_data["place"], by=request.user, reason=form.cleaned_data["reason"]
        ),
        done=_("The waitlist has its new order."),
        place=form,
    )


@require_POST
def application_assess(request: MemberRequest, application_id: int) -> HttpResponse:
    """Keep the judgements without deciding."""
    application = _found(request, application_id)
    form = JudgementForm(request.POST, criteria=criteria_of(application.tier))
    return _act(
        request,
        application,
        lambda: assess_application(application, form.judgements, by=request.user),
        done=_("Your judgements are kept."),
        judgement=form,
    )


@require_POST
def application_decide(request: MemberRequest, application_id: int) -> HttpResponse:
    """Accept or decline, with the judgements of the same page."""
    application = _found(request, application_id)
    form = JudgementForm(request.POST, criteria=criteria_of(application.tier))
    accepts = request.POST.get("accepts")
    if accepts not in {"yes", "no"}:
        form.add_error(None, _("Press Accept or Decline."))

    def decide() -> None:
        decided = decide_application(
            application,
            by=request.user,
            accepts=accepts == "yes",
            words=form.cleaned_data["words"],
            judgements=form.judgements,
        )
        messages.success(request, _outcome(decided))

    return _act(request, application, decide, judgement=form)


def _outcome(application: Application) -> str:
    name = application.member.display_name
    match application.state:
        case ApplicationState.ACCEPTED:
            return _("{name} is a member now, and a mail says so.").format(name=name)
        case ApplicationState.WAITLISTED:
            return _("Every place is taken: {name} is on the waitlist, and a mail says so.").format(name=name)
        case ApplicationState.DECLINED:
            return _("{name} is declined, and a mail carries your words.").format(name=name)
    return _("Your decision is kept. It takes effect when another reviewer agrees.")


def _act(
    request: MemberRequest,
    application: Application,
    act: Callable[[], object],
    *,
    done: str = "",
    **forms: ActionForm,
) -> HttpResponse:
    """Call the action; where it refuses, the page again with what was typed and what has changed meanwhile."""
    (form,) = forms.values()
    if form.is_valid():
        try:
            act()
        except Invalid as error:
            form.take_refusal(error)
        except Conflict as error:
            # Its form may not be on the page any more: the sentence and what was typed stand above everything.
            fresh = get_object_or_404(_rows(request), pk=application.pk)
            return _page(request, fresh, forms, status=409, conflict=error.sentence)
        else:
            if done:
                messages.success(request, done)
            return redirect(application)
    fresh = get_object_or_404(_rows(request), pk=application.pk)
    return _page(request, fresh, forms, status=422)


def _page(
    request: MemberRequest,
    application: Application,
    sent: Mapping[str, ActionForm] | None = None,
    *,
    status: int = 200,
    conflict: str = "",
) -> HttpResponse:
    """`sent` is the form that came with the request, under the name that the template knows it by."""
    forms = sent or {}
    page = review_page(application, request.user)
    may = can_review_application(request.user, application)
    context: dict[str, Any] = {
        "page": page,
        "conflict": conflict,
        "kept": [text for form in forms.values() for text in _typed(form)] if conflict else [],
        "refusal": may.reason if isinstance(may, Denied) else "",
        "judgement": forms.get("judgement")
        or JudgementForm(
            criteria=criteria_of(application.tier), said=page.own_verdicts, words=page.own_words
        ),
        "question": forms.get("question") or QuestionForm(),
        "note": forms.get("note") or NoteForm(),
        "second": forms.get("second") or SecondForm(),
        "waiver": forms.get("waiver") or WaiverForm(),
        "company": forms.get("company") or CompanyForm(initial={"company": page.organisation}),
        "place": forms.get("place") or PlaceForm(initial={"place": page.place}),
    }
    for name, form in context.items():
        # Several forms on one page: each has labels and errors of its own.
        if isinstance(form, ActionForm):
            form.auto_id = f"{name}_%s"
    context["criteria"] = [
        {
            "name": criterion.name,
            "description": criterion.description,
            "verdict": verdict,
            "reason": reason,
            "others": page.verdicts.get(criterion.pk, []),
        }
        for criterion, verdict, reason in context["judgement"].rows()
    ]
    return render(request, "members/application_review.html", context, status=status)


def _typed(form: ActionForm) -> list[str]:
    """Words that somebody would not like to write again."""
    texts = (str(value) for value in form.cleaned_data.values())
    return [text for text in texts if len(text.split()) > 1]


def _rows(request: MemberRequest) -> Any:
    return Application.objects.reviewable_by(request.user).select_related(
        "member", "tier", "owner", "organisation", "invitation__invited_by"
    )


def _found(request: MemberRequest, application_id: int) -> Application:
    """Whoever does not keep the gate is told so, whether there is such an application or not."""
    require(can_review_applications(request.user))
    application: Application = get_object_or_404(_rows(request), pk=application_id)
    return application
