"""Panels of the page that only show: the path, the photos, the history, comments and units."""

import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from casetracker.models import Deadline
from inspections import policy
from inspections.enums import AssignmentRole, Audience, Phase, Route, Status, Verb
from inspections.models import Attachment, Problem
from inspections.siting import metres_between
from inspections.subjects import changes_clock, event_sentence, is_internal
from inspections.views.problem.clocks import part_light
from inspections.views.problem.record import Record

FIRST_EVENTS = 8

STEPS: tuple[tuple[Status, Any], ...] = (
    (Status.FOUND, pgettext_lazy("step of the loop", "Found")),
    (Status.ASSIGNED, pgettext_lazy("step of the loop", "Assignment")),
    (Status.CLAIMED, pgettext_lazy("step of the loop", "Claim")),
    (Status.RECTIFYING, pgettext_lazy("step of the loop", "Rectification")),
    (Status.REPORTED, pgettext_lazy("step of the loop", "Report")),
    (Status.VERIFIED, pgettext_lazy("step of the loop", "Verification")),
    (Status.CLOSED, pgettext_lazy("step of the loop", "Closing")),
)
# An on-the-spot problem is neither assigned nor claimed.
ON_SPOT_SKIPS = (Status.ASSIGNED, Status.CLAIMED)


# --- Path -------------------------------------------------------------------------------------------


def path(record: Record) -> list[dict[str, Any]]:
    """The steps of the loop with the day each was last reached; "now" is what is waited for.

    That is the step after the present state, and the rectification itself while it is under way.
    """
    problem = record.problem
    if problem.status == Status.VOID:
        return []
    reached = _last_reached(record)
    steps = [
        (status, label)
        for status, label in STEPS
        if problem.route != Route.ON_SPOT or problem.central_on or status not in ON_SPOT_SKIPS
    ]
    here = next(index for index, (status, _label) in enumerate(steps) if status == problem.status)
    now = here if problem.status == Status.RECTIFYING else here + 1
    shown = []
    for index, (status, label) in enumerate(steps):
        state = "past" if index < now else "now" if index == now else "next"
        day = reached.get(status) if index < now else None
        shown.append({"label": label, "on": day, "state": state})
    return shown


def _last_reached(record: Record) -> dict[str, datetime.date]:
    """The day each status was entered last; the first one is the day the problem was found, and it is assigned on
    the day that its lead's assignment says (one of a ledger goes along with the day of finding)."""
    days = {}
    for stay in record.problem.stays:
        moment = datetime.datetime.fromisoformat(stay["since"])
        days[stay["status"]] = timezone.localdate(moment)
    days[Status.FOUND] = record.problem.found_on
    if lead := next((one for one in record.live if one.role == AssignmentRole.LEAD), None):
        days[Status.ASSIGNED] = lead.assigned_on
    return days


# --- Photos -----------------------------------------------------------------------------------------


def photos(record: Record) -> dict[str, list[dict[str, Any]]]:
    """Photos of before and after (with those of re-inspections), newest first, as _photo_pair.html takes them."""
    sides: dict[str, list[Attachment]] = {"before": [], "after": []}
    for one in record.problem.attachments.all():
        if one.withdrawn_at is None and one.evidence.is_inline and one.phase != Phase.PAPER:
            sides["before" if one.phase == Phase.BEFORE else "after"].append(one)
    shown = {}
    for side, rows in sides.items():
        rows.sort(key=lambda one: (one.taken_at or one.added_at, one.pk.int), reverse=True)
        shown[side] = [_photo(record, one, first=index == 0) for index, one in enumerate(rows)]
    return shown


def files(record: Record) -> list[dict[str, Any]]:
    """What no page can show: papers, videos, pictures in other formats or damaged, as downloads."""
    rows = [one for one in record.problem.attachments.all() if one.withdrawn_at is None and not one.evidence.is_inline]
    return [{"row": one, "url": reverse("evidence", args=[one.evidence_id, "original"])} for one in rows]


def _photo(record: Record, one: Attachment, *, first: bool) -> dict[str, Any]:
    def url(size: str) -> str:
        return reverse("evidence", args=[one.evidence_id, size])

    problem, at = record.problem, one.taken_at or one.added_at
    words = {"phase": one.get_phase_display(), "site": problem.site_name}
    return {
        "url": url("preview"),
        "src": url("preview" if first else "thumbnail"),
        "alt": one.caption or _("%(phase)s: %(site)s") % words,
        "at": at,
        "note": _distance(problem, one),
        "lines": _strip(problem, one, at) if first else [],
    }


def _distance(problem: Problem, one: Attachment) -> str:
    site = problem.site
    if one.lat is None or one.lon is None or site.lat is None or site.lon is None:
        return ""
    metres = round(metres_between(one.lat, one.lon, site.lat, site.lon))
    return _("%(metres)s m from the site") % {"metres": metres}


def _strip(problem: Problem, one: Attachment, at: datetime.datetime) -> list[str]:
    """Two lines on the picture: when, where, who; position, accuracy and the beginning of the hash."""
    taker = str(one.added_by or "")
    first = f"{timezone.localtime(at):%Y-%m-%d %H:%M}  {problem.site_name}  {taker}".rstrip()
    place = ""
    if one.lat is not None and one.lon is not None:
        place = f"{one.lat:.4f}, {one.lon:.4f}  "
        if one.accuracy:
            place += f"±{one.accuracy:.0f} m  "
    return [first, f"{place}{one.evidence_id[:8]}…"]


# --- History and words ------------------------------------------------------------------------------


def timeline(record: Record, wanted: str) -> dict[str, Any]:
    """The history, newest first: the first few, "all" of it, or only what moved a "clock"."""
    told = [event for event in record.events if record.inside or not is_internal(event)]
    clock = [event for event in told if changes_clock(event)]
    shown = {"all": told, "clock": clock}.get(wanted, told[:FIRST_EVENTS])
    rows = [
        {
            "at": event.at,
            "sentence": event_sentence(event, inside=record.inside, names=record.unit_names),
            "by_person": event.actor_id is not None,
        }
        for event in shown
    ]
    return {"rows": rows, "total": len(told), "wanted": wanted, "hidden": len(told) - len(shown)}


def comments(record: Record) -> dict[str, list[Any]]:
    """Words between office and unit, and, for the office only, internal notes; newest first."""
    rows = list(record.problem.comments.all())[::-1]
    between = [one for one in rows if one.audience == Audience.UNIT]
    internal = [one for one in rows if one.audience == Audience.INTERNAL] if record.inside else []
    return {"between": between, "internal": internal}


def addressees(record: Record, rows: list[Deadline]) -> list[dict[str, Any]]:
    """Every assignment with its own state and light, running ones first."""
    shown = [
        {"row": one, "lit": part_light(record, rows, one.pk) if one.is_live else None} for one in record.assignments
    ]
    return sorted(shown, key=lambda one: not one["row"].is_live)


def missing_roles(record: Record) -> list[dict[str, Any]]:
    """What a special assignment should have named and has not, with the form that names it where the person may."""
    may = Verb.NAME_MISSING in record.allowed
    url = reverse("problem_verb", args=[record.problem.pk, Verb.NAME_MISSING.value]) if may else ""
    return [{"label": role.label, "url": url} for role in policy.missing_roles(record.problem)]
