"""What one must know of a problem before anything else, as sentences on top of its page."""

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from casetracker.dates import long_date, short_date
from inspections.enums import Status, Verb
from inspections.views.problem.record import Record


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
