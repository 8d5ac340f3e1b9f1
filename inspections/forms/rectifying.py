"""Forms for putting a problem right: claim, begin, report back, fix on the spot, ask for more time and decide on it."""

import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from casetracker.dates import long_date
from casetracker.enums import Role
from casetracker.models import Membership
from inspections import policy
from inspections.enums import Decision, Phase, Severity, Verb
from inspections.forms import fields
from inspections.forms.base import Move, VerbForm


class ClaimForm(VerbForm):
    verb = Verb.CLAIM
    words = Verb.CLAIM.label
    busy = gettext_lazy("Claiming")

    responsible = forms.TypedChoiceField(label=gettext_lazy("Responsible person"), required=False)
    responsible_name = forms.CharField(
        label=gettext_lazy("Or somebody else"),
        required=False,
        max_length=60,
        help_text=gettext_lazy("A name, for somebody without an account."),
    )

    def prepare(self) -> None:
        own = policy.own_assignment(self.by, self.problem)
        posts = Membership.objects.running(timezone.localdate()).filter(
            unit=own.unit_id if own else None, role=Role.HANDLER, user__is_active=True
        )
        people = {str(post.user_id): post.user for post in posts.select_related("user")}
        people.setdefault(str(self.by.pk), self.by)
        field: Any = self.fields["responsible"]
        field.choices = [(pk, str(person)) for pk, person in people.items()]
        field.coerce = people.__getitem__
        field.empty_value = None
        self.initial.setdefault("responsible", str(self.by.pk))

    def move(self) -> Move:
        name = self.cleaned_data["responsible_name"].strip()
        person = None if name else self.cleaned_data["responsible"]
        return self.verb, {"responsible": person, "responsible_name": name}


class BeginForm(VerbForm):
    verb = Verb.BEGIN
    words = Verb.BEGIN.label
    busy = gettext_lazy("Beginning")

    plan = fields.text(gettext_lazy("Plan"), required=False, hint=gettext_lazy("What will be done by when."))
    goal = forms.CharField(label=gettext_lazy("Goal"), required=False, max_length=500)

    def prepare(self) -> None:
        self.initial.setdefault("plan", self.problem.measures)
        self.initial.setdefault("goal", self.problem.goal)
        if self.problem.severity == Severity.MAJOR:
            self.fields["plan"].required = True
            self.fields["plan"].help_text = _("A major problem needs a plan: what will be done by when.")


class ReportBackForm(VerbForm):
    verb = Verb.REPORT_BACK
    words = Verb.REPORT_BACK.label
    busy = gettext_lazy("Reporting back")
    intro = gettext_lazy("Somebody else then verifies it. Reporting closes nothing.")

    text = fields.text(gettext_lazy("What was done"), missing=gettext_lazy("Say what was done."))
    shots = fields.photos(
        gettext_lazy("Photos of how it is now"), hint=gettext_lazy("At least one, from the same angle as before.")
    )
    papers = fields.StoredFilesField(
        label=gettext_lazy("Papers"), required=False, help_text=gettext_lazy("Invoices, reports: PDF or office files.")
    )

    def move(self) -> Move:
        data = self.cleaned_data
        return self.verb, {"text": data["text"], "shots": fields.shots(data["shots"]), "papers": data["papers"]}


class FixOnSpotForm(VerbForm):
    verb = Verb.FIX_ON_SPOT
    words = gettext_lazy("Confirm fixed on the spot")
    busy = gettext_lazy("Confirming")
    intro = gettext_lazy("You saw it put right while you were there. Some of these are drawn for a look-back.")

    before = fields.photos(gettext_lazy("Photos of how it was"), required=False)
    shots = fields.photos(gettext_lazy("Photos of how it is now"), hint=gettext_lazy("At least one."))
    note = fields.text(gettext_lazy("Note"), required=False, rows=2)

    def prepare(self) -> None:
        if any(one.phase == Phase.BEFORE and not one.withdrawn_at for one in self.problem.attachments.all()):
            del self.fields["before"]
        else:
            self.fields["before"].required = self.problem.import_batch_id is None

    def move(self) -> Move:
        data = self.cleaned_data
        shown = {"shots": fields.shots(data["shots"]), "before": fields.shots(data.get("before", []))}
        return self.verb, shown | {"note": data["note"]}


class AskExtensionForm(VerbForm):
    verb = Verb.ASK_EXTENSION
    words = Verb.ASK_EXTENSION.label
    busy = gettext_lazy("Asking")
    intro = gettext_lazy("The present date holds until the office has decided. The first date stays visible for ever.")

    wanted_on = fields.day(pgettext_lazy("extension", "Until"))
    reason = fields.text(gettext_lazy("Why more time is needed"))
    plan = fields.text(gettext_lazy("Plan with dates"), hint=gettext_lazy("What will be done by when."))

    def prepare(self) -> None:
        if self.problem.due_on is not None:
            earliest = max(self.problem.due_on, timezone.localdate()) + datetime.timedelta(days=1)
            now = long_date(self.problem.due_on, timezone.localdate())
            self.fields["wanted_on"].help_text = _("The date is now %(date)s.") % {"date": now}
            self.fields["wanted_on"].widget.attrs["min"] = earliest.isoformat()


class DecideExtensionForm(VerbForm):
    """Grant a request until a date, or refuse it."""

    verb = Verb.DECIDE_EXTENSION
    words = gettext_lazy("Confirm the decision")
    busy = gettext_lazy("Deciding")
    guarded = True
    template_name = "inspections/forms/decide.html"

    extension = forms.TypedChoiceField(label=gettext_lazy("Request"), widget=forms.RadioSelect)
    decision = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        choices=[(Decision.GRANTED, gettext_lazy("Grant")), (Decision.REFUSED, gettext_lazy("Refuse"))],
        widget=forms.RadioSelect,
    )
    granted_on = fields.day(pgettext_lazy("extension", "Until"), required=False)
    note = fields.text(gettext_lazy("Note"), required=False, rows=2, most=500)

    def prepare(self) -> None:
        waiting = [one for one in self.problem.extensions.all() if one.decision == Decision.PENDING]
        mine = [one for one in waiting if policy.may_not_decide(self.problem, self.by, one) is None]
        rows = {str(one.pk): one for one in mine}
        self.request = next(iter(rows.values()), None)
        field: Any = self.fields["extension"]
        field.choices = [(pk, one.assignment.unit.name) for pk, one in rows.items()]
        field.coerce = rows.__getitem__
        if self.request is not None:
            self.initial.setdefault("extension", str(self.request.pk))
            self.initial.setdefault("granted_on", self.request.wanted_on)
        if len(rows) == 1:
            field.widget = forms.HiddenInput()
        decision: Any = self.fields["decision"]
        decision.consequences = {
            Decision.GRANTED.value: _("a new date"),
            Decision.REFUSED.value: _("the present date holds"),
        }
        chosen = self.chosen("decision")
        self.need("granted_on", chosen == Decision.GRANTED, _("Choose the new date."))
        self.fields["note"].required = chosen == Decision.REFUSED
        self.fields["note"].error_messages["required"] = _("Say why it is refused.")
        self.fields["note"].help_text = _("Why, where it is refused or granted for longer than was asked.")

    def move(self) -> Move:
        data = self.cleaned_data
        granted = data["granted_on"] if data["decision"] == Decision.GRANTED else None
        return self.verb, {"extension": data["extension"], "granted_on": granted, "note": data["note"]}
