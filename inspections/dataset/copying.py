"""Copies of the histories through ten years, streamed into the database in transactions of their own."""

import datetime
import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.db import connection, models, transaction
from django.db.models import Count, F

from casetracker import search
from casetracker.models import District
from inspections.dataset.people import PREFIX, Seat
from inspections.dataset.template import TABLES, Piece, Slot, Template, columns, lexemes
from inspections.demo.finding import KINDS_OF_SITE
from inspections.models import Problem, Site, SiteKind, Visit
from inspections.searching import index_site
from inspections.workflow import number_text

WEEK = 7
# Ended ones lie within ten years, open ones within one, so that most of those are overdue.
ENDED_WEEKS, OPEN_WEEKS = 521, 52
OPEN_PER_ROUND = 15
# So many problems one after another share one site of each kind, in one district.
GROUP = 60
# A real group's year had 12,479 visits to 3,170 problems.
QUIET_VISITS = 3
SITE_NAMES = {
    "building_site": "建筑工地",
    "restaurant": "餐饮店",
    "factory": "加工厂",
    "road": "路段",
    "bare_land": "地块",
    "trucks": "运输队",
}
FIRST, SECOND, THIRD = (
    "恒泰盛隆昌瑞祥福源兴达通顺安宁康",
    "山川江海湖林泉石云霞星月晨曦春秋",
    "东西南北中前后左右上下内外新旧大",
)


@dataclass
class Plan:
    """Everything the copies are made of; copy n of a plan is the same whenever it is made."""

    office: int
    monday: datetime.date
    ended: list[Template]
    open: list[Template]
    seats: list[Seat]
    districts: list[District]
    kinds: dict[str, int]

    def template(self, n: int) -> Template:
        """Which history problem n tells: rounds of all ended ones and some of the open ones in turn."""
        rounds, place = divmod(n, len(self.ended) + OPEN_PER_ROUND)
        if place < len(self.ended):
            return self.ended[place]
        return self.open[(rounds * OPEN_PER_ROUND + place - len(self.ended)) % len(self.open)]

    def monday_of(self, n: int) -> datetime.date:
        """The Monday to which the days of problem n are counted. Weeks keep weekends where they were; where the week
        of a public holiday differs, the copy keeps the term its history was given."""
        rounds, place = divmod(n, len(self.ended) + OPEN_PER_ROUND)
        if place < len(self.ended):
            weeks = (rounds * 37 + place * 13) % ENDED_WEEKS
        else:
            weeks = (rounds * 11 + place * 5) % OPEN_WEEKS
        return self.monday - datetime.timedelta(days=weeks * WEEK)

    def place(self, n: int) -> tuple[int, Seat]:
        """The number of the site of problem n, and whose problem it is."""
        group, kinds = n // GROUP, list(KINDS_OF_SITE)
        site = group * len(kinds) + kinds.index(self.template(n).site_kind)
        districts = len(self.districts)
        units = len(self.seats) // districts
        return site, self.seats[group % districts + districts * (n * 7 % units)]


def site_name(site: int) -> str:
    """One of 4,096 names per kind, as people would write it: never a number."""
    place = site * 2_654_435_761 % 4096
    kind = list(KINDS_OF_SITE)[site % len(KINDS_OF_SITE)]
    return FIRST[place % 16] + SECOND[place // 16 % 16] + THIRD[place // 256] + SITE_NAMES[kind]


def site_position(site: int) -> tuple[float, float]:
    """Latitude and longitude (WGS-84) inside a square of about 200 km."""
    return round(34.8 + site * 7919 % 20_000 / 10_000, 6), round(111.5 + site * 104_729 % 20_000 / 10_000, 6)


def row_id(what: str, key: int, n: int, day: datetime.date) -> str:
    """A UUIDv7 of the day that is the same whenever it is made."""
    digest = hashlib.md5(f"{what} {key} {n}".encode(), usedforsecurity=False).hexdigest()
    milliseconds = (day.toordinal() - 719_163) * 86_400_000 + n % 86_400_000
    return str(uuid.UUID(f"{milliseconds:012x}7{digest[:3]}8{digest[3:18]}"))


def copy(plan: Plan, begin: int, end: int) -> None:
    """Write problems begin … end - 1 with everything around them, in one transaction."""
    copies = [_Copy(plan, n) for n in range(begin, end)]
    with transaction.atomic():
        # Beside another writer on a busy machine the rows of one table may take longer than a page's transaction may.
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        _sites(plan, begin, end)
        for model in TABLES:
            names = ", ".join(f'"{one.column}"' for one in columns(model))
            _stream(f"COPY {model._meta.db_table} ({names}) FROM STDIN", _lines(model, copies))


def _lines(model: type[models.Model], copies: "list[_Copy]") -> Iterator[str]:
    for one in copies:
        yield one.text(model)


def _stream(statement: str, lines: Iterator[str]) -> None:
    with connection.cursor() as cursor, cursor.copy(statement) as out:
        for line in lines:
            out.write(line)


def _sites(plan: Plan, begin: int, end: int) -> None:
    """The sites of these problems; copies begin and end between groups."""
    per_group = len(KINDS_OF_SITE)
    made = []
    for number in range(begin // GROUP * per_group, -(-end // GROUP) * per_group):
        district = plan.districts[number // per_group % len(plan.districts)]
        lat, lon = site_position(number)
        site = Site(
            id=row_id("site", 0, number, plan.monday),
            office_id=plan.office,
            name=site_name(number),
            kind_id=plan.kinds[list(KINDS_OF_SITE)[number % per_group]],
            district=district,
            lat=lat,
            lon=lon,
        )
        site.search = index_site(site)
        made.append(site)
    Site.objects.bulk_create(made, ignore_conflicts=True, batch_size=1000)


class _Copy:
    """Problem n of a plan: the values of its slots, and its rows as text."""

    def __init__(self, plan: Plan, n: int) -> None:
        self.plan, self.n = plan, n
        self.template = plan.template(n)
        self.monday = plan.monday_of(n)
        self.site, self.seat = plan.place(n)
        self.keys: dict[int, str] = {}
        self.values = self._values()

    def _values(self) -> dict[str, str]:
        seat = self.seat
        year = (self.monday + datetime.timedelta(days=_found(self.template))).year
        number, name = number_text(PREFIX, year, self.n + 1), site_name(self.site)
        lat, lon = site_position(self.site)
        own = search.pieces(number, name, seat.district_zh)
        return {
            "number": number,
            "number_year": str(year),
            "number_seq": str(self.n + 1),
            "site": row_id("site", 0, self.site, self.plan.monday),
            "site_name": name,
            "lat": str(lat),
            "lon": str(lon),
            "search": f"{self.template.words} {lexemes(own)} 'd={seat.district}' 't={seat.team}'",
            **{one: str(value) for one, value in vars(seat).items()},
        }

    def text(self, model: type[models.Model]) -> str:
        """The rows of one table in COPY's text format."""
        text = "".join(self._piece(piece) for row in self.template.rows[model] for piece in row)
        if model is Visit:
            text += "".join(self._quiet(nth) for nth in range(1, QUIET_VISITS + 1))
        return text

    def _piece(self, piece: Piece, nth: int = 0) -> str:
        if isinstance(piece, str):
            return piece
        if piece.kind == "key":
            return self._key(piece.value) if not nth else row_id("quiet", nth, self.n, self.monday)
        if piece.kind == "day":
            return (self.monday + datetime.timedelta(days=piece.value + nth)).isoformat()
        return self.values[piece.kind]

    def _key(self, key: int) -> str:
        made = self.keys.get(key)
        if made is None:
            made = self.keys[key] = row_id("row", key, self.n, self.monday)
        return made

    def _quiet(self, nth: int) -> str:
        """A visit on a later day that found nothing."""
        (row,) = self.template.rows[Visit]
        return "".join(self._piece(piece, nth) for piece in row)


def _found(template: Template) -> int:
    """The day on which the problem of a history was found, counted from the Monday: the first day of its row."""
    (row,) = template.rows[Problem]
    return next(int(piece.value) for piece in row if isinstance(piece, Slot) and piece.kind == "day")


def kinds() -> dict[str, int]:
    return dict(SiteKind.objects.values_list("code", "pk"))


def stands(office: int, size: int) -> dict[int, int]:
    """How many problems each transaction's stretch of numbers holds already, from its beginning on."""
    held = (
        Problem.objects.filter(office=office, visit__isnull=False)
        .annotate(stretch=(F("number_seq") - 1) / size)
        .values("stretch")
    )
    return dict(held.annotate(rows=Count("pk")).order_by().values_list("stretch", "rows"))


def missing(held: Mapping[int, int], end: int, size: int) -> list[tuple[int, int]]:
    """What each transaction has to write so that there are `end` problems."""
    stretches = [(begin + held.get(begin // size, 0), min(begin + size, end)) for begin in range(0, end, size)]
    return [(begin, stop) for begin, stop in stretches if begin < stop]


def write(plan: Plan, stretches: Sequence[tuple[int, int]], writers: int) -> Iterator[int]:
    """Copy every stretch, on so many connections at once (1: on the caller's own); yields how many each held.

    Each connection of its own keeps the database busy while the rows of another are made.
    """
    if writers == 1:
        for begin, end in stretches:
            copy(plan, begin, end)
            yield end - begin
        return
    with ThreadPoolExecutor(writers) as pool:
        yield from pool.map(lambda one: _apart(plan, *one), stretches)


def _apart(plan: Plan, begin: int, end: int) -> int:
    try:
        copy(plan, begin, end)
    finally:
        connection.close()
    return end - begin
