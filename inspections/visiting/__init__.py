"""Recording a visit as one whole: who was there, what was answered, what was good, rechecked and newly found.

All of it commits together with its events, or nothing does; problems move through the workflow only. Pages
and phones record through record_visit() alike; correct_visit() puts right what was mistyped.
"""

from .asking import alert_on, campaigns_on, carried_over, day_of, recorded_already, teams_for
from .correcting import CORRECTED, correct_visit, may_move, plain, teams_to_choose, told, version
from .parts import Answer, Finding, Good, Recorded, Seen, VisitRefused
from .recording import SOURCES, record_visit
from .seeing import FAILED, may_recheck, may_verify, new_term, see

__all__ = [
    "CORRECTED",
    "FAILED",
    "SOURCES",
    "Answer",
    "Finding",
    "Good",
    "Recorded",
    "Seen",
    "VisitRefused",
    "alert_on",
    "campaigns_on",
    "carried_over",
    "correct_visit",
    "day_of",
    "may_move",
    "may_recheck",
    "may_verify",
    "new_term",
    "plain",
    "record_visit",
    "recorded_already",
    "see",
    "teams_for",
    "teams_to_choose",
    "told",
    "version",
]
