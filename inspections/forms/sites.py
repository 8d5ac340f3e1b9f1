"""The form of a site on the register, the finder of a site, and the one field for a position."""

import re
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from stdnum.cn import uscc

from casetracker.errors import DomainError, Invalid
from casetracker.models import District, User
from inspections import siting
from inspections.enums import RiskClass
from inspections.forms import fields
from inspections.models import Site, SiteKind

Position = tuple[float, float]


class PositionField(forms.CharField):
    """Latitude and longitude (WGS-84, degrees) as people copy them: "35.2410, 113.2380"; None when empty."""

    def to_python(self, value: Any) -> Any:
        typed = str(super().to_python(value) or "").strip()
        if not typed:
            return None
        parts = re.findall(r"-?\d+(?:\.\d+)?", typed.replace("，", ","))
        if len(parts) != 2:
            raise forms.ValidationError(_("Write latitude and longitude in degrees, e.g. 35.2410, 113.2380."))
        lat, lon = (float(part) for part in parts)
        if 90 < abs(lat) <= 180 and abs(lon) <= 90:
            raise forms.ValidationError(_("Latitude comes first: %(lon)s, %(lat)s.") % {"lat": lat, "lon": lon})
        if abs(lat) > 90 or abs(lon) > 180:
            text = _("There is no such place: latitude goes to 90, longitude to 180. Check the figures.")
            raise forms.ValidationError(text)
        return lat, lon

    def prepare_value(self, value: Any) -> Any:
        return f"{value[0]:.6f}, {value[1]:.6f}" if isinstance(value, tuple) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (self.prepare_value(initial) or "") != str(data or "").strip()


class SiteForm(forms.Form):
    """What the register says of a site. `site` None enters a new one; `save()` does it, after is_valid()."""

    use_required_attribute = False

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    kind = forms.ModelChoiceField(label=gettext_lazy("Kind"), queryset=SiteKind.objects.all(), empty_label=None)
    district = forms.ModelChoiceField(
        label=gettext_lazy("District"), queryset=District.objects.none(), empty_label=None
    )
    address = forms.CharField(label=gettext_lazy("Address"), max_length=200, required=False)
    position = PositionField(
        label=gettext_lazy("Position"),
        help_text=gettext_lazy("Latitude, longitude in degrees (WGS-84), e.g. 35.2410, 113.2380"),
        required=False,
    )
    risk_class = forms.ChoiceField(
        label=gettext_lazy("Risk class"), choices=RiskClass.choices, initial=RiskClass.GENERAL, required=False
    )
    operator_name = forms.CharField(
        label=gettext_lazy("Operator"),
        help_text=gettext_lazy("Who runs it today; earlier ones stay on the file."),
        max_length=120,
        required=False,
    )
    credit_code = forms.CharField(
        label=gettext_lazy("Unified social credit code"), max_length=18, min_length=18, required=False
    )
    permit = forms.CharField(label=gettext_lazy("Permit number"), max_length=30, required=False)
    grid_cell = forms.CharField(label=gettext_lazy("Grid cell"), max_length=40, required=False)
    valid_until = fields.day(
        gettext_lazy("Inspected until"), hint=gettext_lazy("Leave empty while the site exists."), required=False
    )
    # Ticked once the likely same ones were shown and it is another site after all.
    another = forms.BooleanField(label=gettext_lazy("It is another site"), required=False)

    def __init__(self, *args: Any, by: User, site: Site | None = None, **kwargs: Any) -> None:
        self.by, self.site = by, site
        self.alike: list[Site] = []
        if site is not None:
            kwargs["initial"] = _initial(site) | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        self.fields["district"].queryset = siting.districts_for(by, site)  # type: ignore[attr-defined]
        if site is None:
            del self.fields["valid_until"]

    def clean_credit_code(self) -> str:
        code = str(self.cleaned_data["credit_code"]).upper()
        if code and "credit_code" in self.changed_data and not uscc.is_valid(code):
            raise forms.ValidationError(_("The check digit of this code is wrong. Compare it with the licence."))
        return code

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if self.site is None or {"name", "position"} & set(self.changed_data):
            lat, lon = values.get("position") or (None, None)
            self.alike = siting.likely_same(self.by, name=values.get("name", ""), lat=lat, lon=lon, but=self.site)
        if self.alike and not values.get("another"):
            self.add_error("another", _("This may be one that is known already: open it, or say that it is another."))
        return values

    @property
    def main_fields(self) -> list[Any]:
        """Everything but the confirmation, which stands beside the likely same sites."""
        return [field for field in self.visible_fields() if field.name != "another"]

    def columns(self) -> dict[str, Any]:
        """The columns of the site as siting.enter() and change() take them."""
        values = {name: value for name, value in self.cleaned_data.items() if name in siting.COLUMNS}
        values["risk_class"] = values.get("risk_class") or RiskClass.GENERAL
        lat, lon = self.cleaned_data.get("position") or (None, None)
        return values | {"name": values["name"].strip(), "lat": lat, "lon": lon}

    def save(self, key: UUID) -> Site:
        """Enter the site under this id, or change it. Raises the refusals of siting."""
        operator = self.cleaned_data["operator_name"]
        if self.site is not None:
            if not self.has_changed():
                raise Invalid(_("Nothing was changed."))
            if "operator_name" not in self.changed_data:
                operator = None
            return siting.change(self.site, by=self.by, operator_name=operator, **self._touched())
        office = siting.office_for(self.by)
        assert office is not None, "the view lets only people in who keep sites"
        return siting.enter(by=self.by, office=office, operator_name=operator, site_id=key, **self.columns())

    def refuse(self, error: DomainError) -> None:
        """Put a refusal beside the field it names, or above the form."""
        name = {"lat": "position"}.get(getattr(error, "field", ""), getattr(error, "field", ""))
        self.add_error(name if name in self.fields else None, str(error))

    def _touched(self) -> dict[str, Any]:
        """The columns that were changed on the page, so that another person's change of others stays."""
        touched = set(self.changed_data)
        touched |= {"lat", "lon"} if "position" in touched else set()
        return {name: value for name, value in self.columns().items() if name in touched}


def _initial(site: Site) -> dict[str, Any]:
    ran = site.operators.filter(until_on__isnull=True).select_related("party").first()
    values = {name: getattr(site, name) for name in siting.COLUMNS if name not in ("lat", "lon", "kind", "district")}
    return values | {
        "kind": site.kind_id,
        "district": site.district_id,
        "position": (site.lat, site.lon) if site.lat is not None else None,
        "operator_name": ran.party.name if ran else "",
    }
