"""Standing up for an applicant; and for managers, who brought whom."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from community.core.errors import Conflict, Invalid
from community.core.http import whole_number
from community.core.permissions import require
from members.actions.vouch import give_vouch, requests_to, vouches_left
from members.forms.vouch import VouchForm
from members.models import Application, Member, Vouch
from members.permissions import can_review_applications, can_vouch, is_admitted
from members.queries.vouches import bonds_of, newest_vouches
from members.requests import MemberRequest


@require_http_methods(["GET", "HEAD", "POST"])
def vouch_create(request: MemberRequest, application_id: int) -> HttpResponse:
    """Where the link in the mail leads. For whoever was not asked there is nothing here."""
    require(is_admitted(request.user))
    asked = requests_to(request.user).values("application")
    application = get_object_or_404(
        Application.objects.filter(pk__in=asked).select_related("member", "tier"), pk=application_id
    )
    given = Vouch.objects.filter(application=application, by=request.user).first()
    if request.method != "POST" and given is None:
        require(can_vouch(request.user, application))
    form, status = VouchForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                give_vouch(application, by=request.user, **form.cleaned_data)
            except Invalid as error:
                form.take_refusal(error)
            except Conflict as error:
                form.add_error(None, error.sentence)
                status = 409
            else:
                messages.success(
                    request, _("Thank you. The community managers read it with the application.")
                )
                return redirect("vouch_create", application_id=application.pk)
    context = {
        "name": application.member.display_name,
        "company": application.company_name,
        "tier": application.tier.name,
        "is_open": application.is_open,
        "given": given,
        "left": vouches_left(request.user),
        "form": form,
    }
    return render(request, "members/vouch_create.html", context, status=status)


@require_safe
def vouch_list(request: MemberRequest) -> HttpResponse:
    """Rule 1.6: who brought whom. With `member` the tree around one person, whose names lead on."""
    require(can_review_applications(request.user))
    handle = request.GET.get("member", "")
    if not handle:
        rows, older_url = newest_vouches(whole_number(request.GET.get("before")))
        return render(request, "members/vouch_list.html", {"rows": rows, "older_url": older_url})
    # Applicants too, and whoever has left: managers administer these accounts.
    member = get_object_or_404(Member.objects.people(), handle=handle)
    above, below = bonds_of(member)
    context = {"name": member.display_name, "above": above, "below": below}
    return render(request, "members/vouch_list.html", context)
