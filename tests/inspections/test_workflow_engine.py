"""What every move has in common: all or nothing, its moment, its queries, and no need of Redis."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from celery.signals import before_task_publish
from django.db import connection, transaction

from casetracker.celery import app
from casetracker.models import Event
from inspections import workflow
from inspections.enums import Route, Status, VoidKind
from inspections.models import ProblemKind
from tests.builders import at, make_problem, make_site, shot
from tests.cast import Cast, cast, forget
from tests.inspections.reading import fresh, last_event, snapshot, stays


class Broken(Exception):
    pass


class BreakAfter:
    """Lets so many writes through and then fails, as a full disk or a lost connection would."""

    def __init__(self, writes: int | None) -> None:
        self.left = writes
        self.seen = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        answer = execute(sql, params, many, context)
        if sql.split(None, 1)[0] in ("INSERT", "UPDATE", "DELETE"):
            self.seen += 1
            if self.left is not None and self.seen > self.left:
                raise Broken
        return answer


@pytest.mark.parametrize(("verb", "status"), [("close", Status.VERIFIED), ("report_back", Status.RECTIFYING)])
def test_a_failure_after_any_write_leaves_nothing(people: Cast, verb: str, status: Status) -> None:
    photo = shot()
    problem = make_problem(people, status=status)
    before = snapshot(problem)

    def act() -> None:
        if verb == "close":
            workflow.close(problem, by=people.supervisor1)
        else:
            workflow.report_back(problem, by=people.handler1, text="已办", shots=[photo])

    counter = BreakAfter(None)
    with connection.execute_wrapper(counter):
        savepoint = transaction.savepoint()
        act()
        transaction.savepoint_rollback(savepoint)
    assert counter.seen >= 6

    for writes in range(counter.seen):
        with connection.execute_wrapper(BreakAfter(writes)), pytest.raises(Broken):
            act()
        assert snapshot(problem) == before
    act()
    assert fresh(problem).status != status


def test_a_problem_is_locked_only_inside_a_transaction(committed: None) -> None:
    people = cast()
    problem = make_problem(people)
    with pytest.raises(RuntimeError, match="inside the transaction"):
        workflow.engine.lock(problem.pk)


def test_the_whole_loop_runs_with_redis_stopped(people: Cast, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    nowhere = "redis://127.0.0.1:1/0"
    monkeypatch.setenv("REDIS_URL", nowhere)
    monkeypatch.setattr(settings, "CELERY_BROKER_URL", nowhere, raising=False)
    monkeypatch.setitem(app.conf, "broker_url", nowhere)
    published: list[Any] = []

    def note(sender: Any = None, **_facts: Any) -> None:
        published.append(sender)

    before_task_publish.connect(note)
    try:
        for route in Route:
            problem = make_problem(people, status=Status.CLOSED, route=route)
            workflow.reopen(
                problem, by=people.supervisor1, reason="x", due_on=problem.found_on + datetime.timedelta(days=30)
            )
            workflow.escalate(problem, by=people.supervisor1, reason="x")
            workflow.void(problem, by=people.supervisor1, kind=VoidKind.TEST, reason="x")
    finally:
        before_task_publish.disconnect(note)

    assert published == []
    assert Event.objects.filter(subject_type="problem", verb="close").count() == 2


def test_a_move_never_lies_before_the_state_it_leaves(people: Cast) -> None:
    problem = make_problem(people, status=Status.CLAIMED, now=at("2019-12-04 09:00"))

    workflow.begin_work(problem, by=people.handler1, now=at("2019-12-02 09:00"))

    assert stays(problem)[-1] == ("rectifying", "begin")
    assert last_event(problem).at == problem.stages.get(until=None).since > at("2019-12-04 09:00")


def test_the_problem_that_comes_back_can_be_asked_again(people: Cast) -> None:
    problem = make_problem(people, status=Status.ASSIGNED, now=at("2019-12-02 09:00"))

    answer = workflow.claim(problem, by=people.handler1, now=at("2019-12-03 09:00"))

    verbs = {move.verb.value for move in workflow.available(answer, people.handler1)}
    assert verbs == {"begin", "hand_back", "ask_extension", "comment"}


@pytest.mark.parametrize(("verb", "queries"), [("report", 10), ("claim", 13), ("close", 19)])
def test_how_many_queries_a_move_takes(
    people: Cast, verb: str, queries: int, django_assert_num_queries: Callable[..., Any]
) -> None:
    site, kind, photo = make_site(people), ProblemKind.objects.get(code="dust"), shot()
    problem = make_problem(people, status=Status.ASSIGNED if verb == "claim" else Status.VERIFIED)
    for person in (people.inspector1, people.handler1, people.supervisor1):
        forget(person)

    with django_assert_num_queries(queries):
        if verb == "report":
            workflow.report(
                by=people.inspector1, team=people.team1, site=site, kind=kind, description="x", shots=[photo]
            )
        elif verb == "claim":
            workflow.claim(problem, by=people.handler1)
        else:
            workflow.close(problem, by=people.supervisor1)
