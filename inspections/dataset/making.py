"""Making a data set: the invented province, its histories told once and taken back, then as many copies as wanted."""

import datetime
import random
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import connections, transaction
from django.db.models import Max, Model
from django.utils import timezone

from casetracker.models import District, NumberSeries, Unit, User
from inspections.dataset import copying, histories, people
from inspections.dataset.template import TABLES, Template, template
from inspections.demo.photos import Pool
from inspections.models import Problem, Site
from inspections.workflow import NUMBER_KIND

Say = Callable[[str], None]


MEASURED = "This data set was measured on, so that its next numbers are taken: make a larger one in a new database."


class NotHere(RuntimeError):
    """A data set can't be made in this database; the message says where else."""


@dataclass(frozen=True)
class Made:
    """How many problems were there before, and how many are there now."""

    before: int
    problems: int


def make(
    problems: int,
    say: Say,
    *,
    on: datetime.date | None = None,
    ended: histories.Told = histories.ENDED,
    unfinished: histories.Told = histories.OPEN,
    per_transaction: int = 6_000,
    writers: int = 1,
) -> Made:
    """Fill the data set up to so many problems, with visits, assignments, deadlines and events in proportion.

    `ended` and `unfinished` say which histories are repeated; more than one of `writers` commits on connections of its
    own. The same number on days of the same week gives the same rows. What an interrupted run wrote stays, and the
    next one goes on behind it. Raises NotHere where the database holds problems of a real office, and where problems
    that were made by measuring have taken the numbers of the next copies.
    """
    _check_here()
    day = on or timezone.localdate()
    with transaction.atomic():
        office = people.make_office()
        seats = people.make_seats(office, problems)
    say(f"{len(seats):,} units in {len({seat.district for seat in seats})} districts")
    held = copying.stands(office.pk, per_transaction)
    if sum(held.values()) < problems and Problem.objects.filter(office=office, visit=None).exists():
        raise NotHere(MEASURED)
    before = done = sum(held.values())
    # An interrupted run left off here, and the histories take numbers of this year.
    _go_on_numbering(office)
    plan = _plan(office, seats, day - datetime.timedelta(days=day.weekday()), ended, unfinished)
    say(f"{len(plan.ended) + len(plan.open)} histories made through the workflow")
    for count in copying.write(plan, copying.missing(held, problems, per_transaction), writers):
        done += count
        say(f"{done:,} of {problems:,} problems")
    _go_on_numbering(office)
    return Made(before, done)


def _check_here() -> None:
    office = people.find_office()
    if not settings.DEMO and Problem.objects.exclude(office=office).exists():
        raise NotHere(
            "This database holds an office's own problems. Make the data set in a database of its own: "
            "set CASETRACKER_DATA to an empty folder, or DATABASE_URL to an empty database."
        )


def _plan(
    office: Unit, seats: list[people.Seat], monday: datetime.date, ended: histories.Told, unfinished: histories.Told
) -> copying.Plan:
    """Tell every history once, keep its rows as a template, and take them back: only copies stay."""
    supervisors = User.objects.filter(username__startswith="dataset-supervisor").order_by("username")
    pool = Pool(supervisors[0])
    seat = seats[0]
    stage = histories.Stage(
        office=office,
        supervisors=(supervisors[0], supervisors[1]),
        district=District.objects.get(code=seat.district),
        team=Unit.objects.get(pk=seat.team),
        inspector=User.objects.get(pk=seat.inspector),
        unit=Unit.objects.get(pk=seat.unit),
        handler=User.objects.get(pk=seat.handler),
        government=Unit.objects.get(pk=seat.government),
        official=User.objects.get(pk=seat.official),
        monday=monday,
        pool=pool,
    )
    # Drawn before, so that their files and rows stay when the histories are taken back.
    _draw(pool)
    with transaction.atomic():
        closed = _templates(stage, seat, histories.tell(stage, ended, "已办结"))
        waiting = _templates(stage, seat, histories.tell(stage, unfinished, "未办结"))
        transaction.set_rollback(True)
    leaves = {one.code: one for one in District.objects.filter(children=None)}
    districts = [leaves[code] for code in dict.fromkeys(one.district for one in seats)]
    return copying.Plan(office.pk, monday, closed, waiting, seats, districts, copying.kinds())


def _draw(pool: Pool) -> None:
    for phase in ("before", "after"):
        pool.of_kind(histories.DRAWN, phase, 0, random.Random(0), None, None, None)


def _templates(stage: histories.Stage, seat: people.Seat, problems: list[Problem]) -> list[Template]:
    named = ("team_zh", "inspector_zh", "unit_zh", "handler_zh", "government_zh", "official_zh")
    names = {getattr(seat, name): name for name in named}
    made = []
    for problem in problems:
        made.append(
            template(
                problem,
                monday=stage.monday,
                names={**names, problem.number: "number", problem.site_name: "site_name"},
                people={getattr(seat, name): name for name in ("inspector", "handler", "official")},
                units={getattr(seat, name): name for name in ("team", "unit", "government")},
            )
        )
    return made


def _go_on_numbering(office: Unit) -> None:
    """The next problem of each year gets the number after the last one here."""
    last = Problem.objects.filter(office=office).values("number_year").annotate(last=Max("number_seq")).order_by()
    for year in last:
        NumberSeries.reach(office.pk, NUMBER_KIND, year["number_year"], year["last"])


def analyse() -> None:
    """Tell the planner what is there now, as the server itself would some minutes later."""
    models: tuple[type[Model], ...] = (*TABLES, Site, User)
    with connections["owner"].cursor() as cursor:
        for model in models:
            cursor.execute(f"VACUUM (ANALYZE) {model._meta.db_table}")
