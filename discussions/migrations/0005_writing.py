"""Drafts, attachments and mentions (rules 3.4 to 3.6)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('discussions', '0004_introductions_checked'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=32, unique=True)),
                ('file_name', models.CharField(max_length=120)),
                ('content_type', models.CharField(max_length=100)),
                ('size', models.PositiveIntegerField()),
                ('width', models.PositiveIntegerField(default=0)),
                ('height', models.PositiveIntegerField(default=0)),
                ('alt', models.CharField(blank=True, max_length=300)),
                ('created_at', models.DateTimeField()),
                ('message_id', models.BigIntegerField(null=True)),
                ('post', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='discussions.post')),
                ('uploader', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('uploader__isnull', False)), fields=['uploader', 'created_at'], name='attachment_unclaimed'), models.Index(condition=models.Q(('post__isnull', False)), fields=['post'], name='attachment_of_post'), models.Index(condition=models.Q(('message_id__isnull', False)), fields=['message_id'], name='attachment_of_message')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('message_id__isnull', True), ('post__isnull', True), ('uploader__isnull', False)), models.Q(('message_id__isnull', True), ('post__isnull', False), ('uploader__isnull', True)), models.Q(('message_id__isnull', False), ('post__isnull', True), ('uploader__isnull', True)), _connector='OR'), name='attachment_stands_in_one_place')],
            },
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=100)),
                ('sequence', models.PositiveIntegerField(default=1)),
                ('writer', models.CharField(blank=True, max_length=40)),
                ('words', models.JSONField()),
                ('updated_at', models.DateTimeField()),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['updated_at'], name='draft_oldest')],
                'constraints': [models.UniqueConstraint(fields=('member', 'key'), name='draft_once'), models.CheckConstraint(condition=models.Q(('sequence__gte', 1)), name='draft_sequence_starts_at_one')],
            },
        ),
        migrations.CreateModel(
            name='Mention',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('post', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='mentions', to='discussions.post')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('post', 'member'), name='mention_once')],
            },
        ),
    ]
