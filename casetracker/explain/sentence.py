"""The sentence that says why a deadline falls on its day; whole clauses are translated, never single words."""

from collections.abc import Iterable

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from casetracker.dates import long_date
from casetracker.workdays import CountedDay, Term

from .facts import Explained, day_name


def sentence(facts: Explained) -> str:
    """Start, term with its rule and source (and its limit), days off, roll, stops, new dates, whether provisional.

    For example "Assigned 25 November; ordinary problems: 7 days (calendar days, 13710 item 3); stopped 2 days
    (orange alert); extended once by 1 day, first date 4 December."
    """
    clauses = [_started(facts), _ruled(facts), _limited(facts), _skipped(facts), _made_up(facts), _rolled(facts)]
    clauses += [_stopped(facts), _paused(facts), *_new_dates(facts), _provisional(facts)]
    joined = pgettext("between clauses", "; ").join(clause for clause in clauses if clause)
    return capfirst(pgettext("clauses made a sentence", "%(clauses)s.") % {"clauses": joined})


def term_words(term: Term) -> str:
    """A term in words: 7 days, 2 working days, 1 month, the same day."""
    words = {"count": term.amount}
    if term.amount == 0:
        return _("the same day")
    if term.unit == "workday":
        return ngettext("%(count)s working day", "%(count)s working days", term.amount) % words
    if term.unit == "month":
        return ngettext("%(count)s month", "%(count)s months", term.amount) % words
    if term.unit == "year":
        return ngettext("%(count)s year", "%(count)s years", term.amount) % words
    return ngettext("%(count)s day", "%(count)s days", term.amount) % words


def _started(facts: Explained) -> str:
    words = {"event": facts.started_by_word, "date": long_date(facts.start, facts.today)}
    return pgettext("what set the clock going", "%(event)s %(date)s") % words


def _ruled(facts: Explained) -> str:
    words = {"rule": _mid_sentence(facts.rule_name), "source": facts.rule_source}
    if facts.term is None:
        words["date"] = long_date(facts.first_due_on, facts.today)
        return (_("%(rule)s: %(date)s (%(source)s)") if facts.rule_source else _("%(rule)s: %(date)s")) % words
    words["term"] = term_words(facts.term)
    if facts.term.unit == "day" and facts.term.amount:
        if facts.rule_source:
            return _("%(rule)s: %(term)s (calendar days, %(source)s)") % words
        return _("%(rule)s: %(term)s (calendar days)") % words
    return (_("%(rule)s: %(term)s (%(source)s)") if facts.rule_source else _("%(rule)s: %(term)s")) % words


def _limited(facts: Explained) -> str:
    limit = facts.limit
    if limit is None:
        return ""
    words = {"rule": _mid_sentence(limit.rule_name), "source": limit.rule_source, "term": term_words(limit.term)}
    if limit.rule_source:
        return _("the rule’s limit is %(term)s (%(rule)s, %(source)s)") % words
    return _("the rule’s limit is %(term)s (%(rule)s)") % words


def _skipped(facts: Explained) -> str:
    if not facts.counts_workdays:
        return ""
    skipped = [day for day in facts.days if day.counting == "skipped" and day.day.on <= facts.first_due_on]
    if not skipped:
        return ""
    words = {"count": len(skipped), "reasons": _reasons(skipped)}
    text = ngettext(
        "%(count)s day off not counted (%(reasons)s)",
        "%(count)s days off not counted (%(reasons)s)",
        len(skipped),
    )
    return text % words


def _made_up(facts: Explained) -> str:
    if not facts.counts_workdays:
        return ""
    dates = [day.day.on for day in facts.days if day.counting == "counted" and day.day.kind == "makeup"]
    if not dates:
        return ""
    words = {"dates": _listed(long_date(on, facts.today) for on in dates)}
    text = ngettext(
        "%(dates)s counted as a make-up working day",
        "%(dates)s counted as make-up working days",
        len(dates),
    )
    return text % words


def _rolled(facts: Explained) -> str:
    clock = facts.clock
    if clock is None or clock.nominal_on == clock.due_on:
        return ""
    off = [day for day in facts.days if day.counting == "skipped" and day.day.on > clock.nominal_on]
    nominal = CountedDay(facts.calendar.day(clock.nominal_on), "skipped")
    words = {"date": long_date(clock.nominal_on, facts.today), "reasons": _reasons([nominal, *off])}
    return _("the last day, %(date)s, is a day off (%(reasons)s) and moves to the next working day") % words


def _stopped(facts: Explained) -> str:
    stopped = [
        day for day in facts.days if day.counting == "stopped" and (day.day.is_workday or not facts.counts_workdays)
    ]
    if not stopped:
        return ""
    reasons = [stop.reason for stop in facts.stops if stop.reason and any(stop.covers(day.day.on) for day in stopped)]
    words = {"count": len(stopped), "reasons": _listed(dict.fromkeys(reasons))}
    if not reasons:
        return ngettext("stopped %(count)s day", "stopped %(count)s days", len(stopped)) % words
    text = ngettext("stopped %(count)s day (%(reasons)s)", "stopped %(count)s days (%(reasons)s)", len(stopped))
    return text % words


def _paused(facts: Explained) -> str:
    if not facts.paused_since or facts.met_on:
        return ""
    words = {"date": long_date(facts.paused_since, facts.today)}
    if facts.paused_since > facts.due_on:
        return _("still stopped, since %(date)s, when the date had passed already, so the date stays") % words
    return _("still stopped, since %(date)s, so the date moves on every day") % words


def _new_dates(facts: Explained) -> list[str]:
    """One clause for all extensions, one for each new date set on sending back or reopening."""
    extended = [extension for extension in facts.extensions if extension.cause == "extended"]
    clauses = [_extended(facts, len(extended))] if extended else []
    for new in facts.extensions:
        words = {"date": long_date(new.agreed_on, facts.today), "due": long_date(new.due_on, facts.today)}
        if new.cause == "sent_back":
            clauses.append(_("sent back %(date)s with %(due)s as the new date") % words)
        elif new.cause == "reopened":
            clauses.append(_("reopened %(date)s with %(due)s as the new date") % words)
        elif new.cause == "reassigned":
            clauses.append(_("assigned anew %(date)s with %(due)s as the new date") % words)
        elif new.cause == "amended":
            clauses.append(_("amended %(date)s with %(due)s as the new date") % words)
    if clauses:
        clauses.append(_("first date %(date)s") % {"date": long_date(facts.first_due_on, facts.today)})
    return clauses


def _extended(facts: Explained, times: int) -> str:
    days = _days_added(facts)
    words = {"often": often(times), "count": days}
    if days <= 0:
        return _("extended %(often)s") % words
    if times == 1:
        return ngettext("extended %(often)s by %(count)s day", "extended %(often)s by %(count)s days", days) % words
    text = ngettext("extended %(often)s by %(count)s day in all", "extended %(often)s by %(count)s days in all", days)
    return text % words


def often(times: int) -> str:
    """How often something was done: once, twice, 3 times."""
    if times == 1:
        return _("once")
    return _("twice") if times == 2 else _("%(count)s times") % {"count": times}


def _days_added(facts: Explained) -> int:
    """Calendar days by which extensions moved the date that held before each of them."""
    added, before = 0, facts.first_due_on
    for new in facts.extensions:
        if new.cause == "extended":
            added += (new.due_on - before).days
        before = new.due_on
    return added


def _provisional(facts: Explained) -> str:
    if not facts.provisional:
        return ""
    years = [day.day.on.year for day in facts.days if not day.day.official]
    words = {"year": years[0] if years else facts.first_due_on.year}
    return _("provisional: the %(year)s holiday notice is not out, so this date may move") % words


def _reasons(days: Iterable[CountedDay]) -> str:
    """Why days were days off, each reason once: "weekend, National Day"."""
    return _listed(dict.fromkeys(day_name(day.day) or _("weekend") for day in days))


def _listed(items: Iterable[str]) -> str:
    return pgettext("between items of a list", ", ").join(items)


def _mid_sentence(name: str) -> str:
    """Rule names stand as titles on other pages; inside a sentence an English one begins small (but not "VOC")."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name
