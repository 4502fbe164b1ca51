import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

MEMBER = settings.AUTH_USER_MODEL


def _key(to: str = MEMBER, *, related_name: str = "+", on_delete=django.db.models.deletion.PROTECT, **more):
    return models.ForeignKey(on_delete=on_delete, related_name=related_name, to=to, **more)


class Migration(migrations.Migration):
    """Direct messages (rule 3.13), and reports of what should not have been written."""

    dependencies = [
        ("discussions", "0007_spaces"),
        migrations.swappable_dependency(MEMBER),
    ]

    operations = [
        migrations.CreateModel(
            name="ContactPreference",
            fields=[
                (
                    "member",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=MEMBER,
                    ),
                ),
                (
                    "rule",
                    models.CharField(
                        choices=[
                            ("everybody", "All members"),
                            ("same_space", "People who are listed in a space with me"),
                            ("followed", "People I follow"),
                            ("nobody", "Nobody"),
                        ],
                        default="everybody",
                        max_length=12,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("rule__in", ["everybody", "same_space", "followed", "nobody"])),
                        name="contact_rule_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Conversation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=80)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("highest_number", models.PositiveIntegerField(default=0)),
                ("last_message_at", models.DateTimeField()),
                ("first", _key(db_index=False, null=True)),
                ("second", _key(db_index=False, null=True)),
                ("started_by", _key(db_index=False)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("first", "second"), name="conversation_of_two_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("first__isnull", True), ("second__isnull", True)),
                            ("first__lt", models.F("second")),
                            _connector="OR",
                        ),
                        name="conversation_two_in_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), ("first__isnull", True), _connector="OR"),
                        name="conversation_name",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Participant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("joined", "takes part"),
                            ("asked", "was asked"),
                            ("ignored", "put it aside"),
                            ("declined", "declined"),
                            ("left", "has left"),
                        ],
                        max_length=10,
                    ),
                ),
                ("first_number", models.PositiveIntegerField(default=1)),
                ("last_read_number", models.PositiveIntegerField(default=0)),
                ("asked_at", models.DateTimeField()),
                ("is_first_contact", models.BooleanField(default=False)),
                ("asked_by", _key(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE)),
                (
                    "conversation",
                    _key(
                        "discussions.conversation",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="participants",
                    ),
                ),
                ("member", _key(db_index=False, on_delete=django.db.models.deletion.CASCADE)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["member", "conversation"], name="participant_of_member"),
                    models.Index(
                        condition=models.Q(("is_first_contact", True)),
                        fields=["asked_by", "asked_at"],
                        name="participant_asked",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("conversation", "member"), name="participant_once"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["joined", "asked", "ignored", "declined", "left"])),
                        name="participant_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("first_number__gte", 1)), name="participant_reads_from_one"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("source", models.TextField()),
                (
                    "source_format",
                    models.CharField(choices=[("markdown", "Markdown"), ("html", "HTML")], max_length=10),
                ),
                ("html", models.TextField()),
                ("renderer_version", models.PositiveSmallIntegerField()),
                ("created_at", models.DateTimeField()),
                ("vector", django.contrib.postgres.search.SearchVectorField()),
                ("author", _key(db_index=False)),
                (
                    "conversation",
                    _key(
                        "discussions.conversation",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messages",
                    ),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fastupdate=False, fields=["vector"], name="message_vector"
                    ),
                    models.Index(fields=["renderer_version", "id"], name="message_renderer_version"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("conversation", "number"), name="message_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(("source_format__in", ["markdown", "html"])),
                        name="message_format_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("target_type", models.CharField(max_length=40)),
                ("target_id", models.BigIntegerField()),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("abuse", "It is abusive or threatening"),
                            ("personal_data", "It gives away personal data"),
                            ("advertising", "It is advertising I did not ask for"),
                            ("other", "Something else"),
                        ],
                        max_length=20,
                    ),
                ),
                ("words", models.CharField(blank=True, max_length=1000)),
                ("context", models.JSONField(default=list)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("about", _key(null=True)),
                ("reporter", _key()),
            ],
            options={
                "indexes": [models.Index(fields=["target_type", "target_id"], name="report_target")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("reporter", "target_type", "target_id"), name="report_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reason__in", ["abuse", "personal_data", "advertising", "other"])
                        ),
                        name="report_reason_known",
                    ),
                ],
            },
        ),
    ]
