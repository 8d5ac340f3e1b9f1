"""What every verb has in common: lock, check the move and the right, change the state, write the history."""

import datetime
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Prefetch
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from casetracker import audit
from casetracker.bilingual import Named
from casetracker.errors import IllegalMove, Invalid, NotAllowed
from casetracker.models import Deadline, Event, Rules, Unit, User
from inspections import policy
from inspections.enums import Status, Verb
from inspections.models import Assignment, Problem, Stage
from inspections.workflow import table

SUBJECT = "problem"


@dataclass
class Step:
    """One verb under way: the locked problem, who does it, when; what the event will say."""

    verb: Verb
    problem: Problem
    by: User | None
    now: datetime.datetime
    today: datetime.date
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    # The current versions of the problem's clocks by kind and assignment, once clocks.py has read them.
    clocks: dict[tuple[str, UUID | None], Deadline] | None = None
    # Read when the first clock starts.
    rules: Rules | None = None
    # The unit of the post in which the person acts; history names it.
    unit: Unit | None = None
    # Units whose requests for more time lapsed by this verb; history tells of them with it.
    lapsed: list[str] = field(default_factory=list)

    def set(self, **values: Any) -> None:
        """Change plain columns of the problem, remembering before and after for the history."""
        for name, value in values.items():
            attname = Problem._meta.get_field(name).attname  # type: ignore[union-attr]
            if getattr(self.problem, attname) == getattr(value, "pk", value):
                continue
            self.before.setdefault(name, _label(getattr(self.problem, name)))
            self.after[name] = _label(value)
            setattr(self.problem, name, value)
            self.changed.add(name)

    def to(self, status: Status) -> None:
        """Move the problem into a status: the stay it leaves ends, the next begins."""
        if self.problem.status == status:
            return
        self.set(status=status, status_since=self.now)
        Stage.objects.filter(problem=self.problem, until__isnull=True).update(until=self.now)
        Stage.objects.create(problem=self.problem, status=status, since=self.now, verb=self.verb)

    def finish(self, **details: Any) -> Event:
        """Save what changed and write the event; the caller then tells people."""
        from inspections.workflow import clocks

        clocks.follow_step(self)
        if self.verb != Verb.REPORT:
            self.problem.version += 1
            self.changed.add("version")
        if self.changed:
            self.problem.save(update_fields=self.changed)
        self.problem.__dict__.pop("_prefetched_objects_cache", None)
        if self.lapsed:
            details["lapsed"] = self.lapsed
        self.before.pop("status_since", None)
        self.after.pop("status_since", None)
        return audit.record(
            subject_type=SUBJECT,
            subject_id=self.problem.pk,
            label=self.problem.number,
            verb=self.verb.value,
            by=self.by,
            at=self.now,
            actor_unit=self.unit,
            before=self.before,
            after=self.after,
            **details,
        )


def _label(value: Any) -> Any:
    """What history keeps of a value: a row with two names by its Chinese one, whatever the actor's language."""
    return value.name_zh if isinstance(value, Named) else value


def lock(problem_id: UUID) -> Problem:
    """The problem with its row locked until the transaction ends, and its assignments read."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A problem is locked inside the transaction that changes it.")
    return (
        Problem.objects.select_for_update(of=("self",))
        .select_related("office", "team", "lead_unit")
        .prefetch_related(Prefetch("assignments", Assignment.objects.select_related("unit", "responsible")))
        .defer("search")
        .get(pk=problem_id)
    )


def lock_both(one: Problem, other: Problem) -> None:
    """Lock two problems in the order of their ids, so that two changes at once can't wait for each other."""
    for key in sorted({one.pk, other.pk}):
        Problem.objects.select_for_update(of=("self",)).only("pk").get(pk=key)


def begin(verb: Verb, problem: Problem, *, by: User | None, now: datetime.datetime | None = None) -> Step:
    """Lock the problem and check the move and the right.

    Raises IllegalMove with the present state when the state of the problem, or of what the person answers for in
    it, does not allow the verb (any more), NotAllowed with the reason when the person may not do it. `by` is None
    for the system itself (the sweep).
    """
    locked = lock(problem.pk)
    # Read after the lock was won, and never before the state it leaves: whoever waited acts later.
    moment = max(now or timezone.now(), locked.status_since)
    if not table.legal(verb, locked.status, locked.route):
        raise impossible(verb, locked, by)
    if by is not None and (reason := policy.refusal(verb, locked, by)):
        raise refused(verb, locked, reason)
    unit = policy.acting_unit(verb, locked, by) if by is not None else None
    return Step(verb, locked, by, moment, timezone.localdate(moment), unit=unit)


def impossible(verb: Verb, problem: Problem, by: User | None) -> IllegalMove | NotAllowed:
    """What the present state does not allow, as the error it is: to be done later perhaps, or never by this person."""
    reason = policy.never(verb, problem, by) if by is not None else None
    return NotAllowed(reason) if reason else illegal(verb, problem)


def refused(verb: Verb, problem: Problem, reason: str) -> IllegalMove | NotAllowed:
    """What policy refuses, as the error it is: overtaken by somebody else, or not this person's right."""
    return illegal(verb, problem, reason) if isinstance(reason, policy.Overtaken) else NotAllowed(reason)


def illegal(verb: Verb, problem: Problem, reason: str = "") -> IllegalMove:
    """The refusal of a verb in the present state, naming who brought the problem there; a reason leads it."""
    last = (
        Event.objects.filter(subject_type=SUBJECT, subject_id=problem.pk)
        .order_by("-seq")
        .values_list("actor_name", "at", "verb")
        .first()
    )
    facts = {
        "number": problem.number,
        "state": problem.get_status_display(),
        "verb": verb.label,
        "reason": reason,
    }
    if last and last[0]:
        facts |= {"who": last[0], "when": timezone.localtime(last[1]).strftime("%H:%M")}
        message = (
            _("%(reason)s %(number)s is now “%(state)s” (%(who)s, %(when)s). Your change was not made.")
            if reason
            else _(
                "“%(verb)s” is not possible: %(number)s is now “%(state)s” (%(who)s, %(when)s). "
                "Your change was not made."
            )
        )
    elif reason:
        message = _("%(reason)s %(number)s is now “%(state)s”. Your change was not made.")
    else:
        message = _("“%(verb)s” is not possible: %(number)s is now “%(state)s”. Your change was not made.")
    return IllegalMove(message % facts, problem=problem)


def need(text: str | None, message: str | Promise, field: str, column: Any = None) -> str:
    """The text without outer space; Invalid with the message when there is none, or when it is longer than its
    column (`fit`)."""
    cleaned = (text or "").strip()
    if not cleaned:
        raise Invalid(message, field=field)
    return fit(cleaned, field, column) if column is not None else cleaned


def fit(text: str, field: str, column: Any) -> str:
    """The text without outer space; Invalid when it is longer than the column (a model's field, e.g. Problem.goal)."""
    cleaned = text.strip()
    limit = column.field.max_length
    if limit is not None and len(cleaned) > limit:
        words = {"limit": limit, "length": len(cleaned)}
        raise Invalid(_("At most %(limit)s characters; this has %(length)s.") % words, field=field)
    return cleaned
