"""Issued checklists are never changed; what was imported or decided is never deleted by a slip."""

from django.db import migrations

FROZEN = """
CREATE FUNCTION inspections_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is immutable: issue a new version', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER checklist_version_frozen BEFORE UPDATE OR DELETE ON inspections_checklistversion
    FOR EACH ROW EXECUTE FUNCTION inspections_frozen();
CREATE TRIGGER checklist_item_frozen BEFORE UPDATE OR DELETE ON inspections_checklistitem
    FOR EACH ROW EXECUTE FUNCTION inspections_frozen();
CREATE TRIGGER problem_never_deleted BEFORE DELETE ON inspections_problem
    FOR EACH ROW EXECUTE FUNCTION inspections_frozen();
"""

UNDO = "DROP FUNCTION inspections_frozen() CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("inspections", "0001_initial"), ("casetracker", "0002_guards")]

    operations = [migrations.RunSQL(FROZEN, UNDO)]
