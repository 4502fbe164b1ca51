"""Letting in without a review, where an invitation spares it or the domain of the address says so (rules 1.7, 1.8)."""

from django.db import transaction

from members.actions.application import lock_application
from members.actions.domain import domain_policy
from members.actions.place import lock_tier
from members.actions.review import vouches_missing
from members.actions.waitlist import let_in_or_wait
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
    let_in_or_wait(application, tier=tier, by=None, words="", is_in_time=True)
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
