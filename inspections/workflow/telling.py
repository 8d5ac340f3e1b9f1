"""Who is told of what; every notice commits with its cause."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from casetracker import notices
from casetracker.enums import Role
from casetracker.models import District, Event, Membership, Unit, User
from inspections import scope
from inspections.enums import LIVE_ASSIGNMENT
from inspections.models import Assignment, Problem


def people_of(units: Iterable[Unit | int], *roles: str) -> list[User]:
    """The active people of these units today, in the roles (any when none is named)."""
    ids = [unit if isinstance(unit, int) else unit.pk for unit in units]
    posts = Membership.objects.running(timezone.localdate()).filter(unit__in=ids, user__is_active=True)
    if roles:
        posts = posts.filter(role__in=roles)
    return [post.user for post in posts.select_related("user")]


def handlers(problem: Problem, assignments: Iterable[Assignment] | None = None) -> list[User]:
    """Who answers for the problem now: the responsible persons as long as they handle for their units, else
    everybody who does."""
    live = list(assignments or Assignment.objects.filter(problem=problem, state__in=LIVE_ASSIGNMENT))
    posts = Membership.objects.running(timezone.localdate()).filter(
        unit__in=[one.unit_id for one in live], role=Role.HANDLER, user__is_active=True
    )
    members = list(posts.select_related("user"))
    people: list[User] = []
    for one in live:
        own = [post for post in members if post.unit_id == one.unit_id]
        responsible = [post.user for post in own if post.user_id == one.responsible_id]
        people += responsible or [post.user for post in own]
    return people


def inspectors(problem: Problem) -> list[User]:
    return people_of([problem.team_id], Role.INSPECTOR)


def supervisors(problem: Problem) -> list[User]:
    """Who acts for the problem's office as a supervisor: in it, below it and in the bureau above, as in policy."""
    return _over_office(problem, Role.SUPERVISOR)


def leaders(problem: Problem) -> list[User]:
    return _over_office(problem, Role.LEADER)


def _over_office(problem: Problem, role: str) -> list[User]:
    top = problem.office.path.split("/")[0]
    posts = Membership.objects.running(timezone.localdate()).filter(
        unit__path__startswith=f"{top}/", role=role, user__is_active=True
    )
    rows = posts.select_related("user", "unit__parent__parent")
    return [post.user for post in rows if scope.is_over(post.unit, problem.office)]


def around(problem: Problem, *districts: District) -> list[User]:
    """The inspectors of the office's teams whose districts these are, or lie in."""
    codes: set[str] = set()
    for district in districts:
        here: District | None = district
        while here is not None:
            codes.add(here.pk)
            here = here.parent
    teams = Unit.objects.under(scope.bureau_of(problem.office)).filter(districts__in=codes).distinct()
    return people_of(list(teams), Role.INSPECTOR)


def who_see(people: Iterable[User], problem: Problem) -> set[int]:
    """Of some people those who may see the problem as it stands now, by their keys; some queries for each."""
    return {one.pk for one in people if Problem.objects.visible_to(one).filter(pk=problem.pk).exists()}


def tell(event: Event, problem: Problem, people: Iterable[User], *, kind: str = "", **params: Any) -> None:
    """Tell people of one event about the problem, except whoever did it and imported ones not yet released."""
    if problem.held:
        return
    may_see = [person for person in people if person.pk != event.actor_id]
    notices.queue(
        may_see,
        kind=kind or event.verb,
        subject_type=event.subject_type,
        subject_id=event.subject_id,
        label=problem.number,
        period=f"event-{event.pk}",
        at=event.at,
        **{"by": event.actor_name, "unit": event.actor_unit, "site": problem.site_name, **params},
    )
