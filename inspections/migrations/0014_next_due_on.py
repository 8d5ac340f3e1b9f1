"""The day by which the present step of a problem is due, so that lists of open ones are sorted by it."""

from django.db import migrations, models

OPEN = ["found", "assigned", "claimed", "rectifying", "reported", "verified"]

# As deadlines.next_due_on() has it, from the clocks that run now.
FROM_CLOCKS = """
WITH first AS (
    SELECT subject_id, min(due_on) AS day
    FROM casetracker_deadline
    WHERE subject_type = 'problem' AND replaced_at IS NULL AND met_on IS NULL
        AND clock IN ('deploy', 'rectify', 'verify', 'close')
    GROUP BY subject_id
)
UPDATE inspections_problem AS p
SET next_due_on = CASE WHEN o.met_on IS NULL AND o.status <> 'found' THEN coalesce(o.due_on, first.day) ELSE first.day END
FROM inspections_problem AS o LEFT JOIN first ON first.subject_id = o.id
WHERE o.id = p.id AND o.status IN ('found', 'assigned', 'claimed', 'rectifying', 'reported', 'verified');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("casetracker", "0009_presses"),
        ("inspections", "0013_lapsed_requests"),
    ]

    operations = [
        migrations.AddField("problem", "next_due_on", models.DateField(editable=False, null=True)),
        migrations.RunSQL(FROM_CLOCKS, migrations.RunSQL.noop),
        migrations.RemoveIndex("problem", "problem_open_found"),
        migrations.AddIndex(
            "problem",
            models.Index(
                fields=["next_due_on", "id"],
                include=["status", "due_on", "met_on", "paused_since", "office", "team", "district"],
                condition=models.Q(status__in=OPEN),
                name="problem_open_next",
            ),
        ),
        migrations.AddIndex(
            "problem",
            models.Index(
                fields=["found_on", "id"],
                include=["status", "next_due_on", "due_on", "met_on", "paused_since", "office", "team", "district"],
                condition=models.Q(status__in=OPEN),
                name="problem_open_found",
            ),
        ),
    ]
