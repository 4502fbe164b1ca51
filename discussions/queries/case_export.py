"""The rows of the queue as a table, read in batches while they are sent."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from discussions.models import Case, Ruling, RulingAct
from discussions.queries.moderation import Wanted, queue_cases, rule_label
from members.models import Member

BATCH: Final = 500


def export_header() -> list[str]:
    """What stands in each column; moments are in UTC."""
    return [
        _("Case"), _("Kind"), _("Reason"), _("Rules"), _("Title"), _("About"), _("Space"), _("Reports"), _("State"),
        _("Opened"), _("Due"), _("With"), _("Decided"), _("Decision"), _("By"), _("In time"), _("Taken back"),
    ]  # fmt: skip


def export_count(user: Member, wanted: Wanted) -> int:
    """How many rows the table has. One query."""
    return queue_cases(user, wanted)[0].count()


def export_rows(user: Member, wanted: Wanted) -> Iterator[list[object]]:
    """One row for each decision, and one for what has none yet, by the id of the case. Two queries for each batch.

    Neither the words of what was reported nor who reported it: those stay where they are decided about.
    """
    cases, last = queue_cases(user, wanted)[0].order_by("pk"), 0
    while batch := list(cases.filter(pk__gt=last)[:BATCH]):
        rulings: dict[int, list[Ruling]] = {}
        for ruling in Ruling.objects.filter(case__in=batch).select_related("by").order_by("pk"):
            rulings.setdefault(ruling.case_id, []).append(ruling)
        for case in batch:
            decisions = rulings.get(case.pk, [])
            for decision in decisions:
                yield [*_case_cells(case), *_ruling_cells(case, decision)]
            if not decisions:
                yield [*_case_cells(case), *_ruling_cells(case, None)]
        last = batch[-1].pk


def _case_cells(case: Case) -> list[object]:
    return [
        case.pk,
        str(case.get_kind_display()),
        str(case.get_reason_display()),
        ", ".join(rule_label(name) for name in case.rules),
        case.title,
        case.about.display_name if case.about else "",
        case.space.name if case.space else "",
        case.report_count,
        str(case.get_state_display()),
        _moment(case.opened_at),
        _moment(case.due_at),
        case.owner.display_name if case.owner else "",
    ]


def _ruling_cells(case: Case, ruling: Ruling | None) -> list[object]:
    if ruling is None:
        return ["", "", "", "", ""]
    return [
        _moment(ruling.at),
        str(RulingAct(ruling.act).label),
        ruling.by.display_name if ruling.by else "",
        _("yes") if ruling.at <= case.due_at else _("no"),
        _moment(ruling.undone_at) if ruling.undone_at else "",
    ]


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
