"""A person's own API tokens: made here, shown once, revoked here."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.errors import Conflict, Invalid
from community.core.models import ApiToken, Scope
from community.core.permissions import require
from community.core.tokens import NewToken, create_token, revoke_token
from members.forms.people import ApiTokenForm
from members.permissions import is_admitted
from members.queries.api_token import api_token_rows
from members.requests import MemberRequest


@require_safe
def api_token_list(request: MemberRequest) -> HttpResponse:
    """Which programs may act as this person, until when, and when they last did."""
    require(is_admitted(request.user))
    return _page(request, ApiTokenForm())


@require_POST
@reauthentication_required  # type: ignore[untyped-decorator]
def api_token_create(request: MemberRequest) -> HttpResponse:
    """Make a token. The answer is the one page that ever shows its secret, so there is no redirect.

    A browser that somebody left open must not become a token for half a year: who has a password or a second factor
    is asked for it, unless it was shown a moment ago.
    """
    require(is_admitted(request.user))
    form = ApiTokenForm(request.POST)
    if form.is_valid():
        try:
            made = create_token(
                request.user,
                by=request.user,
                name=form.cleaned_data["name"],
                scope=Scope(form.cleaned_data["scope"]),
                days=form.cleaned_data["days"],
            )
        except Invalid as error:
            form.take_refusal(error)
        except Conflict as error:
            form.add_error(None, error.sentence)
        else:
            return _page(request, ApiTokenForm(), made=made)
    return _page(request, form, status=422)


@require_POST
def api_token_revoke(request: MemberRequest, token_id: int) -> HttpResponse:
    """End a token; somebody else's is not there."""
    token = get_object_or_404(ApiToken, pk=token_id, member=request.user)
    revoke_token(token, by=request.user)
    messages.success(
        request, _("“{name}” is revoked. It holds from its next request on.").format(name=token.name)
    )
    return redirect("api_token_list")


def _page(
    request: MemberRequest, form: ApiTokenForm, *, made: NewToken | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "tokens": api_token_rows(request.user),
        "secret": made.secret if made else "",
        "made_name": made.token.name if made else "",
    }
    return render(request, "members/api_token_list.html", context, status=status)
