from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """Who holds an office is found without reading the role of every member."""

    atomic = False

    dependencies = [
        ("members", "0008_remove_profile"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="role",
            index=models.Index(fields=["role"], condition=~Q(role="member"), name="role_beyond_member"),
        ),
    ]
