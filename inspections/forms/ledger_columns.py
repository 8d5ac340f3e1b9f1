"""How a ledger is read: which sheet and header row, which column is what, what holds where the sheet has no column."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Q
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casetracker.bilingual import in_language
from casetracker.enums import Language, Role, UnitKind
from casetracker.models import District, Unit
from casetracker.wording import listed
from inspections.enums import RiskClass, Route, Severity, Source, VisitMode
from inspections.ledger import kinds
from inspections.ledger.errors import MappingError
from inspections.ledger.fields import KINDS, usual_headers
from inspections.ledger.importing.office_names import units_of
from inspections.ledger.mapping import CREATABLE, from_dict
from inspections.models import ImportDraft, ProblemKind, SiteKind

# What may hold for every row of a sheet that has no such column.
GIVEN = ("district", "team", "route", "severity", "source", "mode", "site_kind", "kind", "found_on", "date", "site",
         "description", "risk_class", "medium",
         # of people and units
         "unit", "role", "language", "from_on", "parent", "unit_kind")  # fmt: skip
SHOWN_ROWS = 20
CREATE_WORDS = {
    "sites": gettext_lazy("Sites"),
    "kinds": gettext_lazy("Kinds of sites and problems"),
    "units": gettext_lazy("Units"),
    "teams": gettext_lazy("Teams"),
}
ORDERS = [
    ("", gettext_lazy("Year first only (2019-10-16, 10月16日)")),
    ("ymd", gettext_lazy("Two-digit year first (19-10-16)")),
    ("dmy", gettext_lazy("Day first (16/10/2019)")),
    ("mdy", gettext_lazy("Month first (10/16/2019)")),
]


class SheetForm(forms.Form):
    """Which sheet is the ledger, and which of its rows name the columns."""

    use_required_attribute = False

    sheet = forms.ChoiceField(label=gettext_lazy("Sheet"), required=False)
    rows = forms.TypedMultipleChoiceField(label=gettext_lazy("Header"), coerce=int, required=False)

    def __init__(self, *args: Any, draft: ImportDraft, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reading = draft.reading
        named = [one["name"] for one in reading.get("sheets", []) if one["name"]]
        self.fields["sheet"].choices = [(name, name) for name in named]  # type: ignore[attr-defined]
        self.fields["sheet"].initial = reading.get("sheet")
        self.fields["sheet"].required = bool(named)
        numbers = [number for number, _cells in reading.get("first", [])]
        self.fields["rows"].choices = [(number, number) for number in numbers]  # type: ignore[attr-defined]


@dataclass
class Line:
    """One canonical column on the page: its name, what is known of it, the field to choose the sheet's column, and
    the one for a value that holds without a column (None where there is none)."""

    name: str
    label: str
    required: bool
    column: BoundField
    given: BoundField | None
    samples: list[str]


class ColumnsForm(forms.Form):
    """Which of the sheet's columns is what."""

    use_required_attribute = False

    year = forms.RegexField(
        r"^(?:19|20)\d\d$",
        label=gettext_lazy("Year of dates that name none"),
        required=False,
        error_messages={"invalid": gettext_lazy("Write the year with four digits, such as 2019.")},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "placeholder": "2019"}),
    )
    date_order = forms.ChoiceField(label=gettext_lazy("How dates are written"), choices=ORDERS, required=False)
    create = forms.MultipleChoiceField(
        label=gettext_lazy("Create what is new"),
        help_text=gettext_lazy("What the ledger names and nobody has entered yet. What is not ticked is asked about."),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(self, *args: Any, draft: ImportDraft, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.draft = draft
        self.kind: str = draft.mapping["kind"]
        self.known = KINDS[self.kind]
        keys: list[str] = draft.reading.get("keys", [])
        samples: list[list[str]] = draft.reading.get("samples", [])
        self.samples = {key: told for key, told in zip(keys, samples, strict=True) if key}
        headers = [("", _("– not in this sheet –")), *((key, _headed(key, self.samples[key])) for key in self.samples)]
        mapped, defaults = draft.mapping.get("columns", {}), draft.mapping.get("defaults", {})
        for name in self.known:
            initial = mapped.get(name, "")
            self.fields[f"c-{name}"] = forms.ChoiceField(choices=headers, required=False, initial=initial)
            if name in GIVEN:
                self.fields[f"d-{name}"] = self._given(name, defaults.get(name, ""))
        self.fields["year"].initial = defaults.get("year", "")
        self.fields["date_order"].initial = draft.mapping.get("date_order", "")
        creates = kinds.KINDS[self.kind].creates
        if not creates:
            del self.fields["create"]
            return
        self.fields["create"].choices = [(name, CREATE_WORDS[name]) for name in creates]  # type: ignore[attr-defined]
        self.fields["create"].initial = [name for name, wish in draft.mapping.get("create", {}).items() if wish is True]

    def _given(self, name: str, initial: Any) -> forms.Field:
        """The field for a value that holds for every row without one of its own."""
        label = _("%(column)s of rows that name none") % {"column": label_of(self.kind, name)}
        choices = choices_of(self.kind, name, self.draft.office)
        if choices is None:
            kind = "date" if name in ("found_on", "date", "from_on") else "text"
            free = forms.TextInput(attrs={"type": kind, "aria-label": label})
            return forms.CharField(required=False, initial=initial, widget=free, max_length=500)
        widget = forms.Select(attrs={"aria-label": label})
        every = [("", _("– none –")), *choices]
        # What a mapping file gave in other words stays as it is.
        if initial and str(initial) not in dict(choices):
            every.append((str(initial), str(initial)))
        return forms.ChoiceField(choices=every, required=False, initial=str(initial), widget=widget)

    @property
    def has_dates(self) -> bool:
        """Does this kind of ledger tell of days?"""
        return any(known.holds == "date" for known in self.known.values())

    @property
    def lines(self) -> list[Line]:
        """Every canonical column: the required ones first, then in our usual order."""
        made = [self._line(name) for name in self.known]
        return sorted(made, key=lambda line: not line.required)

    def _line(self, name: str) -> Line:
        column = self[f"c-{name}"]
        given = self[f"d-{name}"] if name in GIVEN else None
        chosen = str(column.value() or "")
        return Line(
            name, label_of(self.kind, name), self.known[name].required, column, given, self.samples.get(chosen, [])
        )

    @property
    def used(self) -> list[Line]:
        """Those that matter here: required, read from the sheet, given a value, or with something to correct."""
        return [line for line in self.lines if self._matters(line)]

    @property
    def unused(self) -> list[Line]:
        return [line for line in self.lines if not self._matters(line)]

    def _matters(self, line: Line) -> bool:
        return bool(line.required or line.column.value() or line.column.errors or (line.given and line.given.value()))

    @property
    def unread(self) -> list[tuple[str, list[str]]]:
        """The sheet's columns that nothing reads, each with some of its values."""
        read = {str(self[f"c-{name}"].value() or "") for name in self.known}
        return [(key, told) for key, told in self.samples.items() if key not in read]

    def clean(self) -> dict[str, Any]:
        """Adds `source`, the mapping as plain values; what a row can't do without must have a column or a value."""
        data = super().clean() or {}
        columns = {name: data[f"c-{name}"] for name in self.known if data.get(f"c-{name}")}
        defaults = {name: data[f"d-{name}"] for name in GIVEN if data.get(f"d-{name}")}
        for name, known in self.known.items():
            if known.required and name not in columns and name not in defaults:
                self.add_error(f"c-{name}", _("Choose its column, or give a value that holds for every row."))
        if data.get("year"):
            defaults["year"] = int(data["year"])
        single = {name: wish for name, wish in self.draft.mapping.get("create", {}).items() if wish is not True}
        wishes = {name: True for name in CREATABLE if name in data.get("create", [])}
        data["source"] = self.draft.mapping | {
            "columns": columns,
            "defaults": defaults,
            "create": single | wishes,
        }
        data["source"].pop("date_order", None)
        if data.get("date_order"):
            data["source"]["date_order"] = data["date_order"]
        try:
            from_dict(data["source"], is_complete=False)
        except MappingError as error:
            self.add_error(None, str(error))
        return data


def label_of(kind: str, name: str) -> str:
    """What a canonical column is called for people, in the active language."""
    return in_language(*usual_headers(kind, name))


def _headed(key: str, told: list[str]) -> str:
    """A column of the sheet as an option: its header, and the first of what stands in it."""
    return _("%(header)s (%(example)s)") % {"header": key, "example": told[0]} if told else key


def choices_of(kind: str, name: str, office: Unit) -> list[tuple[str, str]] | None:
    """What a value of this column may be in this kind of ledger, as the mapping writes it, with the words for it; None
    where it is free."""
    if kind in kinds.ACCOUNTS:
        return choices_of_accounts(name, office)
    enums = {"route": Route, "severity": Severity, "source": Source, "mode": VisitMode, "risk_class": RiskClass}
    if name in enums:
        return [(str(value), str(label)) for value, label in enums[name].choices]
    if name == "special":
        return [("true", _("yes")), ("false", _("no"))]
    if name in ("unit", "co_units"):
        units = Unit.objects.addressable_by(office).current().prefetch_related("names")
        return [(unit.name_zh, called(unit.name, unit_names(unit))) for unit in units]
    if name == "team":
        teams = Unit.objects.under(office).filter(Q(pk=office.pk) | Q(kind=UnitKind.TEAM)).prefetch_related("names")
        return [(unit.name_zh, called(unit.name, unit_names(unit))) for unit in teams]
    if name == "district":
        cities = {code[:4] for code in office.districts.values_list("code", flat=True)}
        near = [one for one in District.objects.all() if not cities or one.code[:4] in cities]
        return [(one.code, called(one.name, one.aliases)) for one in near]
    if name in ("kind", "site_kind"):
        of_problems = name == "kind" and kind != "sites"
        rows: Any = ProblemKind.objects.all() if of_problems else SiteKind.objects.all()
        return [(one.code, called(one.name, one.aliases)) for one in rows]
    return None


def choices_of_accounts(name: str, office: Unit) -> list[tuple[str, str]] | None:
    """The same in ledgers of people and units."""
    enums = {"role": Role, "language": Language, "unit_kind": UnitKind}
    if name in enums:
        return [(str(value), str(label)) for value, label in enums[name].choices]
    if name in ("unit", "parent"):
        units = units_of(office).current().order_by("kind", "sort_key").prefetch_related("names")
        return [(unit.name_zh, called(unit.name, unit_names(unit))) for unit in units]
    return choices_of("", "district", office) if name == "districts" else None


def unit_names(unit: Unit) -> list[str]:
    """What else a unit is called."""
    others = [unit.short_zh, *(one.name for one in unit.names.all())]
    return [name for name in dict.fromkeys(others) if name and name != unit.name]


def called(name: str, others: list[str]) -> str:
    """A name with the others it goes by."""
    return _("%(name)s (also %(others)s)") % {"name": name, "others": listed(others[:3])} if others else name
