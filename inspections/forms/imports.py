"""The form that begins an import: the file, and how it is to be read."""

from typing import Any
from uuid import UUID

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casetracker.models import Unit
from inspections.ledger.errors import MappingError
from inspections.ledger.kinds import KINDS
from inspections.ledger.mapping import from_dict, loads, profile, profiles
from inspections.ledger.reach import Reach
from inspections.models import ImportBatch, SavedMapping

# So many imports are offered to be read like.
LIKE = 5


class UploadForm(forms.Form):
    """A ledger, what it holds, and how its columns are understood."""

    use_required_attribute = False

    file = forms.FileField(
        label=gettext_lazy("Ledger"),
        help_text=gettext_lazy("A spreadsheet (xlsx, xls) or CSV file of at most 50 MB."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
        error_messages={
            "required": gettext_lazy("Choose the file of the ledger."),
            "empty": gettext_lazy("This file is empty. Choose the one that holds the ledger."),
        },
    )
    office = forms.ModelChoiceField(Unit.objects.none(), label=gettext_lazy("Office"), empty_label=None)
    how = forms.ChoiceField(label=gettext_lazy("What it holds, and how it is read"))
    mapping = forms.FileField(
        label=gettext_lazy("Mapping file"),
        required=False,
        help_text=gettext_lazy("Only to read it as a mapping file (TOML) says. None is needed otherwise."),
        widget=forms.FileInput(attrs={"accept": ".toml"}),
    )

    def __init__(self, *args: Any, reach: Reach, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reach = reach
        offices = reach.offices
        self.ways = list(SavedMapping.objects.filter(reach.rows("mapping__kind")))
        done = ImportBatch.objects.filter(reach.rows()).exclude(mapping={}).only("pk", "file_name", "mapping")
        # One of several imports of a file with the same name is enough.
        self.before = list({batch.file_name: batch for batch in reversed(done[:20])}.values())[::-1][:LIKE]
        self.fields["office"].queryset = offices  # type: ignore[attr-defined]
        self.fields["office"].initial = reach.own or offices.first()
        self.fields["how"].choices = self._ways()  # type: ignore[attr-defined]
        if offices.count() == 1:
            self.fields["office"].widget = self.fields["office"].hidden_widget()

    def _ways(self) -> list[Any]:
        recognised = [(name, kind.ledger) for name, kind in KINDS.items() if name in self.reach.kinds]
        ways: list[Any] = [(_("Recognise its columns"), recognised)]
        if self.ways:
            ways.append((_("As remembered"), [(f"saved:{one.pk}", one.name) for one in self.ways]))
        if self.before:
            ways.append((_("Like an earlier import"), [(f"like:{one.pk}", one.file_name) for one in self.before]))
        # The profiles that come with us are of cases.
        names = profiles() if self.reach.cases else []
        known = [(f"profile:{name}", _("Profile %(name)s") % {"name": name}) for name in names]
        return [*ways, (_("By a mapping file"), [*known, ("mapping", _("With the mapping file below"))])]

    def clean(self) -> dict[str, Any]:
        """Adds `source`, the mapping as plain values."""
        data = super().clean() or {}
        try:
            data["source"] = self._source(data)
            self._check_reach(data)
        except MappingError as error:
            self.add_error("mapping", str(error))
        except UnicodeDecodeError:
            self.add_error("mapping", _("The mapping file is not UTF-8. Save it as UTF-8."))
        return data

    def _check_reach(self, data: dict[str, Any]) -> None:
        """Problems are for supervisors of the office, people and units for administrators."""
        kind, office = data["source"].get("kind"), data.get("office")
        if kind and office is not None and not self.reach.covers(kind, office):
            field = "mapping" if data.get("how") == "mapping" else "how"
            self.add_error(field, _("You don’t import this kind of ledger for this office."))

    def _source(self, data: dict[str, Any]) -> dict[str, Any]:
        way, _colon, which = (data.get("how") or "").partition(":")
        match way:
            case "mapping":
                file: UploadedFile | None = data.get("mapping")
                if file is None:
                    self.add_error("mapping", _("Choose the mapping file."))
                    return {}
                return dict(loads(file.read(200_000).decode("utf-8-sig")).source)
            case "profile":
                return dict(profile(which).source)
            case "saved":
                return dict(next(one.mapping for one in self.ways if one.pk == int(which)))
            case "like":
                return dict(next(one.mapping for one in self.before if one.pk == UUID(which)))
            case kind if kind in KINDS:
                # Last year's ledger brings sites that nobody has entered yet.
                source = {"kind": kind, **({"create": {"sites": True}} if "sites" in KINDS[kind].creates else {})}
                from_dict(source)
                return source
        return {}


class RememberForm(forms.Form):
    """The name under which an office keeps how a ledger was read."""

    use_required_attribute = False

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=60,
        error_messages={"required": gettext_lazy("Give it a name, such as the ledger’s own.")},
    )
