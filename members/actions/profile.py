"""Changing what a person says about themselves, and where they work."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Invalid
from community.core.models import Audience
from community.core.permissions import require
from community.core.text import clean_line
from community.core.verbs import Verb
from members.actions.directory import refresh_directory_entry
from members.actions.fact import FactChange, write_facts
from members.models import Employment, FactSource, Member, Organisation, time_zone_choices
from members.permissions import can_edit_profile, can_manage_members

TIME_ZONES: Final = frozenset(name for name, _label in time_zone_choices())


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChange:
    """The form; what equals the present value is not a change, and a fact that is not named stays."""

    display_name: str
    time_zone: str
    facts: Mapping[str, FactChange] = field(default_factory=dict)


@transaction.atomic
def edit_profile(member: Member, change: ProfileChange, *, by: Member) -> Member:
    """Rule 2.1. Records the names of what changed, never the values. Raises `Invalid` for what does not fit."""
    require(can_edit_profile(by, member))
    name = clean_line(change.display_name)
    if not name:
        raise Invalid(
            _("Your name cannot be empty."),
            fields={"display_name": [_("Write the name people know you by.")]},
        )
    if change.time_zone not in TIME_ZONES:
        raise Invalid(
            _("That time zone is not known."), fields={"time_zone": [_("Choose one from the list.")]}
        )
    member = Member.objects.select_for_update().get(pk=member.pk)
    wanted = {"display_name": name, "time_zone": change.time_zone}
    changed = [column for column, value in wanted.items() if getattr(member, column) != value]
    if changed:
        for column, value in wanted.items():
            setattr(member, column, value)
        member.save(update_fields=list(wanted))
        refresh_directory_entry(member.pk)
    changed += write_facts(member, change.facts, by=by, source=FactSource.SELF)
    if not changed:
        return member
    record(
        Verb.PROFILE_EDITED,
        by=by,
        target=member,
        audience=Audience.MEMBER,
        counterpart_id=member.pk,
        fields=changed,
    )
    return member


@transaction.atomic
def start_employment(
    member: Member,
    organisation: Organisation,
    *,
    by: Member | None,
    title: str,
    from_date: date,
    at: datetime | None = None,
) -> Employment:
    """Rule 0.1: a new employer ends the one before and never touches the account; the headline follows."""
    if by is not None:
        require(can_manage_members(by))
    member = Member.objects.select_for_update().get(pk=member.pk)
    before = Employment.objects.current().filter(member=member).first()
    if before is not None:
        before.until_date = max(from_date, before.from_date)
        before.save(update_fields=["until_date"])
    row = Employment.objects.create(
        member=member, organisation=organisation, title=clean_line(title)[:100], from_date=from_date
    )
    member.headline = ", ".join(part for part in (row.title, organisation.name) if part)[:160]
    member.save(update_fields=["headline"])
    refresh_directory_entry(member.pk)
    record(
        Verb.EMPLOYMENT_STARTED,
        by=by,
        target=member,
        audience=Audience.COMMUNITY,
        counterpart_id=member.pk,
        at=at,
        organisation_id=organisation.pk,
        title=row.title,
    )
    return row
