from django.db import migrations, models


class Migration(migrations.Migration):
    """The search before and from a day goes along the time of its entries, that for topics along their ids."""

    dependencies = [
        ("core", "0006_notice_reasons"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="searchentry",
            index=models.Index(fields=["kind", "id"], name="search_entry_kind"),
        ),
        migrations.AddIndex(
            model_name="searchentry",
            index=models.Index(fields=["occurred_at"], name="search_entry_time"),
        ),
    ]
