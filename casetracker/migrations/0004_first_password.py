"""A password that an administrator gave is to be changed at the first sign-in."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("casetracker", "0003_reference")]

    operations = [
        migrations.AddField("user", "must_change_password", models.BooleanField(default=False, editable=False))
    ]
