"""The applicant's own pages: the first step by mail, the form, and how the application stands."""

from collections.abc import Callable

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from community.core.errors import Conflict, DomainError, Invalid, Refused
from community.core.forms import ActionForm
from members.actions.application import (
    DRAFT_LIFETIME,
    NO_NAME,
    answer_reviewer,
    ask_for_link,
    ask_for_vouch,
    questions_of,
    read_link,
    save_answers,
    send_resume_link,
    start_application,
    submit_application,
    withdraw_application,
)
from members.forms.application import ApplicationForm, ReplyForm, StartForm, VouchRequestForm
from members.models import Application, ApplicationState, Member, RoleName, Tier
from members.queries.gate import decision_label
from members.queries.own_application import newest_application, own_application
from members.queries.waitlist import place_sentence
from members.requests import MemberRequest
from members.views.gate import open_tiers, render_gate

# --- the way in -------------------------------------------------------------------------------------------------


@login_not_required
@require_POST
def application_start(request: HttpRequest) -> HttpResponse:
    """Mail a link. The answer is the same whoever has the address, and so is the work."""
    form = StartForm(request.POST, tiers=open_tiers())
    if form.is_valid():
        tier, address = form.chosen_tier, form.cleaned_data["email"]
        if tier is None:
            form.add_error(None, _("No applications are taken at the moment. Come back another time."))
        elif not ratelimit.consume(request, action="start_application", key=address):
            form.add_error(
                None, _("That was too often in too short a time. Wait a few minutes, then try again.")
            )
            return render_gate(request, form, status=429)
        else:
            try:
                ask_for_link(address, tier)
            except Invalid as error:
                form.take_refusal(error)
            else:
                return redirect("application_sent")
    return render_gate(request, form, status=422)


@login_not_required
@require_safe
def application_sent(request: HttpRequest) -> HttpResponse:
    """Look into your mail."""
    return render(request, "members/application_sent.html")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def application_confirm(request: HttpRequest, key: str) -> HttpResponse:
    """What a mailed link opens: a page with one button, because robots open links too. The button begins.

    Nothing is looked up before the button is pressed, so that the page says nothing about anybody.
    """
    link = read_link(key)
    if link is None:
        form = StartForm(tiers=open_tiers())
        return render(request, "members/application_link_ended.html", {"form": form}, status=404)
    here = request.user if isinstance(request.user, Member) else None
    refusal, status = "", 200
    if here is not None and here.email != link.address:
        refusal = _(
            "You are signed in with another address. Sign out, then open the link in your mail again."
        )
        status = 409
    elif request.method == "POST":
        try:
            application = start_application(link.address, Tier.objects.filter(pk=link.tier_id).first())
        except DomainError as error:
            refusal, status = error.sentence, error.status
        else:
            _say_other_tier(request, application, link.tier_id)
            return _go_on(request, application)
    context = {"address": link.address, "refusal": refusal, "is_signed_in": here is not None}
    return render(request, "members/application_confirm.html", context, status=status)


def _say_other_tier(request: HttpRequest, application: Application, asked_for: int) -> None:
    """Whoever asked again and chose another tier finds what they began, and how to take it there."""
    asked = Tier.objects.open().exclude(pk=application.tier_id).filter(pk=asked_for).first()
    if asked is None:
        return
    if application.state == ApplicationState.DRAFT:
        sentence = _(
            "You have begun an application to {tier} already. If you would rather ask for {asked}, choose it here: "
            "what you wrote stays."
        )
    else:
        sentence = _(
            "Your application to {tier} was sent already. If you would rather ask for {asked}, withdraw it first."
        )
    messages.warning(request, sentence.format(tier=application.tier.name, asked=asked.name))


def _go_on(request: HttpRequest, application: Application) -> HttpResponse:
    """To the form or to where it stands, signed in; through allauth, which asks for a second step if there is one."""
    is_draft = application.state == ApplicationState.DRAFT
    url = reverse("application_edit" if is_draft else "application_show")
    if request.user == application.member:
        return redirect(url)
    record_authentication(request, application.member, method="code", email=application.member.email)
    login = Login(user=application.member, redirect_url=url, email=application.member.email)
    response: HttpResponse = perform_login(request, login)
    return response


@require_POST
def application_create(request: MemberRequest) -> HttpResponse:
    """Ask once more, after an application was closed."""
    if not request.user.has_role(RoleName.APPLICANT) or request.user.email is None:
        raise Http404
    before = newest_application(request.user)
    is_offered = before is not None and before.tier.closed_at is None
    start_application(request.user.email, before.tier if before and is_offered else None)
    return redirect("application_edit")


# --- the form ---------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def application_edit(request: MemberRequest) -> HttpResponse:
    """Rule 1.2: fill in, stop, go on, send. What was typed is saved before anything is said against it."""
    application = _own(request)
    if application.state != ApplicationState.DRAFT:
        return redirect("application_show")
    form, status = _form(application, request), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                # Two acts on purpose: what is refused at sending is saved nevertheless.
                saved = save_answers(
                    application,
                    form.given,
                    by=request.user,
                    name=form.cleaned_data["name"],
                    tier=form.chosen_tier,
                )
                if saved.tier != application.tier:
                    return _moved(request, saved.tier)
                if "send" in request.POST:
                    submit_application(application, by=request.user)
            except Invalid as error:
                form.take_refusal(error)
            except (Conflict, Refused) as error:
                form.add_error(None, error.sentence)
                status = error.status
            else:
                return _saved(request, application)
    context = {
        "form": form,
        "tier_name": application.tier.name,
        "decision_label": decision_label(application.tier),
        "draft_days": DRAFT_LIFETIME.days,
    }
    return render(request, "members/application_edit.html", context, status=status)


def _form(application: Application, request: MemberRequest) -> ApplicationForm:
    name = request.user.display_name
    return ApplicationForm(
        request.POST if request.method == "POST" else None,
        questions=questions_of(application),
        answers={answer.question_id: answer for answer in application.answers.all()},
        name="" if name == NO_NAME else name,
        tier=application.tier,
        tiers=open_tiers(),
    )


def _moved(request: MemberRequest, tier: Tier) -> HttpResponse:
    """Another tier may ask other things: they are shown before it is sent."""
    sentence = _("Saved, and it goes to {tier} now. Look at what is asked there, then send it.")
    messages.success(request, sentence.format(tier=tier.name))
    return redirect("application_edit")


def _saved(request: MemberRequest, application: Application) -> HttpResponse:
    if "send" in request.POST:
        messages.success(request, _("Your application is on its way to the community managers."))
        return redirect("application_show")
    if send_resume_link(application, by=request.user):
        messages.success(request, _("Saved. A link with which you can go on is in your mail."))
    else:
        messages.success(request, _("Saved. The link in the mail we sent you earlier leads back here."))
    return redirect("application_edit")


# --- how it stands ----------------------------------------------------------------------------------------------


@require_safe
def application_show(request: MemberRequest) -> HttpResponse:
    """Rule 1.3: the state in words, what comes next, and every step so far."""
    application = newest_application(request.user)
    if application is None:
        if not request.user.has_role(RoleName.APPLICANT):
            raise Http404
        context = {"application": None, "is_led": "led" in request.GET}
        return render(request, "members/application_show.html", context)
    return _page(request, application)


@require_POST
def application_withdraw(request: MemberRequest) -> HttpResponse:
    """Take it back; one may ask again."""
    withdraw_application(_own(request), by=request.user)
    messages.success(request, _("Your application is withdrawn."))
    return redirect("application_show")


@require_POST
def application_answer(request: MemberRequest) -> HttpResponse:
    """Answer what the reviewers asked."""
    application, form = _own(request), ReplyForm(request.POST)
    return _act(
        request,
        application,
        form,
        lambda: answer_reviewer(application, form.cleaned_data["words"], by=request.user),
        done=_("Your answer has arrived."),
        reply=form,
    )


@require_POST
def vouch_request_create(request: MemberRequest) -> HttpResponse:
    """Name somebody by address. The answer is the same whoever has it."""
    application, form = _own(request), VouchRequestForm(request.POST)
    return _act(
        request,
        application,
        form,
        lambda: ask_for_vouch(application, form.cleaned_data["email"], by=request.user),
        done=_("If the address belongs to a member, they are asked to vouch for you."),
        vouch=form,
    )


def _act(
    request: MemberRequest,
    application: Application,
    form: ActionForm,
    act: Callable[[], object],
    *,
    done: str,
    **forms: ActionForm,
) -> HttpResponse:
    """Call the action; where it refuses, the page again with what was typed."""
    status = 422
    if form.is_valid():
        try:
            act()
        except Invalid as error:
            form.take_refusal(error)
        except Conflict as error:
            form.add_error(None, error.sentence)
            status = 409
        else:
            messages.success(request, done)
            return redirect("application_show")
    return _page(request, application, status=status, **forms)


def _page(
    request: MemberRequest, application: Application, *, status: int = 200, **forms: ActionForm
) -> HttpResponse:
    context = {
        "application": own_application(application, place_sentence=place_sentence(application)),
        "reply": forms.get("reply") or ReplyForm(),
        "vouch": forms.get("vouch") or VouchRequestForm(),
        # What was typed into a form that the page no longer shows is not lost.
        "is_reply_kept": "reply" in forms,
        # From an address of the inside, by `StandingMiddleware`.
        "is_led": "led" in request.GET,
    }
    return render(request, "members/application_show.html", context, status=status)


def _own(request: MemberRequest) -> Application:
    """The application that this person has, or there is nothing here."""
    application = newest_application(request.user)
    if application is None:
        raise Http404
    return application
