"""Terms and kinds that every installation starts with."""

from typing import Any

from django.db import migrations

from inspections import reference


def load(apps: Any, schema_editor: Any) -> None:
    reference.load(apps, schema_editor.connection.alias)


class Migration(migrations.Migration):
    dependencies = [("inspections", "0002_guards"), ("casetracker", "0003_reference")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
