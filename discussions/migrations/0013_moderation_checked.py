"""The constraints of the step before, compared with the rows outside of its lock; and what was reported comes into the queue."""

from datetime import timedelta

from django.apps.registry import Apps
from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Min

URGENT = {"personal_data", "abuse"}


def queue_reports(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """One case for each thing that was reported before there was a queue."""
    report, case = apps.get_model("discussions", "Report"), apps.get_model("discussions", "Case")
    alone = report.objects.filter(case__isnull=True)
    for row in alone.values("target_type", "target_id").annotate(first=Min("created_at")).order_by("first"):
        mine = alone.filter(target_type=row["target_type"], target_id=row["target_id"])
        latest = mine.order_by("-pk")[0]
        urgent = mine.filter(reason__in=URGENT).first()
        reason = (urgent or latest).reason
        made = case.objects.create(
            kind=row["target_type"],
            target_id=row["target_id"],
            about_id=latest.about_id,
            reason=reason,
            report_count=mine.count(),
            context=latest.context,
            opened_at=row["first"],
            due_at=row["first"] + timedelta(hours=4 if urgent else 24),
        )
        mine.update(case=made)


class Migration(migrations.Migration):
    # Each statement for itself: comparing the rows of a large table must not hold the locks of the others.
    atomic = False

    dependencies = [("discussions", "0012_moderation")]

    operations = [
        ValidateConstraint("message", "message_hidden_is_gone"),
        ValidateConstraint("post", "post_hidden_is_gone"),
        ValidateConstraint("topic", "topic_hidden_is_gone"),
        migrations.RunPython(queue_reports, migrations.RunPython.noop),
    ]
