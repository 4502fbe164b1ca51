"""Taking the queue of moderation out of the house: who may, and the record of it."""

from django.db import transaction

from community.core.activity import record
from community.core.models import Audience
from community.core.permissions import require
from community.core.verbs import Verb
from discussions.permissions import can_export_cases
from members.models import Member


@transaction.atomic
def export_cases(*, by: Member, name: str, rows: int) -> None:
    """Write down who takes which list with how many rows. What is in it is the matter of the query."""
    require(can_export_cases(by))
    record(Verb.CASES_EXPORTED, by=by, target=by, audience=Audience.STAFF, list=name, rows=rows)
