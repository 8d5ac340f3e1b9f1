"""What the texts of a ledger mean that were not understood: a choice for each of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _

from inspections.forms.ledger_columns import choices_of, label_of
from inspections.ledger.cells import normalise
from inspections.ledger.fields import KINDS
from inspections.ledger.kinds import ACCOUNTS
from inspections.models import ImportDraft

# So many texts of one column are asked for at once, the frequent ones first.
MOST = 40
EMPTY, LEAVE, NEW = "!empty", "!out", "!new"
# What one choice settles: the column it is shown as, and every column that it is written for.
TOGETHER = {"unit": ("unit", "co_units")}
# Which unknown names may be created, and as what.
CREATED = {"unit": "units", "team": "teams", "kind": "kinds", "site_kind": "kinds"}
# Words that the pages have a choice for.
ASKED = (
    *("district", "unit", "team", "site_kind", "kind", "risk_class"),
    *("route", "special", "severity", "source", "mode"),
    # of people and units
    *("role", "language", "districts", "parent", "unit_kind"),
)


@dataclass
class Text:
    """One text of the ledger: how often it was not understood (0 where its meaning was chosen before), its field."""

    text: str
    count: int
    field: BoundField


@dataclass
class Group:
    """The texts of one column; `more` were left for the next time."""

    name: str
    label: str
    refuses: bool
    texts: list[Text] = field(default_factory=list)
    more: int = 0


class ValuesForm(forms.Form):
    """A choice for each text that was not understood, and for those that were decided before."""

    use_required_attribute = False

    def __init__(self, *args: Any, draft: ImportDraft, report: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.draft = draft
        self.kind: str = draft.mapping["kind"]
        self.places: dict[str, tuple[str, str, int]] = {}
        self.more: dict[str, int] = {}
        for name in ASKED:
            if name in KINDS[self.kind]:
                self._add(name, report.get("unmatched", {}))

    def _columns(self, name: str) -> list[str]:
        """The canonical columns that a choice for this one is written for."""
        return [one for one in TOGETHER.get(name, (name,)) if one in KINDS[self.kind]]

    def _add(self, name: str, unmatched: Mapping[str, Any]) -> None:
        counts: dict[str, int] = {}
        for column in self._columns(name):
            for text, count in unmatched.get(column, []):
                counts[text] = counts.get(text, 0) + count
        frequent = sorted(counts, key=lambda text: -counts[text])
        self.more[name] = max(0, len(frequent) - MOST)
        decided = [text for text in self._decided(name) if text not in counts]
        if not frequent and not decided:
            return
        choices = choices_of(self.kind, name, self.draft.office) or []
        for number, text in enumerate([*frequent[:MOST], *decided]):
            key = f"{name}-{number}"
            self.places[key] = (name, text, counts.get(text, 0))
            self.fields[key] = forms.ChoiceField(
                choices=self._choices(name, text, choices), required=False, initial=self._now(name, text), label=text
            )
            self.fields[f"{key}-text"] = forms.CharField(widget=forms.HiddenInput, initial=text, strip=False)

    def _decided(self, name: str) -> list[str]:
        """Texts whose meaning was chosen on this page before."""
        mapping = self.draft.mapping
        found: dict[str, None] = {}
        for column in self._columns(name):
            found |= dict.fromkeys(mapping.get("values", {}).get(column, {}))
            found |= dict.fromkeys(mapping.get("leave_out", {}).get(column, []))
        single = mapping.get("create", {}).get(CREATED.get(name, ""), [])
        asked = {text for column in self._columns(name) for text in self.draft.settled.get(column, [])}
        found |= dict.fromkeys(text for text in (single if isinstance(single, list) else []) if text in asked)
        return list(found)

    def _now(self, name: str, text: str) -> str:
        """What is chosen for a text at present."""
        mapping, column = self.draft.mapping, self._columns(name)[0]
        if text in mapping.get("leave_out", {}).get(column, []):
            return LEAVE
        meant = mapping.get("values", {}).get(column, {}).get(text)
        if meant is not None:
            return f"={meant}" if meant else EMPTY
        single = mapping.get("create", {}).get(CREATED.get(name, ""), [])
        return NEW if isinstance(single, list) and text in single else ""

    def _refuses(self, name: str) -> bool:
        """Is a row refused whose text in this column is not understood?"""
        known = KINDS[self.kind][name]
        if self.kind in ACCOUNTS:
            return True
        if self.kind == "sites" and name == "kind":
            return False
        return known.required or known.holds in ("choice", "bool") or name == "site_kind"

    def _choices(self, name: str, text: str, choices: list[tuple[str, str]]) -> list[Any]:
        undecided = _("Not decided: its rows are refused")
        if not self._refuses(name):
            undecided = _("Not decided: taken without it, listed as doubtful")
            if self.kind == "sites":
                undecided = _("Not decided: taken as another kind, listed as doubtful")
        first: list[Any] = [("", undecided)]
        if name in CREATED:
            first.append((NEW, _("Create “%(name)s”") % {"name": text}))
        if not KINDS[self.kind][name].required:
            first.append((EMPTY, _("Nothing: read it like an empty cell")))
        first.append((LEAVE, _("Leave its rows out")))
        options = [(f"={value}", label) for value, label in choices]
        told = {normalise(label): (value, label) for value, label in options}
        alike = [told[near] for near in get_close_matches(normalise(text), told, 3, 0.4)]
        meant = str(self.draft.mapping.get("values", {}).get(self._columns(name)[0], {}).get(text) or "")
        if meant and f"={meant}" not in dict(options):
            options.append((f"={meant}", meant))
        groups: list[Any] = [(_("Perhaps"), alike)] if alike else []
        rest = [one for one in options if one not in alike]
        return [*first, *groups, *([(_("It means"), rest)] if rest else [])]

    @property
    def groups(self) -> list[Group]:
        """The texts for the page, by column."""
        made: dict[str, Group] = {}
        for key, (name, text, count) in self.places.items():
            group = made.setdefault(
                name, Group(name, label_of(self.kind, name), self._refuses(name), more=self.more.get(name, 0))
            )
            group.texts.append(Text(text, count, self[key]))
        return list(made.values())

    @property
    def hidden(self) -> Iterable[BoundField]:
        """The texts as they were asked for, so that what is chosen is never taken for another one."""
        return [self[f"{key}-text"] for key in self.places]

    def decisions(self) -> tuple[dict[str, Any], dict[str, list[str]]]:
        """The mapping with what was chosen, and the texts that were decided on; only after is_valid()."""
        mapping = {**self.draft.mapping}
        values = {name: dict(table) for name, table in mapping.get("values", {}).items()}
        left_out = {name: list(texts) for name, texts in mapping.get("leave_out", {}).items()}
        create = dict(mapping.get("create", {}))
        settled = {name: list(texts) for name, texts in self.draft.settled.items()}
        for key, (name, text, _count) in self.places.items():
            chosen = self.cleaned_data[key]
            if self.cleaned_data[f"{key}-text"] != text:
                continue
            for column in self._columns(name):
                values.setdefault(column, {}).pop(text, None)
                left_out[column] = [one for one in left_out.get(column, []) if one != text]
                settled[column] = [*dict.fromkeys([*settled.get(column, []), text])]
                if chosen == LEAVE:
                    left_out[column].append(text)
                elif chosen == EMPTY or chosen.startswith("="):
                    values[column][text] = "" if chosen == EMPTY else chosen[1:]
            self._create(create, name, text, chosen == NEW)
        mapping["values"] = {name: table for name, table in values.items() if table}
        mapping["leave_out"] = {name: texts for name, texts in left_out.items() if texts}
        mapping["create"] = create
        return mapping, settled

    def _create(self, create: dict[str, Any], name: str, text: str, wanted: bool) -> None:
        what = CREATED.get(name)
        if what is None or create.get(what) is True:
            return
        single = [one for one in create.get(what) or [] if one != text]
        create[what] = [*single, text] if wanted else single
        if not create[what]:
            del create[what]
