"""What became of the rows of a ledger: each row's outcome, and the report of all."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from inspections.ledger.errors import RowError
from inspections.ledger.importing.remarks import KEPT_REMARKS, Remarks
from inspections.ledger.rows import ParsedRow
from inspections.models import ImportBatch

# So many different texts of one column that were not understood are told.
KEPT_TEXTS = 300
# What a choice of the mapping's values settles.
UNMATCHED = frozenset(
    ["unknown_value", "unknown_district", "unknown_unit", "several_unit", "elsewhere_unit", "unknown_team",
     "several_team", "elsewhere_team", "unknown_kind", "unknown_site_kind"]
)  # fmt: skip


# The columns for whose texts the pages ask what they mean.
ASKED = frozenset(
    [
        "district",
        "unit",
        "co_units",
        "team",
        "site_kind",
        "kind",
        "route",
        "special",
        "severity",
        "source",
        "mode",
        "role",
        "language",
        "districts",
        "parent",
        "unit_kind",
        "risk_class",
    ]
)
# Outcomes that bring something.
NEW = ("created", "revived")


@dataclass
class Report:
    """What became of the rows; refused and doubtful ones each with row, column, value and reason."""

    rows: int = 0
    accepted: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicates: int = 0
    # Rows that an undone import had brought: they count among the created ones.
    revived: int = 0
    # Rows that the mapping leaves out by the value of a column.
    left_out: int = 0
    hidden: int = 0
    # Rows of which a cell that may name several problems names none that is new.
    nothing: int = 0
    refusals: Remarks = field(default_factory=Remarks)
    refused_rows: int = 0
    doubts: Remarks = field(default_factory=Remarks)
    # The code of every refused row, also of those whose remarks are too many to be kept.
    codes: dict[int, str] = field(default_factory=dict)
    # What updates changed, the first 5,000 values; and how many more there are.
    changes: list[dict[str, Any]] = field(default_factory=list)
    more_changes: int = 0
    # The sheet's header of each canonical column that is read, and the headers of columns that are not.
    columns: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    # Which texts of which canonical column were not understood, and how often each.
    unmatched: dict[str, Counter[str]] = field(default_factory=dict)
    # What was read in the place of the sheet's own cells: row, column, value.
    corrections: list[dict[str, Any]] = field(default_factory=list)
    made: dict[str, int] = field(default_factory=dict)
    made_names: dict[str, list[str]] = field(default_factory=dict)
    batch: ImportBatch | None = None

    @property
    def refused(self) -> list[RowError]:
        """The remarks on refused rows that are kept; `refusals` gives every one."""
        return self.refusals.kept

    @property
    def doubtful(self) -> list[RowError]:
        """The remarks on doubtful rows that are kept; `doubts` gives every one."""
        return self.doubts.kept

    def refuse(self, *remarks: RowError) -> None:
        self.refused_rows += 1
        self.codes[remarks[0].row] = remarks[0].code
        self.refusals.add(*remarks)
        self._note(remarks)

    def doubt(self, *remarks: RowError) -> None:
        self.doubts.add(*remarks)
        self._note(remarks)

    def change(self, changes: list[dict[str, Any]]) -> None:
        """Tell what an update changed, as long as there is room; the others are counted."""
        room = max(0, KEPT_REMARKS - len(self.changes))
        self.changes.extend(changes[:room])
        self.more_changes += len(changes[room:])

    def _note(self, remarks: tuple[RowError, ...]) -> None:
        """Remember the texts that were not understood."""
        for one in remarks:
            if one.code in UNMATCHED and one.name in ASKED and one.value:
                self.ask(one.name, one.value)

    def ask(self, name: str, text: str) -> None:
        """Remember a text of a canonical column that was not understood."""
        known = self.unmatched.setdefault(name, Counter())
        if text in known or len(known) < KEPT_TEXTS:
            known[text] += 1

    def sort(self) -> None:
        """Bring the remarks into the order of the rows, whichever were taken in first."""
        self.refusals.sort()
        self.doubts.sort()
        self.changes.sort(key=lambda one: one["row"])

    def as_json(self) -> dict[str, Any]:
        """The report in the form that the batch keeps; `left_off` says for how many remarks and changed values it
        has no room."""
        return {
            "rows": self.rows,
            "accepted": self.accepted,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "duplicates": self.duplicates,
            "revived": self.revived,
            "left_out": self.left_out,
            "hidden": self.hidden,
            "nothing": self.nothing,
            "refused": [one.as_json() for one in self.refused],
            "refused_rows": self.refused_rows,
            "doubtful": [one.as_json() for one in self.doubtful],
            "left_off": {
                "refused": self.refusals.left_off,
                "doubtful": self.doubts.left_off,
                "changes": self.more_changes,
            },
            "changes": self.changes,
            "columns": self.columns,
            "unread": self.unread,
            "unmatched": {name: texts.most_common() for name, texts in self.unmatched.items()},
            "corrections": self.corrections,
            "made": self.made,
            "made_names": self.made_names,
        }


@dataclass
class Outcome:
    """What became of one accepted row: created, updated, unchanged, duplicate, or revived (an undone import had
    brought it)."""

    row: ParsedRow
    outcome: str
    subject_id: Any = None
    before: dict[str, Any] = field(default_factory=dict)
    # What an update changed: row, number, column, old and new value.
    changes: list[dict[str, Any]] = field(default_factory=list)
