"""The problem page itself: everything that is known, the one next step, what else may be done."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from casetracker import calendars
from casetracker.explain import moved_note
from casetracker.models import Deadline
from inspections import policy
from inspections.enums import Clock, Status, Verb
from inspections.forms import VERB_FORMS, VerbForm
from inspections.presenting import Lit, light_of
from inspections.views.problem import beside, clocks, neighbours, panels, remarks, steps
from inspections.views.problem.record import Record, load

# The clock that a step is done by, for the light in its head.
STEP_CLOCKS: dict[Verb, Clock] = {
    Verb.ASSIGN: Clock.DEPLOY,
    Verb.CLAIM: Clock.CLAIM,
    Verb.BEGIN: Clock.FEEDBACK,
    Verb.REPORT_BACK: Clock.RECTIFY,
    Verb.FIX_ON_SPOT: Clock.RECTIFY,
    Verb.VERIFY: Clock.VERIFY,
    Verb.CLOSE: Clock.CLOSE,
    Verb.DECIDE_EXTENSION: Clock.EXTENSION,
}


@require_safe
def problem(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The page of a problem that the person may see, 404 otherwise; for htmx only what stands between the bars.

    Query: `from` the query of the list one came from, `at` the spot of the problem in it, `go` next or previous in
    that list, `timeline` all or clock.
    """
    record = load(request.user, pk)
    way = request.GET.get("go")
    if way in (beside.FORWARD, beside.BACK):
        return beside.follow(request, record.problem, way)
    return answer(request, record)


def answer(
    request: HttpRequest,
    record: Record,
    *,
    status: int = 200,
    form: VerbForm | None = None,
    conflict: str = "",
    heading: Any = "",
) -> HttpResponse:
    """The page with its next step, or with a form that was refused in the place of the next step.

    `conflict` says why it was refused, `heading` what stands over that where nobody was faster.
    """
    context = page_context(request, record, form=form, conflict=conflict)
    context["step"]["heading"] = heading
    whole = "inspections/problem/_page.html" if request.htmx else "inspections/problem/page.html"  # type: ignore[attr-defined]
    if request.htmx:  # type: ignore[attr-defined]
        context["toasts"] = list(messages.get_messages(request))
    return render(request, whole, context, status=status)


def page_context(request: HttpRequest, record: Record, *, form: VerbForm | None, conflict: str) -> dict[str, Any]:
    """Everything the page shows; each panel has its own function."""
    rows = clocks.current(record)
    main, other = clocks.explained(record, rows)
    step = form.verb if form is not None else steps.next_step(record)
    return {
        "record": record,
        "problem": record.problem,
        "lit": head_light(record),
        "provisional": any(one.row.provisional for one in main if one.row.met_on is None),
        "steps": panels.path(record),
        "clocks": main,
        "other_clocks": other,
        "rule_note": clocks.in_force(main),
        "pair": panels.photos(record),
        "files": panels.files(record),
        "history": panels.timeline(record, request.GET.get("timeline", "")),
        "comments": panels.comments(record),
        "addressees": panels.addressees(record, rows),
        "missing_roles": panels.missing_roles(record),
        "neighbours": neighbours.neighbours(record),
        "duplicates": duplicates(record),
        "remarks": remarks.remarks(record, beside.query(request)),
        "step": step_context(record, rows, step, form=form, conflict=conflict),
        "groups": steps.other_actions(record, step),
        "moved": moved(record),
        "can": {verb.value for verb in record.allowed},
        "beside": beside.links(request, record.problem),
    }


def head_light(record: Record) -> Lit:
    """The light of the page's head, which is that of its row in a list."""
    return light_of(record.problem, record.today, calendars.load())


def step_context(
    record: Record, rows: list[Deadline], step: Verb | None, *, form: VerbForm | None = None, conflict: str = ""
) -> dict[str, Any]:
    """The panel of the next step: its form, or why there is none."""
    if step is None:
        return {"barred": steps.barred(record), "waits": steps.waits_for(record), "ended": steps.ended(record)}
    shown = form or VERB_FORMS[step](problem=record.problem, by=record.user)
    return {
        "verb": step.value,
        "title": step.label,
        "form": shown,
        "url": reverse("problem_verb", args=[record.problem.pk, step.value]),
        "lit": step_light(record, rows, step),
        "second": steps.second_step(record, step),
        "judges": step in (Verb.VERIFY, Verb.SEND_BACK, Verb.CLOSE),
        "conflict": conflict,
        "gone": gone(record, step),
        "refused": _may_not(record, step),
    }


def _may_not(record: Record, verb: Verb) -> bool:
    """Is it the person who may not, so that nobody was faster?"""
    reason = record.refusals.get(verb)
    return reason is not None and not isinstance(reason, policy.Overtaken)


def gone(record: Record, verb: Verb) -> str:
    """Why a form that is shown again after a conflict can't be pressed any more; empty where it can."""
    if verb in record.allowed:
        return ""
    return _("This can’t be done any more. What you typed stands here until you leave the page.")


def step_light(record: Record, rows: list[Deadline], step: Verb) -> Lit | None:
    clock = STEP_CLOCKS.get(step)
    own = record.own.pk if record.own is not None else None
    waiting = [row for row in rows if row.clock == clock and row.met_on is None and row.part_id in (None, own)]
    if not waiting and step == Verb.DECIDE_EXTENSION:
        waiting = [row for row in rows if row.clock == clock and row.met_on is None]
    return clocks.lit_of(waiting[0], record) if waiting else None


def duplicates(record: Record) -> list[Any]:
    """Shown before it is assigned, to those who might merge it."""
    if record.problem.status != Status.FOUND or not record.inside:
        return []
    return neighbours.likely_duplicates(record)


def moved(record: Record) -> str:
    """How the date moved since it was first set; empty where it did not."""
    problem = record.problem
    if problem.due_on is None or problem.first_due_on is None:
        return ""
    return moved_note(problem.first_due_on, problem.due_on, problem.extension_count, record.today)
