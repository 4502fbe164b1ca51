"""Who is told that there is a poll, that it closes soon, that it is closed, and what was done with it."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from community.core.models import Notice, NoticeReason
from community.core.notices import CHUNK, notify
from discussions.actions.notice import HIGHLIGHTS
from discussions.actions.poll import outcome_key, poll_key
from discussions.models import Electorate, Follow, Poll, SpaceMembership, Voter
from discussions.models.reader import readers_of
from members.models import Tie, TieKind


def tell_of_poll(poll: Poll, *, at: datetime, by_id: int | None) -> None:
    """Rule 4.1: who follows the topic, or else the space, and may vote. A line on the page and in the digest."""
    for chunk in _electors(poll, by_id=by_id):
        _notify(chunk, poll, NoticeReason.POLLED, _("Poll: {title}"), at, by_id)


def remind_of_poll(poll: Poll, *, at: datetime) -> None:
    """A day before it closes: those of them who have not voted. Whoever has is left in peace."""
    voted = set(Voter.objects.filter(poll=poll).values_list("member", flat=True))
    for chunk in _electors(poll, by_id=None):
        waiting = [member_id for member_id in chunk if member_id not in voted]
        _notify(waiting, poll, NoticeReason.POLLED, _("Closes soon: {title}"), at, None)


def tell_of_close(poll: Poll, *, at: datetime, by_id: int | None) -> None:
    """It is closed: who voted hears so, with no word of the result; the page shows what each may see."""
    # Who was asked and did not come is too late now.
    Notice.objects.unread().filter(key=poll_key(poll.pk)).delete()
    for chunk in _voters(poll):
        _notify(chunk, poll, NoticeReason.VOTED, _("Closed: {title}"), at, by_id)


def tell_of_outcome(poll: Poll, *, at: datetime, by_id: int | None) -> None:
    """Rule 4.4: everybody who voted hears what was done with it."""
    for chunk in _voters(poll):
        _notify(
            chunk,
            poll,
            NoticeReason.VOTED,
            _("What came of it: {title}"),
            at,
            by_id,
            key=outcome_key(poll.pk),
        )


def tell_of_promise(poll: Poll, *, at: datetime) -> None:
    """Rule 4.4: the day has passed; who asked the poll is reminded."""
    if poll.author_id is None:
        return
    readers = readers_of(poll.place).filter(pk=poll.author_id).values_list("pk", flat=True)
    words = _("Your answer is due: {title}")
    _notify(list(readers), poll, NoticeReason.PROMISED, words, at, None, key=outcome_key(poll.pk))


def forget_polls() -> None:
    """After polls were switched off: nothing waits for anybody that leads to them."""
    Notice.objects.filter(Q(key__startswith="poll:") | Q(key__startswith="poll-outcome:")).delete()


def _notify(
    member_ids: list[int],
    poll: Poll,
    reason: NoticeReason,
    words: str,
    at: datetime,
    by_id: int | None,
    *,
    key: str = "",
) -> None:
    """Of a poll in a topic the target is the topic: its notices go where the topic goes, and away with it."""
    notify(
        member_ids,
        reason=reason,
        key=key or poll_key(poll.pk),
        title=words.format(title=poll.title)[:200],
        url=poll.get_absolute_url(),
        target=poll.topic or poll,
        at=at,
        space_id=poll.place.pk,
        actor_id=by_id,
        at_once=True,
    )


def _electors(poll: Poll, *, by_id: int | None) -> Iterator[list[int]]:
    """Followers who may read and vote, a thousand at a time; nobody who turned the author away."""
    follows = Follow.objects.filter(level__in=HIGHLIGHTS)
    follows = follows.filter(topic=poll.topic) if poll.topic else follows.filter(space=poll.place)
    readers = readers_of(poll.place).filter(is_machine=False, pk__in=follows.values("member"))
    if poll.electorate == Electorate.LISTED:
        listed = SpaceMembership.objects.filter(space=poll.place)
        readers = readers.filter(pk__in=listed.values("member"))
    if by_id is not None:
        turned_away = Tie.objects.filter(other=by_id, kind__in=[TieKind.MUTE, TieKind.BLOCK])
        readers = readers.exclude(pk__in=turned_away.values("member"))
    after = 0
    while chunk := list(readers.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        yield chunk
        after = chunk[-1]


def _voters(poll: Poll) -> Iterator[list[int]]:
    """Those who voted and may still read it, a thousand at a time."""
    readers = readers_of(poll.place).filter(pk__in=Voter.objects.filter(poll=poll).values("member"))
    after = 0
    while chunk := list(readers.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        yield chunk
        after = chunk[-1]
