"""Lists as files: a table of typed cells, written as a workbook or as CSV, at once or by a worker."""

from .tables import Cell, Column, Table, Unknown, streamed

__all__ = ["Cell", "Column", "Table", "Unknown", "streamed"]
