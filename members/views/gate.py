"""The public page: what the community is for, who it is for, what it asks, and the first step."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from members.forms.application import StartForm
from members.models import Tier
from members.queries.gate import gate_page


@login_not_required
@require_safe
def gate_show(request: HttpRequest) -> HttpResponse:
    """Rule 1.1. Says the same to everybody: no names, no topics, no counts."""
    return render_gate(request)


def open_tiers() -> list[Tier]:
    return list(Tier.objects.open())


def render_gate(request: HttpRequest, form: StartForm | None = None, *, status: int = 200) -> HttpResponse:
    tiers = open_tiers() if form is None else list(form.tiers.values())
    wanted = next((tier for tier in tiers if tier.slug == request.GET.get("tier")), None)
    context = {"gate": gate_page(tiers), "form": form or StartForm(tiers=tiers, tier=wanted)}
    return render(request, "members/gate_show.html", context, status=status)
