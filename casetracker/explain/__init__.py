"""Why a deadline falls on its day, in the active language: a sentence, a strip of days, and how late it is."""

from .facts import Explained, Limit
from .lateness import days_left, lateness, moved_note
from .sentence import sentence
from .strip import Cell, strip_cells

__all__ = ["Cell", "Explained", "Limit", "days_left", "lateness", "moved_note", "sentence", "strip_cells"]
