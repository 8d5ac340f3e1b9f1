"""The whole loop under random use: whoever tries whatever, whenever, what must always hold does hold."""

import datetime
import os
import random
from collections import Counter
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from casetracker.enums import Role
from casetracker.errors import DomainError
from casetracker.models import Deadline, Event, Evidence, Membership, User
from inspections import workflow
from inspections.enums import (
    WITH_UNIT,
    AssignmentRole,
    Audience,
    Clock,
    EscalationLevel,
    Result,
    Route,
    Severity,
    Status,
    Verb,
    VoidKind,
)
from inspections.models import Problem, Site
from inspections.workflow import MOVES, Addressee, Shot
from tests.builders import at, make_paper, make_photo, make_problem, make_site
from tests.cast import Cast, forget, make_person
from tests.inspections.reading import events, fresh, snapshot

FULL = bool(os.environ.get("CASETRACKER_FULL"))
SIZE = settings(max_examples=500 if FULL else 18, stateful_step_count=60 if FULL else 40)

DAY = datetime.timedelta(days=1)
SEEDS = st.integers(0, 2**32)
BUSY = [
    "supervisor1",
    "handler1",
    "inspector1",
    "supervisor2",
    "handler2",
    "mover",
    "leader1",
]
HANDLERS = {"市住建局": "handler1", "市城管局": "handler2", "解放区政府": "government1"}
# Where the mover may be, and as what.
POSTS = [
    ("housing", Role.HANDLER),
    ("jiefang", Role.HANDLER),
    ("team1", Role.INSPECTOR),
    ("office", Role.SUPERVISOR),
]
HOURS = st.sampled_from([0, 0, 20, 72, 200])
WHICH = st.integers(0, 2)
# What takes a problem out of the game is tried less often.
ENDS = (Verb.VOID, Verb.MERGE)
# What advance() does anyway, or what anybody may do at any time: chosen when nothing rarer is offered.
FREQUENT = {Verb.ASSIGN, Verb.CLAIM, Verb.BEGIN, Verb.REPORT_BACK, Verb.VERIFY, Verb.CLOSE, Verb.COMMENT, Verb.RECHECK}
# The clocks that may wait for somebody in each state.
MAY_WAIT = {
    Status.FOUND: {"deploy", "escalation"},
    **dict.fromkeys(WITH_UNIT, {"claim", "feedback", "rectify", "extension", "escalation"}),
    Status.REPORTED: {"verify", "escalation"},
    Status.VERIFIED: {"close", "look_back", "escalation"},
    # An order to hurry is lifted by an act of its own, also afterwards.
    Status.CLOSED: {"look_back", "escalation"},
    Status.VOID: set(),
}
MUST_WAIT = {Status.FOUND: "deploy", Status.REPORTED: "verify", Status.VERIFIED: "close"}


class Loop(RuleBasedStateMachine):
    """Three problems, ten people, days that pass; one of the people keeps changing posts."""

    people: Cast
    everybody: dict[str, User]
    places: list[Site]
    photos: list[Evidence]
    papers: list[Evidence]
    done: Counter[str] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.now = at("2019-12-02 09:00")
        self.problems: list[Problem] = []
        self.versions: dict[Any, int] = {}
        self.tried: Counter[Verb] = Counter()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @initialize(severity=st.sampled_from(Severity), with_unit=st.booleans())
    def find_problems(self, severity: Severity, with_unit: bool) -> None:
        unit = self.people.housing if with_unit else None
        for route, unit_then in ((Route.CENTRAL, None), (Route.ON_SPOT, unit), (Route.CENTRAL, None)):
            status = Status.RECTIFYING if route == Route.ON_SPOT else Status.FOUND
            self.problems.append(
                make_problem(
                    self.people,
                    route=route,
                    status=status,
                    unit=unit_then,
                    severity=severity,
                    site=self.places[0],
                    now=self.now,
                )
            )

    @rule(which=WHICH, hours=HOURS, seed=SEEDS)
    def advance(self, which: int, hours: int, seed: int) -> None:
        """The next step of the loop, done as it should be."""
        chance = random.Random(seed)
        self._go_on(hours, chance)
        problem, co = fresh(self.problems[which]), chance.random() < 0.5
        live = list(problem.assignments.live().select_related("unit").order_by("role"))
        photos = {"shots": [Shot(chance.choice(self.photos))]}
        if problem.status == Status.FOUND:
            more = [Addressee(self.people.city_management, AssignmentRole.CO)] if co else []
            values = {"addressees": [Addressee(self.people.housing), *more], "reason": "x"}
            self._try(Verb.ASSIGN, problem, "supervisor1", values)
        elif waiting := [one for one in live if one.state == "assigned"]:
            self._try(Verb.CLAIM, problem, HANDLERS[waiting[-1].unit.name_zh], {})
        elif problem.status == Status.CLAIMED:
            self._try(Verb.BEGIN, problem, HANDLERS[live[-1].unit.name_zh], {"plan": "x"})
        elif problem.status == Status.RECTIFYING:
            working = [one for one in live if one.state != "reported"]
            name = HANDLERS[working[0].unit.name_zh] if working else "inspector1"
            self._try(Verb.REPORT_BACK, problem, name, {"text": "x", **photos})
        elif problem.status == Status.REPORTED:
            self._try(Verb.VERIFY, problem, "supervisor2" if co else "inspector1", photos)
        elif problem.status == Status.VERIFIED:
            self._try(Verb.CLOSE, problem, "supervisor2" if co else "supervisor1", {})

    @rule(which=WHICH, hours=HOURS, seed=SEEDS)
    def act(self, which: int, hours: int, seed: int) -> None:
        """Somebody does one of the things that their buttons offer."""
        chance = random.Random(seed)
        self._go_on(hours, chance)
        name = chance.choice(BUSY)
        problem = fresh(self.problems[which])
        forget(self.everybody[name])
        with time_machine.travel(self.now, tick=False):
            verbs = [move.verb for move in workflow.available(problem, self.everybody[name])]
        verbs = [verb for verb in verbs if verb not in ENDS or chance.random() < 0.2]
        if verbs:
            # What was done least so far, so that no verb hides behind the frequent ones.
            verb = min(verbs, key=lambda one: (self.tried[one] + 3 * (one in FREQUENT), chance.random()))
            self.tried[verb] += 1
            self._try(verb, problem, name, self._values(verb, problem, chance))

    @rule(which=WHICH, seed=SEEDS)
    def meddle(self, which: int, seed: int) -> None:
        """Anybody tries anything; where it is refused, nothing at all is written."""
        chance = random.Random(seed)
        verb = chance.choice(MOVES).verb
        problem = fresh(self.problems[which])
        before = snapshot(problem) if chance.random() < 0.3 else None
        name = chance.choice(sorted(self.everybody))
        if not self._try(verb, problem, name, self._values(verb, problem, chance)):
            assert before is None or snapshot(problem) == before

    def _go_on(self, hours: int, chance: random.Random) -> None:
        """Time goes by; now and then the mover left where he was yesterday and begins elsewhere today."""
        self.now += datetime.timedelta(hours=hours)
        if chance.random() < 0.9:
            return
        mover, today = self.everybody["mover"], timezone.localdate(self.now)
        Membership.objects.filter(user=mover, until_on=None, from_on__lt=today).update(until_on=today - DAY)
        Membership.objects.filter(user=mover, from_on=today).delete()
        unit, role = chance.choice(POSTS)
        Membership.objects.create(user=mover, unit=getattr(self.people, unit), role=role, from_on=today)

    def _try(self, verb: Verb, problem: Problem, name: str, values: dict[str, Any]) -> bool:
        """Do it 20 minutes later; a refusal by the domain is an answer, anything else a failure of the test."""
        self.now += datetime.timedelta(minutes=20)
        person = self.everybody[name]
        forget(person)
        with time_machine.travel(self.now, tick=False):
            try:
                workflow.perform(verb, problem, by=person, **values)
            except DomainError as refusal:
                self.done[type(refusal).__name__] += 1
                return False
        self.done[verb.value] += 1
        if verb in (Verb.VERIFY, Verb.SEND_BACK, Verb.RECHECK, Verb.CLOSE):
            self._four_eyes(problem, person)
        return True

    def _values(self, verb: Verb, problem: Problem, chance: random.Random) -> dict[str, Any]:
        """Values for the verb, mostly good ones."""
        pick = chance.choice
        later = timezone.localdate(self.now) + DAY * chance.randint(-1, 20)
        words = pick(["说明", "说明", "说明", " "])
        units = [self.people.housing, self.people.city_management, self.people.jiefang]
        photos = [Shot(photo) for photo in chance.sample(self.photos, pick([0, 1, 1, 2]))]
        if chance.random() < 0.1:
            photos = [Shot(self.papers[0])]
        if verb == Verb.ASSIGN:
            others = [Addressee(one, AssignmentRole.CO) for one in chance.sample(units[1:], chance.randint(0, 2))]
            due_on = pick([None, None, later])
            named = {"addressees": [Addressee(units[0]), *others], "due_on": due_on, "reason": words}
            return named | {"special": chance.random() < 0.3}
        if verb == Verb.NAME_MISSING:
            role = pick([AssignmentRole.REGULATOR, AssignmentRole.GOVERNMENT])
            return {"addressees": [Addressee(pick(units[1:]), role)], "due_on": pick([None, later]), "reason": words}
        if verb == Verb.RELEASE:
            return {"assignment": pick(list(problem.assignments.all()) or [_Nothing]), "reason": words}
        if verb == Verb.DECIDE_EXTENSION:
            extension = problem.extensions.order_by("-asked_at").first() or _Nothing
            return {
                "extension": extension,
                "granted_on": pick([None, later + 10 * DAY, later + 30 * DAY]),
                "note": words,
            }
        if verb == Verb.WITHDRAW_EVIDENCE:
            attachment = pick(list(problem.attachments.all()) or [_Nothing])
            return {"attachment": attachment, "reason": words, "belongs_to": pick([None, None, *self.problems])}
        if verb == Verb.AMEND:
            changes: list[dict[str, Any]] = [
                {"severity": pick(Severity.values)},
                {"found_on": problem.found_on - DAY},
                {"team": self.people.team2},
                {"site": self.places[1]},
                {"description": words},
            ]
            return {"reason": words, **pick(changes)}
        simple: dict[Verb, dict[str, Any]] = {
            Verb.FIX_ON_SPOT: {"shots": photos},
            Verb.NAME_CANDIDATES: {"units": units[:2]},
            Verb.BEGIN: {"plan": words},
            Verb.CLAIM: {},
            Verb.REPORT_BACK: {"text": words, "shots": photos},
            Verb.ASK_EXTENSION: {"reason": words, "plan": "x", "wanted_on": later + 10 * DAY},
            Verb.VERIFY: {"shots": photos},
            Verb.SEND_BACK: {"reason": words, "due_on": later, "shots": photos},
            Verb.RECHECK: {"result": pick(Result.values), "remaining": words, "shots": photos},
            Verb.CLOSE: {},
            Verb.REOPEN: {"reason": words, "due_on": later},
            Verb.RESUME: {},
            Verb.ESCALATE: {"reason": words, "level": pick(EscalationLevel.values), "due_on": pick([None, later])},
            Verb.COMMENT: {"text": words, "audience": pick(Audience.values)},
            Verb.MERGE: {"survivor": pick(self.problems), "reason": words},
            Verb.VOID: {"kind": pick(VoidKind.values), "reason": words},
        }
        return simple.get(verb, {"reason": words})

    # --- What must always hold ---

    @invariant()
    def everything_holds(self) -> None:
        versions = dict(Problem.objects.values_list("pk", "version"))
        if versions == self.versions:
            return
        rows = list(Problem.objects.defer("search"))
        changed = [one for one in rows if self.versions.get(one.pk) != one.version]
        for problem in changed:
            clocks = list(Deadline.objects.of("problem", problem.pk).current())
            self._columns_are_the_clocks(problem, clocks)
            self._next_date_is_that_of_the_clocks(problem, clocks)
            self._clocks_fit_the_state(problem, clocks)
            self._stays_are_whole(problem)
            self._addressees_fit_the_state(problem)
            self._history_is_whole(problem)
        for days in (-3, 1, 8):
            today = timezone.localdate(self.now) + DAY * days
            late = {one.pk for one in rows if one.is_overdue(today)}
            assert late == set(Problem.objects.overdue(today).values_list("pk", flat=True))
        self.versions = versions

    def _columns_are_the_clocks(self, problem: Problem, clocks: list[Deadline]) -> None:
        if problem.status == Status.VOID:
            return
        lead = problem.assignments.live().filter(role="lead").first()
        rows = {row.part_id: row for row in clocks if row.clock == Clock.RECTIFY}
        row = rows.get(lead.pk if lead else None)
        if row is None:
            # Nobody's clock runs; a first date that was handed back stays to be read.
            assert (problem.due_on, problem.met_on) == (None, None)
            return
        assert (problem.due_on, problem.first_due_on, problem.met_on) == (row.due_on, row.first_due_on, row.met_on)
        assert problem.lead_unit_id == (lead.unit_id if lead else None)
        assert problem.responsible_id == (lead.responsible_id if lead else None)
        if row is not None and problem.paused_since is None:
            assert row.paused_since is None

    def _next_date_is_that_of_the_clocks(self, problem: Problem, clocks: list[Deadline]) -> None:
        """What lists are sorted by, asked of the clocks anew."""
        waiting = {(row.clock, row.part_id): row.due_on for row in clocks if row.met_on is None}
        lead = problem.assignments.live().filter(role="lead").first()
        rectify = waiting.get((Clock.RECTIFY, lead.pk if lead else None))
        others = [day for (clock, _part), day in waiting.items() if clock in ("deploy", "rectify", "verify", "close")]
        # Nobody is assigned yet: whichever of assignment and rectification is due first.
        expected = min(others) if problem.status == Status.FOUND else rectify or min(others, default=None)
        assert problem.next_due_on == (expected if problem.is_open else None)
        assert (problem.next_due_on is not None) == problem.is_open

    def _clocks_fit_the_state(self, problem: Problem, clocks: list[Deadline]) -> None:
        status = Status(problem.status)
        waiting = {row.clock for row in clocks if row.met_on is None}
        assert waiting <= MAY_WAIT[status], (status, waiting)
        if status in MUST_WAIT:
            assert MUST_WAIT[status] in waiting
        if status in WITH_UNIT:
            assert "rectify" in waiting
        stopped = {row.paused_since for row in clocks if row.met_on is None} - {None}
        assert stopped <= {problem.paused_since}
        for row in clocks:
            assert (row.paused_since is not None) == any(stop[1] is None for stop in row.stops)
            assert row.first_due_on <= row.due_on or row.agreed
            assert row.due_on >= row.started_on or row.agreed

    def _stays_are_whole(self, problem: Problem) -> None:
        stays = list(problem.stages.order_by("since", "pk"))
        assert [one.until for one in stays[:-1]] == [one.since for one in stays[1:]]
        assert stays[-1].until is None
        assert (stays[-1].status, stays[-1].since) == (problem.status, problem.status_since)
        assert all(one.status != two.status for one, two in zip(stays, stays[1:], strict=False))

    def _addressees_fit_the_state(self, problem: Problem) -> None:
        live = list(problem.assignments.live())
        leads = [one for one in live if one.role == "lead"]
        assert len(leads) <= 1
        if problem.status in (Status.FOUND, Status.VOID):
            assert live == []
        elif problem.route == Route.CENTRAL:
            assert len(leads) == 1
        if problem.status in (Status.REPORTED, Status.VERIFIED, Status.CLOSED):
            assert {one.state for one in live} <= {"reported"}
        assert (problem.status == Status.CLOSED) == (problem.closed_on is not None) or problem.status == Status.VOID

    def _history_is_whole(self, problem: Problem) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT seq, prev_hash, hash, casetracker_event_hash(e) FROM casetracker_event e "
                "WHERE subject_type = 'problem' AND subject_id = %s ORDER BY seq",
                [problem.pk],
            )
            rows = cursor.fetchall()
        assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
        assert [row[1] for row in rows] == ["", *[row[2] for row in rows[:-1]]]
        assert all(stored == computed for _seq, _prev, stored, computed in rows)
        assert problem.version == len(rows)
        self._counts_are_those_of_history(problem, events(problem))

    def _counts_are_those_of_history(self, problem: Problem, events: list[Event]) -> None:
        verbs = [event.verb for event in events]
        taken_up = [n for n, one in enumerate(events) if one.verb == "reopen" or self._undone_by_withdrawal(one)]
        assert problem.reopen_count == len(taken_up)
        assert problem.return_count == verbs.count("send_back")
        # A new lead begins anew: only what the last one was granted counts.
        lead = problem.assignments.filter(role="lead").order_by("-pk").first()
        assert problem.extension_count == problem.extensions.filter(decision="granted", assignment=lead).count()
        since = taken_up[-1] + 1 if taken_up else 0
        if problem.status == Status.CLOSED:
            assert verbs[since:].count("close") == 1
        elif problem.status != Status.VOID:
            assert "close" not in verbs[since:]

    def _undone_by_withdrawal(self, event: Event) -> bool:
        return bool(event.details.get("back")) and event.before.get("status") in ("verified", "closed")

    def _four_eyes(self, problem: Problem, person: User) -> None:
        """Whoever has just judged neither reported it fixed nor belonged to a unit in its days as addressee."""
        assert not problem.feedbacks.filter(by=person).exists()
        for one in problem.assignments.all():
            posts = Membership.objects.during(one.assigned_on, one.ended_on or timezone.localdate(self.now))
            assert not posts.filter(user=person, unit=one.unit_id).exists()


class _Nothing:
    """Stands for a row that does not exist."""

    pk = "00000000-0000-7000-8000-000000000000"


@pytest.mark.slow
def test_whatever_people_try_the_loop_stays_whole(people: Cast) -> None:
    make_person("mover", "转岗")
    Loop.people = people
    Loop.everybody = people.everybody() | {"mover": User.objects.get(username="mover")}
    Loop.places = [make_site(people), make_site(people, district="410811")]
    Loop.photos = [make_photo() for _ in range(12)]
    Loop.papers = [make_paper()]
    Loop.done = Counter()

    run_state_machine_as_test(Loop, settings=SIZE)

    never = {move.verb.value for move in MOVES} - set(Loop.done)
    assert len(never) <= 6, f"never done: {never}; done: {Loop.done}"
