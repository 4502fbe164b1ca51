"""Signing in by one's company: leading there, and taking in who comes back."""

import logging

from allauth.account.internal.decorators import login_not_required
from allauth.core import ratelimit
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from community.core.http import render_error, safe_next
from members.company_saml import complete, ours, take_answer
from members.company_sign_in import CompanyFlow, OutOfReach, address_to_go_to, refusal_page, row_of
from members.forms.company import CompanySignInForm
from members.models import IdentityProvider, Protocol
from members.queries.company import provider_for
from members.saml import NotTrusted, our_metadata

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
    """Where people come back to, with a code of their company or with the key to an answer that was posted.

    Without a sign-in begun in this browser it is an end.
    """
    row = row_of(link_name)
    if row is None:
        raise Http404
    if row.protocol == Protocol.SAML:
        try:
            return complete(request, row, request.GET.get("answer", ""))
        except NotTrusted as error:
            return _not_trusted(request, error)
    view = OAuth2CallbackView.adapter_view(CompanyFlow(request, link_name))
    response: HttpResponse = view(request)
    return response


# The company's page posts here, from its own site and without any cookie of ours: there is no session that a forged
# request could ride on. The signature says who speaks; that this browser has asked, the next address finds out.
@csrf_exempt
@login_not_required  # type: ignore[untyped-decorator]
@require_POST
def company_answer(request: HttpRequest, link_name: str) -> HttpResponse:
    """Take in what a SAML provider has posted, and send the browser on to where its cookie is back."""
    row = _row_with_saml(link_name)
    if not ratelimit.consume(request, action="company_answer"):
        return render_error(request, 429, _("That was often in a short time. Try it again in a minute."))
    try:
        key = take_answer(row, request.POST.get("SAMLResponse", ""), request.POST.get("RelayState", ""))
    except NotTrusted as error:
        return _not_trusted(request, error)
    query = urlencode({"answer": key})
    return redirect(f"{reverse('company_callback', args=[link_name])}?{query}")


@login_not_required  # type: ignore[untyped-decorator]
@require_safe
def company_metadata(request: HttpRequest, link_name: str) -> HttpResponse:
    """What a SAML provider has to know of us; its address is also what we are called there."""
    metadata = our_metadata(ours(_row_with_saml(link_name)))
    return HttpResponse(metadata, content_type="application/samlmetadata+xml")


def _row_with_saml(link_name: str) -> IdentityProvider:
    row = row_of(link_name)
    if row is None or row.protocol != Protocol.SAML:
        raise Http404
    return row


def _not_trusted(request: HttpRequest, error: NotTrusted) -> HttpResponse:
    logger.warning("company sign-in failed", extra={"reason": str(error)})
    return refusal_page(
        request, _("Your company's sign-in did not work out. Nothing was changed. Try it again.")
    )
