"""Role × verb × state: a table written by hand, held against the buttons and against what really happens.

One letter per person: I inspector of the team that found it and reporter, J inspector of another team,
S the supervisor who assigned (and closed), T a second supervisor, H handler of the lead, C handler of the
co-handler, L leader. Everybody else of the cast may nowhere do anything. A small letter is a person whose right
it would be, but what they answer for stands otherwise (their unit has claimed it, no request waits): the button is
missing, and the verb is refused as overtaken (409) and not as forbidden (403). "." is possible in this state but
for none of them, "-" is impossible in this state for anybody: 409 for those who may do it in another one, 403 for
everybody else.
"""

import contextlib
import datetime
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction

from casetracker.errors import IllegalMove, NotAllowed
from casetracker.models import User
from inspections import policy, workflow
from inspections.enums import WITH_UNIT, AssignmentRole, Result, Route, Status, Verb, VoidKind
from inspections.models import Problem
from inspections.workflow import MOVES, Addressee
from tests.builders import at, day, make_problem, make_site, shot
from tests.cast import Cast
from tests.inspections.reading import fresh

MONDAY = at("2019-12-02 09:00")
FRIDAY = at("2019-12-06 10:00")
LATER = FRIDAY + datetime.timedelta(minutes=1)

LETTERS = {
    "I": "inspector1",
    "J": "inspector2",
    "S": "supervisor1",
    "T": "supervisor2",
    "H": "handler1",
    "C": "handler2",
    "L": "leader1",
}

# A central problem at a site of team 1: lead 市住建局, co-handler 市城管局.
CENTRAL = """
                   found  assigned  claimed  rectifying  reported  verified  closed  void
fix_on_spot        -      -         -        -           -         -         -       -
to_central         -      -         -        -           -         -         -       -
name_candidates    IST    -         -        -           -         -         -       -
assign             ST     -         -        -           -         -         -       -
claim              -      HC        hc       hc          -         -         -       -
begin              -      -         H        -           -         -         -       -
report_back        -      -         -        HC          -         -         -       -
hand_back          -      STHC      STHC     sthC        -         -         -       -
release            -      ST        ST       ST          -         -         -       -
name_missing       -      ST        ST       ST          -         -         -       -
ask_extension      -      HC        HC       HC          -         -         -       -
decide_extension   -      STL       STL      STL         -         -         -       -
verify             -      IST       IST      IST         IST       -         -       -
send_back          -      -         -        -           IST       -         -       -
recheck            IST    IST       IST      IST         IST       IST       IST     -
close              -      -         -        -           -         ST        -       -
reopen             -      -         -        -           -         ST        ST      -
pause              ST     ST        ST       ST          ST        ST        -       -
resume             ST     ST        ST       ST          ST        ST        -       -
escalate           ST     ST        ST       ST          ST        ST        -       -
lift               ST     ST        ST       ST          ST        ST        ST      -
comment            IST    ISTHC     ISTHC    ISTHC       ISTHC     ISTHC     ISTHC   -
amend              IST    ST        ST       ST          ST        ST        T       -
merge              ST     ST        ST       ST          ST        ST        T       -
void               ST     ST        ST       ST          ST        ST        T       -
withdraw_evidence  ST     ST        ST       ST          ST        ST        ST      -
"""

# Told to 市住建局 on the spot; the team saw it put right.
ON_SPOT_WITH_UNIT = """
                   rectifying  reported  verified  closed  void
fix_on_spot        I           -         -         -       -
to_central         IST         IST       IST       -       -
name_candidates    -           -         -         -       -
assign             -           -         -         -       -
claim              h           -         -         -       -
begin              -           -         -         -       -
report_back        H           -         -         -       -
hand_back          sth         -         -         -       -
release            st          -         -         -       -
name_missing       -           -         -         -       -
ask_extension      H           -         -         -       -
decide_extension   STL         -         -         -       -
verify             IST         IST       -         -       -
send_back          -           IST       -         -       -
recheck            IST         IST       ST        ST      -
close              -           -         ST        -       -
reopen             -           -         ST        ST      -
pause              ST          ST        ST        -       -
resume             ST          ST        ST        -       -
escalate           ST          ST        ST        -       -
lift               ST          ST        ST        ST      -
comment            ISTH        ISTH      ISTH      ISTH    -
amend              ST          ST        ST        T       -
merge              ST          ST        ST        T       -
void               ST          ST        ST        T       -
withdraw_evidence  ST          ST        ST        ST      -
"""

# Told to the party only; where it is reported, the team recorded the party's proof.
ON_SPOT_WITHOUT_UNIT = """
                   rectifying  reported  verified  closed  void
fix_on_spot        I           -         -         -       -
to_central         IST         IST       IST       -       -
name_candidates    -           -         -         -       -
assign             -           -         -         -       -
claim              .           -         -         -       -
begin              -           -         -         -       -
report_back        I           -         -         -       -
hand_back          st          -         -         -       -
release            st          -         -         -       -
name_missing       -           -         -         -       -
ask_extension      .           -         -         -       -
decide_extension   stl         -         -         -       -
verify             IST         ST        -         -       -
send_back          -           ST        -         -       -
recheck            IST         ST        ST        ST      -
close              -           -         ST        -       -
reopen             -           -         ST        ST      -
pause              ST          ST        ST        -       -
resume             ST          ST        ST        -       -
escalate           ST          ST        ST        -       -
lift               ST          ST        ST        ST      -
comment            IST         IST       IST       IST     -
amend              IST         ST        ST        T       -
merge              ST          ST        ST        T       -
void               ST          ST        ST        T       -
withdraw_evidence  ST          ST        ST        ST      -
"""


def cells(table: str) -> dict[tuple[Verb, Status], str]:
    head, *rows = table.strip().splitlines()
    statuses = [Status(word) for word in head.split()]
    found = {}
    for row in rows:
        verb, *letters = row.split()
        found |= {(Verb(verb), status): cell for status, cell in zip(statuses, letters, strict=True)}
    return found


@contextlib.contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside is rolled back."""
    with contextlib.suppress(_Undo), transaction.atomic():
        yield
        raise _Undo


class _Undo(Exception):
    pass


def make(people: Cast, kind: str, status: Status) -> Problem:
    if kind == "central":
        others = [Addressee(people.city_management, AssignmentRole.CO)]
        return make_problem(people, status=status, others=others, now=MONDAY)
    unit = people.housing if kind == "with unit" else None
    return make_problem(people, status=status, route=Route.ON_SPOT, unit=unit, now=MONDAY)


def prepare(people: Cast, verb: Verb, problem: Problem) -> bool:
    """What the verb needs to be there: a stop to end, a request to decide, an order to lift. True where it was made."""
    by = people.supervisor2
    if verb == Verb.RESUME and problem.is_open:
        workflow.pause(problem, by=by, reason="停工", now=FRIDAY)
    elif verb == Verb.DECIDE_EXTENSION and problem.status in WITH_UNIT and problem.lead_unit_id:
        workflow.ask_extension(
            problem, by=people.handler1, reason="雨", plan="x", wanted_on=day("2019-12-30"), now=FRIDAY
        )
    elif verb == Verb.NAME_MISSING and problem.status in WITH_UNIT:
        Problem.objects.filter(pk=problem.pk).update(special=True)
    elif verb == Verb.LIFT and problem.status != Status.VOID:
        problem.escalations.create(level="supervision", at=FRIDAY, reason="超期")
    else:
        return False
    return True


def facts(people: Cast, verb: Verb, problem: Problem) -> dict[str, Any]:
    """What the verb is given."""
    later = day("2019-12-31")
    if verb == Verb.MERGE:
        return {"survivor": make_problem(people, now=MONDAY), "reason": "x"}
    if verb == Verb.RELEASE:
        rows = problem.assignments.order_by("role")
        return {"assignment": rows.filter(role="co").first() or rows.first(), "reason": "x"}
    if verb == Verb.DECIDE_EXTENSION:
        return {"extension": problem.extensions.filter(decision="pending").first(), "granted_on": later, "note": "x"}
    if verb == Verb.WITHDRAW_EVIDENCE:
        return {"attachment": problem.attachments.first(), "reason": "x"}
    if verb in (Verb.FIX_ON_SPOT, Verb.VERIFY):
        return {"shots": [shot()]}
    given: dict[Verb, dict[str, Any]] = {
        Verb.NAME_CANDIDATES: {"units": [people.jiefang]},
        Verb.ASSIGN: {"addressees": [Addressee(people.jiefang)]},
        Verb.NAME_MISSING: {"addressees": [Addressee(people.jiefang, AssignmentRole.GOVERNMENT)]},
        Verb.BEGIN: {"plan": "x"},
        Verb.REPORT_BACK: {"text": "x", "shots": [shot()]},
        Verb.ASK_EXTENSION: {"reason": "x", "plan": "x", "wanted_on": later},
        Verb.SEND_BACK: {"reason": "x", "due_on": later},
        Verb.RECHECK: {"result": Result.FIXED},
        Verb.REOPEN: {"reason": "x", "due_on": later},
        Verb.COMMENT: {"text": "x"},
        Verb.AMEND: {"reason": "x", "description": "改"},
        Verb.VOID: {"kind": VoidKind.TEST, "reason": "x"},
    }
    needs_reason = (Verb.TO_CENTRAL, Verb.HAND_BACK, Verb.PAUSE, Verb.ESCALATE, Verb.LIFT)
    return given.get(verb, {"reason": "x"} if verb in needs_reason else {})


def outcome(act: Callable[[], Any]) -> str:
    try:
        act()
    except NotAllowed:
        return "not allowed"
    except IllegalMove:
        return "impossible"
    return "done"


def expected(verb: Verb, cell: str, name: str) -> str:
    if cell == "-":
        return "impossible" if name in EVER[verb] else "not allowed"
    if name in {LETTERS[letter.upper()] for letter in cell if letter.islower()}:
        return "impossible"
    return "done" if name in {LETTERS[letter] for letter in cell if letter.isupper()} else "not allowed"


TABLES = {"central": CENTRAL, "with unit": ON_SPOT_WITH_UNIT, "without unit": ON_SPOT_WITHOUT_UNIT}
# Who has the right to a verb in some state of some route; whoever has none is told so in every state.
EVER = {
    move.verb: {
        LETTERS[letter.upper()]
        for table in TABLES.values()
        for (verb, _status), cell in cells(table).items()
        for letter in cell
        if verb == move.verb and letter.isalpha()
    }
    for move in MOVES
}


@pytest.mark.parametrize(
    ("kind", "status"),
    [(kind, status) for kind, table in TABLES.items() for status in Status if (Verb.VOID, status) in cells(table)],
)
def test_the_table_the_buttons_and_the_workflow_agree(people: Cast, kind: str, status: Status) -> None:
    table = cells(TABLES[kind])
    assert {verb for verb, _status in table} == {move.verb for move in MOVES}
    problem = make(people, kind, status)
    everybody = people.everybody()
    if kind != "central":
        everybody = {name: everybody[name] for name in (*LETTERS.values(), "outsider")}
    offered = {name: buttons(problem, person) for name, person in everybody.items()}
    wrong = []
    for verb in (move.verb for move in MOVES):
        cell = table[verb, status]
        with undone():
            if prepare(people, verb, fresh(problem)):
                offered |= {name: offered[name] | (buttons(problem, one) & {verb}) for name, one in everybody.items()}
            data = facts(people, verb, problem)
            for name, person in everybody.items():
                want = expected(verb, cell, name)
                if (verb in offered[name]) != (want == "done"):
                    wrong.append(f"{verb}: the button for {name} is wrong, expected {want}")
                if cell == "-" and name not in STATE_ASKS:
                    continue
                with undone():
                    got = outcome(lambda: workflow.perform(verb, problem, by=person, now=LATER, **data))  # noqa: B023
                if got != want:
                    wrong.append(f"{verb} by {name}: expected {want}, got {got}")

    assert wrong == []


# Of whom to see what a verb answers that the state forbids: one of each role, and a reader of either kind.
STATE_ASKS = ("supervisor1", "inspector1", "handler1", "officer1", "leader1", "outsider")


def buttons(problem: Problem, person: User) -> set[Verb]:
    return {move.verb for move in workflow.available(fresh(problem), person)}


def test_what_is_possible_but_not_for_this_person_is_said_with_the_reason(people: Cast) -> None:
    problem = make(people, "central", Status.CLAIMED)

    reasons = workflow.refused(problem, people.handler1)

    assert reasons[Verb.VERIFY] == "Only an inspector or a supervisor may do this."
    assert reasons[Verb.CLAIM] == "Your unit has claimed this already."
    assert Verb.CLOSE not in reasons
    assert Verb.BEGIN not in reasons


def test_the_buttons_come_in_the_order_of_the_table_and_the_table_knows_every_verb() -> None:
    assert {move.verb for move in MOVES} == set(workflow.FUNCTIONS)
    assert [move.verb for move in MOVES] == list(dict.fromkeys(move.verb for move in MOVES))
    assert {move.who for move in MOVES} <= set(policy.PREDICATES)
    assert set(Verb) - {move.verb for move in MOVES} == {Verb.REPORT, Verb.IMPORT}


def test_supervisors_of_the_bureau_above_and_of_a_team_below_are_supervisors_of_the_office(people: Cast) -> None:
    from tests.cast import make_person

    above = make_person("above", "局领导", (people.bureau, "supervisor"))
    below = make_person("below", "组长", (people.team2, "supervisor"))
    problem = make_problem(people, site=make_site(people), now=MONDAY)

    assert all(policy.supervises(person, problem) for person in (above, below))
    assert not policy.supervises(people.outsider, problem)


def test_asking_for_the_buttons_does_not_take_more_queries_with_more_rows(
    people: Cast, django_assert_max_num_queries: Any
) -> None:
    others = [
        Addressee(people.city_management, AssignmentRole.CO),
        Addressee(people.jiefang, AssignmentRole.GOVERNMENT),
    ]
    problem = make_problem(people, status=Status.RECTIFYING, others=others, now=MONDAY)
    person = User.objects.get(username="supervisor1")

    with django_assert_max_num_queries(16):
        workflow.available(fresh(problem), person)
