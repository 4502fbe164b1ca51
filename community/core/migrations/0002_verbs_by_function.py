"""The list of verbs is asked of a function: a new verb is no change of the table and needs no migration."""

from django.db import migrations, models

import community.core.verbs


class Migration(migrations.Migration):
    dependencies = [("core", "0001_spine")]

    operations = [
        migrations.AlterField(
            model_name="activity",
            name="verb",
            field=models.CharField(choices=community.core.verbs.verb_choices, max_length=40),
        ),
    ]
