"""Stewards, rules and outlines of spaces, rearranged topics, ask-me-anything sessions, proposed tags (3.1, 3.2)."""

import discussions.models.space
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('discussions', '0006_reading'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AskSession',
            fields=[
                ('topic', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='ask_session', serialize=False, to='discussions.topic')),
                ('opens_at', models.DateTimeField()),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('begun_at', models.DateTimeField(null=True)),
                ('sequence', models.PositiveIntegerField(default=0)),
                ('updated_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='PostMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('moved_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='QuestionSupport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='SessionHost',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ],
        ),
        migrations.CreateModel(
            name='SessionQuestion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('support_count', models.PositiveIntegerField(default=0)),
                ('answered_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='SpaceRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('words', models.CharField(blank=True, max_length=500)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('decided_at', models.DateTimeField(null=True)),
                ('is_listed', models.BooleanField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='SpaceRules',
            fields=[
                ('space', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='rules', serialize=False, to='discussions.space')),
                ('least_length', models.PositiveSmallIntegerField(default=0, help_text="Characters of a question's text.")),
                ('needs_tag', models.BooleanField(default=False)),
                ('look_first', models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name='SpaceSteward',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('until', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='TopicTemplate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('discussion', 'Discussion'), ('question', 'Question'), ('introduction', 'Introduction'), ('session', 'Ask-me-anything session'), ('announcement', 'Announcement')], max_length=20)),
                ('source', models.TextField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='space',
            name='space_topic_kinds_known',
        ),
        migrations.RemoveConstraint(
            model_name='topic',
            name='topic_kind_known',
        ),
        migrations.AddField(
            model_name='space',
            name='takes_requests',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='tag',
            name='proposed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='tag',
            name='proposed_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='topic',
            name='has_moved_posts',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='topic',
            name='merged_into',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='discussions.topic'),
        ),
        migrations.AddField(
            model_name='topic',
            name='pin_reason',
            field=models.CharField(blank=True, db_default='', default='', max_length=300),
        ),
        migrations.AddField(
            model_name='topic',
            name='pinned_until',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='topic',
            name='takes_replies',
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AlterField(
            model_name='space',
            name='topic_kinds',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('discussion', 'Discussion'), ('question', 'Question'), ('introduction', 'Introduction'), ('session', 'Ask-me-anything session'), ('announcement', 'Announcement')], max_length=20), default=discussions.models.space.default_topic_kinds, size=None),
        ),
        migrations.AlterField(
            model_name='topic',
            name='kind',
            field=models.CharField(choices=[('discussion', 'Discussion'), ('question', 'Question'), ('introduction', 'Introduction'), ('session', 'Ask-me-anything session'), ('announcement', 'Announcement')], max_length=20),
        ),
        migrations.AddIndex(
            model_name='tag',
            index=models.Index(condition=models.Q(('proposed_at__isnull', False)), fields=['proposed_at'], name='tag_proposed'),
        ),
        migrations.AddIndex(
            model_name='topic',
            index=models.Index(condition=models.Q(('merged_into__isnull', False)), fields=['merged_into'], name='topic_merged_into'),
        ),
        migrations.AddIndex(
            model_name='topic',
            index=models.Index(condition=models.Q(('pinned_until__isnull', False)), fields=['pinned_until'], name='topic_pin_ends'),
        ),
        migrations.AddConstraint(
            model_name='space',
            constraint=models.CheckConstraint(condition=models.Q(('topic_kinds__len__gt', 0), ('topic_kinds__contained_by', ['discussion', 'question', 'introduction', 'session', 'announcement'])), name='space_topic_kinds_known'),
        ),
        migrations.AddConstraint(
            model_name='space',
            constraint=models.CheckConstraint(condition=models.Q(('takes_requests', False), ('preset', 'private'), _connector='OR'), name='space_only_private_takes_requests'),
        ),
        migrations.AddConstraint(
            model_name='topic',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['discussion', 'question', 'introduction', 'session', 'announcement'])), name='topic_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='topic',
            constraint=models.CheckConstraint(condition=models.Q(('pinned_until__isnull', True), ('pinned_at__isnull', False), _connector='OR'), name='topic_pinned_before_it_ends'),
        ),
        migrations.AddConstraint(
            model_name='topic',
            constraint=models.CheckConstraint(condition=models.Q(('merged_into__isnull', True), ('deleted_at__isnull', False), _connector='OR'), name='topic_merged_is_gone'),
        ),
        migrations.AddIndex(
            model_name='asksession',
            index=models.Index(condition=models.Q(('begun_at__isnull', True)), fields=['starts_at'], name='ask_session_to_begin'),
        ),
        migrations.AddConstraint(
            model_name='asksession',
            constraint=models.CheckConstraint(condition=models.Q(('opens_at__lte', models.F('starts_at')), ('starts_at__lt', models.F('ends_at'))), name='ask_session_in_order'),
        ),
        migrations.AddField(
            model_name='postmove',
            name='post',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='moves', to='discussions.post'),
        ),
        migrations.AddField(
            model_name='postmove',
            name='topic',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='discussions.topic'),
        ),
        migrations.AddField(
            model_name='questionsupport',
            name='member',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='sessionhost',
            name='member',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='sessionhost',
            name='session',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='hosts', to='discussions.asksession'),
        ),
        migrations.AddField(
            model_name='sessionquestion',
            name='answer',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='discussions.post'),
        ),
        migrations.AddField(
            model_name='sessionquestion',
            name='post',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='discussions.post'),
        ),
        migrations.AddField(
            model_name='sessionquestion',
            name='session',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='questions', to='discussions.asksession'),
        ),
        migrations.AddField(
            model_name='questionsupport',
            name='question',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='supports', to='discussions.sessionquestion'),
        ),
        migrations.AddField(
            model_name='spacerequest',
            name='decided_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='spacerequest',
            name='member',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='spacerequest',
            name='space',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='requests', to='discussions.space'),
        ),
        migrations.AddField(
            model_name='spacesteward',
            name='granted_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='spacesteward',
            name='member',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='spacesteward',
            name='space',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stewardships', to='discussions.space'),
        ),
        migrations.AddField(
            model_name='topictemplate',
            name='space',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='templates', to='discussions.space'),
        ),
        migrations.AddConstraint(
            model_name='postmove',
            constraint=models.UniqueConstraint(fields=('topic', 'number'), name='post_move_once'),
        ),
        migrations.AddConstraint(
            model_name='sessionhost',
            constraint=models.UniqueConstraint(fields=('session', 'member'), name='session_host_once'),
        ),
        migrations.AddIndex(
            model_name='sessionquestion',
            index=models.Index(fields=['session', '-support_count', 'id'], name='session_question_order'),
        ),
        migrations.AddConstraint(
            model_name='sessionquestion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answer__isnull', True), ('answered_at__isnull', True)), models.Q(('answer__isnull', False), ('answered_at__isnull', False)), _connector='OR'), name='session_question_answered_by_a_post'),
        ),
        migrations.AddConstraint(
            model_name='questionsupport',
            constraint=models.UniqueConstraint(fields=('question', 'member'), name='question_support_once'),
        ),
        migrations.AddConstraint(
            model_name='spacerequest',
            constraint=models.UniqueConstraint(condition=models.Q(('decided_at__isnull', True)), fields=('space', 'member'), name='space_request_open_once'),
        ),
        migrations.AddConstraint(
            model_name='spacerequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('is_listed__isnull', True)), models.Q(('decided_at__isnull', False), ('is_listed__isnull', False)), _connector='OR'), name='space_request_decided_one_way'),
        ),
        migrations.AddConstraint(
            model_name='spacesteward',
            constraint=models.UniqueConstraint(fields=('space', 'member'), name='space_steward_once'),
        ),
        migrations.AddConstraint(
            model_name='topictemplate',
            constraint=models.UniqueConstraint(fields=('space', 'kind'), name='topic_template_once'),
        ),
        migrations.AddConstraint(
            model_name='topictemplate',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['discussion', 'question', 'introduction', 'session', 'announcement'])), name='topic_template_kind_known'),
        ),
    ]
