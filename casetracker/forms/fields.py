"""The fields and manners that the office's forms share: reasons, days, names one per line, refusals beside a field."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casetracker.errors import DomainError

# gettext_lazy's texts behave as text; the stubs' own class for them isn't there at run time.
Words = Any


def reason(*, required: bool = True, hint: Words = "") -> forms.CharField:
    """Why something is changed: one or two lines."""
    return forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=hint or gettext_lazy("Stays in the history beside the change."),
        required=required,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


def day_input() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def day(label: Words, *, hint: Words = "", required: bool = True) -> forms.DateField:
    """A date, in the browser's own picker."""
    return forms.DateField(label=label, help_text=hint, required=required, widget=day_input())


class LinesField(forms.CharField):
    """Several names, one per line, as a list without blanks or doubles."""

    def __init__(self, *, longest: int, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 3}), **kwargs)
        self.longest = longest

    def prepare_value(self, value: Any) -> Any:
        return value if value is None or isinstance(value, str) else "\n".join(value)

    def clean(self, value: Any) -> list[str]:
        lines = [" ".join(line.split()) for line in super().clean(value).splitlines()]
        found = list(dict.fromkeys(line for line in lines if line))
        if any(len(line) > self.longest for line in found):
            raise forms.ValidationError(_("A name has at most %(count)s letters.") % {"count": self.longest})
        return found


def refuse(form: forms.BaseForm, error: DomainError) -> int:
    """Put a refusal of the domain beside the field that it names, or above the form; returns its HTTP status."""
    field = getattr(error, "field", "")
    form.add_error(field if field in form.fields else None, str(error))
    return error.status
