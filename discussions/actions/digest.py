"""Planning digests: the database decides for whom it is time, and each is built when it is sent (rule 9.2)."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from celery import shared_task
from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.db.models.functions import Lower, Now
from django.utils import timezone

from community.core.broker import enqueue
from community.core.mail import sweep_mail
from community.core.middleware import zone_or_utc
from community.core.models import AddressFault, Digest, Mail
from discussions.models import Topic
from members.models import Member, Pause, Suspension

CLAIM: Final = 500
#: Of ids, in one statement: at 100,000 members at once it came near the time that any statement is given.
PLAN: Final = 10_000
DIGEST_MAIL: Final = "digest"
# Who had the last one long ago, or was away, is told of a month at most.
LOOKS_BACK: Final = timedelta(days=31)

_PLAN: Final = """
    INSERT INTO core_digest (member_id, period, since)
    SELECT due.id, due.day, due.since
    FROM (
        SELECT
            reached.id,
            here.time::date AS day,
            greatest(
                coalesce(
                    (SELECT max(planned_at) FROM core_digest AS earlier WHERE earlier.member_id = reached.id),
                    %(now)s - CASE wanted.digest
                        WHEN 'monthly' THEN interval '31 days'
                        WHEN 'weekly' THEN interval '7 days'
                        ELSE interval '1 day'
                    END
                ),
                reached.joined_at,
                %(now)s - %(looks_back)s
            ) AS since
        FROM ({recipients}) AS reached (id, time_zone, joined_at)
        JOIN unnest(%(zones)s::text[], %(times)s::timestamp[]) AS here (zone, time)
            ON here.zone = reached.time_zone
        LEFT JOIN core_noticepreference AS wanted ON wanted.member_id = reached.id
        WHERE coalesce(wanted.digest, 'daily') <> 'off'
            AND extract(hour FROM here.time) = coalesce(wanted.digest_hour, 7)
            AND CASE coalesce(wanted.digest, 'daily')
                WHEN 'weekly' THEN extract(isodow FROM here.time) = wanted.digest_weekday
                WHEN 'monthly' THEN extract(day FROM here.time) = 1
                ELSE true
            END
    ) AS due
    WHERE due.since < %(newest_topic)s OR EXISTS (
        SELECT FROM core_notice AS notice
        WHERE notice.member_id = due.id AND notice.read_at IS NULL AND notice.at > due.since
    ) OR due.since < %(newest_post)s AND EXISTS (
        SELECT FROM discussions_savedview AS view WHERE view.member_id = due.id AND view.is_digest
    )
    ON CONFLICT (member_id, period) DO NOTHING
"""


@shared_task(name="discussions.plan_digests")
def plan_digests() -> int:
    """Plan a digest for everybody whose hour it is, one statement for each ten thousand. Returns how many were planned.

    Planned is whoever can be reached, wants digests, and for whom anything may be new: a notice, a topic that began
    since the last one, wherever, or a post for whom has a saved view in the digest. Rights are asked when it is sent.
    Safe to run twice, and to be killed in between: once a member and day of theirs, and each statement commits.
    """
    now = timezone.now()
    zones = list(Member.objects.order_by().values_list("time_zone", flat=True).distinct())
    newest = Topic.objects.aggregate(topic=Max("created_at"), post=Max("last_post_at"))
    values: dict[str, Any] = {
        "now": now,
        "looks_back": LOOKS_BACK,
        "zones": zones,
        "times": [_local(now, zone) for zone in zones],
        "newest_topic": newest["topic"] or now - LOOKS_BACK,
        "newest_post": newest["post"] or now - LOOKS_BACK,
    }
    last = Member.objects.aggregate(last=Max("pk"))["last"] or 0
    planned = sum(_plan(first, values) for first in range(1, last + 1, PLAN))
    if planned or Digest.objects.filter(claimed_at__isnull=True).exists():
        enqueue(claim_digests, queue="mail")
    return planned


def _plan(first: int, values: dict[str, Any]) -> int:
    """Plan for those whose ids begin with this one."""
    members = _reachable().filter(pk__gte=first, pk__lt=first + PLAN)
    compiled = members.values_list("pk", "time_zone", "joined_at").query.get_compiler("default")
    recipients, parameters = compiled.as_sql()
    names = {f"recipient{number}": value for number, value in enumerate(parameters)}
    with connection.cursor() as cursor:
        # The inner statement is the ORM's own; its parameters go in by name.
        cursor.execute(
            _PLAN.format(recipients=recipients % tuple(f"%({name})s" for name in names)), {**values, **names}
        )
        planned: int = cursor.rowcount
    return planned


@shared_task(name="discussions.claim_digests")
def claim_digests() -> int:
    """Put what is planned into the outbox, some hundred at a time. Returns how many.

    Several workers at once take different ones. What a worker that died had taken is free again at that moment, and
    the key of the mail makes it this one mail whatever happens.
    """
    claimed = 0
    while taken := _claim():
        claimed += taken
    return claimed


@transaction.atomic
def _claim() -> int:
    rows = list(
        Digest.objects.filter(claimed_at__isnull=True)
        .order_by("pk")
        .select_for_update(skip_locked=True)
        .values_list("pk", "member", "period")[:CLAIM]
    )
    reached = _reachable().filter(pk__in=[member_id for _pk, member_id, _day in rows])
    members = {member_id: email or "" for member_id, email in reached.values_list("pk", "email")}
    Mail.objects.bulk_create(
        (
            Mail(
                kind=DIGEST_MAIL,
                key=f"{DIGEST_MAIL}:{member_id}:{period.isoformat()}",
                address=members[member_id],
                member_id=member_id,
                subject="",
                body="",
                data={"digest": pk},
            )
            for pk, member_id, period in rows
            if member_id in members
        ),
        ignore_conflicts=True,
    )
    Digest.objects.filter(pk__in=[pk for pk, _member_id, _day in rows]).update(claimed_at=Now())
    if rows:
        transaction.on_commit(partial(enqueue, sweep_mail, queue="mail"))
    return len(rows)


def _reachable() -> "QuerySet[Member]":
    """Those who are in and not away, with an address that takes mail."""
    mine = {"member": OuterRef("pk")}
    faults = AddressFault.objects.filter(address=Lower(OuterRef("email")), stopped_at__isnull=False)
    members: QuerySet[Member] = (
        Member.objects.active()
        .people()
        .admitted()
        .filter(
            ~Exists(Suspension.objects.current().filter(**mine)),
            ~Exists(Pause.objects.current().filter(**mine)),
            ~Exists(faults),
            email__isnull=False,
        )
    )
    return members


def _local(now: datetime, zone: str) -> datetime:
    """The time on a wall there."""
    place: ZoneInfo = zone_or_utc(zone)
    return now.astimezone(place).replace(tzinfo=None)
