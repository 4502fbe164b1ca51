"""Switching modules on and off for the whole community (rule 15.6)."""

from django.db import transaction
from django.utils import timezone

from community.core.activity import record
from community.core.models import Audience, Module, ModuleSwitch
from community.core.permissions import require
from community.core.verbs import Verb
from members.models import Member
from members.permissions import can_switch_modules


@transaction.atomic
def switch_module(module: Module, *, by: Member, is_on: bool) -> ModuleSwitch:
    """Use a module, or use it no longer: its pages, rows and mails are gone from the next request on, its data stays.

    Switching to what it is already changes nothing.
    """
    require(can_switch_modules(by))
    switch, is_new = ModuleSwitch.objects.select_for_update().get_or_create(
        name=module, defaults={"is_on": is_on}
    )
    was_on = True if is_new else switch.is_on
    if was_on == is_on:
        return switch
    switch.is_on, switch.switched_at = is_on, timezone.now()
    switch.save(update_fields=["is_on", "switched_at"])
    by.__dict__.pop("modules_off", None)
    by.__dict__.pop("_modules_off", None)
    record(Verb.MODULE_SWITCHED, by=by, target=switch, audience=Audience.STAFF, name=str(module), is_on=is_on)
    return switch
