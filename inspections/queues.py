"""The work queues of inspections: whose hands a running clock of a problem is in, and what is to be done."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from casetracker import options
from casetracker.enums import Role
from casetracker.models import Deadline, Event, Unit, User
from casetracker.registry import WorkQueue
from casetracker.work import Cut
from inspections import scope
from inspections.enums import WITH_UNIT, AssignmentRole, Clock, Decision, Route, Status, Verb
from inspections.four_eyes import part_of
from inspections.models import Assignment, Extension, Feedback, Problem
from inspections.queue_rows import rows_of

# A clock that stands still waits for nobody, unless it was late before it stopped.
MOVES = Q(paused_since__isnull=True) | Q(due_on__lt=F("paused_since"))


@dataclass(frozen=True)
class Hands:
    """Ids of the units whose clocks are in a person's hands: own teams, units supervised, led, handled for."""

    teams: tuple[int, ...]
    supervised: tuple[int, ...]
    led: tuple[int, ...]
    handled: tuple[int, ...]


def hands(user: User) -> Hands:
    """Worked out once per request from today's memberships."""
    known: Hands | None = user.__dict__.get("_inspection_hands")
    if known is None:
        see = scope.of(user)
        known = Hands(see.teams, _offices(user, Role.SUPERVISOR), _offices(user, Role.LEADER), see.handled)
        user.__dict__["_inspection_hands"] = known
    return known


def _offices(user: User, role: Role) -> tuple[int, ...]:
    """Everything under the offices of a person's posts in a role."""
    found: set[int] = set()
    for unit in user.units_as(role):
        found.update(Unit.objects.under(scope.bureau_of(unit)).values_list("pk", flat=True))
    return tuple(sorted(found))


# --- Rows -------------------------------------------------------------------------------------------


def _running(clock: Clock, units: tuple[int, ...]) -> QuerySet[Deadline]:
    rows = Deadline.objects.running().filter(MOVES, subject_type="problem", clock=clock)
    return rows.filter(unit__in=units) if units else rows.none()


def _about(rows: QuerySet[Deadline], user: User, *conditions: Q, **more: Any) -> QuerySet[Deadline]:
    """Those whose problem the person sees and is spoken of (an import is, once released)."""
    seen = Problem.objects.visible_to(user).filter(*conditions, pk=OuterRef("subject_id"), held=False, **more)
    return rows.filter(Exists(seen))


def _judged_by_others(user: User) -> Q:
    """As four_eyes() has it: not reported fixed by the person, nor assigned to a unit of theirs then."""
    said = Feedback.objects.filter(problem=OuterRef("pk"), by=user)
    fixed = Problem.objects.filter(merged_into=OuterRef("pk"), fixed_by=user)
    barred = Q(Exists(said)) | Q(fixed_by=user) | Q(Exists(fixed))
    seen = Event.objects.filter(
        subject_type="problem", subject_id=OuterRef("pk"), verb=Verb.FIX_ON_SPOT.value, actor_id=user.pk
    )
    barred |= (Q(reopen_count__gt=0) | Q(central_on__isnull=False)) & Q(Exists(seen))
    for post in user.posts_ever:
        own = Assignment.objects.with_merged(OuterRef(OuterRef("pk"))).filter(
            Q(ended_on__isnull=True) | Q(ended_on__gte=post.from_on), part_of(post.unit)
        )
        if post.until_on is not None:
            own = own.filter(assigned_on__lte=post.until_on)
        barred |= Q(Exists(own))
    return ~barred


def _asked_by_others(user: User) -> Q:
    """As policy.may_not_decide: neither the person nor a unit of theirs asked for it."""
    pending = Extension.objects.filter(decision=Decision.PENDING)
    barred = Q(Exists(pending.filter(assignment=OuterRef("part_id"), asked_by=user)))
    for post in user.posts_ever:
        own = Assignment.objects.filter(part_of(post.unit), pk=OuterRef("part_id"))
        if post.until_on is not None:
            asked = pending.filter(assignment=OuterRef("pk"), asked_at__date__lte=post.until_on)
            own = own.filter(Exists(asked))
        if post.from_on <= timezone.localdate():
            barred |= Q(Exists(own))
    return ~barred


def to_assign(user: User) -> QuerySet[Deadline]:
    return _about(_running(Clock.DEPLOY, hands(user).supervised), user, status=Status.FOUND)


def to_verify(user: User) -> QuerySet[Deadline]:
    mine = hands(user)
    rows = _running(Clock.VERIFY, mine.teams + mine.supervised)
    return _about(rows, user, _judged_by_others(user)) if mine.teams or mine.supervised else rows


def to_close(user: User) -> QuerySet[Deadline]:
    rows = _running(Clock.CLOSE, hands(user).supervised)
    if not hands(user).supervised:
        return rows
    conditions = [_judged_by_others(user)]
    if options.get("require_second_closer"):
        conditions.append(~Q(verified_by=user))
    return _about(rows, user, *conditions)


def to_decide(user: User) -> QuerySet[Deadline]:
    """Requests for more time that others asked for: a supervisor's, after two granted ones the leader's."""
    mine = hands(user)
    granted = Count("extensions", filter=Q(extensions__decision=Decision.GRANTED))
    twice = Assignment.objects.annotate(granted=granted).filter(
        # As policy.needs_leader: the lead's date is the problem's own.
        Q(role=AssignmentRole.LEAD, problem__extension_count__gte=2) | ~Q(role=AssignmentRole.LEAD) & Q(granted__gte=2),
        pk=OuterRef("part_id"),
    )
    by_others = _asked_by_others(user)
    ordinary = _about(_running(Clock.EXTENSION, mine.supervised).filter(by_others, ~Exists(twice)), user)
    raised = _about(_running(Clock.EXTENSION, mine.led).filter(by_others, Exists(twice)), user)
    if not mine.led:
        return ordinary
    return ordinary | raised if mine.supervised else raised


def to_look_back(user: User) -> QuerySet[Deadline]:
    mine = hands(user)
    rows = _running(Clock.LOOK_BACK, mine.teams + mine.supervised)
    return _about(rows, user, _judged_by_others(user)) if mine.teams or mine.supervised else rows


def to_answer_escalation(user: User) -> QuerySet[Deadline]:
    """Escalations whose date has come: the supervisor lifts them or goes further."""
    units = hands(user).supervised
    if not units:
        return Deadline.objects.none()
    due = Deadline.objects.running().filter(
        MOVES, subject_type="problem", clock=Clock.ESCALATION, due_on__lte=timezone.localdate()
    )
    return _about(due, user, office__in=units)


# --- The unit's own: one thing per assignment -------------------------------------------------------
# The unit has something to do only while the problem is with it (WITH_UNIT): after that its clocks are history,
# met or not. An assignment has three clocks at once. What is shown is the overdue rectification, else the claim that is
# still to come, else a first feedback that is late, else the rectification.


def _same_part(clock: Clock, **more: Any) -> Exists:
    return Exists(
        Deadline.objects.running().filter(
            subject_type="problem",
            subject_id=OuterRef("subject_id"),
            part_id=OuterRef("part_id"),
            clock=clock,
            **more,
        )
    )


def to_claim(user: User) -> QuerySet[Deadline]:
    rows = _running(Clock.CLAIM, hands(user).handled)
    rows = rows.exclude(_same_part(Clock.RECTIFY, due_on__lt=timezone.localdate()))
    return _about(rows, user, status__in=WITH_UNIT)


def to_give_feedback(user: User) -> QuerySet[Deadline]:
    today = timezone.localdate()
    rows = _running(Clock.FEEDBACK, hands(user).handled).filter(due_on__lt=today)
    rows = rows.exclude(_same_part(Clock.CLAIM)).exclude(_same_part(Clock.RECTIFY, due_on__lt=today))
    return _about(rows, user, status__in=WITH_UNIT)


def to_rectify(user: User) -> QuerySet[Deadline]:
    """The unit's, and a team's own: problems told on the spot to a party without a unit."""
    today = timezone.localdate()
    mine = hands(user)
    asked = _same_part(Clock.CLAIM) | _same_part(Clock.FEEDBACK, due_on__lt=today)
    own = _running(Clock.RECTIFY, mine.handled).filter(Q(due_on__lt=today) | ~asked, part_id__isnull=False)
    own = _about(own, user, status__in=WITH_UNIT)
    if not mine.teams:
        return own
    told = _running(Clock.RECTIFY, mine.teams).filter(part_id__isnull=True)
    told = _about(told, user, route=Route.ON_SPOT, status__in=WITH_UNIT)
    return own | told if mine.handled else told


def asked_for_more(user: User) -> QuerySet[Deadline]:
    """Of the unit's own: those with a request for more time that is not decided."""
    pending = Extension.objects.filter(decision=Decision.PENDING, assignment__unit__in=hands(user).handled)
    parts: QuerySet[Extension, UUID] = pending.values_list("assignment", flat=True)
    return Deadline.objects.running().filter(subject_type="problem", part_id__in=parts)


QUEUES = (
    WorkQueue("verify", Clock.VERIFY, _("Verify"), Verb.VERIFY, 1, to_verify, rows_of(Verb.VERIFY)),
    WorkQueue("close", Clock.CLOSE, _("Close"), Verb.CLOSE, 2, to_close, rows_of(Verb.CLOSE)),
    WorkQueue(
        "decide",
        Clock.EXTENSION,
        _("Decide extensions"),
        Verb.DECIDE_EXTENSION,
        3,
        to_decide,
        rows_of(Verb.DECIDE_EXTENSION),
    ),
    WorkQueue("assign", Clock.DEPLOY, _("Assign"), Verb.ASSIGN, 4, to_assign, rows_of(Verb.ASSIGN)),
    WorkQueue("claim", Clock.CLAIM, _("Claim"), Verb.CLAIM, 5, to_claim, rows_of(Verb.CLAIM)),
    WorkQueue("feedback", Clock.FEEDBACK, _("First feedback"), Verb.BEGIN, 6, to_give_feedback, rows_of(Verb.BEGIN)),
    WorkQueue("rectify", Clock.RECTIFY, _("Put right"), Verb.REPORT_BACK, 7, to_rectify, rows_of(Verb.REPORT_BACK)),
    WorkQueue("look_back", Clock.LOOK_BACK, _("Look back"), Verb.RECHECK, 8, to_look_back, rows_of(Verb.RECHECK)),
    WorkQueue("escalation", Clock.ESCALATION, _("Escalations"), Verb.LIFT, 9, to_answer_escalation, rows_of(Verb.LIFT)),
)
ASKED = Cut("asked", _("Asked for more time"), asked_for_more)
