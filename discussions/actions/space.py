"""Opening spaces and listing people in them."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Invalid
from community.core.models import Audience
from community.core.permissions import require
from community.core.text import clean_line
from community.core.verbs import Verb
from discussions.actions.resource import follow_threads
from discussions.models import (
    Space,
    SpaceMembership,
    SpacePreset,
    SpaceSteward,
    TopicKind,
    forget_visible_spaces,
)
from discussions.permissions import can_manage_space, can_manage_spaces, can_settle_space
from members.models import Member


@transaction.atomic
def create_space(
    *,
    by: Member | None,
    name: str,
    purpose: str = "",
    preset: SpacePreset = SpacePreset.OPEN,
    topic_kinds: Sequence[TopicKind] = (TopicKind.DISCUSSION, TopicKind.QUESTION),
    slug: str | None = None,
    position: int = 100,
    at: datetime | None = None,
) -> Space:
    """Open a space. Whoever opens one that must list its people is its first listed person.

    `by` is None for imports and the demo. Raises `Invalid` for an empty name, `Conflict` for a taken address.
    """
    if by is not None:
        require(can_manage_spaces(by))
    name = clean_line(name)[:80]
    if not name:
        raise Invalid(
            _("A space needs a name."), fields={"name": [_("Say in a few words what belongs here.")]}
        )
    slug = slug or slugify(name)[:60].strip("-") or "space"
    if Space.objects.filter(slug=slug).exists():
        raise Conflict(_("There is a space with this address already. Choose another name."))
    space = Space.objects.create(
        name=name,
        slug=slug,
        purpose=clean_line(purpose)[:300],
        preset=preset,
        topic_kinds=[str(kind) for kind in topic_kinds],
        position=position,
    )
    if by is not None and preset not in {SpacePreset.OPEN, SpacePreset.READ_ONLY}:
        SpaceMembership.objects.create(space=space, member=by, added_by=by)
        forget_visible_spaces(by)
    record(
        Verb.SPACE_CREATED,
        by=by,
        at=at,
        target=space,
        audience=Audience.SPACE,
        space_id=space.pk,
        preset=str(preset),
    )
    return space


@transaction.atomic
def edit_space(
    space: Space,
    *,
    by: Member,
    name: str,
    purpose: str,
    preset: SpacePreset,
    topic_kinds: Sequence[TopicKind],
) -> Space:
    """Change what a space is for and who may see it; it holds from everybody's next request on.

    Stewards change the purpose and the kinds; its name and who may see it are the managers' to say.
    """
    require(can_settle_space(by, space))
    space = Space.objects.select_for_update().get(pk=space.pk)
    if (clean_line(name)[:80], str(preset)) != (space.name, space.preset):
        require(can_manage_space(by, space))
    wanted = {
        "name": clean_line(name)[:80],
        "purpose": clean_line(purpose)[:300],
        "preset": str(preset),
        "topic_kinds": [str(kind) for kind in topic_kinds],
    }
    if not wanted["name"]:
        raise Invalid(
            _("A space needs a name."), fields={"name": [_("Say in a few words what belongs here.")]}
        )
    changed = [field for field, value in wanted.items() if getattr(space, field) != value]
    for field in changed:
        setattr(space, field, wanted[field])
    if "preset" in changed and preset != SpacePreset.PRIVATE and space.takes_requests:
        # Only a private space can be asked for.
        space.takes_requests = False
        changed.append("takes_requests")
    if changed:
        space.save(update_fields=changed)
        if "preset" in changed:
            follow_threads(Q(space=space))
        record(
            Verb.SPACE_EDITED, by=by, target=space, audience=Audience.STAFF, space_id=space.pk, fields=changed
        )
    return space


@transaction.atomic
def add_space_member(
    space: Space, member: Member, *, by: Member | None, at: datetime | None = None
) -> SpaceMembership:
    """List a person in a space, as its stewards and managers may. Twice changes nothing. `by` is None for the demo."""
    if by is not None:
        require(can_settle_space(by, space))
    row, is_new = SpaceMembership.objects.get_or_create(
        space=space, member=member, defaults={"added_by": by, "created_at": at or timezone.now()}
    )
    if is_new:
        forget_visible_spaces(member)
        record(
            Verb.SPACE_MEMBER_ADDED,
            by=by,
            at=at,
            target=space,
            audience=Audience.MEMBER,
            counterpart_id=member.pk,
            space_id=space.pk,
        )
    return row


@transaction.atomic
def remove_space_member(space: Space, member: Member, *, by: Member) -> None:
    """Take a person off the list; it holds from their next request on, and a stewardship ends with it."""
    require(can_settle_space(by, space))
    SpaceSteward.objects.filter(space=space, member=member).delete()
    deleted, _by_model = SpaceMembership.objects.filter(space=space, member=member).delete()
    if deleted:
        forget_visible_spaces(member)
        record(
            Verb.SPACE_MEMBER_REMOVED,
            by=by,
            target=space,
            audience=Audience.MEMBER,
            counterpart_id=member.pk,
            space_id=space.pk,
        )
