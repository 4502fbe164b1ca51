from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """The language of a search entry, and what was looked for in vain (rule 3.16). Writers wait for none of it."""

    atomic = False

    dependencies = [("core", "0004_notices")]

    operations = [
        migrations.AlterField(
            model_name="searchentry",
            name="kind",
            field=models.CharField(
                choices=[("topic", "topic"), ("post", "reply"), ("file", "file")], max_length=20
            ),
        ),
        migrations.AddField(
            model_name="searchentry",
            name="language",
            field=models.CharField(db_default="english", default="english", max_length=12),
        ),
        AddIndexConcurrently(
            model_name="searchentry",
            index=models.Index(
                condition=models.Q(("language", "english"), _negated=True),
                fields=["language"],
                name="search_entry_language",
            ),
        ),
        AddIndexConcurrently(
            model_name="searchentry",
            index=models.Index(fields=["space_id", "id"], name="search_entry_space"),
        ),
        migrations.CreateModel(
            name="SearchMiss",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("words", models.CharField(max_length=100)),
                ("day", models.DateField()),
                ("count", models.PositiveIntegerField(default=1)),
            ],
            options={
                "verbose_name_plural": "searches without a result",
                "constraints": [
                    models.UniqueConstraint(fields=("day", "words"), name="search_miss_once_a_day"),
                    models.CheckConstraint(condition=models.Q(("count__gte", 1)), name="search_miss_counts"),
                ],
            },
        ),
    ]
