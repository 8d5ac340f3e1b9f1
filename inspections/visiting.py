"""Recording a visit as one whole: who was there, what was answered, what was good, rechecked and newly found.

All of it commits together with its events, or nothing does; problems move through the workflow only.
"""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from casetracker import audit, calendars
from casetracker.enums import Role, UnitKind
from casetracker.errors import DomainError, Invalid, NotAllowed
from casetracker.ids import uuid7
from casetracker.models import DeadlineRule, Evidence, Unit, User
from casetracker.models.units import running
from casetracker.workdays import count
from inspections import deadlines, policy, scope, workflow
from inspections.enums import AlertLevel, Clock, Outcome, Result, Route, Severity, Source, Status, Verb, VisitMode
from inspections.models import (
    AlertPeriod,
    Campaign,
    ChecklistItem,
    ChecklistVersion,
    Highlight,
    Party,
    Problem,
    ProblemKind,
    Site,
    Visit,
    VisitAnswer,
    VisitInspector,
)
from inspections.workflow import Shot
from inspections.workflow.evidence import need_before

SUBJECT = "visit"
FAILED = (Result.PARTLY, Result.NOT_FIXED)
# The gravest alert of a day is the one that counts.
GRAVITY = {AlertLevel.RED: 0, AlertLevel.ORANGE: 1, AlertLevel.YELLOW: 2}
# How a problem came to light, where the mode of its visit says so.
SOURCES = {VisitMode.RANDOM: Source.RANDOM, VisitMode.COMPLAINT: Source.COMPLAINT}

Done = TypeVar("Done")


@dataclass(frozen=True)
class Answer:
    """What was seen of one line of the checklist; passed None means that it was not looked at."""

    item: ChecklistItem
    passed: bool | None
    note: str = ""


@dataclass(frozen=True)
class Good:
    """Something good (亮点), with a picture where there is one."""

    text: str
    evidence: Evidence | None = None


@dataclass(frozen=True)
class Seen:
    """What a re-inspection saw of one open problem; `due_on` is the new date where it must be sent back."""

    problem: Problem
    result: Result
    remaining: str = ""
    note: str = ""
    due_on: datetime.date | None = None
    shots: Sequence[Shot] = ()


@dataclass(frozen=True)
class Finding:
    """A new problem of the visit; `fixed` are photos of it put right while the team was there."""

    description: str
    kind: ProblemKind | None = None
    item: ChecklistItem | None = None
    route: Route = Route.CENTRAL
    severity: Severity | None = None
    unit: Unit | None = None
    party: Party | None = None
    party_name: str = ""
    quantity: Decimal | None = None
    internal_note: str = ""
    shots: Sequence[Shot] = ()
    fixed: Sequence[Shot] = ()
    problem_id: UUID | None = None


@dataclass(frozen=True)
class Recorded:
    """What recording a visit brought about."""

    visit: Visit
    found: list[Problem] = field(default_factory=list)
    checked: list[Problem] = field(default_factory=list)


class VisitRefused(DomainError):
    """Rows of a visit that the workflow refused, so that nothing was kept.

    `rows` maps a row, ("seen", id of the problem) or ("finding", its place), to its refusal.
    """

    def __init__(self, rows: dict[tuple[str, Any], DomainError]) -> None:
        super().__init__(_("Nothing was saved yet: look at the rows marked below."))
        self.rows = rows
        # 409 (somebody was faster) weighs more than 403 (may not), that more than 422 (incomplete).
        statuses = [error.status for error in rows.values()]
        self.status = next(status for status in (409, 403, 422) if status in statuses)


# --- Questions before a visit -------------------------------------------------------------------------


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


def alert_on(team: Unit, day: datetime.date) -> AlertPeriod | None:
    """The heavy-pollution alert that held over the team on the day, the gravest where several did."""
    held = AlertPeriod.objects.filter(running(day), office__in=_upwards(team))
    return min(held, key=lambda alert: GRAVITY.get(AlertLevel(alert.level), 9), default=None)


def campaigns_on(team: Unit, day: datetime.date) -> QuerySet[Campaign]:
    """The campaigns that ran on the day for the team or a unit above it."""
    return Campaign.objects.filter(running(day), office__in=_upwards(team))


def _upwards(unit: Unit) -> list[int]:
    return [int(part) for part in unit.path.split("/") if part]


def day_of(started_at: datetime.datetime) -> datetime.date:
    """A visit across midnight belongs to the day it began, in local time."""
    return timezone.localdate(started_at)


# --- Recording ----------------------------------------------------------------------------------------


@transaction.atomic
def record_visit(
    *,
    by: User,
    team: Unit,
    site: Site,
    on: datetime.date | None = None,
    started_at: datetime.datetime | None = None,
    ended_at: datetime.datetime | None = None,
    mode: VisitMode = VisitMode.PATROL,
    outcome: Outcome = Outcome.INSPECTED,
    inspectors: Sequence[User] = (),
    names: Sequence[str] = (),
    people: int | None = None,
    wind_degrees: int | None = None,
    wind_speed: Decimal | None = None,
    campaign: Campaign | None = None,
    version: ChecklistVersion | None = None,
    answers: Sequence[Answer] = (),
    highlights: Sequence[Good] = (),
    seen: Sequence[Seen] = (),
    findings: Sequence[Finding] = (),
    note: str = "",
    lat: float | None = None,
    lon: float | None = None,
    visit_id: UUID | None = None,
    now: datetime.datetime | None = None,
) -> Recorded:
    """Write a visit with everything that belongs to it; the alert of its day is looked up.

    `people` is the head count, the named ones where it is not given. Raises NotAllowed for somebody who does
    not record for the team, Invalid (with `field`) for days and people that can't be, and VisitRefused with
    every row that the workflow refuses; whatever is raised, nothing was kept.
    """
    moment = now or timezone.now()
    if not policy.may_report_for(by, team):
        raise NotAllowed(_("Only an inspector of the team or a supervisor of its office may record its visits."))
    day = _day(on, started_at, ended_at, timezone.localdate(moment))
    heads = _heads(people, len(inspectors) + len(names))
    if campaign is not None and not campaigns_on(team, day).filter(pk=campaign.pk).exists():
        raise Invalid(_("This campaign did not run on that day."), field="campaign")
    visit = Visit.objects.create(
        pk=visit_id or uuid7(),
        team=team,
        site=site,
        site_name=site.name,
        district=site.district,
        on=day,
        started_at=started_at,
        ended_at=ended_at,
        mode=mode,
        outcome=outcome,
        people=heads,
        wind_degrees=wind_degrees,
        wind_speed=wind_speed,
        campaign=campaign,
        alert=alert_on(team, day),
        checklist_version=version,
        note=note.strip(),
        lat=lat,
        lon=lon,
        recorded_by=by,
        recorded_at=moment,
    )
    _people(visit, inspectors, names)
    VisitAnswer.objects.bulk_create(
        [VisitAnswer(visit=visit, item=one.item, passed=one.passed, note=one.note.strip()) for one in answers]
    )
    Highlight.objects.bulk_create(
        [Highlight(visit=visit, text=one.text.strip(), evidence=one.evidence) for one in highlights]
    )
    refused: dict[tuple[str, Any], DomainError] = {}
    checked = _each("seen", seen, lambda one: see(one, visit, by=by, now=moment), refused, lambda one: one.problem.pk)
    found = _each("finding", findings, lambda one: _report(one, visit, by=by, now=moment), refused)
    if refused:
        raise VisitRefused(refused)
    audit.record(
        subject_type=SUBJECT,
        subject_id=visit.pk,
        label=f"{day:%Y-%m-%d} {site.name}",
        verb="record_visit",
        by=by,
        at=moment,
        team=team.name_zh,
        site=site.pk,
        mode=mode,
        outcome=outcome,
        people=heads,
        failed=sum(1 for one in answers if one.passed is False),
        highlights=len(highlights),
        seen=[[one.problem.number, one.result] for one in seen],
        found=[problem.number for problem in found],
    )
    return Recorded(visit, found, [problem for problem in checked if problem is not None])


def _day(
    on: datetime.date | None,
    started_at: datetime.datetime | None,
    ended_at: datetime.datetime | None,
    today: datetime.date,
) -> datetime.date:
    day = day_of(started_at) if started_at else on or today
    if day > today:
        raise Invalid(_("A visit can’t lie in the future."), field="on")
    if started_at and ended_at and ended_at < started_at:
        raise Invalid(_("The visit must end after it began."), field="ended_at")
    return day


def _heads(people: int | None, named: int) -> int:
    if people is not None and people < named:
        raise Invalid(_("More people are named than counted. Correct the number or leave it empty."), field="people")
    heads = named if people is None else people
    if heads < 1:
        raise Invalid(_("Say who was there, or at least how many."), field="inspectors")
    return heads


def _people(visit: Visit, inspectors: Sequence[User], names: Sequence[str]) -> None:
    rows = [VisitInspector(visit=visit, user=person, name=str(person)) for person in inspectors]
    rows += [VisitInspector(visit=visit, name=name.strip()[:60]) for name in names]
    VisitInspector.objects.bulk_create(rows)


def _each(
    kind: str,
    rows: Sequence[Any],
    do: Callable[[Any], Done],
    refused: dict[tuple[str, Any], DomainError],
    key: Callable[[Any], Any] | None = None,
) -> list[Done]:
    """Do something for every row, each in a savepoint, gathering the refusals so that all can be shown at once."""
    done = []
    for place, row in enumerate(rows):
        try:
            with transaction.atomic():
                done.append(do(row))
        except DomainError as error:
            refused[kind, key(row) if key else place] = error
    return done


def see(one: Seen, visit: Visit, *, by: User, now: datetime.datetime | None = None) -> Problem | None:
    """Carry what a re-inspection saw of one problem through the workflow; None where nothing was to be written.

    Fixed is verified where the person may judge it (four eyes) and a photo from before exists, else recorded as
    seen. Partly and not fixed send a reported one back with a new date (by rule where none is given), and are
    recorded for any other. Raises the workflow's own refusals.
    """
    problem = one.problem
    told: dict[str, Any] = {"by": by, "visit": visit, "shots": one.shots, "now": now}
    if one.result == Result.NOT_CHECKED and not may_recheck(problem, by):
        return None
    if one.result == Result.FIXED and may_verify(problem, by):
        return workflow.verify(problem, note=one.note, **told)
    if one.result in FAILED and problem.status == Status.REPORTED:
        due_on = one.due_on or new_term(problem, timezone.localdate(now))
        reason = one.note.strip() or one.remaining.strip()
        return workflow.send_back(
            problem, reason=reason, due_on=due_on, result=one.result, remaining=one.remaining, **told
        )
    return workflow.recheck(problem, result=one.result, remaining=one.remaining, note=one.note, **told)


def may_recheck(problem: Problem, user: User) -> bool:
    legal = workflow.legal(Verb.RECHECK, problem.status, problem.route)
    return legal and policy.refusal(Verb.RECHECK, problem, user) is None


def may_verify(problem: Problem, user: User) -> bool:
    """Does "fixed", said by this person, verify the problem: state, right, and a photo of how it was before."""
    if not workflow.legal(Verb.VERIFY, problem.status, problem.route):
        return False
    if policy.refusal(Verb.VERIFY, problem, user):
        return False
    try:
        need_before(problem)
    except Invalid:
        return False
    return True


def new_term(problem: Problem, today: datetime.date) -> datetime.date:
    """The date until which a problem sent back today is to be put right, by the rule for its route and severity."""
    code = deadlines.rule_code(Clock.RECTIFY, severity=problem.severity, route=problem.route)
    rule = DeadlineRule.objects.in_force(code, today)
    return count(today, deadlines.term_of(rule), calendars.load()).due_on


def _report(one: Finding, visit: Visit, *, by: User, now: datetime.datetime) -> Problem:
    problem = workflow.report(
        by=by,
        team=visit.team,
        site=visit.site,
        visit=visit,
        description=one.description,
        kind=one.kind,
        item=one.item,
        route=one.route,
        severity=one.severity,
        unit=one.unit if one.route == Route.ON_SPOT else None,
        party=one.party,
        party_name=one.party_name,
        quantity=one.quantity,
        internal_note=one.internal_note,
        source=SOURCES.get(VisitMode(visit.mode), Source.PATROL),
        found_at=visit.started_at,
        found_on=visit.on,
        lat=visit.lat,
        lon=visit.lon,
        shots=one.shots,
        problem_id=one.problem_id,
        now=now,
    )
    if one.fixed:
        workflow.fix_on_spot(problem, by=by, shots=one.fixed, now=now)
    return problem
