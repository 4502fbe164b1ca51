"""Who may change whom. Predicates only: they read the member, never the request."""

from datetime import timedelta
from typing import Final

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from community.core.permissions import ALLOWED, Decision, Denied
from members.models import PRECEDENCE, Admission, Application, Member, RoleName, Sanction, Suspension, Vouch

# Good standing begins when somebody has had time to get to know the place (rule 1.6).
VOUCH_AFTER: Final = timedelta(days=30)


def is_admitted(user: Member) -> Decision:
    """The common ground of every act inside the community."""
    if user.is_admitted:
        return ALLOWED
    if user.is_suspended:
        return Denied(
            _("Your membership is suspended. The page about it says until when, and how to appeal.")
        )
    return Denied(_("This belongs to members. Your application decides whether you become one."))


def can_edit_profile(user: Member, member: Member) -> Decision:
    """Rule 2.1: people describe themselves; managers may correct, and the activity says that they did."""
    if not user.is_active:
        return Denied(_("This account is deactivated. A community manager can tell you why."))
    if user.pk == member.pk or user.has_role(RoleName.MANAGER, RoleName.ADMINISTRATOR):
        return ALLOWED
    return Denied(
        _("Only {name} and the community managers can change this profile.").format(name=member.display_name)
    )


def can_manage_members(user: Member) -> Decision:
    if user.has_role(RoleName.MANAGER, RoleName.ADMINISTRATOR):
        return ALLOWED
    return Denied(_("Community managers look after members. Ask one of them."))


def can_grant_role(user: Member, role: str) -> Decision:
    """Rule 0.3. Managers grant what members do for the community; staff roles are the administrators'."""
    if user.has_role(RoleName.ADMINISTRATOR):
        return ALLOWED
    community_roles = {
        RoleName.APPLICANT,
        RoleName.MEMBER,
        RoleName.EXPERT,
        RoleName.STEWARD,
        RoleName.MODERATOR,
    }
    if user.has_role(RoleName.MANAGER) and role in community_roles:
        return ALLOWED
    if role in community_roles:
        return Denied(_("Community managers grant this role. Ask one of them."))
    return Denied(_("Administrators grant this role. Ask one of them."))


def can_manage_organisations(user: Member) -> Decision:
    """Rule 0.4: companies and their domains decide who is taken in where, so they are not everybody's to change."""
    if user.has_role(RoleName.MANAGER, RoleName.ADMINISTRATOR):
        return ALLOWED
    return Denied(_("Community managers look after organisations. Ask one of them."))


def can_export_directory(user: Member) -> Decision:
    """Rule 2.3: a list of everybody leaves the house by few hands."""
    if user.has_role(RoleName.MANAGER, RoleName.ADMINISTRATOR):
        return ALLOWED
    return Denied(_("Community managers and administrators export the directory. Ask one of them."))


def can_read_audit_log(user: Member) -> Decision:
    """What has happened, by whom and in which role; rows of rooms that the reader may not see stay out of it."""
    if user.has_role(RoleName.MANAGER, RoleName.ADMINISTRATOR):
        return ALLOWED
    return Denied(_("Community managers and administrators read the record of what has happened."))


def can_see_search_misses(user: Member) -> Decision:
    """Rule 3.16: what is looked for in vain shows managers what is missing."""
    if user.has_role(RoleName.MANAGER, RoleName.ADMINISTRATOR):
        return ALLOWED
    return Denied(_("Community managers read what is looked for in vain. Ask one of them."))


def can_revoke_tokens(user: Member) -> Decision:
    """Integrations are the administrators'; everybody else revokes their own."""
    if user.has_role(RoleName.ADMINISTRATOR):
        return ALLOWED
    return Denied(_("Administrators revoke the tokens of others. Ask one of them."))


# --- invitations, domain rules, terms ---------------------------------------------------------------------------


def can_set_domain_rule(user: Member) -> Decision:
    """Rule 1.8: what a domain decides at the gate."""
    if user.has_role(RoleName.MANAGER, RoleName.ADMINISTRATOR):
        return ALLOWED
    return Denied(_("Community managers say what a domain decides at the gate. Ask one of them."))


def can_send_invitation(user: Member) -> Decision:
    """Rule 1.7: every admitted member; how many a year is the gate's to say."""
    return is_admitted(user)


def can_manage_invitations(user: Member) -> Decision:
    """To choose what an invitation skips, to invite many at once, and to look after those of others."""
    if user.has_role(RoleName.MANAGER, RoleName.ADMINISTRATOR):
        return ALLOWED
    return Denied(_("Community managers look after the invitations of others. Ask one of them."))


def can_publish_terms(user: Member) -> Decision:
    """Rule 1.10."""
    if user.has_role(RoleName.MANAGER, RoleName.ADMINISTRATOR):
        return ALLOWED
    return Denied(_("Community managers publish the terms. Ask one of them."))


def can_review_applications(user: Member) -> Decision:
    """Rule 1.4: the gate is kept by community managers and administrators."""
    if user.has_role(RoleName.MANAGER, RoleName.ADMINISTRATOR):
        return ALLOWED
    return Denied(_("Community managers decide applications. Ask one of them."))


def can_review_application(user: Member, application: Application) -> Decision:
    """Nobody decides about themselves or about somebody they have vouched for."""
    may = can_review_applications(user)
    if not may:
        return may
    if application.member_id == user.pk:
        return Denied(_("This application is your own. Another community manager decides it."))
    if Vouch.objects.filter(application=application, by=user).exists():
        return Denied(_("You have vouched for this person. Another community manager decides."))
    return ALLOWED


def can_vouch(user: Member, application: Application) -> Decision:
    """Rule 1.6: a member in good standing whom the applicant has named. Whoever is suspended holds no role."""
    may = is_admitted(user)
    if not may:
        return may
    if application.member_id == user.pk:
        return Denied(_("Nobody vouches for themselves."))
    seat = Admission.objects.seated().filter(member=user).first()
    # Who was here before there were tiers has no row.
    since = user.joined_at if seat is None else seat.admitted_at
    free_from = since + VOUCH_AFTER
    if free_from > timezone.now():
        return Denied(
            _(
                "Members vouch for others once they have been here for {days} days. You can from {date}."
            ).format(days=VOUCH_AFTER.days, date=date_format(timezone.localtime(free_from), "j F Y"))
        )
    return ALLOWED


def can_edit_gate(user: Member) -> Decision:
    """Rule 1.1: what the gate says and asks."""
    if user.has_role(RoleName.MANAGER, RoleName.ADMINISTRATOR):
        return ALLOWED
    return Denied(_("Community managers look after the gate. Ask one of them."))


def can_write_application(user: Member, application: Application) -> Decision:
    """Rule 1.3: it is the applicant's own; after it was sent only what the reviewers asked is answered."""
    if application.member_id != user.pk or not user.is_active:
        return Denied(_("Only the person who asks to come in writes in this application."))
    return ALLOWED


def can_speak_for(user: Member, member: Member) -> Decision:
    """Pausing, leaving and appealing are everybody's own, and nobody else's."""
    if user.pk == member.pk:
        return ALLOWED
    return Denied(_("Only {name} can do this.").format(name=member.display_name))


def can_suspend_member(user: Member, member: Member) -> Decision:
    """Rule 8.5: moderators and managers, neither themselves nor somebody whose role reaches further."""
    if not user.has_role(RoleName.MODERATOR, RoleName.MANAGER):
        return Denied(_("Moderators and community managers suspend. Ask one of them."))
    if user.pk == member.pk:
        return Denied(_("You cannot suspend yourself. You can pause, or leave."))
    if _reach(member.held_roles) < _reach(user.held_roles):
        return Denied(
            _("{name} has a role that reaches further than yours. An administrator can end it first.").format(
                name=member.display_name
            )
        )
    return ALLOWED


def can_sanction_member(user: Member, member: Member) -> Decision:
    """Rule 8.5: to warn, and to make quiet everywhere. In a space its stewards may too, which the space says."""
    if not user.has_role(RoleName.MODERATOR, RoleName.MANAGER):
        return Denied(_("Moderators and community managers warn and quieten. Report what was said instead."))
    return outranks(user, member)


def outranks(user: Member, member: Member) -> Decision:
    """Nobody imposes anything on themselves, or on somebody whose role reaches further."""
    if user.pk == member.pk:
        return Denied(_("This is about yourself. Somebody else decides it."))
    if _reach(member.held_roles) < _reach(user.held_roles):
        return Denied(
            _("{name} has a role that reaches further than yours. An administrator can decide.").format(
                name=member.display_name
            )
        )
    return ALLOWED


def can_see_sanctions(user: Member, member: Member) -> Decision:
    """Rule 8.5: one's own, and those who impose and lift them."""
    if user.pk == member.pk or user.has_role(RoleName.MODERATOR, RoleName.MANAGER):
        return ALLOWED
    return Denied(_("Warnings and times of quiet are between the person and the moderators."))


def can_see_suspensions(user: Member) -> Decision:
    """Those who impose them, and administrators, who may have to decide an appeal."""
    if user.has_role(RoleName.MODERATOR, RoleName.MANAGER, RoleName.ADMINISTRATOR):
        return ALLOWED
    return Denied(_("Moderators and community managers look after suspensions. Ask one of them."))


def can_lift_suspension(user: Member) -> Decision:
    if user.has_role(RoleName.MODERATOR, RoleName.MANAGER):
        return ALLOWED
    return Denied(_("Moderators and community managers lift suspensions. Ask one of them."))


def can_decide_appeal(user: Member, imposed: Suspension | Sanction) -> Decision:
    """Rule 1.12: somebody else than who imposed it. Administrators too: a small place may have one manager only."""
    if not user.has_role(RoleName.MODERATOR, RoleName.MANAGER, RoleName.ADMINISTRATOR):
        return Denied(_("Moderators, community managers and administrators decide appeals. Ask one of them."))
    if isinstance(imposed, Suspension):
        if user.pk == imposed.suspended_by_id:
            return Denied(
                _(
                    "You suspended this person, so somebody else decides: a moderator, manager or administrator."
                )
            )
    elif user.pk == imposed.imposed_by_id:
        return Denied(
            _("You imposed this yourself, so somebody else decides: a moderator, manager or administrator.")
        )
    if user.pk == imposed.member_id:
        return Denied(_("This appeal is your own. Somebody else decides it."))
    return ALLOWED


def _reach(roles: frozenset[str]) -> int:
    """The lower, the further; nobody's role reaches beyond the last."""
    return min((place for place, role in enumerate(PRECEDENCE) if role in roles), default=len(PRECEDENCE))


# --- profiles, experts, introductions ---------------------------------------------------------------------------


def can_manage_experts(user: Member, member: Member) -> Decision:
    """Rule 2.5: community managers recognise experts, and never themselves."""
    if not user.has_role(RoleName.MANAGER, RoleName.ADMINISTRATOR):
        return Denied(_("Community managers recognise experts. Ask one of them."))
    if user.pk == member.pk:
        return Denied(_("Nobody recognises themselves. Another community manager can."))
    return ALLOWED


def can_set_question_budget(user: Member, member: Member) -> Decision:
    """Rule 2.5: how often one is asked is one's own to say."""
    if user.pk == member.pk and user.has_role(RoleName.EXPERT):
        return ALLOWED
    return Denied(_("Experts say themselves how often they want to be asked."))


def can_introduce(user: Member) -> Decision:
    """Rule 2.7: every admitted member can bring two others together."""
    return is_admitted(user)


def can_note_member(user: Member, member: Member) -> Decision:
    """Rule 2.6: notes are between managers. Nobody keeps notes on themselves: the person reads them in their export."""
    if not user.has_role(RoleName.MANAGER, RoleName.ADMINISTRATOR):
        return Denied(_("Community managers keep notes on people. Ask one of them."))
    if user.pk == member.pk:
        return Denied(_("Nobody keeps notes on themselves."))
    return ALLOWED


def can_set_identity_provider(user: Member) -> Decision:
    """Integrations are the administrators': whoever sets one decides who signs in as whom."""
    if user.has_role(RoleName.ADMINISTRATOR):
        return ALLOWED
    return Denied(_("Administrators set up how companies sign their people in. Ask one of them."))


def can_read_mail_files(user: Member) -> Decision:
    """On one's own machine only, where the address exists: whoever tries the community out sees its mails."""
    if user.has_role(RoleName.MANAGER, RoleName.ADMINISTRATOR):
        return ALLOWED
    return Denied(_("Community managers and administrators look at the mails of this machine."))


def can_tend_addresses(user: Member) -> Decision:
    """Rule 9.4: who looks after accounts sees whose mail comes back."""
    if user.has_role(RoleName.MANAGER, RoleName.ADMINISTRATOR):
        return ALLOWED
    return Denied(_("Community managers look after addresses that take no mail. Ask one of them."))


def can_switch_modules(user: Member) -> Decision:
    """Rule 15.6: what a community uses is part of its configuration."""
    if user.has_role(RoleName.ADMINISTRATOR):
        return ALLOWED
    return Denied(_("Administrators decide which modules this community uses. Ask one of them."))
