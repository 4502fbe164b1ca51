import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("discussions", "0013_moderation_checked"),
        ("members", "0012_appeals_imposed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Poll",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("single", "One choice"),
                            ("multiple", "Several choices"),
                            ("ranked", "Ranking"),
                            ("dots", "Dots to spread"),
                            ("score", "Score from 0 to 5"),
                            ("date", "Find a date"),
                        ],
                        max_length=10,
                    ),
                ),
                ("title", models.CharField(max_length=200)),
                ("about", models.CharField(blank=True, max_length=2000)),
                (
                    "results",
                    models.CharField(
                        choices=[
                            ("always", "Always"),
                            ("after_voting", "After voting"),
                            ("at_close", "When the poll is closed"),
                            ("managers", "Only for community managers"),
                        ],
                        default="after_voting",
                        max_length=20,
                    ),
                ),
                (
                    "electorate",
                    models.CharField(
                        choices=[
                            ("readers", "Everybody who can read it"),
                            ("listed", "The people listed in the space"),
                        ],
                        default="readers",
                        max_length=10,
                    ),
                ),
                (
                    "vote_per",
                    models.CharField(
                        choices=[
                            ("member", "One vote for each person"),
                            ("company", "One vote for each company"),
                        ],
                        default="member",
                        max_length=10,
                    ),
                ),
                (
                    "secrecy",
                    models.CharField(
                        choices=[
                            ("open", "Open: names stand beside the choices"),
                            ("sums", "Sums only: nobody reads who chose what"),
                            ("anonymous", "Anonymous: a ballot has no link to who voted"),
                        ],
                        default="sums",
                        max_length=10,
                    ),
                ),
                ("may_change", models.BooleanField(default=True)),
                ("can_need_information", models.BooleanField(default=False)),
                ("quorum", models.PositiveIntegerField(default=0)),
                ("most_choices", models.PositiveSmallIntegerField(default=0)),
                ("dots", models.PositiveSmallIntegerField(default=8)),
                ("outcome_days", models.PositiveSmallIntegerField(default=14)),
                ("created_at", models.DateTimeField()),
                ("closes_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("reminded_at", models.DateTimeField(null=True)),
                ("outcome_due_at", models.DateTimeField(null=True)),
                ("outcome_reminded_at", models.DateTimeField(null=True)),
                ("outcome", models.CharField(blank=True, max_length=5000)),
                ("outcome_at", models.DateTimeField(null=True)),
                ("deleted_at", models.DateTimeField(null=True)),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "outcome_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "space",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="polls",
                        to="discussions.space",
                    ),
                ),
                (
                    "topic",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="polls",
                        to="discussions.topic",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Ballot",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "option_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                (
                    "weights",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.SmallIntegerField(), default=list, size=None
                    ),
                ),
                ("needs_information", models.BooleanField(default=False)),
                ("count", models.PositiveIntegerField(default=1)),
                (
                    "poll",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="discussions.poll"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PollOption",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("label", models.CharField(blank=True, max_length=120)),
                ("starts_at", models.DateTimeField(null=True)),
                (
                    "poll",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="options",
                        to="discussions.poll",
                    ),
                ),
            ],
            options={
                "ordering": ("position",),
            },
        ),
        migrations.CreateModel(
            name="Voter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_for_company", models.BooleanField(default=False)),
                ("is_anonymous", models.BooleanField(default=False)),
                ("voted_at", models.DateTimeField(null=True)),
                (
                    "ballot",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="discussions.ballot",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.organisation",
                    ),
                ),
                (
                    "poll",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="discussions.poll",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="poll",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", True), ("deleted_at__isnull", True)),
                fields=["closes_at"],
                name="poll_to_close",
            ),
        ),
        migrations.AddIndex(
            model_name="poll",
            index=models.Index(
                condition=models.Q(
                    ("closed_at__isnull", False), ("deleted_at__isnull", True), ("outcome_at__isnull", True)
                ),
                fields=["outcome_due_at"],
                name="poll_promised",
            ),
        ),
        migrations.AddConstraint(
            model_name="poll",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["single", "multiple", "ranked", "dots", "score", "date"])),
                name="poll_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="poll",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("electorate__in", ["readers", "listed"]),
                    ("results__in", ["always", "after_voting", "at_close", "managers"]),
                    ("secrecy__in", ["open", "sums", "anonymous"]),
                    ("vote_per__in", ["member", "company"]),
                ),
                name="poll_rules_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="poll",
            constraint=models.CheckConstraint(
                condition=models.Q(("title", ""), _negated=True), name="poll_has_title"
            ),
        ),
        migrations.AddConstraint(
            model_name="poll",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("space__isnull", True), ("topic__isnull", False)),
                    models.Q(("space__isnull", False), ("topic__isnull", True)),
                    _connector="OR",
                ),
                name="poll_stands_in_one_place",
            ),
        ),
        migrations.AddConstraint(
            model_name="poll",
            constraint=models.CheckConstraint(
                condition=models.Q(("closes_at__gt", models.F("created_at"))), name="poll_closes_later"
            ),
        ),
        migrations.AddConstraint(
            model_name="poll",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("secrecy", "anonymous"), _negated=True),
                    models.Q(("may_change", False), ("results__in", ["at_close", "managers"])),
                    _connector="OR",
                ),
                name="poll_anonymous_stays_so",
            ),
        ),
        migrations.AddConstraint(
            model_name="poll",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("closed_at__isnull", True),
                        ("outcome_at__isnull", True),
                        ("outcome_due_at__isnull", True),
                    ),
                    models.Q(("closed_at__isnull", False), ("outcome_due_at__isnull", False)),
                    _connector="OR",
                ),
                name="poll_closed_owes_outcome",
            ),
        ),
        migrations.AddConstraint(
            model_name="poll",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("outcome", ""), ("outcome_at__isnull", True)),
                    models.Q(("outcome_at__isnull", False), models.Q(("outcome", ""), _negated=True)),
                    _connector="OR",
                ),
                name="poll_outcome_has_words",
            ),
        ),
        migrations.AddConstraint(
            model_name="ballot",
            constraint=models.CheckConstraint(condition=models.Q(("count__gte", 1)), name="ballot_counts"),
        ),
        migrations.AddConstraint(
            model_name="ballot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("needs_information", True), ("option_ids__len", 0), ("weights__len", 0)),
                    models.Q(("needs_information", False), ("option_ids__len__gt", 0)),
                    _connector="OR",
                ),
                name="ballot_says_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="polloption",
            constraint=models.UniqueConstraint(fields=("poll", "position"), name="poll_option_in_order"),
        ),
        migrations.AddConstraint(
            model_name="polloption",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(models.Q(("label", ""), _negated=True), ("starts_at__isnull", True)),
                    models.Q(("label", ""), ("starts_at__isnull", False)),
                    _connector="OR",
                ),
                name="poll_option_says_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="voter",
            constraint=models.UniqueConstraint(fields=("poll", "member"), name="voter_once"),
        ),
        migrations.AddConstraint(
            model_name="voter",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_for_company", True)),
                fields=("poll", "organisation"),
                name="voter_once_for_company",
            ),
        ),
        migrations.AddConstraint(
            model_name="voter",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_for_company", False), ("organisation__isnull", False), _connector="OR"
                ),
                name="voter_for_company_has_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="voter",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ballot__isnull", False), ("is_anonymous", False), ("voted_at__isnull", False)),
                    models.Q(
                        ("ballot__isnull", True),
                        ("is_anonymous", True),
                        ("voted_at__isnull", True),
                        models.Q(("is_for_company", True), ("organisation__isnull", True), _connector="OR"),
                    ),
                    _connector="OR",
                ),
                name="voter_anonymous_has_no_ballot",
            ),
        ),
    ]
