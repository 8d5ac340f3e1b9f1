"""What the ground itself hands to its registry: only names, each defined in its own module."""

from django.utils.translation import gettext_lazy as _

from casetracker import registry, subjects
from casetracker.enums import Role
from casetracker.models import User
from casetracker.registry import Place


def _administers(user: User) -> bool:
    return user.has_role(Role.ADMINISTRATOR)


registry.places["office"] = Place("office", _("Administration"), "office", 8, _administers)
for subject in subjects.SUBJECTS:
    registry.subjects[subject.type] = subject
