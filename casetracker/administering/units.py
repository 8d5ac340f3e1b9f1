"""Writing a unit: names, place in the tree, districts, how to reach it, and until when it exists."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from casetracker.administering.recording import UNIT, differences, reasoned, tell
from casetracker.errors import Invalid
from casetracker.models import District, Unit, UnitName, User

COLUMNS = (
    "name_zh",
    "name_en",
    "short_zh",
    "kind",
    "parent",
    "email",
    "webhook",
    "number_prefix",
    "valid_from",
    "valid_until",
    "successor",
)
# A change of these changes who may see or do what.
RIGHTS = frozenset({"kind", "parent", "districts", "valid_from", "valid_until"})
# Whoever knows the address of a chat room can write into it; the history doesn't hold it.
SECRET = "webhook"


@transaction.atomic
def create_unit(
    *,
    by: User | None,
    districts: Iterable[District] = (),
    aliases: Iterable[str] = (),
    about: Mapping[str, Any] | None = None,
    **values: Any,
) -> Unit:
    """Make a unit. `values` are columns of COLUMNS, `aliases` other ways people write its name. `about` says which
    file (file, batch) tells of it.

    Raises Invalid for a name that another unit has or had, and for dates that contradict each other.
    """
    unit = Unit(**values)
    _check(unit, aliases)
    unit.save()
    unit.districts.set(districts)
    _write_aliases(unit, aliases)
    tell(UNIT, unit.pk, unit.name_zh, "create_unit", by, after=_told(state(unit)), **(about or {}))
    return unit


@transaction.atomic
def change_unit(
    unit: Unit,
    *,
    by: User | None,
    reason: str = "",
    districts: Iterable[District] | None = None,
    aliases: Iterable[str] | None = None,
    about: Mapping[str, Any] | None = None,
    verb: str = "change_unit",
    **values: Any,
) -> Unit:
    """Change a unit; a former name stays known. Records keep the name of their day.

    Raises Invalid when nothing would change, when the tree would bite its tail, for a name of another unit, and
    without a reason where the change moves rights (kind, place in the tree, districts, validity). `about` says which
    file (file, batch) tells of it, and is reason enough; `verb` is what the history calls it.
    """
    locked = Unit.objects.select_for_update(of=("self",)).get(pk=unit.pk)
    before = state(locked)
    for name in COLUMNS:
        if name in values:
            setattr(locked, name, values[name])
    renamed = locked.name_zh != before["name_zh"]
    kept = before["aliases"] if aliases is None else list(aliases)
    _check(locked, kept)
    after = {name: getattr(locked, name) for name in COLUMNS} | {
        "districts": before["districts"] if districts is None else _named(districts),
        "aliases": sorted({name for name in kept if name != locked.name_zh}),
    }
    old, new = differences(before, after)
    why = reasoned(reason) if RIGHTS & set(new) and not about else " ".join(reason.split())
    locked.save()
    if districts is not None:
        locked.districts.set(districts)
    _write_aliases(locked, after["aliases"])
    if renamed:
        _keep_former(locked, before["name_zh"])
    details = dict(about or {}) | ({"reason": why} if why else {})
    tell(UNIT, locked.pk, locked.name_zh, verb, by, before=_told(old), after=_told(new), **details)
    return locked


def state(unit: Unit) -> dict[str, Any]:
    """Everything of a unit that may change, as values."""
    return {name: getattr(unit, name) for name in COLUMNS} | {
        "districts": _named(unit.districts.all()),
        "aliases": sorted(unit.names.filter(is_former=False).values_list("name", flat=True)),
    }


def _named(districts: Iterable[District]) -> list[str]:
    """Districts as the history names them, code and name of the day."""
    return sorted(f"{one.code} {one.name_zh}" for one in districts)


def _told(values: dict[str, Any]) -> dict[str, Any]:
    """The same as the history holds it: the address of a chat room only as there or not."""
    told = dict(values)
    if SECRET in told:
        told[SECRET] = bool(told[SECRET])
    return told


def _check(unit: Unit, aliases: Iterable[str]) -> None:
    if unit.parent is not None and unit.pk is not None and unit.parent.path.startswith(unit.path):
        raise Invalid(_("A unit can’t stand below itself. Choose another one above it."), field="parent")
    if unit.successor is not None and unit.successor.pk == unit.pk:
        raise Invalid(_("A unit can’t follow itself. Choose the unit that takes over."), field="successor")
    if unit.valid_from and unit.valid_until and unit.valid_until < unit.valid_from:
        raise Invalid(_("The last day lies before the first one."), field="valid_until")
    for field, names in (("name_zh", [unit.name_zh]), ("aliases", aliases)):
        for name in names:
            if other := _owner_of(name, but=unit):
                words = {"name": name, "unit": other.name}
                raise Invalid(_("“%(name)s” is a name of %(unit)s, now or formerly.") % words, field=field)


def _owner_of(name: str, *, but: Unit) -> Unit | None:
    """Another unit that bears or bore this name."""
    return Unit.objects.filter(Q(name_zh=name) | Q(names__name=name)).exclude(pk=but.pk).first()


def _write_aliases(unit: Unit, aliases: Iterable[str]) -> None:
    """Exactly these other names; former ones stay whatever happens."""
    wanted = {name for name in aliases if name != unit.name_zh}
    unit.names.filter(is_former=False).exclude(name__in=wanted).delete()
    known = set(unit.names.values_list("name", flat=True))
    UnitName.objects.bulk_create([UnitName(unit=unit, name=name) for name in sorted(wanted - known)])


def _keep_former(unit: Unit, name: str) -> None:
    """The name it bore until now; one it takes up again is no former one any more."""
    unit.names.filter(name=unit.name_zh).delete()
    UnitName.objects.update_or_create(
        unit=unit, name=name, defaults={"is_former": True, "until_on": timezone.localdate()}
    )
