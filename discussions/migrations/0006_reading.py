"""Following with more reasons, reactions, bookmarks, saved views, and who is at a question."""

import django.contrib.postgres.operations
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # The indexes of large tables are built beside those who write; each step stands for itself.
    atomic = False

    dependencies = [
        ('discussions', '0005_writing'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AnswerRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('topic', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='answer_requests', to='discussions.topic')),
            ],
            options={
                'indexes': [models.Index(fields=['member', 'created_at'], name='answer_request_of_month')],
                'constraints': [models.UniqueConstraint(fields=('topic', 'member'), name='answer_request_once')],
            },
        ),
        migrations.CreateModel(
            name='Bookmark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('note', models.CharField(blank=True, max_length=200)),
                ('remind_at', models.DateTimeField(null=True)),
                ('unless_answered', models.BooleanField(default=False)),
                ('reminded_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bookmarks', to='discussions.post')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['member', '-created_at', '-id'], name='bookmark_of_member'),
                    models.Index(condition=models.Q(('remind_at__isnull', False), ('reminded_at__isnull', True)), fields=['remind_at'], name='bookmark_due'),
                ],
                'constraints': [models.UniqueConstraint(fields=('member', 'post'), name='bookmark_once')],
            },
        ),
        migrations.CreateModel(
            name='Claim',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('topic', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='claim', to='discussions.topic')),
            ],
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('query', models.CharField(max_length=300)),
                ('is_digest', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_views', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('name',),
                'constraints': [models.UniqueConstraint(fields=('member', 'name'), name='saved_view_name_once')],
            },
        ),
        migrations.AlterField(
            model_name='post',
            name='thanks_count',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='post',
            name='insightful_count',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='post',
            name='agree_count',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='post',
            name='me_too_count',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='topic',
            name='useful_people',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='topic',
            name='useful_companies',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='topic',
            name='usefulness',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='topic',
            name='nudged_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='follow',
            name='reason',
            field=models.CharField(choices=[('chosen', 'you chose to follow this'), ('started', 'you started this'), ('replied', 'you replied'), ('mentioned', 'you were mentioned'), ('asked', 'you were asked to answer'), ('answering', 'you said you would answer'), ('introduced', 'you were introduced here')], max_length=20),
        ),
        migrations.AlterField(
            model_name='reaction',
            name='kind',
            field=models.CharField(choices=[('thanks', 'Thanks'), ('insightful', 'Insightful'), ('agree', 'Agree'), ('me_too', 'Me too')], max_length=20),
        ),
        # Widened without reading the table under its lock, and looked at afterwards.
        migrations.RemoveConstraint(model_name='reaction', name='reaction_kind_known'),
        django.contrib.postgres.operations.AddConstraintNotValid(
            model_name='reaction',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['thanks', 'insightful', 'agree', 'me_too'])), name='reaction_kind_known'),
        ),
        django.contrib.postgres.operations.ValidateConstraint('reaction', 'reaction_kind_known'),
        AddIndexConcurrently(
            model_name='follow',
            index=models.Index(condition=models.Q(('space__isnull', False)), fields=['space'], name='follow_of_space'),
        ),
        AddIndexConcurrently(
            model_name='follow',
            index=models.Index(condition=models.Q(('tag__isnull', False)), fields=['tag'], name='follow_of_tag'),
        ),
        AddIndexConcurrently(
            model_name='post',
            index=models.Index(fields=['reply_to', 'number'], name='post_replies'),
        ),
        AddIndexConcurrently(
            model_name='taggedtopic',
            index=models.Index(fields=['tag', '-content_object'], name='tagged_newest'),
        ),
        AddIndexConcurrently(
            model_name='topic',
            index=models.Index(condition=models.Q(('deleted_at__isnull', True), ('usefulness__gt', 0)), fields=['-usefulness', '-id'], name='topic_most_useful'),
        ),
    ]
