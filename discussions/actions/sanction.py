"""Rule 8.5: warnings and being quiet. Suspending and appealing are in `members/actions/standing.py`."""

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
from discussions.permissions import MODERATORS, can_lift_sanction, can_quiet_member, can_warn_member
from members.actions.standing import REASON_LENGTH, end_sanction
from members.models import Member, Sanction, SanctionGrade

# A warning counts for a quarter of a year: whoever decides the next case sees it until then.
WARNING_COUNTS: Final = timedelta(days=90)
#: The shortest time of being quiet, and the longest that a steward can say.
SHORTEST_QUIET: Final = timedelta(hours=24)
LONGEST_QUIET: Final = timedelta(days=90)


@transaction.atomic
def warn_member(member: Member, *, by: Member, reason: str, space_id: int | None = None) -> Sanction:
    """A warning in words, which whoever decides about this person reads for 90 days. Nothing else follows from it."""
    require(can_warn_member(by, member, space_id))
    return _impose(
        member,
        SanctionGrade.WARNING,
        by=by,
        reason=reason,
        until=timezone.now() + WARNING_COUNTS,
        space_id=space_id,
    )


@transaction.atomic
def quiet_member(
    member: Member, *, by: Member, reason: str, until: datetime, space_id: int | None = None
) -> Sanction:
    """Somebody reads and does not write until then, in one space or everywhere (`space_id` None).

    24 hours at least, which is also the most that a steward can say; 90 days at most. Raises `Conflict` where they
    are quiet there already.
    """
    require(can_quiet_member(by, member, space_id))
    span = until - timezone.now()
    slack = timedelta(minutes=5)
    longest = LONGEST_QUIET if by.has_role(*MODERATORS) else SHORTEST_QUIET
    if not SHORTEST_QUIET - slack <= span <= longest + slack:
        sentence = (
            _("Between 24 hours and 90 days.")
            if by.has_role(*MODERATORS)
            else _("A steward makes somebody quiet for 24 hours. A moderator can say longer.")
        )
        raise Invalid(sentence, fields={"until": [sentence]})
    Member.objects.select_for_update().get(pk=member.pk)
    over = Sanction.objects.filter(
        member=member,
        space_id=space_id,
        grade=SanctionGrade.QUIET,
        lifted_at__isnull=True,
        until_at__lte=Now(),
    )
    over.update(lifted_at=F("until_at"))
    if Sanction.objects.quiets().filter(member=member, space_id=space_id).exists():
        raise Conflict(_("{name} is quiet here already.").format(name=member.display_name))
    return _impose(member, SanctionGrade.QUIET, by=by, reason=reason, until=until, space_id=space_id)


@transaction.atomic
def lift_sanction(sanction: Sanction, *, by: Member) -> Sanction:
    """End it before its date. Raises `Conflict` where it is over."""
    sanction = Sanction.objects.select_for_update(of=("self",)).select_related("member").get(pk=sanction.pk)
    require(can_lift_sanction(by, sanction))
    end_sanction(sanction, by=by)
    return sanction


def _impose(
    member: Member, grade: SanctionGrade, *, by: Member, reason: str, until: datetime, space_id: int | None
) -> Sanction:
    reason = required_words(reason, field="words", longest=REASON_LENGTH, missing=_("They need to know why."))
    sanction = Sanction.objects.create(
        member=member, grade=grade, space_id=space_id, reason=reason, imposed_by=by, until_at=until
    )
    member.__dict__.pop("quiet_in", None)
    member.__dict__.pop("_quiet_in", None)
    record(
        Verb.SANCTION_IMPOSED,
        by=by,
        target=sanction,
        audience=Audience.MEMBER,
        counterpart_id=member.pk,
        space_id=space_id,
        grade=str(grade),
        until=until.isoformat(),
    )
    return sanction
