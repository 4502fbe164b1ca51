"""What managers note about a person, between themselves and in the export that the person takes."""

from django.db import transaction
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.models import Audience
from community.core.permissions import require
from community.core.text import required_words
from community.core.verbs import Verb
from members.models import Member, MemberNote
from members.permissions import can_note_member

LONGEST_NOTE = 5000


@transaction.atomic
def note_member(member: Member, *, text: str, by: Member) -> MemberNote:
    """Rule 2.6. The activity says that something was noted, and not what. Raises `Invalid` for nothing or too much."""
    require(can_note_member(by, member))
    words = required_words(
        text,
        field="text",
        longest=LONGEST_NOTE,
        missing=_("There is nothing here yet. Write the note first."),
    )
    row = MemberNote.objects.create(member=member, by=by, text=words)
    record(Verb.MEMBER_NOTED, by=by, target=member, audience=Audience.STAFF, counterpart_id=member.pk)
    return row
