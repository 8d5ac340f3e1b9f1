"""What waits, as rows of my work: the light of the clock that runs, what happened last, the next step."""

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from casetracker import calendars
from casetracker.bilingual import in_language
from casetracker.dates import short_date
from casetracker.explain import lateness
from casetracker.explain.lateness import moved_note
from casetracker.models import Deadline, Unit, User
from casetracker.templatetags.ui import lang_run
from casetracker.wording import fill
from casetracker.work import Act, Row
from casetracker.workdays import light
from inspections.enums import AssignmentRole, AssignmentState, Clock, Decision, Route, Status, Verb
from inspections.models import Assignment, Extension, Feedback, Problem

Facts = Sequence[str]


def rows_of(verb: Verb) -> Callable[[list[Deadline], User, datetime.date], list[Row]]:
    """The function that makes the rows of one queue; two or three queries, however many deadlines."""
    return partial(_rows, verb)


def _rows(verb: Verb, deadlines: list[Deadline], user: User, today: datetime.date) -> list[Row]:
    candidates = Count("candidates", distinct=True) if verb == Verb.ASSIGN else Count("pk")
    ids = {row.subject_id for row in deadlines}
    seen = Problem.objects.visible_to(user).filter(pk__in=ids).for_rows().annotate(named=candidates)
    problems = {problem.pk: problem for problem in seen}
    facts, acts = MAKERS[verb](deadlines, problems, today)
    return [
        _row(verb, row, problems[row.subject_id], facts[row.pk], acts.get(row.pk, (None, None)), today)
        for row in deadlines
    ]


def step_url(problem_id: UUID, verb: str) -> str:
    """Where a step is taken: the page with the form of the verb."""
    return reverse("problem_verb", args=[problem_id, verb])


def act(problem_id: UUID, verb: Verb, word: str = "") -> Act:
    icon = "camera" if verb == Verb.REPORT_BACK else ""
    return Act(verb.value, word or str(verb.label), step_url(problem_id, verb.value), icon)


def _row(
    verb: Verb,
    row: Deadline,
    problem: Problem,
    facts: Facts,
    acts: tuple[Act | None, Act | None],
    today: datetime.date,
) -> Row:
    near = row.rule.near_workdays if row.rule is not None else 1
    return Row(
        subject_id=problem.pk,
        url=reverse("problem", args=[problem.pk]),
        light=light(row.due_on, today, calendars.load(), near),
        words=_words(row, verb, today),
        title=problem.title,
        number=problem.number,
        place=problem.site_name,
        text=problem.said,
        facts=facts,
        act=acts[0] or act(problem.pk, verb, WORDS.get(verb, str)()),
        also=acts[1],
        provisional=row.provisional,
    )


# The word of a button that differs from its verb's.
WORDS: dict[Verb, Callable[[], str]] = {
    Verb.RECHECK: lambda: _("Look back"),
    Verb.LIFT: lambda: pgettext("an escalation", "Lift"),
}


def _words(row: Deadline, verb: Verb, today: datetime.date) -> str:
    """The light's words: "3 days late" for the rectification, else with the clock's name or the verb."""
    if row.clock == Clock.RECTIFY:
        return lateness(row.due_on, today)
    step = None if verb == Verb.LIFT else WORDS.get(verb, lambda: str(verb.label))()
    name = pgettext("on an extension", "Decision") if row.clock == Clock.EXTENSION else str(Clock(row.clock).label)
    words = lateness(row.due_on, today, clock_name=name, verb=step)
    if row.due_on == today and row.rule is not None and row.rule.cutoff is not None:
        return _("%(words)s, by %(time)s") % {"words": words, "time": f"{row.rule.cutoff:%H:%M}"}
    return words


# --- What happened, per queue -----------------------------------------------------------------------

Made = tuple[Mapping[int, Facts], Mapping[int, tuple[Act | None, Act | None]]]
Problems = Mapping[UUID, Problem]


def _when(moment: datetime.datetime | datetime.date, today: datetime.date) -> str:
    """today, or 2 Dec."""
    day = timezone.localdate(moment) if isinstance(moment, datetime.datetime) else moment
    return _("today") if day == today else short_date(day, today)


def unit_words(unit: Unit) -> str:
    """A unit in the words of a row: its short name in Chinese, its English name where the reader is English."""
    return in_language(unit.short, unit.name_en)


def _photos(count: int) -> str:
    return ngettext("%(count)s photo", "%(count)s photos", count) % {"count": count}


def _reported(deadlines: list[Deadline], problems: Problems, today: datetime.date) -> Made:
    """Reported fixed 2 Dec by the unit, 2 photos."""
    # As the gate counts them: what nobody can open shows nothing.
    photo = Q(attachments__evidence__kind="photo", attachments__evidence__unreadable="")
    shown = Count("attachments", filter=photo & Q(attachments__withdrawn_at__isnull=True))
    rows = Feedback.objects.filter(problem__in=problems).annotate(photos=shown).order_by("at")
    latest = {row.problem_id: row for row in rows.select_related("assignment__unit", "by")}
    facts = {}
    for row in deadlines:
        problem, said = problems[row.subject_id], latest.get(row.subject_id)
        unit = said.assignment.unit if said and said.assignment else problem.lead_unit
        who = unit_words(unit) if unit else str(said.by) if said else ""
        words = {"date": _when(said.at if said else problem.met_on or row.started_on, today), "who": lang_run(who)}
        sentence = _("Reported fixed %(date)s by %(who)s") if who else _("Reported fixed %(date)s")
        photos = said.photos if said else 0
        facts[row.pk] = [pgettext("between facts", ", ").join([fill(sentence, **words), _photos(photos)])]
    return facts, {}


def _verified(deadlines: list[Deadline], problems: Problems, today: datetime.date) -> Made:
    facts = {}
    for row in deadlines:
        problem = problems[row.subject_id]
        date = _when(problem.verified_on or row.started_on, today)
        on_spot = problem.route == Route.ON_SPOT and problem.fixed_by_id == problem.verified_by_id
        sentence = _("Fixed on the spot %(date)s by %(who)s") if on_spot else _("Verified %(date)s by %(who)s")
        facts[row.pk] = [fill(sentence, date=date, who=lang_run(problem.verified_by_name))]
    return facts, {}


def _asked(deadlines: list[Deadline], problems: Problems, today: datetime.date) -> Made:
    """The unit asks for 7 more days (first extension)."""
    granted = Count("assignment__extensions", filter=Q(assignment__extensions__decision=Decision.GRANTED))
    rows = _pending(row.part_id for row in deadlines).select_related("assignment__unit").annotate(granted=granted)
    asked = {one.assignment_id: one for one in rows}
    nth = {0: _("first extension"), 1: _("second extension")}
    facts: dict[int, list[str]] = {row.pk: [] for row in deadlines}
    for row in deadlines:
        one = asked.get(row.part_id) if row.part_id else None
        if one is None:
            continue
        days = (one.wanted_on - one.old_due_on).days
        sentence = ngettext(
            "%(who)s asks for %(count)s more day (%(nth)s)", "%(who)s asks for %(count)s more days (%(nth)s)", days
        )
        lead = one.assignment.role == AssignmentRole.LEAD
        # As in policy.needs_leader(): the lead's date is the problem's own.
        before = problems[row.subject_id].extension_count if lead else one.granted
        which = nth.get(before, _("after two extensions"))
        facts[row.pk] = [fill(sentence, who=lang_run(unit_words(one.assignment.unit)), count=days, nth=which)]
        if one.is_late:
            facts[row.pk].append(_("asked late"))
    return facts, {}


def _pending(parts: Iterable[UUID | None]) -> QuerySet[Extension]:
    return Extension.objects.filter(assignment__in=[part for part in parts if part], decision=Decision.PENDING)


def _found(deadlines: list[Deadline], problems: Problems, today: datetime.date) -> Made:
    """Found 05:12 by the team, two units possible."""
    facts = {}
    for row in deadlines:
        problem = problems[row.subject_id]
        at_time = problem.found_at if problem.found_at and problem.found_on == today else None
        date = f"{timezone.localtime(at_time):%H:%M}" if at_time else _when(problem.found_on, today)
        found = fill(_("Found %(date)s by %(who)s"), date=date, who=lang_run(unit_words(problem.team)))
        named = problem.named  # type: ignore[attr-defined]
        several = ngettext("%(count)s unit possible", "%(count)s units possible", named) % {"count": named}
        facts[row.pk] = [found, *([several] if named > 1 else [])]
    return facts, {}


def _own(deadlines: list[Deadline], problems: Problems, today: datetime.date) -> Made:
    """A unit's own: how far its assignment is, how the date moved, and more time to ask for."""
    parts = {row.part_id for row in deadlines if row.part_id}
    assignments = Assignment.objects.filter(pk__in=parts).in_bulk()
    asked = set(_pending(parts).values_list("assignment", flat=True))
    facts: dict[int, Facts] = {}
    acts: dict[int, tuple[Act | None, Act | None]] = {}
    for row in deadlines:
        problem, own = problems[row.subject_id], assignments.get(row.part_id) if row.part_id else None
        verb = next_verb(problem, own)
        step = act(problem.pk, verb) if verb else Act("", _("Open"), reverse("problem", args=[problem.pk]))
        acts[row.pk] = (step, _more_time(problem, own, own is not None and own.pk in asked))
        facts[row.pk] = _standing(row, problem, own, today)
    return facts, acts


def next_verb(problem: Problem, own: Assignment | None) -> Verb | None:
    """What a unit does next, by the state of its assignment; None while it can only wait for the lead."""
    if own is None:
        return Verb.REPORT_BACK
    if own.state == AssignmentState.ASSIGNED and problem.route != Route.ON_SPOT:
        return Verb.CLAIM
    if problem.status == Status.RECTIFYING:
        return Verb.REPORT_BACK
    return Verb.BEGIN if own.role == AssignmentRole.LEAD and problem.status == Status.CLAIMED else None


def _more_time(problem: Problem, own: Assignment | None, asked: bool) -> Act | None:
    if own is None:
        return None
    if asked:
        waits = _("A request is already waiting for a decision.")
        return Act(Verb.ASK_EXTENSION.value, _("Extension asked"), "", reason=waits)
    return act(problem.pk, Verb.ASK_EXTENSION)


def _standing(row: Deadline, problem: Problem, own: Assignment | None, today: datetime.date) -> Facts:
    facts: list[str] = []
    if row.clock == Clock.RECTIFY:
        extended = sum(1 for entry in row.agreed if entry[2] == "extended")
        moved = moved_note(row.first_due_on, row.due_on, extended, today)
        due = _("due %(date)s") % {"date": short_date(row.due_on, today)}
        facts.append(pgettext("between facts", ", ").join(part for part in (due, moved) if part))
    if own is not None and own.state == AssignmentState.ASSIGNED and problem.route != Route.ON_SPOT:
        facts.append(_("not claimed yet"))
    elif own is not None and own.responsible_name:
        facts.append(lang_run(own.responsible_name))
    if problem.return_count and problem.status == Status.RECTIFYING:
        often = {"count": problem.return_count}
        facts.append(ngettext("sent back once", "sent back %(count)s times", problem.return_count) % often)
    if own is not None and own.role != AssignmentRole.LEAD:
        facts.append(str(AssignmentRole(own.role).label))
    return facts


def _escalated(deadlines: list[Deadline], problems: Problems, today: datetime.date) -> Made:
    facts = {}
    for row in deadlines:
        unit = problems[row.subject_id].lead_unit
        who = unit_words(unit) if unit else ""
        words = {"who": lang_run(who), "date": short_date(row.due_on, today)}
        facts[row.pk] = [fill(_("%(who)s was to answer by %(date)s"), **words)]
    return facts, {}


MAKERS: dict[Verb, Callable[[list[Deadline], Problems, datetime.date], Made]] = {
    Verb.VERIFY: _reported,
    Verb.CLOSE: _verified,
    Verb.DECIDE_EXTENSION: _asked,
    Verb.ASSIGN: _found,
    Verb.CLAIM: _own,
    Verb.BEGIN: _own,
    Verb.REPORT_BACK: _own,
    Verb.RECHECK: _verified,
    Verb.LIFT: _escalated,
}
