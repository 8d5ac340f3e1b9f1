"""The tables of inspections."""

from .assignments import (
    Assignment,
    Batch,
    Comment,
    Escalation,
    Extension,
    Feedback,
    Recheck,
)
from .checklists import Checklist, ChecklistItem, ChecklistVersion, ProblemKind
from .exposures import Exposure, Named
from .imports import ImportBatch, ImportDraft, ImportRow, SavedMapping
from .problems import Attachment, Problem, Stage
from .sites import Party, Site, SiteKind, SiteName, SiteOperator
from .visits import AlertPeriod, Campaign, Highlight, Visit, VisitAnswer, VisitInspector

__all__ = [
    "AlertPeriod",
    "Assignment",
    "Attachment",
    "Batch",
    "Campaign",
    "Checklist",
    "ChecklistItem",
    "ChecklistVersion",
    "Comment",
    "Escalation",
    "Exposure",
    "Extension",
    "Feedback",
    "Highlight",
    "ImportBatch",
    "ImportDraft",
    "ImportRow",
    "Named",
    "Party",
    "Problem",
    "ProblemKind",
    "Recheck",
    "SavedMapping",
    "Site",
    "SiteKind",
    "SiteName",
    "SiteOperator",
    "Stage",
    "Visit",
    "VisitAnswer",
    "VisitInspector",
]
