"""What the list of exposures in the media can be narrowed by and sorted by."""

from typing import Any
from uuid import UUID

import django_filters
from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from casetracker.paging import Order, Section
from inspections.models import ImportRow, Named

EXPOSURE_ORDERS = (
    Order("on", _("last first"), (Section(("published_on",), descending=True),), day="published_on"),
    Order("name", _("by name"), (Section(("name",)),)),
)
FOLLOWED = [("yes", _("Followed up")), ("no", _("Not followed up"))]


def _day(label: Any, lookup: str) -> django_filters.DateFilter:
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return django_filters.DateFilter(label=label, field_name="published_on", lookup_expr=lookup, widget=widget)


class ExposureFilter(django_filters.FilterSet):
    """The filters of exposures, in the order in which they are shown; the days are `from` and `to`, both inside."""

    q = django_filters.CharFilter(label=_("Who, or title"), method="find", max_length=100)
    medium = django_filters.ChoiceFilter(label=_("Medium"), empty_label=_("All media"), field_name="exposure__medium")
    followed = django_filters.ChoiceFilter(
        label=_("Follow-up"), empty_label=_("Any"), choices=FOLLOWED, method="followed_up"
    )
    site = django_filters.UUIDFilter(label=_("Site"), field_name="site", widget=forms.HiddenInput)
    id = django_filters.UUIDFilter(label=_("Only this one"), field_name="pk", widget=forms.HiddenInput)
    batch = django_filters.UUIDFilter(label=_("Import"), field_name="import_batch", widget=forms.HiddenInput)
    changed = django_filters.UUIDFilter(label=_("Changed by the import"), method="changed_by", widget=forms.HiddenInput)

    class Meta:
        model = Named
        fields: list[str] = []

    def __init__(self, data: Any, queryset: Any) -> None:
        super().__init__(data, queryset)
        media = queryset.order_by("exposure__medium").values_list("exposure__medium", flat=True).distinct()
        self.filters["medium"].extra["choices"] = [(one, one) for one in media]

    def find(self, rows: Any, name: str, text: str) -> Any:
        return rows.filter(Q(name__icontains=text) | Q(exposure__title__icontains=text))

    def changed_by(self, rows: Any, name: str, batch: UUID) -> Any:
        return rows.filter(pk__in=ImportRow.objects.of(batch, "updated"))

    def followed_up(self, rows: Any, name: str, answer: str) -> Any:
        return rows.filter(follow_up_on__isnull=answer == "no")


# `from` is no name that Python takes for an attribute.
ExposureFilter.base_filters["from"] = _day(_("From"), "gte")
ExposureFilter.base_filters["to"] = _day(_("Until"), "lte")
