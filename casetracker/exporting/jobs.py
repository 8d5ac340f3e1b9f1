"""Long lists as files: made by a worker under the rights of whoever asked, kept a few days for that person alone."""

import datetime
import hashlib
import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from casetracker import registry, working
from casetracker.enums import JobState
from casetracker.errors import IllegalMove
from casetracker.exporting.tables import Table
from casetracker.exporting.writing import write
from casetracker.models import Job, User

KIND = "export"
# A list of at most so many rows is written while the person waits.
AT_ONCE = 2000
KEPT = datetime.timedelta(days=3)

_log = logging.getLogger(__name__)


def ask(export: registry.Export, query: str, form: str, *, by: User) -> Job:
    """The job that writes this list; the one under way where it was asked for already."""
    params = {"list": export.key, "query": query, "form": form}
    under_way = Job.objects.filter(
        kind=KIND, requested_by=by, params=params, state__in=(JobState.PENDING, JobState.RUNNING)
    )
    return under_way.first() or working.enqueue(KIND, params, by)


def run(job: Job, progress: Callable[[int, int], None]) -> dict[str, Any]:
    """Write the file anew, whatever a dead worker left of it; says under which posts it was made.

    Raises IllegalMove when the person may not see the list any more.
    """
    user, export = job.requested_by, registry.exports[job.params["list"]]
    assert user is not None, "an export is asked for by somebody"
    posts = posts_of(user)
    if not export.shown_to(user):
        raise IllegalMove(gettext_lazy("You no longer see this list, so it was not written."))
    form = job.params["form"]
    table: Table = export.table(user, job.params["query"])
    progress(0, table.total)
    whole = path_of(job)
    part = whole.with_suffix(f".{job.claim}.part")
    try:
        rows = write(table, form, part, progress)
        size = part.stat().st_size
        # Whoever lost the job meanwhile finds out here, before anything is put in place.
        progress(rows, rows)
        part.replace(whole)
    finally:
        part.unlink(missing_ok=True)
    return {"posts": posts, "rows": rows, "bytes": size, "name": file_name(table, form)}


def file_name(table: Table, form: str) -> str:
    """What the reader's computer calls the file: Problems-2026-10-16.xlsx."""
    return f"{table.name}-{timezone.localdate().isoformat()}.{form}"


def posts_of(user: User) -> str:
    """A digest of what gives a person their view today: roles and units, with the place and districts of these."""
    posts = [
        (post.role, post.unit_id, post.unit.path, sorted(post.unit.districts.values_list("code", flat=True)))
        for post in user.posts
    ]
    return hashlib.sha256(repr(sorted(posts)).encode()).hexdigest()


def may_have(user: User, posts: str, job: Job) -> bool:
    """May the person who asked for it still have the file: do they see today, with these posts, what they saw when
    it was made?"""
    export = registry.exports.get(job.params["list"])
    return export is not None and export.shown_to(user) and posts == job.result.get("posts")


def path_of(job: Job) -> Path:
    """Where the file of a job lies, in a folder of the application alone."""
    folder = Path(settings.EXPORTS_ROOT)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"{job.pk}.{job.params['form']}"


def kept_until(job: Job) -> datetime.datetime | None:
    """Until when the file of a finished job can be had."""
    return job.finished_at + KEPT if job.finished_at else None


def clear(now: float | None = None) -> int:
    """Delete the files that were kept long enough, and what dead workers left; returns how many."""
    folder, gone = Path(settings.EXPORTS_ROOT), 0
    oldest = (now or time.time()) - KEPT.total_seconds()
    for path in folder.iterdir() if folder.is_dir() else ():
        try:
            if path.stat().st_mtime < oldest:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
                gone += 1
        except FileNotFoundError:
            continue
        except OSError:
            _log.exception("%s could not be deleted", path)
    return gone


def _result_url(job: Job) -> str:
    return reverse("export", args=[job.pk])


JOB = registry.JobKind(
    KIND,
    gettext_lazy("Writing the file"),
    run,
    _result_url,
    lease_seconds=120,
    begin_url="exports",
    begin_words=gettext_lazy("See your exports"),
)
