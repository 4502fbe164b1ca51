"""What was imposed on somebody, for those who impose and lift it; the person's own list is in `moderation.py`."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.models import Module
from community.core.moments import Clock, Moment
from discussions.models import Space
from discussions.permissions import MODERATORS, can_lift_sanction
from discussions.queries.rows import Row
from members.models import Appeal, Member, Sanction, Suspension

ROWS = 50


@dataclass(frozen=True, slots=True)
class SanctionRow(Row):
    """A warning, a time of quiet or a suspension. `lift_url` is '' where it cannot be lifted, or is elsewhere."""

    label: str
    where: str
    reason: str
    by_name: str
    since: Moment
    until: Moment
    is_in_force: bool
    lifted_label: str
    appeal_words: str
    appeal_label: str
    lift_url: str
    admin_url: str


@dataclass(frozen=True, slots=True)
class SanctionPage(Row):
    name: str
    url: str
    rows: list[SanctionRow]


def liftable_sanctions(user: Member) -> QuerySet[Sanction]:
    """What somebody may lift, and one's own, of which `can_lift_sanction` says what is open instead."""
    if not user.uses(Module.MODERATION):
        return Sanction.objects.none()
    if user.has_role(*MODERATORS):
        return Sanction.objects.all()
    return Sanction.objects.filter(Q(imposed_by=user) | Q(member=user))


def sanction_page(member: Member, user: Member) -> SanctionPage:
    """Rule 8.5: the latest first. Three queries."""
    clock = Clock(timezone.now())
    spaces = dict(Space.objects.visible_to(user).values_list("pk", "name"))
    milder = Sanction.objects.filter(member=member).select_related("member", "imposed_by", "appeal")
    found = [
        (
            row.from_at,
            _row(
                row,
                clock,
                label=str(row.get_grade_display()),
                where=spaces.get(row.space_id, _("in one space")) if row.space_id else _("everywhere"),
                by=row.imposed_by,
                lift_url=reverse("sanction_lift", args=[row.pk])
                if row.is_in_force and can_lift_sanction(user, row)
                else "",
            ),
        )
        for row in milder.order_by("-pk")[:ROWS]
    ]
    graver = Suspension.objects.filter(member=member).select_related("suspended_by", "appeal")
    found += [
        (
            row.from_at,
            _row(
                row,
                clock,
                label=_("Suspension"),
                where=_("everywhere"),
                by=row.suspended_by,
                admin_url=reverse("admin:members_suspension_change", args=[row.pk]),
            ),
        )
        for row in graver.order_by("-pk")[:ROWS]
    ]
    rows = [row for _from, row in sorted(found, key=lambda pair: pair[0], reverse=True)]
    return SanctionPage(member.display_name, member.get_absolute_url(), rows)


def _row(
    row: Sanction | Suspension,
    clock: Clock,
    *,
    label: str,
    where: str,
    by: Member | None,
    lift_url: str = "",
    admin_url: str = "",
) -> SanctionRow:
    appeal: Appeal | None = getattr(row, "appeal", None)
    appeal_label = ""
    if appeal is not None:
        appeal_label = _("Waits for somebody else than who imposed it.")
        if appeal.decided_at is not None:
            appeal_label = _("Granted") if appeal.is_granted else _("Refused")
    return SanctionRow(
        label=label,
        where=where,
        reason=row.reason,
        by_name=by.display_name if by else _("somebody who is gone"),
        since=clock.moment(row.from_at),
        until=clock.moment(row.until_at),
        is_in_force=row.is_in_force,
        lifted_label=_("lifted {when}").format(when=clock.moment(row.lifted_at).relative)
        if row.lifted_at and row.lifted_at < row.until_at
        else "",
        appeal_words=appeal.words if appeal else "",
        appeal_label=appeal_label,
        lift_url=lift_url,
        admin_url=admin_url,
    )
