"""Collections: what a named curator put together, and why (rule 5.3)."""

from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Invalid
from community.core.models import Audience
from community.core.permissions import require
from community.core.text import clean_line
from community.core.verbs import Verb
from discussions.actions.resource import OPEN_PRESETS
from discussions.models import Collection, CollectionItem, Resource, ResourceState, Space
from discussions.permissions import can_curate, can_edit_collection, can_see_space
from members.models import Member

NAME_LENGTH: Final = 80
WHY_LENGTH: Final = 500
ITEM_WHY_LENGTH: Final = 300
MOST_ITEMS: Final = 100


@transaction.atomic
def create_collection(
    space: Space,
    *,
    by: Member,
    name: str,
    why: str,
    curator: Member | None = None,
    at: datetime | None = None,
) -> Collection:
    """Begin a collection. `curator` is named beside it, and is whoever begins it where nobody else is named.

    Raises `Refused`, and `Invalid` without a name, without a reason, or for a curator who does not read the space.
    """
    require(can_curate(by, space))
    curator = curator or by
    if not can_see_space(curator, space):
        sentence = _("The curator has to read this space. Name somebody who does.")
        raise Invalid(sentence, fields={"curator": [sentence]})
    collection = Collection.objects.create(
        space=space,
        curator=curator,
        created_at=at or timezone.now(),
        name=_line(name, "name", NAME_LENGTH, _("A collection needs a name.")),
        why=_line(why, "why", WHY_LENGTH, _("Say in a sentence why these belong together.")),
    )
    _record(Verb.COLLECTION_CREATED, collection, by=by, at=at)
    return collection


@transaction.atomic
def edit_collection(collection: Collection, *, by: Member, name: str, why: str) -> Collection:
    """Change name and reason."""
    collection = _lock(collection)
    require(can_edit_collection(by, collection))
    collection.name = _line(name, "name", NAME_LENGTH, _("A collection needs a name."))
    collection.why = _line(why, "why", WHY_LENGTH, _("Say in a sentence why these belong together."))
    collection.save(update_fields=["name", "why"])
    _record(Verb.COLLECTION_EDITED, collection, by=by, fields=["name", "why"])
    return collection


@transaction.atomic
def add_to_collection(
    collection: Collection, resource: Resource, *, by: Member, why: str = "", at: datetime | None = None
) -> CollectionItem:
    """Put a published resource at its end. `Conflict` where it is in it, `Invalid` where readers could not open it."""
    collection = _lock(collection)
    require(can_edit_collection(by, collection))
    resource = Resource.objects.visible_to(by).select_related("space").filter(pk=resource.pk).first()  # type: ignore[assignment]
    if resource is None or resource.state != ResourceState.PUBLISHED:
        raise Invalid(_("Only what is published can be collected."))
    if resource.space_id != collection.space_id and resource.space.preset not in OPEN_PRESETS:
        raise Invalid(_("Not everybody who reads this collection may read that resource."))
    items = CollectionItem.objects.filter(collection=collection)
    if items.filter(resource=resource).exists():
        raise Conflict(_("This stands in the collection already."))
    if items.count() >= MOST_ITEMS:
        raise Invalid(
            _("A collection takes {most} resources at most. Begin another one.").format(most=MOST_ITEMS)
        )
    item = CollectionItem.objects.create(
        collection=collection,
        resource=resource,
        position=(items.aggregate(last=Max("position"))["last"] or 0) + 1,
        why=clean_line(why)[:ITEM_WHY_LENGTH],
    )
    _record(Verb.COLLECTION_EDITED, collection, by=by, at=at, fields=["items"], resource_id=resource.pk)
    return item


@transaction.atomic
def remove_from_collection(collection: Collection, resource: Resource, *, by: Member) -> Collection:
    """Take it out; without it nothing changes."""
    collection = _lock(collection)
    require(can_edit_collection(by, collection))
    gone, _kinds = CollectionItem.objects.filter(collection=collection, resource=resource).delete()
    if gone:
        _record(Verb.COLLECTION_EDITED, collection, by=by, fields=["items"], resource_id=resource.pk)
    return collection


def _lock(collection: Collection) -> Collection:
    return Collection.objects.select_for_update(of=("self",)).select_related("space").get(pk=collection.pk)


def _line(value: str, field: str, longest: int, missing: str) -> str:
    line = clean_line(value)
    if not line:
        raise Invalid(missing, fields={field: [missing]})
    if len(line) > longest:
        sentence = _("This has {length} characters; {limit} are the most.").format(
            length=len(line), limit=longest
        )
        raise Invalid(sentence, fields={field: [sentence]})
    return line


def _record(
    verb: Verb, collection: Collection, *, by: Member, at: datetime | None = None, **data: Any
) -> None:
    record(
        verb,
        by=by,
        at=at,
        target=collection,
        audience=Audience.SPACE,
        space_id=collection.space_id,
        **data,
    )
