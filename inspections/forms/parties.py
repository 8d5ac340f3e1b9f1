"""The form of a party on the register."""

from typing import Any

from django import forms

from casetracker.errors import DomainError
from inspections.models import Party


class PartyForm(forms.ModelForm):
    """Name, kind, code and how to reach it; the register's own rules are checked when it is written."""

    use_required_attribute = False

    class Meta:
        model = Party
        fields = ("name", "kind", "credit_code", "contact", "phone", "address")

    def validate_constraints(self) -> None:
        """Left to inspections.parties, which says whose code it is."""

    def refuse(self, error: DomainError) -> None:
        """Put a refusal beside the field it names, or above the form."""
        name = getattr(error, "field", "")
        self.add_error(name if name in self.fields else None, str(error))

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}
