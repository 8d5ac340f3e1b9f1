"""Districts and the working-day calendar that every installation starts with."""

from typing import Any

from django.db import migrations

from casetracker import calendars, reference

FIRST, LAST, PROVISIONAL = 2004, 2026, 2


def load(apps: Any, schema_editor: Any) -> None:
    using = schema_editor.connection.alias
    District = apps.get_model("casetracker", "District")
    for row in reference.districts():
        District.objects.using(using).get_or_create(code=row["code"], defaults=row)
    CalendarDay = apps.get_model("casetracker", "CalendarDay")
    days = [CalendarDay(**row._asdict()) for row in calendars.rows_from_package(range(FIRST, LAST + 1))]
    for year in range(LAST + 1, LAST + 1 + PROVISIONAL):
        days += [CalendarDay(**row._asdict()) for row in calendars.provisional_rows(year)]
    CalendarDay.objects.using(using).bulk_create(days, batch_size=2000, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("casetracker", "0002_guards")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
