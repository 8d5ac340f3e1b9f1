"""Open problems from the oldest on, imports that wait to be released, and the visits of a day by their hour."""

import datetime

from django.db import migrations, models
from django.db.models.functions import Coalesce

OPEN = ["found", "assigned", "claimed", "rectifying", "reported", "verified"]
NO_HOUR = datetime.datetime(1900, 1, 1, tzinfo=datetime.UTC)


class Migration(migrations.Migration):
    dependencies = [("inspections", "0010_merged_parts")]

    operations = [
        migrations.AddIndex(
            "problem",
            models.Index(
                fields=["found_on", "id"],
                include=["status", "due_on", "met_on", "paused_since", "office", "team", "district"],
                condition=models.Q(status__in=OPEN),
                name="problem_open_found",
            ),
        ),
        migrations.AddIndex("problem", models.Index(fields=["id"], condition=models.Q(held=True), name="problem_held")),
        migrations.AddField(
            "visit",
            "began",
            models.GeneratedField(
                db_persist=True,
                expression=Coalesce("started_at", models.Value(NO_HOUR)),
                output_field=models.DateTimeField(),
            ),
        ),
        migrations.AlterModelOptions("visit", {"ordering": ["-on", "-began", "-id"]}),
        migrations.RemoveIndex("visit", "inspections_on_61e4cf_idx"),
        migrations.AddIndex("visit", models.Index(fields=["-on", "-began", "-id"], name="visit_by_time")),
    ]
