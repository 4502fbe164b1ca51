"""The rows of an exported directory, read in batches while they are sent."""

from collections.abc import Iterator, Sequence
from typing import Final

from django.utils.translation import gettext as _

from members.models import DirectoryExport, Employment, FactField, Member, Visibility
from members.queries.directory import Resolved, fitting
from members.queries.facts import facts_of

BATCH: Final = 500


def export_header(fields: Sequence[FactField]) -> list[str]:
    """What stands in each column."""
    return [
        _("Export"), _("Name"), _("Handle"), _("Title"), _("Company"), _("Here since"),
        *(field.title for field in fields),
    ]  # fmt: skip


def export_fields() -> list[FactField]:
    """The fields of the profile, a column each. One query."""
    return list(FactField.objects.filter(retired_at__isnull=True).order_by("position", "pk"))


def export_rows(
    export: DirectoryExport, reader: Member, resolved: Resolved, fields: Sequence[FactField]
) -> Iterator[list[object]]:
    """Everybody who fits, by id, with what all members may see and nothing that only this reader may.

    Four queries for each batch. The export's number stands in each row: a copy of a part says where it came from.
    """
    last = 0
    entries = fitting(reader, resolved).order_by("pk")
    while ids := list(entries.filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
        people = Member.objects.visible_to(reader).in_bulk(ids)
        facts = facts_of(ids, reader)
        current = Employment.objects.current().filter(member__in=ids).select_related("organisation")
        jobs = {job.member_id: job for job in current}
        for pk in ids:
            if pk not in people:
                continue
            member, job = people[pk], jobs.get(pk)
            shown = {
                fact.key: ", ".join(fact.words)
                for fact in facts.get(pk, ())
                if fact.visibility == Visibility.MEMBERS
            }
            yield [
                export.pk,
                member.display_name,
                member.handle,
                job.title if job else "",
                job.organisation.name if job else "",
                member.joined_at.date().isoformat(),
                *(shown.get(field.key, "") for field in fields),
            ]
        last = ids[-1]
