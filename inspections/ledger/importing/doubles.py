"""Rows that say what a problem here says already, under a number where that one had none, or the other way round."""

import dataclasses
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from inspections.enums import Status
from inspections.ledger.errors import Message, RowError
from inspections.ledger.importing.past import Past
from inspections.ledger.importing.report import Outcome
from inspections.ledger.rows import ParsedRow
from inspections.models import ImportBatch, Problem

Other = tuple[UUID, str]

MAY_BE_SAME = _(
    "It may be the same as %(number)s, which was imported with this day, site and description; the row was not taken "
    "over. Give it that number if it is, or say in its description what is different."
)


MAY_BE_SAME_CHANGED = _(
    "It may be %(number)s with another description: an earlier import brought it with this day, site and unit or kind. "
    "The row was imported as a new problem. Give it that number if it is the same."
)


def doubt_changed(pasts: list[Past], batch: ImportBatch, spoken_of: list[UUID]) -> None:
    """List as doubtful the new rows without a number that tell of a problem of an earlier import in other words.

    Such a row has the day, the site, and the unit and the kind of what is here, each of both where it has one; what
    other rows of this ledger speak of, `spoken_of`, is none of them.
    """
    bare = [past for past in pasts if past.import_key]
    if not bare:
        return
    days, sites = {past.row.values["found_on"] for past in bare}, {past.site.pk for past in bare}
    rows = _of_earlier_imports(batch).filter(found_on__in=days, site__in=sites).exclude(pk__in=spoken_of)
    in_order = rows.order_by("-number_year", "-number_seq", "-pk")
    columns = in_order.values_list("number", "found_on", "site", "lead_unit", "kind")
    known: dict[tuple[Any, ...], str] = {tuple(told): number for number, *told in columns}
    for past in bare:
        unit, kind = past.lead.pk if past.lead else None, past.kind.pk if past.kind else None
        number = known.get((past.row.values["found_on"], past.site.pk, unit, kind))
        if number is not None and (unit is not None or kind is not None):
            header = past.row.headers.get("description", "description")
            message = Message(MAY_BE_SAME_CHANGED, {"number": number})
            value = past.row.values["description"][:200]
            doubt = RowError(past.row.row, header, value, "may_be_same_changed", message)
            past.row = dataclasses.replace(past.row, doubtful=(*past.row.doubtful, doubt))


def part_doubles(pasts: list[Past], batch: ImportBatch) -> tuple[list[Past], list[Outcome]]:
    """The rows that are new indeed, and what becomes of those that an earlier import may have brought already.

    A row with a number is compared with problems that came without one, by what those are known again by; a row
    without any number with problems that came with one. Such a row makes nothing and is listed as doubtful: the same
    ledger read another way would otherwise double every problem in it.
    """
    found = _came_without([past for past in pasts if not past.import_key], batch)
    found |= _came_with([past for past in pasts if past.import_key], batch)
    new: list[Past] = []
    outcomes: list[Outcome] = []
    for past in pasts:
        other = found.get(_told(past) if past.import_key else past.row_key)
        if other is None:
            new.append(past)
        else:
            outcomes.append(Outcome(_doubted(past, other[1]), "unchanged", other[0]))
    return new, outcomes


def _of_earlier_imports(batch: ImportBatch) -> QuerySet[Problem]:
    """What other imports brought and still counts: what was voided or merged is nothing that a row could double."""
    rows = Problem.objects.filter(office=batch.office, import_batch__isnull=False).exclude(import_batch=batch)
    return rows.exclude(status=Status.VOID)


def _came_without(pasts: list[Past], batch: ImportBatch) -> dict[Any, Other]:
    """The problems that came without a number and are known again by what these rows say."""
    if not pasts:
        return {}
    # That the key is not empty is said for the sake of the index, which holds only such rows.
    rows = _of_earlier_imports(batch).filter(import_key__in={past.row_key for past in pasts}).exclude(import_key="")
    return {key: (pk, number) for pk, key, number in rows.values_list("pk", "import_key", "number")}


def _came_with(pasts: list[Past], batch: ImportBatch) -> dict[Any, Other]:
    """The problems that came with a number and tell what these rows tell, the lowest number of several."""
    if not pasts:
        return {}
    days, sites = {past.row.values["found_on"] for past in pasts}, {past.site.pk for past in pasts}
    rows = _of_earlier_imports(batch).filter(import_key="", found_on__in=days, site__in=sites)
    in_order = rows.order_by("-number_year", "-number_seq", "-pk")
    columns = in_order.values_list("pk", "number", "found_on", "site", "kind", "description")
    return {tuple(told): (pk, number) for pk, number, *told in columns}


def _told(past: Past) -> tuple[Any, ...]:
    """What a row tells of its problem, as the problem's own columns."""
    values = past.row.values
    return values["found_on"], past.site.pk, past.kind.pk if past.kind else None, values["description"]


def _doubted(past: Past, number: str) -> ParsedRow:
    """The row with the doubt, at its number where it has one, else at its description."""
    given = past.number_text
    column = "number" if past.number else "external_id" if given else "description"
    value = given or past.row.values["description"]
    header = past.row.headers.get(column, column)
    doubt = RowError(past.row.row, header, value[:200], "may_be_same", Message(MAY_BE_SAME, {"number": number}))
    return dataclasses.replace(past.row, doubtful=(*past.row.doubtful, doubt))
