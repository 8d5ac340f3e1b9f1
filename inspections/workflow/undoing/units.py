"""Undoing an import of units: those that it brought end, those that it changed are as before."""

import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from casetracker.administering.recording import UNIT
from casetracker.administering.units import change_unit
from casetracker.models import District, Unit, UnitName
from inspections.models import ImportBatch, ImportRow
from inspections.workflow.undoing.parts import BROUGHT, CHANGED, TOLD, VERB, Built, Part, Undoing
from inspections.workflow.undoing.people import keys_of, of_others, tell
from inspections.workflow.undoing.used import referring

DATES, UNITS = ("valid_from", "valid_until"), ("parent", "successor")
DAY = datetime.timedelta(days=1)


def _rows(batch: ImportBatch) -> dict[UUID, dict[str, Any]]:
    rows = ImportRow.objects.filter(batch=batch, outcome__in=(*BROUGHT, *CHANGED), subject_id__isnull=False)
    return {key: before for key, before in rows.order_by("row").values_list("subject_id", "before") if key}


def judge(batch: ImportBatch) -> list[Built]:
    """What was done since with the units of the batch, and of those that it brought, what else speaks of them."""
    rows = _rows(batch)
    units = Unit.objects.in_bulk({before["pk"] for before in rows.values()})
    found: dict[int, Built] = {}

    def add(pk: int, who: str, verb: str) -> None:
        label = units[pk].name_zh
        found[pk] = {"subject": UNIT, "id": str(pk), "label": label, "who": who, "verb": verb}

    for event in of_others(batch, UNIT, list(rows)).order_by("seq")[: TOLD * 5]:
        add(rows[event.subject_id]["pk"], event.actor_name, event.verb)
    made = {before["pk"] for before in rows.values() if before["made"]}
    for pk in referring(Unit, made - found.keys(), (UnitName, Unit, Unit.districts.through)):
        add(pk, "", "")
    # A unit below that came by itself; those of the same file go together.
    for below in Unit.objects.filter(parent__in=made - found.keys()).exclude(pk__in=made)[:TOLD]:
        assert below.parent_id is not None
        add(below.parent_id, below.name_zh, "")
    return list(found.values())


def _take_back(undoing: Undoing, ids: list[UUID]) -> None:
    """Units that the batch brought exist no more from today on; what came back with it ends again."""
    rows = _rows(undoing.batch)
    last = timezone.localdate(undoing.now) - DAY
    for key in ids:
        unit = Unit.objects.get(pk=rows[key]["pk"])
        first = unit.valid_from if unit.valid_from is not None and unit.valid_from <= last else None
        _change(undoing, unit, {"valid_from": first, "valid_until": last})
        tell(undoing, key, unit.pk, unit.name_zh, "taken_back")


def _restore(undoing: Undoing, ids: list[UUID]) -> None:
    """Write the values that the batch found in the place of those of now."""
    rows = _rows(undoing.batch)
    for key in ids:
        unit = Unit.objects.get(pk=rows[key]["pk"])
        columns = dict(rows[key]["columns"])
        for name in DATES:
            if columns.get(name):
                columns[name] = datetime.date.fromisoformat(columns[name])
        for name in UNITS:
            if columns.get(name):
                columns[name] = Unit.objects.get(pk=columns[name])
        if "districts" in columns:
            codes = [told.split(" ")[0] for told in columns["districts"]]
            columns["districts"] = list(District.objects.filter(code__in=codes))
        _change(undoing, unit, columns)
        tell(undoing, key, unit.pk, unit.name_zh, "restored")


def _change(undoing: Undoing, unit: Unit, values: dict[str, Any]) -> None:
    batch = undoing.batch
    change_unit(unit, by=undoing.by, about={"file": batch.file_name, "batch": str(batch.pk)}, verb=VERB, **values)


PART = Part(UNIT, Unit, _take_back, _restore, judge=judge, keys=keys_of)
