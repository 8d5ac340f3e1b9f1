"""Forms for putting the record right: amend, merge, void, withdraw evidence."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casetracker.dates import short_moment
from casetracker.enums import UnitKind
from casetracker.models import District, Unit
from casetracker.wording import listed
from inspections.enums import Severity, Source, Verb, VoidKind
from inspections.forms import fields
from inspections.forms.base import Move, VerbForm
from inspections.forms.sites import PositionField
from inspections.models import Attachment, Party, Problem, ProblemKind, Site
from inspections.subjects.amendments import LABELS


def _label(name: str) -> Any:
    return capfirst(LABELS[name])


class AmendForm(VerbForm):
    """Only what differs from the record is changed; everything else stays as it is."""

    verb = Verb.AMEND
    words = gettext_lazy("Save")
    busy = gettext_lazy("Saving")
    intro = gettext_lazy("Number and history stay. Dates are counted anew, and units that lose or gain it are told.")
    guarded = True
    field_names = {"party": "party_name", "lat": "position", "lon": "position"}

    kind = forms.ModelChoiceField(ProblemKind.objects.all(), required=False, empty_label=gettext_lazy("Choose a kind"))
    description = fields.text("", rows=4, most=4000)
    quantity = forms.DecimalField(required=False, min_value=0, max_digits=10, decimal_places=2)
    severity = forms.ChoiceField(choices=Severity.choices)
    found_on = fields.day("")
    site = forms.CharField(max_length=120, help_text=gettext_lazy("The whole name of another site."))
    district = forms.ModelChoiceField(District.objects.none(), empty_label=None)
    party_name = forms.CharField(required=False, max_length=120)
    team = forms.ModelChoiceField(Unit.objects.none(), empty_label=None)
    source = forms.ChoiceField(choices=Source.choices)
    source_ref = forms.CharField(required=False, max_length=60)
    position = PositionField(
        label=gettext_lazy("Position"), required=False, help_text=gettext_lazy("Where on the site it was found.")
    )
    internal_note = fields.text("", required=False)
    reason = fields.reason(gettext_lazy("Why it is changed"))

    def prepare(self) -> None:
        problem = self.problem
        for name, value in (
            ("site", problem.site_name),
            ("kind", problem.kind_id),
            ("district", problem.district_id),
            ("team", problem.team_id),
        ):
            self.initial.setdefault(name, value)
        for name, field in self.fields.items():
            if name in LABELS:
                field.label = _label(name)
                self.initial.setdefault(name, getattr(problem, name))
        position: Any = self.fields["position"]
        if problem.lat is not None and problem.lon is not None:
            self.initial.setdefault("position", position.prepare_value((problem.lat, problem.lon)))
        teams: Any = self.fields["team"]
        teams.queryset = _teams_around(problem)
        districts: Any = self.fields["district"]
        districts.queryset = _districts_around(problem.district)
        self.fields["found_on"].widget.attrs["max"] = timezone.localdate().isoformat()

    def clean_site(self) -> Site:
        typed = self.cleaned_data["site"].strip()
        if typed in (self.problem.site_name, self.problem.site.name):
            return self.problem.site
        found = list(Site.objects.visible_to(self.by).filter(name=typed)[:2])
        if len(found) != 1:
            raise forms.ValidationError(_("No single site has exactly this name. Copy the name from the site’s page."))
        return found[0]

    def move(self) -> Move:
        values = {name: self._new(name) for name in self.changed_data if name in LABELS}
        if "position" in self.changed_data:
            values["lat"], values["lon"] = self.cleaned_data["position"] or (None, None)
        if "site" in values and values["site"] == self.problem.site:
            del values["site"]
        if "party_name" in values:
            values["party"] = Party.objects.visible_to(self.by).filter(name=values["party_name"]).first()
        return self.verb, values | {"reason": self.cleaned_data["reason"]}

    def _new(self, name: str) -> Any:
        value = self.cleaned_data[name]
        return value.strip() if isinstance(value, str) else value


def _districts_around(district: District) -> Any:
    """The divisions of the same city that exist today, and its own."""
    top = district.parent_id or district.code
    return District.objects.under(top).current(but=[district.code])


def _teams_around(problem: Problem) -> Any:
    """The teams of its office, the office itself, and its own team, which may belong to another office by now."""
    here = Unit.objects.under(problem.office).filter(kind__in=(UnitKind.TEAM, UnitKind.OFFICE))
    return here | Unit.objects.filter(pk=problem.team_id)


class MergeForm(VerbForm):
    verb = Verb.MERGE
    words = Verb.MERGE.label
    busy = gettext_lazy("Merging")
    intro = gettext_lazy("This one ends. The other takes over its photos, reports and finders, and is counted once.")

    survivor = forms.CharField(
        label=gettext_lazy("Number of the other problem"),
        max_length=60,
        help_text=gettext_lazy("In full, or only the last figures."),
    )
    reason = fields.reason(gettext_lazy("Why they are the same"))

    def clean_survivor(self) -> Any:
        return fields.by_number(self.cleaned_data["survivor"], self.problem, self.by)


class VoidForm(VerbForm):
    verb = Verb.VOID
    words = Verb.VOID.label
    busy = gettext_lazy("Voiding")
    intro = gettext_lazy("It is taken out of the count. Its number is never given again.")

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=VoidKind.choices, widget=forms.RadioSelect)
    reason = fields.reason()


class WithdrawEvidenceForm(VerbForm):
    verb = Verb.WITHDRAW_EVIDENCE
    words = Verb.WITHDRAW_EVIDENCE.label
    busy = gettext_lazy("Withdrawing")
    intro = gettext_lazy(
        "The file, its hash and its custody log stay. If nothing shows the fix any more, it is rectified again."
    )

    attachment = forms.TypedChoiceField(label=gettext_lazy("File"), widget=forms.RadioSelect)
    belongs_to = forms.CharField(
        label=gettext_lazy("Number of the problem it belongs to"), required=False, max_length=60
    )
    reason = fields.reason()

    def prepare(self) -> None:
        sent = self.problem.attachments.select_related("evidence", "added_by", "feedback__assignment__unit")
        rows = {str(one.pk): one for one in sent.filter(withdrawn_at__isnull=True)}
        field: Any = self.fields["attachment"]
        field.choices = [(pk, _named(one)) for pk, one in rows.items()]
        field.coerce = rows.__getitem__
        field.thumbs = {pk: one.evidence_id for pk, one in rows.items() if one.evidence.is_inline}

    def clean_belongs_to(self) -> Any:
        typed = self.cleaned_data["belongs_to"]
        return fields.by_number(typed, self.problem, self.by) if typed.strip() else None


def _named(one: Attachment) -> str:
    """A file as one tells it from others: where it belongs, its name, the unit that sent it, the person, the time."""
    words = {"phase": one.get_phase_display(), "file": one.evidence.name or one.evidence_id[:12]}
    unit = one.feedback.assignment.unit.name if one.feedback and one.feedback.assignment else ""
    who = [unit, str(one.added_by or ""), short_moment(timezone.localtime(one.taken_at or one.added_at))]
    return listed([_("%(phase)s: %(file)s") % words, *filter(None, who)])
