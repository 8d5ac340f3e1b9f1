"""Writing a visit with everything that belongs to it in one transaction, and its event."""

import datetime
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from casetracker import audit
from casetracker.errors import DomainError, Invalid, NotAllowed
from casetracker.ids import uuid7
from casetracker.models import Unit, User
from inspections import policy, workflow
from inspections.enums import Outcome, Route, Source, VisitMode
from inspections.models import (
    Campaign,
    ChecklistVersion,
    Highlight,
    Problem,
    Site,
    Visit,
    VisitAnswer,
    VisitInspector,
)
from inspections.visiting.alerting import hold_alerts
from inspections.visiting.asking import alert_on, campaigns_on, day_of
from inspections.visiting.parts import Answer, Finding, Good, Recorded, Seen, VisitRefused
from inspections.visiting.seeing import see

SUBJECT = "visit"
# How a problem came to light, where the mode of its visit says so.
SOURCES = {VisitMode.RANDOM: Source.RANDOM, VisitMode.COMPLAINT: Source.COMPLAINT}

Done = TypeVar("Done")


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
    day = day_for(on, started_at, ended_at, moment)
    heads = heads_for(people, len(inspectors) + len(names))
    if campaign is not None and not campaigns_on(team, day).filter(pk=campaign.pk).exists():
        raise Invalid(_("This campaign did not run on that day."), field="campaign")
    hold_alerts(team)
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
    # In the order of their ids, so that two re-inspections of one site can't wait for each other.
    in_order = sorted(seen, key=lambda one: one.problem.pk)
    checked = _each(
        "seen", in_order, lambda one: see(one, visit, by=by, now=moment), refused, lambda one: one.problem.pk
    )
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


def day_for(
    on: datetime.date | None,
    started_at: datetime.datetime | None,
    ended_at: datetime.datetime | None,
    now: datetime.datetime,
) -> datetime.date:
    """The day a visit belongs to: the one it began on. Raises Invalid for days and hours that can't be."""
    today = timezone.localdate(now)
    day = day_of(started_at) if started_at else on or today
    if day > today:
        raise Invalid(_("A visit can’t lie in the future."), field="on")
    for field, hour in (("started_at", started_at), ("ended_at", ended_at)):
        if hour is not None and hour > now:
            raise Invalid(_("This hour has not come yet."), field=field)
    if started_at and ended_at and ended_at < started_at:
        raise Invalid(_("The visit must end after it began."), field="ended_at")
    return day


def heads_for(people: int | None, named: int) -> int:
    """The head count: as many as are named where it is not given. Raises Invalid for fewer, and for nobody."""
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
