"""Forms for handing a problem on: name candidates, assign, hand back, release, send to the office."""

import datetime
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casetracker import calendars, wording
from casetracker.dates import long_date
from casetracker.enums import UnitKind
from casetracker.explain.sentence import term_words
from casetracker.models import DeadlineRule, Unit
from casetracker.workdays import Term, count
from inspections import deadlines, policy
from inspections.enums import AssignmentRole, Clock, Verb
from inspections.forms import fields
from inspections.forms.base import Move, VerbForm
from inspections.models import Problem
from inspections.workflow import Addressee


def addressable(office: Unit) -> list[Unit]:
    """The units of today that an office may hand problems to, in the order of the form."""
    return list(Unit.objects.current().addressable_by(office).order_by("kind", "sort_key"))


# What a special assignment names beside its lead, and among which units it is looked for.
KIND_OF_ROLE = {AssignmentRole.REGULATOR: UnitKind.DEPARTMENT, AssignmentRole.GOVERNMENT: UnitKind.GOVERNMENT}


@dataclass(frozen=True)
class Usual:
    """The date that a problem assigned today gets where none is given, why, and the last one that needs no reason."""

    due_on: datetime.date
    words: str
    rule_due_on: datetime.date

    @property
    def empty(self) -> str:
        """What an empty date stands for."""
        date = long_date(self.due_on, timezone.localdate())
        return _("Empty: %(date)s (%(rule)s).") % {"date": date, "rule": self.words}


def usual(problem: Problem, today: datetime.date, rules: dict[str, DeadlineRule] | None = None) -> Usual:
    """By the rule, or by the usual term of the checklist item that raised it where that ends earlier.

    `rules` keeps those that were read, for many problems.
    """
    known = {} if rules is None else rules
    code = deadlines.rule_code(Clock.RECTIFY, severity=problem.severity, route=problem.route)
    rule = known.get(code) or known.setdefault(code, DeadlineRule.objects.in_force(code, today))
    term = deadlines.term_of(rule)
    rule_due = count(today, term, calendars.load()).due_on
    item = problem.checklist_item
    due = deadlines.usual_due(rule_due, item.term_days if item else None, today)
    if due is None or item is None:
        words = _("%(rule)s, %(term)s") % {"rule": rule.name, "term": term_words(term)}
        return Usual(rule_due, words, rule_due)
    told = {"position": item.position, "term": term_words(Term(item.term_days or 0, "day", False))}
    return Usual(due, _("usual term of item %(position)s: %(term)s") % told, rule_due)


class AssignForm(VerbForm):
    """Who puts it right, by when, to what goal; a special assignment names regulator and government too."""

    verb = Verb.ASSIGN
    words = Verb.ASSIGN.label
    busy = gettext_lazy("Assigning")
    intro = gettext_lazy("Each unit is told at once and gets its own clocks: to claim, to answer, to put it right.")
    guarded = True
    template_name = "inspections/forms/assign.html"

    lead = forms.TypedChoiceField(label=gettext_lazy("Lead unit"))
    co = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Co-handlers"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    special = forms.BooleanField(label=gettext_lazy("Special assignment"), required=False)
    regulator = forms.TypedChoiceField(label=gettext_lazy("Sector regulator"), required=False)
    government = forms.TypedChoiceField(label=gettext_lazy("Local government"), required=False)
    due_on = fields.day(gettext_lazy("Due on"), required=False)
    goal = forms.CharField(label=gettext_lazy("Goal"), required=False, max_length=500)
    measures = fields.text(gettext_lazy("Main measures"), required=False, rows=2)
    acceptor = forms.TypedChoiceField(label=gettext_lazy("Who accepts it"), required=False)
    reason = fields.reason(required=False)

    def prepare(self) -> None:
        units = addressable(self.problem.office)
        candidates = list(self.problem.candidates.all())
        self.units = {str(unit.pk): unit for unit in [*units, *candidates, self.problem.team]}
        plain = [(str(unit.pk), unit.name) for unit in units]
        possible = [(str(unit.pk), unit.name) for unit in candidates]
        grouped: list[Any] = [(_("Possible units"), possible), (_("All units"), plain)] if possible else plain
        self._choices("lead", [("", _("Choose a unit")), *grouped])
        self._choices("co", plain)
        for role, kind in KIND_OF_ROLE.items():
            of_kind = [(str(unit.pk), unit.name) for unit in units if unit.kind == kind]
            self._choices(role.value, [("", _("None named yet")), *of_kind])
        team = (str(self.problem.team_id), self.problem.team.name)
        self._choices("acceptor", [team, *(one for one in plain if one != team)])
        self._explain(candidates)

    def _choices(self, name: str, choices: list[Any]) -> None:
        field: Any = self.fields[name]
        field.choices = choices
        field.coerce = self.units.__getitem__
        field.empty_value = [] if name == "co" else None

    def _explain(self, candidates: list[Unit]) -> None:
        """What holds where nothing is chosen, and what has to be said where several units were possible."""
        offered = usual(self.problem, timezone.localdate())
        self.fields["due_on"].help_text = offered.empty
        self.initial.setdefault("special", self.problem.special)
        self.initial.setdefault("goal", self.problem.goal)
        self.initial.setdefault("measures", self.problem.measures)
        self.initial.setdefault("acceptor", str(self.problem.acceptor_id or self.problem.team_id))
        if len(candidates) == 1:
            self.initial.setdefault("lead", str(candidates[0].pk))
        if not candidates:
            last = {"date": long_date(offered.rule_due_on, timezone.localdate())}
            self.fields["reason"].label = _("Why later")
            self.fields["reason"].widget.attrs["rows"] = 2
            self.fields["reason"].help_text = _("Needed where the date lies after %(date)s.") % last
            return
        self.fields["reason"].label = _("Why this unit")
        if len(candidates) > 1:
            self.fields["reason"].required = True
            self.fields["reason"].help_text = _("Several units were possible; the choice is part of the record.")
        else:
            named = {"unit": candidates[0].name}
            self.fields["reason"].help_text = _("Needed where it is another unit than %(unit)s.") % named

    def move(self) -> Move:
        data = self.cleaned_data
        named = [(data["lead"], AssignmentRole.LEAD)]
        if data["special"]:
            named += [(data["regulator"], AssignmentRole.REGULATOR), (data["government"], AssignmentRole.GOVERNMENT)]
        named += [(unit, AssignmentRole.CO) for unit in data["co"]]
        addressees = [Addressee(unit, role) for unit, role in named if unit is not None]
        kept = ("special", "due_on", "goal", "measures", "acceptor")
        return self.verb, {name: data[name] for name in kept} | {
            "addressees": addressees,
            "reason": data.get("reason", ""),
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        named = [data.get("lead"), *(data.get("co") or [])]
        if data.get("special"):
            named += [data.get("regulator"), data.get("government")]
        chosen = [unit.pk for unit in named if unit]
        if len(chosen) != len(set(chosen)):
            self.add_error("co", _("The same unit is named twice."))
        return data


class NameCandidatesForm(VerbForm):
    verb = Verb.NAME_CANDIDATES
    words = gettext_lazy("Save")
    busy = gettext_lazy("Saving")
    intro = gettext_lazy("Where it is not clear whose this is. Who assigns it decides, with a reason.")

    units = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Possible units"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None takes the names back."),
    )
    reason = fields.reason(required=False)

    def prepare(self) -> None:
        units = {str(unit.pk): unit for unit in addressable(self.problem.office)}
        field: Any = self.fields["units"]
        field.choices = [(pk, unit.name) for pk, unit in units.items()]
        field.coerce = units.__getitem__
        field.empty_value = []
        self.initial.setdefault("units", [str(unit.pk) for unit in self.problem.candidates.all()])


class HandBackForm(VerbForm):
    verb = Verb.HAND_BACK
    words = Verb.HAND_BACK.label
    busy = gettext_lazy("Handing back")
    intro: str | Promise = gettext_lazy("It goes back to the office and is assigned anew.")

    reason = fields.reason(hint=gettext_lazy("Why it is not yours, and whose it is, if you know."))

    def prepare(self) -> None:
        own = policy.own_assignment(self.by, self.problem)
        if own is None:
            self.fields["reason"].help_text = _("Why the office takes it back from the unit.")
        elif own.role != AssignmentRole.LEAD:
            self.intro = _("Only your unit’s own part ends; the others go on.")


class ReleaseForm(VerbForm):
    verb = Verb.RELEASE
    words = Verb.RELEASE.label
    busy = gettext_lazy("Releasing")
    intro = gettext_lazy("The unit is told and need not answer any more. The lead goes on.")

    assignment = forms.TypedChoiceField(label=gettext_lazy("Unit"), widget=forms.RadioSelect)
    reason = fields.reason()

    def prepare(self) -> None:
        others = [one for one in policy.live_assignments(self.problem) if one.role != AssignmentRole.LEAD]
        rows = {str(one.pk): one for one in others}
        field: Any = self.fields["assignment"]
        field.choices = [(pk, wording.beside(one.unit.name, one.get_role_display())) for pk, one in rows.items()]
        field.coerce = rows.__getitem__
        if len(rows) == 1:
            self.initial.setdefault("assignment", next(iter(rows)))


class NameMissingForm(VerbForm):
    """Regulator and government of a special assignment that runs without them: one field for each that is missing."""

    verb = Verb.NAME_MISSING
    words = gettext_lazy("Name and assign")
    busy = gettext_lazy("Assigning")
    intro = gettext_lazy("The unit is told at once; its clocks begin today. Those of the other units go on.")

    regulator = forms.TypedChoiceField(label=AssignmentRole.REGULATOR.label, required=False, empty_value=None)
    government = forms.TypedChoiceField(label=AssignmentRole.GOVERNMENT.label, required=False, empty_value=None)
    due_on = fields.day(gettext_lazy("Due on"), required=False)
    reason = fields.reason(gettext_lazy("Why later"), required=False)

    def prepare(self) -> None:
        missing = policy.missing_roles(self.problem)
        # What was sent stays, though somebody named it meanwhile: the workflow then says so.
        asked = [role for role in KIND_OF_ROLE if role in missing or self.chosen(role.value)]
        sent = {self.chosen(role.value) for role in asked}
        taken = {str(one.unit_id) for one in policy.live_assignments(self.problem)} - sent
        units = {str(unit.pk): unit for unit in addressable(self.problem.office) if str(unit.pk) not in taken}
        for role, kind in KIND_OF_ROLE.items():
            if role not in asked:
                del self.fields[role.value]
                continue
            field: Any = self.fields[role.value]
            of_kind = [(pk, unit.name) for pk, unit in units.items() if unit.kind == kind]
            field.choices = [("", _("Choose a unit") if len(asked) == 1 else _("None named yet")), *of_kind]
            field.coerce = units.__getitem__
            field.required = len(asked) == 1
            field.error_messages["required"] = _("Choose a unit.")
        offered = usual(self.problem, timezone.localdate())
        self.fields["due_on"].help_text = offered.empty
        last = {"date": long_date(offered.rule_due_on, timezone.localdate())}
        self.fields["reason"].help_text = _("Needed where the date lies after %(date)s.") % last

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        named = [role for role in KIND_OF_ROLE if role.value in self.fields]
        if len(named) == 2 and not any(data.get(role.value) for role in named) and not self.errors:
            self.add_error(named[0].value, _("Choose the unit of at least one of the two."))
        return data

    def move(self) -> Move:
        data = self.cleaned_data
        named = [Addressee(unit, role) for role in KIND_OF_ROLE if (unit := data.get(role.value))]
        return self.verb, {"addressees": named, "due_on": data["due_on"], "reason": data["reason"]}


class ToCentralForm(VerbForm):
    verb = Verb.TO_CENTRAL
    words = Verb.TO_CENTRAL.label
    busy = gettext_lazy("Sending")
    intro = gettext_lazy(
        "It is no longer one to be put right on the spot; the office assigns it. Counted so from today."
    )

    reason = fields.reason(hint=gettext_lazy("Why it could not be put right on the spot."))
