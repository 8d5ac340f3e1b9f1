"""The form that corrects a recorded visit; only what differs from the record is written."""

import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casetracker.models import Event, Unit, User
from inspections import visiting
from inspections.enums import VisitMode
from inspections.forms import fields
from inspections.forms.visits import People, VisitForm, people_to_choose
from inspections.models import Site, Visit
from inspections.visiting.wind import wind_from

# The column behind each field, where they have different names.
COLUMNS = {"started": "started_at", "ended": "ended_at", "names": "inspectors"}
WHO = {"inspectors", "names", "people"}


class CorrectVisitForm(VisitForm):
    """Everything that can be mistyped of a visit, and why it is corrected. `save()` does it, after is_valid()."""

    mode = forms.ChoiceField(label=gettext_lazy("Mode"), choices=VisitMode.choices)
    site = forms.CharField(
        label=gettext_lazy("Site"), help_text=gettext_lazy("The whole name of another site."), max_length=120
    )
    reason = fields.reason(gettext_lazy("Why it is corrected"))
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, by: User, visit: Visit, typed: dict[str, Any] | None = None, **kwargs: Any) -> None:
        self.by, self.visit = by, visit
        self.may_move = visiting.may_move(visit)
        teams = visiting.teams_to_choose(visit, by)
        people, there = _people(by, visit, teams)
        # One that answered open problems stays a re-inspection; its mode is no choice.
        recheck = visit.mode == VisitMode.RECHECK and visit.rechecks.exists()
        initial = _initial(visit, there) | {"seen": visiting.version(visit)} | (typed or {})
        super().__init__(*args, by=by, teams=teams, recheck=recheck, people=people, initial=initial, **kwargs)
        if not self.may_move:
            del self.fields["site"]
        self.fields["team"].help_text = _("Problems found keep the team that found them.")
        self.fields["on"].help_text = _("The figures follow it. Problems found keep their own date.")
        self.fields["people"].help_text = _("The figures follow it. Empty: as many as are named.")
        degrees, wind = visit.wind_degrees, self.fields["wind_degrees"]
        if degrees is not None and degrees % 45:
            wind.choices = [*wind.choices, (str(degrees), wind_from(degrees))]  # type: ignore[attr-defined]
        self.fields["on"].widget.attrs["max"] = timezone.localdate().isoformat()

    def clean_site(self) -> Site:
        typed = self.cleaned_data["site"].strip()
        if typed in (self.visit.site_name, self.visit.site.name):
            return self.visit.site
        found = list(Site.objects.visible_to(self.by).filter(name=typed).select_related("district")[:2])
        if len(found) != 1:
            raise forms.ValidationError(_("No single site has exactly this name. Copy the name from the site’s page."))
        return found[0]

    def values(self) -> dict[str, Any]:
        """What visiting.correct_visit() takes: only what was changed on the page, hours with what they depend on."""
        facts, changed = self.facts(), set(self.changed_data)
        wanted = {name for name in changed if name in facts}
        wanted |= {"started_at"} if "started" in changed else set()
        wanted |= {"ended_at"} if changed & {"started", "ended"} else set()
        wanted |= WHO if changed & WHO else set()
        if "site" in wanted and facts["site"].pk == self.visit.site_id:
            wanted.discard("site")
        return {name: facts[name] for name in wanted - {"reason", "seen"}}

    def save(self) -> Visit:
        """Correct the visit. Raises the refusals of visiting.correct_visit()."""
        return visiting.correct_visit(
            self.visit,
            by=self.by,
            reason=self.cleaned_data["reason"],
            seen=self.cleaned_data["seen"],
            **self.values(),
        )

    def kept(self, visit: Visit, since: list[Event]) -> "CorrectVisitForm":
        """The same input on a fresh form for the visit as others have corrected it meanwhile.

        What they changed and this person did not touch shows as it is now, so that pressing again undoes nothing.
        """
        typed = {name: self[name].data for name in self.fields if name != "seen"}
        earlier: dict[str, Any] = {}
        for event in since:
            earlier = event.before | earlier
        for name in list(typed):
            column = COLUMNS.get(name, name)
            if column in earlier and not self._touched(name, column, earlier[column]):
                del typed[name]
        return type(self)(by=self.by, visit=visit, typed=typed)

    def _touched(self, name: str, column: str, earlier: Any) -> bool:
        """Whether what was typed differs from what the record said when the page was opened."""
        if column == "inspectors":
            there = [str(person) for person in self.cleaned_data["inspectors"]] + self.cleaned_data["names"]
            return sorted(there) != sorted(earlier)
        if name == "people":
            return self.cleaned_data["people"] not in (None, earlier)
        return bool(visiting.plain(self.facts()[column]) != earlier)


def _people(by: User, visit: Visit, teams: list[Unit]) -> tuple[People, list[Any]]:
    """Who may have been there (today's inspectors, those of the day, those recorded), and who is recorded."""
    there = list(visit.inspectors.select_related("user").order_by("pk"))
    people = {row.user_id: (row.name, visit.team) for row in there if row.user_id is not None}
    for on in (visit.on, timezone.localdate()):
        for pk, person in people_to_choose(by, teams, on).items():
            people.setdefault(pk, person)
    return people, there


def _initial(visit: Visit, there: list[Any]) -> dict[str, Any]:
    """The record as the fields show it; hours to the minute, a head count only where it is not that of the names."""
    return {
        "team": visit.team_id,
        "site": visit.site_name,
        "on": visit.on,
        "started": _clock(visit.started_at),
        "ended": _clock(visit.ended_at),
        "mode": visit.mode,
        "outcome": visit.outcome,
        "inspectors": [row.user_id for row in there if row.user_id is not None],
        "names": ", ".join(row.name for row in there if row.user_id is None),
        "people": visit.people if visit.people != len(there) else None,
        "wind_degrees": visit.wind_degrees,
        "wind_speed": visit.wind_speed,
        "campaign": visit.campaign_id,
        "note": visit.note,
    }


def _clock(moment: datetime.datetime | None) -> datetime.time | None:
    return timezone.localtime(moment).time().replace(second=0, microsecond=0) if moment else None
