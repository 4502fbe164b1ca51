from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('discussions', '0005_writing'),
    ]

    operations = []
