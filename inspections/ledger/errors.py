"""What can be wrong with a ledger: the file, its layout, its mapping, one cell, one row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils import translation
from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence to translate when it is shown, with the values of its named placeholders."""

    template: str | Promise
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return str(self.template) % self.params if self.params else str(self.template)


class LedgerError(Exception):
    """A ledger that cannot be used as it is; `code` is a stable word, `message` says what to do next."""

    def __init__(self, code: str, template: str | Promise, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.message = Message(template, params)

    def __str__(self) -> str:
        return str(self.message)


class ReaderError(LedgerError):
    """The file cannot be read.

    Codes: too_large, not_a_spreadsheet, encrypted, unreadable, no_such_sheet, empty, reader_died.
    """


class LayoutError(LedgerError):
    """The sheet has no usable header: no_header, no_such_column, missing_columns."""


class MappingError(LedgerError):
    """The mapping is wrong: bad_toml, unknown_name, bad_value, missing_columns, no_such_profile."""


class CellError(LedgerError):
    """One cell cannot be read as what its column holds."""


@dataclass(frozen=True, slots=True)
class RowError:
    """One remark on one cell; `row` and `column` are those of the sheet, `column` by its header text; `name` is the
    canonical column, where it is one."""

    row: int
    column: str
    value: str
    code: str
    message: Message
    name: str = ""

    def as_json(self) -> dict[str, Any]:
        """The form of the import report: the message in the language that is active now, and in both to keep."""
        return {
            "row": self.row,
            "column": self.column,
            "name": self.name,
            "value": self.value,
            "code": self.code,
            "message": str(self.message),
            "message_zh": self._in("zh-hans"),
            "message_en": self._in("en"),
        }

    def _in(self, language: str) -> str:
        with translation.override(language):
            return str(self.message)
