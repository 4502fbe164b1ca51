import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0003_mail'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='mail',
            name='data',
            field=models.JSONField(db_default=models.Value({}, output_field=models.JSONField()), default=dict),
        ),
        migrations.CreateModel(
            name='NoticePreference',
            fields=[
                ('member', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('choices', models.JSONField(default=dict)),
                ('digest', models.CharField(choices=[('daily', 'Every day'), ('weekly', 'Every week'), ('monthly', 'Every month'), ('off', 'Never')], default='daily', max_length=8)),
                ('digest_hour', models.PositiveSmallIntegerField(default=7, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(23)])),
                ('digest_weekday', models.PositiveSmallIntegerField(default=1)),
                ('work_days', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(), default=list, size=None)),
                ('work_from', models.PositiveSmallIntegerField(default=8, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(23)])),
                ('work_until', models.PositiveSmallIntegerField(default=18, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(24)])),
                ('quiet_until', models.DateTimeField(null=True)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('digest__in', ['daily', 'weekly', 'monthly', 'off'])), name='preference_rate_known'), models.CheckConstraint(condition=models.Q(('digest_hour__lte', 23), ('digest_weekday__gte', 1), ('digest_weekday__lte', 7)), name='preference_hour_of_a_day'), models.CheckConstraint(condition=models.Q(('work_from__lt', models.F('work_until')), ('work_until__lte', 24)), name='preference_work_has_hours')],
            },
        ),
        migrations.CreateModel(
            name='AddressFault',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.EmailField(max_length=254, unique=True)),
                ('soft_count', models.PositiveIntegerField(default=0)),
                ('status', models.CharField(blank=True, max_length=12)),
                ('reason', models.CharField(max_length=20)),
                ('first_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('last_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('stopped_at', models.DateTimeField(null=True)),
                ('member', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('stopped_at__isnull', False)), fields=['member'], name='address_fault_of_member')],
            },
        ),
        migrations.CreateModel(
            name='Digest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('period', models.DateField()),
                ('since', models.DateTimeField()),
                ('planned_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('claimed_at', models.DateTimeField(null=True)),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('claimed_at__isnull', True)), fields=['id'], name='digest_unclaimed')],
                'constraints': [models.UniqueConstraint(fields=('member', 'period'), name='digest_once')],
            },
        ),
        migrations.CreateModel(
            name='MailFeedback',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=60)),
                ('is_useful', models.BooleanField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('member', 'key'), name='mail_feedback_once')],
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=60)),
                ('reason', models.CharField(choices=[('mentioned', 'you were mentioned'), ('replied', 'somebody answered you'), ('message', 'somebody wrote to you'), ('decided', 'something of yours was decided'), ('address', 'mail to you came back'), ('reminder', 'you asked to be reminded'), ('answered', 'a question has its answer'), ('asked', 'you may know the answer'), ('announced', 'it is an announcement'), ('following', 'you follow the topic'), ('space', 'you follow the space'), ('tag', 'you follow the tag'), ('thanked', 'somebody thanked you')], max_length=20)),
                ('weight', models.PositiveSmallIntegerField()),
                ('title', models.CharField(max_length=200)),
                ('url', models.CharField(max_length=300)),
                ('target_type', models.CharField(max_length=40)),
                ('target_id', models.BigIntegerField()),
                ('space_id', models.BigIntegerField(null=True)),
                ('count', models.PositiveIntegerField(db_default=1, default=1)),
                ('first_at', models.DateTimeField()),
                ('at', models.DateTimeField()),
                ('read_at', models.DateTimeField(null=True)),
                ('mailed_at', models.DateTimeField(null=True)),
                ('actor', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['member', '-at', '-id'], name='notice_inbox'), models.Index(condition=models.Q(('read_at__isnull', True)), fields=['member', 'space_id'], name='notice_unread'), models.Index(fields=['member', 'key', '-at'], name='notice_of_key'), models.Index(condition=models.Q(('read_at__isnull', False)), fields=['read_at'], name='notice_read')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('read_at__isnull', True)), fields=('member', 'key'), name='notice_unread_once'), models.CheckConstraint(condition=models.Q(('count__gte', 1)), name='notice_counts_something')],
            },
        ),
        migrations.CreateModel(
            name='ReceivedMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('message_id', models.CharField(max_length=200, unique=True)),
                ('kind', models.CharField(choices=[('posted', 'became a post'), ('refused', 'was refused, with its text sent back'), ('automatic', 'was written by a machine'), ('bounce', 'is a report of a mail server'), ('unknown', 'is for nobody here')], max_length=10)),
                ('target_id', models.BigIntegerField(null=True)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('received_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('member', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['-received_at', '-id'], name='received_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['posted', 'refused', 'automatic', 'bounce', 'unknown'])), name='received_kind_known')],
            },
        ),
    ]
