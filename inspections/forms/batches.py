"""The form of a central assignment: one numbered document, each of its problems to its own unit."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casetracker import wording
from casetracker.models import Unit
from inspections.forms import fields
from inspections.forms.handing import addressable
from inspections.models import Problem


class BatchForm(forms.Form):
    """Title, requirement, date, and for each problem the unit it goes to; one without a unit stays out."""

    use_required_attribute = False

    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    requirement = fields.text(gettext_lazy("What is required"), required=False, rows=3)
    due_on = fields.day(
        gettext_lazy("Due on"), required=False, hint=gettext_lazy("Empty: for each the date that its rule gives.")
    )
    unit = forms.TypedChoiceField(label=gettext_lazy("Unit for all that have none of their own below"), required=False)

    def __init__(self, *args: Any, office: Unit, problems: Sequence[Problem], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.problems = problems
        units = {str(unit.pk): unit for unit in addressable(office)}
        for problem in problems:
            units |= {str(unit.pk): unit for unit in problem.candidates.all()}
        self.units = units
        choices = [("", _("None")), *((pk, unit.name) for pk, unit in units.items())]
        self._choices("unit", choices)
        for problem in problems:
            self._add(problem, choices)

    def _add(self, problem: Problem, choices: list[tuple[str, Any]]) -> None:
        candidates = list(problem.candidates.all())
        name = f"unit_{problem.pk}"
        label = _("Unit for %(number)s") % {"number": problem.number}
        self.fields[name] = forms.TypedChoiceField(label=label, required=False)
        self._choices(name, [("", _("As above")), ("-", _("Not in this batch")), *choices[1:]])
        if len(candidates) == 1:
            self.initial.setdefault(name, str(candidates[0].pk))
        if candidates:
            named = wording.listed(unit.name for unit in candidates)
            self.fields[f"reason_{problem.pk}"] = forms.CharField(
                label=_("Why this unit"),
                required=False,
                max_length=300,
                help_text=_("Possible: %(units)s") % {"units": named},
            )

    def _choices(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field: Any = self.fields[name]
        field.choices = choices
        field.coerce = lambda value: value if value == "-" else self.units[value]
        field.empty_value = None

    def rows(self) -> list[dict[str, Any]]:
        """Each problem with its own fields, for the table."""
        return [
            {
                "problem": problem,
                "unit": self[f"unit_{problem.pk}"],
                "reason": self[f"reason_{problem.pk}"] if f"reason_{problem.pk}" in self.fields else None,
            }
            for problem in self.problems
        ]

    def chosen(self) -> list[tuple[Problem, Unit, str]]:
        """The problems that go out, each with its unit and the reason for it; only after is_valid()."""
        picked = []
        for problem in self.problems:
            own = self.cleaned_data[f"unit_{problem.pk}"]
            unit = self.cleaned_data["unit"] if own is None else own
            if isinstance(unit, Unit):
                picked.append((problem, unit, self.cleaned_data.get(f"reason_{problem.pk}", "")))
        return picked

    def clean_due_on(self) -> Any:
        day = self.cleaned_data["due_on"]
        if day is not None and day < timezone.localdate():
            raise forms.ValidationError(_("The date must not lie in the past."))
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and not self.chosen():
            self.add_error("unit", _("Choose a unit here, or one for at least one problem below."))
        return data
