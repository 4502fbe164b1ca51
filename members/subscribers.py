"""What members are told of what has happened. Each function is idempotent: the key of a mail makes it this one mail."""

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from community.core.activity import on
from community.core.mail import queue_mail
from community.core.models import Activity
from community.core.moments import moment
from community.core.verbs import Verb
from members.actions.automatic import let_in_at_once
from members.actions.review import vouches_missing
from members.actions.waitlist import fill_places
from members.models import (
    Application,
    ApplicationStep,
    Introduction,
    Invitation,
    Member,
    Role,
    RoleName,
    Suspension,
    Tie,
    TieKind,
    Tier,
    VouchRequest,
)
from members.queries.facts import facts_for
from members.queries.own_application import due_day
from members.queries.waitlist import waitlist_standing

# --- standing ---------------------------------------------------------------------------------------------------


@on(Verb.MEMBER_SUSPENDED)
def tell_of_suspension(activity: Activity) -> None:
    """Rule 1.12: the reason to the letter, the end, and the one appeal."""
    suspension = Suspension.objects.select_related("member").get(pk=activity.target_id)
    _tell_suspended(suspension, "member.suspended", {"reason": suspension.reason})


@on(Verb.SUSPENSION_LIFTED)
def tell_of_lifting(activity: Activity) -> None:
    """Where an appeal was granted, the words of that decision say it."""
    suspension = Suspension.objects.select_related("member", "appeal").get(pk=activity.target_id)
    appeal = getattr(suspension, "appeal", None)
    if appeal is None or not appeal.is_granted:
        _tell_suspended(suspension, "suspension.lifted", {})


@on(Verb.APPEAL_DECIDED)
def tell_of_decision(activity: Activity) -> None:
    """The words of whoever decided. About a milder sanction a notice tells, which talk writes."""
    if activity.target_type != "suspension":
        return
    suspension = Suspension.objects.select_related("member", "appeal").get(pk=activity.target_id)
    _tell_suspended(
        suspension,
        "appeal.decided",
        {"is_granted": suspension.appeal.is_granted, "reason": suspension.appeal.reason},
    )


@on(Verb.APPEAL_MADE)
def tell_of_appeal(activity: Activity) -> None:
    """Those who can decide it: managers, and where the only one suspended, moderators and administrators."""
    if activity.target_type != "suspension":
        return
    suspension = Suspension.objects.select_related("member", "appeal").get(pk=activity.target_id)
    deciders: list[Member] = []
    for role in (RoleName.MANAGER, RoleName.MODERATOR, RoleName.ADMINISTRATOR):
        deciders = [
            member
            for member in _holders(role)
            if member.pk not in {suspension.suspended_by_id, suspension.member_id}
        ]
        if deciders:
            break
    for decider in deciders:
        _write(
            decider,
            "appeal.made",
            suspension.pk,
            decider.pk,
            words={
                "name": suspension.member.display_name,
                "reason": suspension.reason,
                "words": suspension.appeal.words,
                "url": _link("admin:members_suspension_change", suspension.pk),
            },
        )


@on(Verb.MEMBER_LEFT)
def tell_of_leaving(activity: Activity) -> None:
    """So that nobody is made to leave by somebody else at their desk without hearing of it."""
    member = Member.objects.get(pk=activity.target_id)
    _write(member, "member.left", activity.pk, words={"url": _link("account_login")})


def _tell_suspended(suspension: Suspension, kind: str, words: dict[str, object]) -> None:
    _write(
        suspension.member,
        kind,
        suspension.pk,
        words={
            "name": suspension.member.display_name,
            "until": moment(suspension.until_at, suspension.from_at).exact,
            "url": _link("suspension_show"),
            **words,
        },
    )


def _hears_of_others(member: Member) -> bool:
    """Rule 1.12: while somebody pauses, no mail asks them or tells of others; the pages keep it for them."""
    return bool(member.email) and member.is_admitted and member.paused_until is None


def _holders(role: RoleName) -> list[Member]:
    """Those who hold the role today and can read mail."""
    rows = Role.objects.current().filter(member=OuterRef("pk"), role=role)
    closed_out = Suspension.objects.current().filter(member=OuterRef("pk"))
    return list(
        Member.objects.active().people().filter(Exists(rows), ~Exists(closed_out), email__isnull=False)
    )


# --- the gate: applicants, sponsors, reviewers ------------------------------------------------------------------


@on(Verb.APPLICATION_SUBMITTED)
def tell_of_arrival(activity: Activity) -> None:
    """Rule 1.3: that it has arrived, and by when there is an answer."""
    application = _application_of(activity)
    if application is None or application.due_at is None:
        return
    _write(
        application.member,
        "application.submitted",
        application.pk,
        words={
            "name": application.member.display_name,
            "due": due_day(application.due_at),
            "vouches_needed": vouches_missing(application),
            "link": _link("application_show"),
        },
    )


@on(Verb.APPLICATION_SUBMITTED, Verb.VOUCH_GIVEN)
def let_in_without_review(activity: Activity) -> None:
    """Rules 1.7 and 1.8: where the invitation or the domain spares it, at once or with the last vouch."""
    application = _application_of(activity)
    if application is not None:
        let_in_at_once(application)


@on(Verb.APPLICATION_ASKED, Verb.APPLICATION_WAITLISTED, Verb.APPLICATION_ACCEPTED, Verb.APPLICATION_DECLINED)
def tell_applicant(activity: Activity) -> None:
    """Rule 1.3: exactly the words that were written for them; notes of reviewers stand in another table."""
    step = _step_of(activity)
    # Whoever came in at once was in front of the page that led in.
    if step is None or activity.data.get("at_once"):
        return
    application = step.application
    kind = "application.moved_up" if activity.data.get("moved_up") else str(activity.verb)
    standing = waitlist_standing(application) if kind == Verb.APPLICATION_WAITLISTED else None
    _write(
        application.member,
        kind,
        step.pk,
        words={
            "name": application.member.display_name,
            "words": step.words,
            "tier": application.tier.name,
            "standing": standing,
            "status_url": _link("application_show"),
            "url": _link("home"),
        },
    )


@on(Verb.APPLICATION_WAITLISTED, Verb.APPLICATION_ACCEPTED, Verb.APPLICATION_DECLINED)
def tell_sponsors(activity: Activity) -> None:
    """Rule 1.6: who vouched or invited hears what came of it, and nothing of the words, which are the applicant's."""
    step = _step_of(activity)
    if step is None:
        return
    application = step.application
    sponsors = {vouch.by for vouch in application.vouches.select_related("by")}
    inviter = application.invitation.invited_by if application.invitation else None
    # Whoever invited hears of the coming in by a mail of its own, below.
    if inviter is not None and activity.verb != Verb.APPLICATION_ACCEPTED:
        sponsors.add(inviter)
    for sponsor in sorted(sponsors, key=lambda member: member.pk):
        if _hears_of_others(sponsor):
            _write(
                sponsor,
                "application.sponsored",
                step.pk,
                sponsor.pk,
                words={
                    "sponsor": sponsor.display_name,
                    "name": application.member.display_name,
                    "state": str(step.state),
                    "url": settings.SITE_URL + application.member.get_absolute_url(),
                },
            )


@on(Verb.VOUCH_ASKED)
def ask_to_vouch(activity: Activity) -> None:
    """To members only: an address that is nobody's hears nothing, and the applicant does not learn which."""
    request = (
        VouchRequest.objects.select_related("application__member")
        .filter(pk=activity.data.get("request_id"))
        .first()
    )
    if request is None:
        return
    confirmed = EmailAddress.objects.filter(user=OuterRef("pk"), email=request.email, verified=True)
    asked = Member.objects.active().admitted().filter(Q(email=request.email) | Exists(confirmed)).first()
    if asked is None or not _hears_of_others(asked):
        return
    _write(
        asked,
        "vouch.asked",
        request.pk,
        words={
            "sponsor": asked.display_name,
            "name": request.application.member.display_name,
            "company": request.application.company_name,
            "url": _link("vouch_create", request.application_id),
        },
    )


@on(Verb.MEMBER_LEFT, Verb.MEMBER_DEACTIVATED, Verb.GATE_EDITED)
def let_the_next_in(activity: Activity) -> None:
    """Rule 1.9: a place is free, or there are more of them. The hourly job finds what this misses."""
    if activity.target_type == "member":
        tiers = Tier.objects.filter(admissions__member=activity.target_id)
    elif activity.target_type == "tier":
        tiers = Tier.objects.filter(pk=activity.target_id)
    else:
        return
    for tier in tiers.distinct().order_by("pk"):
        fill_places(tier)


def _step_of(activity: Activity) -> ApplicationStep | None:
    """The change of state that was recorded; None where the person has been erased since."""
    steps = ApplicationStep.objects.select_related(
        "application__member", "application__tier", "application__invitation__invited_by"
    )
    return steps.filter(pk=activity.data.get("step")).first()


def _application_of(activity: Activity) -> Application | None:
    """None where it has been erased since."""
    if activity.target_type != "application" or activity.target_id is None:
        return None
    rows = Application.objects.select_related("member", "tier", "invitation")
    return rows.filter(pk=activity.target_id).first()


# --- introductions and experts ----------------------------------------------------------------------------------


@on(Verb.INTRODUCTION_PROPOSED)
def ask_both(activity: Activity) -> None:
    """Rule 2.7: each of the two is asked, unless they want to hear nothing from who proposes it."""
    row = (
        Introduction.objects.open()
        .select_related("by", "first", "second")
        .filter(pk=activity.target_id)
        .first()
    )
    if row is None:
        return
    deaf = set(
        Tie.objects.filter(other=row.by, kind__in=[TieKind.MUTE, TieKind.BLOCK]).values_list(
            "member", flat=True
        )
    )
    for member, other in ((row.first, row.second), (row.second, row.first)):
        if _hears_of_others(member) and member.pk not in deaf:
            _write(
                member,
                "introduction.asked",
                row.pk,
                member.pk,
                words={
                    "name": member.display_name,
                    "other": other.display_name,
                    "headline": other.headline,
                    "introducer": row.by.display_name,
                    "reason": row.reason,
                    "url": _link("introduction_list"),
                },
            )


@on(Verb.INTRODUCTION_MADE)
def bring_together(activity: Activity) -> None:
    """Each learns of the other what they may see on the other's page, and nothing else."""
    row = (
        Introduction.objects.made()
        .select_related("by", "first", "second")
        .filter(pk=activity.target_id)
        .first()
    )
    if row is None:
        return
    for member, other in ((row.first, row.second), (row.second, row.first)):
        if member.is_admitted and Member.objects.visible_to(member).filter(pk=other.pk).exists():
            _write(
                member,
                "introduction.made",
                row.pk,
                member.pk,
                words={
                    "name": member.display_name,
                    "other": other.display_name,
                    "headline": other.headline,
                    "introducer": row.by.display_name,
                    "reason": row.reason,
                    "facts": facts_for(other, member),
                    "url": settings.SITE_URL + other.get_absolute_url(),
                },
            )


@on(Verb.EXPERTISE_GRANTED)
def tell_of_expertise(activity: Activity) -> None:
    """Rule 2.5: who is recognised hears of it, and that the number of questions is theirs to say."""
    member = Member.objects.filter(pk=activity.target_id).first()
    if member is not None and member.is_admitted:
        _write(
            member,
            "expertise.granted",
            activity.pk,
            words={
                "name": member.display_name,
                "topic": activity.data["topic"],
                "url": _link("profile_edit"),
            },
        )


# --- invitations ------------------------------------------------------------------------------------------------


@on(Verb.INVITATION_ACCEPTED)
def tell_inviter_of_acceptance(activity: Activity) -> None:
    """Rule 1.7: who invited hears who accepted. Whoever is let in at once is told of in one mail, not in two."""
    invitation = Invitation.objects.select_related("invited_by", "accepted_by").get(pk=activity.target_id)
    if invitation.accepted_by is not None and not invitation.accepted_by.is_admitted:
        _tell_inviter(invitation, is_in=False)


@on(Verb.MEMBER_JOINED)
def tell_inviter_of_coming_in(activity: Activity) -> None:
    """And when they are in, whichever way the gate let them."""
    rows = Invitation.objects.select_related("invited_by", "accepted_by")
    invitation = rows.filter(accepted_by=activity.target_id).order_by("-accepted_at").first()
    if invitation is not None:
        _tell_inviter(invitation, is_in=True)


def _tell_inviter(invitation: Invitation, *, is_in: bool) -> None:
    inviter, invited = invitation.invited_by, invitation.accepted_by
    if inviter is None or invited is None or not _hears_of_others(inviter):
        return
    _write(
        inviter,
        "invitation.accepted",
        invitation.pk,
        "in" if is_in else "accepted",
        words={
            "name": invited.display_name,
            "is_in": is_in,
            "link": settings.SITE_URL + invited.get_absolute_url(),
        },
    )


# --- what they share --------------------------------------------------------------------------------------------


def _write(member: Member, kind: str, *key: object, words: dict[str, object]) -> None:
    """The mail of this kind to them, once for these keys, and none where they have no address."""
    if member.email:
        queue_mail(
            kind,
            key=":".join(map(str, (kind, *key))),
            address=member.email,
            template=f"members/mail/{kind.replace('.', '_')}.txt",
            words=words,
            member=member,
        )


def _link(name: str, *args: object) -> str:
    return settings.SITE_URL + reverse(name, args=args)
