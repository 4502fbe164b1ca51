"""Letting somebody in: a place, a role and a welcome. Who may come in was decided before."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict
from community.core.models import Audience
from community.core.verbs import Verb
from members.actions.application import close_applications
from members.actions.directory import refresh_directory_entry
from members.actions.fact import FactChange, set_facts
from members.actions.place import lock_tier, require_place
from members.actions.profile import start_employment
from members.models import (
    Admission,
    Answer,
    Application,
    Employment,
    FactSource,
    Invitation,
    Member,
    Organisation,
    Role,
    RoleName,
    Tier,
    Welcome,
)


@transaction.atomic
def admit_member(
    member: Member,
    *,
    tier: Tier,
    by: Member | None,
    organisation: Organisation | None = None,
    application: Application | None = None,
    invitation: Invitation | None = None,
    source: str,
    at: datetime | None = None,
) -> Admission:
    """Rule 1.9: give the member a place, under a lock on the tier's row, so that no two take the last one.

    The calling action has decided that this person may come in and by whom; nothing is asked about `by` here, who is
    None for the system. `source` is how they came: application, invitation, domain, sso. Locks are taken in the order
    tier, application, member, everywhere. What else they have applied for is closed. Raises `NoPlace` where the tier or
    the company is full, `Conflict` for somebody who has a place already or whose account is closed.
    """
    tier = lock_tier(tier)
    close_applications(member, but=application, words=_("You came in by another way."))
    member.forget_roles()
    member = _lock_member(member)
    if Admission.objects.seated().filter(member=member).exists():
        raise Conflict(_("{name} is a member already.").format(name=member.display_name))
    require_place(tier, organisation)
    now = at or timezone.now()
    is_first = not Admission.objects.filter(member=member).exists()
    admission = Admission.objects.create(
        member=member,
        tier=tier,
        organisation=organisation,
        application=application,
        invitation=invitation,
        admitted_at=now,
        admitted_by=by,
    )
    _change_role(member, by=by, now=now)
    if is_first:
        # A generated history has nobody whose first visit would be noted.
        member.joined_at, member.awaited_since = now, now if at is None else None
        member.save(update_fields=["joined_at", "awaited_since"])
    record(
        Verb.MEMBER_JOINED,
        by=member,
        target=member,
        audience=Audience.COMMUNITY,
        at=now,
        organisation_id=None if organisation is None else organisation.pk,
        source=source,
        tier=tier.pk,
    )
    answers = _answers_for_the_profile(application)
    title = answers.pop("title", "")
    if organisation is not None and not _works_there(member, organisation):
        start_employment(
            member, organisation, by=None, title=title, from_date=timezone.localdate(now), at=now
        )
    if answers:
        changes = {key: FactChange([text]) for key, text in answers.items()}
        set_facts(member, changes, by=None, source=FactSource.APPLICATION)
    Welcome.objects.get_or_create(member=member)
    refresh_directory_entry(member.pk)
    return admission


def _lock_member(member: Member) -> Member:
    locked: Member = Member.objects.select_for_update().get(pk=member.pk)
    if locked.deactivated_at is not None:
        raise Conflict(_("This account is deactivated. Reactivate it first."))
    return locked


def _change_role(member: Member, *, by: Member | None, now: datetime) -> None:
    """The applicant becomes a member; that is what `member.joined` says, so the rows leave no further activity."""
    applicant = Role.objects.filter(member=member, role=RoleName.APPLICANT, until_at__isnull=True)
    # A role ends after it began, also for somebody who applied and was let in at one moment.
    for row in applicant:
        row.until_at = max(now, row.from_at + timedelta(microseconds=1))
        row.save(update_fields=["until_at"])
    if not Role.objects.filter(member=member, role=RoleName.MEMBER, until_at__isnull=True).exists():
        Role.objects.create(member=member, role=RoleName.MEMBER, from_at=now, granted_by=by)
    member.forget_roles()


def _answers_for_the_profile(application: Application | None) -> dict[str, str]:
    """Rule 1.2: what the applicant agreed to have in the profile, by the key of the field."""
    if application is None:
        return {}
    answers = Answer.objects.filter(application=application, may_fill=True).exclude(question__fills="")
    return dict(answers.order_by("question__position", "pk").values_list("question__fills", "text"))


def _works_there(member: Member, organisation: Organisation) -> bool:
    return Employment.objects.current().filter(member=member, organisation=organisation).exists()
