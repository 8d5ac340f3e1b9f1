"""Finding: report a problem, fix it on the spot, send it to the office, name the units it may belong to."""

import datetime
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from casetracker import options
from casetracker.errors import Invalid, NotAllowed
from casetracker.ids import uuid7
from casetracker.models import NumberSeries, Unit, User
from casetracker.transactions import together
from inspections import policy, scope
from inspections.enums import (
    AssignmentRole,
    AssignmentState,
    Clock,
    Phase,
    Route,
    Severity,
    Source,
    Status,
    Verb,
)
from inspections.models import (
    Assignment,
    ChecklistItem,
    Party,
    Problem,
    ProblemKind,
    Site,
    Stage,
    Visit,
)
from inspections.searching import index_problem
from inspections.workflow import clocks, telling
from inspections.workflow.assigning import end_assignments, settle_fixed
from inspections.workflow.engine import Step, begin, fit, need
from inspections.workflow.evidence import Shot, attach, need_before, shown_fixed

NUMBER_KIND = "problem"


def number_text(prefix: str, year: int, seq: int) -> str:
    """焦督〔2019〕1284号: six-angle brackets, four-digit year, no leading zero (GB/T 9704)."""
    return f"{prefix}〔{year}〕{seq}号"


@together
def report(
    *,
    by: User,
    team: Unit,
    site: Site,
    description: str,
    kind: ProblemKind | None = None,
    route: Route = Route.CENTRAL,
    severity: Severity | None = None,
    visit: Visit | None = None,
    item: ChecklistItem | None = None,
    unit: Unit | None = None,
    candidates: Sequence[Unit] = (),
    party: Party | None = None,
    party_name: str = "",
    quantity: Any = None,
    source: Source = Source.PATROL,
    source_ref: str = "",
    internal_note: str = "",
    found_at: datetime.datetime | None = None,
    found_on: datetime.date | None = None,
    lat: float | None = None,
    lon: float | None = None,
    accuracy: float | None = None,
    shots: Sequence[Shot] = (),
    problem_id: UUID | None = None,
    now: datetime.datetime | None = None,
) -> Problem:
    """Log a problem with its evidence and give it the next number of its office's year.

    A central one waits for assignment (13710: the same day); an on-the-spot one goes straight to
    rectifying, told to the party and, where known, to a unit. Raises NotAllowed for somebody who does not
    belong to the team, Invalid for a description or a date that can't be.
    """
    moment = now or timezone.now()
    today = timezone.localdate(moment)
    if not policy.may_report_for(by, team):
        raise NotAllowed(_("Only an inspector of the team or a supervisor of its office may report."))
    text = need(description, _("Say what is wrong."), "description")
    day = found_on or (timezone.localdate(found_at) if found_at else today)
    if day > today:
        raise Invalid(_("The day it was found can’t lie in the future."), field="found_on")
    if visit is not None and visit.site_id != site.pk:
        raise Invalid(_("The visit was to another site."), field="visit")
    if visit is not None and visit.team_id != team.pk:
        raise Invalid(_("The visit was another team’s."), field="visit")
    if not scope.of_one_bureau(site.office, team):
        raise Invalid(_("The site belongs to another office."), field="site")
    if source == Source.HIGHER:
        need(source_ref, _("Give the number that the inspection from above gave the item."), "source_ref")
    source_ref = fit(source_ref, "source_ref", Problem.source_ref)
    party_name = fit(party_name, "party_name", Problem.party_name)
    if quantity is not None and quantity <= 0:
        raise Invalid(_("The quantity must be more than nothing."), field="quantity")
    kind = kind or (item.kind if item else None)
    office = scope.bureau_of(team)
    seq = NumberSeries.take(office.pk, NUMBER_KIND, day.year)
    problem = Problem(
        pk=problem_id or uuid7(),
        office=office,
        number=number_text(office.number_prefix or office.short, day.year, seq),
        number_year=day.year,
        number_seq=seq,
        found_on=day,
        found_at=found_at,
        team=team,
        visit=visit,
        site=site,
        site_name=site.name,
        district=site.district,
        kind=kind,
        checklist_item=item,
        party=party,
        party_name=party.name if party else party_name,
        description=text,
        internal_note=internal_note.strip(),
        quantity=quantity,
        severity=severity or (kind.severity if kind else Severity.ORDINARY),
        route=route,
        source=source,
        source_ref=source_ref,
        lat=lat if lat is not None else site.lat,
        lon=lon if lon is not None else site.lon,
        accuracy=accuracy,
        reported_by=by,
        reported_at=moment,
        status=Status.RECTIFYING if route == Route.ON_SPOT else Status.FOUND,
        status_since=moment,
    )
    problem.search = index_problem(problem)
    step = Step(Verb.REPORT, problem, by, moment, today, clocks={}, unit=policy.reporting_unit(by, team))
    if route == Route.CENTRAL:
        clocks.start(step, Clock.DEPLOY, unit=office, on=day)
        clocks.follow_step(step)
    problem.save(force_insert=True)
    step.changed.clear()
    Stage.objects.create(problem=problem, status=problem.status, since=moment, verb=Verb.REPORT)
    attach(step, shots, Phase.BEFORE)
    if candidates:
        problem.candidates.set(candidates)
    assignment = _tell_on_spot(step, unit) if route == Route.ON_SPOT else None
    event = step.finish(
        site=site.name,
        kind=kind.code if kind else "",
        route=route,
        photos=len(shots),
        unit=unit.name_zh if unit else "",
        candidates=[one.name_zh for one in candidates],
    )
    if assignment is not None:
        telling.tell(event, problem, telling.handlers(problem, [assignment]), kind="assigned", due_on=problem.due_on)
    return problem


def _tell_on_spot(step: Step, unit: Unit | None) -> Assignment | None:
    """Start the short clock of a problem told on the spot, for a unit where one is known."""
    found_on = step.problem.found_on
    if unit is None:
        clocks.start(step, Clock.RECTIFY, unit=step.problem.team, on=found_on)
        clocks.follow(step)
        return None
    assignment = Assignment.objects.create(
        problem=step.problem,
        unit=unit,
        role=AssignmentRole.LEAD,
        state=AssignmentState.CLAIMED,
        assigned_by=step.by,
        assigned_at=step.now,
        assigned_on=step.today,
    )
    step.set(lead_unit=unit)
    clocks.start(step, Clock.RECTIFY, unit=unit, part=assignment.pk, on=found_on)
    clocks.follow(step)
    return assignment


@together
def fix_on_spot(
    problem: Problem,
    *,
    by: User,
    shots: Sequence[Shot] = (),
    before: Sequence[Shot] = (),
    note: str = "",
    now: datetime.datetime | None = None,
) -> Problem:
    """The team saw it put right while it was there: straight to verified.

    The one exception to four eyes, so a set share is drawn for a look-back. Needs a photo before and after.
    """
    step = begin(Verb.FIX_ON_SPOT, problem, by=by, now=now)
    attach(step, before, Phase.BEFORE)
    attach(step, shots, Phase.AFTER)
    need_before(step.problem)
    if not shown_fixed(step.problem).exists():
        raise Invalid(_("Add at least one photo of how it is now."), field="shots")
    told = telling.handlers(step.problem)
    clocks.end_pause(step)
    settle_fixed(step, step.today)
    clocks.cancel_all(step, keep=(Clock.ESCALATION,))
    step.set(fixed_by=by, verified_by=by, verified_by_name=str(by), verified_on=step.today)
    if drawn_for_look_back(step.problem.pk, int(options.get("look_back_percent"))):
        step.set(look_back=True, looked_back_on=None)
        clocks.start(step, Clock.LOOK_BACK, unit=step.problem.team)
    step.to(Status.VERIFIED)
    clocks.start(step, Clock.CLOSE, unit=step.problem.office)
    event = step.finish(photos=len(shots), note=note.strip(), look_back=step.problem.look_back)
    telling.tell(event, step.problem, told)
    return step.problem


def drawn_for_look_back(problem_id: UUID, percent: int) -> bool:
    """A draw that the server can repeat and nobody can steer, not even with an id of their own choice: the hash of
    the problem's id under the server's secret key, against the share."""
    digest = salted_hmac("inspections.look_back", problem_id.bytes, algorithm="sha256").digest()
    return int.from_bytes(digest[:4]) % 100 < percent


@together
def to_central(problem: Problem, *, by: User, reason: str, now: datetime.datetime | None = None) -> Problem:
    """Send an on-the-spot problem to the office; its route counts as central from this day on."""
    step = begin(Verb.TO_CENTRAL, problem, by=by, now=now)
    why = need(reason, _("Say why the office must take it."), "reason")
    told = telling.handlers(step.problem)
    clocks.end_pause(step)
    end_assignments(step, AssignmentState.RELEASED, why)
    clocks.cancel(step, *Clock)
    clocks.follow(step)
    # Its time on the spot is over; the office's term has a first date of its own.
    step.set(first_due_on=None)
    step.set(route=Route.CENTRAL, central_on=step.today, lead_unit=None, responsible=None, responsible_name="")
    step.set(fixed_by=None, verified_by=None, verified_by_name="", verified_on=None)
    # Its fix will be judged by a second pair of eyes now.
    step.set(look_back=False, looked_back_on=None)
    step.to(Status.FOUND)
    clocks.start(step, Clock.DEPLOY, unit=step.problem.office)
    event = step.finish(reason=why)
    telling.tell(event, step.problem, [*telling.supervisors(step.problem), *told], reason=why)
    return step.problem


@together
def name_candidates(
    problem: Problem, *, by: User, units: Sequence[Unit], reason: str = "", now: datetime.datetime | None = None
) -> Problem:
    """Name the units a problem may belong to; which one it is is decided, with a reason, when it is assigned."""
    step = begin(Verb.NAME_CANDIDATES, problem, by=by, now=now)
    before = [unit.name_zh for unit in step.problem.candidates.all()]
    step.problem.candidates.set(units)
    step.finish(units=[unit.name_zh for unit in units], earlier=before, reason=reason.strip())
    return step.problem
