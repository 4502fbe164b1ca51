import django.contrib.postgres.operations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('discussions', '0003_introductions'),
    ]

    operations = [
        django.contrib.postgres.operations.ValidateConstraint('space', 'space_topic_kinds_known'),
        django.contrib.postgres.operations.ValidateConstraint('topic', 'topic_kind_known'),
    ]
