"""The fields that the forms of problems share: reasons, days, numbers of problems, and files that are never lost."""

import datetime
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from django import forms
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from casetracker import evidence, wording
from casetracker.errors import Invalid
from casetracker.evidence import EvidenceRefused
from casetracker.models import Evidence, User
from inspections.models import Problem
from inspections.workflow import Shot
from inspections.workflow.clocks import check_new_date

MOST_FILES = 20
SALT = "casetracker.upload"
YEAR = datetime.timedelta(days=366)
UPLOAD_AGE = datetime.timedelta(days=1)


def text(
    label: Any, *, hint: Any = "", required: bool = True, rows: int = 3, most: int = 2000, missing: Any = ""
) -> forms.CharField:
    """A text of several lines; `missing` says what to do where it is needed and empty."""
    return forms.CharField(
        label=label,
        help_text=hint,
        required=required,
        max_length=most,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": missing or gettext_lazy("Write a few words here.")},
    )


def reason(label: Any = "", *, hint: Any = "", required: bool = True) -> forms.CharField:
    """Why: a short text of at most 300 letters."""
    return text(
        label or gettext_lazy("Reason"),
        hint=hint,
        required=required,
        rows=3,
        most=300,
        missing=gettext_lazy("Say why."),
    )


def day(label: Any, *, hint: Any = "", required: bool = True) -> forms.DateField:
    """A date, in the browser's own picker."""
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return forms.DateField(label=label, help_text=hint, required=required, widget=widget)


def checked_new_date(value: datetime.date | None) -> datetime.date | None:
    """The new date of a form that does many things at once, refused beside its field as the workflow would."""
    if value is not None:
        try:
            check_new_date(value, timezone.localdate())
        except Invalid as error:
            raise forms.ValidationError(str(error)) from error
    return value


def long_ago() -> forms.BooleanField:
    """The tick with which a day of more than a year back is confirmed; it shows once it is needed."""
    return forms.BooleanField(label=gettext_lazy("The day is right"), required=False)


def lies_long_ago(day: datetime.date) -> str:
    """What is said of a day that lies more than a year back, on which something was found; else empty."""
    if timezone.localdate() - day <= YEAR:
        return ""
    text = _("This lies more than a year back: a number of the series of %(year)s will be taken. Is the day right?")
    return text % {"year": day.year}


def by_number(value: str, near: Problem, user: User) -> Problem:
    """The visible problem of this number: in full, or only its digits for one of the same office and year.

    Raises ValidationError when there is none.
    """
    typed = value.strip()
    found = Problem.objects.visible_to(user)
    if typed.isdigit():
        rows = found.filter(office=near.office_id, number_year=near.number_year, number_seq=int(typed))
    else:
        written = typed.replace("[", "〔").replace("]", "〕").replace("【", "〔").replace("】", "〕")
        rows = found.filter(number__in=[typed, written])
    problem = rows.first()
    if problem is None:
        raise forms.ValidationError(_("No problem that you can see has this number. Check it and type it again."))
    return problem


# --- Files ------------------------------------------------------------------------------------------


@dataclass
class Sent:
    """What a browser sent for one field: new files, and tokens of files stored by an earlier press."""

    files: list[UploadedFile]
    tokens: list[str]


class StoredFilesInput(forms.FileInput):
    """A file input with a list of the files that are stored already, each with a box that keeps it."""

    allow_multiple_selected = True
    template_name = "inspections/forms/_stored_files.html"
    # [(token, file name, hash where a page can show it)], set when the field has stored what came.
    kept: list[tuple[str, str, str]]

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"multiple": True} | (attrs or {}))
        self.kept = []

    def value_from_datadict(self, data: Any, files: MultiValueDict[str, UploadedFile], name: str) -> Sent:
        tokens = data.getlist(f"{name}_kept") if hasattr(data, "getlist") else []
        return Sent(files.getlist(name) if hasattr(files, "getlist") else [], tokens)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in files and f"{name}_kept" not in data

    def use_required_attribute(self, initial: Any) -> bool:
        return False

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, None, attrs)
        context["widget"] |= {"kept": self.kept, "kept_name": f"{name}_kept"}
        return context


class StoredFilesField(forms.Field):
    """Files that go into the evidence store as soon as they arrive, so that nothing is lost if the form is refused.

    The cleaned value is a list of Evidence. The person's name is set as `by` by the form. A token says that
    this very person sent that file, so that nobody can attach a file by knowing its hash.
    """

    widget = StoredFilesInput
    by: User | None = None

    def __init__(self, *, missing: Any = "", accept: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.missing = missing
        self.widget.attrs["data-remove"] = gettext_lazy("Remove")
        if accept:
            self.widget.attrs["accept"] = accept

    def clean(self, value: Sent) -> list[Evidence]:
        stored = self._kept(value.tokens)
        refusals = []
        if len(value.files) + len(stored) > MOST_FILES:
            raise forms.ValidationError(
                ngettext("At most %(count)s file at once.", "At most %(count)s files at once.", MOST_FILES)
                % {"count": MOST_FILES}
            )
        for file in value.files:
            try:
                row = evidence.store(cast(BinaryIO, file), name=file.name or "", by=self.by, source="desk")
            except EvidenceRefused as error:
                refusals.append(wording.of(file.name, error.message))
            else:
                stored[row.pk] = row
        self.widget.kept = [self._shown(row) for row in stored.values()]
        if refusals:
            raise forms.ValidationError(refusals)
        if self.required and not stored:
            raise forms.ValidationError(str(self.missing) or _("Add at least one file."))
        return list(stored.values())

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data and (data.files or data.tokens))

    def _token(self, row: Evidence) -> str:
        return signing.dumps([row.pk, self.by.pk if self.by else None], salt=SALT)

    def _shown(self, row: Evidence) -> tuple[str, str, str]:
        return self._token(row), row.name or row.sha256[:12], row.sha256 if row.is_inline else ""

    def _kept(self, tokens: list[str]) -> dict[str, Evidence]:
        ours = []
        for token in tokens:
            try:
                sha256, by = signing.loads(token, salt=SALT, max_age=UPLOAD_AGE)
            except signing.BadSignature:
                continue
            if self.by is not None and by == self.by.pk:
                ours.append(sha256)
        return Evidence.objects.in_bulk(ours)


def photos(label: Any, *, hint: Any = "", required: bool = True, missing: Any = "") -> StoredFilesField:
    """Photos (or short videos) of how it is."""
    missing = missing or gettext_lazy("Add at least one photo of how it is now.")
    return StoredFilesField(
        label=label, help_text=hint, required=required, missing=missing, accept="image/*,video/mp4,video/quicktime"
    )


def shots(stored: list[Evidence]) -> list[Shot]:
    """Stored files as the workflow takes them, with the place and time that the photos themselves carry."""
    return [Shot(row, taken_at=row.taken_at, lat=row.exif_lat, lon=row.exif_lon) for row in stored]
