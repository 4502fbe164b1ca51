from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0007_profile_facts"),
    ]

    operations = [
        migrations.DeleteModel(name="Profile"),
    ]
