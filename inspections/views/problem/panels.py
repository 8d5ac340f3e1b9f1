"""The other panels of the page: the path, the photos, the history, the units, the neighbourhood, remarks on top."""

import datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import get_language, ngettext, pgettext_lazy

from casetracker import calendars
from casetracker.dates import long_date, short_date
from casetracker.models import Deadline
from inspections.enums import OPEN, AssignmentRole, Audience, Phase, Route, Status, Verb
from inspections.models import Attachment, Problem
from inspections.presenting import light_of
from inspections.siting import NEAR_METRES, metres_between, within
from inspections.subjects import changes_clock, event_sentence, is_internal
from inspections.views.problem.clocks import part_light
from inspections.views.problem.record import Record

FIRST_EVENTS = 8
MOST_NEIGHBOURS = 60
ALIKE_DAYS = 14

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
    """The steps of the loop with the day each was last reached; the one after the present state is "now"."""
    problem = record.problem
    if problem.status == Status.VOID:
        return []
    reached = _last_reached(problem)
    steps = [
        (status, label)
        for status, label in STEPS
        if problem.route != Route.ON_SPOT or problem.central_on or status not in ON_SPOT_SKIPS
    ]
    here = next(index for index, (status, _label) in enumerate(steps) if status == problem.status)
    shown = []
    for index, (status, label) in enumerate(steps):
        state = "past" if index <= here else "now" if index == here + 1 else "next"
        day = reached.get(status) if index <= here else None
        shown.append({"label": label, "on": day, "state": state})
    return shown


def _last_reached(problem: Any) -> dict[str, datetime.date]:
    """The day each status was entered last; the first one is the day the problem was found."""
    days = {}
    for stay in problem.stays:
        moment = datetime.datetime.fromisoformat(stay["since"])
        days[stay["status"]] = timezone.localdate(moment)
    days[Status.FOUND] = problem.found_on
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
    """What no page can show: papers, videos, pictures in other formats, as downloads."""
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
    return sorted(shown, key=lambda one: not one["row"].is_live)  # type: ignore[attr-defined]


def missing_roles(record: Record) -> list[str]:
    """What a special assignment should have named and has not."""
    if not record.problem.special:
        return []
    named = {one.role for one in record.live}
    wanted = (AssignmentRole.REGULATOR, AssignmentRole.GOVERNMENT)
    return [str(role.label) for role in wanted if role not in named]


# --- The neighbourhood ------------------------------------------------------------------------------


def neighbours(record: Record) -> dict[str, Any]:
    """Other visible problems of the site, open ones first, and which time this is in its year and of its kind."""
    problem = record.problem
    same_year = Q(kind=problem.kind_id, found_on__year=problem.found_on.year)
    rows = list(
        Problem.objects.visible_to(record.user)
        .filter(Q(status__in=OPEN) | same_year, site=problem.site_id)
        .exclude(pk=problem.pk)
        .exclude(status=Status.VOID)
        .select_related("kind")
        .defer("search")
        .order_by("-found_on", "-pk")[:MOST_NEIGHBOURS]
    )
    earlier = [
        one
        for one in rows
        if one.kind_id == problem.kind_id
        and one.found_on.year == problem.found_on.year
        and (one.found_on, one.pk.int) < (problem.found_on, problem.pk.int)
    ]
    rows.sort(key=lambda one: not one.is_open)
    calendar = calendars.load()
    lit = [{"row": one, "lit": light_of(one, record.today, calendar)} for one in rows[:6]]
    return {"rows": lit, "more": max(0, len(rows) - 6), "repeated": _repeated(len(earlier) + 1)}


def _repeated(times: int) -> str:
    """The sentence of a repeated offence; empty the first time."""
    if times < 2:
        return ""
    return _("%(nth)s time this year at this site") % {"nth": ordinal(times)}


def ordinal(number: int) -> str:
    """2nd, 3rd, 11th in English; the plain number in Chinese, where the sentence carries the mark."""
    if (get_language() or "en").startswith("zh"):
        return str(number)
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def likely_duplicates(record: Record) -> list[Problem]:
    """Open visible problems of the same kind found within 14 days, at the same site or within 50 m."""
    problem = record.problem
    if problem.kind_id is None:
        return []
    span = datetime.timedelta(days=ALIKE_DAYS)
    near = Q(site=problem.site_id)
    if problem.lat is not None and problem.lon is not None:
        near |= within(problem.lat, problem.lon, NEAR_METRES)
    rows = (
        Problem.objects.visible_to(record.user)
        .open()
        .filter(near, kind=problem.kind_id, found_on__range=(problem.found_on - span, problem.found_on + span))
        .exclude(pk=problem.pk)
        .select_related("lead_unit")
        .defer("search")
        .order_by("-found_on", "-pk")[:10]
    )
    return [one for one in rows if one.site_id == problem.site_id or _within_reach(problem, one)]


def _within_reach(problem: Problem, other: Problem) -> bool:
    if problem.lat is None or problem.lon is None or other.lat is None or other.lon is None:
        return False
    return metres_between(problem.lat, problem.lon, other.lat, other.lon) <= NEAR_METRES


# --- Remarks on top ---------------------------------------------------------------------------------


def remarks(record: Record) -> list[dict[str, str]]:
    """What one must know before anything else, each a sentence with at most one link {words, url, action}."""
    problem = record.problem
    found: list[dict[str, str]] = []
    if problem.status == Status.VOID:
        found.append(_voided(record))
    if record.ended_own is not None:
        found.append(_ended(record))
    if problem.paused_since is not None:
        words = {"date": long_date(problem.paused_since, record.today)}
        found.append({"words": _("The clock has stood still since %(date)s.") % words})
    if problem.held and record.inside:
        found.append({"words": _("Imported and not released yet: no reminder and no e-mail speaks of it.")})
    found += _proposals(record)
    if problem.look_back and problem.looked_back_on is None and record.inside:
        found.append({"words": _("Drawn for a look-back: somebody else of the team looks again.")})
    return found


def _voided(record: Record) -> dict[str, str]:
    problem = record.problem
    words = {"kind": problem.get_void_kind_display(), "date": short_date(timezone.localdate(problem.status_since))}
    if problem.merged_into is None:
        return {"words": _("Voided on %(date)s: %(kind)s. It is not counted.") % words}
    words["number"] = problem.merged_into.number
    return {
        "words": _("Merged into %(number)s on %(date)s. It is counted there.") % words,
        "url": reverse("problem", args=[problem.merged_into_id]),
        "action": problem.merged_into.number,
    }


def _ended(record: Record) -> dict[str, str]:
    own = record.ended_own
    assert own is not None
    words = {
        "unit": own.unit.name,
        "state": own.get_state_display(),
        "date": long_date(own.ended_on, record.today) if own.ended_on else "",
    }
    return {"words": _("The assignment of %(unit)s ended on %(date)s (%(state)s). You can read, not write.") % words}


def _proposals(record: Record) -> list[dict[str, str]]:
    """What failed re-inspections suggest to whoever may do it."""
    problem, last = record.problem, record.last_recheck
    if last is None or last.result not in ("partly", "not_fixed"):
        return []
    if Verb.REOPEN in record.allowed:
        words = {"date": long_date(last.on, record.today)}
        return [
            {
                "words": _("The re-inspection of %(date)s found it not fixed after all. Reopening is proposed.")
                % words,
                "url": reverse("problem_verb", args=[problem.pk, Verb.REOPEN.value]),
                "action": str(Verb.REOPEN.label),
            }
        ]
    running = any(one.lifted_on is None for one in problem.escalations.all())
    if problem.failed_rechecks >= 2 and Verb.ESCALATE in record.allowed and not running:
        times = problem.failed_rechecks
        sentence = ngettext(
            "%(count)s re-inspection failed. Escalating is proposed.",
            "%(count)s re-inspections failed. Escalating is proposed.",
            times,
        )
        return [
            {
                "words": sentence % {"count": times},
                "url": reverse("problem_verb", args=[problem.pk, Verb.ESCALATE.value]),
                "action": str(Verb.ESCALATE.label),
            }
        ]
    return []
