"""Introducing two people: the proposal of a third, and the answers of the two."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.errors import Invalid
from members.actions.introduction import answer_introduction, create_introduction
from members.forms.introduction import IntroductionForm
from members.models import Member
from members.queries.introductions import concerning, introductions_page
from members.requests import MemberRequest


def introduction_create(request: MemberRequest, handle: str) -> HttpResponse:
    """Choose whom this person should meet."""
    member = get_object_or_404(Member.objects.visible_to(request.user), handle=handle)
    form = IntroductionForm(request.POST or None, by=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            create_introduction(
                member, form.cleaned_data["second"], reason=form.cleaned_data["reason"], by=request.user
            )
        except Invalid as error:
            form.take_refusal(error)
        else:
            messages.success(
                request, _("Both are asked. If both agree they hear from each other, and you see it here.")
            )
            return redirect("introduction_list")
    context = {"form": form, "member": {"name": member.display_name, "url": member.get_absolute_url()}}
    return render(request, "members/introduction_create.html", context, status=422 if form.errors else 200)


@require_safe
def introduction_list(request: MemberRequest) -> HttpResponse:
    """Who thinks that I should know whom, and what came of such thoughts."""
    asked, made = introductions_page(request.user)
    return render(request, "members/introduction_list.html", {"asked": asked, "made": made})


@require_POST
def introduction_answer(request: MemberRequest, introduction_id: int) -> HttpResponse:
    """`agrees` is "yes" or anything else."""
    row = get_object_or_404(concerning(request.user), pk=introduction_id)
    answered = answer_introduction(row, agrees=request.POST.get("agrees") == "yes", by=request.user)
    if answered is None:
        sentence = _("The introduction is off. Nobody is told, and nothing of it is kept.")
    elif answered.made_at is None:
        sentence = _("Thank you. When the other one agrees too, you both get a mail.")
    else:
        sentence = _("You both agreed. A mail is on its way to each of you.")
    messages.success(request, sentence)
    return redirect("introduction_list")
