"""What a person reads who gives a unit the name of another; nothing changes in the database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("casetracker", "0006_jobs_in_order")]

    operations = [
        migrations.AlterConstraint(
            "unit",
            "unit_name_unique",
            models.UniqueConstraint(
                "name_zh",
                name="unit_name_unique",
                violation_error_message="A unit has this name already. Use another name, or change that unit.",
            ),
        )
    ]
