"""Turning a ledger's parsed rows into problems and visits: one transaction, no doubles, every refusal named."""

from .batch import import_file
from .names import NoOffice, office_named
from .report import Report

__all__ = ["NoOffice", "Report", "import_file", "office_named"]
