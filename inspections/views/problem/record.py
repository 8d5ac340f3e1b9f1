"""Reading one problem with all its parts, and what this person may do to it, in few queries."""

import datetime
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Prefetch, prefetch_related_objects
from django.db.models.functions import JSONObject
from django.http import Http404
from django.utils import timezone

from casetracker import audit
from casetracker.models import Event, Unit, User
from inspections import policy, scope, workflow
from inspections.enums import LIVE_ASSIGNMENT, Status, Verb
from inspections.models import (
    Assignment,
    Attachment,
    Comment,
    Escalation,
    Extension,
    Feedback,
    Named,
    Problem,
    Recheck,
    Stage,
    VisitInspector,
)
from inspections.workflow.engine import SUBJECT
from inspections.workflow.evidence import TAKEN_UP, withdrawn_elsewhere

RELATED = (
    "office",
    "team",
    "site",
    "district",
    "kind",
    "lead_unit",
    "acceptor",
    "reported_by",
    "checklist_item",
)

# What is told of a piece in the media that named the problem.
PIECE = {"on": "published_on", "medium": "exposure__medium", "title": "exposure__title", "result": "follow_up_result"}
# Parts that exist only once the history tells of them; an import or a merger may bring any of them.
PARTS: dict[str, tuple[Any, tuple[str, ...], set[str]]] = {
    "extensions": (Extension, ("assignment__unit", "asked_by", "decided_by"), {Verb.ASK_EXTENSION}),
    "feedbacks": (Feedback, ("by",), {Verb.REPORT_BACK}),
    "rechecks": (Recheck, ("by",), {Verb.RECHECK, Verb.VERIFY, Verb.SEND_BACK}),
    "escalations": (Escalation, ("by",), {Verb.ESCALATE}),
    "comments": (Comment, ("by",), {Verb.COMMENT}),
}
BRING_ALL = {Verb.IMPORT, Verb.MERGE}
# With none but these behind it, a problem was never in any unit's hands.
UNGIVEN = {Verb.REPORT, Verb.NAME_CANDIDATES, Verb.COMMENT, Verb.AMEND, Verb.RECHECK, Verb.PAUSE, Verb.RESUME}


@dataclass
class Record:
    """A problem with its parts loaded, for one reader on one day."""

    problem: Any  # Problem with the annotations of load()
    user: User
    today: datetime.date
    events: list[Event]

    @cached_property
    def pieces(self) -> list[dict[str, Any]]:
        """The pieces in the media that named the problem: their day, medium, title, and the follow-up's result."""
        return [one | {"on": datetime.date.fromisoformat(one["on"])} for one in self.problem.exposed]

    @cached_property
    def inside(self) -> bool:
        """Whether the reader belongs to the office's side and not only to a unit that answers."""
        see = scope.of(self.user)
        problem = self.problem
        return problem.office_id in see.offices or problem.team_id in see.teams or problem.district_id in see.districts

    @cached_property
    def refusals(self) -> dict[Verb, str | None]:
        """Every verb that the present state allows, with the reason why this person may not do it (None: may)."""
        problem = self.problem
        return {
            move.verb: policy.refusal(move.verb, problem, self.user)
            for move in workflow.MOVES
            if workflow.legal(move.verb, problem.status, problem.route)
        }

    @property
    def allowed(self) -> list[Verb]:
        return [verb for verb, reason in self.refusals.items() if reason is None]

    @cached_property
    def assignments(self) -> list[Assignment]:
        return list(self.problem.assignments.all())

    @property
    def live(self) -> list[Assignment]:
        return [one for one in self.assignments if one.state in LIVE_ASSIGNMENT]

    @cached_property
    def own(self) -> Assignment | None:
        return policy.own_assignment(self.user, self.problem)

    @cached_property
    def ended_own(self) -> Assignment | None:
        """The reader's own assignment where it has ended and none runs: reading only."""
        if self.inside or self.own is not None:
            return None
        handled = scope.of(self.user).handled
        own = [one for one in self.assignments if one.unit_id in handled]
        return own[-1] if own else None

    @cached_property
    def taken_up(self) -> datetime.datetime | None:
        """When the problem was last taken up again; None where it never was."""
        turns = [stay for stay in self.problem.stays if stay["verb"] in TAKEN_UP]
        return datetime.datetime.fromisoformat(turns[-1]["since"]) if turns else None

    @cached_property
    def last_recheck(self) -> Recheck | None:
        """The last re-inspection that looked, since the problem was taken up again."""
        since = self.taken_up
        checked = [one for one in self.problem.rechecks.all() if one.result != "not_checked"]
        recent = [one for one in checked if since is None or one.at > since]
        return recent[-1] if recent else None

    @cached_property
    def unit_names(self) -> dict[str, str]:
        """The stored Chinese unit names of the history by the names of the reader's language."""
        problem = self.problem
        units = [problem.office, problem.team, problem.acceptor, *(one.unit for one in self.assignments)]
        if problem.status == Status.FOUND:
            units += problem.candidates.all()
        return {unit.name_zh: unit.name for unit in units if unit is not None}


def load(user: Any, pk: UUID) -> Record:
    """The problem of this id with its parts, if the person may see it; else Http404."""
    stages = Stage.objects.filter(problem=OuterRef("pk")).order_by("since", "id")
    people = VisitInspector.objects.filter(visit=OuterRef("visit")).order_by("pk").values("name")
    pieces = Named.objects.counted().filter(problem=OuterRef("pk")).order_by("published_on", "pk")
    problem = (
        Problem.objects.visible_to(user)
        .filter(pk=pk)
        .select_related(*RELATED)
        .defer("search", "site__search")
        .annotate(
            stays=ArraySubquery(stages.values(json=JSONObject(status="status", since="since", verb="verb"))),
            inspector_names=ArraySubquery(people),
            exposed=ArraySubquery(pieces.values(json=JSONObject(**PIECE))),
        )
        .first()
    )
    if problem is None:
        raise Http404
    events = list(audit.timeline(SUBJECT, pk))
    _load_parts(problem, events)
    return Record(problem, user, timezone.localdate(), events)


def _load_parts(problem: Problem, events: list[Event]) -> None:
    verbs = {event.verb for event in events}
    shown = {"withdrawn_elsewhere": withdrawn_elsewhere()}
    files = Prefetch("attachments", Attachment.objects.select_related("evidence", "added_by").annotate(**shown))
    lookups: list[Any] = [files]
    empty: dict[str, Any] = {}
    if problem.status == Status.FOUND and verbs <= UNGIVEN:
        empty["assignments"] = Assignment.objects.none()
    else:
        lookups.append(Prefetch("assignments", Assignment.objects.select_related("unit", "batch")))
    if problem.status == Status.FOUND:
        named = Verb.NAME_CANDIDATES in verbs or any(event.details.get("candidates") for event in events)
        if named:
            lookups.append("candidates")
        else:
            empty["candidates"] = Unit.objects.none()
    if Verb.MERGE in verbs:
        lookups.append("merged__assignments__unit")
    else:
        empty["merged"] = Problem.objects.none()
    for name, (model, joins, brought_by) in PARTS.items():
        if verbs & (brought_by | BRING_ALL):
            lookups.append(Prefetch(name, model.objects.select_related(*joins)))
        else:
            empty[name] = model.objects.none()
    prefetch_related_objects([problem], *lookups)
    cache: dict[str, Any] = problem._prefetched_objects_cache  # type: ignore[attr-defined]
    cache.update(empty)
