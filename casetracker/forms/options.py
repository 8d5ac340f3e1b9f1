"""The form of the office-wide options, made of what casetracker.options declares."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from casetracker import options
from casetracker.forms.fields import reason
from casetracker.models import Option


class OptionsForm(forms.Form):
    """One field per option, of the type of its default."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = dict(Option.objects.values_list("name", "value"))
        for choice in options.CHOICES.values():
            value = stored.get(choice.name, choice.default)
            if isinstance(choice.default, bool):
                self.fields[choice.name] = forms.BooleanField(label=choice.label, required=False, initial=value)
            else:
                self.fields[choice.name] = forms.IntegerField(
                    label=choice.label,
                    initial=value,
                    min_value=choice.lowest,
                    max_value=choice.highest,
                    help_text=_("Between %(lowest)s and %(highest)s; %(default)s unless changed.")
                    % {"lowest": choice.lowest, "highest": choice.highest, "default": choice.default},
                )
        self.fields["reason"] = reason()

    def values(self) -> dict[str, bool | int]:
        return {name: self.cleaned_data[name] for name in options.CHOICES}
