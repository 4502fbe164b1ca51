"""Telling members of things: one notice a thing until it is read, and for what they want at once a mail (rule 9.1).

Apps decide who is told and call `notify`; what the mail says is built by the app whose thing it is (`letters.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from celery import shared_task
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import Actor, Target, record, target_type
from community.core.broker import enqueue
from community.core.errors import Invalid, Refused
from community.core.mail import sweep_mail
from community.core.models import (
    WEIGHTS,
    Audience,
    Delivery,
    Digest,
    DigestRate,
    Mail,
    MailState,
    Notice,
    NoticePreference,
    NoticeReason,
)
from community.core.verbs import Verb

CHUNK: Final = 1_000
NOTICE_MAIL: Final = "notice"
# Read ones are of no use after a season; unread ones stay as long as anybody might come back from a long leave.
FORGET_READ_AFTER: Final = timedelta(days=90)
FORGET_AFTER: Final = timedelta(days=400)
FORGET_BATCH: Final = 5_000


def notify(
    member_ids: Sequence[int],
    *,
    reason: NoticeReason,
    key: str,
    title: str,
    url: str,
    target: Target,
    at: datetime,
    space_id: int | None = None,
    actor_id: int | None = None,
    at_once: bool = False,
) -> None:
    """Tell these members of one thing, never the actor. One upsert for each thousand; safe to run twice.

    Where they have not read what was told under this key before, that notice counts one more and goes on pointing at
    the first of them. The stronger reason is named. `at_once` asks for a mail to those who want this reason at once;
    leave it out where the thing is no more than a line on the page, or has a mail of its own.
    """
    wanted = sorted({member_id for member_id in member_ids if member_id != actor_id})
    for start in range(0, len(wanted), CHUNK):
        with transaction.atomic():
            told = _put(
                wanted[start : start + CHUNK], reason, key, title, url, target, at, space_id, actor_id
            )
            if at_once:
                _mail_at_once(told, reason, key, title, target, space_id)


def read_notices(member: Actor, key: str) -> int:
    """The member has seen what the key names. One statement; returns how many notices that settled, 0 or 1."""
    return Notice.objects.unread().filter(member=member.pk, key=key).update(read_at=Now())


def read_notice(notice: Notice, *, by: Actor) -> Notice:
    """Put one of one's own aside without opening it. Raises `Refused` for somebody else's."""
    if notice.member_id != by.pk:
        raise Refused(_("A notice belongs to whom it is for."))
    if notice.read_at is None:
        Notice.objects.unread().filter(pk=notice.pk).update(read_at=Now())
        notice.read_at = timezone.now()
    return notice


def read_all_notices(*, by: Actor, until: datetime | None = None) -> int:
    """Put all of one's own aside, those that came after the page was loaded excepted."""
    notices = Notice.objects.unread().filter(member=by.pk)
    return (notices.filter(at__lte=until) if until else notices).update(read_at=Now())


def move_notices(key: str, *, space_id: int, to_key: str | None = None) -> None:
    """What the key names stands in another space now, or has become part of what `to_key` names.

    Rights are asked by the space when a notice is shown or mailed. An unread one gives way to one of the new key.
    """
    Notice.objects.filter(key=key).update(space_id=space_id)
    if to_key is not None:
        there = Notice.objects.unread().filter(key=to_key).values("member")
        Notice.objects.unread().filter(key=key, member__in=there).delete()
        Notice.objects.filter(key=key).update(key=to_key)


_PUT: Final = """
    INSERT INTO core_notice AS notice
        (member_id, key, reason, weight, title, url, target_type, target_id, space_id, actor_id, count, first_at, at)
    SELECT wanted.id, %(key)s, %(reason)s, %(weight)s, %(title)s, %(url)s, %(type)s, %(target)s, %(space)s,
        %(actor)s, 1, %(at)s, %(at)s
    FROM unnest(%(members)s::bigint[]) AS wanted (id)
    WHERE NOT EXISTS (
        SELECT FROM core_notice AS earlier
        WHERE earlier.member_id = wanted.id AND earlier.key = %(key)s AND earlier.at >= %(at)s
            AND earlier.read_at IS NOT NULL
    )
    ORDER BY wanted.id
    ON CONFLICT (member_id, key) WHERE read_at IS NULL DO UPDATE SET
        count = notice.count + CASE WHEN excluded.at > notice.at OR excluded.at < notice.first_at THEN 1 ELSE 0 END,
        reason = CASE WHEN excluded.weight < notice.weight THEN excluded.reason ELSE notice.reason END,
        weight = least(notice.weight, excluded.weight),
        title = excluded.title,
        space_id = excluded.space_id,
        url = CASE WHEN excluded.at < notice.first_at THEN excluded.url ELSE notice.url END,
        first_at = least(notice.first_at, excluded.at),
        target_type = CASE WHEN excluded.at > notice.at THEN excluded.target_type ELSE notice.target_type END,
        target_id = CASE WHEN excluded.at > notice.at THEN excluded.target_id ELSE notice.target_id END,
        actor_id = CASE WHEN excluded.at > notice.at THEN excluded.actor_id ELSE notice.actor_id END,
        at = greatest(notice.at, excluded.at)
    WHERE excluded.at > notice.at OR excluded.at < notice.first_at OR excluded.weight < notice.weight
    RETURNING notice.member_id
"""


def _put(
    member_ids: Sequence[int],
    reason: NoticeReason,
    key: str,
    title: str,
    url: str,
    target: Target,
    at: datetime,
    space_id: int | None,
    actor_id: int | None,
) -> list[int]:
    """One statement. Returns those for whom it was news."""
    with connection.cursor() as cursor:
        cursor.execute(
            _PUT,
            {
                "members": list(member_ids),
                "key": key,
                "reason": str(reason),
                "weight": WEIGHTS[reason],
                "title": title[:200],
                "url": url,
                "type": target_type(target),
                "target": target.pk,
                "space": space_id,
                "actor": actor_id,
                "at": at,
            },
        )
        return [member_id for (member_id,) in cursor.fetchall()]


# --- mail at once -----------------------------------------------------------------------------------------------


def _mail_at_once(
    member_ids: Sequence[int],
    reason: NoticeReason,
    key: str,
    title: str,
    target: Target,
    space_id: int | None,
) -> None:
    """Put a mail into the outbox for those who want this reason at once. It is written when it is sent."""
    if not member_ids:
        return
    chosen = NoticePreference.objects.in_bulk(member_ids)
    now = timezone.now()
    mails = [
        Mail(
            kind=NOTICE_MAIL,
            key=f"{NOTICE_MAIL}:{target_type(target)}:{target.pk}:{member_id}",
            address=email,
            member_id=member_id,
            subject=title[:200],
            body="",
            data={
                "key": key,
                "reason": str(reason),
                "type": target_type(target),
                "id": target.pk,
                "space": space_id,
            },
            not_before=next_open_moment(preference, zone, now),
        )
        for member_id, email, zone in _reachable(member_ids)
        for preference in (chosen.get(member_id) or NoticePreference(member_id=member_id),)
        if preference.delivery(reason) == Delivery.AT_ONCE
    ]
    if mails:
        Mail.objects.bulk_create(mails, ignore_conflicts=True)
        transaction.on_commit(partial(enqueue, sweep_mail, queue="mail"))


def _reachable(member_ids: Sequence[int]) -> list[tuple[int, str, str]]:
    """Id, address and time zone of those who have an address at all; everything else is asked when it is sent."""
    members: Any = get_user_model()._default_manager
    rows = members.filter(
        pk__in=list(member_ids), email__isnull=False, is_machine=False, deactivated_at__isnull=True
    )
    return list(rows.order_by("pk").values_list("pk", "email", "time_zone"))


def preference_of(member_id: int) -> NoticePreference:
    """What the member chose, or the defaults."""
    return NoticePreference.objects.filter(pk=member_id).first() or NoticePreference(member_id=member_id)


def next_open_moment(preference: NoticePreference, zone: str, now: datetime) -> datetime:
    """Rule 9.3: now, or the first moment after "do not disturb" that lies in the member's working hours."""
    moment = max(now, preference.quiet_until) if preference.quiet_until else now
    if not preference.work_days:
        return moment
    local = moment.astimezone(ZoneInfo(zone))
    for days in range(8):
        day = local + timedelta(days=days)
        if day.isoweekday() not in preference.work_days:
            continue
        opens = day.replace(hour=preference.work_from, minute=0, second=0, microsecond=0)
        if preference.work_until < 24:
            closes = day.replace(hour=preference.work_until, minute=0, second=0, microsecond=0)
        else:
            closes = day.replace(hour=23, minute=59, second=59, microsecond=999_999)
        if days == 0 and local >= closes:
            continue
        if days == 0 and local >= opens:
            return moment
        return opens
    return moment


# --- what a member wants ----------------------------------------------------------------------------------------


class Chooser(Actor, Target, Protocol):
    """What preferences need to know of a member, who lives to the right of core."""


@dataclass(frozen=True, slots=True)
class PreferenceChange:
    """The whole page of preferences as it is to be. `choices` may name only some reasons; the others stay."""

    digest: DigestRate
    digest_hour: int
    digest_weekday: int
    work_days: Sequence[int]
    work_from: int
    work_until: int
    quiet_until: datetime | None
    choices: Mapping[str, Delivery] = field(default_factory=dict)


@transaction.atomic
def edit_preferences(member: Chooser, change: PreferenceChange, *, by: Chooser) -> NoticePreference:
    """Rule 9.3: say how one wants to hear. Raises `Refused` for anybody else's, `Invalid` for hours that are none."""
    if member.pk != by.pk:
        raise Refused(_("Everybody chooses for themselves how they hear of things."))
    fields: dict[str, list[str]] = {}
    if not 0 <= change.digest_hour <= 23:
        fields["digest_hour"] = [_("Choose an hour of the day.")]
    if not 1 <= change.digest_weekday <= 7:
        fields["digest_weekday"] = [_("Choose a day of the week.")]
    if not 0 <= change.work_from < change.work_until <= 24:
        fields["work_until"] = [_("Working hours end after they begin.")]
    if any(day not in range(1, 8) for day in change.work_days):
        fields["work_days"] = [_("Choose days of the week.")]
    if fields:
        raise Invalid(_("These hours cannot be."), fields=fields)
    values: dict[str, Any] = {
        "digest": change.digest,
        "digest_hour": change.digest_hour,
        "digest_weekday": change.digest_weekday,
        "work_days": sorted(set(change.work_days)),
        "work_from": change.work_from,
        "work_until": change.work_until,
        "quiet_until": change.quiet_until,
    }
    return _store(member, values, change.choices, by=by)


@transaction.atomic
def stop_reason(member: Chooser, reason: NoticeReason, *, by: Chooser) -> NoticePreference:
    """One click in a mail: nothing of this reason comes by mail any more. The page goes on showing it."""
    return _store(member, {}, {reason: Delivery.OFF}, by=by)


@transaction.atomic
def stop_digest(member: Chooser, *, by: Chooser) -> NoticePreference:
    """One click in a digest: no more of them."""
    return _store(member, {"digest": DigestRate.OFF}, {}, by=by)


def _store(
    member: Chooser, values: Mapping[str, Any], choices: Mapping[str, Delivery], *, by: Chooser
) -> NoticePreference:
    preference, _is_new = NoticePreference.objects.select_for_update().get_or_create(pk=member.pk)
    fields = [name for name, value in values.items() if getattr(preference, name) != value]
    changed = {str(reason): str(way) for reason, way in choices.items() if preference.delivery(reason) != way}
    if not fields and not changed:
        return preference
    for name in fields:
        setattr(preference, name, values[name])
    preference.choices = preference.choices | changed
    preference.updated_at = timezone.now()
    preference.save()
    record(
        Verb.NOTICE_PREFERENCE_EDITED,
        by=by,
        target=member,
        audience=Audience.MEMBER,
        counterpart_id=member.pk,
        fields=sorted([*fields, *changed]),
    )
    return preference


# --- housekeeping -----------------------------------------------------------------------------------------------


@shared_task(name="notices.forget")
def forget_notices() -> int:
    """Take away what nobody will look for any more, in batches. Returns how many rows went."""
    gone = 0
    now = timezone.now()
    old = (
        Notice.objects.filter(Q(read_at__lt=now - FORGET_READ_AFTER) | Q(at__lt=now - FORGET_AFTER)),
        Digest.objects.filter(planned_at__lt=now - FORGET_AFTER),
        Mail.objects.filter(
            kind__in=[NOTICE_MAIL, "digest"],
            state__in=[MailState.SENT, MailState.DROPPED],
            created_at__lt=now - FORGET_READ_AFTER,
        ),
    )
    for rows in old:
        while True:
            ids = list(rows.values_list("pk", flat=True)[:FORGET_BATCH])
            gone += rows.model._default_manager.filter(pk__in=ids).delete()[0] if ids else 0
            if len(ids) < FORGET_BATCH:
                break
    return gone
