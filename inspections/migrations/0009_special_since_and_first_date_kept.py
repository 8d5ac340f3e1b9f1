"""Since when a problem counts as special; the first date stays when a problem is handed back."""

import datetime
from typing import Any

from django.db import migrations, models
from django.utils import timezone

OLD = models.Q(due_on__isnull=True, first_due_on__isnull=True) | models.Q(
    due_on__isnull=False, first_due_on__isnull=False
)
NEW = models.Q(due_on__isnull=True) | models.Q(first_due_on__isnull=False)
BATCH = 2000


def date_special(apps: Any, schema_editor: Any) -> None:
    """The day of the first special assignment, as the history has it."""
    problem = apps.get_model("inspections", "Problem")
    event = apps.get_model("casetracker", "Event")
    first: dict[Any, datetime.datetime] = {}
    told = event.objects.filter(subject_type="problem", verb="assign", details__special=True).order_by("-at")
    for key, at in told.values_list("subject_id", "at").iterator():
        first[key] = at
    rows = problem.objects.filter(special=True, pk__in=first).only("pk")
    changed = []
    for row in rows.iterator():
        row.special_on = timezone.localdate(first[row.pk])
        changed.append(row)
    problem.objects.bulk_update(changed, ["special_on"], batch_size=BATCH)


class Migration(migrations.Migration):
    dependencies = [
        ("casetracker", "0007_words_for_a_name_in_use"),
        ("inspections", "0008_campaigns_and_alerts"),
    ]

    operations = [
        migrations.AddField("problem", "special_on", models.DateField(blank=True, null=True)),
        migrations.RunPython(date_special, migrations.RunPython.noop),
        migrations.RemoveConstraint("problem", "problem_due_with_first_due"),
        migrations.AddConstraint("problem", models.CheckConstraint(condition=NEW, name="problem_due_with_first_due")),
    ]
