"""Appeals of before say who imposed what they are about, so that the database can compare."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def name_imposers(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    for appeal in apps.get_model("members", "Appeal").objects.select_related("suspension"):
        if appeal.suspension is not None and appeal.suspension.suspended_by_id != appeal.decided_by_id:
            appeal.imposed_by_id = appeal.suspension.suspended_by_id
            appeal.save(update_fields=["imposed_by"])


class Migration(migrations.Migration):
    dependencies = [("members", "0011_sanctions")]

    operations = [migrations.RunPython(name_imposers, migrations.RunPython.noop)]
