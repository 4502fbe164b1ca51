"""Which modules the community uses, on one page for administrators."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.models import Module
from community.core.permissions import require
from members.actions.module import switch_module
from members.permissions import can_switch_modules
from members.requests import MemberRequest


@require_safe
def module_list(request: MemberRequest) -> HttpResponse:
    """Each module, and whether it is in use."""
    require(can_switch_modules(request.user))
    modules = [
        {"name": module.value, "label": module.label, "is_on": request.user.uses(module)} for module in Module
    ]
    return render(request, "module_list.html", {"modules": modules})


@require_POST
def module_switch(request: MemberRequest, name: str) -> HttpResponse:
    """Switch one: `on` is yes or no."""
    if name not in Module.values:
        raise Http404
    is_on = request.POST.get("on") == "yes"
    module = Module(name)
    switch_module(module, by=request.user, is_on=is_on)
    said = _("{module} is in use again.") if is_on else _("{module} is switched off. Nothing of it is lost.")
    messages.success(request, said.format(module=module.label))
    return redirect("module_list")
