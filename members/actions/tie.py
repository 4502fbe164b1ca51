"""Between two people: follow, mute, block. What somebody keeps to themselves leaves no activity behind."""

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Invalid
from community.core.models import Audience
from community.core.permissions import require
from community.core.verbs import Verb
from members.models import Introduction, Member, Tie, TieKind
from members.permissions import is_admitted


@transaction.atomic
def follow_member(member: Member, *, by: Member) -> Member:
    """Rule 2.6. Following somebody twice is following them once. Raises `Invalid` for oneself."""
    _make(member, TieKind.FOLLOW, by)
    return member


@transaction.atomic
def unfollow_member(member: Member, *, by: Member) -> Member:
    if _end(member, TieKind.FOLLOW, by):
        _record_follow(Verb.MEMBER_UNFOLLOWED, member, by)
    return member


@transaction.atomic
def mute_member(member: Member, *, by: Member) -> Member:
    """What they write reaches me by no notice and no mail. They are not told, and no activity says so."""
    _make(member, TieKind.MUTE, by)
    return member


@transaction.atomic
def unmute_member(member: Member, *, by: Member) -> Member:
    _end(member, TieKind.MUTE, by)
    return member


@transaction.atomic
def block_member(member: Member, *, by: Member) -> Member:
    """Neither finds the other any more; follows between both end, and open introductions of the two with them."""
    _make(member, TieKind.BLOCK, by)
    between = Q(member=by, other=member) | Q(member=member, other=by)
    Tie.objects.filter(between, kind=TieKind.FOLLOW).delete()
    first, second = sorted((by.pk, member.pk))
    Introduction.objects.open().filter(first=first, second=second).delete()
    return member


@transaction.atomic
def unblock_member(member: Member, *, by: Member) -> Member:
    """The follows that the block ended do not come back by themselves."""
    _end(member, TieKind.BLOCK, by)
    return member


def _make(member: Member, kind: TieKind, by: Member) -> None:
    require(is_admitted(by))
    if member.pk == by.pk:
        raise Invalid(_("This is you. Choose somebody else."))
    _row, is_new = Tie.objects.get_or_create(member=by, other=member, kind=kind)
    if is_new and kind == TieKind.FOLLOW:
        _record_follow(Verb.MEMBER_FOLLOWED, member, by)


def _end(member: Member, kind: TieKind, by: Member) -> bool:
    """Whether there was anything to end."""
    require(is_admitted(by))
    gone, _kinds = Tie.objects.filter(member=by, other=member, kind=kind).delete()
    return bool(gone)


def _record_follow(verb: Verb, member: Member, by: Member) -> None:
    record(verb, by=by, target=member, audience=Audience.MEMBER, counterpart_id=member.pk)
