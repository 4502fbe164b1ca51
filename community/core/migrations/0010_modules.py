import django.db.models.functions.datetime
from django.db import migrations, models

import community.core.models.module


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0009_search_kinds"),
    ]

    operations = [
        migrations.CreateModel(
            name="ModuleSwitch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        choices=community.core.models.module.module_choices, max_length=20, unique=True
                    ),
                ),
                ("is_on", models.BooleanField()),
                (
                    "switched_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
        ),
    ]
