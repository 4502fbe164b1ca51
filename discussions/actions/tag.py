"""Looking after the community's words."""

from django.db import transaction
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Invalid
from community.core.models import Audience
from community.core.permissions import require
from community.core.text import clean_line
from community.core.verbs import Verb
from discussions.models import Follow, Tag, TaggedTopic, Topic
from discussions.permissions import can_edit_tag, can_manage_tags
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


@transaction.atomic
def accept_tag(tag: Tag, *, by: Member) -> Tag:
    """Take a member's proposal into the list. Raises `Conflict` where it is in it."""
    require(can_manage_tags(by))
    tag, space_id = _lock_proposed(tag, by)
    tag.proposed_at, tag.proposed_by = None, None
    tag.save(update_fields=["proposed_at", "proposed_by"])
    record(Verb.TAG_ACCEPTED, by=by, target=tag, audience=Audience.STAFF, space_id=space_id)
    return tag


@transaction.atomic
def merge_tag(tag: Tag, into: Tag, *, by: Member) -> Tag:
    """Put another tag in the place of a proposal, on every topic and for every follower; returns that other tag.

    Raises `Conflict` where the proposal was decided meanwhile, `Invalid` where `into` is a proposal itself.
    """
    require(can_manage_tags(by))
    if into.proposed_at is not None or into.pk == tag.pk:
        sentence = _("Choose a tag of the list to merge into.")
        raise Invalid(sentence, fields={"into": [sentence]})
    tag, space_id = _lock_proposed(tag, by)
    TaggedTopic.objects.filter(tag=tag).exclude(
        content_object__in=TaggedTopic.objects.filter(tag=into).values("content_object")
    ).update(tag=into)
    Follow.objects.filter(tag=tag).exclude(
        member__in=Follow.objects.filter(tag=into).values("member")
    ).update(tag=into)
    record(Verb.TAG_MERGED, by=by, target=tag, audience=Audience.STAFF, space_id=space_id, into_id=into.pk)
    tag.delete()
    return into


def _lock_proposed(tag: Tag, by: Member) -> tuple[Tag, int]:
    """Only what the decider may read, with the space it was read in: a word of a closed room may be its secret."""
    found: Tag | None = Tag.objects.select_for_update().filter(pk=tag.pk, proposed_at__isnull=False).first()
    seen = Topic.objects.visible_to(by).filter(tagged_topics__tag=tag.pk).first()
    if found is None or seen is None:
        raise Conflict(_("Somebody has decided about this tag already."))
    return found, seen.space_id
