"""Forms of the import pages."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casetracker.models import Unit
from inspections.ledger.errors import MappingError
from inspections.ledger.mapping import from_dict, loads, profile, profiles


class UploadForm(forms.Form):
    """A ledger, what it holds, and how its columns are understood."""

    use_required_attribute = False

    file = forms.FileField(
        label=gettext_lazy("Ledger"),
        help_text=gettext_lazy("A spreadsheet (xlsx, xls) or CSV file of at most 50 MB."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
        error_messages={"required": gettext_lazy("Choose the file of the ledger.")},
    )
    office = forms.ModelChoiceField(Unit.objects.none(), label=gettext_lazy("Office"), empty_label=None)
    how = forms.ChoiceField(label=gettext_lazy("How to read it"))
    mapping = forms.FileField(
        label=gettext_lazy("Mapping file"),
        required=False,
        help_text=gettext_lazy("Only where the columns need a mapping of your own (TOML)."),
        widget=forms.FileInput(attrs={"accept": ".toml"}),
    )
    create = forms.BooleanField(
        label=gettext_lazy("Create units, teams, sites and kinds that are not known yet"), required=False
    )

    def __init__(self, *args: Any, offices: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["office"].queryset = offices  # type: ignore[attr-defined]
        self.fields["office"].initial = offices.first()
        self.fields["how"].choices = [  # type: ignore[attr-defined]
            ("problems", _("A ledger of problems: recognise its columns")),
            ("visits", _("A ledger of visits: recognise its columns")),
            *((f"profile:{name}", _("Profile %(name)s") % {"name": name}) for name in profiles()),
            ("mapping", _("With the mapping file below")),
        ]
        if offices.count() == 1:
            self.fields["office"].widget = self.fields["office"].hidden_widget()

    def clean(self) -> dict[str, Any]:
        """Adds `source`, the mapping as plain values."""
        data = super().clean() or {}
        try:
            data["source"] = self._source(data)
        except MappingError as error:
            self.add_error("mapping", str(error))
        except UnicodeDecodeError:
            self.add_error("mapping", _("The mapping file is not UTF-8. Save it as UTF-8."))
        return data

    def _source(self, data: dict[str, Any]) -> dict[str, Any]:
        how = data.get("how") or ""
        if how == "mapping":
            file: UploadedFile | None = data.get("mapping")
            if file is None:
                self.add_error("mapping", _("Choose the mapping file."))
                return {}
            source = dict(loads(file.read(200_000).decode("utf-8-sig")).source)
        elif how.startswith("profile:"):
            source = dict(profile(how.removeprefix("profile:")).source)
        else:
            source = {"kind": how}
        if data.get("create"):
            source["create"] = {"units": True, "teams": True, "sites": True, "kinds": True}
        from_dict(source)
        return source
