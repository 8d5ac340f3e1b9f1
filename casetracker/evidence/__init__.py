"""The evidence store: bytes on disk, rows, custody log.

A file lies at EVIDENCE_ROOT/<first two digits>/<sha256>, is written once and never changed. Photos have two
re-encoded copies without metadata beside it, `.preview.jpg` and `.thumbnail.jpg`; pages show only those.
"""

from casetracker.evidence.copying import copy_now, copy_waiting, make_copies
from casetracker.evidence.custody import record_view
from casetracker.evidence.folders import clear_staging
from casetracker.evidence.showing import download_name, is_intact, open_derivative, open_original, showing_note
from casetracker.evidence.storing import clean_name, store
from casetracker.filetypes import EvidenceRefused
from casetracker.photos import PhotoFacts

__all__ = [
    "EvidenceRefused",
    "PhotoFacts",
    "clean_name",
    "clear_staging",
    "copy_now",
    "copy_waiting",
    "download_name",
    "is_intact",
    "make_copies",
    "open_derivative",
    "open_original",
    "record_view",
    "showing_note",
    "store",
]
