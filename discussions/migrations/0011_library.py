import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Rule 5: the library. Files may stand in a resource, as they do in a post or a message."""

    dependencies = [
        ("discussions", "0010_post_contents"),
        ("members", "0008_remove_profile"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Collection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("why", models.CharField(max_length=500)),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="CollectionItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                ("why", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "ordering": ("position", "pk"),
            },
        ),
        migrations.CreateModel(
            name="Resource",
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
                            ("article", "Article"),
                            ("guide", "Guide"),
                            ("case", "Case"),
                            ("template", "Template"),
                            ("recording", "Recording"),
                            ("link", "Link"),
                            ("reading_list", "Reading list"),
                            ("decision_note", "Decision note"),
                        ],
                        max_length=20,
                    ),
                ),
                ("title", models.CharField(max_length=200)),
                ("summary", models.CharField(blank=True, max_length=300)),
                ("link", models.URLField(blank=True, max_length=500)),
                ("source", models.TextField(blank=True)),
                (
                    "source_format",
                    models.CharField(choices=[("markdown", "Markdown"), ("html", "HTML")], max_length=10),
                ),
                ("html", models.TextField(blank=True)),
                ("dissent", models.TextField(blank=True)),
                ("is_undisputed", models.BooleanField(default=False)),
                ("renderer_version", models.PositiveSmallIntegerField()),
                ("version", models.PositiveIntegerField(default=1)),
                ("edit_note", models.CharField(blank=True, max_length=200)),
                ("edited_at", models.DateTimeField()),
                ("review_on", models.DateField(null=True)),
                ("created_at", models.DateTimeField()),
                ("submitted_at", models.DateTimeField(null=True)),
                ("return_reason", models.CharField(blank=True, max_length=500)),
                ("published_at", models.DateTimeField(null=True)),
                ("retired_at", models.DateTimeField(null=True)),
                ("retire_reason", models.CharField(blank=True, max_length=300)),
                ("reminded_at", models.DateTimeField(null=True)),
                ("used_count", models.PositiveIntegerField(db_default=0, default=0)),
                ("changed_count", models.PositiveIntegerField(db_default=0, default=0)),
            ],
        ),
        migrations.CreateModel(
            name="ResourceContributor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "choice",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "has not answered"),
                            ("approved", "Use my words, with my name"),
                            ("nameless", "Use my words, without my name"),
                            ("refused", "Do not use my words"),
                        ],
                        default="",
                        max_length=10,
                    ),
                ),
                ("may_leave", models.BooleanField(default=False)),
                ("asked_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ResourceOutcome",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[("used", "Used it"), ("changed", "Changed my decision")], max_length=10
                    ),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="ResourcePassage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                (
                    "part",
                    models.CharField(
                        choices=[("asked", "asked"), ("answered", "answered"), ("challenged", "challenged")],
                        max_length=12,
                    ),
                ),
                ("lead", models.CharField(blank=True, max_length=1000)),
                ("source", models.TextField()),
                (
                    "source_format",
                    models.CharField(choices=[("markdown", "Markdown"), ("html", "HTML")], max_length=10),
                ),
                ("html", models.TextField()),
                ("renderer_version", models.PositiveSmallIntegerField()),
            ],
            options={
                "ordering": ("position", "pk"),
            },
        ),
        migrations.CreateModel(
            name="ResourceReader",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("was_staff", models.BooleanField()),
                ("read_at", models.DateTimeField()),
                ("downloaded_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ResourceRevision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("title", models.CharField(max_length=200)),
                ("source", models.TextField(blank=True)),
                (
                    "source_format",
                    models.CharField(choices=[("markdown", "Markdown"), ("html", "HTML")], max_length=10),
                ),
                ("dissent", models.TextField(blank=True)),
                ("passages", models.JSONField(default=list)),
                ("note", models.CharField(blank=True, max_length=200)),
                ("edited_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ResourceSource",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seen_number", models.PositiveIntegerField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="attachment",
            name="attachment_stands_in_one_place",
        ),
        migrations.AddField(
            model_name="collection",
            name="curator",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="collection",
            name="space",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="discussions.space"
            ),
        ),
        migrations.AddField(
            model_name="collectionitem",
            name="collection",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="items",
                to="discussions.collection",
            ),
        ),
        migrations.AddField(
            model_name="resource",
            name="edited_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="resource",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="resource",
            name="published_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="resource",
            name="space",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="resources",
                to="discussions.space",
            ),
        ),
        migrations.AddField(
            model_name="resource",
            name="topic",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="discussions.topic",
            ),
        ),
        migrations.AddField(
            model_name="collectionitem",
            name="resource",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="collection_items",
                to="discussions.resource",
            ),
        ),
        migrations.AddField(
            model_name="attachment",
            name="resource",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="attachments",
                to="discussions.resource",
            ),
        ),
        migrations.AddIndex(
            model_name="attachment",
            index=models.Index(
                condition=models.Q(("resource__isnull", False)),
                fields=["resource"],
                name="attachment_of_resource",
            ),
        ),
        migrations.AddConstraint(
            model_name="attachment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("message_id__isnull", True), ("post__isnull", True), ("uploader__isnull", False)
                    ),
                    models.Q(
                        ("message_id__isnull", True), ("post__isnull", False), ("uploader__isnull", True)
                    ),
                    models.Q(
                        ("message_id__isnull", False), ("post__isnull", True), ("uploader__isnull", True)
                    ),
                    ("resource__isnull", False),
                    _connector="OR",
                ),
                name="attachment_stands_in_one_place",
            ),
        ),
        migrations.AddConstraint(
            model_name="attachment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("resource__isnull", True),
                    models.Q(
                        ("message_id__isnull", True), ("post__isnull", True), ("uploader__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="attachment_of_resource_alone",
            ),
        ),
        migrations.AddField(
            model_name="resourcecontributor",
            name="member",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="resourcecontributor",
            name="resource",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="contributors",
                to="discussions.resource",
            ),
        ),
        migrations.AddField(
            model_name="resourceoutcome",
            name="member",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="resourceoutcome",
            name="resource",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="outcomes",
                to="discussions.resource",
            ),
        ),
        migrations.AddField(
            model_name="resourcepassage",
            name="contributor",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="passages",
                to="discussions.resourcecontributor",
            ),
        ),
        migrations.AddField(
            model_name="resourcepassage",
            name="post",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="resource_passages",
                to="discussions.post",
            ),
        ),
        migrations.AddField(
            model_name="resourcepassage",
            name="resource",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="passages",
                to="discussions.resource",
            ),
        ),
        migrations.AddField(
            model_name="resourcereader",
            name="member",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="resourcereader",
            name="organisation",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="members.organisation",
            ),
        ),
        migrations.AddField(
            model_name="resourcereader",
            name="resource",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="readers",
                to="discussions.resource",
            ),
        ),
        migrations.AddField(
            model_name="resourcerevision",
            name="edited_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="resourcerevision",
            name="resource",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="revisions",
                to="discussions.resource",
            ),
        ),
        migrations.AddField(
            model_name="resourcesource",
            name="resource",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="sources",
                to="discussions.resource",
            ),
        ),
        migrations.AddField(
            model_name="resourcesource",
            name="topic",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="resource_sources",
                to="discussions.topic",
            ),
        ),
        migrations.AddConstraint(
            model_name="collection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("name", ""), _negated=True), models.Q(("why", ""), _negated=True)
                ),
                name="collection_says_why",
            ),
        ),
        migrations.AddIndex(
            model_name="resource",
            index=models.Index(
                condition=models.Q(("published_at__isnull", False), ("retired_at__isnull", True)),
                fields=["space", "-published_at", "-id"],
                name="resource_newest_in_space",
            ),
        ),
        migrations.AddIndex(
            model_name="resource",
            index=models.Index(
                condition=models.Q(("published_at__isnull", False), ("retired_at__isnull", True)),
                fields=["-published_at", "-id"],
                name="resource_newest",
            ),
        ),
        migrations.AddIndex(
            model_name="resource",
            index=models.Index(
                condition=models.Q(("published_at__isnull", False), ("retired_at__isnull", True)),
                fields=["review_on"],
                name="resource_stale",
            ),
        ),
        migrations.AddIndex(
            model_name="resource",
            index=models.Index(
                condition=models.Q(("published_at__isnull", True), ("submitted_at__isnull", False)),
                fields=["submitted_at"],
                name="resource_in_review",
            ),
        ),
        migrations.AddConstraint(
            model_name="resource",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "article",
                            "guide",
                            "case",
                            "template",
                            "recording",
                            "link",
                            "reading_list",
                            "decision_note",
                        ],
                    )
                ),
                name="resource_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="resource",
            constraint=models.CheckConstraint(
                condition=models.Q(("title", ""), _negated=True), name="resource_has_title"
            ),
        ),
        migrations.AddConstraint(
            model_name="resource",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("published_at__isnull", True),
                    models.Q(
                        ("published_by__isnull", False),
                        ("review_on__isnull", False),
                        ("submitted_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="resource_reviewed_before_published",
            ),
        ),
        migrations.AddConstraint(
            model_name="resource",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("retired_at__isnull", True), ("published_at__isnull", False), _connector="OR"
                ),
                name="resource_published_before_retired",
            ),
        ),
        migrations.AddConstraint(
            model_name="resource",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_undisputed", False), ("dissent", ""), _connector="OR"),
                name="resource_disputed_or_not",
            ),
        ),
        migrations.AddConstraint(
            model_name="collectionitem",
            constraint=models.UniqueConstraint(
                fields=("collection", "resource"), name="collection_item_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="resourcecontributor",
            constraint=models.UniqueConstraint(
                fields=("resource", "member"), name="resource_contributor_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="resourcecontributor",
            constraint=models.CheckConstraint(
                condition=models.Q(("choice__in", ["", "approved", "nameless", "refused"])),
                name="resource_consent_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="resourcecontributor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answered_at__isnull", True), ("choice", "")),
                    models.Q(models.Q(("choice", ""), _negated=True), ("answered_at__isnull", False)),
                    _connector="OR",
                ),
                name="resource_consent_has_its_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="resourcecontributor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("asked_at__isnull", True), ("due_at__isnull", True)),
                    models.Q(("asked_at__isnull", False), ("due_at__isnull", False)),
                    _connector="OR",
                ),
                name="resource_asked_until_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="resourceoutcome",
            constraint=models.UniqueConstraint(
                fields=("resource", "member", "outcome"), name="resource_outcome_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="resourceoutcome",
            constraint=models.CheckConstraint(
                condition=models.Q(("outcome__in", ["used", "changed"])), name="resource_outcome_known"
            ),
        ),
        migrations.AddIndex(
            model_name="resourcepassage",
            index=models.Index(fields=["resource", "position"], name="resource_passages"),
        ),
        migrations.AddIndex(
            model_name="resourcepassage",
            index=models.Index(
                condition=models.Q(("contributor__isnull", False)),
                fields=["contributor"],
                name="resource_passage_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="resourcepassage",
            constraint=models.UniqueConstraint(fields=("resource", "post"), name="resource_passage_once"),
        ),
        migrations.AddConstraint(
            model_name="resourcepassage",
            constraint=models.CheckConstraint(
                condition=models.Q(("part__in", ["asked", "answered", "challenged"])),
                name="resource_part_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="resourcereader",
            constraint=models.UniqueConstraint(fields=("resource", "member"), name="resource_reader_once"),
        ),
        migrations.AddConstraint(
            model_name="resourcerevision",
            constraint=models.UniqueConstraint(fields=("resource", "version"), name="resource_revision_once"),
        ),
        migrations.AddConstraint(
            model_name="resourcesource",
            constraint=models.UniqueConstraint(fields=("resource", "topic"), name="resource_source_once"),
        ),
    ]
