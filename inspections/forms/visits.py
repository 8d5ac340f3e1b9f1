"""The forms of a visit: its own facts, and one small form for each problem, checklist item and good thing."""

import datetime
import re
from dataclasses import replace
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casetracker.enums import Role
from casetracker.errors import DomainError
from casetracker.models import Membership, Unit, User
from inspections import visiting
from inspections.enums import Outcome, Result, Status, VisitMode
from inspections.forms import fields
from inspections.forms.reporting import FindingForm, local_moment
from inspections.models import Campaign, ChecklistItem, Problem
from inspections.presenting import Lit
from inspections.visiting import Answer, Finding, Good, Seen
from inspections.visiting.wind import WINDS

# A person's id, with the name and the unit shown.
People = dict[int, tuple[str, Unit]]
# A re-inspection has its own page, which answers every open problem.
FRESH_MODES = [choice for choice in VisitMode.choices if choice[0] != VisitMode.RECHECK]


class VisitForm(forms.Form):
    """When, who and how: the visit's own columns. facts() is what visiting.record_visit() takes."""

    use_required_attribute = False

    team = forms.ModelChoiceField(label=gettext_lazy("Team"), queryset=Unit.objects.none(), empty_label=None)
    on = fields.day(gettext_lazy("Day"), hint=gettext_lazy("A visit across midnight belongs to the day it began."))
    started = forms.TimeField(
        label=gettext_lazy("Began"), required=False, widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    )
    ended = forms.TimeField(
        label=gettext_lazy("Ended"), required=False, widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    )
    mode = forms.ChoiceField(label=gettext_lazy("Mode"), choices=FRESH_MODES, initial=VisitMode.PATROL)
    outcome = forms.ChoiceField(label=gettext_lazy("Outcome"), choices=Outcome.choices, initial=Outcome.INSPECTED)
    inspectors = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Inspectors"),
        queryset=User.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    names = forms.CharField(
        label=gettext_lazy("Others who were there"),
        help_text=gettext_lazy("Names, separated by commas."),
        max_length=300,
        required=False,
    )
    people = forms.IntegerField(
        label=gettext_lazy("Head count"),
        help_text=gettext_lazy("Empty: as many as are named."),
        min_value=1,
        max_value=500,
        required=False,
    )
    wind_degrees = forms.TypedChoiceField(
        label=gettext_lazy("Wind from"),
        choices=[("", gettext_lazy("not noted")), *WINDS],
        coerce=int,
        empty_value=None,
        required=False,
    )
    wind_speed = forms.DecimalField(
        label=gettext_lazy("Wind speed (m/s)"), max_digits=4, decimal_places=1, min_value=0, required=False
    )
    campaign = forms.ModelChoiceField(
        label=gettext_lazy("Campaign"),
        queryset=Campaign.objects.none(),
        required=False,
        empty_label=gettext_lazy("none"),
    )
    note = fields.text(gettext_lazy("Note"), required=False, rows=2)

    def __init__(
        self,
        *args: Any,
        by: User,
        teams: list[Unit],
        recheck: bool,
        people: People | None = None,
        **kwargs: Any,
    ) -> None:
        people = people_to_choose(by, teams, timezone.localdate()) if people is None else people
        kwargs["initial"] = kwargs.get("initial") or _initial(teams, people)
        super().__init__(*args, **kwargs)
        self.recheck = recheck
        if recheck:
            del self.fields["mode"]
        several = len(teams) > 1
        self.fields["team"].queryset = Unit.objects.filter(pk__in=[team.pk for team in teams])  # type: ignore[attr-defined]
        self.fields["team"].choices = [(team.pk, team.name) for team in teams]  # type: ignore[attr-defined]
        self.fields["inspectors"].queryset = User.objects.filter(pk__in=people)  # type: ignore[attr-defined]
        self.fields["inspectors"].choices = [  # type: ignore[attr-defined]
            (pk, _("%(name)s, %(team)s") % {"name": name, "team": team.name} if several else name)
            for pk, (name, team) in people.items()
        ]
        campaigns = Campaign.objects.filter(office__in={int(i) for team in teams for i in team.path.split("/") if i})
        self.fields["campaign"].queryset = campaigns  # type: ignore[attr-defined]

    def clean_names(self) -> list[str]:
        return [name.strip() for name in re.split(r"[,，、;；\n]", self.cleaned_data["names"]) if name.strip()]

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if not (values.get("inspectors") or values.get("names") or values.get("people")) and not self.errors:
            self.add_error("inspectors", _("Say who was there, or at least how many."))
        return values

    def facts(self) -> dict[str, Any]:
        """The columns of the visit; an end before the beginning lies on the next day."""
        values = dict(self.cleaned_data)
        day, started, ended = values["on"], values.pop("started"), values.pop("ended")
        next_day = day + datetime.timedelta(days=1) if started and ended and ended < started else day
        values["mode"] = VisitMode.RECHECK if self.recheck else VisitMode(values["mode"])
        return values | {
            "started_at": local_moment(day, started) if started else None,
            "ended_at": local_moment(next_day, ended) if ended else None,
            "outcome": Outcome(values["outcome"]),
        }

    def refuse(self, error: DomainError) -> None:
        """Show a refusal beside the field it names, else above the form."""
        field = getattr(error, "field", "")
        name = {"started_at": "started", "ended_at": "ended"}.get(field, field)
        self.add_error(name if name in self.fields else None, str(error))


def people_to_choose(by: User, teams: list[Unit], on: datetime.date) -> People:
    """Who may have been there: the inspectors of these teams on the day, and whoever writes it down."""
    known = {team.pk: team for team in teams}
    posts = Membership.objects.running(on).filter(unit__in=known, role=Role.INSPECTOR, user__is_active=True)
    people: People = {}
    for post in posts.select_related("user").order_by("unit__sort_key", "unit", "user__name"):
        people.setdefault(post.user_id, (str(post.user), known[post.unit_id]))
    if by.posts:
        people.setdefault(by.pk, (str(by), by.posts[0].unit))
    return people


def _initial(teams: list[Unit], people: People) -> dict[str, Any]:
    team = teams[0]
    campaigns = list(visiting.campaigns_on(team, timezone.localdate())[:2])
    return {
        "team": team.pk,
        "on": timezone.localdate(),
        "inspectors": [pk for pk, (name, unit) in people.items() if unit.pk == team.pk],
        "campaign": campaigns[0].pk if len(campaigns) == 1 else None,
    }


class SeenForm(forms.Form):
    """What was seen of one open problem on a re-inspection."""

    use_required_attribute = False

    result = forms.ChoiceField(
        label=gettext_lazy("Result"), choices=Result.choices, widget=forms.RadioSelect, required=False
    )
    remaining = forms.CharField(
        label=gettext_lazy("What remains"),
        help_text=gettext_lazy("E.g. 6 of 9 places."),
        max_length=300,
        required=False,
    )
    due_on = fields.day(
        gettext_lazy("New date"), hint=gettext_lazy("It goes back to the unit until then."), required=False
    )
    note = forms.CharField(label=gettext_lazy("Note"), max_length=300, required=False)
    photos = fields.photos(gettext_lazy("Photos of how it is now"), required=False)

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        by: User,
        problem: Problem,
        new_term: datetime.date,
        must_answer: bool,
        rests: bool = False,
    ) -> None:
        """`rests`: nothing is to be seen of it yet, so that "not checked" is chosen."""
        initial = {"due_on": new_term, "result": Result.NOT_CHECKED if rests else ""}
        super().__init__(data, files, prefix=f"seen-{problem.pk}", initial=initial)
        self.problem, self.must_answer = problem, must_answer
        # What the row shows: its light, whether this person may open the problem, and why not judge it.
        self.lit: Lit | None = None
        self.may_open = True
        self.hindrance = ""
        self.fields["photos"].by = by  # type: ignore[attr-defined]
        self.refusal: DomainError | None = None
        if not self.goes_back:
            del self.fields["due_on"]

    @property
    def goes_back(self) -> bool:
        """Whether "not fixed" sends it back to its unit with a new date."""
        return self.problem.status == Status.REPORTED

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        result = values.get("result")
        if not result and self.must_answer:
            self.add_error("result", _("Choose a result, or “Not checked”."))
        if result == Result.PARTLY and not values.get("remaining"):
            self.add_error("remaining", _("Say what remains to be done, e.g. 6 of 9."))
        if result == Result.NOT_FIXED and self.goes_back and not values.get("note"):
            self.add_error("note", _("Say what is not right yet."))
        if result in visiting.FAILED and self.goes_back:
            due_on = values.get("due_on")
            if due_on is None and "due_on" not in self.errors:
                self.add_error("due_on", _("Give a new date."))
            else:
                self._check_new_date(due_on)
        if result == Result.FIXED and not any(one.shows_something for one in values.get("photos") or []):
            self.add_error("photos", _("Add at least one photo of how it is now."))
        return values

    def _check_new_date(self, due_on: datetime.date | None) -> None:
        try:
            fields.checked_new_date(due_on)
        except forms.ValidationError as error:
            self.add_error("due_on", error)

    def seen(self) -> Seen:
        values = self.cleaned_data
        return Seen(
            problem=self.problem,
            result=Result(values["result"] or Result.NOT_CHECKED),
            remaining=values["remaining"],
            note=values["note"],
            due_on=values.get("due_on"),
            shots=fields.shots(values["photos"]),
        )

    def refuse(self, error: DomainError) -> None:
        self.refusal = error
        name = {"shots": "photos", "reason": "note"}.get(getattr(error, "field", ""), getattr(error, "field", ""))
        self.add_error(name if name in self.fields else None, str(error))


class AnswerForm(FindingForm):
    """One item of the checklist; a failed one carries the problem that it raises."""

    passed = forms.ChoiceField(
        label=gettext_lazy("Answer"),
        choices=[("pass", gettext_lazy("Pass")), ("fail", gettext_lazy("Fail")), ("", gettext_lazy("Not looked at"))],
        widget=forms.RadioSelect,
        required=False,
    )
    note = forms.CharField(label=gettext_lazy("Note"), max_length=200, required=False)
    raises = forms.BooleanField(label=gettext_lazy("Report it as a problem"), required=False, initial=True)

    def __init__(self, *args: Any, item: ChecklistItem, **kwargs: Any) -> None:
        self.item = item
        kwargs["initial"] = {
            "kind": item.kind_id,
            # In the language of the record, whoever fills the form in.
            "description": item.name_zh,
            "severity": "",
        }
        super().__init__(*args, prefix=f"item-{item.pk}", **kwargs)
        # The parts of the problem count only where the item failed and is to be reported.
        if not self.reported:
            for name in self.fields:
                self.fields[name].required = False

    @property
    def failed(self) -> bool:
        return bool(self.is_bound and self.data.get(self.add_prefix("passed")) == "fail")

    @property
    def reported(self) -> bool:
        return self.failed and bool(self.data.get(self.add_prefix("raises")))

    def clean(self) -> dict[str, Any]:
        if self.reported:
            return super().clean()
        for name in set(self.errors) - {"passed", "note"}:
            del self._errors[name]  # type: ignore[attr-defined]
        return self.cleaned_data

    def answer(self) -> Answer:
        passed = {"pass": True, "fail": False}.get(self.cleaned_data["passed"])
        return Answer(self.item, passed, self.cleaned_data["note"])

    def finding(self) -> Finding | None:  # type: ignore[override]
        """The problem this item raises, with the item; None for one that passed or is only noted."""
        if not self.reported:
            return None
        return replace(super().finding(), item=self.item)


class GoodForm(forms.Form):
    """Something good, with a picture where there is one."""

    use_required_attribute = False

    text = forms.CharField(label=gettext_lazy("What was good"), max_length=500)
    photos = fields.photos(gettext_lazy("Photo"), required=False)

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["photos"].by = by  # type: ignore[attr-defined]
        self.fields["photos"].widget.attrs["multiple"] = False

    def good(self) -> Good:
        photos = self.cleaned_data["photos"]
        return Good(self.cleaned_data["text"], photos[-1] if photos else None)
