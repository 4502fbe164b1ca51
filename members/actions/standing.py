"""How somebody stands: pausing, leaving and coming back by their own wish; suspension and the one appeal against it.

Nothing here ends by a job: pauses and suspensions are over when the clock of the database says so.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Invalid
from community.core.models import Audience
from community.core.permissions import require
from community.core.text import required_words
from community.core.verbs import Verb
from members.actions.admission import admit_member
from members.actions.application import open_draft, withdraw_application
from members.actions.directory import refresh_directory_entry
from members.actions.gate import default_tier
from members.actions.place import NoPlace, end_admission
from members.actions.sign_in import end_sessions, revoke_tokens
from members.models import (
    Admission,
    Appeal,
    Application,
    Member,
    Pause,
    Role,
    RoleName,
    Sanction,
    Suspension,
)
from members.permissions import (
    can_decide_appeal,
    can_lift_suspension,
    can_speak_for,
    can_suspend_member,
    is_admitted,
)

# Rule 1.12: a pause has a date. Whoever wants longer comes back to say so, or leaves.
LONGEST_PAUSE: Final = timedelta(days=366)
# A sanction is graded and dated (rule 8.5); beyond this it would be an exclusion in disguise.
LONGEST_SUSPENSION: Final = timedelta(days=366)
REASON_LENGTH: Final = 2000
APPEAL_LENGTH: Final = 5000
# Within this time the door is still open behind them; after it the gate decides anew, with all it knows.
RETURN_WITHIN: Final = timedelta(days=30)


# --- by one's own wish ------------------------------------------------------------------------------------------


@transaction.atomic
def pause_member(member: Member, *, by: Member, until: datetime) -> Pause:
    """Rule 1.12: no mail and no requests until a date. Pausing again moves the date.

    Raises `Refused` for anybody but the member, `Invalid` for a date that is over or further off than a year.
    """
    require(is_admitted(by))
    require(can_speak_for(by, member))
    _check_span(until, LONGEST_PAUSE, _("A pause lasts a year at most. You can pause again then."))
    Member.objects.select_for_update().get(pk=member.pk)
    # One that has run out is closed at the moment at which it was over.
    Pause.objects.filter(member=member, ended_at__isnull=True, until_at__lte=Now()).update(
        ended_at=F("until_at")
    )
    pause = Pause.objects.filter(member=member, ended_at__isnull=True).first()
    if pause is None:
        pause = Pause.objects.create(member=member, until_at=until)
    else:
        pause.until_at = until
        pause.save(update_fields=["until_at"])
    record(
        Verb.MEMBER_PAUSED,
        by=by,
        target=member,
        audience=Audience.MEMBER,
        counterpart_id=member.pk,
        until=until.isoformat(),
    )
    member.__dict__["paused_until"] = until
    return pause


@transaction.atomic
def resume_member(member: Member, *, by: Member) -> Member:
    """Come back before the date. Raises `Conflict` where there is no pause."""
    require(can_speak_for(by, member))
    Member.objects.select_for_update().get(pk=member.pk)
    if not Pause.objects.current().filter(member=member).update(ended_at=Now()):
        raise Conflict(_("You are not pausing."))
    record(Verb.MEMBER_RESUMED, by=by, target=member, audience=Audience.MEMBER, counterpart_id=member.pk)
    member.__dict__["paused_until"] = None
    return member


@transaction.atomic
def leave_community(member: Member, *, by: Member) -> Member:
    """Rule 1.12: the roles end and stay as history, the place goes to the next, sessions and tokens stop.

    What was said stays, and so does the account: signing in leads to the way back. Raises `Invalid` for the last
    administrator, since nobody could let anybody in any more.
    """
    require(can_speak_for(by, member))
    # Administrators one after the other: two who leave at once must not both see the other one still there.
    administrators = Role.objects.current().filter(role=RoleName.ADMINISTRATOR).exclude(member=member)
    if RoleName.ADMINISTRATOR in member.held_roles:
        list(Role.objects.current().filter(role=RoleName.ADMINISTRATOR).order_by("pk").select_for_update())
        if not administrators.exists():
            raise Invalid(_("You are the last administrator. Give somebody else that role first."))
    # An applicant who leaves must not go on being reviewed.
    for application in Application.objects.open().filter(member=member):
        withdraw_application(application, by=by)
    member = Member.objects.select_for_update().get(pk=member.pk)
    # Whoever came back by an invitation has left before, and may leave again.
    if member.has_left:
        raise Conflict(_("You have left already."))
    now = timezone.now()
    acted_in = member.primary_role
    for row in Role.objects.current().filter(member=member):
        row.until_at = now
        row.save(update_fields=["until_at"])
    Pause.objects.filter(member=member, ended_at__isnull=True).update(ended_at=Now())
    end_admission(member, now)
    revoke_tokens(member, by=by)
    end_sessions(member)
    member.left_at = now
    member.save(update_fields=["left_at"])
    record(
        Verb.MEMBER_LEFT,
        by=by,
        target=member,
        audience=Audience.STAFF,
        counterpart_id=member.pk,
        role=acted_in,
    )
    member.forget_roles()
    refresh_directory_entry(member.pk)
    return member


@transaction.atomic
def return_to_community(member: Member, *, by: Member) -> Member:
    """Come back after leaving: at once within `RETURN_WITHIN` where there is a place, otherwise through the gate.

    What comes back at once is membership. Labels and offices are granted anew by those who grant them: whoever took
    over meanwhile must not find the predecessor there in the morning. Returns the member, who is admitted or an
    applicant now. Raises `Conflict` for somebody who has not left.
    """
    require(can_speak_for(by, member))
    last = (
        Admission.objects.filter(member=member).select_related("tier", "organisation").order_by("-id").first()
    )
    member = Member.objects.select_for_update().get(pk=member.pk)
    if not member.has_left or member.left_at is None:
        raise Conflict(_("You have not left."))
    is_back = timezone.now() - member.left_at <= RETURN_WITHIN and _take_place_again(member, last)
    if not is_back:
        Role.objects.create(member=member, role=RoleName.APPLICANT, from_at=timezone.now())
        is_open = last is not None and last.tier.closed_at is None
        if not Application.objects.open().filter(member=member).exists():
            open_draft(member, last.tier if last is not None and is_open else default_tier())
    Member.objects.filter(pk=member.pk).update(left_at=None)
    member.left_at = None
    member.forget_roles()
    record(
        Verb.MEMBER_RETURNED,
        by=member,
        target=member,
        audience=Audience.STAFF,
        counterpart_id=member.pk,
        at_once=is_back,
    )
    refresh_directory_entry(member.pk)
    return member


# --- suspension -------------------------------------------------------------------------------------------------


@transaction.atomic
def suspend_member(member: Member, *, by: Member, reason: str, until: datetime) -> Suspension:
    """Rules 1.12 and 8.5: close somebody out until a date, with a reason that they read to the letter.

    Sessions end, tokens are refused and every permission rests; the account, its posts and its roles stay. Raises
    `Conflict` where a suspension is in force: lifting it and suspending anew leaves a trace of both.
    """
    require(can_suspend_member(by, member))
    reason = required_words(
        reason, field="reason", longest=REASON_LENGTH, missing=_("They need to know why.")
    )
    _check_span(
        until, LONGEST_SUSPENSION, _("A suspension lasts a year at most. Deactivate the account instead.")
    )
    member = Member.objects.select_for_update().get(pk=member.pk)
    if member.deactivated_at is not None:
        raise Conflict(_("This account is deactivated already."))
    _close_what_is_over(member)
    if Suspension.objects.current().filter(member=member).exists():
        raise Conflict(_("{name} is suspended already.").format(name=member.display_name))
    suspension = Suspension.objects.create(member=member, reason=reason, suspended_by=by, until_at=until)
    end_sessions(member)
    record(
        Verb.MEMBER_SUSPENDED,
        by=by,
        target=suspension,
        audience=Audience.MEMBER,
        counterpart_id=member.pk,
        until=until.isoformat(),
    )
    return suspension


@transaction.atomic
def lift_suspension(suspension: Suspension, *, by: Member) -> Suspension:
    """End a suspension before its date. Raises `Conflict` where it is over."""
    require(can_lift_suspension(by))
    suspension = _lock_suspension(suspension)
    _lift(suspension, by=by)
    return suspension


@transaction.atomic
def appeal_suspension(suspension: Suspension, *, by: Member, words: str) -> Appeal:
    """The one appeal against a suspension, decided by somebody who did not impose it. It is kept whatever comes of it.

    Raises `Conflict` for a second one, and where the suspension is over.
    """
    require(can_speak_for(by, suspension.member))
    words = required_words(words, field="words", longest=APPEAL_LENGTH, missing=_("Say why it should end."))
    suspension = _lock_suspension(suspension)
    if Appeal.objects.filter(suspension=suspension).exists():
        raise Conflict(_("You have appealed already. Somebody else than who suspended you decides."))
    if not suspension.is_in_force:
        raise Conflict(_("This suspension is over."))
    appeal = Appeal.objects.create(
        suspension=suspension, imposed_by_id=suspension.suspended_by_id, words=words
    )
    record(
        Verb.APPEAL_MADE,
        by=by,
        target=suspension,
        audience=Audience.MEMBER,
        counterpart_id=suspension.member_id,
    )
    return appeal


@transaction.atomic
def appeal_sanction(sanction: Sanction, *, by: Member, words: str) -> Appeal:
    """Rule 8.5: the one appeal against a warning or against being quiet, decided by somebody who did not impose it.

    Raises `Conflict` for a second one, and where the sanction is over.
    """
    require(can_speak_for(by, sanction.member))
    words = required_words(words, field="words", longest=APPEAL_LENGTH, missing=_("Say why it should end."))
    sanction = _lock_sanction(sanction)
    if Appeal.objects.filter(sanction=sanction).exists():
        raise Conflict(_("You have appealed already. Somebody else than who imposed it decides."))
    if not sanction.is_in_force:
        raise Conflict(_("This is over."))
    appeal = Appeal.objects.create(sanction=sanction, imposed_by_id=sanction.imposed_by_id, words=words)
    record(
        Verb.APPEAL_MADE, by=by, target=sanction, audience=Audience.MEMBER, counterpart_id=sanction.member_id
    )
    return appeal


@transaction.atomic
def decide_appeal(appeal: Appeal, *, by: Member, is_granted: bool, reason: str) -> Appeal:
    """Grant or refuse, with words for the person. Never by who imposed it: `Refused` says who can.

    Raises `Conflict` where it is decided, or moot because what was imposed is over.
    """
    against = appeal.against
    imposed = _lock_suspension(against) if isinstance(against, Suspension) else _lock_sanction(against)
    require(can_decide_appeal(by, imposed))
    reason = required_words(
        reason, field="reason", longest=REASON_LENGTH, missing=_("They need to know why.")
    )
    appeal = Appeal.objects.select_for_update().get(pk=appeal.pk)
    if appeal.decided_at is not None:
        raise Conflict(_("This appeal is decided already."))
    if not imposed.is_in_force:
        raise Conflict(
            _("The suspension is over, so there is nothing left to decide.")
            if isinstance(imposed, Suspension)
            else _("This is over, so there is nothing left to decide.")
        )
    appeal.decided_at, appeal.decided_by = timezone.now(), by
    appeal.is_granted, appeal.reason = is_granted, reason
    appeal.save(update_fields=["decided_at", "decided_by", "is_granted", "reason"])
    record(
        Verb.APPEAL_DECIDED,
        by=by,
        target=imposed,
        audience=Audience.MEMBER,
        counterpart_id=imposed.member_id,
        is_granted=is_granted,
    )
    if is_granted and isinstance(imposed, Suspension):
        _lift(imposed, by=by)
    elif is_granted and isinstance(imposed, Sanction):
        end_sanction(imposed, by=by)
    return appeal


def end_sanction(sanction: Sanction, *, by: Member) -> None:
    """End a locked one before its date; who may is asked by the caller. Raises `Conflict` where it is over."""
    if not sanction.is_in_force:
        raise Conflict(_("This is over."))
    Sanction.objects.filter(pk=sanction.pk).update(lifted_at=Now())
    sanction.refresh_from_db(fields=["lifted_at"])
    record(
        Verb.SANCTION_LIFTED,
        by=by,
        target=sanction,
        audience=Audience.MEMBER,
        counterpart_id=sanction.member_id,
        space_id=sanction.space_id,
    )


def _lift(suspension: Suspension, *, by: Member) -> None:
    if not suspension.is_in_force:
        raise Conflict(_("This suspension is over."))
    Suspension.objects.filter(pk=suspension.pk).update(lifted_at=Now())
    suspension.refresh_from_db(fields=["lifted_at"])
    record(
        Verb.SUSPENSION_LIFTED,
        by=by,
        target=suspension,
        audience=Audience.MEMBER,
        counterpart_id=suspension.member_id,
    )


def _lock_suspension(suspension: Suspension) -> Suspension:
    locked = Suspension.objects.select_for_update(of=("self",)).select_related("member", "suspended_by")
    return locked.get(pk=suspension.pk)


def _lock_sanction(sanction: Sanction) -> Sanction:
    locked = Sanction.objects.select_for_update(of=("self",)).select_related("member", "imposed_by")
    return locked.get(pk=sanction.pk)


def _close_what_is_over(member: Member) -> None:
    """Only one may be open (`suspension_open_once`); one that ran out is closed at the moment at which it was over."""
    over = Suspension.objects.filter(member=member, lifted_at__isnull=True, until_at__lte=Now())
    over.update(lifted_at=F("until_at"))


def _take_place_again(member: Member, last: Admission | None) -> bool:
    """The place in the tier they had; False where it is full. Who came before there were tiers needs no place."""
    if last is None:
        Role.objects.create(member=member, role=RoleName.MEMBER, from_at=timezone.now())
        return True
    try:
        admit_member(member, tier=last.tier, by=None, organisation=last.organisation, source="return")
    except NoPlace:
        return False
    return True


def _check_span(until: datetime, longest: timedelta, too_long: str) -> None:
    now = timezone.now()
    if until <= now:
        sentence = _("That day is over.")
        raise Invalid(sentence, fields={"until": [sentence]})
    if until - now > longest + timedelta(days=1):
        raise Invalid(too_long, fields={"until": [too_long]})
