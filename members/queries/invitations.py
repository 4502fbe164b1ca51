"""Page-shaped reads of invitations: a member's own, one to be accepted, a file before it is sent."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import CharField, Count, Q, Value
from django.db.models.functions import Cast, Concat, Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community.core.mail import IN_DOUBT_AFTER, MAX_ATTEMPTS
from community.core.models import Mail, MailState
from community.core.moments import Moment, moment
from members.actions.invitation import ended_sentence, invitations_left
from members.models import Invitation, InvitationBatch, Member

SHOWN = 100
PROBLEMS_SHOWN = 200
SAMPLE = 10


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """One that a member has sent, and what became of it."""

    to: str
    state: str
    state_kind: str
    sent: Moment
    until: Moment
    accepted_name: str
    accepted_url: str
    resend_url: str
    revoke_url: str


@dataclass(frozen=True, slots=True)
class InvitationPage:
    """An invitation as whoever holds its link reads it."""

    inviter: str
    name: str
    message: str
    tier: str
    company: str
    spares: list[str]
    still_asks: list[str]
    lets_in: bool
    address: str
    until: Moment
    ended: str


@dataclass(frozen=True, slots=True)
class BatchMails:
    """How far the mails of a file are; `unsent_label` is '' where every server took them."""

    done: int
    count: int
    label: str
    unsent_label: str
    url: str

    @property
    def is_over(self) -> bool:
        return self.done == self.count


@dataclass(frozen=True, slots=True)
class BatchPage:
    """What a file would do, or did: whom it invites, and each line that is left out with its reason."""

    count: int
    count_label: str
    sample: list[tuple[int, str, str]]
    problems: list[tuple[int, str, str]]
    problems_label: str
    more_problems: int
    is_sent: bool
    confirm_url: str
    mails: BatchMails | None


def own_invitations(member: Member) -> list[InvitationRow]:
    """What a member has sent, the newest first. One query."""
    now = timezone.now()
    rows = Invitation.objects.filter(invited_by=member).select_related("accepted_by", "invited_by")
    return [_row(row, now) for row in rows.order_by("-created_at", "-pk")[:SHOWN]]


def quota_sentence(member: Member) -> str:
    """How many are left, in words; '' where there is no limit."""
    left = invitations_left(member)
    if left is None:
        return ""
    if not left:
        return _("Your invitations of this year are used. A community manager can invite for you.")
    return ngettext(
        "You can send {count} more this year.", "You can send {count} more this year.", left
    ).format(count=left)


def invitation_page(invitation: Invitation, *, address: str, name: str) -> InvitationPage:
    """What the link opens. `address` is the one that it was mailed to."""
    return InvitationPage(
        inviter=invitation.invited_by.display_name if invitation.invited_by else "",
        name=name or invitation.name,
        message=invitation.message,
        tier=invitation.tier.name,
        company=invitation.organisation.name if invitation.organisation else "",
        spares=invitation.spares,
        still_asks=invitation.still_asks,
        lets_in=invitation.lets_in_at_once,
        address=address,
        until=moment(invitation.expires_at, timezone.now()),
        ended=ended_sentence(invitation),
    )


def batch_page(batch: InvitationBatch) -> BatchPage:
    """A file as it is shown before it is sent, and after. Three queries once it is sent."""
    is_sent = batch.sent_at is not None
    if is_sent:
        sent = Invitation.objects.filter(batch=batch.pk)
        count = sent.count()
        sample = [(0, row.email, row.name) for row in sent.order_by("pk")[:SAMPLE]]
    else:
        count = len(batch.rows)
        sample = [(row["line"], row["email"], row["name"]) for row in batch.rows[:SAMPLE]]
    problems = [(row["line"], row["what"], row["reason"]) for row in batch.problems[:PROBLEMS_SHOWN]]
    return BatchPage(
        count=count,
        count_label=_count_label(count, is_sent=is_sent),
        sample=sample,
        problems=problems,
        problems_label=ngettext(
            "{count} line is left out", "{count} lines are left out", len(batch.problems)
        ).format(count=f"{len(batch.problems):,}"),
        more_problems=max(len(batch.problems) - PROBLEMS_SHOWN, 0),
        is_sent=is_sent,
        confirm_url=reverse("invitation_batch", args=[batch.pk]),
        mails=batch_mails(batch) if is_sent else None,
    )


def batch_mails(batch: InvitationBatch) -> BatchMails:
    """How many of its mails the outbox is done with. One query."""
    keys = (
        Invitation.objects.filter(batch=batch.pk)
        .annotate(key=Concat(Value("invitation.sent:"), Cast("pk", CharField()), output_field=CharField()))
        .values("key")
    )
    # What nobody knows of any more, or was tried often enough, is for people: `doctor` names it.
    is_waiting = Q(state=MailState.WAITING, attempts__lt=MAX_ATTEMPTS)
    is_on_its_way = Q(state=MailState.SENDING, sending_at__gte=Now() - IN_DOUBT_AFTER)
    found = Mail.objects.filter(key__in=keys).aggregate(
        count=Count("pk"),
        sent=Count("pk", filter=Q(state=MailState.SENT)),
        open=Count("pk", filter=is_waiting | is_on_its_way),
    )
    unsent = found["count"] - found["sent"] - found["open"]
    return BatchMails(
        done=found["count"] - found["open"],
        count=found["count"],
        label=_("{sent} of {count} mails have gone out.").format(
            sent=f"{found['sent']:,}", count=f"{found['count']:,}"
        ),
        unsent_label=ngettext("{count} could not be sent.", "{count} could not be sent.", unsent).format(
            count=f"{unsent:,}"
        )
        if unsent
        else "",
        url=reverse("invitation_batch", args=[batch.pk]),
    )


def _count_label(count: int, *, is_sent: bool) -> str:
    if is_sent:
        label = ngettext("{count} invitation is on its way", "{count} invitations are on their way", count)
    else:
        label = ngettext("{count} invitation would be sent", "{count} invitations would be sent", count)
    return label.format(count=f"{count:,}")


def _row(invitation: Invitation, now: datetime) -> InvitationRow:
    is_open = not ended_sentence(invitation)
    is_over = invitation.accepted_at is None and invitation.revoked_at is None and not is_open
    accepted = invitation.accepted_by
    if invitation.accepted_at is not None:
        state, kind = _("accepted"), "accepted"
    elif invitation.revoked_at is not None:
        state, kind = _("taken back"), "revoked"
    else:
        state, kind = (_("ended"), "ended") if is_over else (_("open"), "open")
    can_resend = (is_open or is_over) and bool(invitation.email)
    return InvitationRow(
        to=invitation.email or invitation.name or _("a link that you hand over"),
        state=state,
        state_kind=kind,
        sent=moment(invitation.created_at, now),
        until=moment(invitation.expires_at, now),
        accepted_name=accepted.display_name if accepted is not None else "",
        accepted_url=accepted.get_absolute_url() if accepted is not None and accepted.is_admitted else "",
        resend_url=reverse("invitation_resend", args=[invitation.pk]) if can_resend else "",
        revoke_url=reverse("invitation_revoke", args=[invitation.pk]) if is_open or is_over else "",
    )
