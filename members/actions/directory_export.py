"""Taking the directory out of the house: who may, how often, and the record of it."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict
from community.core.models import Audience
from community.core.permissions import require
from community.core.verbs import Verb
from members.directory import LONGEST_QUERY
from members.models import DirectoryExport, Member
from members.permissions import can_export_directory

EXPORTS_A_DAY: Final = 5


@transaction.atomic
def export_directory(*, by: Member, query: str, rows: int) -> DirectoryExport:
    """Rule 2.3: write down who takes which list of how many people. The number of the row is the watermark.

    Raises `Conflict` for one too many in 24 hours.
    """
    require(can_export_directory(by))
    # The lock makes the count true for two requests at once.
    Member.objects.select_for_update(no_key=True).get(pk=by.pk)
    today = DirectoryExport.objects.filter(member=by, created_at__gt=Now() - timedelta(days=1))
    if today[EXPORTS_A_DAY - 1 :].exists():
        raise Conflict(
            _(
                "You have exported the directory {limit} times in a day. Tomorrow it can be done again."
            ).format(limit=EXPORTS_A_DAY)
        )
    export = DirectoryExport.objects.create(member=by, query=query[:LONGEST_QUERY], rows=rows)
    record(Verb.DIRECTORY_EXPORTED, by=by, target=export, audience=Audience.STAFF, rows=rows)
    return export
