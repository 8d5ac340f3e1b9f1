"""What one must know of a problem before anything else, as sentences on top of its page."""

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from casetracker.dates import long_date, short_date
from casetracker.enums import EvidenceKind
from inspections.enums import Phase, Status, Verb
from inspections.models import Attachment
from inspections.views.problem.record import Record
from inspections.workflow.amending import JUDGED


def remarks(record: Record, query: str = "") -> list[dict[str, str]]:
    """What one must know before anything else, each a sentence with at most one link {words, url, action}.

    `query` goes behind the addresses of this problem's verbs.
    """
    problem = record.problem
    found: list[dict[str, str]] = []
    if problem.status == Status.VOID:
        found.append(_voided(record))
    if record.ended_own is not None:
        found.append(_ended(record))
    if problem.paused_since is not None:
        words = {"date": long_date(problem.paused_since, record.today)}
        found.append({"words": _("The clock has stood still since %(date)s.") % words})
    if problem.held and record.inside:
        found.append({"words": _("Imported and not released yet: no reminder and no e-mail speaks of it.")})
    found += [{"words": words} for words in _unshown(record)]
    found += _proposals(record, query)
    if problem.look_back and problem.looked_back_on is None and record.inside:
        found.append({"words": _("Drawn for a look-back: somebody else of the team looks again.")})
    return found


def _voided(record: Record) -> dict[str, str]:
    problem = record.problem
    words = {"kind": problem.get_void_kind_display(), "date": short_date(timezone.localdate(problem.status_since))}
    if problem.merged_into is None:
        return {"words": _("Voided on %(date)s: %(kind)s. It is not counted.") % words}
    words["number"] = problem.merged_into.number
    return {
        "words": _("Merged into %(number)s on %(date)s. It is counted there.") % words,
        "url": reverse("problem", args=[problem.merged_into_id]),
        "action": problem.merged_into.number,
    }


def _ended(record: Record) -> dict[str, str]:
    own = record.ended_own
    assert own is not None
    words = {
        "unit": own.unit.name,
        "state": own.get_state_display(),
        "date": long_date(own.ended_on, record.today) if own.ended_on else "",
    }
    return {"words": _("The assignment of %(unit)s ended on %(date)s (%(state)s). You can read, not write.") % words}


def _unshown(record: Record) -> list[str]:
    """Where a step that was taken has lost the photos it stood on, and where one of them is doubtful.

    Withdrawing the last photo moves the problem back by itself; this tells of what moves nothing: photos that nobody
    can open, of a report beside which another photo stands, and ones that were withdrawn from a neighbour.
    """
    if record.problem.status not in JUDGED:
        return []
    photos = [one for one in record.problem.attachments.all() if one.evidence.kind == EvidenceKind.PHOTO]
    before = [one for one in photos if one.phase == Phase.BEFORE]
    after = [one for one in photos if one.phase in (Phase.AFTER, Phase.RECHECK) and _is_of_this_fix(one, record)]
    found = []
    if before and not any(map(_stands, before)):
        found.append(_("All photos of how it was before were withdrawn or can’t be opened. What was done stays."))
    elif record.inside and _is_doubtful(before):
        found.append(_("The photo of how it was before was withdrawn from another problem of this site: check it."))
    if after and not any(map(_stands, after)):
        found.append(_("All photos that showed it fixed were withdrawn or can’t be opened. What was done stays."))
        return found
    if record.inside and _is_doubtful(after):
        found.append(_("The photo that shows it fixed was withdrawn from another problem of this site: check it."))
    for part in record.live:
        reports = {one.pk for one in record.problem.feedbacks.all() if one.assignment_id == part.pk}
        own = [one for one in after if one.feedback_id in reports]
        if own and not any(map(_stands, own)):
            words = _("All photos of the report of %(unit)s were withdrawn or can’t be opened; others show the fix.")
            found.append(words % {"unit": part.unit.name})
    return found


def _is_of_this_fix(one: Attachment, record: Record) -> bool:
    """Was it taken since the problem was last taken up again, for this problem's own fix? As shown_fixed has it."""
    problem, since = record.problem, record.taken_up
    turned_down = problem.return_count or problem.reopen_count or problem.central_on
    return one.came_from_id is None and (not turned_down or since is None or one.added_at > since)


def _stands(one: Attachment) -> bool:
    return one.withdrawn_at is None and one.evidence.shows_something


def _is_doubtful(photos: list[Attachment]) -> bool:
    """Does the step stand on nothing but photos that were withdrawn elsewhere?"""
    standing = [one for one in photos if _stands(one)]
    return bool(standing) and all(getattr(one, "withdrawn_elsewhere", False) for one in standing)


def _proposals(record: Record, query: str) -> list[dict[str, str]]:
    """What failed re-inspections suggest to whoever may do it."""
    problem, last = record.problem, record.last_recheck
    if last is None or last.result not in ("partly", "not_fixed"):
        return []
    if Verb.REOPEN in record.allowed:
        words = {"date": long_date(last.on, record.today)}
        return [
            {
                "words": _("The re-inspection of %(date)s found it not fixed after all. Reopening is proposed.")
                % words,
                "url": reverse("problem_verb", args=[problem.pk, Verb.REOPEN.value]) + query,
                "action": str(Verb.REOPEN.label),
            }
        ]
    running = any(one.lifted_on is None for one in problem.escalations.all())
    if problem.failed_rechecks >= 2 and Verb.ESCALATE in record.allowed and not running:
        times = problem.failed_rechecks
        sentence = ngettext(
            "%(count)s re-inspection failed. Escalating is proposed.",
            "%(count)s re-inspections failed. Escalating is proposed.",
            times,
        )
        return [
            {
                "words": sentence % {"count": times},
                "url": reverse("problem_verb", args=[problem.pk, Verb.ESCALATE.value]) + query,
                "action": str(Verb.ESCALATE.label),
            }
        ]
    return []
