"""Standing up for an applicant. Asking for it is the applicant's part, in `application.py`."""

from datetime import timedelta
from typing import Final

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Refused
from community.core.models import Audience
from community.core.permissions import require
from community.core.text import clean_line, required_words
from community.core.verbs import Verb
from members.actions.gate import current_gate
from members.models import (
    WITH_REVIEWERS,
    Application,
    ApplicationState,
    Member,
    Vouch,
    VouchRequest,
)
from members.permissions import can_vouch

LONGEST_VOUCH: Final = 1000
LONGEST_CONFLICT: Final = 300
QUOTA_SPAN: Final = timedelta(days=365)
_OPEN_FOR_VOUCHES: Final = (*WITH_REVIEWERS, ApplicationState.MORE_ASKED)


@transaction.atomic
def give_vouch(application: Application, *, by: Member, words: str, conflict: str = "") -> Vouch:
    """Rule 1.6: a short paragraph by a member whom the applicant named. With a conflict it is read and not counted.

    Sent twice it is one. Raises `Refused` for somebody who was not asked, is too new or has given all vouches of the
    year, `Invalid` without words, `Conflict` where the application is decided.
    """
    require(can_vouch(by, application))
    if not requests_to(by).filter(application=application).exists():
        raise Refused(_("Only members whom the applicant has named can vouch."))
    text = required_words(
        words,
        field="words",
        longest=LONGEST_VOUCH,
        missing=_("Write how you know this person and why they fit."),
    )
    # Two of one person at the same moment count after each other.
    Member.objects.select_for_update(no_key=True).get(pk=by.pk)
    there = Vouch.objects.filter(application=application, by=by).first()
    if there is not None:
        return there
    application = Application.objects.select_related("member").get(pk=application.pk)
    if application.state not in _OPEN_FOR_VOUCHES:
        raise Conflict(_("This application is not with the reviewers any more, so nothing needs to be said."))
    if vouches_left(by) < 1:
        raise Refused(
            _(
                "You have vouched for {count} people within a year, which is what one member can stand for."
            ).format(count=current_gate().vouches_per_member)
        )
    vouch = Vouch.objects.create(
        application=application, by=by, words=text, conflict=clean_line(conflict)[:LONGEST_CONFLICT]
    )
    record(
        Verb.VOUCH_GIVEN,
        by=by,
        target=application,
        audience=Audience.STAFF,
        counterpart_id=application.member_id,
        has_conflict=bool(vouch.conflict),
    )
    return vouch


def vouches_left(member: Member) -> int:
    """How many more this member can give within the year that ends now."""
    given = Vouch.objects.filter(by=member, created_at__gt=Now() - QUOTA_SPAN).count()
    return max(0, current_gate().vouches_per_member - given)


def requests_to(member: Member) -> QuerySet[VouchRequest]:
    """Where somebody was named: by the address of the account or by another one that is confirmed."""
    further = EmailAddress.objects.filter(user=member, verified=True).values("email")
    return VouchRequest.objects.filter(Q(email=member.email or "-") | Q(email__in=further))
