"""The inbox of notices and the dot in the frame: only what is still open to the reader (rule 9.5)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import BigIntegerField, Case, Exists, F, OuterRef, Q, Subquery, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Now, Substr
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community.core.keyset import read_time_key, split_page, time_key
from community.core.models import AddressFault, Module, ModuleSwitch, Notice, NoticeQuerySet, NoticeReason
from community.core.moments import Clock
from community.core.statements import Blank, OneOf, Statement
from discussions.models import Post, Topic, visible_space_ids
from members.models import Member

NOTICES_PER_PAGE: Final = 30
# More than that is "99+", and nobody waits for it to be counted.
MOST_COUNTED: Final = 100
# How the key of the one notice of a topic begins (rule 9.1).
_OF_TOPIC: Final = "topic:"
# What modules that can be switched off tell of.
_TYPES_OF: Final = {Module.POLLS: ("poll",), Module.LIBRARY: ("resource", "collection")}


def _open(notices: NoticeQuerySet, spaces: Sequence[int] | Combinable) -> NoticeQuerySet:
    """Those of these spaces and of none, and of topics and posts only where those stand in these spaces now.

    A row keeps the space and the title of its day. What it tells of may have moved since, or be gone.
    """
    number = Cast(Substr("key", len(_OF_TOPIC) + 1), BigIntegerField())
    topics = Topic.objects.in_spaces(spaces)
    of_post = Post.objects.filter(pk=OuterRef("target_id")).values("topic")
    return (
        notices.filter(Q(space_id__isnull=True) | OneOf("space_id", spaces))
        .alias(
            about=Case(
                When(key__startswith=_OF_TOPIC, then=number),
                When(target_type="topic", then=F("target_id")),
                When(target_type="post", then=Subquery(of_post)),
                output_field=BigIntegerField(),
            )
        )
        .filter(Q(about__isnull=True) | Exists(topics.filter(pk=OuterRef("about"))))
        .exclude(_switched_off())
    )


def _switched_off() -> Q:
    """Rule 15.6: what a module told of is gone with it, and comes back with it."""
    off = Q()
    for module, types in _TYPES_OF.items():
        off |= Q(Exists(ModuleSwitch.objects.off().filter(name=module)), target_type__in=types)
    return off


_UNREAD: Final = Statement(
    lambda: _open(Notice.objects.unread().filter(member=Blank("reader")), Blank("spaces")).values_list(
        "key", "space_id"
    )[:MOST_COUNTED]
)


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One line of the inbox."""

    id: int
    title: str
    url: str
    reason: str
    count_label: str
    actor_name: str
    is_unread: bool
    when_relative: str
    when_iso: str
    when_exact: str


@dataclass(frozen=True, slots=True)
class InboxPage:
    """The reader's notices, newest first; `older` is the key of the next page, '' at the end."""

    rows: list[NoticeRow]
    older: str
    unread_count: int
    loaded_at: str


def unread_keys(user: Member) -> dict[str, int | None]:
    """What the reader has not read, with its space, `MOST_COUNTED` at most: one query, asked once a request."""
    loaded: dict[str, int | None] | None = user.__dict__.get("_unread_keys")
    if loaded is None:
        rows = _UNREAD(reader=user.pk, spaces=list(visible_space_ids(user))) if user.is_admitted else []
        loaded = user.__dict__["_unread_keys"] = {row[0]: row[1] for row in rows}
    return loaded


def unread_space_ids(user: Member) -> set[int | None]:
    """The spaces of what the reader has not read: those with a dot. No query beside that for the bell."""
    return set(unread_keys(user).values())


def forget_unread_key(user: Member, key: str) -> None:
    """It was read in this request: the frame need not ask again."""
    user.__dict__["_unread_keys"] = {
        other: space for other, space in unread_keys(user).items() if other != key
    }


def unread_label(user: Member) -> str:
    """The number beside the bell: '' for none, '99+' for many."""
    count = len(unread_keys(user))
    return "" if not count else (f"{MOST_COUNTED - 1}+" if count >= MOST_COUNTED else str(count))


def open_notices(user: Member, among: Iterable[int] | None = None) -> NoticeQuerySet:
    """The reader's own, of spaces that they may see now and of what stands there now.

    `among` narrows them to some of those spaces, as mails do, which tell nothing of confidential rooms.
    """
    spaces = visible_space_ids(user) if among is None else visible_space_ids(user).intersection(among)
    return _open(Notice.objects.filter(member=user), list(spaces))


def inbox_page(user: Member, *, before: str | None = None, only_unread: bool = False) -> InboxPage:
    """One page, in one query beside that for the spaces and the one for the dot."""
    now = timezone.now()
    notices = open_notices(user).select_related("actor").order_by("-at", "-pk")
    if only_unread:
        notices = notices.unread()
    if (key := read_time_key(before)) is not None:
        at, notice_id = key
        notices = notices.filter(Q(at__lt=at) | Q(at=at, pk__lt=notice_id), at__lte=at)
    found, has_more = split_page(list(notices[: NOTICES_PER_PAGE + 1]), NOTICES_PER_PAGE)
    older = time_key(found[-1].at, found[-1].pk) if has_more else ""
    clock = Clock(now)
    return InboxPage(
        rows=[_row(notice, clock) for notice in found],
        older=older,
        unread_count=len(unread_keys(user)),
        loaded_at=now.isoformat(),
    )


def _row(notice: Notice, clock: Clock) -> NoticeRow:
    when = clock.moment(notice.at)
    return NoticeRow(
        id=notice.pk,
        title=notice.title,
        url=notice.url,
        reason=_("because {reason}").format(reason=NoticeReason(notice.reason).label),
        count_label=ngettext("{count} new", "{count} new", notice.count).format(count=notice.count)
        if notice.count > 1
        else "",
        actor_name=notice.actor.display_name if notice.actor else "",
        is_unread=notice.read_at is None,
        when_relative=when.relative,
        when_iso=when.iso,
        when_exact=when.exact,
    )


def broken_address(user: Member) -> AddressFault | None:
    """The reader's address, where mail to it has been given up."""
    return AddressFault.objects.filter(member=user, stopped_at__lte=Now()).first()
