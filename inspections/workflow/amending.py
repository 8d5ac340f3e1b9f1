"""Putting the record right: amend, void, withdraw evidence."""

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from casetracker.dates import short_date
from casetracker.enums import Role
from casetracker.errors import Invalid
from casetracker.evidence import record_view
from casetracker.models import Unit, User
from casetracker.transactions import together
from casetracker.wording import listed
from inspections.enums import AssignmentState, Clock, Phase, Route, Status, Verb, VoidKind
from inspections.models import Attachment, Problem
from inspections.scope import bureau_of, of_one_bureau
from inspections.searching import index_problem
from inspections.workflow import clocks, telling
from inspections.workflow.assigning import end_assignments
from inspections.workflow.engine import Step, begin, lock_both, need
from inspections.workflow.evidence import Shot, attach, shown_fixed, standing
from inspections.workflow.rectifying import take_back
from inspections.workflow.table import DONE

# Where somebody has said that it is put right, so that photos must show it.
JUDGED = (Status.REPORTED, *DONE)

# Columns that only the office reads.
INTERNAL = ("internal_note",)
AMENDABLE = (
    "district",
    "site",
    "kind",
    "severity",
    "party",
    "party_name",
    "found_on",
    "team",
    "description",
    "internal_note",
    "quantity",
    "lat",
    "lon",
    "source",
    "source_ref",
)


@together
def amend(
    problem: Problem, *, by: User | None, reason: str, now: datetime.datetime | None = None, **values: Any
) -> Problem:
    """Correct what the record says; number and history stay, deadlines are computed anew. Its units are told unless
    only internal notes changed, and the teams that lose or gain it, by its team or its district.

    `values` may hold the columns of AMENDABLE; a new site brings its name and district, a new party its name. `by` is
    None for a ledger that was taken in on the command line.
    Raises Invalid when a value can't be or nothing would change.
    """
    step = begin(Verb.AMEND, problem, by=by, now=now)
    why = need(reason, _("Say why it is changed."), "reason")
    team_before, district_before, name_before = step.problem.team, step.problem.district, step.problem.site_name
    for name in ("description", "internal_note", "party_name", "source_ref"):
        if name in values:
            values[name] = values[name].strip()
    step.set(**_followed(values))
    _check(step, values)
    if not step.changed:
        raise Invalid(_("Nothing was changed."))
    _ledger_along(step)
    _recount(step, team_before)
    step.problem.search = index_problem(step.problem)
    step.changed.add("search")
    event = step.finish(reason=why)
    told = telling.handlers(step.problem) if set(step.after) - set(INTERNAL) else []
    moved: list[User] = []
    if "team" in step.after:
        moved += telling.people_of([team_before, step.problem.team], Role.INSPECTOR)
    if "district" in step.after:
        moved += telling.around(step.problem, district_before, step.problem.district)
    seeing = telling.who_see(moved, step.problem)
    told += [person for person in moved if person.pk in seeing]
    telling.tell(event, step.problem, told, reason=why)
    gone = [person for person in moved if person.pk not in seeing]
    telling.tell(event, step.problem, gone, kind="moved_away", site=name_before)
    return step.problem


def _followed(values: dict[str, Any]) -> dict[str, Any]:
    """The values with what comes along with them; refuses a column that may not be amended."""
    if unknown := set(values) - set(AMENDABLE):
        raise Invalid(_("These can’t be changed: %(names)s.") % {"names": listed(sorted(unknown))})
    along: dict[str, Any] = {}
    if site := values.get("site"):
        along |= {"site_name": site.name, "district": site.district}
    if party := values.get("party"):
        along["party_name"] = party.name
    return along | values


def _check(step: Step, values: dict[str, Any]) -> None:
    """Refuse values that the record can't hold, naming the field."""
    problem = step.problem
    found_on = values.get("found_on")
    if found_on and found_on > step.today:
        raise Invalid(_("The day it was found can’t lie in the future."), field="found_on")
    if found_on and "found_on" in step.changed:
        _check_found_on(problem, found_on)
    if (site := values.get("site")) and not of_one_bureau(site.office, problem.office):
        raise Invalid(_("The site belongs to another office."), field="site")
    if values.get("quantity") is not None and values["quantity"] <= 0:
        raise Invalid(_("The quantity must be more than nothing."), field="quantity")
    if "team" in step.changed and bureau_of(values["team"]).pk != problem.office_id:
        raise Invalid(_("The team belongs to another office."), field="team")
    try:
        problem.clean_fields(exclude={one.name for one in Problem._meta.fields if one.name not in values})
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise Invalid(messages[0], field=field) from error


def _check_found_on(problem: Problem, found_on: datetime.date) -> None:
    """Refuse a day before the visit that found it, or after the first thing that came later."""
    if problem.visit is not None and found_on < problem.visit.on:
        raise Invalid(_("It can’t be found before the visit that found it."), field="found_on")
    handed = _("It can’t be found after %(date)s, when it was handed on.")
    given = problem.assignments.exclude(assigned_by=None).values_list("assigned_on", flat=True)
    later: list[tuple[datetime.date | None, str]] = [(on, handed) for on in (problem.central_on, *given)]
    judged = _("It can’t be found after %(date)s, when it was reported fixed or re-inspected.")
    looked = [*problem.feedbacks.values_list("done_on", flat=True), *problem.rechecks.values_list("on", flat=True)]
    later += [(on, judged) for on in (problem.met_on, problem.verified_on, *looked)]
    later.append((problem.closed_on, _("It can’t be found after it was closed.")))
    if (batch := problem.import_batch) is not None:
        imported = _("It can’t be found after %(date)s, when it was imported.")
        later.append((timezone.localdate(batch.created_at), imported))
    first, message = min(((on, words) for on, words in later if on), key=lambda one: one[0], default=(found_on, ""))
    if found_on > first:
        raise Invalid(message % {"date": short_date(first)}, field="found_on")


def _ledger_along(step: Step) -> None:
    """A ledger tells no day of handing on, so what it assigned counts from the day of finding and goes along with it.

    Nobody assigned such a one by hand: it alone names no assigner.
    """
    if "found_on" not in step.changed:
        return
    before, found_on = step.before["found_on"], step.problem.found_on
    if step.problem.assignments.filter(assigned_by=None, assigned_on=before).update(assigned_on=found_on):
        step.before["assigned_on"], step.after["assigned_on"] = before, found_on


def _recount(step: Step, team_before: Unit) -> None:
    """Let the clocks follow what was amended: rule and start of a running count, and the team whose work it is."""
    problem = step.problem
    for row in list(clocks.held(step).values()):
        if row.clock == Clock.DEPLOY and row.met_on is None and row.started_by in (Verb.REPORT, Verb.IMPORT):
            if "found_on" in step.changed:
                clocks.recount(step, row, problem.found_on)
        elif row.clock == Clock.RECTIFY and step.changed & {"found_on", "severity"}:
            from_finding = problem.route == Route.ON_SPOT or row.started_by == Verb.IMPORT
            clocks.recount(step, row, problem.found_on if from_finding else row.started_on)
    if "team" in step.changed:
        for row in clocks.running(step):
            if row.unit_id == team_before.pk:
                clocks.change(step, row, unit=problem.team)
    clocks.follow(step)


@together
def void(problem: Problem, *, by: User, kind: VoidKind, reason: str, now: datetime.datetime | None = None) -> Problem:
    """Take a row out of the count with a kind and a reason; its number is never given again."""
    step = begin(Verb.VOID, problem, by=by, now=now)
    why = need(reason, _("Say why it is voided."), "reason")
    if kind not in VoidKind.values:
        raise Invalid(_("Choose a kind."), field="kind")
    told = [*telling.handlers(step.problem), *telling.inspectors(step.problem)]
    end(step, kind, why)
    event = step.finish(kind=kind, reason=why)
    telling.tell(event, step.problem, told, reason=why)
    return step.problem


def end(step: Step, kind: VoidKind, reason: str) -> None:
    """Nobody owes anything any more: assignments, escalations and clocks end; the dates stay to be read."""
    end_assignments(step, AssignmentState.RELEASED, reason)
    step.problem.escalations.filter(lifted_on__isnull=True).update(
        lifted_on=step.today, lifted_by=step.by, lifted_reason=reason[:300]
    )
    clocks.cancel_all(step)
    step.set(void_kind=kind, paused_since=None)
    step.to(Status.VOID)


@together
def withdraw_evidence(
    problem: Problem,
    *,
    by: User,
    attachment: Attachment,
    reason: str,
    belongs_to: Problem | None = None,
    now: datetime.datetime | None = None,
) -> Problem:
    """Take a file out of a problem's record, or give it to the problem it belongs to.

    The file, its hash and its custody log stay. Where that takes away what a gate stood on (nothing shows it
    before, or put right), the problem goes back to rectifying; a verified or closed one counts as reopened. Where
    one unit's report keeps no photo, that unit has not reported.
    """
    if belongs_to is not None:
        lock_both(problem, belongs_to)
    step = begin(Verb.WITHDRAW_EVIDENCE, problem, by=by, now=now)
    why = need(reason, _("Say why the file is withdrawn."), "reason")
    row = step.problem.attachments.filter(pk=attachment.pk, withdrawn_at__isnull=True).first()
    if row is None:
        raise Invalid(_("This file was withdrawn already."), field="attachment")
    gates = _gates(step.problem)
    row.withdrawn_at, row.withdrawn_by, row.withdrawn_reason = step.now, by, why[:300]
    row.moved_to = _give(step, row, belongs_to, why) if belongs_to is not None else None
    row.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason", "moved_to"])
    record_view(row.evidence, by, "withdrawn")
    back = step.problem.status in JUDGED and bool(gates - _gates(step.problem))
    if back:
        _back_to_rectifying(step)
    else:
        back = take_back(step, row.feedback)
    number = belongs_to.number if belongs_to else ""
    event = step.finish(reason=why, file=row.evidence_id[:12], belongs_to=number, back=back)
    if back:
        told = [*telling.handlers(step.problem), *telling.inspectors(step.problem)]
        telling.tell(event, step.problem, told, reason=why)
    return step.problem


def _give(step: Step, row: Attachment, problem: Problem, reason: str) -> Problem:
    """Put the file into the record of the problem it belongs to, whose history says where it came from."""
    other = begin(Verb.COMMENT, problem, by=step.by, now=step.now)
    other.verb = Verb.WITHDRAW_EVIDENCE
    if other.problem.pk == step.problem.pk or other.problem.office_id != step.problem.office_id:
        raise Invalid(_("Choose another problem of the same office."), field="belongs_to")
    shot = Shot(row.evidence, row.taken_at, row.lat, row.lon, row.accuracy, row.caption)
    attach(other, [shot], Phase(row.phase))
    other.finish(reason=reason, file=row.evidence_id[:12], came_from=step.problem.number)
    return other.problem


def _gates(problem: Problem) -> set[str]:
    """The photo gates that hold: it was shown before, it was shown put right."""
    held = {"before"} if standing(problem, Phase.BEFORE).exists() else set()
    return held | ({"fixed"} if shown_fixed(problem).exists() else set())


def _back_to_rectifying(step: Step) -> None:
    """The fix is no longer shown: its clock is unmade, with the date it had."""
    if step.problem.status in DONE:
        step.set(reopen_count=step.problem.reopen_count + 1)
    clocks.end_pause(step)
    clocks.cancel(step, Clock.VERIFY, Clock.CLOSE, Clock.LOOK_BACK)
    for row in list(clocks.held(step).values()):
        if row.clock == Clock.RECTIFY:
            clocks.change(step, row, met_on=None)
    for one in step.problem.assignments.live():
        one.state, one.reported_at = AssignmentState.CLAIMED, None
        one.save(update_fields=["state", "reported_at"])
    step.set(fixed_by=None, verified_by=None, verified_by_name="", verified_on=None, closed_by=None, closed_on=None)
    if step.problem.looked_back_on is None:
        step.set(look_back=False)
    clocks.follow(step)
    step.to(Status.RECTIFYING)
