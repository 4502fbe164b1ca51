"""Moderators look through what was deleted without reading every post."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Built beside those who write.
    atomic = False

    dependencies = [("discussions", "0001_talk")]

    operations = [
        AddIndexConcurrently(
            model_name="post",
            index=models.Index(
                fields=["id"], condition=models.Q(("deleted_at__isnull", False)), name="post_deleted"
            ),
        ),
    ]
