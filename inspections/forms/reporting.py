"""The forms of a newly found problem: one on a visit, one by itself; files sent once are never lost."""

import datetime
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casetracker.enums import UnitKind
from casetracker.errors import DomainError
from casetracker.models import Unit, User
from casetracker.transactions import Together
from inspections import workflow
from inspections.enums import Route, Severity, Source, VisitMode
from inspections.forms import fields
from inspections.forms.sites import PositionField
from inspections.models import Checklist, Party, Problem, ProblemKind, Site, Visit
from inspections.visiting import SOURCES, Finding

TOLD = (UnitKind.DEPARTMENT, UnitKind.GOVERNMENT, UnitKind.BUREAU, UnitKind.OTHER)
AS_USUAL = ("", gettext_lazy("As usual for the kind"))


class Offer:
    """What the forms of one site offer, each part read when it is first shown: a form that goes through shows none."""

    def __init__(self, site: Site) -> None:
        self.site = site

    @cached_property
    def kinds(self) -> list[tuple[str, list[tuple[Any, str]]]]:
        """The kinds of problem in groups: those that the site's checklists raise come first."""
        lists = Checklist.objects.filter(site_kinds=self.site.kind_id, retired_on__isnull=True)
        usual = set(lists.exclude(versions__items__kind=None).values_list("versions__items__kind", flat=True))
        kinds = list(ProblemKind.objects.all())
        grouped = [(_("Usual here"), [(kind.pk, kind.name) for kind in kinds if kind.pk in usual])]
        grouped.append((_("Other kinds"), [(kind.pk, kind.name) for kind in kinds if kind.pk not in usual]))
        return [group for group in grouped if group[1]]

    @cached_property
    def units(self) -> list[tuple[Any, str]]:
        """The units that may be told: those of its district and above."""
        return [(unit.pk, unit.name) for unit in units_near(self.site)]

    @cached_property
    def parties(self) -> list[str]:
        """The names of those who run the site, then of whoever was named there before."""
        parties = {row.party.name: None for row in self.site.operators.select_related("party")}
        named = self.site.problems.exclude(party_name="").order_by("party_name")
        return list(parties | dict.fromkeys(named.values_list("party_name", flat=True).distinct()[:20]))


def units_near(site: Site) -> list[Unit]:
    """The bodies that may be told of a problem there: those of its district or one above it, and those of none."""
    codes = []
    here = site.district
    while here is not None:
        codes.append(here.pk)
        here = here.parent  # type: ignore[assignment]
    near = Unit.objects.current().filter(Q(districts__in=codes) | Q(districts__isnull=True), kind__in=TOLD)
    return list(near.distinct().order_by("kind", "sort_key", "name_zh"))


class FindingForm(forms.Form):
    """A problem found on a visit; an untouched one is no problem. finding() is what visiting takes."""

    use_required_attribute = False

    kind = forms.ModelChoiceField(label=gettext_lazy("Kind"), queryset=ProblemKind.objects.all(), required=False)
    description = fields.text(gettext_lazy("What is wrong"), rows=2, missing=gettext_lazy("Say what is wrong."))
    quantity = forms.DecimalField(
        label=gettext_lazy("Quantity"), max_digits=10, decimal_places=2, min_value=Decimal("0.01"), required=False
    )
    severity = forms.ChoiceField(label=gettext_lazy("Severity"), choices=[AS_USUAL, *Severity.choices], required=False)
    route = forms.ChoiceField(
        label=gettext_lazy("Route"), choices=Route.choices, initial=Route.CENTRAL, widget=forms.RadioSelect
    )
    unit = forms.ModelChoiceField(
        label=gettext_lazy("Told to"),
        help_text=gettext_lazy("The unit that was told on the spot, where one is known."),
        queryset=Unit.objects.filter(kind__in=TOLD),
        required=False,
        empty_label=gettext_lazy("only the party"),
    )
    party_name = forms.CharField(label=gettext_lazy("Responsible party"), max_length=120, required=False)
    photos = fields.photos(gettext_lazy("Photos of how it is"), required=False)
    fixed = fields.photos(
        gettext_lazy("Fixed while you were there: photos of how it is now"),
        hint=gettext_lazy("Only on the spot, and with a photo of how it was."),
        required=False,
    )

    def __init__(self, *args: Any, by: User, site: Site, offered: Offer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by, self.site = by, site
        self.fields["kind"].choices = lambda: [("", _("Choose a kind")), *offered.kinds]  # type: ignore[attr-defined]
        self.fields["unit"].choices = lambda: [("", _("only the party")), *offered.units]  # type: ignore[attr-defined]
        for name in ("photos", "fixed"):
            self.fields[name].by = by  # type: ignore[attr-defined]
        self.fields["party_name"].widget.attrs["list"] = "parties"
        self.refusal: DomainError | None = None

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if values.get("fixed") and values.get("route") != Route.ON_SPOT:
            self.add_error("route", _("What was fixed while you were there goes “on the spot”."))
        if values.get("fixed") and not any(one.shows_something for one in values.get("photos") or []):
            self.add_error("photos", _("Add at least one photo of how it was before."))
        return values

    def finding(self) -> Finding:
        """The problem as visiting.record_visit() takes it; only after is_valid()."""
        values = self.cleaned_data
        return Finding(
            description=values["description"],
            kind=values["kind"],
            route=Route(values["route"]),
            severity=Severity(values["severity"]) if values["severity"] else None,
            unit=values["unit"],
            party=_party(self.site, values["party_name"]),
            party_name=values["party_name"],
            quantity=values["quantity"],
            shots=fields.shots(values["photos"]),
            fixed=fields.shots(values["fixed"]),
        )

    def refuse(self, error: DomainError) -> None:
        """Show a refusal of the workflow: beside the field it names, else above the row."""
        self.refusal = error
        name = {"shots": "fixed", "before": "photos"}.get(getattr(error, "field", ""), getattr(error, "field", ""))
        self.add_error(name if name in self.fields else None, str(error))


class ReportForm(FindingForm):
    """A problem reported by itself, at the desk."""

    team = forms.TypedChoiceField(label=gettext_lazy("Found by"))
    found_on = fields.day(gettext_lazy("Found on"))
    long_ago = fields.long_ago()
    found_at = forms.TimeField(
        label=gettext_lazy("At"), required=False, widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    )
    position = PositionField(
        label=gettext_lazy("Position"),
        help_text=gettext_lazy("That of the site, unless it was found elsewhere on it."),
        required=False,
    )
    source = forms.ChoiceField(label=gettext_lazy("Source"), choices=Source.choices, initial=Source.PATROL)
    source_ref = forms.CharField(
        label=gettext_lazy("Item number"),
        help_text=gettext_lazy("Of the list it came from: an inspection from above, a hotline."),
        max_length=60,
        required=False,
    )
    candidates = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Whose it may be"),
        help_text=gettext_lazy("Only where several units are possible; the supervisor decides with a reason."),
        queryset=Unit.objects.filter(kind__in=TOLD),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    internal_note = fields.text(
        gettext_lazy("Internal note"), hint=gettext_lazy("Stays in the office."), required=False, rows=2
    )

    def __init__(self, *args: Any, teams: list[Unit], visit: Visit | None = None, **kwargs: Any) -> None:
        kwargs["initial"] = _initial(kwargs["site"], teams, visit) | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        self.visit = visit
        known = {str(team.pk): team for team in teams}
        self.fields["team"].choices = [(pk, team.name) for pk, team in known.items()]  # type: ignore[attr-defined]
        self.fields["team"].coerce = known.__getitem__  # type: ignore[attr-defined]
        self.fields["candidates"].choices = lambda: kwargs["offered"].units  # type: ignore[attr-defined]

    def clean_found_on(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["found_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(_("The day it was found can’t lie in the future."))
        return day

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if values.get("found_on") and not values["long_ago"] and (said := fields.lies_long_ago(values["found_on"])):
            self.add_error("long_ago", said)
        if values.get("found_on") and values.get("found_at"):
            moment = local_moment(values["found_on"], values["found_at"])
            if moment > timezone.now():
                self.add_error("found_at", _("This hour has not come yet."))
        return values

    def save(self, key: UUID) -> Problem:
        """Report it under this id, and fix it on the spot where photos say so: both or neither. Raises the workflow's
        refusals."""
        one = replace(self.finding(), problem_id=key)
        if not one.fixed:
            return self._report(one)
        with Together():
            return workflow.fix_on_spot(self._report(one), by=self.by, shots=one.fixed)

    def _report(self, one: Finding) -> Problem:
        values = self.cleaned_data
        lat, lon = values["position"] or (None, None)
        return workflow.report(
            by=self.by,
            team=values["team"],
            site=self.site,
            visit=self.visit,
            description=one.description,
            kind=one.kind,
            route=one.route,
            severity=one.severity,
            unit=one.unit if one.route == Route.ON_SPOT else None,
            candidates=list(values["candidates"]) if one.route == Route.CENTRAL else [],
            party=one.party,
            party_name=one.party_name,
            quantity=one.quantity,
            source=Source(values["source"]),
            source_ref=values["source_ref"],
            internal_note=values["internal_note"],
            found_at=self._found_at(),
            found_on=values["found_on"],
            lat=lat,
            lon=lon,
            shots=one.shots,
            problem_id=one.problem_id,
        )

    def _found_at(self) -> datetime.datetime | None:
        time = self.cleaned_data["found_at"]
        return local_moment(self.cleaned_data["found_on"], time) if time else None


def local_moment(day: datetime.date, time: datetime.time) -> datetime.datetime:
    """A day and a clock time of the office as one moment."""
    return timezone.make_aware(datetime.datetime.combine(day, time))


def _initial(site: Site, teams: list[Unit], visit: Visit | None) -> dict[str, Any]:
    team = visit.team if visit else teams[0]
    started = timezone.localtime(visit.started_at) if visit and visit.started_at else None
    return {
        "team": team.pk,
        "found_on": visit.on if visit else timezone.localdate(),
        "found_at": started.time() if started else None,
        "position": (site.lat, site.lon) if site.lat is not None else None,
        "source": SOURCES.get(VisitMode(visit.mode), Source.PATROL) if visit else Source.PATROL,
    }


def _party(site: Site, name: str) -> Party | None:
    """The party of this name on the office's register, where it is known."""
    if not name.strip():
        return None
    return Party.objects.filter(office=site.office_id, name=name.strip()).order_by("pk").first()
