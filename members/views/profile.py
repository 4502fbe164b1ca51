"""A person's own page of settings: what they say about themselves, how others see it, and what is still true."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.errors import Invalid
from members.actions.expertise import set_question_budget
from members.actions.fact import confirm_facts, fields_in_use
from members.actions.photo import PhotoSize
from members.actions.profile import ProfileChange, edit_profile
from members.forms.profile import ProfileForm, QuestionBudgetForm
from members.models import Fact
from members.queries.facts import SeenBy
from members.queries.photos import photo_url
from members.queries.profile import SEEN_BY_LABELS, is_expert, profile_page
from members.requests import MemberRequest


def profile_edit(request: MemberRequest) -> HttpResponse:
    """What one says about oneself and who sees it, and the way to password, second factor and sessions."""
    facts = Fact.objects.filter(member=request.user).select_related("field")
    form = ProfileForm(
        request.POST or None,
        member=request.user,
        fields=fields_in_use(),
        facts={fact.field.key: fact for fact in facts},
    )
    if request.method == "POST" and form.is_valid():
        change = ProfileChange(
            display_name=form.cleaned_data["display_name"],
            time_zone=form.cleaned_data["time_zone"],
            facts=form.changes(),
        )
        try:
            edit_profile(request.user, change, by=request.user)
        except Invalid as error:
            form.take_refusal(error)
        else:
            messages.success(request, _("Your profile is saved."))
            return redirect("profile_edit")
    context = {
        "form": form,
        "member": {
            "url": request.user.get_absolute_url(),
            "photo_url": photo_url(request.user, PhotoSize.LARGE),
            "has_facts": bool(facts),
        },
        "budget_form": QuestionBudgetForm(member=request.user) if is_expert(request.user) else None,
        "account_links": [
            {"label": _("E-mail address"), "url": reverse("account_email")},
            {"label": _("Password"), "url": reverse("account_change_password")},
            {"label": _("Second factor and passkeys"), "url": reverse("mfa_index")},
            {"label": _("Where you are signed in"), "url": reverse("session_list")},
            *(_member_links() if request.user.is_admitted else []),
        ],
    }
    return render(request, "members/profile_edit.html", context, status=422 if form.errors else 200)


def _member_links() -> list[dict[str, str]]:
    """What only those past the gate have to look after."""
    return [
        {"label": _("API tokens"), "url": reverse("api_token_list")},
        {"label": _("Your invitations"), "url": reverse("invitation_list")},
        {"label": _("Pause"), "url": reverse("member_pause")},
        {"label": _("Leave the community"), "url": reverse("member_leave")},
    ]


@require_safe
def profile_preview(request: MemberRequest) -> HttpResponse:
    """Rule 2.2: the own page as somebody else sees it. An unknown reader is any member."""
    wanted = request.GET.get("as")
    seen_by = SeenBy(wanted) if wanted in set(SeenBy) else SeenBy.MEMBER
    context = {
        "member": profile_page(request.user, request.user, seen_by),
        "readers": [
            {"label": label, "url": f"?as={reader}", "is_chosen": reader == seen_by}
            for reader, label in SEEN_BY_LABELS.items()
        ],
        "seen_by": SEEN_BY_LABELS[seen_by],
    }
    return render(request, "members/profile_preview.html", context)


@require_POST
def profile_confirm(request: MemberRequest) -> HttpResponse:
    """Everything that I say about myself is still true."""
    confirm_facts(request.user, by=request.user)
    messages.success(request, _("Thank you. Your profile says that it was confirmed today."))
    return redirect("profile_edit")


@require_POST
def question_budget(request: MemberRequest) -> HttpResponse:
    """How many questions a month I want to be asked."""
    form = QuestionBudgetForm(request.POST, member=request.user)
    if form.is_valid():
        set_question_budget(request.user, form.cleaned_data["per_month"], by=request.user)
        messages.success(request, _("Your limit of questions is saved."))
    else:
        messages.error(request, _("Write a number from 0 to 99, or nothing for no limit."))
    return redirect("profile_edit")
