"""Writing a district: its code, names, place in the tree, the years in which it exists; what still needs it."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from casetracker.administering.recording import DISTRICT, differences, reasoned, subject_id, tell
from casetracker.errors import IllegalMove, Invalid
from casetracker.models import District, Event, User

COLUMNS = ("code", "is_local", "name_zh", "name_en", "parent", "valid_from", "valid_until", "aliases")
# A change of these changes who may see or do what: inspectors see the districts below those of their team.
RIGHTS = frozenset({"code", "above"})
FIRST_YEAR, LAST_YEAR = 1949, 2100
# City, county, zone: what a list, a filter and a team reach below a district (DistrictQuerySet.under).
LEVELS = 3
LONGEST_LOCAL = 12
# The first two digits of GB/T 2260: provinces, autonomous regions, municipalities, special administrative regions.
PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
    ]
)


@transaction.atomic
def create_district(*, by: User, **values: Any) -> District:
    """Put a district on the list. `values` are columns of COLUMNS.

    Raises Invalid for a code that can't be or that another one has, a name that stands beside it already, a place
    in the tree that its code contradicts, and years that contradict each other.
    """
    district = District(**values)
    district.code = normalised(district.code)
    _check_code_is_free(district.code)
    _check(district, (), taken=_tree(()))
    try:
        with transaction.atomic():
            district.save(force_insert=True)
    except IntegrityError:
        # Somebody else was a moment earlier.
        _check_code_is_free(district.code)
        raise
    tell(DISTRICT, district.code, district.name_zh, "create_district", by, after=state(district))
    return district


@transaction.atomic
def change_district(district: District, *, by: User, reason: str = "", **values: Any) -> District:
    """Change a district; its code only while nothing was recorded with it. Records keep their district.

    Raises Invalid when nothing would change, for whatever create_district() refuses, and without a reason where the
    change moves rights (code, place in the tree); IllegalMove for another code of a district that is in use.
    """
    locked = District.objects.select_for_update(of=("self",)).get(pk=district.pk)
    before, code = state(locked), locked.code
    for name in COLUMNS:
        if name in values:
            setattr(locked, name, values[name])
    locked.code = normalised(locked.code)
    if locked.code != code:
        _check_code_is_free(locked.code)
    below = list(District.objects.under(code).exclude(pk=code).select_related("parent"))
    _check(locked, below, taken=_tree((code, *(one.pk for one in below))), earlier=code)
    old, new = differences(before, state(locked))
    why = reasoned(reason) if RIGHTS & set(new) else " ".join(reason.split())
    if locked.code != code:
        if is_used(code):
            raise IllegalMove(_("Something is recorded with this code, so it stays. End this one and add another."))
        District.objects.filter(pk=code).update(code=locked.code)
    locked.save(force_update=True)
    details = {"reason": why} if why else {}
    tell(DISTRICT, locked.code, locked.name_zh, "change_district", by, before=old, after=new, **details)
    return locked


def state(district: District) -> dict[str, Any]:
    """Everything of a district that may change, as the history holds it."""
    return {
        "code": district.code,
        "is_local": district.is_local,
        "name_zh": district.name_zh,
        "name_en": district.name_en,
        "above": f"{district.parent.code} {district.parent.name_zh}" if district.parent else "",
        "first_year": district.valid_from,
        "last_year": district.valid_until,
        "aliases": sorted(district.aliases),
    }


def is_used(code: str) -> bool:
    """Does any row of any app name this district? Units, sites, visits, problems, districts below it."""
    return any(
        relation.related_model._base_manager.filter(**{relation.field.name: code}).exists()  # type: ignore[union-attr]
        for relation in District._meta.get_fields(include_hidden=True)
        if relation.auto_created and not relation.concrete and relation.one_to_many
    )


def codes_ever(code: str) -> list[str]:
    """The code with those that the district had before, the present one first."""
    codes = [code]
    while True:
        mine = Event.objects.filter(subject_type=DISTRICT, subject_id=subject_id(DISTRICT, codes[-1]))
        earlier = mine.filter(verb="change_district", before__has_key="code").order_by("-seq").first()
        if earlier is None or earlier.before["code"] in codes:
            return codes
        codes.append(earlier.before["code"])


def normalised(code: str) -> str:
    """The code as it is kept: half-width, capital letters, no blanks."""
    return "".join(unicodedata.normalize("NFKC", code).split()).upper()


def in_tree(rows: Iterable[District]) -> list[tuple[District, int]]:
    """Districts in the order of the tree by code, each with its depth among those given; a parent before its
    children, and one whose parent isn't among them at the top."""
    known = {row.pk: row for row in rows}
    below: dict[str, list[District]] = {}
    for row in sorted(known.values(), key=lambda row: row.pk):
        below.setdefault(row.parent_id if row.parent_id in known else "", []).append(row)
    found: list[tuple[District, int]] = []
    waiting = [(row, 0) for row in reversed(below.get("", []))]
    while waiting:
        row, depth = waiting.pop()
        found.append((row, depth))
        waiting += [(child, depth + 1) for child in reversed(below.get(row.pk, []))]
    return found


def may_stand_above(district: District | None) -> QuerySet[District]:
    """The districts that can be the one above: of the first two levels, not itself and nothing below it."""
    rows = District.objects.filter(parent__parent__isnull=True)
    if district is not None and district.pk:
        rows = rows.exclude(pk=district.pk).exclude(parent=district.pk)
    return rows.order_by("code")


# --- What can't be ------------------------------------------------------------------------------------


def _tree(without: Sequence[str]) -> list[District]:
    """All districts but these."""
    return list(District.objects.exclude(pk__in=without).select_related("parent"))


def _check_code_is_free(code: str) -> None:
    other = District.objects.filter(pk=code).first()
    if other is not None:
        words = {"code": code, "name": other.name}
        text = _("%(code)s is the code of %(name)s. Change that one, or correct the code.")
        raise Invalid(text % words, field="code")


def _check(district: District, below: Sequence[District], *, taken: Sequence[District], earlier: str = "") -> None:
    _check_code(district)
    _check_place(district, below, earlier)
    _check_years(district, [one for one in below if one.parent_id == earlier])
    beside = [one for one in taken if one.parent_id == district.parent_id and one.pk != district.pk]
    own = {district.name_zh: "name_zh", **({district.name_en.casefold(): "name_en"} if district.name_en else {})}
    own = {name: "aliases" for name in district.aliases} | own
    for other in beside:
        for name in (other.name_zh, other.name_en.casefold(), *other.aliases):
            if name and name in own:
                words = {"name": name, "other": other.name, "code": other.code}
                text = _("“%(name)s” is a name of %(other)s (%(code)s), which stands beside it. Use another one.")
                raise Invalid(text % words, field=own[name])


def _check_code(district: District) -> None:
    code = district.code
    national = re.fullmatch(r"[0-9]{6}", code) is not None
    if district.is_local:
        if not re.fullmatch(rf"[0-9A-Z]{{1,{LONGEST_LOCAL}}}", code):
            words: dict[str, Any] = {"count": LONGEST_LOCAL}
            raise Invalid(_("A local code has at most %(count)s Latin letters and digits.") % words, field="code")
        if national:
            text = _("Six digits are a national code. Add a letter, such as Z, or take away “local code”.")
            raise Invalid(text, field="code")
    elif not national:
        text = _("A national code (GB/T 2260) has six digits. Choose “local code” where there is no national one.")
        raise Invalid(text, field="code")
    elif code[:2] not in PROVINCES:
        words = {"digits": code[:2]}
        raise Invalid(_("No province has the digits %(digits)s. Look the code up in GB/T 2260.") % words, field="code")


def _check_place(district: District, below: Sequence[District], earlier: str) -> None:
    above = district.parent
    if above is None:
        depth = 1
    else:
        if above.pk in {district.pk, earlier, *(one.pk for one in below)}:
            text = _("A district can’t be part of itself. Choose another one above it.")
            raise Invalid(text, field="parent")
        depth = 2 if above.parent is None else 3 if above.parent.parent_id is None else 4
        stem = re.sub(r"(00)+$", "", above.pk)
        if not district.is_local and not above.is_local and (stem == above.pk or not district.pk.startswith(stem)):
            words = {"code": district.pk, "other": above.name, "above": above.pk}
            text = _(
                "%(code)s is no code below %(other)s (%(above)s). Correct the code, or choose another one above it."
            )
            raise Invalid(text % words, field="parent")
    deepest = max((2 if one.parent_id != earlier else 1 for one in below), default=0)
    if depth + deepest > LEVELS:
        text = _("Districts have three levels: city, county, zone. Choose one further up.")
        raise Invalid(text, field="parent")


def _check_years(district: District, children: Sequence[District]) -> None:
    first, last = district.valid_from, district.valid_until
    for name, year in (("valid_from", first), ("valid_until", last)):
        if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
            words = {"first": FIRST_YEAR, "last": LAST_YEAR}
            raise Invalid(_("Give a year between %(first)s and %(last)s.") % words, field=name)
    if first is not None and last is not None and last < first:
        raise Invalid(_("The last year lies before the first one."), field="valid_until")
    longer = [one for one in children if last is not None and (one.valid_until is None or one.valid_until > last)]
    if longer:
        names: dict[str, Any] = {"name": min(longer, key=lambda one: one.pk).name, "year": last}
        text = _("%(name)s is part of it and exists after %(year)s. End that one first, or move it.")
        raise Invalid(text % names, field="valid_until")
