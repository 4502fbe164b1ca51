"""Looking after the community's words."""

from django.db import transaction

from community.core.activity import record
from community.core.models import Audience
from community.core.permissions import require
from community.core.text import clean_line
from community.core.verbs import Verb
from discussions.models import Tag
from discussions.permissions import can_edit_tag
from members.models import Member

DESCRIPTION_LENGTH = 1000


@transaction.atomic
def edit_tag(tag: Tag, *, by: Member, description: str) -> Tag:
    """Say what belongs under a tag. Name and address stay: topics and links carry them."""
    require(can_edit_tag(by))
    tag = Tag.objects.select_for_update().get(pk=tag.pk)
    description = clean_line(description)[:DESCRIPTION_LENGTH]
    if description != tag.description:
        tag.description = description
        tag.save(update_fields=["description"])
        record(Verb.TAG_EDITED, by=by, target=tag, audience=Audience.COMMUNITY, fields=["description"])
    return tag
