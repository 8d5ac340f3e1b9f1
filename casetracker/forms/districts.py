"""The form of a district."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from casetracker.administering.districts import COLUMNS, FIRST_YEAR, LAST_YEAR, is_used, may_stand_above
from casetracker.forms.fields import LinesField, reason
from casetracker.models import District


class AboveField(forms.ModelChoiceField):
    """The district above, by code and name."""

    def label_from_instance(self, obj: District) -> str:
        return f"{obj.code} {obj.name}"


class DistrictForm(forms.ModelForm):
    """Everything of a district that an administrator keeps; casetracker.administering.districts writes it."""

    use_required_attribute = False

    code = forms.CharField(
        label=gettext_lazy("Code"),
        help_text=gettext_lazy("Six digits of GB/T 2260, such as 410802; a local one up to 12 letters and digits."),
        max_length=30,
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false"}),
    )
    parent = AboveField(
        label=gettext_lazy("District above"),
        help_text=gettext_lazy("Teams that answer for it see everything below it."),
        empty_label=gettext_lazy("None: it stands at the top"),
        queryset=District.objects.none(),
        required=False,
    )
    aliases = LinesField(
        label=gettext_lazy("Other names"),
        help_text=gettext_lazy("One per line, as ledgers write it; imports know the district by them."),
        required=False,
        longest=120,
    )
    reason = reason(
        required=False,
        hint=gettext_lazy("Needed when the code or the district above changes: they decide who sees what."),
    )

    class Meta:
        model = District
        fields = COLUMNS
        labels = {
            "is_local": gettext_lazy("Local code: there is no national one"),
            "valid_from": gettext_lazy("First year"),
            "valid_until": gettext_lazy("Last year"),
        }
        help_texts = {
            "is_local": gettext_lazy("Such as 4108Z1 of a development zone."),
            "valid_until": gettext_lazy("A district is never deleted; it ends with this year. Records keep it."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept: Any = self.fields
        for name in ("valid_from", "valid_until"):
            kept[name].widget.attrs |= {"min": FIRST_YEAR, "max": LAST_YEAR}
        row = self.instance if self.instance.pk else None
        kept["parent"].queryset = may_stand_above(row)
        if row is None:
            del self.fields["reason"]
        elif is_used(row.pk):
            del self.fields["code"], self.fields["is_local"]

    def _get_validation_exclusions(self) -> set[str]:
        """Left to casetracker.administering.districts, which says what to do: the rules of whole rows."""
        return {field.name for field in District._meta.fields}

    def validate_unique(self) -> None:
        """Left to casetracker.administering.districts, which says whose code it is."""

    def values(self) -> dict[str, Any]:
        """What create_district() and change_district() take."""
        return {name: self.cleaned_data[name] for name in self.fields}
