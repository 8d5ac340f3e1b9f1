"""What each verb asks once when it is done to many problems."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casetracker.models import Unit
from inspections.enums import EscalationLevel, Verb
from inspections.forms import fields
from inspections.forms.handing import addressable


class BulkForm(forms.Form):
    """The input of one verb for problems of these offices; `data_of()` gives it in JSON types."""

    # What the verb brings about, above the fields.
    intro: Any = ""

    use_required_attribute = False

    def __init__(self, *args: Any, offices: list[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offices = offices
        self.prepare()

    def prepare(self) -> None:
        """Fill in what depends on the offices."""

    def data_of(self) -> dict[str, Any]:
        """What was typed, for the job; only after is_valid()."""
        return {
            name: value.isoformat() if hasattr(value, "isoformat") else value
            for name, value in self.cleaned_data.items()
            if value not in (None, "", [])
        }


class BulkAssignForm(BulkForm):
    intro = gettext_lazy("Each unit is told at once and gets its own clocks: to claim, to answer, to put it right.")

    lead = forms.TypedChoiceField(label=gettext_lazy("Lead unit"), coerce=int)
    co = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Co-handlers"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    due_on = fields.day(
        gettext_lazy("Due on"), required=False, hint=gettext_lazy("Empty: for each by its rule or its checklist item.")
    )
    title = forms.CharField(
        label=gettext_lazy("Title of the batch"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("With a title they go out as one numbered document."),
    )
    requirement = fields.text(gettext_lazy("What is required"), required=False, rows=2)
    reason = fields.reason(
        required=False,
        hint=gettext_lazy("Needed where several units were possible, and for a date later than the rule’s."),
    )

    def prepare(self) -> None:
        units = {unit.pk: unit for office in self.offices for unit in addressable(office)}
        choices: Any = [(str(pk), unit.name) for pk, unit in units.items()]
        self.fields["lead"].choices = [("", _("Choose a unit")), *choices]  # type: ignore[attr-defined]
        self.fields["co"].choices = choices  # type: ignore[attr-defined]

    def clean_due_on(self) -> Any:
        return fields.checked_new_date(self.cleaned_data.get("due_on"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("lead") in (data.get("co") or []):
            self.add_error("co", _("The same unit is named twice."))
        if data.get("title") and len(self.offices) > 1:
            self.add_error(
                "title", _("These belong to several offices; a batch is of one. Select those of one office.")
            )
        return data


class BulkVerifyForm(BulkForm):
    intro = gettext_lazy(
        "Judged from the photos that are there: each must show how it was and how it is now. What you did not look at, "
        "leave out."
    )

    note = fields.text(gettext_lazy("Note"), required=False, rows=2)


class BulkCloseForm(BulkForm):
    intro = gettext_lazy("Each is struck off and can only be read from then on.")

    note = fields.text(gettext_lazy("Note"), required=False, rows=2)


class BulkEscalateForm(BulkForm):
    intro = gettext_lazy("The units’ heads and handlers are told, and each gets a date for its answer.")

    level = forms.ChoiceField(
        label=gettext_lazy("Level"), choices=EscalationLevel.choices, initial=EscalationLevel.SUPERVISION
    )
    reason = fields.text(gettext_lazy("Reason"), rows=3, most=500)
    due_on = fields.day(gettext_lazy("Answer by"), required=False)

    def clean_due_on(self) -> Any:
        return fields.checked_new_date(self.cleaned_data.get("due_on"))


FORMS: dict[Verb, type[BulkForm]] = {
    Verb.ASSIGN: BulkAssignForm,
    Verb.VERIFY: BulkVerifyForm,
    Verb.CLOSE: BulkCloseForm,
    Verb.ESCALATE: BulkEscalateForm,
}
