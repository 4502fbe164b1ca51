# The checks are widened without reading the tables under their lock; 0004 looks at the rows there are.

import discussions.models.space
import django.contrib.postgres.fields
import django.contrib.postgres.operations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('discussions', '0002_deleted_posts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='space',
            name='space_topic_kinds_known',
        ),
        migrations.RemoveConstraint(
            model_name='topic',
            name='topic_kind_known',
        ),
        migrations.AlterField(
            model_name='space',
            name='topic_kinds',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('discussion', 'Discussion'), ('question', 'Question'), ('introduction', 'Introduction')], max_length=20), default=discussions.models.space.default_topic_kinds, size=None),
        ),
        migrations.AlterField(
            model_name='topic',
            name='kind',
            field=models.CharField(choices=[('discussion', 'Discussion'), ('question', 'Question'), ('introduction', 'Introduction')], max_length=20),
        ),
        django.contrib.postgres.operations.AddConstraintNotValid(
            model_name='space',
            constraint=models.CheckConstraint(condition=models.Q(('topic_kinds__len__gt', 0), ('topic_kinds__contained_by', ['discussion', 'question', 'introduction'])), name='space_topic_kinds_known'),
        ),
        django.contrib.postgres.operations.AddConstraintNotValid(
            model_name='topic',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['discussion', 'question', 'introduction'])), name='topic_kind_known'),
        ),
    ]
