"""What waits for a person: all work queues together, most urgent first, and the panels beside them."""

import datetime
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import unescape
from itertools import islice
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.http import QueryDict
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from casetracker import registry
from casetracker.exporting import Cell, Column, Table, streamed
from casetracker.exporting.tables import CHUNK
from casetracker.models import Deadline, User
from casetracker.wording import listed

FIRST_PAGE = 10
NEXT_PAGES = 50
PLACE = re.compile(r"(\d{4}-\d\d-\d\d)~(\d{1,4})~(\d{1,18})")


@dataclass(frozen=True)
class Act:
    """A button of a row: where it leads and its word; `reason` says why it can't be pressed now."""

    verb: str
    word: str
    url: str
    icon: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Row:
    """One thing that waits, in the words of the active language."""

    subject_id: Any
    url: str
    light: str
    words: str
    title: str
    number: str
    place: str
    # What is wrong, in the reporter's words; a phone shows it where a desk shows the place.
    text: str
    facts: Sequence[str]
    act: Act
    # A second step that a phone has room for.
    also: Act | None = None
    provisional: bool = False
    template: str = "inspections/work/_row.html"


@dataclass(frozen=True)
class Panel:
    """A box beside the list (or, where it leads, above it) with its template and what that needs."""

    template: str
    context: dict[str, Any] = field(default_factory=dict)
    leads: bool = False
    # What the panel makes of the page's title where nothing waits for the person.
    news: str = ""


@dataclass(frozen=True)
class Cut:
    """Another way to narrow what waits: running deadlines that have something in common."""

    key: str
    label: Any
    among: Callable[[User], QuerySet[Deadline]]


# (user, today) -> the panel, or None for somebody whom it doesn't concern
Maker = Callable[[User, datetime.date], Panel | None]
panels: list[Maker] = []
cuts: dict[str, Cut] = {}

# Segments of a phone: what is late, due today, due later.
TIMES: dict[str, Callable[[datetime.date], Q]] = {
    "late": lambda today: Q(due_on__lt=today),
    "today": lambda today: Q(due_on=today),
    "later": lambda today: Q(due_on__gt=today),
}


@dataclass(frozen=True)
class Counts:
    """How much waits: per queue, per segment of time, per cut."""

    queues: dict[str, int]
    times: dict[str, int]
    cuts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.times.values())


@dataclass(frozen=True)
class Page:
    """Some rows of the list and the place after them: how many more, the day the next is due, its cursor."""

    rows: list[Row]
    more: int = 0
    next_due_on: datetime.date | None = None
    after: str = ""


class Desk:
    """Everything that waits for one person on one day."""

    def __init__(self, user: User, today: datetime.date) -> None:
        self.user = user
        self.today = today

    @cached_property
    def queues(self) -> list[registry.WorkQueue]:
        return list(registry.queues_in_order())

    @cached_property
    def waiting(self) -> QuerySet[Deadline]:
        """The running deadlines of every queue that wait for the person; each clock belongs to one queue."""
        ids = [queue.waiting(self.user).order_by().values("pk") for queue in self.queues]
        if not ids:
            return Deadline.objects.none()
        return Deadline.objects.filter(pk__in=ids[0].union(*ids[1:], all=True))

    @cached_property
    def counts(self) -> Counts:
        """One query over everything that waits."""
        among = {key: Q(pk__in=cut.among(self.user).order_by().values("pk")) for key, cut in cuts.items()}
        sums = {f"time_{key}": Count("pk", filter=test(self.today)) for key, test in TIMES.items()}
        sums |= {f"cut_{key}": Count("pk", filter=test) for key, test in among.items()}
        found: list[dict[str, Any]] = list(self.waiting.values("clock").annotate(rows=Count("pk"), **sums).order_by())  # type: ignore[arg-type]
        by_clock = {row["clock"]: row["rows"] for row in found}
        return Counts(
            {queue.key: by_clock.get(queue.clock, 0) for queue in self.queues},
            {key: sum(row[f"time_{key}"] for row in found) for key in TIMES},
            {key: sum(row[f"cut_{key}"] for row in found) for key in among},
        )

    def narrowed(self, queue: str = "", when: str = "") -> QuerySet[Deadline]:
        """What waits in one queue, in one segment of time or cut; everything for an empty or unknown name."""
        found = self.waiting
        chosen = next((one for one in self.queues if one.key == queue), None)
        if chosen is not None:
            found = found.filter(clock=chosen.clock)
        if when in TIMES:
            found = found.filter(TIMES[when](self.today))
        elif when in cuts:
            found = found.filter(pk__in=cuts[when].among(self.user).order_by().values("pk"))
        return found

    def page(self, found: QuerySet[Deadline], total: int, after: str = "") -> Page:
        """The rows after a place: ten at first, fifty on later pages. Four queries or so, however many rows."""
        size = NEXT_PAGES if after else FIRST_PAGE
        ranked = self._ranked(found)
        beyond = ranked.filter(_beyond(after)) if after else ranked
        deadlines: list[Any] = list(beyond[: size + 1])
        shown, following = deadlines[:size], deadlines[size:]
        rows = self._rows(shown)
        if not following:
            return Page(rows)
        more = (beyond.count() if after else total) - len(shown)
        last = shown[-1]
        place = f"{last.due_on.isoformat()}~{last.rank}~{last.pk}"
        return Page(rows, more, following[0].due_on, place)

    def every(self, found: QuerySet[Deadline]) -> Iterator[tuple[Deadline, Row]]:
        """All the rows with their deadlines, in the order of the list, read as they are taken."""
        deadlines = streamed(self._ranked(found))
        while chunk := list(islice(deadlines, CHUNK)):
            yield from self._pairs(chunk)

    def _ranked(self, found: QuerySet[Deadline]) -> QuerySet[Any]:
        return found.annotate(rank=self._rank()).order_by("due_on", "rank", "pk").select_related("rule")

    def _rank(self) -> Case:
        """Of two things due on one day, first what has an hour, then in the order of the queues."""
        order = [When(clock=queue.clock, then=Value(queue.position)) for queue in self.queues]
        return Case(
            When(rule__cutoff__isnull=False, then=Value(0)), *order, default=Value(99), output_field=IntegerField()
        )

    def _rows(self, deadlines: list[Deadline]) -> list[Row]:
        """Rows for deadlines, each made by its queue, in the order of the deadlines."""
        return [row for _deadline, row in self._pairs(deadlines)]

    def _pairs(self, deadlines: list[Deadline]) -> list[tuple[Deadline, Row]]:
        made: dict[int, Row] = {}
        for queue in self.queues:
            own = [row for row in deadlines if row.clock == queue.clock]
            if own:
                made |= {row.pk: shown for row, shown in zip(own, queue.rows(own, self.user, self.today), strict=True)}
        return [(row, made[row.pk]) for row in deadlines if row.pk in made]

    def panels(self, makers: Sequence[Maker] | None = None) -> list[Panel]:
        """The panels that concern the person: those that the apps registered, or the given ones."""
        found = [panel(self.user, self.today) for panel in (panels if makers is None else makers)]
        return [panel for panel in found if panel is not None]


def table(user: User, query: str) -> Table:
    """Everything that waits for the person, narrowed and in the order of the page."""
    parameters = QueryDict(query)
    desk = Desk(user, timezone.localdate())
    found = desk.narrowed(parameters.get("queue", ""), parameters.get("when", ""))
    heads = [
        Column(_("Deadline"), 24),
        Column(_("Due date"), 12),
        Column(_("Problem"), 24),
        Column(_("Number"), 20),
        Column(_("Site"), 32),
        Column(_("What happened"), 40),
        Column(_("Next step"), 16),
    ]

    def rows() -> Iterator[list[Cell]]:
        for deadline, row in desk.every(found):
            facts = listed(unescape(strip_tags(str(fact))) for fact in row.facts)
            yield [row.words, deadline.due_on, row.title, row.number, row.place, facts, row.act.word]

    return Table(_("My work"), heads, found.count(), rows)


def _beyond(place: str) -> Q:
    """After a place in the list; the beginning for a place that no page gave out."""
    parts = PLACE.fullmatch(place)
    if parts is None:
        return Q()
    try:
        due_on = datetime.date.fromisoformat(parts[1])
    except ValueError:
        return Q()
    rank, pk = int(parts[2]), int(parts[3])
    return Q(due_on__gt=due_on) | Q(due_on=due_on, rank__gt=rank) | Q(due_on=due_on, rank=rank, pk__gt=pk)
