from django.db import migrations, models


class Migration(migrations.Migration):
    """Messages that were changed or deleted (rule 3.7), and files whose words are found with them (rule 3.16)."""

    dependencies = [
        ("discussions", "0008_messages"),
    ]

    operations = [
        migrations.AddField(
            model_name="attachment", name="words_read_at", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="message", name="deleted_at", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="message", name="edited_at", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="message",
            name="version",
            field=models.PositiveIntegerField(db_default=1, default=1),
        ),
        migrations.AddIndex(
            model_name="attachment",
            index=models.Index(
                condition=models.Q(
                    ("message_id__isnull", False), ("width", 0), ("words_read_at__isnull", True)
                ),
                fields=["id"],
                name="attachment_unread",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", False)),
                fields=["deleted_at"],
                name="message_deleted",
            ),
        ),
    ]
