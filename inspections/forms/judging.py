"""Forms for judging a fix: verify or send back, re-inspect, close, reopen."""

import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casetracker.wording import listed
from inspections import policy
from inspections.enums import WITH_UNIT, Result, Status, Verb
from inspections.forms import fields
from inspections.forms.base import Move, VerbForm

REMAINING_HINT = gettext_lazy("For example: 6 of 9 places.")


def _remaining() -> forms.CharField:
    return forms.CharField(label=gettext_lazy("What remains"), required=False, max_length=300, help_text=REMAINING_HINT)


class JudgeForm(VerbForm):
    """One choice of result: fixed verifies, partly or not fixed sends back with a new date."""

    verb = Verb.VERIFY
    words = gettext_lazy("Confirm the result")
    busy = gettext_lazy("Confirming")
    field_names = {"reason": "note"}
    template_name = "inspections/forms/judge.html"

    result = forms.ChoiceField(
        label=gettext_lazy("Result"),
        choices=[(one.value, one.label) for one in (Result.FIXED, Result.PARTLY, Result.NOT_FIXED)],
        widget=forms.RadioSelect,
    )
    remaining = _remaining()
    due_on = fields.day(gettext_lazy("New date"), required=False)
    shots = fields.photos(gettext_lazy("Photos of the re-inspection"), required=False)
    note = fields.text(gettext_lazy("Note"), required=False, rows=2)

    def prepare(self) -> None:
        result: Any = self.fields["result"]
        result.consequences = {
            Result.FIXED.value: _("can be closed then"),
            Result.PARTLY.value: _("goes back, with what remains"),
            Result.NOT_FIXED.value: _("goes back, with a new date"),
        }
        if self.problem.status not in WITH_UNIT:
            self.fields["shots"].help_text = _("From the same angle as before. None: judged from the unit’s photos.")
            self._ask_what_is_missing(self.chosen("result"))
            return
        # Not reported back: a re-inspection may find it fixed all the same; there is nothing to send back.
        self.fields["result"].widget = forms.HiddenInput()
        self.initial["result"] = Result.FIXED.value
        self.intro = _("It was not reported back. Confirm it only if you saw it fixed.")
        if missing := policy.still_to_report(self.problem):
            words = _("These units have not reported back: %(units)s. Confirm it only if you saw it fixed.")
            self.intro = words % {"units": listed(one.unit.name for one in missing)}
        self.fields["shots"].help_text = _("At least one, unless a re-inspection found it fixed already.")
        del self.fields["remaining"], self.fields["due_on"]

    def _ask_what_is_missing(self, result: str) -> None:
        back = result in (Result.PARTLY, Result.NOT_FIXED)
        self.need("remaining", result == Result.PARTLY, _("Say what remains to be done, e.g. 6 of 9."))
        self.need("due_on", back, _("Choose the new date."))
        # What remains of a partly fixed one says why it goes back.
        self.fields["note"].required = result == Result.NOT_FIXED
        self.fields["note"].error_messages["required"] = _("Say what is not right yet.")
        self.fields["note"].help_text = _("Where it is not fixed: what is not right yet.")

    def move(self) -> Move:
        data = self.cleaned_data
        shots = fields.shots(data["shots"])
        if data["result"] == Result.FIXED:
            return Verb.VERIFY, {"shots": shots, "note": data["note"]}
        remaining = data["remaining"] if data["result"] == Result.PARTLY else ""
        return Verb.SEND_BACK, {
            "result": Result(data["result"]),
            "reason": data["note"],
            "due_on": data["due_on"],
            "remaining": remaining,
            "shots": shots,
        }


class RecheckForm(VerbForm):
    verb = Verb.RECHECK
    words = gettext_lazy("Save the re-inspection")
    busy = gettext_lazy("Saving")
    intro = gettext_lazy("Records what a re-inspection found. It moves nothing by itself.")
    template_name = "inspections/forms/judge.html"

    result = forms.ChoiceField(label=gettext_lazy("Result"), choices=Result.choices, widget=forms.RadioSelect)
    remaining = _remaining()
    shots = fields.photos(gettext_lazy("Photos of the re-inspection"), required=False)
    note = fields.text(gettext_lazy("Note"), required=False, rows=2)

    def prepare(self) -> None:
        result: Any = self.fields["result"]
        again = _("reopening is proposed") if self.problem.status in (Status.VERIFIED, Status.CLOSED) else ""
        result.consequences = {
            Result.PARTLY.value: again or _("with what remains"),
            Result.NOT_FIXED.value: again,
            Result.NOT_CHECKED.value: _("locked, or no time"),
        }
        partly = self.chosen("result") == Result.PARTLY
        self.need("remaining", partly, _("Say what remains to be done, e.g. 6 of 9."))

    def move(self) -> Move:
        data = self.cleaned_data
        return self.verb, {
            "result": Result(data["result"]),
            "remaining": data["remaining"] if data["result"] == Result.PARTLY else "",
            "shots": fields.shots(data["shots"]),
            "note": data["note"],
        }


class CloseForm(VerbForm):
    verb = Verb.CLOSE
    words = Verb.CLOSE.label
    busy = gettext_lazy("Closing")
    intro = gettext_lazy("It is struck off the ledger and can only be read from then on.")

    note = fields.text(gettext_lazy("Note"), required=False, rows=2)


class ReopenForm(VerbForm):
    verb = Verb.REOPEN
    words = Verb.REOPEN.label
    busy = gettext_lazy("Reopening")
    intro = gettext_lazy("It goes back to the unit with a new date. This is counted.")

    due_on = fields.day(gettext_lazy("New date"))
    reason = fields.reason()

    def prepare(self) -> None:
        self.fields["due_on"].widget.attrs["min"] = (timezone.localdate() + datetime.timedelta(days=1)).isoformat()
