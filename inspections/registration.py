"""What inspections hands to the shared ground: only names, each defined in its own module."""

from django.utils.translation import gettext_lazy as _

from casetracker import registry
from casetracker.enums import Role
from casetracker.registry import Place
from inspections.demo import people


def _sees_visits(user: object) -> bool:
    return user.has_role(Role.INSPECTOR, Role.SUPERVISOR, Role.LEADER, Role.CASE_OFFICER, Role.LEGAL_REVIEWER)  # type: ignore[attr-defined,no-any-return]


def _works(user: object) -> bool:
    return user.has_role(*(role for role in Role.values if role != Role.ADMINISTRATOR))  # type: ignore[attr-defined,no-any-return]


for place in (
    Place("work", _("My work"), "work", 1),
    Place("problems", _("Problems"), "problems", 2, _works),
    Place("visits", _("Visits"), "visits", 3, _sees_visits),
    Place("sites", _("Sites"), "sites", 4, _works),
    Place("figures", _("Figures"), "figures", 6, _works),
):
    registry.places[place.key] = place

registry.demo_people = people.cards
registry.demo_password = people.PASSWORD
