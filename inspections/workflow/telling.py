"""Who is told of what; every notice commits with its cause."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from casetracker import notices
from casetracker.enums import Role
from casetracker.models import Event, Membership, Unit, User
from inspections.enums import LIVE_ASSIGNMENT
from inspections.models import Assignment, Problem
from inspections.scope import bureau_of


def people_of(units: Iterable[Unit | int], *roles: str) -> list[User]:
    """The active people of these units today, in the roles (any when none is named)."""
    ids = [unit if isinstance(unit, int) else unit.pk for unit in units]
    posts = Membership.objects.running(timezone.localdate()).filter(unit__in=ids, user__is_active=True)
    if roles:
        posts = posts.filter(role__in=roles)
    return [post.user for post in posts.select_related("user")]


def handlers(problem: Problem, assignments: Iterable[Assignment] | None = None) -> list[User]:
    """Who answers for the problem now: the responsible persons as long as they belong to their units, else
    everybody who handles for the units."""
    live = list(assignments or Assignment.objects.filter(problem=problem, state__in=LIVE_ASSIGNMENT))
    posts = Membership.objects.running(timezone.localdate()).filter(
        unit__in=[one.unit_id for one in live], user__is_active=True
    )
    members = list(posts.select_related("user"))
    people: list[User] = []
    for one in live:
        own = [post for post in members if post.unit_id == one.unit_id]
        responsible = [post.user for post in own if post.user_id == one.responsible_id]
        people += responsible or [post.user for post in own if post.role == Role.HANDLER]
    return people


def inspectors(problem: Problem) -> list[User]:
    return people_of([problem.team_id], Role.INSPECTOR)


def supervisors(problem: Problem) -> list[User]:
    """The supervisors of the problem's office and of the units below it."""
    office = bureau_of(problem.office)
    units = Unit.objects.under(office).values_list("pk", flat=True)
    return people_of(list(units), Role.SUPERVISOR)


def leaders(problem: Problem) -> list[User]:
    office = bureau_of(problem.office)
    return people_of([*Unit.objects.under(office).values_list("pk", flat=True)], Role.LEADER)


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
        by=event.actor_name,
        unit=event.actor_unit,
        site=problem.site_name,
        **params,
    )
