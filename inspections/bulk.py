"""One verb for many problems: a job that does row after row and says of each what became of it."""

import datetime
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casetracker import working
from casetracker.enums import JobState
from casetracker.errors import DomainError
from casetracker.models import Job, Unit, User
from casetracker.registry import JobKind
from inspections import workflow
from inspections.enums import AssignmentRole, EscalationLevel, Verb
from inspections.models import Batch, Problem
from inspections.workflow import Addressee

KIND = "bulk"
# At most so many rows in one go; up to AT_ONCE are done while the person waits.
MOST = 5_000
AT_ONCE = 20
# So many rows are committed together with the note that they are done: a worker that dies repeats none of them.
CHUNK = 20

VERBS = (Verb.ASSIGN, Verb.VERIFY, Verb.CLOSE, Verb.ESCALATE)

logger = logging.getLogger(__name__)


def put_down(
    verb: Verb,
    ids: Sequence[UUID],
    data: dict[str, Any],
    *,
    by: User,
    back: str = "",
    job_id: UUID | None = None,
) -> Job:
    """The job of doing the verb to these problems as this person; begin() does it where they are few, else a worker.

    `data` is what the verb needs, in JSON types (see INPUT); `back` is the query of the list they came from.
    Rows are done in the order of their ids, so that two jobs over the same rows never wait for each other.
    """
    params = {"verb": verb.value, "ids": sorted(str(one) for one in ids), "data": data, "back": back}
    keep = working.enqueue_claimed if len(ids) <= AT_ONCE else working.enqueue
    return keep(KIND, params, by, len(ids), job_id)


def begin(job: Job) -> Job:
    """Do a job that was just put down, if it is small; outside of the transaction that put it down."""
    return working.do_here(job) if job.state == JobState.RUNNING else job


def run(job: Job, progress: Callable[[int, int], None]) -> dict[str, Any]:
    """Go on where the job stands; its result has the ids that are done and the reason for each refused one."""
    user, verb = job.requested_by, Verb(job.params["verb"])
    assert user is not None, "bulk work is asked for by somebody"
    ids, data = job.params["ids"], job.params["data"]
    job.result = {"done": [], "refused": {}} | job.result
    known = {*job.result["done"], *job.result["refused"]}
    for chunk in _chunks([one for one in ids if one not in known]):
        before = job.result
        try:
            with transaction.atomic():
                job.result = _do(chunk, verb, data, user, before)
                progress(len(job.result["done"]) + len(job.result["refused"]), len(ids))
        except BaseException:
            job.result = before
            raise
    return job.result


def _do(chunk: list[str], verb: Verb, data: dict[str, Any], user: User, before: dict[str, Any]) -> dict[str, Any]:
    """The result after one more chunk; each row stands or falls by itself."""
    result = {**before, "done": [*before["done"]], "refused": {**before["refused"]}}
    rows = {str(one.pk): one for one in Problem.objects.visible_to(user).filter(pk__in=chunk).defer("search")}
    with transaction.atomic():
        shared = _shared(verb, data, user, rows, result)
        _do_rows(chunk, verb, user, rows, shared, result)
        if "batch" in result and "batch" not in before and len(result["done"]) == len(before["done"]):
            # No document, and no number, for nothing.
            del result["batch"]
            transaction.set_rollback(True)
    return result


def _do_rows(
    chunk: list[str], verb: Verb, user: User, rows: dict[str, Problem], shared: dict[str, Any], result: dict[str, Any]
) -> None:
    for key in chunk:
        if key not in rows:
            result["refused"][key] = _("You can no longer see this problem.")
            continue
        try:
            with transaction.atomic():
                workflow.perform(verb, rows[key], by=user, **shared)
        except DomainError as refusal:
            result["refused"][key] = str(refusal)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("bulk %s of %s failed", verb, key)
            result["refused"][key] = _("Something went wrong on our side; this row was not changed. Try it by itself.")
        else:
            result["done"].append(key)


def _chunks(ids: list[str]) -> Iterator[list[str]]:
    for first in range(0, len(ids), CHUNK):
        yield ids[first : first + CHUNK]


# --- What each verb is given ----------------------------------------------------------------------------------------


def _shared(
    verb: Verb, data: dict[str, Any], user: User, rows: dict[str, Problem], result: dict[str, Any]
) -> dict[str, Any]:
    """The input that all rows share, as the workflow takes it; a batch gets its number with the first rows."""
    made = INPUT[verb](data)
    if verb == Verb.ASSIGN and data.get("title"):
        if "batch" not in result and rows:
            office = next(iter(rows.values())).office
            batch = workflow.open_batch(
                by=user, office=office, title=data["title"], requirement=data.get("requirement", "")
            )
            result["batch"] = str(batch.pk)
        made["batch"] = Batch.objects.get(pk=result["batch"]) if "batch" in result else None
    return made


def _assign(data: dict[str, Any]) -> dict[str, Any]:
    units = Unit.objects.in_bulk([data["lead"], *data.get("co", [])])
    addressees = [Addressee(units[data["lead"]], AssignmentRole.LEAD)]
    addressees += [Addressee(units[one], AssignmentRole.CO) for one in data.get("co", [])]
    return {"addressees": addressees, "due_on": _day(data.get("due_on")), "reason": data.get("reason", "")}


def _judge(data: dict[str, Any]) -> dict[str, Any]:
    return {"note": data.get("note", "")}


def _escalate(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "level": EscalationLevel(data["level"]),
        "reason": data["reason"],
        "due_on": _day(data.get("due_on")),
    }


def _day(text: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None


INPUT: dict[Verb, Callable[[dict[str, Any]], dict[str, Any]]] = {
    Verb.ASSIGN: _assign,
    Verb.VERIFY: _judge,
    Verb.CLOSE: _judge,
    Verb.ESCALATE: _escalate,
}


def _result_url(job: Job) -> str:
    from django.urls import reverse

    return reverse("bulk_result", args=[job.pk])


JOB = JobKind(
    KIND,
    gettext_lazy("Work on many problems"),
    run,
    _result_url,
    lease_seconds=60,
    begin_url="problems",
    begin_words=gettext_lazy("Back to the list"),
)
