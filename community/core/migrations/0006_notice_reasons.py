from django.db import migrations, models

import community.core.models.notice


class Migration(migrations.Migration):
    """A nudge has a reason of its own; reasons are known by a function now, and nothing changes in the table."""

    dependencies = [
        ("core", "0005_search"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notice",
            name="reason",
            field=models.CharField(choices=community.core.models.notice.notice_reasons, max_length=20),
        ),
    ]
