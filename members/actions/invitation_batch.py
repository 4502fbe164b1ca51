"""Inviting many by a file: checked and shown first, then sent exactly as it was shown (rule 1.7)."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import timedelta
from typing import Final
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Invalid
from community.core.mail import compose_mail, queue_mails
from community.core.models import Audience, Mail
from community.core.permissions import require
from community.core.verbs import Verb
from members.actions.domain import blocked_domains, domain_of
from members.actions.gate import current_gate, default_tier
from members.actions.invitation import MAIL_TEMPLATE, open_addresses, words_of
from members.invitation_file import FileRow, Problem, read_invitations
from members.models import Invitation, InvitationBatch, Member, Organisation, Skip, Tier
from members.permissions import can_manage_invitations

#: What was shown and not confirmed is forgotten after that.
DRAFT_LIFETIME: Final = timedelta(days=1)


@transaction.atomic
def import_invitations(
    content: bytes, *, by: Member, tier: Tier | None = None, skips: Collection[Skip] = ()
) -> InvitationBatch:
    """The dry run: read the file, check every line, keep what would be sent. Nothing is sent.

    Raises `Invalid` where the file as a whole cannot be read, or holds nobody to invite and no line that says why.
    """
    require(can_manage_invitations(by))
    chosen = tier or default_tier()
    if chosen.closed_at is not None:
        sentence = _("This tier takes nobody now. Choose another one.")
        raise Invalid(sentence, fields={"tier": [sentence]})
    read = read_invitations(content)
    if not read.rows and not read.problems:
        sentence = _("The file has a first line and nothing below it.")
        raise Invalid(sentence, fields={"file": [sentence]})
    good, problems = _checked(read.rows)
    InvitationBatch.objects.filter(by=by, sent_at__isnull=True).delete()
    InvitationBatch.objects.filter(
        sent_at__isnull=True, created_at__lt=timezone.now() - DRAFT_LIFETIME
    ).delete()
    return InvitationBatch.objects.create(
        by=by,
        tier=chosen,
        skips=sorted(str(skip) for skip in skips),
        rows=[asdict(row) for row in good],
        problems=[asdict(row) for row in sorted([*read.problems, *problems], key=lambda row: row.line)],
    )


@transaction.atomic
def send_batch(batch: InvitationBatch, *, by: Member) -> InvitationBatch:
    """Send what was shown: those rows and no others. Whoever came in, or was invited, meanwhile is left out and said.

    Confirmed twice it is sent once. Raises `Conflict` where nothing of it is left to send.
    """
    require(can_manage_invitations(by))
    batch = InvitationBatch.objects.select_for_update(of=("self",)).select_related("tier").get(pk=batch.pk)
    if batch.sent_at is not None:
        return batch
    rows, problems = _checked([FileRow(**row) for row in batch.rows])
    if not rows:
        raise Conflict(_("Nobody of this file is left to invite: all came in or were invited meanwhile."))
    now = timezone.now()
    expires_at = now + timedelta(days=current_gate().invitation_days)
    companies = _companies({row.company for row in rows})
    _close_ended({row.email for row in rows})
    Invitation.objects.bulk_create(
        [
            Invitation(
                email=row.email,
                name=row.name,
                message=row.message,
                tier=batch.tier,
                organisation=companies.get(row.company.lower()),
                skips=batch.skips,
                invited_by=by,
                batch=batch.pk,
                created_at=now,
                expires_at=expires_at,
            )
            for row in rows
        ],
        batch_size=1_000,
        # Two managers with the same people in their files: the constraint lets one of the rows in.
        ignore_conflicts=True,
    )
    sent = list(Invitation.objects.filter(batch=batch.pk).select_related("tier").order_by("pk"))
    queue_mails([_mail(invitation, by) for invitation in sent])
    record(
        Verb.INVITATION_SENT,
        by=by,
        target=sent[0],
        audience=Audience.STAFF,
        tier=batch.tier_id,
        skips=batch.skips,
        batch=str(batch.pk),
        count=len(sent),
    )
    batch.sent_at, batch.rows = now, []
    batch.problems = [asdict(row) for row in problems]
    batch.save(update_fields=["sent_at", "rows", "problems"])
    return batch


@transaction.atomic
def revoke_batch(batch_id: UUID, *, by: Member) -> int:
    """Take back what is still open of one file, mails that have not gone out included. Returns how many.

    One activity for the act; its data names the file.
    """
    require(can_manage_invitations(by))
    rows = list(
        Invitation.objects.select_for_update()
        .filter(batch=batch_id, accepted_at__isnull=True, revoked_at__isnull=True)
        .order_by("pk")
    )
    if not rows:
        return 0
    ids = [row.pk for row in rows]
    Invitation.objects.filter(pk__in=ids).update(revoked_at=timezone.now())
    Mail.objects.due().filter(key__in=[f"invitation.sent:{pk}" for pk in ids]).delete()
    record(
        Verb.INVITATION_REVOKED,
        by=by,
        target=rows[0],
        audience=Audience.STAFF,
        batch=str(batch_id),
        count=len(rows),
    )
    return len(rows)


def _checked(rows: list[FileRow]) -> tuple[list[FileRow], list[Problem]]:
    """Those that can be invited now, and why the others cannot. Seven queries however many rows there are."""
    addresses = [row.email for row in rows]
    here = set(Member.objects.filter(email__in=addresses).values_list("email", flat=True))
    here |= set(
        EmailAddress.objects.filter(email__in=addresses, verified=True).values_list("email", flat=True)
    )
    invited = open_addresses(addresses)
    blocked = blocked_domains({domain_of(address) for address in addresses})
    companies = _companies({row.company for row in rows})
    good, problems = [], []
    for row in rows:
        reason = ""
        if row.email in here:
            reason = _("Somebody with this address is here already.")
        elif row.email in invited:
            reason = _("This address holds an open invitation.")
        elif domain_of(row.email) in blocked:
            reason = blocked[domain_of(row.email)]
        elif row.company and row.company.lower() not in companies:
            reason = _(
                "There is no company called “{company}” here. Add it first, or leave the cell empty."
            ).format(company=row.company)
        if reason:
            problems.append(Problem(row.line, row.email, reason))
        else:
            good.append(row)
    return good, problems


def _companies(names: set[str]) -> dict[str, Organisation]:
    wanted = {name.lower() for name in names if name}
    if not wanted:
        return {}
    rows = Organisation.objects.annotate(small=Lower("name")).filter(small__in=wanted)
    return {row.name.lower(): row for row in rows}


def _close_ended(addresses: set[str]) -> None:
    """An invitation whose time is over makes room for the next one."""
    ended = Invitation.objects.filter(email__in=addresses, accepted_at__isnull=True, revoked_at__isnull=True)
    ended.filter(expires_at__lte=timezone.now()).update(revoked_at=timezone.now())


def _mail(invitation: Invitation, by: Member) -> Mail:
    return compose_mail(
        "invitation.sent",
        key=f"invitation.sent:{invitation.pk}",
        address=invitation.email,
        template=MAIL_TEMPLATE,
        words=words_of(invitation, by),
    )
