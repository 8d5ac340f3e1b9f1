"""Indexes for the orders and counts of the list of problems."""

from django.db import migrations, models

OPEN = ["found", "assigned", "claimed", "rectifying", "reported", "verified"]


class Migration(migrations.Migration):
    dependencies = [("inspections", "0006_checklists")]

    operations = [
        migrations.RemoveIndex("problem", "problem_open_due"),
        migrations.AddIndex(
            "problem",
            models.Index(
                fields=["due_on", "id"],
                include=["status", "met_on", "paused_since", "office", "team", "district"],
                condition=models.Q(status__in=OPEN),
                name="problem_open_due",
            ),
        ),
        migrations.AddIndex(
            "problem", models.Index(fields=["-number_year", "-number_seq", "-id"], name="problem_by_number")
        ),
        migrations.AddIndex("problem", models.Index(fields=["number_seq", "number_year"], name="problem_of_number")),
        migrations.AddIndex("problem", models.Index(fields=["site_name", "id"], name="problem_by_site")),
        migrations.AddIndex(
            "problem",
            models.Index(fields=["-found_on", "-id"], condition=models.Q(special=True), name="problem_special"),
        ),
    ]
