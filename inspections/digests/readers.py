"""Who reads the weekly e-mail, and for whom each part of it speaks."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone

from casetracker.enums import DeliveryState, Role, UnitKind
from casetracker.letters import AsOf
from casetracker.models import Membership, Unit, User
from inspections import scope
from inspections.digests.rows import beside, due_this_week, overdue, spoken_of, waiting
from inspections.enums import Decision, Status
from inspections.models import Extension
from inspections.querysets import ProblemQuerySet

WAITING = (Status.REPORTED, Status.VERIFIED, Status.FOUND)
ROLES = (Role.LEADER, Role.SUPERVISOR, Role.INSPECTOR, Role.HANDLER)


@dataclass(frozen=True)
class Audience:
    """For whom a part of a letter speaks: an office's leader or supervisor, a team, a unit that answers."""

    role: str
    unit: int

    def __str__(self) -> str:
        return f"{self.role} {self.unit}"


def readers(as_of: AsOf) -> QuerySet[User]:
    """Everybody who answers for something overdue, due this week or waiting for them."""
    late = overdue(spoken_of(), as_of)
    due = due_this_week(spoken_of(), as_of)
    open_ones = waiting(spoken_of(), as_of, *WAITING)
    asked = Extension.objects.filter(decision=Decision.PENDING, problem__held=False)
    teams = [rows.values("team") for rows in (late, due, waiting(spoken_of(), as_of, Status.REPORTED))]
    busy = set()
    for rows in (late, due, open_ones):
        busy |= set(rows.order_by().values_list("office", flat=True).distinct())
    if as_of.living:
        busy |= set(asked.order_by().values_list("problem__office", flat=True).distinct())
    posts = Membership.objects.running(timezone.localdate())
    of_team = Q(role=Role.INSPECTOR) & (Q(unit__in=teams[0]) | Q(unit__in=teams[1]) | Q(unit__in=teams[2]))
    of_office = Q(role__in=[Role.LEADER, Role.SUPERVISOR], unit__in=_posts_over(busy))
    of_unit = Q(unit__in=late.values("lead_unit")) | Q(unit__in=due.values("lead_unit"))
    if as_of.living:
        of_unit |= Q(unit__in=beside(as_of).values("unit"))
    found = posts.filter((Q(role=Role.HANDLER) & of_unit) | of_team | of_office)
    return User.objects.filter(pk__in=found.values("user"))


def _posts_over(offices: Iterable[int]) -> list[int]:
    """Units whose leaders and supervisors oversee one of these offices."""
    paths = list(Unit.objects.filter(pk__in=offices).values_list("path", flat=True))
    posts = Unit.objects.filter(memberships__role__in=[Role.LEADER, Role.SUPERVISOR]).distinct()
    return [unit.pk for unit in posts if any(path.startswith(scope.bureau_of(unit).path) for path in paths)]


def audiences(people: Sequence[User]) -> dict[int, list[Hashable]]:
    """For whom each person reads, by today's posts: a supervisor who also leads reads as supervisor."""
    posts = Membership.objects.running(timezone.localdate()).filter(user__in=people, role__in=ROLES)
    found: dict[int, list[Hashable]] = defaultdict(list)
    bureaus: dict[int, int] = {}
    for post in sorted(posts.select_related("unit__parent"), key=lambda post: (ROLES.index(Role(post.role)), post.pk)):
        unit = post.unit_id
        if post.role in (Role.LEADER, Role.SUPERVISOR):
            if unit not in bureaus:
                bureaus[unit] = scope.bureau_of(post.unit).pk
            unit = bureaus[unit]
        one = Audience(post.role, unit)
        if post.role == Role.SUPERVISOR and Audience(Role.LEADER, unit) in found[post.user_id]:
            found[post.user_id].remove(Audience(Role.LEADER, unit))
        if one not in found[post.user_id]:
            found[post.user_id].append(one)
    return dict(found)


def overseen(user: User) -> Q:
    """Letters that tell of problems of the offices a person oversees, and weeks skipped for their people."""
    below = scope.of(user).offices
    people = Membership.objects.filter(unit__in=below).values("user")
    about = Q(state=DeliveryState.SKIPPED, person__in=people)
    offices = Unit.objects.filter(pk__in=scope.of(user).offices, kind__in=[UnitKind.OFFICE, UnitKind.BUREAU])
    for office in offices.values_list("pk", flat=True):
        about |= Q(letter__totals__contains={"parts": [{"offices": [office]}]})
    return about


def still(person: User, as_of: AsOf) -> bool:
    """Is there still something to read for one person; a query or a few."""
    for one in audiences([person]).get(person.pk, []):
        assert isinstance(one, Audience)
        own = own_problems(spoken_of(), one)
        if overdue(own, as_of).exists() or due_this_week(own, as_of).exists():
            return True
        if one.role != Role.HANDLER and waiting(own, as_of, *_waits(one.role)).exists():
            return True
        if one.role == Role.HANDLER and beside(as_of).filter(unit=one.unit).exists():
            return True
        if one.role != Role.HANDLER and requests(one).exists():
            return True
    return False


def _waits(role: str) -> tuple[Status, ...]:
    return (Status.REPORTED,) if role == Role.INSPECTOR else WAITING


def own_problems(problems: ProblemQuerySet, audience: Audience) -> ProblemQuerySet:
    """The problems that an audience answers for; what its lists show."""
    if audience.role == Role.HANDLER:
        return problems.filter(lead_unit=audience.unit)
    if audience.role == Role.INSPECTOR:
        return problems.filter(team=audience.unit)
    return problems.filter(office__in=below(audience.unit))


def below(office: int) -> list[int]:
    path = Unit.objects.values_list("path", flat=True).get(pk=office)
    return list(Unit.objects.filter(path__startswith=path).values_list("pk", flat=True))


def requests(audience: Audience) -> QuerySet[Extension]:
    """Requests for more time that wait: for the office to decide, or for the unit to be answered."""
    pending = Extension.objects.filter(decision=Decision.PENDING, problem__held=False)
    if audience.role == Role.HANDLER:
        return pending.filter(assignment__unit=audience.unit)
    if audience.role == Role.INSPECTOR:
        return pending.none()
    return pending.filter(problem__office__in=below(audience.unit))
