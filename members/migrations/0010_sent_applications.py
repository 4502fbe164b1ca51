from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """How many applications wait in each list is counted in an index alone."""

    atomic = False

    dependencies = [
        ("members", "0009_role_index"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="application",
            index=models.Index(
                fields=["state", "due_at"],
                include=["member"],
                condition=Q(
                    state__in=("submitted", "in_review", "more_asked", "waitlisted"),
                    submitted_at__isnull=False,
                ),
                name="application_sent",
            ),
        ),
    ]
