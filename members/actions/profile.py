"""Changing what a person says about themselves, and where they work."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Invalid
from community.core.models import Audience
from community.core.permissions import require
from community.core.text import clean_line, clean_source
from community.core.verbs import Verb
from members.models import Employment, Member, Organisation, Profile, time_zone_choices
from members.permissions import can_edit_profile, can_manage_members

TIME_ZONES: Final = frozenset(name for name, _label in time_zone_choices())


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChange:
    """The whole form; what equals the present value is not a change."""

    display_name: str
    time_zone: str
    biography: str = ""
    place: str = ""
    website: str = ""
    can_help_with: str = ""
    looks_for: str = ""


@transaction.atomic
def edit_profile(member: Member, change: ProfileChange, *, by: Member) -> Member:
    """Rule 2.1. Records the names of what changed, never the values. Raises `Invalid` for a wrong name or zone."""
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
    profile, _created = Profile.objects.get_or_create(member=member)
    wanted: dict[tuple[Member | Profile, str], str] = {
        (member, "display_name"): name,
        (member, "time_zone"): change.time_zone,
        (profile, "biography"): clean_source(change.biography),
        (profile, "place"): clean_line(change.place),
        (profile, "website"): clean_line(change.website),
        (profile, "can_help_with"): clean_line(change.can_help_with),
        (profile, "looks_for"): clean_line(change.looks_for),
    }
    changed = [field for (row, field), value in wanted.items() if getattr(row, field) != value]
    if not changed:
        return member
    for (row, field), value in wanted.items():
        setattr(row, field, value)
    member.save(update_fields=["display_name", "time_zone"])
    profile.save()
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
