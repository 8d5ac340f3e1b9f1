"""A request for more time may end without a decision."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inspections", "0012_withdrawn_alerts")]

    operations = [
        migrations.AlterField(
            "extension",
            "decision",
            models.CharField(
                choices=[
                    ("pending", "Waiting for a decision"),
                    ("granted", "Granted"),
                    ("refused", "Refused"),
                    ("lapsed", "No longer needed"),
                ],
                default="pending",
                max_length=8,
            ),
        )
    ]
