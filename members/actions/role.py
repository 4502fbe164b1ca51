"""Granting and ending dated roles."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict
from community.core.models import Audience
from community.core.permissions import require
from community.core.verbs import Verb
from members.actions.application import close_applications
from members.actions.directory import refresh_directory_entry
from members.models import Member, Role, RoleName
from members.permissions import can_grant_role


@transaction.atomic
def grant_role(
    member: Member,
    role: RoleName,
    *,
    by: Member | None,
    until: datetime | None = None,
    at: datetime | None = None,
) -> Role:
    """Rule 0.3: a row with from, until and who granted it. `by` is None for commands run on the server.

    Whoever is let in by this needs no application any more: what is open of theirs is closed.
    Raises `Conflict` where the member holds the role already.
    """
    if by is not None:
        require(can_grant_role(by, role))
    if role != RoleName.APPLICANT:
        # Applications before members, as everywhere.
        close_applications(member, but=None, words=_("You came in by another way."))
    Member.objects.select_for_update().get(pk=member.pk)
    if Role.objects.current().filter(member=member, role=role).exists():
        raise Conflict(_("{name} holds this role already.").format(name=member.display_name))
    row = Role.objects.create(
        member=member, role=role, from_at=at or timezone.now(), until_at=until, granted_by=by
    )
    member.forget_roles()
    refresh_directory_entry(member.pk)
    record(
        Verb.ROLE_GRANTED,
        by=by,
        target=member,
        audience=Audience.STAFF,
        at=at,
        counterpart_id=member.pk,
        role=str(role),
        until=until.isoformat() if until else None,
    )
    return row


@transaction.atomic
def end_role(row: Role, *, by: Member) -> Role:
    """End a role now; the row stays as history. Raises `Conflict` where it has ended already."""
    require(can_grant_role(by, row.role))
    row = Role.objects.select_for_update(of=("self",)).select_related("member").get(pk=row.pk)
    now = timezone.now()
    if row.until_at is not None and row.until_at <= now:
        raise Conflict(_("This role has ended already."))
    row.until_at = now
    row.save(update_fields=["until_at"])
    refresh_directory_entry(row.member.pk)
    record(
        Verb.ROLE_ENDED,
        by=by,
        target=row.member,
        audience=Audience.STAFF,
        counterpart_id=row.member.pk,
        role=row.role,
    )
    return row
