"""What the columns and values of somebody's ledger mean: the mapping file, and the profiles that come with us."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from casetracker.wording import listed_lazy
from inspections.ledger.cells import normalise
from inspections.ledger.errors import CellError, MappingError
from inspections.ledger.fields import KINDS, Context, Field
from inspections.ledger.splitting import FIXED, Again, Split

PROFILES = Path(__file__).with_name("profiles")
KEYS = (
    "kind",
    "sheet",
    "header_row",
    "date_order",
    "columns",
    "values",
    "leave_out",
    "split",
    "recheck",
    "defaults",
    "create",
)
CREATABLE = ("units", "teams", "sites", "kinds")
SPLIT_KEYS = ("column", "by", "part", "fixed", "none")
RECHECK_KEYS = ("column", "values")
DATE_ORDERS = ("ymd", "mdy", "dmy")


@dataclass(frozen=True)
class LedgerMapping:
    """A checked mapping. Without `columns` every column is recognised by its usual names.

    `columns`: canonical name to header text. `values`: canonical name to {normalised cell text: value}.
    `defaults`: canonical name to a value as Field.read returns it; `year` completes dates without one.
    `leave_out`: canonical name to the normalised cell texts whose rows are left out. `split` and `recheck`: a cell that
    names several problems, and rows that re-inspect what earlier ones named. `create`: which unknown names the
    importer may create (units, teams, sites, kinds), `create_only` the same for single names, normalised. `source`: the
    mapping as given.
    """

    kind: str
    sheet: str | None = None
    header_row: tuple[int, ...] | None = None
    date_order: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    year: int | None = None
    leave_out: Mapping[str, frozenset[str]] = field(default_factory=dict)
    split: Split | None = None
    recheck: Again | None = None
    create: frozenset[str] = frozenset()
    create_only: Mapping[str, frozenset[str]] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, Field]:
        """The canonical columns of this kind of ledger."""
        return KINDS[self.kind]

    @property
    def wanted(self) -> dict[str, tuple[str, ...]]:
        """The header texts that may name each canonical column."""
        if self.columns:
            return {name: (text,) for name, text in self.columns.items()}
        return {name: (name, *known.headers) for name, known in self.fields.items()}

    @property
    def required(self) -> list[str]:
        """The canonical names every row needs a value for."""
        return [name for name, known in self.fields.items() if known.required]


def load(path: str | Path) -> LedgerMapping:
    """Return the mapping of a TOML file. Raises MappingError."""
    try:
        return loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as problem:
        raise MappingError("bad_toml", _("The mapping file %(path)s cannot be opened."), path=path) from problem
    except UnicodeDecodeError as problem:
        raise MappingError(
            "bad_toml", _("The mapping file %(path)s is not UTF-8. Save it as UTF-8."), path=path
        ) from problem


def loads(text: str) -> LedgerMapping:
    """Return the mapping written in TOML. Raises MappingError."""
    try:
        return from_dict(tomllib.loads(text))
    except tomllib.TOMLDecodeError as problem:
        raise MappingError("bad_toml", _("The mapping is not valid TOML: %(detail)s"), detail=problem) from problem


def profiles() -> list[str]:
    """Return the names of the mappings that come with us."""
    return sorted(path.stem for path in PROFILES.glob("*.toml"))


def profile(name: str) -> LedgerMapping:
    """Return a mapping that comes with us, by name. Raises MappingError no_such_profile."""
    if name not in profiles():
        raise MappingError(
            "no_such_profile",
            _("There is no profile “%(name)s”. There are: %(known)s."),
            name=name,
            known=listed_lazy(profiles()),
        )
    return load(PROFILES / f"{name}.toml")


def from_dict(source: Mapping[str, Any], *, is_complete: bool = True) -> LedgerMapping:
    """Return the mapping given as plain values (a TOML document, or what a batch stored). Raises MappingError.

    One that is not yet `is_complete` may still lack a column that every row needs.
    """
    check_known(source, KEYS, "")
    kind = source.get("kind")
    if kind not in KINDS:
        raise bad_value("kind", kind, " | ".join(KINDS))
    names = KINDS[kind]
    sheet = source.get("sheet")
    if sheet is not None and not (isinstance(sheet, str) and sheet):
        raise bad_value("sheet", sheet, "text")
    order = source.get("date_order", "")
    if order and order not in DATE_ORDERS:
        raise bad_value("date_order", order, " | ".join(DATE_ORDERS))
    columns = section(source, "columns", names)
    for name, text in columns.items():
        if not isinstance(text, str) or not normalise(text):
            raise bad_value(f"columns.{name}", text, "header text")
    values = read_values(section(source, "values", names), names)
    defaults = section(source, "defaults", [*names, "year"])
    year = defaults.pop("year", None)
    if year is not None and not re.fullmatch(r"(?:19|20)\d\d", str(year)):
        raise bad_value("defaults.year", year, "2019")
    create = section(source, "create", CREATABLE)
    for name, wish in create.items():
        if not isinstance(wish, bool) and not is_texts(wish):
            raise bad_value(f"create.{name}", wish, 'true | false | ["…"]')
    mapping = LedgerMapping(
        kind=kind,
        sheet=sheet,
        header_row=read_header_row(source.get("header_row")),
        date_order=order,
        columns=columns,
        values=values,
        defaults={name: read_default(name, names[name], value, order) for name, value in defaults.items()},
        year=int(year) if year is not None else None,
        leave_out=read_leave_out(section(source, "leave_out", names)),
        split=read_split(section(source, "split", SPLIT_KEYS), names),
        recheck=read_recheck(section(source, "recheck", RECHECK_KEYS)),
        create=frozenset(name for name, wish in create.items() if wish is True),
        create_only={name: normalised(wish) for name, wish in create.items() if not isinstance(wish, bool)},
        source=dict(source),
    )
    split = mapping.split.names if mapping.split else []
    known = {*columns, *split, *mapping.defaults}
    lacking = [name for name in mapping.required if columns and name not in known]
    if lacking and is_complete:
        raise MappingError(
            "missing_columns",
            _("The mapping names no column and no default for %(names)s."),
            names=listed_lazy(lacking),
        )
    return mapping


def bad_value(key: str, value: Any, allowed: str) -> MappingError:
    return MappingError(
        "bad_value",
        _("In the mapping, %(key)s is %(value)s, but must be %(allowed)s."),
        key=key,
        value=repr(value)[:60],
        allowed=allowed,
    )


def check_known(given: Iterable[str], known: Iterable[str], where: str) -> None:
    """Raise unknown_name for a key that does not exist, with the nearest that do."""
    known = list(known)
    for key in given:
        if key not in known:
            near = get_close_matches(key, known, 3, 0.5) or known
            raise MappingError(
                "unknown_name",
                _("The mapping's %(key)s is unknown. Did you mean: %(near)s?"),
                key=f"{where}.{key}" if where else key,
                near=listed_lazy(near),
            )


def section(source: Mapping[str, Any], name: str, known: Iterable[str]) -> dict[str, Any]:
    """Return one table of the mapping, its keys checked; an empty one when it is not there."""
    table = source.get(name, {})
    if not isinstance(table, Mapping):
        raise bad_value(name, table, f"[{name}]")
    check_known(table, known, name)
    return dict(table)


def read_header_row(given: Any) -> tuple[int, ...] | None:
    """Return the row numbers of the header, None when it is to be found."""
    if given is None:
        return None
    rows = given if isinstance(given, list | tuple) else [given]
    if not rows or not all(isinstance(row, int) and not isinstance(row, bool) and 1 <= row <= 1000 for row in rows):
        raise bad_value("header_row", given, "3 | [3, 4]")
    return tuple(sorted(rows))


def read_values(tables: dict[str, Any], names: Mapping[str, Field]) -> dict[str, dict[str, str]]:
    """Return the value tables with normalised keys; what a column of choices is given must be one of its choices."""
    result: dict[str, dict[str, str]] = {}
    for name, table in tables.items():
        if not isinstance(table, Mapping):
            raise bad_value(f"values.{name}", table, f"[values.{name}]")
        result[name] = {}
        for cell, value in table.items():
            if not isinstance(value, str | int | float):
                raise bad_value(f"values.{name}.{cell}", value, "text")
            choices = names[name].choices
            if choices and str(value) and normalise(str(value)) not in choices:
                allowed = sorted(set(choices.values()) - {""})
                raise bad_value(f"values.{name}.{cell}", value, " | ".join(allowed))
            result[name][normalise(cell)] = str(value)
    return result


def is_texts(given: Any) -> bool:
    """Is this a list of texts?"""
    return isinstance(given, list | tuple) and all(isinstance(text, str) for text in given)


def normalised(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(normalise(text) for text in texts)


def read_leave_out(tables: dict[str, Any]) -> dict[str, frozenset[str]]:
    """Return the texts, normalised, of which each leaves its row out, by column."""
    for name, texts in tables.items():
        if not is_texts(texts):
            raise bad_value(f"leave_out.{name}", texts, '["…"]')
    return {name: normalised(texts) for name, texts in tables.items() if texts}


def read_split(table: dict[str, Any], names: Mapping[str, Field]) -> Split | None:
    """Return how a cell names several problems; None where the mapping says nothing of it."""
    if not table:
        return None
    for key in ("column", "part"):
        if not isinstance(table.get(key), str) or not table[key].strip():
            raise bad_value(f"split.{key}", table.get(key), "text")
    try:
        part = re.compile(table["part"])
    except re.error as problem:
        raise bad_value("split.part", table["part"], _("a regular expression: %(why)s") % {"why": problem}) from problem
    check_known(part.groupindex, [*names, FIXED], "split.part")
    if not set(part.groupindex) - {FIXED}:
        raise bad_value("split.part", table["part"], "(?P<kind>…)")
    none = table.get("none", [])
    if not is_texts(none):
        raise bad_value("split.none", none, '["…"]')
    return Split(table["column"], str(table.get("by", ",")), part, str(table.get(FIXED, "")), normalised(none))


def read_recheck(table: dict[str, Any]) -> Again | None:
    """Return which rows re-inspect; None where the mapping says nothing of it."""
    if not table:
        return None
    if not isinstance(table.get("column"), str) or not table["column"].strip():
        raise bad_value("recheck.column", table.get("column"), "text")
    if not is_texts(table.get("values")) or not table["values"]:
        raise bad_value("recheck.values", table.get("values"), '["…"]')
    return Again(table["column"], normalised(table["values"]))


def read_default(name: str, known: Field, value: Any, order: str) -> Any:
    """Return a default as the column's own value."""
    try:
        return known.read(value if isinstance(value, str | int | float) else str(value), Context(date_order=order))
    except CellError as problem:
        raise bad_value(f"defaults.{name}", value, str(problem)) from problem
