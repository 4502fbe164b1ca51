"""Waiting for a place: letting in whoever is next when one is free, and letting somebody go first."""

from datetime import datetime

from celery import shared_task
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Invalid
from community.core.models import Audience
from community.core.permissions import require
from community.core.text import clean_line
from community.core.verbs import Verb
from members.actions.admission import admit_member
from members.actions.application import lock_application, move_to
from members.actions.domain import domain_policy
from members.actions.place import NoPlace, lock_tier
from members.models import (
    Admission,
    Application,
    ApplicationState,
    ApplicationStep,
    DomainPolicy,
    IdentityProvider,
    Member,
    ReviewDecision,
    Skip,
    Tier,
)
from members.permissions import can_review_application


@transaction.atomic
def fill_places(tier: Tier) -> list[Application]:
    """Rule 1.9: let in from the waitlist, in its order, as many as there are places. Returns who came in.

    Somebody whose company is full waits on and holds up nobody. Safe to run at any time and twice.
    """
    tier = lock_tier(tier)
    moved: list[Application] = []
    full_companies: set[int | None] = set()
    for application in _waiting(tier).filter(member__deactivated_at__isnull=True):
        free = None if tier.capacity is None else tier.capacity - _seats(tier)
        if free is not None and free <= 0:
            break
        if application.organisation_id in full_companies:
            continue
        locked = lock_application(application)
        if locked.state != ApplicationState.WAITLISTED:
            # Withdrawn while this was waiting for the row.
            continue
        try:
            let_in(locked, by=None, words="", is_in_time=is_in_time(locked), moved_up=True)
        except NoPlace:
            full_companies.add(application.organisation_id)
            continue
        except Conflict:
            # In by another way meanwhile: no reason for the others to wait.
            continue
        moved.append(locked)
    return moved


@shared_task(name="members.fill_places")
def fill_all_places() -> int:
    """Every tier where somebody waits. Returns how many came in."""
    tiers = Tier.objects.filter(applications__state=ApplicationState.WAITLISTED).distinct().order_by("pk")
    return sum(len(fill_places(tier)) for tier in tiers)


@transaction.atomic
def move_on_waitlist(application: Application, place: int, *, by: Member, reason: str) -> Application:
    """Rule 1.9: put somebody at another place of the waitlist, 1 being the next. The reason stays in the record.

    Raises `Invalid` without a reason or for a place that there is not, `Conflict` for somebody who does not wait.
    """
    require(can_review_application(by, application))
    reason = clean_line(reason)
    if not reason:
        sentence = _("Say why somebody goes before the others. It stays in the record.")
        raise Invalid(sentence, fields={"reason": [sentence]})
    tier = lock_tier(application.tier)
    waiting = list(_waiting(tier).select_for_update(of=("self",), no_key=True))
    moved = next((row for row in waiting if row.pk == application.pk), None)
    if moved is None:
        raise Conflict(
            _("This person is not on the waitlist any more. Reload the page to see what happened.")
        )
    if not 1 <= place <= len(waiting):
        sentence = _("The waitlist has the places 1 to {count}.").format(count=len(waiting))
        raise Invalid(sentence, fields={"place": [sentence]})
    if waiting.index(moved) == place - 1:
        return moved
    waiting.remove(moved)
    waiting.insert(place - 1, moved)
    # All up to that place get ranks before the rest, who keep theirs: whoever comes later still comes last.
    below = min([0, *(row.waitlist_rank for row in waiting[place:])])
    for number, row in enumerate(waiting[:place]):
        row.waitlist_rank = below - place + number
        row.save(update_fields=["waitlist_rank"])
    record(
        Verb.APPLICATION_MOVED,
        by=by,
        target=moved,
        audience=Audience.STAFF,
        counterpart_id=moved.member_id,
        rank=moved.waitlist_rank,
        place=place,
        reason=reason[:300],
    )
    return moved


def let_in(
    application: Application,
    *,
    by: Member | None,
    words: str,
    is_in_time: bool,
    moved_up: bool = False,
    at_once: bool = False,
    at: datetime | None = None,
) -> ApplicationStep:
    """The one way from an application to a place. The tier and the application are locked. Raises `NoPlace`.

    `at_once` says that they are here at this moment, so that no mail has to tell them.
    """
    invitation = application.invitation
    if invitation is not None and Admission.objects.filter(invitation=invitation).exists():
        invitation = None
    admit_member(
        application.member,
        tier=application.tier,
        by=by,
        organisation=application.organisation,
        application=application,
        invitation=invitation,
        source=source_of(application),
        at=at,
    )
    step = move_to(application, ApplicationState.ACCEPTED, by=by, words=words, at=at)
    record(
        Verb.APPLICATION_ACCEPTED,
        by=by,
        target=application,
        audience=Audience.MEMBER,
        at=at,
        counterpart_id=application.member_id,
        organisation_id=application.organisation_id,
        tier=application.tier_id,
        in_time=is_in_time,
        moved_up=moved_up,
        at_once=at_once,
        step=step.pk,
    )
    return step


def source_of(application: Application) -> str:
    """What has decided that somebody may come in: reviewers, or without them an invitation, a domain or a company."""
    invitation = application.invitation
    if ReviewDecision.objects.filter(application=application).exists():
        return "application"
    if invitation is not None and Skip.REVIEW in invitation.skips:
        return "invitation"
    rule = domain_policy(application.member.email) if application.member.email else None
    if rule is not None and rule.policy == DomainPolicy.ACCEPT:
        return "domain"
    company = IdentityProvider.objects.filter(organisation=application.organisation_id, auto_admit=True)
    return "sso" if company.exists() else "application"


def let_in_or_wait(
    application: Application,
    *,
    tier: Tier,
    by: Member | None,
    words: str,
    is_in_time: bool,
    at_once: bool = False,
    at: datetime | None = None,
) -> None:
    """A place for whoever may come in, or where all are taken one on the waitlist. Tier and application are locked.

    Whoever waits goes before, also in the moment after a place became free.
    """
    fill_places(tier)
    try:
        let_in(application, by=by, words=words, is_in_time=is_in_time, at_once=at_once, at=at)
    except NoPlace:
        put_on_waitlist(application, by=by, words=words, is_in_time=is_in_time, at=at)


def put_on_waitlist(
    application: Application,
    *,
    by: Member | None,
    words: str,
    is_in_time: bool,
    at: datetime | None = None,
) -> ApplicationStep:
    """Behind everybody who waits already. The application is locked."""
    step = move_to(application, ApplicationState.WAITLISTED, by=by, words=words, at=at)
    record(
        Verb.APPLICATION_WAITLISTED,
        by=by,
        target=application,
        audience=Audience.MEMBER,
        at=at,
        counterpart_id=application.member_id,
        organisation_id=application.organisation_id,
        tier=application.tier_id,
        in_time=is_in_time,
        step=step.pk,
    )
    return step


def is_in_time(application: Application) -> bool:
    """Whether the reviewers were in time for somebody who has been on the waitlist since."""
    at = application.waitlisted_at
    return at is not None and application.due_at is not None and at <= application.due_at


def _waiting(tier: Tier) -> QuerySet[Application]:
    return Application.objects.filter(tier=tier).in_waiting_order().select_related("member")


def _seats(tier: Tier) -> int:
    return Admission.objects.seated().filter(tier=tier).count()
