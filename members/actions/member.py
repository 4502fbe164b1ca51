"""What can be done to an account: make it, deactivate it, bring it back."""

import re
import unicodedata
from datetime import datetime
from typing import Final

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q, QuerySet, TextField
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Invalid
from community.core.models import Audience
from community.core.permissions import require
from community.core.statements import Blank, Statement
from community.core.text import clean_line
from community.core.verbs import Verb
from members.actions.directory import refresh_directory_entry
from members.actions.place import end_admission, take_place_again
from members.models import HANDLE, Member, Role, RoleName
from members.permissions import can_grant_role, can_manage_members

HANDLE_LENGTH = 40
ADDRESS_LENGTH = 254


@transaction.atomic
def create_member(
    *,
    by: Member | None,
    email: str | None,
    display_name: str,
    handle: str | None = None,
    role: RoleName = RoleName.MEMBER,
    password: str | None = None,
    time_zone: str = "UTC",
    at: datetime | None = None,
    source: str = "command",
) -> Member:
    """Make an account with its first role. `by` is None for commands and the demo, which people run on the server.

    Without a handle one is made out of the name. Whoever runs the server vouches for the address; one that a manager
    typed is shown to be the person's own by the first code or link they use. Raises `Invalid` for a bad address or
    name, `Conflict` for a taken one.
    """
    if by is not None:
        require(can_manage_members(by))
        require(can_grant_role(by, role))
    name = clean_line(display_name)
    if not name:
        raise Invalid(
            _("A member needs a name."), fields={"display_name": [_("Write the name people know you by.")]}
        )
    address = normal_email(email) if email else None
    if address is not None and is_taken(address):
        raise Conflict(_("This address already has an account."))
    chosen = handle.lower() if handle else free_handle(name)
    try:
        HANDLE(chosen)
    except ValidationError as error:
        raise Invalid(error.messages[0], fields={"handle": error.messages}) from error
    if handle and Member.objects.filter(handle=chosen).exists():
        raise Conflict(_("This handle is taken. Choose another one."))
    now = at or timezone.now()
    member = Member(
        email=address,
        handle=chosen,
        display_name=name[:80],
        time_zone=time_zone,
        joined_at=now,
    )
    member.set_password(password)
    member.save()
    if address is not None:
        EmailAddress.objects.create(user=member, email=address, primary=True, verified=by is None)
    Role.objects.create(member=member, role=role, from_at=now, granted_by=by)
    refresh_directory_entry(member.pk)
    record(
        Verb.MEMBER_JOINED, by=by or member, target=member, audience=Audience.COMMUNITY, at=now, source=source
    )
    return member


@transaction.atomic
def deactivate_member(member: Member, *, by: Member, reason: str) -> Member:
    """Close an account: its sessions end, its tokens stop with the next request, its place is free. The posts stay."""
    require(can_manage_members(by))
    member = Member.objects.select_for_update().get(pk=member.pk)
    if member.deactivated_at is not None:
        raise Conflict(_("This account is deactivated already."))
    if member.pk == by.pk:
        raise Invalid(_("You cannot deactivate your own account here. Another manager can."))
    member.deactivated_at = timezone.now()
    member.save(update_fields=["deactivated_at"])
    end_admission(member, member.deactivated_at)
    refresh_directory_entry(member.pk)
    record(Verb.MEMBER_DEACTIVATED, by=by, target=member, audience=Audience.STAFF, reason=clean_line(reason))
    return member


@transaction.atomic
def reactivate_member(member: Member, *, by: Member) -> Member:
    """Open a deactivated account again, with the place that it had.

    Raises `NoPlace` where that has gone to somebody else: reactivating gives nobody more places than there are.
    """
    require(can_manage_members(by))
    # The tier before the member, as everywhere. Whoever had left before has no place to come back to.
    if Member.objects.admitted().filter(pk=member.pk, deactivated_at__isnull=False).exists():
        take_place_again(member, by=by)
    member = Member.objects.select_for_update().get(pk=member.pk)
    if member.deactivated_at is None:
        raise Conflict(_("This account is active."))
    member.deactivated_at = None
    member.save(update_fields=["deactivated_at"])
    refresh_directory_entry(member.pk)
    record(Verb.MEMBER_REACTIVATED, by=by, target=member, audience=Audience.STAFF)
    return member


def is_taken(address: str) -> bool:
    """Whether the address belongs to an account, as the one it writes to or as a further one it signs in with."""
    # One question whatever comes of it: strangers can measure how often the database is asked.
    return bool(_HOLDERS(address=address))


def _holders() -> QuerySet[Member, tuple[int]]:
    address = Blank("address", TextField())
    further = EmailAddress.objects.filter(email=address, verified=True).values("user")
    holders: QuerySet[Member, tuple[int]] = Member.objects.filter(Q(email=address) | Q(pk__in=further))
    return holders.values_list("pk")[:1]


_HOLDERS: Final = Statement(_holders)


def normal_email(email: str) -> str:
    """Addresses are compared and kept in small letters and in Unicode's composed form. Raises `Invalid`."""
    address = unicodedata.normalize("NFC", email.strip()).lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise Invalid(_("That is not an e-mail address."), fields={"email": error.messages}) from error
    if len(address) > ADDRESS_LENGTH:
        sentence = _("An address has at most {limit} characters.").format(limit=ADDRESS_LENGTH)
        raise Invalid(sentence, fields={"email": [sentence]})
    return address


def handle_stem(name: str) -> str:
    """A handle's beginning out of a name: Latin letters and digits, joined by dashes; `member` where none are left."""
    latin = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", latin).strip("-")[: HANDLE_LENGTH - 8].strip("-") or "member"


def free_handle(name: str) -> str:
    """The stem itself where it is free, otherwise with the lowest free number behind it."""
    stem = handle_stem(name)
    taken = set(Member.objects.filter(handle__startswith=stem).values_list("handle", flat=True))
    if stem not in taken:
        return stem
    number = 2
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"
