"""Copies of photos are made after storing: what is still due, and which photos nobody can open.

Photos stored before this have their copies already, so nothing is due for them.
"""

from django.db import migrations, models

# A file's facts stay as they are; a later column is guarded too, unless it is named here.
GUARD = """
CREATE FUNCTION casetracker_evidence_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    open_columns CONSTANT text[] := ARRAY['copies_due_at', 'copy_attempts', 'unreadable'];
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - open_columns = to_jsonb(OLD) - open_columns THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

DROP TRIGGER evidence_append_only ON casetracker_evidence;
CREATE TRIGGER evidence_append_only BEFORE UPDATE OR DELETE ON casetracker_evidence
    FOR EACH ROW EXECUTE FUNCTION casetracker_evidence_kept();

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'casetracker') AND current_user <> 'casetracker' THEN
        GRANT UPDATE (copies_due_at, copy_attempts, unreadable) ON casetracker_evidence TO casetracker;
    END IF;
END $$;
"""

UNDO = """
DROP TRIGGER evidence_append_only ON casetracker_evidence;
CREATE TRIGGER evidence_append_only BEFORE UPDATE OR DELETE ON casetracker_evidence
    FOR EACH ROW EXECUTE FUNCTION casetracker_append_only();
DROP FUNCTION casetracker_evidence_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("casetracker", "0004_first_password")]

    operations = [
        migrations.AddField("evidence", "copies_due_at", models.DateTimeField(null=True, editable=False)),
        migrations.AddField("evidence", "copy_attempts", models.PositiveIntegerField(default=0, editable=False)),
        migrations.AddField(
            "evidence", "unreadable", models.CharField(max_length=16, blank=True, default="", editable=False)
        ),
        migrations.AddIndex(
            "evidence",
            models.Index(
                fields=["copies_due_at"],
                condition=models.Q(copies_due_at__isnull=False),
                name="evidence_uncopied",
            ),
        ),
        migrations.RunSQL(GUARD, UNDO),
    ]
