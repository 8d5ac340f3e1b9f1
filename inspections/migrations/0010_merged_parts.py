"""Photos and re-inspections that came over with a merged problem say so, and a merged problem leads to one that lives."""

import django.db.models.deletion
from django.db import migrations, models

# A chain of mergers, link by link, until each points to a problem that was not merged itself.
STRAIGHT = """
DO $$
BEGIN
    LOOP
        UPDATE inspections_problem AS p SET merged_into_id = next.merged_into_id
        FROM inspections_problem AS next
        WHERE next.id = p.merged_into_id AND next.merged_into_id IS NOT NULL;
        EXIT WHEN NOT FOUND;
    END LOOP;
END $$;
"""


def came_from() -> models.ForeignKey:
    return models.ForeignKey(
        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inspections.problem"
    )


class Migration(migrations.Migration):
    dependencies = [("inspections", "0009_special_since_and_first_date_kept")]

    operations = [
        migrations.AddField("attachment", "came_from", came_from()),
        migrations.AddField("recheck", "came_from", came_from()),
        migrations.RunSQL(STRAIGHT, migrations.RunSQL.noop),
    ]
