"""The words that moderators use again."""

from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Invalid
from community.core.models import Audience
from community.core.permissions import require
from community.core.text import clean_line
from community.core.verbs import Verb
from discussions.models import CANNED_REASON_LENGTH, CannedReason
from discussions.permissions import can_edit_canned_reasons
from members.models import Member

#: The lowest place; a list is read in the order of its places.
LAST_PLACE: Final = 1000


@transaction.atomic
def create_canned_reason(*, by: Member, text: str, position: int = 100) -> CannedReason:
    """Keep words to use again. With the first one, those that come with the software are offered no more.

    Raises `Invalid` for no words or too many, `Conflict` for words that are kept already.
    """
    require(can_edit_canned_reasons(by))
    text = _clean(text, position)
    row = CannedReason.objects.create(text=text, position=position)
    record(Verb.CANNED_REASON_CREATED, by=by, target=row, audience=Audience.STAFF)
    return row


@transaction.atomic
def edit_canned_reason(reason: CannedReason, *, by: Member, text: str, position: int) -> CannedReason:
    """Other words or another place from now on; what was decided with them keeps its own. Raises as the above."""
    require(can_edit_canned_reasons(by))
    row = _lock(reason)
    text = _clean(text, position, besides=row.pk)
    if (row.text, row.position) != (text, position):
        row.text, row.position = text, position
        row.save(update_fields=["text", "position"])
        record(Verb.CANNED_REASON_EDITED, by=by, target=row, audience=Audience.STAFF)
    return row


@transaction.atomic
def delete_canned_reason(reason: CannedReason, *, by: Member) -> None:
    """Raises `Conflict` where it is gone."""
    require(can_edit_canned_reasons(by))
    row = _lock(reason)
    record(Verb.CANNED_REASON_DELETED, by=by, target=row, audience=Audience.STAFF)
    row.delete()


def _lock(reason: CannedReason) -> CannedReason:
    row = CannedReason.objects.select_for_update().filter(pk=reason.pk).first()
    if row is None:
        raise Conflict(_("Somebody has taken these words away already."))
    return row


def _clean(text: str, position: int, *, besides: int = 0) -> str:
    text = clean_line(text)
    problem = ""
    if not text:
        problem = _("Write the words.")
    elif len(text) > CANNED_REASON_LENGTH:
        problem = _("{limit} characters are the most.").format(limit=CANNED_REASON_LENGTH)
    if problem:
        raise Invalid(problem, fields={"text": [problem]})
    if not 0 <= position <= LAST_PLACE:
        sentence = _("A place from 0 to {last}.").format(last=LAST_PLACE)
        raise Invalid(sentence, fields={"position": [sentence]})
    if CannedReason.objects.exclude(pk=besides).filter(text=text).exists():
        raise Conflict(_("These words are in the list already."))
    return text
