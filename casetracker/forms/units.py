"""The form of a unit."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from casetracker.administering.units import COLUMNS, state
from casetracker.forms.fields import LinesField, day_input, reason
from casetracker.models import District, Unit


class UnitForm(forms.ModelForm):
    """Everything of a unit that an administrator keeps; casetracker.administering.units writes it."""

    use_required_attribute = False

    aliases = LinesField(
        label=gettext_lazy("Other names"),
        help_text=gettext_lazy(
            "One per line. Imports and search know the unit by them; former names are kept by themselves."
        ),
        required=False,
        longest=120,
    )
    reason = reason(
        required=False,
        hint=gettext_lazy("Needed when kind, unit above, districts or dates change: they decide who sees what."),
    )

    class Meta:
        model = Unit
        fields = (*COLUMNS[:5], "districts", "aliases", *COLUMNS[5:])
        labels = {
            "parent": gettext_lazy("Unit above"),
            "districts": gettext_lazy("Districts"),
            "email": gettext_lazy("Mailbox"),
            "valid_from": gettext_lazy("First day"),
            "valid_until": gettext_lazy("Last day"),
            "successor": gettext_lazy("Successor"),
        }
        help_texts = {
            "short_zh": gettext_lazy("For narrow columns, such as 市住建局."),
            "parent": gettext_lazy("Supervisors and leaders of a unit see everything below it."),
            "districts": gettext_lazy("Inspectors of a team see the sites and problems of its districts."),
            "email": gettext_lazy("For what is sent to the unit rather than to a person."),
            "webhook": gettext_lazy("Address of a group in WeCom, DingTalk or Feishu; whoever has it can write there."),
            "number_prefix": gettext_lazy("What the numbers of this office’s problems begin with, such as 焦督."),
            "valid_until": gettext_lazy("From the next day on nothing new can be assigned to it."),
            "successor": gettext_lazy("The unit that takes over its work."),
        }
        widgets = {
            "districts": forms.CheckboxSelectMultiple,
            "valid_from": day_input(),
            "valid_until": day_input(),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept: Any = self.fields
        own = [] if self.instance.pk is None else self.instance.districts.values_list("code", flat=True)
        kept["districts"].queryset = District.objects.current(but=own).order_by("code")
        units = Unit.objects.order_by("path")
        if self.instance.pk is None:
            del self.fields["reason"]
            units = units.current()
        else:
            kept["aliases"].initial = state(self.instance)["aliases"]
            units = units.exclude(path__startswith=self.instance.path)
        kept["parent"].queryset = kept["successor"].queryset = units
        kept["parent"].empty_label = gettext_lazy("None: it stands at the top")
        kept["successor"].empty_label = gettext_lazy("None")

    def validate_unique(self) -> None:
        """Left to casetracker.administering.units, which says whose name it is."""

    def validate_constraints(self) -> None:
        """Left to casetracker.administering.units."""

    def values(self) -> dict[str, Any]:
        """What create_unit() and change_unit() take."""
        return {name: self.cleaned_data[name] for name in self.fields}
