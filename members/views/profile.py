"""A person's own page of settings."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from community.core.errors import Invalid
from members.actions.profile import ProfileChange, edit_profile
from members.forms.people import ProfileForm
from members.models import Profile
from members.requests import MemberRequest


def profile_edit(request: MemberRequest) -> HttpResponse:
    """What one says about oneself, and the way to password, second factor and sessions."""
    profile = Profile.objects.filter(member=request.user).first() or Profile(member=request.user)
    form = ProfileForm(request.POST or None, member=request.user, profile=profile)
    if request.method == "POST" and form.is_valid():
        try:
            edit_profile(request.user, ProfileChange(**form.cleaned_data), by=request.user)
        except Invalid as error:
            form.take_refusal(error)
        else:
            messages.success(request, _("Your profile is saved."))
            return redirect("profile_edit")
    context = {
        "form": form,
        "member": {"url": request.user.get_absolute_url()},
        "account_links": [
            {"label": _("E-mail address"), "url": reverse("account_email")},
            {"label": _("Password"), "url": reverse("account_change_password")},
            {"label": _("Second factor and passkeys"), "url": reverse("mfa_index")},
            {"label": _("Where you are signed in"), "url": reverse("usersessions_list")},
            {"label": _("API tokens"), "url": reverse("api_token_list")},
            {"label": _("Pause"), "url": reverse("member_pause")},
            {"label": _("Leave the community"), "url": reverse("member_leave")},
        ],
    }
    return render(request, "members/profile_edit.html", context, status=422 if form.errors else 200)
