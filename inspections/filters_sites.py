"""What the lists of visits and of sites can be narrowed by and sorted by: every parameter of their addresses."""

import datetime
from typing import Any
from uuid import UUID

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from casetracker.enums import Role
from casetracker.models import District, Membership, Unit, User
from casetracker.paging import Order, Section
from inspections import scope
from inspections.enums import OPEN, Outcome, RiskClass, VisitMode
from inspections.models import AlertPeriod, ImportRow, Problem, Site, SiteKind, Visit, VisitInspector
from inspections.offers import Offer
from inspections.periods import days_of

VISIT_ORDERS = (
    Order("on", _("last first"), (Section(("on", "began"), descending=True),), day="on"),
    Order("site", _("by site name"), (Section(("site_name",)),)),
)
SITE_ORDERS = (
    Order("name", _("by name"), (Section(("name",)),)),
    Order("new", _("entered last first"), (Section((), descending=True),)),
)
PERIOD = ("from", "to")
FOUND = [("some", _("Some found")), ("none", _("None found"))]


def _one(label: Any, every: Any, method: str | None = None, **more: Any) -> django_filters.ChoiceFilter:
    return django_filters.ChoiceFilter(label=label, empty_label=every, method=method, **more)


def _day(label: Any, lookup: str) -> django_filters.DateFilter:
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return django_filters.DateFilter(label=label, field_name="on", lookup_expr=lookup, widget=widget)


def below(code: str) -> QuerySet[District]:
    """The district with everything below it, to compare a district column with."""
    return District.objects.under(code).order_by()


class VisitFilter(django_filters.FilterSet):
    """The filters of visits, in the order in which they are shown; the days are `from` and `to`, both inside."""

    q = django_filters.CharFilter(label=_("Site name"), method="find", max_length=100)
    district = _one(_("District"), _("All districts"), "in_district")
    team = _one(_("Team"), _("All teams"), field_name="team")
    inspector = _one(_("Inspector"), _("Everybody"), "with_inspector")
    mode = _one(_("Mode"), _("Any mode"), choices=VisitMode.choices, field_name="mode")
    outcome = _one(_("Outcome"), _("Any outcome"), choices=Outcome.choices, field_name="outcome")
    found = _one(
        _("Problems"), _("Any"), "with_problems", choices=[("some", _("Some found")), ("none", _("None found"))]
    )
    campaign = django_filters.NumberFilter(label=_("Campaign"), field_name="campaign", widget=forms.HiddenInput)
    alert = _one(_("Alert"), None, field_name="alert", widget=forms.HiddenInput)
    site = django_filters.UUIDFilter(label=_("Site"), field_name="site", widget=forms.HiddenInput)
    batch = django_filters.UUIDFilter(label=_("Import"), field_name="import_batch", widget=forms.HiddenInput)

    class Meta:
        model = Visit
        fields: list[str] = []

    def __init__(self, data: Any, queryset: Any, *, user: User, offered: Offer) -> None:
        super().__init__(data, queryset)
        self.user = user
        self.filters["team"].extra["choices"] = offered.choices("team")
        self.filters["district"].extra["choices"] = offered.choices("district")
        self.filters["inspector"].extra["choices"] = _inspectors(user)
        self.filters["alert"].extra["choices"] = _alert(user, self.data.get("alert", ""))

    def find(self, rows: Any, name: str, text: str) -> Any:
        """By the site as it is found today: name, former names, address, codes."""
        return rows.filter(site__in=Site.objects.find(text).order_by().values("pk"))

    def in_district(self, rows: Any, name: str, code: str) -> Any:
        return rows.filter(district__in=below(code))

    def with_inspector(self, rows: Any, name: str, person: str) -> Any:
        return rows.filter(Exists(VisitInspector.objects.filter(visit=OuterRef("pk"), user_id=int(person))))

    def with_problems(self, rows: Any, name: str, some: str) -> Any:
        seen = Problem.objects.visible_to(self.user).counted()
        merged = Problem.objects.filter(visit=OuterRef("pk"), merged_into__in=seen.values("pk"))
        found = Exists(seen.filter(visit=OuterRef("pk"))) | Exists(merged)
        return rows.filter(found if some == "some" else ~found)


# `from` is no name that Python takes for an attribute.
VisitFilter.base_filters["from"] = _day(_("From"), "gte")
VisitFilter.base_filters["to"] = _day(_("Until"), "lte")


def _alert(user: User, asked: str) -> list[tuple[str, str]]:
    """The one alert that the address names, where it holds for an office that the person oversees."""
    if not (asked.isascii() and asked.isdigit() and len(asked) < 10):
        return []
    named = AlertPeriod.objects.filter(pk=int(asked)).select_related("office").first()
    if named is None or not Unit.objects.filter(pk__in=scope.of(user).offices).filter(_over(named.office)).exists():
        return []
    return [(asked, f"{named.get_level_display()} {days_of(named)}")]


def _over(unit: Unit) -> Q:
    """Units that the days of this one hold for, or that it stands below."""
    return Q(path__startswith=unit.path) | Q(pk__in=[int(part) for part in unit.path.split("/") if part])


def _inspectors(user: User) -> list[tuple[str, str]]:
    """Who inspects, or did, for the teams this person sees."""
    see = scope.of(user)
    posts = Membership.objects.filter(role=Role.INSPECTOR, unit__in={*see.offices, *see.teams}).select_related("user")
    people = {str(post.user_id): str(post.user) for post in posts}
    return sorted(people.items(), key=lambda one: one[1])


class SiteFilter(django_filters.FilterSet):
    """The filters of sites, in the order in which they are shown."""

    q = django_filters.CharFilter(label=_("Name, address or code"), method="find", max_length=100)
    kind = _one(_("Kind"), _("All kinds"), field_name="kind")
    district = _one(_("District"), _("All districts"), "in_district")
    risk = _one(_("Risk class"), _("Any class"), choices=RiskClass.choices, field_name="risk_class")
    open = django_filters.BooleanFilter(label=_("With open problems"), method="with_open", widget=forms.CheckboxInput)
    gone = django_filters.BooleanFilter(
        label=_("Also those that ended"), method="also_gone", widget=forms.CheckboxInput
    )
    batch = django_filters.UUIDFilter(label=_("Import"), method="brought_by", widget=forms.HiddenInput)
    changed = django_filters.UUIDFilter(label=_("Changed by the import"), method="changed_by", widget=forms.HiddenInput)

    class Meta:
        model = Site
        fields: list[str] = []

    def __init__(
        self, data: Any, queryset: Any, *, user: User, offered: Offer, today: datetime.date | None = None
    ) -> None:
        super().__init__(data, queryset)
        self.user, self.today = user, today or timezone.localdate()
        self.filters["kind"].extra["choices"] = [(str(kind.pk), kind.name) for kind in SiteKind.objects.all()]
        self.filters["district"].extra["choices"] = offered.choices("district")

    def filter_queryset(self, queryset: Any) -> Any:
        found = super().filter_queryset(queryset)
        return found if self.form.cleaned_data.get("gone") else found.current(self.today)

    def find(self, rows: Any, name: str, text: str) -> Any:
        return rows.find(text)

    def in_district(self, rows: Any, name: str, code: str) -> Any:
        return rows.filter(district__in=below(code))

    def with_open(self, rows: Any, name: str, only: bool) -> Any:
        if not only:
            return rows
        open_ones = Problem.objects.visible_to(self.user).filter(Q(status__in=OPEN), site=OuterRef("pk"))
        return rows.filter(Exists(open_ones))

    def brought_by(self, rows: Any, name: str, batch: UUID) -> Any:
        return rows.filter(pk__in=ImportRow.objects.of(batch, "created", "revived"))

    def changed_by(self, rows: Any, name: str, batch: UUID) -> Any:
        return rows.filter(pk__in=ImportRow.objects.of(batch, "updated"))

    def also_gone(self, rows: Any, name: str, also: bool) -> Any:
        return rows
