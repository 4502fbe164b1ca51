from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('discussions', '0004_introductions_checked'),
    ]

    operations = []
