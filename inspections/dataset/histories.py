"""The histories that a data set repeats, each made through the workflow as people would make it."""

import datetime
import random
from collections.abc import Callable
from dataclasses import dataclass

from django.utils import timezone

from casetracker.models import District, Unit, User
from inspections import workflow
from inspections.demo.finding import KINDS_OF_SITE, WORDS
from inspections.demo.photos import Pool
from inspections.enums import AssignmentRole, Result, Route, VisitMode, VoidKind
from inspections.models import Problem, ProblemKind, Site, SiteKind
from inspections.searching import index_site
from inspections.visiting import Finding, record_visit
from inspections.workflow import Addressee, Shot

# The scene of every photo.
DRAWN = "bare_soil"


@dataclass(frozen=True)
class Stage:
    """Where every history plays: one district, its people, and the Monday to which its days are counted."""

    office: Unit
    supervisors: tuple[User, User]
    district: District
    team: Unit
    inspector: User
    unit: Unit
    handler: User
    government: Unit
    official: User
    monday: datetime.date
    pool: Pool


@dataclass
class History:
    """One problem in the making; `chance` is its own, so that one more history changes no other."""

    stage: Stage
    site: Site
    code: str
    chance: random.Random

    def at(self, days: int, hour: int = 9) -> datetime.datetime:
        """An hour so many days after (before, where negative) the Monday."""
        day = self.stage.monday + datetime.timedelta(days=days)
        return timezone.make_aware(datetime.datetime.combine(day, datetime.time(hour)))

    def photo(self, phase: str, now: datetime.datetime) -> Shot:
        """The one drawn picture of the phase, taken near the site: a data set is for measuring, not for looking at."""
        return self.stage.pool.of_kind(DRAWN, phase, 0, self.chance, self.site.lat, self.site.lon, now)

    def found(self, days: int, route: Route = Route.CENTRAL) -> Problem:
        """Found on a visit, with a photo."""
        stage, count = self.stage, self.chance.randrange(2, 9)
        now = self.at(days)
        shot = self.photo("before", now)
        finding = Finding(
            description=WORDS[self.code].format(n=count, m=count * 40),
            kind=ProblemKind.objects.get(code=self.code),
            route=route,
            unit=stage.unit if route == Route.ON_SPOT else None,
            shots=[shot],
        )
        done = record_visit(
            by=stage.inspector,
            team=stage.team,
            site=self.site,
            started_at=now,
            ended_at=now + datetime.timedelta(minutes=25),
            mode=self.chance.choice([VisitMode.PATROL, VisitMode.UNANNOUNCED, VisitMode.SPECIAL]),
            inspectors=[stage.inspector],
            findings=[finding],
            now=now + datetime.timedelta(minutes=25),
        )
        return done.found[0]

    def assigned(self, days: int, *, special: bool = False) -> Problem:
        problem = self.found(days)
        to = [Addressee(self.stage.unit)]
        if special:
            to.append(Addressee(self.stage.government, AssignmentRole.GOVERNMENT))
        return workflow.assign(
            problem,
            by=self.stage.supervisors[0],
            addressees=to,
            special=special,
            goal="问题整改到位，举一反三。",
            now=self.at(days, 15),
        )

    def claimed(self, days: int, *, special: bool = False) -> Problem:
        problem = self.assigned(days, special=special)
        if special:
            problem = workflow.claim(problem, by=self.stage.official, now=self.at(days, 16))
        return workflow.claim(problem, by=self.stage.handler, now=self.at(days, 17))

    def begun(self, days: int, *, special: bool = False) -> Problem:
        problem = self.claimed(days, special=special)
        plan = "覆盖、清扫、专人负责，按时限完成。"
        return workflow.begin_work(problem, by=self.stage.handler, plan=plan, now=self.at(days + 1))

    def reported(self, days: int, took: int, *, special: bool = False) -> Problem:
        return self.report(self.begun(days, special=special), days + took, special=special)

    def report(self, problem: Problem, days: int, *, special: bool = False) -> Problem:
        people = [self.stage.official, self.stage.handler] if special else [self.stage.handler]
        for nth, by in enumerate(people):
            now = self.at(days, 14 + nth)
            shots = [self.photo("after", now)]
            problem = workflow.report_back(problem, by=by, text="已按要求整改完成，请核查。", shots=shots, now=now)
        return problem

    def closed(self, problem: Problem, days: int) -> Problem:
        """Verified on one day with a photo, closed by the other supervisor on the next."""
        shots = [self.photo("after", self.at(days))]
        problem = workflow.verify(problem, by=self.stage.supervisors[0], shots=shots, now=self.at(days))
        return workflow.close(problem, by=self.stage.supervisors[1], now=self.at(days + 1))


def in_time(story: History) -> None:
    took = story.chance.randrange(1, 5)
    story.closed(story.reported(-40, took), -40 + took + 1)


def late(story: History) -> None:
    took = story.chance.randrange(12, 24)
    story.closed(story.reported(-40, took), -40 + took + 2)


def special(story: History) -> None:
    took = story.chance.randrange(3, 7)
    story.closed(story.reported(-40, took, special=True), -40 + took + 2)


def extended(story: History) -> None:
    problem = story.begun(-40)
    _more_time(story, problem, granted=True)
    story.closed(story.report(Problem.objects.get(pk=problem.pk), -29), -27)


def sent_back(story: History) -> None:
    problem = story.reported(-40, 3)
    due_on = story.at(-30).date()
    problem = workflow.send_back(
        problem,
        by=story.stage.supervisors[0],
        reason="现场仍有裸土。",
        due_on=due_on,
        result=Result.PARTLY,
        remaining="北侧未覆盖",
        now=story.at(-36),
    )
    story.closed(story.report(problem, -33), -31)


def on_spot(story: History) -> None:
    problem = story.found(-40, Route.ON_SPOT)
    now = story.at(-40, 10)
    shots = [story.photo("after", now)]
    problem = workflow.fix_on_spot(problem, by=story.stage.inspector, shots=shots, now=now)
    workflow.close(problem, by=story.stage.supervisors[1], now=story.at(-39))


def struck_off(story: History) -> None:
    problem = story.found(-40)
    words = "数据集：同一处已登记。"
    workflow.void(problem, by=story.stage.supervisors[0], kind=VoidKind.DUPLICATE, reason=words, now=story.at(-40, 15))


def _more_time(story: History, problem: Problem, *, granted: bool) -> None:
    assert problem.due_on is not None
    wanted = story.at(-25).date()
    extension = workflow.ask_extension(
        problem,
        by=story.stage.handler,
        reason="绿网到货晚，需要更多时间。",
        plan="三日内完成覆盖并自查。",
        wanted_on=wanted,
        now=story.at(-38),
    )
    if granted:
        workflow.decide_extension(
            problem, by=story.stage.supervisors[0], extension=extension, granted_on=wanted, now=story.at(-38, 16)
        )


def waits_for_assignment(story: History) -> None:
    story.found(-21)


def waits_for_claim(story: History) -> None:
    story.assigned(-21)


def waits_to_begin(story: History) -> None:
    story.claimed(-21)


def at_work(story: History) -> None:
    story.begun(-21)


def wants_more_time(story: History) -> None:
    _more_time(story, story.begun(-40), granted=False)


def stands_still(story: History) -> None:
    reason = "重污染天气橙色预警，土方停工。"
    workflow.pause(story.begun(-21), by=story.stage.supervisors[0], reason=reason, now=story.at(-20))


def waits_for_check(story: History) -> None:
    story.reported(-21, story.chance.randrange(2, 6))


def waits_for_closing(story: History) -> None:
    problem = story.reported(-21, 2)
    shots = [story.photo("after", story.at(-18))]
    workflow.verify(problem, by=story.stage.supervisors[0], shots=shots, now=story.at(-18))


Telling = Callable[[History], None]
Told = tuple[tuple[Telling, int], ...]
# How many of each; half of a real group's year was put right on the spot.
ENDED: Told = (
    (in_time, 36),
    (late, 6),
    (special, 4),
    (extended, 4),
    (sent_back, 4),
    (on_spot, 50),
    (struck_off, 1),
)
OPEN: Told = (
    (waits_for_assignment, 1),
    (waits_for_claim, 3),
    (waits_to_begin, 3),
    (at_work, 26),
    (wants_more_time, 1),
    (stands_still, 1),
    (waits_for_check, 3),
    (waits_for_closing, 2),
)


def tell(stage: Stage, kinds: Told, name: str) -> list[Problem]:
    """Make every history of a list once, in its order, each at a site of its own; returns their problems."""
    made: list[Problem] = []
    for telling, times in kinds:
        for _ in range(times):
            chance = random.Random(f"{name} {len(made)}")
            site_kind = list(KINDS_OF_SITE)[len(made) % len(KINDS_OF_SITE)]
            site = _site(stage, site_kind, f"{name}{len(made):03d}号样本地")
            telling(History(stage, site, chance.choice(KINDS_OF_SITE[site_kind]), chance))
            made.append(Problem.objects.select_related("site__kind").get(site=site))
    return made


def _site(stage: Stage, kind: str, name: str) -> Site:
    site = Site(
        office=stage.office,
        name=name,
        kind=SiteKind.objects.get(code=kind),
        district=stage.district,
        lat=35.2,
        lon=113.2,
    )
    site.search = index_site(site)
    site.save()
    return site
