"""What a ledger says of problems here: the values that the importer reads from the cells that we write."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

from casetracker.exporting import streamed
from casetracker.exporting.tables import CHUNK
from inspections.ledger.cells import as_name, as_names, join_names, plain
from inspections.models import Assignment
from inspections.querysets import ProblemQuerySet

# Longer than the importer takes is no ledger's text; what is cut off stays here, whatever is imported again.
LONGEST = 10_000
# For what must be filled and holds nothing that can be seen.
NOTHING = "—"

READ = (
    *("pk", "version", "office_id", "number", "external_id", "found_on", "site_name", "description", "route"),
    *("special", "severity", "lead_unit_id", "responsible_name", "due_on", "first_due_on", "extension_count"),
    *("met_on", "verified_by_name", "verified_by__name", "verified_on", "closed_on", "party_name", "source"),
    *("quantity", "void_kind", "internal_note", "lat", "lon"),
    *("team__name_zh", "team__name_en", "district__name_zh", "district__name_en", "kind__name_zh", "kind__name_en"),
    *("site__kind__name_zh", "site__kind__name_en", "lead_unit__name_zh", "lead_unit__name_en"),
)
PLACE = {name: index for index, name in enumerate(READ)}


class Told(NamedTuple):
    """One problem as its ledger tells it."""

    pk: UUID
    version: int
    office_id: int
    values: dict[str, Any]


def told(problems: ProblemQuerySet, language: str) -> Iterator[Told]:
    """What a ledger in this language (zh, en) says of each problem, in the order of the query, read as it goes."""
    rows = streamed(problems.values_list(*READ))
    while chunk := list(islice(rows, CHUNK)):
        others = _others([row[0] for row in chunk], language)
        for row in chunk:
            yield Told(row[0], row[1], row[2], _values(row, others.get(row[0], []), language))


def _others(problems: Iterable[UUID], language: str) -> dict[UUID, list[str]]:
    """The units that answer beside the lead, in the order in which they were named."""
    live = Assignment.objects.live().filter(problem__in=problems).exclude(role="lead").order_by("assigned_at", "pk")
    found: dict[UUID, list[str]] = {}
    for problem, zh, en in live.values_list("problem_id", "unit__name_zh", "unit__name_en"):
        found.setdefault(problem, []).append(_name(zh, en, language))
    return found


def _values(row: tuple[Any, ...], others: list[str], language: str) -> dict[str, Any]:
    def of(name: str) -> Any:
        return row[PLACE[name]]

    def name(column: str) -> str | None:
        return _name(of(f"{column}__name_zh") or "", of(f"{column}__name_en") or "", language)

    due, first = of("due_on"), of("first_due_on")
    lat, lon = of("lat"), of("lon")
    placed = lat is not None and lon is not None
    return {
        "number": of("number"),
        "external_id": of("external_id") or None,
        "found_on": of("found_on"),
        "team": name("team"),
        "district": name("district"),
        "site": line_of(of("site_name")) or NOTHING,
        "site_kind": name("site__kind"),
        "kind": name("kind"),
        "description": text_of(of("description")) or NOTHING,
        "route": of("route"),
        "special": of("special") or None,
        "severity": of("severity"),
        "unit": name("lead_unit"),
        "co_units": names_of(others) if others else [],
        "responsible": line_of(of("responsible_name")),
        "due_on": due,
        "first_due_on": first if first != due else None,
        "extensions": of("extension_count") or None,
        "done_on": of("met_on"),
        "rechecked_by": line_of(of("verified_by_name") or of("verified_by__name") or ""),
        "rechecked_on": of("verified_on"),
        "closed_on": of("closed_on"),
        "party": line_of(of("party_name")),
        "source": of("source"),
        "quantity": of("quantity"),
        "void": of("void_kind") or None,
        "remark": text_of(of("internal_note")),
        "lat": round(lat, 6) if placed else None,
        "lon": round(lon, 6) if placed else None,
    }


@lru_cache(maxsize=4096)
def line_of(text: str) -> str | None:
    """A name as the importer reads it."""
    return as_name(text)


def _name(zh: str, en: str, language: str) -> Any:
    return line_of((zh or en) if language == "zh" else (en or zh))


def names_of(names: list[str]) -> list[str]:
    """Names as the importer reads them from one cell."""
    return as_names(join_names([line for name in names if (line := line_of(name))]))


def text_of(text: str) -> str | None:
    """A free text as the importer reads it."""
    return plain(plain(text)[:LONGEST]) or None
