"""Questions before a visit: whose it may be, what is open at the site, which alert and campaigns hold that day."""

import datetime

from django.db.models import QuerySet
from django.utils import timezone

from casetracker.enums import Role, UnitKind
from casetracker.models import Unit, User
from casetracker.models.units import running
from inspections import scope
from inspections.enums import AlertLevel
from inspections.models import AlertPeriod, Campaign, Problem, Site, Visit

# The gravest alert of a day is the one that counts.
GRAVITY = {AlertLevel.RED: 0, AlertLevel.ORANGE: 1, AlertLevel.YELLOW: 2}


def teams_for(user: User) -> list[Unit]:
    """The teams for which the person may record a visit: an inspector's own, a supervisor's those of the office."""
    own = {unit.pk: unit for unit in user.units_as(Role.INSPECTOR)}
    for unit in user.units_as(Role.SUPERVISOR):
        below = Unit.objects.under(scope.bureau_of(unit)).current().filter(kind=UnitKind.TEAM)
        own |= {team.pk: team for team in below.order_by("sort_key", "pk")}
    return list(own.values())


def carried_over(site: Site) -> QuerySet[Problem]:
    """Every open problem of the site, whichever team found it: what a re-inspection must answer."""
    found = Problem.objects.filter(site=site).open().for_rows()
    return found.select_related("office").order_by("due_on", "found_on", "pk")


def recorded_already(
    team: Unit,
    site: Site,
    day: datetime.date,
    started_at: datetime.datetime | None = None,
    ended_at: datetime.datetime | None = None,
) -> Visit | None:
    """A visit of the team to the site that may be this one: in hours that touch, or on the day where one of the two
    has no hours; the latest recorded where several are. Visits of an import that was undone are none."""
    near = (day - datetime.timedelta(days=1), day + datetime.timedelta(days=1))
    held = Visit.objects.counted().filter(team=team, site=site, on__range=near).order_by("-recorded_at", "-pk")
    return next((one for one in held if _touches(one, day, started_at, ended_at)), None)


def _touches(
    one: Visit, day: datetime.date, started_at: datetime.datetime | None, ended_at: datetime.datetime | None
) -> bool:
    if one.started_at is None or started_at is None:
        return one.on == day
    return one.started_at <= (ended_at or started_at) and started_at <= (one.ended_at or one.started_at)


def alert_on(team: Unit, day: datetime.date) -> AlertPeriod | None:
    """The heavy-pollution alert that held over the team on the day, the gravest where several did."""
    held = AlertPeriod.objects.standing().filter(running(day), office__in=_upwards(team))
    return min(held, key=lambda alert: GRAVITY.get(AlertLevel(alert.level), 9), default=None)


def campaigns_on(team: Unit, day: datetime.date) -> QuerySet[Campaign]:
    """The campaigns that ran on the day for the team or a unit above it."""
    return Campaign.objects.filter(running(day), office__in=_upwards(team))


def _upwards(unit: Unit) -> list[int]:
    return [int(part) for part in unit.path.split("/") if part]


def day_of(started_at: datetime.datetime) -> datetime.date:
    """A visit across midnight belongs to the day it began, in local time."""
    return timezone.localdate(started_at)
