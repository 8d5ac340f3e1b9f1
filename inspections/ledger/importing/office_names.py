"""What names mean in ledgers of people and units: every unit of the office's tree, made by the administration's way."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.utils.functional import cached_property

from casetracker.administering.units import create_unit
from casetracker.enums import UnitKind
from casetracker.models import Unit
from casetracker.models.units import UnitQuerySet
from inspections.ledger.importing.names import ELSEWHERE, GOVERNMENT, Names, Unclear, UnitTable
from inspections.models import ImportBatch


def units_of(office: Unit) -> UnitQuerySet:
    """The units of an office's tree, from the bureau at its root down, and those that it may hand problems to."""
    root = office.path.split("/")[0] + "/"
    near = Unit.objects.addressable_by(office).values("pk")
    return Unit.objects.filter(Q(path__startswith=root) | Q(pk__in=near))


def guessed_kind(name: str) -> UnitKind:
    """What a unit of this name probably is: 第三现场督导组 a team, 解放区政府 a government, else a department."""
    if name.endswith("组"):
        return UnitKind.TEAM
    return UnitKind.GOVERNMENT if GOVERNMENT.search(name) else UnitKind.DEPARTMENT


def about(batch: ImportBatch) -> dict[str, Any]:
    """What every event of this import says of where it came from."""
    return {"file": batch.file_name, "batch": str(batch.pk)}


@dataclass
class OfficeNames(Names):
    """Names of the whole office: its teams and itself among them. `batch` is the import that makes what is new."""

    batch: ImportBatch = field(kw_only=True)

    @cached_property
    def _units(self) -> UnitTable:
        return UnitTable(units_of(self.office))

    @property
    def units(self) -> UnitTable:
        return self._units

    def unit(self, name: str) -> Unit | None:
        """The unit of this name, former name or alias in the office's tree. Raises Unclear."""
        found = self._units.find(name)
        if found is None and self._may_create("units", name):
            found = self.make(name, guessed_kind(name))
            self._count("units", name)
        return found

    def make(self, name: str, kind: str, **values: Any) -> Unit:
        """Make a unit of the office: a team stands below it, the districts are the office's where none are given.

        Raises Unclear where a unit elsewhere has the name, Invalid for what contradicts itself.
        """
        if Unit.objects.filter(name_zh=name).exists():
            raise Unclear("elsewhere", ELSEWHERE)
        if kind == UnitKind.TEAM:
            values.setdefault("parent", self.office)
        values.setdefault("districts", self.office.districts.all())
        unit = create_unit(by=self.batch.by, about=about(self.batch), name_zh=name, kind=kind, **values)
        self._units.add(name, unit)
        return unit
