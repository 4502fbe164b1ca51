"""The terms of use and the house rules: to be read by everybody, to be accepted by members."""

from django.contrib.auth.decorators import login_not_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from community.core.errors import Conflict
from community.core.http import safe_next
from members.actions.terms import accept_terms, terms_to_accept
from members.forms.terms import TermsForm
from members.models import Terms
from members.queries.terms import terms_in_force, terms_page, terms_to_read
from members.requests import MemberRequest


@login_not_required
@require_safe
def terms_list(request: HttpRequest) -> HttpResponse:
    """What is in force."""
    return render(request, "members/terms_list.html", {"terms": terms_in_force()})


@login_not_required
@require_safe
def terms_show(request: HttpRequest, kind: str, version: int) -> HttpResponse:
    """One published version, and what it changed. A draft is not there."""
    published: QuerySet[Terms] = Terms.objects.filter(published_at__isnull=False)
    terms = get_object_or_404(published, kind=kind, version=version if version < 2**31 else 0)
    return render(request, "members/terms_show.html", {"page": terms_page(terms)})


def terms_accept(request: MemberRequest) -> HttpResponse:
    """What is new, to be read and accepted; then on to where the person was going."""
    onward = safe_next(request, reverse("home"))
    owed = terms_to_accept(request.user)
    form = TermsForm(request.POST or None, owed=owed)
    if request.method == "POST":
        # Asked again or from a second window: nothing is owed any more.
        if not owed:
            return redirect(onward)
        if form.is_valid():
            try:
                accept_terms(request.user, owed, by=request.user)
            except Conflict as error:
                form.add_error(None, error.sentence)
            else:
                return redirect(onward)
    context = {
        "form": form,
        "pages": terms_to_read(request.user, owed),
        "next": onward,
        "may_leave": request.user.is_admitted,
    }
    return render(request, "members/terms_accept.html", context, status=422 if form.errors else 200)
