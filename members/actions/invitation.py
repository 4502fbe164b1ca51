"""Inviting people one by one, and what becomes of it: sent, sent again, revoked, accepted (rule 1.7).

Many at once by a file stand in `invitation_batch.py`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Invalid, Refused
from community.core.mail import queue_mail
from community.core.models import Audience, Mail
from community.core.permissions import require
from community.core.text import clean_line
from community.core.verbs import Verb
from members.actions.application import (
    NO_NAME,
    lock_application,
    move_to,
    start_application,
    submit_application,
)
from members.actions.domain import blocked_sentence, domain_policy
from members.actions.gate import current_gate, default_tier
from members.actions.member import is_taken, normal_email
from members.actions.waitlist import fill_places, let_in_or_wait
from members.models import (
    Application,
    ApplicationState,
    DomainPolicy,
    Invitation,
    Member,
    Organisation,
    RoleName,
    Skip,
    Tier,
)
from members.permissions import can_manage_invitations, can_send_invitation

#: The quota counts what was sent in this time.
QUOTA_SPAN: Final = timedelta(days=365)
LONGEST_DAYS: Final = 365
#: How many mails an open link sends to prove an address, so that nobody fills strangers' mailboxes through it.
PROOFS_PER_DAY: Final = 10

MAIL_TEMPLATE: Final = "members/mail/invitation_sent.txt"
_LINK_SALT: Final = "members.invitation.link"


@dataclass(frozen=True, slots=True)
class InvitationLink:
    """What a link says: which invitation, and the address it was mailed to ('' where it was handed over)."""

    invitation_id: int
    address: str
    name: str


# --- links ------------------------------------------------------------------------------------------------------


def make_link(invitation: Invitation, *, address: str = "", name: str = "") -> str:
    """The whole address of the page. It is signed for this purpose alone, and another one each time.

    Whoever opens a link that was mailed to an address has shown that the address is theirs.
    """
    said = {"i": invitation.pk, "a": address, "n": name}
    return str(settings.SITE_URL) + reverse("invitation_show", args=[signing.dumps(said, salt=_LINK_SALT)])


def read_link(token: str) -> InvitationLink | None:
    """What a link says; None for one that is made up or damaged. How long it holds, the invitation says."""
    try:
        said = signing.loads(token, salt=_LINK_SALT)
    except signing.BadSignature:
        return None
    return InvitationLink(invitation_id=said["i"], address=said["a"], name=said["n"])


# --- sending ----------------------------------------------------------------------------------------------------


def invitations_left(member: Member) -> int | None:
    """How many more this member may send; None where there is no limit."""
    if can_manage_invitations(member):
        return None
    since = timezone.now() - QUOTA_SPAN
    sent = Invitation.objects.filter(invited_by=member, created_at__gt=since).count()
    return max(current_gate().invitations_per_member - sent, 0)


@transaction.atomic
def send_invitation(
    *,
    by: Member,
    email: str = "",
    name: str = "",
    message: str = "",
    tier: Tier | None = None,
    organisation: Organisation | None = None,
    skips: Collection[Skip] | None = None,
    days: int | None = None,
    at: datetime | None = None,
) -> Invitation:
    """Invite somebody by mail; managers also by a link that they hand over themselves (without an address).

    Members' invitations spare what their tier says, managers choose; members have so many a year. Whether an address
    belongs to somebody here, only managers learn. Raises `Refused`, `Invalid` with the field's name, `Conflict` where
    the address is invited already or the year's invitations are used up.
    """
    require(can_send_invitation(by))
    is_manager = bool(can_manage_invitations(by))
    if not is_manager and (skips is not None or organisation is not None or days is not None):
        raise Refused(_("What an invitation spares, community managers choose. Ask one of them."))
    now = at or timezone.now()
    address = _address(email, by=by)
    chosen = tier or default_tier()
    if chosen.closed_at is not None:
        raise _invalid("tier", _("This tier takes nobody now. Choose another one."))
    _require_quota(by)
    if address:
        _refuse_open(address, now=now)
    if organisation is None and address:
        rule = domain_policy(address)
        organisation = None if rule is None else rule.organisation
    invitation = Invitation.objects.create(
        email=address,
        name=clean_line(name)[:80],
        message=clean_line(message)[:1000],
        tier=chosen,
        organisation=organisation,
        skips=sorted(str(skip) for skip in (default_skips(chosen) if skips is None else skips)),
        invited_by=by,
        created_at=now,
        expires_at=now + timedelta(days=_days(days)),
    )
    record(
        Verb.INVITATION_SENT,
        by=by,
        target=invitation,
        audience=Audience.STAFF,
        at=at,
        organisation_id=None if organisation is None else organisation.pk,
        tier=chosen.pk,
        skips=invitation.skips,
        batch=None,
    )
    if address:
        _queue(invitation, by, key=f"invitation.sent:{invitation.pk}")
    return invitation


def default_skips(tier: Tier) -> list[Skip]:
    """What a member's invitation spares."""
    return [Skip.QUESTIONS] if tier.invited_skip_questions else []


def words_of(invitation: Invitation, by: Member | None) -> dict[str, object]:
    """What its mail says, with a link of its own."""
    return {
        "name": invitation.name,
        "inviter": "" if by is None else by.display_name,
        "message": invitation.message,
        "link": make_link(invitation, address=invitation.email, name=invitation.name),
        "spares": invitation.spares,
        "still_asks": invitation.still_asks,
        "lets_in": invitation.lets_in_at_once,
        "until": timezone.localtime(invitation.expires_at).date().isoformat(),
    }


def _queue(invitation: Invitation, by: Member, *, key: str) -> Mail | None:
    return queue_mail(
        "invitation.sent",
        key=key,
        address=invitation.email,
        template=MAIL_TEMPLATE,
        words=words_of(invitation, by),
    )


@transaction.atomic
def resend_invitation(invitation: Invitation, *, by: Member) -> Invitation:
    """Mail it once more, with a new link and the whole time again; at most once a day.

    Raises `Conflict` for one that was used or revoked, that has no address, or was sent today.
    """
    invitation = _locked(invitation)
    _require_own(invitation, by)
    if invitation.accepted_at is not None or invitation.revoked_at is not None:
        raise Conflict(ended_sentence(invitation))
    if not invitation.email:
        raise Conflict(_("This one has no address: hand the link over again yourself."))
    rule = domain_policy(invitation.email)
    if rule is not None and rule.policy == DomainPolicy.BLOCK:
        raise Conflict(blocked_sentence(rule))
    invitation.expires_at = timezone.now() + timedelta(days=current_gate().invitation_days)
    invitation.save(update_fields=["expires_at"])
    key = f"invitation.sent:{invitation.pk}:{timezone.now():%Y-%m-%d}"
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    is_new = invitation.created_at < today
    if not is_new or _queue(invitation, by, key=key) is None:
        raise Conflict(_("It was sent today already. Give them until tomorrow."))
    return invitation


@transaction.atomic
def revoke_invitation(invitation: Invitation, *, by: Member) -> Invitation:
    """Take it back: its links end at once. Revoking twice changes nothing; `Conflict` once it was used."""
    invitation = _locked(invitation)
    _require_own(invitation, by)
    if invitation.accepted_at is not None:
        raise Conflict(_("This invitation was accepted already, so it cannot be taken back."))
    if invitation.revoked_at is None:
        invitation.revoked_at = timezone.now()
        invitation.save(update_fields=["revoked_at"])
        # What has not gone out yet, does not go out.
        Mail.objects.due().filter(key__startswith=f"invitation.sent:{invitation.pk}").filter(
            address=invitation.email
        ).delete()
        record(Verb.INVITATION_REVOKED, by=by, target=invitation, audience=Audience.STAFF)
    return invitation


# --- accepting --------------------------------------------------------------------------------------------------


def refuse_ended(invitation: Invitation) -> None:
    """Raises `Conflict` with the way forward for an invitation that was used or revoked, or whose time is over."""
    sentence = ended_sentence(invitation)
    if sentence:
        raise Conflict(sentence)


def ended_sentence(invitation: Invitation) -> str:
    """Why this one cannot be used, and what to do instead; '' while it can."""
    inviter = invitation.invited_by.display_name if invitation.invited_by else _("the community managers")
    if invitation.accepted_at is not None:
        return _("This invitation was used already; it works once. If it was you, sign in.")
    if invitation.revoked_at is not None:
        return _("This invitation was taken back. You can still ask to come in yourself.")
    if invitation.expires_at <= timezone.now():
        return _(
            "This invitation has ended. Ask {inviter} to send it again, or ask to come in yourself."
        ).format(inviter=inviter)
    return ""


@transaction.atomic
def accept_as_newcomer(
    invitation: Invitation, *, address: str, name: str, at: datetime | None = None
) -> Member:
    """Make the account of somebody who opened a link that was mailed to `address`, and accept for them.

    The lock on the invitation comes first: of many who press at once, one gets it, and no account is left over of the
    others. Raises `Conflict` where it is used up or the address has an account that is more than an applicant's,
    `Invalid` without a name.
    """
    invitation = _locked(invitation)
    refuse_ended(invitation)
    address = normal_email(address)
    if invitation.email and invitation.email != address:
        raise Refused(_("This invitation is for another address. Open the link in the mail that came to it."))
    cleaned = clean_line(name)
    if not cleaned or cleaned == NO_NAME:
        raise _invalid("name", _("Write the name people know you by."))
    if len(cleaned) > 80:
        raise _invalid("name", _("A name has at most 80 characters here."))
    _refuse_blocked(address)
    _lock_tiers(invitation, address)
    application = start_application(address, invitation.tier, name=cleaned, at=at)
    member = application.member
    if member.display_name == NO_NAME:
        member.display_name = cleaned
        member.save(update_fields=["display_name"])
    _accept(invitation, application, at=at)
    return member


@transaction.atomic
def accept_invitation(
    invitation: Invitation, member: Member, *, by: Member, at: datetime | None = None
) -> Invitation:
    """Accept as somebody who is signed in and has only applied so far; what they wrote stays.

    Never for a full account: who is a member needs none (`Conflict`). Bound to its address: `Refused` for another.
    """
    invitation = _locked(invitation)
    refuse_ended(invitation)
    if by.pk != member.pk:
        raise Refused(_("Everybody accepts an invitation for themselves."))
    if member.roles != {RoleName.APPLICANT}:
        raise Conflict(
            _("You are a member already, so the invitation stays unused. Pass it back to who sent it.")
        )
    confirmed = EmailAddress.objects.filter(user=member, verified=True).values_list("email", flat=True)
    if invitation.email and invitation.email not in {*confirmed}:
        raise Refused(
            _(
                "This invitation is for another address. Sign out, then open the link in the mail that came to it."
            )
        )
    assert member.email is not None
    _refuse_blocked(member.email)
    _lock_tiers(invitation, member.email)
    application = start_application(member.email, invitation.tier, at=at)
    _accept(invitation, application, at=at)
    return invitation


@transaction.atomic
def ask_for_proof(invitation: Invitation, *, email: str, name: str) -> None:
    """Somebody holds an open link: mail them one that shows whose address it is. Everybody gets the same answer.

    An address that has an account gets a mail too, which says to sign in. Raises `Invalid` for what is no address or
    blocked, `Conflict` after `PROOFS_PER_DAY`.
    """
    invitation = _locked(invitation)
    refuse_ended(invitation)
    address = normal_email(email)
    _refuse_blocked(address)
    day = timezone.now().strftime("%Y-%m-%d")
    stem = f"invitation.proof:{invitation.pk}:{day}:"
    digest = salted_hmac("members.invitation.proof", address, algorithm="sha256").hexdigest()[:16]
    if Mail.objects.filter(key__startswith=stem).exclude(key=stem + digest).count() >= PROOFS_PER_DAY:
        raise Conflict(_("This link was tried with many addresses today. Try again tomorrow."))
    queue_mail(
        "invitation.proof",
        key=stem + digest,
        address=address,
        template="members/mail/invitation_proof.txt",
        words={
            "has_account": is_taken(address),
            "link": make_link(invitation, address=address, name=clean_line(name)[:80]),
            "sign_in_link": str(settings.SITE_URL) + reverse("account_login"),
        },
    )


def _accept(invitation: Invitation, application: Application, *, at: datetime | None) -> None:
    """Both rows are locked by the caller's transaction; the account is an applicant's with a proven address."""
    now, member = at or timezone.now(), application.member
    invitation.accepted_at, invitation.accepted_by = now, member
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    record(
        Verb.INVITATION_ACCEPTED,
        by=member,
        target=invitation,
        audience=Audience.MEMBER,
        at=at,
        counterpart_id=invitation.invited_by_id,
        organisation_id=invitation.organisation_id,
        tier=invitation.tier_id,
    )
    application = lock_application(application)
    rule = domain_policy(member.email or "")
    application.invitation = invitation
    proposed = None if rule is None else rule.organisation
    application.organisation = invitation.organisation or application.organisation or proposed
    is_waiting = application.state == ApplicationState.WAITLISTED
    if application.state == ApplicationState.DRAFT or (invitation.lets_in_at_once and not is_waiting):
        application.tier = invitation.tier
    application.save(update_fields=["invitation", "organisation", "tier"])
    if invitation.lets_in_at_once:
        _let_in(invitation, application, at=at)
    elif Skip.QUESTIONS in invitation.skips and application.state == ApplicationState.DRAFT:
        # What has arrived and needs no review, for the domain or with the last vouch, is let in when that is told.
        submit_application(application, by=member, at=at)


def _let_in(invitation: Invitation, application: Application, *, at: datetime | None) -> None:
    """To a place at once, or where there is none, to the waitlist, of which everybody gets in in their turn."""
    if application.state == ApplicationState.WAITLISTED:
        fill_places(application.tier)
        return
    if application.state == ApplicationState.DRAFT:
        move_to(application, ApplicationState.SUBMITTED, by=application.member, at=at)
    let_in_or_wait(
        application,
        tier=application.tier,
        by=invitation.invited_by,
        words=_("You came by an invitation."),
        is_in_time=True,
        at_once=True,
        at=at,
    )


# --- shared -----------------------------------------------------------------------------------------------------


def _lock_tiers(invitation: Invitation, address: str) -> None:
    """The tier before the application and the member, as everywhere: a reviewer may be deciding at this moment.

    Somebody may have applied to another tier than the one that they are invited to.
    """
    under_way = Application.objects.open().filter(member__email=address).values("tier")
    list(
        Tier.objects.select_for_update(no_key=True)
        .filter(Q(pk=invitation.tier_id) | Q(pk__in=under_way))
        .order_by("pk")
    )


def _locked(invitation: Invitation) -> Invitation:
    rows = Invitation.objects.select_for_update(of=("self",))
    return rows.select_related("tier", "organisation", "invited_by").get(pk=invitation.pk)


def _require_own(invitation: Invitation, by: Member) -> None:
    if invitation.invited_by_id != by.pk:
        require(can_manage_invitations(by))


def _require_quota(by: Member) -> None:
    # The lock makes the count true for two requests at once.
    Member.objects.select_for_update(no_key=True).get(pk=by.pk)
    if invitations_left(by) == 0:
        raise Conflict(
            _(
                "Your {count} invitations of this year are used. A community manager can invite for you."
            ).format(count=current_gate().invitations_per_member)
        )


def _address(email: str, *, by: Member) -> str:
    """The address in its normal form; '' where a manager hands the link over. Raises `Invalid`, `Conflict`."""
    is_manager = bool(can_manage_invitations(by))
    if not email.strip():
        if is_manager:
            return ""
        raise _invalid("email", _("Write the address that the invitation goes to."))
    address = normal_email(email)
    _refuse_blocked(address)
    if address == by.email:
        raise Conflict(_("That is your own address."))
    if is_manager and is_taken(address):
        raise Conflict(_("{address} belongs to somebody here already.").format(address=address))
    return address


def _refuse_blocked(address: str) -> None:
    rule = domain_policy(address)
    if rule is not None and rule.policy == DomainPolicy.BLOCK:
        raise _invalid("email", blocked_sentence(rule))


def _refuse_open(address: str, *, now: datetime) -> None:
    """One open invitation for each address; one whose time is over makes room."""
    rows = Invitation.objects.select_for_update().filter(
        email=address, accepted_at__isnull=True, revoked_at__isnull=True
    )
    for row in rows:
        if row.expires_at > timezone.now():
            raise Conflict(
                _("{address} is invited already. Whoever sent it can send it again from their list.").format(
                    address=address
                )
            )
        row.revoked_at = now
        row.save(update_fields=["revoked_at"])


def _days(days: int | None) -> int:
    if days is None:
        return current_gate().invitation_days
    if not 1 <= days <= LONGEST_DAYS:
        sentence = _("An invitation holds between 1 and {days} days.").format(days=LONGEST_DAYS)
        raise _invalid("days", sentence)
    return days


def _invalid(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={field: [sentence]})


def open_addresses(addresses: Sequence[str]) -> set[str]:
    """Which of them hold an invitation that can still be used."""
    rows = Invitation.objects.usable().filter(email__in=addresses)
    return set(rows.values_list("email", flat=True))
