"""Signing in by one's company: leading there, and taking in who comes back."""

import logging

from allauth.account.internal.decorators import login_not_required
from allauth.core import ratelimit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from community.core.http import render_error, safe_next
from members.company_sign_in import CompanyFlow, OutOfReach, address_to_go_to
from members.forms.company import CompanySignInForm
from members.queries.company import provider_for

logger = logging.getLogger(__name__)


@login_not_required  # type: ignore[untyped-decorator]
def company_sign_in(request: HttpRequest) -> HttpResponse:
    """Find the company by the domain of an address, or by its short name, and lead on.

    Only the domain is looked at, so the page says nothing about who has an account. The browser is led on by a page
    and not by a redirect: Chromium does not follow one out of a form under `form-action 'self'`.
    """
    if request.user.is_authenticated:
        return redirect("home")
    form = CompanySignInForm(request.POST or None)
    next_url = safe_next(request, "/")
    if request.method == "POST" and form.is_valid():
        if not ratelimit.consume(request, action="company_sign_in"):
            return render_error(request, 429, _("That was often in a short time. Try it again in a minute."))
        row = provider_for(form.cleaned_data["company"])
        if row is None:
            form.add_error(
                "company", _("No company signs in here under this address or name. Sign in with a code.")
            )
        else:
            try:
                address = address_to_go_to(request, row, next_url)
            except OutOfReach as error:
                logger.warning(
                    "identity provider out of reach", extra={"reason": type(error.__cause__).__name__}
                )
                form.add_error(
                    None,
                    _(
                        "Your company's sign-in cannot be reached just now. Try again, or sign in with a code."
                    ),
                )
            else:
                return render(
                    request,
                    "members/company_lead.html",
                    {"address": address, "company": row.organisation.name},
                )
    context = {"form": form, "next": "" if next_url == "/" else next_url}
    return render(request, "members/company_sign_in.html", context, status=422 if form.errors else 200)


@login_not_required  # type: ignore[untyped-decorator]
@require_safe
def company_callback(request: HttpRequest, link_name: str) -> HttpResponse:
    """Where the company's provider sends its people back to. Without a sign-in begun in this browser it is an end."""
    try:
        view = OAuth2CallbackView.adapter_view(CompanyFlow(request, link_name))
        response: HttpResponse = view(request)
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
    return response
