"""The living set: problems around today's date in every state, topped up at each start."""

import datetime
import random
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from django.db.models import Count
from django.utils import timezone

from casetracker.models import Unit, User
from inspections import workflow
from inspections.demo.finding import KINDS_OF_SITE, Scene, found, later, past, unit_for
from inspections.demo.photos import Pool
from inspections.demo.year import at, finish, handler_of
from inspections.enums import AssignmentRole, EscalationLevel, Route, Status, VisitMode, VoidKind
from inspections.models import Batch, Campaign, Problem, Site
from inspections.workflow import Addressee

# How many problems of the last weeks should stand in each state.
WANTED = {
    Status.FOUND: 8,
    Status.ASSIGNED: 14,
    Status.CLAIMED: 12,
    Status.RECTIFYING: 34,
    Status.REPORTED: 16,
    Status.VERIFIED: 10,
    Status.CLOSED: 14,
    Status.VOID: 2,
}
WINDOW = datetime.timedelta(days=60)
# Which of those that wait to be claimed came to their units in one numbered document, yesterday afternoon.
IN_ONE_BATCH = (2, 3, 4, 7, 8)


def top_up(
    office: Unit, pool: Pool, say: Callable[[str], None], wanted: Mapping[Status, int] = MappingProxyType(WANTED)
) -> int:
    """Make what is missing of each state; returns how many problems were made."""
    today = timezone.localdate()
    stand = dict(
        Problem.objects.filter(office=office, found_on__gte=today - WINDOW)
        .values_list("status")
        .annotate(n=Count("pk"))
        .order_by()
    )
    people = {user.username: user for user in User.objects.all()}
    made = 0
    scene = Scene(office, people, pool, random.Random(f"living {today}"), today)
    Campaign.objects.get_or_create(
        office=office,
        name_zh="秋冬季扬尘治理专项行动",
        defaults={"name_en": "Autumn and winter dust drive", "from_on": today.replace(month=1, day=1)},
    )
    sites = _sites(office, scene.chance)
    for status, number in wanted.items():
        for nth in range(stand.get(status, 0), number):
            MAKERS[status](scene, next(sites), nth)
            made += 1
    if made:
        say(f"{made} living problems")
    return made


def _sites(office: Unit, chance: random.Random) -> Iterator[Site]:
    """Sites of the first two teams more often than others, so that the sign-ins have work."""
    rows = list(
        Site.objects.filter(office=office, kind__code__in=KINDS_OF_SITE)
        .select_related("kind", "district")
        .order_by("id")
    )
    own = [site for site in rows if site.district_id in ("410802", "410811", "410803", "410804", "410821")]
    while True:
        yield chance.choice(own if chance.random() < 0.6 else rows)


def _assign(scene: Scene, problem: Problem, *, special: bool = False, batch: Batch | None = None) -> Problem:
    lead = unit_for(scene, problem.site)
    addressees = [Addressee(lead)]
    government = Unit.objects.filter(kind="government", districts=problem.district).first()
    if special and government is not None and government != lead:
        addressees.append(Addressee(government, AssignmentRole.GOVERNMENT))
    return workflow.assign(
        problem,
        by=scene.people["supervisor1"],
        addressees=addressees,
        special=special and len(addressees) > 1,
        goal="问题整改到位，举一反三。",
        batch=batch,
        now=later(problem, 0, 15),
    )


def make_found(scene: Scene, site: Site, nth: int) -> None:
    """Waiting for assignment: most of today, one of yesterday; one that two units may answer for."""
    problem = found(scene, site, 1 if nth == 7 else 0)
    if nth == 3:
        units = [unit_for(scene, site), Unit.objects.filter(kind="government", districts=site.district).first()]
        named = [unit for unit in dict.fromkeys(units) if unit is not None]
        if len(named) > 1:
            workflow.name_candidates(problem, by=scene.people["supervisor1"], units=named, reason="权属待核实")


def make_assigned(scene: Scene, site: Site, nth: int) -> None:
    """Not claimed yet: most of these days, some of them as a batch, two long forgotten."""
    if nth in IN_ONE_BATCH:
        _assign(scene, found(scene, site, 1, mode=VisitMode.PATROL), batch=_batch(scene))
        return
    _assign(scene, found(scene, site, 12 + nth if nth % 6 == 5 else nth % 3), special=nth in (1, 6))


def _batch(scene: Scene) -> Batch:
    """The central assignment of yesterday afternoon, opened for its first problem."""
    yesterday = scene.today - datetime.timedelta(days=1)
    opened = Batch.objects.filter(office=scene.office, issued_on=yesterday).order_by("pk").first()
    return opened or workflow.open_batch(
        by=scene.people["supervisor1"],
        office=scene.office,
        title="扬尘治理专项行动集中交办",
        requirement="各责任单位接单后当日领办，按时限整改到位，附整改前后照片反馈。",
        now=at(yesterday, 15),
    )


def make_claimed(scene: Scene, site: Site, nth: int) -> Problem:
    problem = _assign(scene, found(scene, site, 1 + nth % 4))
    assert problem.lead_unit is not None
    return workflow.claim(problem, by=handler_of(problem.lead_unit), now=later(problem, 0, 17))


def make_rectifying(scene: Scene, site: Site, nth: int) -> None:
    """At work: a third overdue, some near, some with more time asked for or given, one stopped, one escalated."""
    if nth % 11 == 5:
        found(scene, site, nth % 2, route=Route.ON_SPOT)
        return
    late = nth % 2 == 0
    problem = _assign(scene, found(scene, site, (9 + nth * 7 % 34) if late else nth % 7))
    assert problem.lead_unit is not None
    by = handler_of(problem.lead_unit)
    problem = workflow.claim(problem, by=by, now=later(problem, 0, 16))
    problem = workflow.begin_work(problem, by=by, plan="覆盖、清扫、专人负责，按时限完成。", now=later(problem, 0, 18))
    assert problem.due_on is not None
    more = problem.due_on + datetime.timedelta(days=5)
    supervisor = scene.people["supervisor1"]
    if nth % 8 == 2 or nth % 8 == 6:
        wanted = max(more, scene.today + datetime.timedelta(days=3))
        asked = past(at(problem.due_on, 10))
        extension = workflow.ask_extension(
            problem,
            by=by,
            reason="绿网到货晚，需要更多时间。",
            plan="三日内完成覆盖并自查。",
            wanted_on=wanted,
            now=asked,
        )
        if nth % 8 == 6:
            workflow.decide_extension(problem, by=supervisor, extension=extension, granted_on=wanted, now=asked)
    elif nth % 16 == 4:
        workflow.pause(problem, by=supervisor, reason="重污染天气橙色预警，土方停工。", now=later(problem, 1, 8))
    elif late and nth % 10 == 0:
        workflow.escalate(
            problem,
            by=supervisor,
            reason="两次提醒后仍未反馈。",
            level=EscalationLevel.SUPERVISION,
            due_on=scene.today + datetime.timedelta(days=3),
        )


def _reported(scene: Scene, site: Site, days_ago: int) -> Problem:
    problem = _assign(scene, found(scene, site, days_ago))
    assert problem.lead_unit is not None
    by = handler_of(problem.lead_unit)
    problem = workflow.claim(problem, by=by, now=later(problem, 0, 16))
    problem = workflow.begin_work(problem, by=by, plan="立即整改，专人负责。", now=later(problem, 0, 18))
    moment = later(problem, max(1, days_ago - scene.chance.randrange(3)), 9)
    moment = past(moment)
    return workflow.report_back(
        problem,
        by=by,
        text="已按要求整改完成，请核查。",
        shots=[scene.pool.shot(problem, "after", scene.chance, moment)],
        now=moment,
    )


def make_reported(scene: Scene, site: Site, nth: int) -> None:
    _reported(scene, site, 2 + nth % 9)


def make_verified(scene: Scene, site: Site, nth: int) -> None:
    """Waiting to be closed; some put right on the spot while the team was there."""
    if nth % 3 == 2:
        problem = found(scene, site, nth % 2, route=Route.ON_SPOT)
        moment = past(problem.reported_at + datetime.timedelta(minutes=20))
        assert problem.reported_by is not None
        workflow.fix_on_spot(
            problem,
            by=problem.reported_by,
            shots=[scene.pool.shot(problem, "after", scene.chance, moment)],
            now=moment,
        )
        return
    problem = _reported(scene, site, 4 + nth % 6)
    moment = past(problem.status_since + datetime.timedelta(hours=20))
    workflow.verify(
        problem,
        by=scene.people["supervisor2"],
        shots=[scene.pool.shot(problem, "after", scene.chance, moment)],
        now=moment,
    )


def make_closed(scene: Scene, site: Site, nth: int) -> None:
    problem = found(scene, site, 8 + nth * 2)
    problem = _assign(scene, problem)
    finish(problem, later(problem, 1, 9), scene.people, scene.pool, scene.chance)


def make_void(scene: Scene, site: Site, nth: int) -> None:
    problem = found(scene, site, 3 + nth)
    kind = VoidKind.DUPLICATE if nth else VoidKind.TEST
    workflow.void(
        problem, by=scene.people["supervisor1"], kind=kind, reason="演示：同一处已登记。", now=later(problem, 0, 15)
    )


MAKERS: dict[Status, Callable[[Scene, Site, int], object]] = {
    Status.FOUND: make_found,
    Status.ASSIGNED: make_assigned,
    Status.CLAIMED: make_claimed,
    Status.RECTIFYING: make_rectifying,
    Status.REPORTED: make_reported,
    Status.VERIFIED: make_verified,
    Status.CLOSED: make_closed,
    Status.VOID: make_void,
}
