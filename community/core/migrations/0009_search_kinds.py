from django.db import migrations, models

import community.core.models.search


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0008_long_addresses"),
    ]

    operations = [
        migrations.AlterField(
            model_name="searchentry",
            name="kind",
            field=models.CharField(choices=community.core.models.search.search_kinds, max_length=20),
        ),
    ]
