"""Problems, sites and visits for tests: made through the real workflow, on whatever day the test wants."""

import datetime
import hashlib
import io
import itertools
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from PIL import Image

from casetracker.enums import EvidenceKind
from casetracker.models import District, Evidence, Unit, User
from inspections import workflow
from inspections.enums import AssignmentRole, Outcome, Route, Severity, Status, VisitMode, VoidKind
from inspections.models import Problem, ProblemKind, Site, SiteKind, Visit, VisitInspector
from inspections.searching import index_site
from inspections.workflow import Addressee, Shot
from tests.cast import Cast

_counter = itertools.count(1)

SECOND = datetime.timedelta(seconds=1)


def at(text: str) -> datetime.datetime:
    """A moment in local time: at("2019-12-06 16:59")."""
    return timezone.make_aware(datetime.datetime.fromisoformat(text))


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def make_site(
    cast: Cast | None,
    name: str = "",
    *,
    district: str = "410802",
    kind: str = "building_site",
    office: Unit | None = None,
    lat: float | None = 35.241,
    lon: float | None = 113.238,
    **more: Any,
) -> Site:
    """A site of the first city (or of `office`), with its search column."""
    of = office or (cast.office if cast else None)
    assert of is not None
    site = Site(
        office=of,
        name=name or f"锦绣家园{next(_counter)}号工地",
        kind=SiteKind.objects.get(code=kind),
        district=District.objects.get(code=district),
        lat=lat,
        lon=lon,
        **more,
    )
    site.search = index_site(site)
    site.save()
    return site


def make_photo(by: User | None = None, *, name: str = "", taken_at: datetime.datetime | None = None) -> Evidence:
    """A real small JPEG in the evidence folder with its preview and thumbnail; every call makes another file."""
    number = next(_counter)
    content = _picture(number)
    sha256 = hashlib.sha256(content).hexdigest()
    folder = Path(settings.EVIDENCE_ROOT) / sha256[:2]
    folder.mkdir(parents=True, exist_ok=True)
    for suffix in ("", ".preview.jpg", ".thumbnail.jpg"):
        (folder / (sha256 + suffix)).write_bytes(content)
    row, _ = Evidence.objects.get_or_create(
        sha256=sha256,
        defaults={
            "size": len(content),
            "mime": "image/jpeg",
            "kind": EvidenceKind.PHOTO,
            "name": name or f"IMG_{number:04d}.jpg",
            "source": "desk",
            "width": 16,
            "height": 12,
            "taken_at": taken_at,
            "stored_at": taken_at or timezone.now(),
            "stored_by": by,
        },
    )
    return row


def _picture(number: int) -> bytes:
    """A 16 × 12 JPEG whose bytes differ for every number (a comment segment carries it)."""
    out = io.BytesIO()
    colour = (number * 37 % 256, number * 91 % 256, number * 151 % 256)
    Image.new("RGB", (16, 12), colour).save(out, "JPEG", comment=f"picture {number}".encode())
    return out.getvalue()


def make_paper(by: User | None = None, *, name: str = "receipt.pdf") -> Evidence:
    """A stored PDF: evidence, but no photo."""
    content = b"%PDF-1.4\n% " + str(next(_counter)).encode() + b"\n%%EOF\n"
    sha256 = hashlib.sha256(content).hexdigest()
    folder = Path(settings.EVIDENCE_ROOT) / sha256[:2]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / sha256).write_bytes(content)
    return Evidence.objects.create(
        sha256=sha256,
        size=len(content),
        mime="application/pdf",
        kind=EvidenceKind.PDF,
        name=name,
        source="desk",
        stored_at=timezone.now(),
        stored_by=by,
    )


def shot(by: User | None = None) -> Shot:
    return Shot(make_photo(by))


def make_visit(
    cast: Cast,
    site: Site | None = None,
    *,
    team: Unit | None = None,
    on: datetime.date | None = None,
    people: Sequence[User] = (),
    mode: VisitMode = VisitMode.PATROL,
    outcome: Outcome = Outcome.INSPECTED,
) -> Visit:
    """A visit of a team (the first by default) with its inspectors."""
    place = site or make_site(cast)
    inspectors = list(people) or [cast.inspector1]
    visit = Visit.objects.create(
        team=team or cast.team1,
        site=place,
        site_name=place.name,
        district=place.district,
        on=on or timezone.localdate(),
        mode=mode,
        outcome=outcome,
        people=len(inspectors),
        recorded_by=inspectors[0],
        recorded_at=timezone.now(),
    )
    VisitInspector.objects.bulk_create(
        [VisitInspector(visit=visit, user=person, name=str(person)) for person in inspectors]
    )
    return visit


def make_problem(
    cast: Cast,
    *,
    status: Status = Status.FOUND,
    route: Route = Route.CENTRAL,
    due_on: datetime.date | None = None,
    unit: Unit | None = None,
    others: Sequence[Addressee] = (),
    special: bool = False,
    severity: Severity | None = None,
    kind: str = "bare_soil",
    site: Site | None = None,
    team: Unit | None = None,
    by: User | None = None,
    visit: Visit | None = None,
    description: str = "土方堆场约九处黄土裸露，未覆盖防尘网",
    internal_note: str = "",
    party_name: str = "",
    quantity: Decimal | None = None,
    now: datetime.datetime | None = None,
) -> Problem:
    """A problem that walked through the real workflow to `status`, one second per step from `now` on.

    `due_on` is the date of the rectification (central ones only); one in the past sets `now` a week before it.
    The unit is 市住建局 by default; an on-the-spot problem has one only when it is named. `others` are further
    addressees, which claim and report like the lead. `by` reports and verifies (the team's inspector by
    default), supervisor1 assigns and closes, the unit's first member handles.
    """
    begin = now or _moment_before(due_on)
    ticks = (begin + SECOND * n for n in itertools.count())
    place = site or make_site(cast)
    reporter = by or (cast.inspector2 if team == cast.team2 else cast.inspector1)
    problem = workflow.report(
        by=reporter,
        team=team or cast.team1,
        site=place,
        visit=visit,
        description=description,
        internal_note=internal_note,
        party_name=party_name,
        quantity=quantity,
        kind=ProblemKind.objects.get(code=kind),
        route=route,
        severity=severity,
        unit=unit if route == Route.ON_SPOT else None,
        shots=[shot(reporter)],
        now=next(ticks),
    )
    walk = _walk_on_spot if route == Route.ON_SPOT else _walk_central
    walk(cast, problem, status, unit or cast.housing, others, due_on, special, ticks)
    if status == Status.VOID:
        workflow.void(problem, by=cast.supervisor1, kind=VoidKind.TEST, reason="练习", now=next(ticks))
    return Problem.objects.get(pk=problem.pk)


ORDER = [
    Status.FOUND,
    Status.ASSIGNED,
    Status.CLAIMED,
    Status.RECTIFYING,
    Status.REPORTED,
    Status.VERIFIED,
    Status.CLOSED,
]


def _walk_central(
    cast: Cast,
    problem: Problem,
    status: Status,
    unit: Unit,
    others: Sequence[Addressee],
    due_on: datetime.date | None,
    special: bool,
    ticks: Any,
) -> None:
    if status == Status.VOID:
        return
    reporter = problem.reported_by
    assert reporter is not None
    reached = ORDER.index(status)
    addressees = [Addressee(unit, AssignmentRole.LEAD), *others]
    members = [handler_of(one.unit) for one in addressees]
    if reached >= 1:
        workflow.assign(
            problem,
            by=cast.supervisor1,
            addressees=addressees,
            due_on=due_on,
            special=special,
            reason="按约定日期" if due_on else "",
            now=next(ticks),
        )
    if reached >= 2:
        for member in members:
            workflow.claim(problem, by=member, now=next(ticks))
    if reached >= 3:
        workflow.begin_work(problem, by=members[0], plan="分三步：围挡、覆盖、清运", now=next(ticks))
    if reached >= 4:
        for member in members:
            workflow.report_back(problem, by=member, text="已全部覆盖并清扫", shots=[shot(member)], now=next(ticks))
    if reached >= 5:
        workflow.verify(problem, by=reporter, shots=[shot(reporter)], now=next(ticks))
    if reached >= 6:
        workflow.close(problem, by=cast.supervisor1, now=next(ticks))


def _walk_on_spot(
    cast: Cast,
    problem: Problem,
    status: Status,
    unit: Unit,
    others: Sequence[Addressee],
    due_on: datetime.date | None,
    special: bool,
    ticks: Any,
) -> None:
    reporter = problem.reported_by
    assert reporter is not None
    if status in (Status.FOUND, Status.ASSIGNED, Status.CLAIMED):
        raise ValueError(f"An on-the-spot problem is never {status}.")
    if status == Status.REPORTED:
        member = handler_of(unit) if problem.lead_unit_id else reporter
        workflow.report_back(problem, by=member, text="已清扫", shots=[shot(member)], now=next(ticks))
    if status in (Status.VERIFIED, Status.CLOSED):
        workflow.fix_on_spot(problem, by=reporter, shots=[shot(reporter)], now=next(ticks))
    if status == Status.CLOSED:
        workflow.close(problem, by=cast.supervisor1, now=next(ticks))


def handler_of(unit: Unit) -> User:
    """The first member of a unit who handles for it."""
    post = unit.memberships.filter(role="handler").order_by("pk").first()
    assert post is not None, f"{unit} has no handler"
    person: User = post.user
    return person


def _moment_before(due_on: datetime.date | None) -> datetime.datetime:
    if due_on is None or due_on > timezone.localdate():
        midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        return max(timezone.now() - SECOND * 1800, midnight)
    return timezone.make_aware(datetime.datetime.combine(due_on - datetime.timedelta(days=7), datetime.time(9, 0)))
