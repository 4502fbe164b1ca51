import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0012_appeals_imposed"),
    ]

    operations = [
        migrations.CreateModel(
            name="HiddenProfile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("facts", models.JSONField(default=list)),
                ("photo", models.CharField(blank=True, max_length=32)),
                ("photo_at", models.DateTimeField(blank=True, null=True)),
                ("headline", models.CharField(blank=True, max_length=160)),
                ("hidden_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("shown_at", models.DateTimeField(blank=True, null=True)),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hidden_profiles",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
    ]
