"""Following topics, spaces and tags. A private matter: no activity tells of it (rule 3.9)."""

from django.db import transaction
from django.utils import timezone

from community.core.permissions import require
from discussions.models import Follow, FollowLevel, FollowReason, Space, Tag, Topic
from discussions.permissions import can_see_space, can_see_topic
from members.models import Member
from members.permissions import is_admitted

Followed = Topic | Space | Tag


@transaction.atomic
def follow(
    thing: Followed, level: FollowLevel, reason: FollowReason = FollowReason.CHOSEN, *, by: Member
) -> Follow:
    """Set how much of a topic, a space or a tag the member hears: everything, highlights or nothing (mute).

    The reason is kept and shown with the way back. Raises `Refused` where the thing may not be seen.
    """
    _require_sight(thing, by)
    follow, _is_new = Follow.objects.update_or_create(
        member=by,
        **_of(thing),
        defaults={"level": level, "reason": reason},
        create_defaults={"level": level, "reason": reason, "created_at": timezone.now()},
    )
    return follow


@transaction.atomic
def unfollow(thing: Followed, *, by: Member) -> None:
    """Forget the follow, chosen or automatic, and its reason; without one nothing changes.

    Taking part again follows again. Who wants to hear nothing whatever happens chooses Mute.
    """
    Follow.objects.filter(member=by, **_of(thing)).delete()


def follow_by_itself(
    topic_id: int, member_ids: list[int], reason: FollowReason, level: FollowLevel = FollowLevel.EVERYTHING
) -> None:
    """Follow what one takes part in, unless the member has said otherwise before. Idempotent."""
    now = timezone.now()
    Follow.objects.bulk_create(
        [
            Follow(member_id=member_id, topic_id=topic_id, level=level, reason=reason, created_at=now)
            for member_id in member_ids
        ],
        ignore_conflicts=True,
    )


def _of(thing: Followed) -> dict[str, Followed]:
    if isinstance(thing, Topic):
        return {"topic": thing}
    return {"space": thing} if isinstance(thing, Space) else {"tag": thing}


def _require_sight(thing: Followed, by: Member) -> None:
    if isinstance(thing, Topic):
        require(can_see_topic(by, thing))
    elif isinstance(thing, Space):
        require(can_see_space(by, thing))
    else:
        # A word of the community: the view shows it only to those who see a topic under it.
        require(is_admitted(by))
