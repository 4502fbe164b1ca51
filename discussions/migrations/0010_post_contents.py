from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """Which posts hold a picture or a link: the search for them begins there."""

    dependencies = [
        ("discussions", "0009_message_changes"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="post",
            index=models.Index(fields=["id"], condition=Q(html__regex="<img "), name="post_with_picture"),
        ),
        migrations.AddIndex(
            model_name="post",
            index=models.Index(
                fields=["id"], condition=Q(html__regex='<a href="http'), name="post_with_link"
            ),
        ),
    ]
