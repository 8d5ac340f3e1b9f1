"""The figures page: every number of a period, each a door to its rows."""

import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from casetracker.bilingual import in_language
from casetracker.models import District, Unit
from inspections import figures, scope
from inspections.figures import Period
from inspections.filters import NONE
from inspections.models import Problem, ProblemKind, Visit

STRIP = ("problems", "closed", "not_closed", "overdue", "late_done")
WORDS_OF_AGE = {"1-3": _("1–3 days late"), "4-7": _("4–7 days"), "8-30": _("8–30 days"), "31": _("over 30 days")}


def _day(label: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}))


class PeriodForm(forms.Form):
    """From a day to a day, and for one district where wanted."""

    district = forms.ModelChoiceField(
        District.objects.none(), label=_("District"), required=False, empty_label=_("Everything I may see")
    )

    def __init__(self, *args: Any, districts: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["district"].queryset = districts  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        start, end = data.get("from"), data.get("to")
        if start and end and end < start:
            self.add_error("to", _("Choose a day that is not before the first one."))
        return data


# The days by the names that lists and the command have; `from` is no name that Python takes for an attribute.
PeriodForm.base_fields = {"from": _day(_("From")), "to": _day(_("As of")), **PeriodForm.base_fields}


def page(request: HttpRequest) -> HttpResponse:
    """Totals of the period as of its last day, by district, team, kind and unit."""
    problems = Problem.objects.visible_to(request.user)
    visits = Visit.objects.visible_to(request.user)
    districts = District.objects.filter(pk__in=problems.values("district").distinct())
    form = PeriodForm(request.GET or None, districts=districts)
    period = _usual_period(problems)
    link: dict[str, Any] = {}
    if request.GET and not form.is_valid():
        return render(request, "inspections/figures/page.html", {"form": form, "period": None}, status=422)
    if request.GET:
        period = Period(form.cleaned_data["from"], form.cleaned_data["to"])
        if district := form.cleaned_data["district"]:
            below = District.objects.under(district.code)
            problems, visits = problems.filter(district__in=below), visits.filter(district__in=below)
            link["district"] = district.code
    else:
        form = PeriodForm(initial={"from": period.start.isoformat(), "to": period.end.isoformat()}, districts=districts)
    context = _context(request, problems, visits, period, link) | {"form": form, "period": period}
    return render(request, "inspections/figures/page.html", context)


def _usual_period(problems: Any) -> Period:
    """This year until today; where nothing was found this year, the year of the last problem."""
    today = timezone.localdate()
    last: datetime.date = problems.aggregate(last=Max("found_on"))["last"] or today
    if last.year == today.year:
        return Period(today.replace(month=1, day=1), today)
    return Period(last.replace(month=1, day=1), last.replace(month=12, day=31))


def _context(request: HttpRequest, problems: Any, visits: Any, period: Period, link: dict[str, Any]) -> dict[str, Any]:
    sees_visits = bool(scope.of(request.user).offices or scope.of(request.user).teams)
    totals = figures.totals(problems, visits, period)

    def door(key: str, **more: Any) -> str:
        query = {"figure": key, "from": period.start.isoformat(), "to": period.end.isoformat(), **link, **more}
        return f"{reverse('problems')}?{urlencode(query)}"

    span = {"from": period.start.isoformat(), "to": period.end.isoformat(), **link}
    return {
        "totals": totals,
        "sees_visits": sees_visits,
        "points_url": f"{reverse('visits')}?{urlencode(span)}",
        "people_url": f"{reverse('visits')}?{urlencode(span | {'count': 'people'})}",
        "strip": [
            {"key": key, "label": figures.PROBLEM_FIGURES[key][0], "value": totals[key], "url": door(key)}
            for key in STRIP
        ],
        "routes": [
            {"key": key, "label": figures.PROBLEM_FIGURES[key][0], "value": totals[key], "url": door(key)}
            for key in ("central", "on_spot", "special")
        ],
        "on_time": totals["done"] - totals["late_done"],
        "answered": totals["done"] + totals["overdue"],
        "districts": _bars(problems, period, "district", _names(District), door),
        "teams": _bars(problems, period, "team", _names(Unit), door),
        "kinds": _bars(problems, period, "kind", _names(ProblemKind) | {NONE: str(_("No kind given"))}, door),
        "units": _units(problems, period, door),
    }


def _names(model: Any) -> dict[Any, str]:
    return {pk: in_language(zh, en) for pk, zh, en in model.objects.values_list("pk", "name_zh", "name_en")}


def _bars(problems: Any, period: Period, column: str, names: dict[Any, str], door: Any) -> list[dict[str, Any]]:
    """One row per value: its name, how many were found, and the way to them."""
    counted = figures.by(problems, period, column)
    return [
        {"name": names[value], "value": number, "url": door("problems", **{column: value}), "key": f"{column}-{value}"}
        for value, number in ((NONE if value is None else value, number) for value, number in counted.items())
    ]


def _units(problems: Any, period: Period, door: Any) -> list[dict[str, Any]]:
    """The units by how much of theirs is overdue: assigned, not closed, overdue."""
    names = _names(Unit) | {NONE: str(_("No unit (on the spot, or not assigned yet)"))}
    columns = {
        key: dict(rows_of(problems, period).values_list("lead_unit").annotate(n=Count("pk")).order_by())
        for key, rows_of in (
            ("problems", figures.found),
            ("not_closed", figures.not_closed),
            ("overdue", figures.overdue),
        )
    }
    rows = [
        {
            "name": names[lead],
            **{
                key: {"value": counts.get(unit, 0), "url": door(key, lead=lead), "key": f"{key}-unit-{lead}"}
                for key, counts in columns.items()
            },
        }
        for unit in columns["problems"]
        for lead in [NONE if unit is None else unit]
    ]
    return sorted(rows, key=lambda row: (-row["overdue"]["value"], -row["problems"]["value"]))
