"""Forms for keeping at it: pause and resume the clock, escalate and lift, comment."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casetracker import wording
from inspections import policy
from inspections.enums import Audience, EscalationLevel, Verb
from inspections.forms import fields
from inspections.forms.base import Move, VerbForm


class PauseForm(VerbForm):
    verb = Verb.PAUSE
    words = Verb.PAUSE.label
    busy = gettext_lazy("Pausing")
    intro = gettext_lazy("Every clock of this problem stands still from today. A date already missed stays missed.")

    reason = fields.reason(hint=gettext_lazy("For example the stop order of an orange alert."))


class ResumeForm(VerbForm):
    verb = Verb.RESUME
    words = Verb.RESUME.label
    busy = gettext_lazy("Resuming")
    intro = gettext_lazy(
        "The clocks go on, and their dates move by the days they stood still. A date missed before the stop stays."
    )

    reason = fields.reason(required=False)


class EscalateForm(VerbForm):
    verb = Verb.ESCALATE
    words = Verb.ESCALATE.label
    busy = gettext_lazy("Escalating")

    level = forms.ChoiceField(
        label=gettext_lazy("Level"),
        choices=EscalationLevel.choices,
        initial=EscalationLevel.SUPERVISION,
        widget=forms.RadioSelect,
    )
    due_on = fields.day(gettext_lazy("Answer by"), required=False)
    reason = fields.reason()

    def move(self) -> Move:
        data = self.cleaned_data
        return self.verb, {
            "level": EscalationLevel(data["level"]),
            "due_on": data["due_on"],
            "reason": data["reason"],
        }


class LiftForm(VerbForm):
    verb = Verb.LIFT
    words = Verb.LIFT.label
    busy = gettext_lazy("Lifting")

    escalation = forms.TypedChoiceField(label=gettext_lazy("Which"), widget=forms.RadioSelect, required=False)
    reason = fields.reason()

    def prepare(self) -> None:
        rows = {str(one.pk): one for one in self.problem.escalations.all() if one.lifted_on is None}
        field: Any = self.fields["escalation"]
        field.choices = [(pk, wording.of(one.get_level_display(), one.reason)) for pk, one in rows.items()]
        field.coerce = rows.__getitem__
        field.empty_value = None
        if len(rows) > 1:
            field.choices = [*field.choices, ("", _("All of them"))]
        self.initial.setdefault("escalation", next(iter(rows), ""))


class CommentForm(VerbForm):
    verb = Verb.COMMENT
    words = gettext_lazy("Save")
    busy = gettext_lazy("Saving")

    audience = forms.ChoiceField(label=gettext_lazy("For"), choices=Audience.choices, widget=forms.RadioSelect)
    text = fields.text(gettext_lazy("Comment"))

    def prepare(self) -> None:
        audience: Any = self.fields["audience"]
        if not (policy.inspects(self.by, self.problem) or policy.supervises(self.by, self.problem)):
            del self.fields["audience"]
            return
        self.initial.setdefault("audience", Audience.INTERNAL.value)
        audience.consequences = {
            Audience.INTERNAL.value: _("only the office reads it"),
            Audience.UNIT.value: _("the unit is told and reads it"),
        }

    def move(self) -> Move:
        audience = self.cleaned_data.get("audience", Audience.UNIT)
        return self.verb, {"text": self.cleaned_data["text"], "audience": Audience(audience)}
