"""The weekly e-mail's section of inspections: its readers, the rows behind it, what it says, in which words."""

from casetracker.digest import Section
from inspections.digests import contents, readers, words

SECTION = Section(readers.readers, readers.audiences, contents.contents, words.part, readers.still, readers.overseen)

__all__ = ["SECTION"]
