"""What the ground itself hands to its registry: only names, each defined in its own module."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from casetracker import office, registry, subjects, work
from casetracker.enums import Role
from casetracker.exporting import jobs
from casetracker.models import User
from casetracker.registry import Export, Place


def _administers(user: User) -> bool:
    return user.has_role(Role.ADMINISTRATOR)


registry.places["office"] = Place("office", _("Administration"), "office", 8, _administers)
registry.jobs[jobs.JOB.key] = jobs.JOB
for export in (
    Export("work", _("My work"), "work", lambda user: True, work.table),
    Export("units", _("Units"), "units", _administers, office.units_table),
    Export(
        "districts",
        pgettext_lazy("administrative divisions", "Districts"),
        "districts",
        _administers,
        office.districts_table,
    ),
    Export("people", _("People"), "people", _administers, office.people_table),
):
    registry.exports[export.key] = export
for subject in subjects.SUBJECTS:
    registry.subjects[subject.type] = subject
