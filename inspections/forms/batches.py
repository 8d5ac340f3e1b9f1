"""The form of a central assignment: one numbered document, each of its problems to its own unit."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casetracker import wording
from casetracker.dates import long_date, short_date
from casetracker.models import DeadlineRule, Unit
from inspections.forms import fields
from inspections.forms.handing import addressable, usual
from inspections.models import Problem


class BatchForm(forms.Form):
    """Title, requirement, date, and for each problem the unit it goes to; one without a unit stays out."""

    use_required_attribute = False

    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    requirement = fields.text(gettext_lazy("What is required"), required=False, rows=3)
    due_on = fields.day(
        gettext_lazy("Due on"), required=False, hint=gettext_lazy("Empty: for each the date that stands beside it.")
    )
    later = fields.reason(gettext_lazy("Why later"), required=False)
    unit = forms.TypedChoiceField(label=gettext_lazy("Unit for all that have none of their own below"), required=False)

    def __init__(self, *args: Any, office: Unit, problems: Sequence[Problem], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.problems = problems
        today, rules = timezone.localdate(), dict[str, DeadlineRule]()
        self.usual = {problem.pk: usual(problem, today, rules) for problem in problems}
        earliest = min((one.rule_due_on for one in self.usual.values()), default=today)
        self.fields["later"].help_text = _("Needed where the date lies after %(date)s.") % {
            "date": long_date(earliest, today)
        }
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
                "usual": self.usual[problem.pk],
                "unit": self[f"unit_{problem.pk}"],
                "reason": self[f"reason_{problem.pk}"] if f"reason_{problem.pk}" in self.fields else None,
            }
            for problem in self.problems
        ]

    def chosen(self) -> list[tuple[Problem, Unit, str]]:
        """The problems that go out, each with its unit and the reason for it, and for a later date; only after
        is_valid()."""
        picked = []
        for problem in self.problems:
            own = self.cleaned_data[f"unit_{problem.pk}"]
            unit = self.cleaned_data["unit"] if own is None else own
            if isinstance(unit, Unit):
                why = self.cleaned_data.get(f"reason_{problem.pk}", ""), self._later(problem)
                picked.append((problem, unit, " ".join(filter(None, why))))
        return picked

    def _later(self, problem: Problem) -> str:
        """Why this problem gets a later date than its rule gives; empty where it does not."""
        due_on = self.cleaned_data.get("due_on")
        later = due_on is not None and due_on > self.usual[problem.pk].rule_due_on
        return self.cleaned_data.get("later", "") if later else ""

    def clean_due_on(self) -> Any:
        return fields.checked_new_date(self.cleaned_data["due_on"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        due_on = data.get("due_on")
        if not self.errors and due_on is not None and not data.get("later"):
            limits = [self.usual[problem.pk].rule_due_on for problem, _unit, _why in self.chosen()]
            if limits and due_on > min(limits):
                words = {"date": short_date(min(limits), timezone.localdate())}
                self.add_error("later", _("The rule gives until %(date)s: say why it is later.") % words)
        if not self.errors and not self.chosen():
            self.add_error("unit", _("Choose a unit here, or one for at least one problem below."))
        return data
