"""Letting in without a review, where an invitation spares it or the domain of the address says so (rules 1.7, 1.8)."""

from django.db import transaction

from community.core.activity import record
from community.core.models import Audience
from community.core.verbs import Verb
from members.actions.admission import NoPlace, lock_tier
from members.actions.application import lock_application, move_to
from members.actions.domain import domain_policy
from members.actions.review import vouches_missing
from members.actions.waitlist import fill_places, let_in
from members.models import Application, ApplicationState, DomainPolicy, Skip


@transaction.atomic
def let_in_at_once(application: Application) -> Application:
    """Called when an application has arrived; safe to call again. One that needs a review stays as it is.

    Vouches that are not spared are waited for. Where everything is full it goes onto the waitlist.
    """
    tier = lock_tier(application.tier)
    application = lock_application(application)
    if application.state != ApplicationState.SUBMITTED or application.tier_id != tier.pk:
        return application
    if not _needs_no_review(application) or vouches_missing(application):
        return application
    # Whoever waits comes first, also in the moment after a place became free.
    fill_places(tier)
    try:
        let_in(application, by=None, words="", is_in_time=True)
    except NoPlace:
        step = move_to(application, ApplicationState.WAITLISTED, by=None)
        record(
            Verb.APPLICATION_WAITLISTED,
            by=None,
            target=application,
            audience=Audience.MEMBER,
            counterpart_id=application.member_id,
            organisation_id=application.organisation_id,
            tier=application.tier_id,
            in_time=True,
            step=step.pk,
        )
    return application


def _needs_no_review(application: Application) -> bool:
    if application.invitation is not None and Skip.REVIEW in application.invitation.skips:
        return True
    address = application.member.email
    rule = domain_policy(address) if address else None
    if rule is None or rule.policy != DomainPolicy.ACCEPT:
        return False
    # Only into the company that the rule names, and only who was seen to have the address.
    return application.organisation_id == rule.organisation_id
