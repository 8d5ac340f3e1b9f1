"""Long work: claimed once, renewed while it goes on, taken over when its worker dies, never done twice."""

import datetime
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from casetracker import registry, tasks, working
from casetracker.enums import JobState
from casetracker.errors import Invalid
from casetracker.models import Heartbeat, Job, Option
from casetracker.registry import JobKind
from tests.services import ROOT

Run = Callable[[Job, Callable[[int, int], None]], dict[str, Any]]


@pytest.fixture
def kind() -> Iterator[Callable[[Run], None]]:
    """Registers what jobs of the kind "test" do."""

    def register(run: Run) -> None:
        registry.jobs["test"] = JobKind("test", "Test", run, lambda job: "/done/", lease_seconds=60)

    yield register
    registry.jobs.pop("test", None)


def dead(job: Job) -> None:
    """Its worker died a while ago."""
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - datetime.timedelta(seconds=1))


def test_a_job_is_done_once_and_tells_its_result(db: None, kind: Any) -> None:
    seen = []

    def run(job: Job, progress: Callable[[int, int], None]) -> dict[str, Any]:
        seen.append(job.params)
        progress(1, 3)
        return {"on": datetime.date(2019, 12, 9)}

    kind(run)
    job = working.enqueue("test", {"day": datetime.date(2019, 12, 9)}, None, 3)
    assert job.state == JobState.PENDING
    assert working.work() == 1
    assert working.work() == 0
    job.refresh_from_db()
    assert seen == [{"day": "2019-12-09"}]
    assert (job.state, job.done, job.result, job.attempts) == (JobState.DONE, 3, {"on": "2019-12-09"}, 1)
    assert (job.claim, job.lease_until, job.error) == (None, None, "")
    assert job.finished_at is not None
    assert Heartbeat.objects.filter(name="worker:work").exists()


def test_the_tick_does_what_waits_oldest_first(db: None, kind: Any) -> None:
    order = []
    kind(lambda job, progress: order.append(job.params["n"]) or {})
    for number in range(12):
        working.enqueue("test", {"n": number}, None)
    tasks.work_jobs()
    assert order == list(range(10))
    tasks.work_jobs()
    assert order == list(range(12))


def test_an_unknown_kind_is_refused_at_once_and_left_alone_later(db: None, kind: Any) -> None:
    with pytest.raises(KeyError):
        working.enqueue("nonsense", {}, None)
    Job.objects.create(kind="of a newer version", created_at=timezone.now())
    assert working.work() == 0


def test_a_job_whose_worker_died_goes_on_where_it_stood(db: None, kind: Any) -> None:
    class Killed(BaseException):
        pass

    def run(job: Job, progress: Callable[[int, int], None]) -> dict[str, Any]:
        done = list(job.result.get("done", []))
        for number in range(len(done), 5):
            done.append(number)
            job.result = {"done": [*done]}
            progress(len(done), 5)
            if number == 2 and job.attempts == 1:
                raise Killed
        return job.result | {"attempt": job.attempts}

    kind(run)
    job = working.enqueue("test", {}, None, 5)
    with pytest.raises(Killed):
        working.work()
    job.refresh_from_db()
    assert (job.state, job.done, job.result) == (JobState.RUNNING, 3, {"done": [0, 1, 2]})
    assert working.work() == 0, "its lease still runs"
    dead(job)
    assert working.work() == 1
    job.refresh_from_db()
    assert (job.state, job.result) == (JobState.DONE, {"done": [0, 1, 2, 3, 4], "attempt": 2})


def test_a_worker_that_wakes_up_late_changes_nothing(db: None, kind: Any) -> None:
    """It froze past its lease, another one did the job; what it then does is rolled back and its end is not written."""

    def run(job: Job, progress: Callable[[int, int], None]) -> dict[str, Any]:
        if job.attempts == 1:
            dead(job)
            assert working.work() == 1
            with transaction.atomic():
                Option.objects.create(name="late", value=1)
                progress(1, 2)
        return {"attempt": job.attempts}

    kind(run)
    job = working.enqueue("test", {}, None, 2)
    working.work()
    job.refresh_from_db()
    assert (job.state, job.result) == (JobState.DONE, {"attempt": 2})
    assert not Option.objects.filter(name="late").exists()


def test_a_refusal_of_the_domain_ends_the_job_with_its_words(db: None, kind: Any) -> None:
    def run(job: Job, progress: Callable[[int, int], None]) -> dict[str, Any]:
        job.result = {"kept": 1}
        progress(1, 2)
        job.result = {"lost": 1}
        raise Invalid("Choose a unit.")

    kind(run)
    job = working.enqueue("test", {}, None)
    working.work()
    job.refresh_from_db()
    assert (job.state, job.error, job.result) == (JobState.FAILED, "Choose a unit.", {"kept": 1})


def test_an_error_is_tried_again_and_given_up_in_the_end(db: None, kind: Any) -> None:
    def run(job: Job, progress: Callable[[int, int], None]) -> dict[str, Any]:
        raise RuntimeError(f"attempt {job.attempts}")

    kind(run)
    job = working.enqueue("test", {}, None)
    for _attempt in range(working.ATTEMPTS):
        assert working.work() == 1
        dead(job)
    assert working.work() == 0
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.FAILED, working.ATTEMPTS)
    assert "attempt 5" in job.error


def test_a_job_that_kills_every_worker_is_given_up(db: None, kind: Any) -> None:
    kind(lambda job, progress: pytest.fail("it must not run"))
    job = working.enqueue("test", {}, None)
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING, attempts=working.ATTEMPTS)
    dead(job)
    working.work()
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert job.error


def test_a_small_job_is_done_here_and_its_rest_by_a_worker(db: None, kind: Any) -> None:
    class Killed(BaseException):
        pass

    def run(job: Job, progress: Callable[[int, int], None]) -> dict[str, Any]:
        if job.params.get("deadly") and job.attempts == 1:
            raise Killed
        return {"attempt": job.attempts}

    kind(run)
    assert working.do_here(working.enqueue_claimed("test", {}, None)).state == JobState.DONE
    with pytest.raises(Killed):
        working.do_here(working.enqueue_claimed("test", {"deadly": True}, None))
    job = Job.objects.get(state=JobState.RUNNING)
    assert working.work() == 0
    dead(job)
    working.work()
    job.refresh_from_db()
    assert job.result == {"attempt": 2}


def test_two_workers_never_take_the_same_job(committed: None, kind: Any) -> None:
    taken: list[Any] = []
    kind(lambda job, progress: taken.append(job.pk) or {})
    for number in range(12):
        working.enqueue("test", {"n": number}, None)

    def worker() -> None:
        try:
            working.work()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=worker) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(Job.objects.values_list("pk", flat=True))


WORKER = """
import time, django
django.setup()
from casetracker import registry, working
from casetracker.registry import JobKind

def run(job, progress):
    for number in range(len(job.result.get("done", [])), 4):
        job.result = {"done": [*job.result.get("done", []), number]}
        progress(number + 1, 4)
        if number == 1 and job.attempts == 1:
            time.sleep(60)
    return job.result

registry.jobs["test"] = JobKind("test", "Test", run, lambda job: "", lease_seconds=1)
deadline = time.monotonic() + 30
while not working.work() and time.monotonic() < deadline:
    time.sleep(0.1)
"""


@pytest.mark.slow
def test_a_killed_process_leaves_a_job_that_the_next_one_finishes(committed: None, kind: Any) -> None:
    kind(lambda job, progress: {})
    job = working.enqueue("test", {}, None, 4)
    name = connection.settings_dict["NAME"]
    environment = os.environ | {
        key: os.environ[key]
        .replace("casetracker_main", str(name))
        .replace(f"casetracker_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}", str(name))
        for key in ("DATABASE_URL", "DATABASE_OWNER_URL")
    }
    environment |= {"DJANGO_SETTINGS_MODULE": "casetracker.settings"}

    def start() -> "subprocess.Popen[bytes]":
        return subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, env=environment)

    first = start()
    while Job.objects.get(pk=job.pk).done < 2:
        assert first.poll() is None, "the worker ended by itself"
        time.sleep(0.05)
    first.kill()
    first.wait()
    assert start().wait() == 0
    job.refresh_from_db()
    assert (job.state, job.attempts, job.result) == (JobState.DONE, 2, {"done": [0, 1, 2, 3]})


# --- Its page -------------------------------------------------------------------------------------------------------


def test_the_page_shows_progress_then_leads_to_the_result(db: None, kind: Any, client: Any) -> None:
    from tests.cast import cast

    people = cast()
    kind(lambda job, progress: {})
    job = working.enqueue("test", {}, people.supervisor1, 3170)
    Job.objects.filter(pk=job.pk).update(done=1965, result={"refused": {"a": "b", "c": "d"}})
    client.force_login(people.supervisor1)
    page = client.get(f"/jobs/{job.pk}/").content.decode()
    assert 'max="3170" value="1965"' in page
    assert "1,965 of 3,170 rows, 2 refused so far." in page
    assert '<meta http-equiv="refresh" content="2">' in page
    part = client.get(f"/jobs/{job.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert part.strip() in page
    assert "<html" not in part
    working.work()
    done = client.get(f"/jobs/{job.pk}/")
    assert (done.status_code, done["Location"]) == (302, "/done/")
    assert client.get(f"/jobs/{job.pk}/", headers={"HX-Request": "true"})["HX-Redirect"] == "/done/"
    client.force_login(people.supervisor2)
    assert client.get(f"/jobs/{job.pk}/").status_code == 404


def test_the_page_of_a_failed_job_says_why(db: None, kind: Any, client: Any) -> None:
    from tests.cast import cast

    people = cast()
    kind(lambda job, progress: (_ for _ in ()).throw(Invalid("The unit is gone.")))
    job = working.enqueue("test", {}, people.supervisor1, 3)
    working.work()
    client.force_login(people.supervisor1)
    page = client.get(f"/jobs/{job.pk}/")
    assert page.status_code == 200
    assert "The unit is gone." in page.content.decode()
    assert str(job.pk) in page.content.decode()
