"""The tables of the shared ground."""

from .clocks import CalendarDay, Deadline, DeadlineRule, Rules
from .evidence import Custody, Evidence
from .history import Event
from .invitations import Invitation
from .jobs import Heartbeat, Job, Option
from .messages import Delivery, Letter, Notice
from .numbers import NumberSeries
from .places import District
from .presses import Press
from .units import Membership, Unit, UnitName, User
from .views import SavedView

__all__ = [
    "CalendarDay",
    "Custody",
    "Deadline",
    "DeadlineRule",
    "Delivery",
    "District",
    "Event",
    "Evidence",
    "Heartbeat",
    "Invitation",
    "Job",
    "Letter",
    "Membership",
    "Notice",
    "NumberSeries",
    "Option",
    "Press",
    "Rules",
    "SavedView",
    "Unit",
    "UnitName",
    "User",
]
