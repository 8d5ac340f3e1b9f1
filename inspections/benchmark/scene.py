"""Who asks, and for what: chosen from the data that is here, so that any database can be measured."""

import datetime
from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.utils import timezone

from casetracker.enums import Role
from casetracker.models import Unit, User
from inspections.models import Problem, Site


class NothingToMeasure(RuntimeError):
    """The database has no problems, or nobody who may see them."""


@dataclass(frozen=True)
class Scene:
    """A supervisor who sees everything, an inspector, a handler, and a problem in the middle of the list."""

    office: Unit
    supervisor: User
    closer: User
    inspector: User
    team: Unit
    handler: User
    unit: Unit
    site: Site
    problem: Problem
    today: datetime.date
    problems: int

    def client(self, user: User) -> Client:
        """A browser in which the person is signed in."""
        made = Client(headers={"host": "localhost"})
        made.force_login(user, backend="casetracker.people.Backend")
        return made


def look() -> Scene:
    """Raises NothingToMeasure where there is nothing."""
    largest = Problem.objects.order_by("-found_on", "-pk").select_related("office").first()
    if largest is None:
        raise NothingToMeasure("There are no problems here. Fill a database with manage.py make_dataset first.")
    office = largest.office
    problem = (
        Problem.objects.filter(office=office, status="closed", lead_unit__isnull=False, attachments__isnull=False)
        .select_related("team", "lead_unit", "site")
        .order_by("-found_on", "-pk")[10:11]
        .get()
    )
    assert problem.lead_unit is not None
    supervisors = _people(Role.SUPERVISOR, office)
    if len(supervisors) < 2:
        raise NothingToMeasure("Measuring needs two supervisors: one verifies, the other closes.")
    return Scene(
        office=office,
        supervisor=supervisors[0],
        closer=supervisors[1],
        inspector=_people(Role.INSPECTOR, problem.team)[0],
        team=problem.team,
        handler=_people(Role.HANDLER, problem.lead_unit)[0],
        unit=problem.lead_unit,
        site=problem.site,
        problem=problem,
        today=timezone.localdate(),
        problems=Problem.objects.count(),
    )


def _people(role: Role, unit: Unit) -> list[User]:
    found: Any = User.objects.filter(is_active=True, memberships__role=role, memberships__unit=unit)
    return list(found.distinct().order_by("pk")[:2])
