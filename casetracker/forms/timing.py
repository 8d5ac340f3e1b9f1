"""The forms of what clocks are counted by: one day, the notice of a year, a new version of a rule."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casetracker import calendars
from casetracker.administering.timing import RULE_COLUMNS
from casetracker.calendars import Notice, NoticeError, Row
from casetracker.enums import DayKind
from casetracker.forms.fields import day, reason
from casetracker.models import CalendarDay, DeadlineRule

MOST_BYTES = 1_000_000
MOST_LINES = 20
HAND = "by hand"


class DayForm(forms.Form):
    """What one day is, and who says so."""

    use_required_attribute = False

    kind = forms.ChoiceField(label=gettext_lazy("The day is a"), choices=DayKind.choices, widget=forms.RadioSelect)
    name_zh = forms.CharField(label=gettext_lazy("Chinese name"), max_length=40, required=False)
    name_en = forms.CharField(
        label=gettext_lazy("English name"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("Of the holiday; a make-up working day bears the name of its holiday."),
    )
    source = forms.CharField(
        label=gettext_lazy("Source"),
        max_length=120,
        help_text=gettext_lazy("The notice or the decision that says so, with its number."),
    )

    def __init__(self, *args: Any, day: CalendarDay, **kwargs: Any) -> None:
        initial = {name: getattr(day, name) for name in ("kind", "name_zh", "name_en")}
        super().__init__(*args, **{**kwargs, "initial": initial})
        self.day = day

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = self.cleaned_data
        kind, weekend = values.get("kind"), self.day.on.weekday() > 4
        if kind == DayKind.MAKEUP and not weekend:
            self.add_error("kind", _("Only a Saturday or Sunday is made up for. Choose “working day”."))
        if kind == DayKind.WEEKEND and not weekend:
            self.add_error("kind", _("This day is not at a weekend. Choose “holiday” and give its name."))
        if kind == DayKind.WORKDAY and weekend:
            self.add_error("kind", _("A Saturday or Sunday that is worked is a make-up working day."))
        if kind in (DayKind.HOLIDAY, DayKind.MAKEUP) and not values.get("name_zh"):
            self.add_error("name_zh", _("Give the name of the holiday."))
        return values

    def row(self) -> Row:
        """The day as it would be written."""
        values = self.cleaned_data
        named = values["kind"] in (DayKind.HOLIDAY, DayKind.MAKEUP)
        return Row(
            self.day.on,
            values["kind"] in (DayKind.WORKDAY, DayKind.MAKEUP),
            values["kind"],
            values["name_zh"] if named else "",
            values["name_en"] if named else "",
            values["source"],
            True,
        )


class NoticeForm(forms.Form):
    """The official notice of a year's holidays as a CSV file, or its text after the file was read."""

    use_required_attribute = False

    source = forms.CharField(
        label=gettext_lazy("Notice"), max_length=120, help_text=gettext_lazy("Such as 国办发明电〔2026〕7号.")
    )
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        required=False,
        help_text=gettext_lazy("Columns date, is_workday and name: days off and make-up working days, one per row."),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )
    # What the file held, so that it needn't be chosen again to confirm.
    text = forms.CharField(required=False, widget=forms.HiddenInput, strip=False)

    notice: Notice | None = None

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = self.cleaned_data
        file = values.get("file")
        text = _decoded(self, file) if file else values.get("text", "")
        if not text.strip():
            if not self.errors:
                self.add_error("file", _("Choose the file of the notice."))
            return values
        try:
            self.notice = calendars.read_notice(text, values.get("source") or "notice")
        except NoticeError as error:
            more = len(error.problems) - MOST_LINES
            lines = error.problems[:MOST_LINES] + ([_("… and %(count)s more.") % {"count": more}] if more > 0 else [])
            self.add_error("file", lines)
        return values | {"text": text}


def _decoded(form: NoticeForm, file: Any) -> str:
    """The text of an uploaded file in UTF-8 or GB18030; "" with an error on the form."""
    if file.size > MOST_BYTES:
        form.add_error("file", _("A notice is never larger than 1 MB. Choose the right file."))
        return ""
    content = file.read()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return str(content.decode(encoding))
        except UnicodeDecodeError:
            continue
    form.add_error("file", _("This is no text. Save the sheet as “CSV UTF-8” and choose that file."))
    return ""


class RuleForm(forms.ModelForm):
    """A new version of the rule of one clock; casetracker.administering.timing writes it."""

    use_required_attribute = False

    effective_from = day(
        gettext_lazy("In force from"),
        hint=gettext_lazy("Today or later. Clocks that began earlier keep the rule of their day."),
    )
    reason = reason()

    class Meta:
        model = DeadlineRule
        fields = (
            "amount",
            "unit",
            "roll",
            "effective_from",
            *(n for n in RULE_COLUMNS if n not in ("amount", "unit", "roll")),
        )
        widgets = {"cutoff": forms.TimeInput(format="%H:%M", attrs={"type": "time"})}
        labels = {"near_workdays": gettext_lazy("Amber from so many working days before")}
        help_texts = {
            "amount": gettext_lazy("The day something happens is not counted; 0 is the same day."),
            "roll": gettext_lazy("For a party’s term. A term of the office itself does not move."),
            "cutoff": gettext_lazy("Until this hour of the due day it is in time. Empty: the whole day."),
            "verified_by": gettext_lazy("Who compared it with its source."),
        }

    def validate_unique(self) -> None:
        """Left to casetracker.administering.timing."""

    def validate_constraints(self) -> None:
        """Left to casetracker.administering.timing."""

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in (*RULE_COLUMNS, "effective_from", "reason")}
