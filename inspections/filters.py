"""What a list of problems can be narrowed by and sorted by: every parameter of its address."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import django_filters
from django import forms
from django.db.models import Case, CharField, F, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from casetracker.models import User
from casetracker.paging import Order, Section
from inspections.enums import LIVE_ASSIGNMENT, OPEN, Route, Severity, Source, Status
from inspections.models import Assignment, ImportRow, Problem
from inspections.offers import Offer
from inspections.querysets import ProblemQuerySet

ONE_DAY = datetime.timedelta(days=1)

# Overdue by so many days, both ends inside; the last one has no end.
AGES: dict[str, tuple[int, int | None]] = {"1-3": (1, 3), "4-7": (4, 7), "8-30": (8, 30), "31": (31, None)}
AGE_CHOICES = [
    ("any", _("All overdue")),
    ("1-3", _("1–3 days")),
    ("4-7", _("4–7 days")),
    ("8-30", _("8–30 days")),
    ("31", _("Over 30 days")),
]
STATE_CHOICES = [("open", pgettext_lazy("state", "Open")), *Status.choices]
DUE_CHOICES = [("today", _("Today")), ("week", _("This week")), ("fortnight", _("Within 14 days"))]
# Rows that have no value where others have one.
NONE = "none"
# What a facet counts beside its boxes.
FACETS = ("state", "overdue", "route", "special")

BY_DUE = Section(("due_on",))
BY_NEXT = Section(("next_due_on",))
OLDEST = Section(("found_on",))
BY_FOUND = Section(("found_on",), descending=True)
# Most urgent first: what goes on, by the day its present step is due, whoever's step it is, and what has no such day
# after it, oldest first; then what stands still, and what has ended.
OPEN_NOW = Q(status__in=OPEN)
# As Problem.is_overdue() and its light have it: a stop takes effect unless the date had passed before.
GOES_ON = Q(paused_since__isnull=True) | Q(met_on__isnull=True, due_on__lt=F("paused_since"))
STOPPED = Q(paused_since__isnull=False) & (
    Q(met_on__isnull=False) | Q(due_on__isnull=True) | Q(due_on__gte=F("paused_since"))
)
DATED = GOES_ON & Q(next_due_on__isnull=False)
UNDATED = GOES_ON & Q(next_due_on__isnull=True)
URGENT = (
    replace(BY_NEXT, where=OPEN_NOW & DATED),
    replace(OLDEST, where=OPEN_NOW & UNDATED),
    replace(BY_FOUND, where=~OPEN_NOW | STOPPED),
)
# The same among open ones alone.
OF_OPEN = (replace(BY_NEXT, where=DATED), replace(OLDEST, where=UNDATED), replace(OLDEST, where=STOPPED))
URGENT_FIRST = Order("due", _("most urgent first"), URGENT, "next_due_on")
ORDERS = (
    URGENT_FIRST,
    Order("found", _("last found first"), (BY_FOUND,), "found_on"),
    Order("number", _("highest number first"), (Section(("number_year", "number_seq"), descending=True),)),
    Order("site", _("by site name"), (Section(("site_name",)),)),
)


class Day(forms.DateInput):
    """A date in the form that browsers send."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def _day(label: Any, method: str) -> django_filters.DateFilter:
    return django_filters.DateFilter(label=label, method=method, widget=Day())


def _several(label: Any, choices: Sequence[tuple[str, Any]], method: str) -> django_filters.MultipleChoiceFilter:
    return django_filters.MultipleChoiceFilter(
        label=label, choices=choices, method=method, widget=forms.CheckboxSelectMultiple
    )


def _one(label: Any, every: Any, method: str | None = None, **more: Any) -> django_filters.ChoiceFilter:
    return django_filters.ChoiceFilter(label=label, empty_label=every, method=method, **more)


class ProblemFilter(django_filters.FilterSet):
    """The filters of every list of problems, in the order in which they are shown.

    Ages and weeks count from `today`; what is offered comes with `offer`, so that a form costs no query.
    """

    q = django_filters.CharFilter(label=_("Words or number"), method="find", max_length=100)
    state = _several(_("State"), STATE_CHOICES, "in_states")
    overdue = _several(_("Overdue"), AGE_CHOICES, "overdue_by")
    route = _several(_("Route"), Route.choices, "by_routes")
    special = django_filters.BooleanFilter(
        label=_("Special assignment"), method="only_special", widget=forms.CheckboxInput
    )
    unit = _one(_("Responsible unit"), _("All units"), "of_unit")
    district = _one(_("District"), _("All districts"), "in_district")
    found_from = _day(_("Found from"), "found_since")
    found_to = _day(_("Found until"), "found_until")
    due = _one(_("Due"), _("Any day"), "due_soon", choices=DUE_CHOICES)
    due_from = _day(_("Due from"), "due_since")
    due_to = _day(_("Due until"), "due_until")
    closed_from = _day(_("Closed from"), "closed_since")
    closed_to = _day(_("Closed until"), "closed_until")
    kind = _one(_("Kind"), _("All kinds"), field_name="kind", null_label=_("No kind given"), null_value=NONE)
    team = _one(_("Team"), _("All teams"), field_name="team")
    severity = _one(_("Severity"), _("Any severity"), choices=Severity.choices)
    source = _one(_("Source"), _("Any source"), choices=Source.choices)
    responsible = _one(_("Responsible person"), _("Everybody"), "of_person", choices=[("me", _("Me"))])
    lead = _one(_("Lead unit"), _("All units"), field_name="lead_unit", null_label=_("No unit"), null_value=NONE)
    spoken = django_filters.BooleanFilter(
        label=_("Without imports that were not released"), method="only_spoken", widget=forms.HiddenInput
    )
    held = django_filters.BooleanFilter(
        label=_("Imports not released yet"), method="only_held", widget=forms.HiddenInput
    )
    site = django_filters.UUIDFilter(label=_("Site"), field_name="site", widget=forms.HiddenInput)
    batch = django_filters.UUIDFilter(label=_("Import"), field_name="import_batch", widget=forms.HiddenInput)
    changed = django_filters.UUIDFilter(label=_("Changed by the import"), method="changed_by", widget=forms.HiddenInput)

    class Meta:
        model = Problem
        fields: list[str] = []

    def __init__(
        self, data: Any, queryset: ProblemQuerySet, *, user: User, offered: Offer, today: datetime.date | None = None
    ) -> None:
        super().__init__(data, queryset)
        self.user = user
        self.offered = offered
        self.today = today or timezone.localdate()
        # Whether rows without a chosen state leave the void out; a figure says itself what it counts.
        self.counted_only = True
        for name in ("unit", "district", "kind", "team"):
            self.filters[name].extra["choices"] = offered.choices(name)
        self.filters["lead"].extra["choices"] = [*offered.choices("unit"), *offered.choices("team")]

    def filter_queryset(self, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """Every filter, and without a state what counts: everything but the void."""
        found: Any = super().filter_queryset(queryset)
        return found.counted() if self.counted_only and not self.form.cleaned_data.get("state") else found

    def without(self, *names: str) -> ProblemQuerySet:
        """The rows as if these filters weren't set; without the state filter the void are among them."""
        values = self.form.cleaned_data
        found: Any = self.queryset.all()
        for name, value in values.items():
            if name not in names:
                found = self.filters[name].filter(found, value)
        return found.counted() if self.counted_only and not values.get("state") and "state" not in names else found

    # --- One method per filter that is more than a comparison ----------------------------------------------------

    def find(self, rows: ProblemQuerySet, name: str, text: str) -> ProblemQuerySet:
        return rows.find(text)

    def in_states(self, rows: ProblemQuerySet, name: str, states: Sequence[str]) -> ProblemQuerySet:
        wanted = {state for state in states if state != "open"}
        return rows.filter(status__in=[*(wanted | {*OPEN} if "open" in states else wanted)]) if states else rows

    def overdue_by(self, rows: ProblemQuerySet, name: str, ages: Sequence[str]) -> ProblemQuerySet:
        if not ages:
            return rows
        late = rows.overdue(self.today)
        if "any" in ages:
            return late
        wanted = Q()
        for age in ages:
            wanted |= age_condition(age, self.today)
        return late.filter(wanted)

    def by_routes(self, rows: ProblemQuerySet, name: str, routes: Sequence[str]) -> ProblemQuerySet:
        return rows.filter(route__in=routes) if routes else rows

    def only_special(self, rows: ProblemQuerySet, name: str, only: bool) -> ProblemQuerySet:
        return rows.filter(special=True) if only else rows

    def only_spoken(self, rows: ProblemQuerySet, name: str, only: bool) -> ProblemQuerySet:
        return rows.spoken_of() if only else rows

    def only_held(self, rows: ProblemQuerySet, name: str, only: bool) -> ProblemQuerySet:
        return rows.held() if only else rows

    def of_unit(self, rows: ProblemQuerySet, name: str, unit: str) -> ProblemQuerySet:
        """The unit as lead or as any other addressee that has not handed back or been released."""
        held = Assignment.objects.filter(unit=int(unit), state__in=LIVE_ASSIGNMENT)
        return rows.filter(pk__in=held.values("problem"))

    def in_district(self, rows: ProblemQuerySet, name: str, code: str) -> ProblemQuerySet:
        """The district with everything below it."""
        codes, below = set(), {code}
        while below:
            codes |= below
            below = {one.key for one in self.offered.district if one.more in below} - codes
        return rows.filter(district__in=sorted(codes))

    def found_since(self, rows: ProblemQuerySet, name: str, day: datetime.date) -> ProblemQuerySet:
        return rows.filter(found_on__gte=day)

    def found_until(self, rows: ProblemQuerySet, name: str, day: datetime.date) -> ProblemQuerySet:
        return rows.filter(found_on__lte=day)

    def due_since(self, rows: ProblemQuerySet, name: str, day: datetime.date) -> ProblemQuerySet:
        return rows.filter(due_on__gte=day)

    def due_until(self, rows: ProblemQuerySet, name: str, day: datetime.date) -> ProblemQuerySet:
        return rows.filter(due_on__lte=day)

    def closed_since(self, rows: ProblemQuerySet, name: str, day: datetime.date) -> ProblemQuerySet:
        return rows.filter(closed_on__gte=day)

    def closed_until(self, rows: ProblemQuerySet, name: str, day: datetime.date) -> ProblemQuerySet:
        return rows.filter(closed_on__lte=day)

    def due_soon(self, rows: ProblemQuerySet, name: str, span: str) -> ProblemQuerySet:
        return rows.due_between(*due_span(span, self.today))

    def changed_by(self, rows: ProblemQuerySet, name: str, batch: uuid.UUID) -> ProblemQuerySet:
        """What an import found here and changed."""
        return rows.filter(pk__in=ImportRow.objects.of(batch, "updated"))

    def of_person(self, rows: ProblemQuerySet, name: str, who: str) -> ProblemQuerySet:
        return answered_by(rows, self.user)


def due_span(span: str, today: datetime.date) -> tuple[datetime.date, datetime.date]:
    """From today until tonight, this week's Sunday, or in 14 days."""
    days = {"today": 0, "week": 6 - today.weekday(), "fortnight": 14}[span]
    return today, today + days * ONE_DAY


def answered_by(rows: ProblemQuerySet, person: User) -> ProblemQuerySet:
    """Those for which the person is named as responsible by a unit that holds them."""
    held = Assignment.objects.filter(responsible=person, state__in=LIVE_ASSIGNMENT)
    return rows.filter(pk__in=held.values("problem"))


def for_rows_of(order: Order, chosen: dict[str, Any]) -> Order:
    """The order without conditions that the filters imply: said twice, they mislead the database's estimates."""
    if order.key != "due":
        return order
    states = set(chosen.get("state") or ())
    if chosen.get("overdue") or chosen.get("due"):
        sections: tuple[Section, ...] = (BY_DUE,)
        day = "due_on"
    elif states and not states & {"open", *OPEN}:
        sections, day = (BY_FOUND,), "found_on"
    elif states and states <= {"open", *OPEN}:
        sections, day = OF_OPEN, "next_due_on"
    else:
        return order
    made = Order(order.key, order.label, sections, day)
    return made.reversed() if order.backwards else made


def age_condition(age: str, today: datetime.date) -> Q:
    """Which due dates make an overdue problem so many days late today."""
    least, most = AGES[age]
    last = Q(due_on__lte=today - least * ONE_DAY)
    return last if most is None else last & Q(due_on__gte=today - most * ONE_DAY)


def age_column(today: datetime.date) -> Case:
    """The age of an overdue problem as a column."""
    cases = [When(age_condition(age, today), then=Value(age)) for age in AGES]
    return Case(*cases, default=Value(""), output_field=CharField())


def is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
