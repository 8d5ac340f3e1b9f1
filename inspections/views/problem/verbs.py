"""Doing a verb to one problem: its form as a page of its own, the press of its button, and the refusals."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from django.views.decorators.http import require_http_methods

from casetracker import audit, presses
from casetracker.errors import IllegalMove, Invalid, NotAllowed
from casetracker.transactions import Together
from casetracker.wording import joined
from inspections import workflow
from inspections.enums import Verb
from inspections.forms import VERB_FORMS, VerbForm
from inspections.models import Problem
from inspections.subjects.events import NO_WHOLE_DAY
from inspections.views.problem import beside, clocks, neighbours, page, steps
from inspections.views.problem.record import Record, load
from inspections.workflow import engine
from inspections.workflow.engine import SUBJECT

# What the toast says once it is done.
DONE: dict[Verb, Any] = {
    Verb.FIX_ON_SPOT: gettext_lazy("%(number)s is fixed."),
    Verb.TO_CENTRAL: gettext_lazy("%(number)s is with the office."),
    Verb.NAME_CANDIDATES: gettext_lazy("The possible units of %(number)s are saved."),
    Verb.ASSIGN: gettext_lazy("%(number)s is assigned."),
    Verb.HAND_BACK: gettext_lazy("%(number)s is handed back."),
    Verb.RELEASE: gettext_lazy("A unit of %(number)s is released."),
    Verb.NAME_MISSING: gettext_lazy("The missing unit of %(number)s is named and told."),
    Verb.CLAIM: gettext_lazy("%(number)s is claimed."),
    Verb.BEGIN: gettext_lazy("Work on %(number)s has begun."),
    Verb.REPORT_BACK: gettext_lazy("%(number)s is reported back."),
    Verb.ASK_EXTENSION: gettext_lazy("The extension of %(number)s is asked for."),
    Verb.DECIDE_EXTENSION: gettext_lazy("The extension of %(number)s is decided."),
    Verb.RECHECK: gettext_lazy("The re-inspection of %(number)s is saved."),
    Verb.VERIFY: gettext_lazy("%(number)s is verified as fixed."),
    Verb.SEND_BACK: gettext_lazy("%(number)s is sent back."),
    Verb.CLOSE: gettext_lazy("%(number)s is closed."),
    Verb.REOPEN: gettext_lazy("%(number)s is open again."),
    Verb.PAUSE: gettext_lazy("The clock of %(number)s stands still."),
    Verb.RESUME: gettext_lazy("The clock of %(number)s goes on."),
    Verb.ESCALATE: gettext_lazy("%(number)s is escalated."),
    Verb.LIFT: gettext_lazy("The escalation of %(number)s is lifted."),
    Verb.COMMENT: gettext_lazy("The comment is saved."),
    Verb.AMEND: gettext_lazy("%(number)s is amended."),
    Verb.MERGE: gettext_lazy("%(number)s is merged."),
    Verb.VOID: gettext_lazy("%(number)s is voided."),
    Verb.WITHDRAW_EVIDENCE: gettext_lazy("The file is withdrawn."),
}


# What the state does not keep from being done twice, and what is said of a second press.
AGAIN = {
    Verb.COMMENT: gettext_noop("This comment is already saved."),
    Verb.RECHECK: gettext_noop("This re-inspection is already saved."),
    Verb.ESCALATE: gettext_noop("This escalation is already saved."),
}
DONE_BEFORE = gettext_noop("This is already done.")


@require_http_methods(["GET", "HEAD", "POST"])
def problem_verb(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """One verb of one problem: GET shows its form, POST does it and goes to the problem.

    Answers 422 for input that is not enough, 409 where the state does not allow it (any more), 403 with the
    reason where the person may not, 404 for a hidden problem or an unknown verb. What was typed and sent is
    kept. POST `inline` comes from the problem page and is answered there.
    """
    if verb not in VERB_FORMS:
        raise Http404
    record = load(request.user, pk)
    if request.method == "POST":
        return _do(request, record, Verb(verb))
    try:
        _check(record, Verb(verb))
    except (IllegalMove, NotAllowed) as error:
        # Nothing was pressed yet, so nobody can have been faster.
        heading = _("This is not possible now")
        return _form_page(request, record, Verb(verb), None, status=error.status, words=str(error), heading=heading)
    typed = {name: value for name, value in request.GET.items() if name != "seen"}
    if verb == Verb.SEND_BACK:
        typed.setdefault("result", "not_fixed")
    form = VERB_FORMS[Verb(verb)](problem=record.problem, by=record.user, initial=typed)
    return _form_page(request, record, Verb(verb), form)


def _check(record: Record, verb: Verb) -> None:
    if verb not in record.refusals:
        raise engine.impossible(verb, record.problem, record.user)
    if reason := record.refusals[verb]:
        raise engine.refused(verb, record.problem, reason)


def _do(request: HttpRequest, record: Record, verb: Verb) -> HttpResponse:
    form = VERB_FORMS[verb](request.POST, request.FILES, problem=record.problem, by=record.user)
    # Checked first of all, because it also takes the files in, which must survive any refusal.
    valid = form.is_valid()
    try:
        _check(record, verb)
        if valid:
            address = beside.address(record.problem, request)
            with presses.once(request, address, AGAIN.get(verb, DONE_BEFORE), alike=verb in AGAIN):
                done = _perform(form)
            messages.success(request, _words(record, done), extra_tags="5")
            return HttpResponseRedirect(address)
    except Invalid as error:
        form.refuse(error)
    except IllegalMove as error:
        now = load(request.user, record.problem.pk)
        heading = getattr(error, "heading", presses.UsedUp.heading if presses.is_used(request) else "")
        heading = heading or _own_heading(now)
        return _again(request, now, verb, form.kept(now.problem), status=409, words=str(error), heading=heading)
    except NotAllowed as error:
        if "inline" not in request.POST:
            return _form_page(request, record, verb, None, status=403, words=str(error))
        now = load(request.user, record.problem.pk)
        return _again(request, now, verb, form.kept(now.problem), status=403, words=str(error))
    return _again(request, record, verb, form, status=422)


def _words(record: Record, done: Verb) -> str:
    """What the toast says; `record` is how it was before."""
    words = str(DONE[done]) % {"number": record.problem.number}
    no_day = done == Verb.RESUME and record.problem.paused_since == record.today
    return joined([words, str(NO_WHOLE_DAY)]) if no_day else words


def _own_heading(record: Record) -> str:
    """Nobody was faster where the last thing that happened was done by the person, in another window perhaps."""
    last = audit.timeline(SUBJECT, record.problem.pk).first()
    return _("The last step here was your own") if last is not None and last.actor_id == record.user.pk else ""


def _perform(form: VerbForm) -> Verb:
    """Do what the form says, unless the problem has moved on since the person looked at it."""
    verb, data = form.move()
    with Together():
        if form.guarded and form.cleaned_data["seen"] is not None:
            version = Problem.objects.select_for_update(of=("self",)).values_list("version", flat=True)
            if version.get(pk=form.problem.pk) != form.cleaned_data["seen"]:
                raise _stale(form.problem)
        workflow.perform(verb, form.problem, by=form.by, **data)
    return verb


def _stale(problem: Problem) -> IllegalMove:
    last = _last(problem)
    words = {"number": problem.number, "who": last[0], "when": last[1]}
    return IllegalMove(
        _("%(number)s was changed while you looked at it (%(who)s, %(when)s). Look again, then press once more.")
        % words
    )


def _last(problem: Problem) -> tuple[str, str]:
    """Who wrote the last event of a problem, and at what time of day."""
    event = audit.timeline(SUBJECT, problem.pk).first()
    if event is None:
        return "Casetracker", ""
    return event.actor_name or "Casetracker", f"{timezone.localtime(event.at):%H:%M}"


def _again(
    request: HttpRequest,
    record: Record,
    verb: Verb,
    form: VerbForm,
    *,
    status: int,
    words: str = "",
    heading: Any = "",
) -> HttpResponse:
    """The refused form again where it was pressed: in its panel alone, in the page, or on its own page.

    After a conflict the whole page comes anew: its head, its path and what may be done have changed too.
    """
    if "inline" not in request.POST:
        return _form_page(request, record, verb, form, status=status, words=words, heading=heading)
    if not request.htmx or words:  # type: ignore[attr-defined]
        response = page.answer(request, record, status=status, form=form, conflict=words, heading=heading)
    else:
        step = page.step_context(record, clocks.current(record), verb, form=form)
        context = {"record": record, "problem": record.problem, "step": step}
        context["beside"] = beside.links(request, record.problem)
        response = render(request, "inspections/problem/_step.html", context, status=status)
        response["HX-Retarget"] = "#step"
    response["HX-Reswap"] = "outerHTML show:#step:top"
    return response


def _form_page(
    request: HttpRequest,
    record: Record,
    verb: Verb,
    form: VerbForm | None,
    *,
    status: int = 200,
    words: str = "",
    heading: Any = "",
) -> HttpResponse:
    """The page of one verb; without a form only the reason why there is none."""
    context = {
        "record": record,
        "problem": record.problem,
        "lit": page.head_light(record),
        "verb": verb.value,
        "title": verb.label,
        "form": form,
        "words": words,
        "heading": heading,
        "conflicting": status == 409,
        "gone": page.gone(record, verb),
        "url": reverse("problem_verb", args=[record.problem.pk, verb.value]) + beside.query(request),
        "problem_url": beside.address(record.problem, request),
        "beside": beside.links(request, record.problem),
        "duplicates": page.duplicates(record) if verb == Verb.ASSIGN else [],
        "alike": neighbours.likely_duplicates(record) if verb == Verb.MERGE and form is not None else [],
        "next": steps.next_step(record),
    }
    return render(request, "inspections/problem/verb.html", context, status=status)
