"""The words of inspections as choices; imports nothing of ours."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Status(models.TextChoices):
    """Where a problem is on its way round the loop."""

    FOUND = "found", pgettext_lazy("state", "Found")
    ASSIGNED = "assigned", _("Assigned")
    CLAIMED = "claimed", _("Claimed")
    RECTIFYING = "rectifying", _("Rectifying")
    REPORTED = "reported", _("Reported back")
    VERIFIED = "verified", _("Verified")
    CLOSED = "closed", _("Closed")
    VOID = "void", _("Voided")


OPEN = (
    Status.FOUND,
    Status.ASSIGNED,
    Status.CLAIMED,
    Status.RECTIFYING,
    Status.REPORTED,
    Status.VERIFIED,
)
# With the unit: the rectification clock runs.
WITH_UNIT = (Status.ASSIGNED, Status.CLAIMED, Status.RECTIFYING)


class Verb(models.TextChoices):
    """Everything that can be done to a problem; the words of buttons, mails and the interface."""

    REPORT = "report", _("Report")
    FIX_ON_SPOT = "fix_on_spot", _("Fixed on the spot")
    TO_CENTRAL = "to_central", _("Send to the office")
    NAME_CANDIDATES = "name_candidates", _("Name possible units")
    ASSIGN = "assign", _("Assign")
    HAND_BACK = "hand_back", _("Hand back")
    CLAIM = "claim", _("Claim")
    BEGIN = "begin", _("Begin")
    REPORT_BACK = "report_back", _("Report back")
    RELEASE = "release", _("Release a unit")
    NAME_MISSING = "name_missing", _("Name the missing unit")
    RECHECK = "recheck", _("Re-inspect")
    SEND_BACK = "send_back", _("Send back")
    VERIFY = "verify", _("Verify")
    CLOSE = "close", _("Close")
    REOPEN = "reopen", _("Reopen")
    ASK_EXTENSION = "ask_extension", _("Ask for an extension")
    DECIDE_EXTENSION = "decide_extension", _("Decide")
    PAUSE = "pause", _("Pause the clock")
    RESUME = "resume", _("Resume the clock")
    ESCALATE = "escalate", _("Escalate")
    LIFT = "lift", _("Lift the escalation")
    COMMENT = "comment", _("Comment")
    AMEND = "amend", _("Amend")
    MERGE = "merge", _("Merge")
    VOID = "void", _("Void")
    WITHDRAW_EVIDENCE = "withdraw_evidence", _("Withdraw evidence")
    IMPORT = "import", _("Import")


class Clock(models.TextChoices):
    """What a deadline waits for; the rule codes start with these words."""

    DEPLOY = "deploy", _("Assignment")
    CLAIM = "claim", pgettext_lazy("clock", "Claiming")
    FEEDBACK = "feedback", _("First feedback")
    RECTIFY = "rectify", _("Rectification")
    VERIFY = "verify", _("Verification")
    CLOSE = "close", pgettext_lazy("clock", "Closing")
    EXTENSION = "extension", _("Decision on the extension")
    LOOK_BACK = "look_back", _("Look-back")
    ESCALATION = "escalation", _("Escalation")


class Route(models.TextChoices):
    ON_SPOT = "on_spot", _("On the spot")
    CENTRAL = "central", _("Central assignment")


class Severity(models.TextChoices):
    ORDINARY = "ordinary", _("Ordinary")
    MAJOR = "major", _("Major")


class Source(models.TextChoices):
    PATROL = "patrol", _("Own patrol")
    RANDOM = "random", _("Random check")
    COMPLAINT = "complaint", _("Complaint")
    HOTLINE = "hotline", _("Hotline")
    HIGHER = "higher", _("Inspection from above")
    MEDIA = "media", _("Media")
    MONITORING = "monitoring", _("Monitoring")
    DRONE = "drone", _("Drone")
    RIVER = "river", _("River patrol")


class VoidKind(models.TextChoices):
    DUPLICATE = "duplicate", _("Duplicate")
    NOT_A_PROBLEM = "not_a_problem", _("Not a problem")
    TEST = "test", _("Test")
    OTHER = "other", _("Other")


class VisitMode(models.TextChoices):
    PATROL = "patrol", _("Patrol")
    RANDOM = "random", _("Random check")
    UNANNOUNCED = "unannounced", _("Unannounced")
    NIGHT = "night", _("Night check")
    SPECIAL = "special", _("Special check")
    JOINT = "joint", _("Joint inspection")
    RECHECK = "recheck", _("Re-inspection")
    COMPLAINT = "complaint", _("Complaint")


class Outcome(models.TextChoices):
    INSPECTED = "inspected", _("Inspected")
    LOCKED = "locked", _("Locked")
    NOBODY = "nobody", _("Nobody there")
    REFUSED = "refused", pgettext_lazy("outcome of a visit", "Refused")
    OBSTRUCTED = "obstructed", _("Obstructed")
    MOVED = "moved", _("Moved away")


class Result(models.TextChoices):
    """What a recheck found."""

    FIXED = "fixed", _("Fixed")
    PARTLY = "partly", _("Partly fixed")
    NOT_FIXED = "not_fixed", _("Not fixed")
    NOT_CHECKED = "not_checked", _("Not checked")


class AssignmentRole(models.TextChoices):
    LEAD = "lead", _("Lead")
    REGULATOR = "regulator", _("Sector regulator")
    GOVERNMENT = "government", _("Local government")
    CO = "co", _("Co-handler")


class AssignmentState(models.TextChoices):
    ASSIGNED = "assigned", _("Assigned")
    CLAIMED = "claimed", _("Claimed")
    REPORTED = "reported", _("Reported back")
    HANDED_BACK = "handed_back", _("Handed back")
    RELEASED = "released", _("Released")


LIVE_ASSIGNMENT = (AssignmentState.ASSIGNED, AssignmentState.CLAIMED, AssignmentState.REPORTED)


class Decision(models.TextChoices):
    PENDING = "pending", _("Waiting for a decision")
    GRANTED = "granted", _("Granted")
    REFUSED = "refused", pgettext_lazy("decision", "Refused")
    # Nobody decided: what it asked for had lost its object.
    LAPSED = "lapsed", pgettext_lazy("decision", "No longer needed")


class EscalationLevel(models.TextChoices):
    SUPERVISION = "supervision", _("Supervision order")
    LISTED = "listed", _("Public listing")
    INTERVIEW = "interview", _("Interview")
    BULLETIN = "bulletin", _("Bulletin")


class Phase(models.TextChoices):
    """When, in the life of the problem, a file was taken."""

    BEFORE = "before", _("Before")
    AFTER = "after", _("After")
    RECHECK = "recheck", _("Re-inspection")
    PAPER = "paper", _("Paper")


class Audience(models.TextChoices):
    INTERNAL = "internal", _("Internal note")
    UNIT = "unit", _("To the unit")


class PartyKind(models.TextChoices):
    ORGANISATION = "organisation", _("Organisation")
    SOLE_TRADER = "sole_trader", _("Sole trader")
    CITIZEN = "citizen", _("Citizen")


class RiskClass(models.TextChoices):
    KEY = "key", pgettext_lazy("risk class", "Key")
    SPECIAL = "special", _("Special")
    GENERAL = "general", _("General")


class AlertLevel(models.TextChoices):
    RED = "red", _("Red (I)")
    ORANGE = "orange", _("Orange (II)")
    YELLOW = "yellow", _("Yellow (III)")


class ImportState(models.TextChoices):
    CHECKED = "checked", _("Checked")
    DONE = "done", _("Imported")
    UNDONE = "undone", _("Undone")


class Light(models.TextChoices):
    LATE = "late", _("Overdue")
    NEAR = "near", _("Near")
    OK = "ok", _("On time")
    DONE = "done", _("Done")
    STOPPED = "stopped", _("Stopped")
