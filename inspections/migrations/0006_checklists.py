"""The checklists that every installation starts with."""

from typing import Any

from django.db import migrations

from inspections import checklist_content


def load(apps: Any, schema_editor: Any) -> None:
    checklist_content.load(apps, schema_editor.connection.alias)


class Migration(migrations.Migration):
    dependencies = [("inspections", "0005_import_jobs")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
