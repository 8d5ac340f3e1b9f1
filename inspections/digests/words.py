"""The weekly e-mail's section of inspections in words: subject, sentence, totals, groups of rows, links."""

import datetime
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from casetracker import calendars
from casetracker.bilingual import in_language
from casetracker.dates import in_chinese, short_date, weekday_short
from casetracker.enums import Role
from casetracker.explain.lateness import days_left, lateness, moved_note
from casetracker.letters import AsOf, Group, Line, Part, Total, absolute, and_more
from casetracker.wording import opening
from casetracker.workdays import light
from inspections.digests.contents import MOST_ROWS, OLDEST, Content
from inspections.digests.readers import Audience
from inspections.digests.rows import Row
from inspections.enums import Status
from inspections.figures import FIRST_DAY
from inspections.filters import AGES

WORST_UNITS = 5


def part(content: Content, as_of: AsOf) -> Part:
    """What the letter says to an audience, in the active language."""
    audience, name = content.audience, in_language(*content.name)
    groups = {
        Role.HANDLER: _groups_of_unit,
        Role.INSPECTOR: _groups_of_team,
        Role.SUPERVISOR: _groups_of_supervisor,
        Role.LEADER: _groups_of_leader,
    }[Role(audience.role)](content, as_of)
    return Part(
        subject=_subject(content, name),
        headline=_headline(content, as_of),
        whose=name,
        why=_why(audience.role, name),
        totals=_totals(content, as_of),
        groups=[group for group in groups if group.lines],
        remarks=_remarks(content),
        button=_button(content),
        links=_links(content),
        numbers={
            "audience": str(audience),
            "overdue": content.overdue,
            "due_week": content.due_week,
            "new": content.new,
            "closed": content.closed,
            "waiting": sum(content.waiting.values()),
            "requests": content.requests,
            "offices": sorted(content.offices),
        },
    )


# --- The head ---------------------------------------------------------------------------------------


def _subject(content: Content, name: str) -> str:
    """7 overdue, 1 due this week: the unit. With none of its own, how many parts of what other units lead."""
    if not content.overdue and not content.due_week and (count := len(content.beside_rows)):
        text = ngettext(
            "%(count)s part of another unit’s problem is due: %(name)s",
            "%(count)s parts of other units’ problems are due: %(name)s",
            count,
        )
        return text % {"count": count, "name": name}
    words = {"overdue": content.overdue, "due": content.due_week, "name": name}
    return _("%(overdue)s overdue, %(due)s due this week: %(name)s") % words


def _headline(content: Content, as_of: AsOf) -> str:
    if content.overdue and content.oldest_on:
        days = (as_of.on - content.oldest_on).days
        words = {"count": content.overdue, "days": days}
        if content.overdue == 1:
            return (
                ngettext("1 problem is overdue by %(days)s day", "1 problem is overdue by %(days)s days", days) % words
            )
        return _("%(count)s problems are overdue, the oldest by %(days)s days") % words
    if content.due_week:
        words = {"count": content.due_week}
        text = ngettext("%(count)s problem is due this week", "%(count)s problems are due this week", content.due_week)
        return text % words
    waiting = sum(content.waiting.values()) + content.requests
    return ngettext("%(count)s thing waits for you", "%(count)s things wait for you", waiting) % {"count": waiting}


def _why(role: str, name: str) -> str:
    words = {
        Role.HANDLER: _("You get this because you handle problems for %(name)s."),
        Role.INSPECTOR: _("You get this because you inspect with %(name)s."),
        Role.SUPERVISOR: _("You get this because you supervise for %(name)s."),
        Role.LEADER: _("You get this because you lead %(name)s."),
    }
    return words[Role(role)] % {"name": name}


def _narrowed(audience: Audience) -> dict[str, Any]:
    """The parameters by which the list shows what the audience answers for."""
    if audience.role == Role.HANDLER:
        return {"lead": audience.unit}
    return {"team": audience.unit} if audience.role == Role.INSPECTOR else {}


def _list(content: Content, **query: Any) -> str:
    narrowed = {**_narrowed(content.audience), **({"spoken": "true"} if content.some_held else {})}
    return absolute(f"{reverse('problems')}?{urlencode({**narrowed, **query}, doseq=True)}")


def _overdue_url(content: Content, as_of: AsOf, **more: Any) -> str:
    """The list of what was overdue on the letter's day, whenever it is read."""
    span = {"from": FIRST_DAY.isoformat(), "to": as_of.on.isoformat()}
    return _list(content, figure="overdue", **span, **more)


def _due_url(content: Content, as_of: AsOf) -> str:
    """The list of what was due from the letter's day to its Sunday."""
    span = {"from": as_of.on.isoformat(), "to": as_of.sunday.isoformat()}
    return _list(content, figure="due", **span)


def _totals(content: Content, as_of: AsOf) -> list[Total]:
    first, last = as_of.last_week
    week = {"from": first.isoformat(), "to": last.isoformat()}
    overdue = Total(
        "overdue", content.overdue, _("overdue now"), _overdue_url(content, as_of), late=bool(content.overdue)
    )
    return [
        overdue,
        Total("due_week", content.due_week, _("due this week"), _due_url(content, as_of)),
        Total("new", content.new, _("new last week"), _list(content, figure="problems", **week)),
        Total("closed", content.closed, _("closed last week"), _list(content, figure="newly_closed", **week)),
    ]


def _button(content: Content) -> tuple[str, str]:
    if content.audience.role == Role.HANDLER:
        return _("Report back or ask for more time"), absolute(reverse("work"))
    if content.audience.role == Role.LEADER:
        return _("See what is overdue"), _list(content, overdue="any")
    return _("See what waits for you"), absolute(reverse("work"))


def _links(content: Content) -> list[tuple[str, str]]:
    links = [(_("Change day or language"), absolute(reverse("me")))]
    if content.audience.role == Role.HANDLER:
        links.append((_("Not yours? Hand it back"), _list(content, state=["assigned", "claimed"])))
    return links


def _remarks(content: Content) -> list[str]:
    remarks = []
    if content.audience.role == Role.HANDLER:
        text = ngettext(
            "Waiting for a decision: %(count)s request for more time.",
            "Waiting for a decision: %(count)s requests for more time.",
            content.requests,
        )
        asked = text % {"count": content.requests}
        remarks.append(asked if content.requests else _("Waiting for a decision: nothing."))
    if content.held:
        text = ngettext(
            "Not included: %(count)s open problem of an import that is not released yet.",
            "Not included: %(count)s open problems of imports that are not released yet.",
            content.held,
        )
        remarks.append(text % {"count": content.held})
    return remarks


# --- Groups of rows ---------------------------------------------------------------------------------


def _title(row: Row) -> str:
    return in_language(row.kind_zh or "", row.kind_en or "") or opening(row.text) or row.site


def _url(row: Row) -> str:
    return absolute(reverse("problem", args=[row.id]))


def _late_line(row: Row, as_of: AsOf) -> Line:
    due = _("due %(date)s") % {"date": short_date(row.due_on, as_of.on)}
    moved = moved_note(row.first_due_on, row.due_on, row.extended, as_of.on)
    facts = [pgettext("between facts", ", ").join(part for part in (due, moved) if part)]
    words = lateness(row.due_on, as_of.on)
    return Line("late", words, _title(row), _url(row), row.site, row.number, facts)


def _due_line(row: Row, as_of: AsOf) -> Line:
    left = [days_left(row.due_on, as_of.on)]
    if row.status == Status.ASSIGNED and as_of.living:
        left.append(_("not claimed yet"))
    facts = [pgettext("between facts", ", ").join(left)]
    state = light(row.due_on, as_of.on, calendars.load())
    return Line(state, _day(row.due_on, as_of), _title(row), _url(row), row.site, row.number, facts)


def _day(on: datetime.date, as_of: AsOf) -> str:
    """Thu 12 Dec; in Chinese the date alone."""
    date = short_date(on, as_of.on)
    return date if in_chinese() else f"{weekday_short(on)} {date}"


def _group(title: str, count: int, lines: Sequence[Line], url: str) -> Group:
    return Group(title, count, lines, and_more(count - len(lines)), url)


def _by_age(content: Content, as_of: AsOf) -> list[Group]:
    """Overdue by age, oldest first; where not all rows fit, one group of the oldest."""
    url = _overdue_url(content, as_of)
    if content.overdue > len(content.late_rows):
        lines = [_late_line(row, as_of) for row in content.late_rows]
        return [_group(_("Overdue, oldest first"), content.overdue, lines, url)]
    titles = {
        "31": _("More than 30 days late"),
        "8-30": _("8–30 days late"),
        "4-7": _("4–7 days late"),
        "1-3": _("1–3 days late"),
    }
    groups = []
    for age, title in titles.items():
        least, most = AGES[age]
        rows = [row for row in content.late_rows if least <= (as_of.on - row.due_on).days <= (most or 10**6)]
        groups.append(_group(title, len(rows), [_late_line(row, as_of) for row in rows], url))
    return groups


def _due(content: Content, as_of: AsOf) -> Group:
    lines = [_due_line(row, as_of) for row in content.due_rows]
    return _group(_("Due this week"), content.due_week, lines, _due_url(content, as_of))


def _groups_of_unit(content: Content, as_of: AsOf) -> list[Group]:
    beside = [_late_line(row, as_of) if row.due_on < as_of.on else _due_line(row, as_of) for row in content.beside_rows]
    return [
        *_by_age(content, as_of),
        _due(content, as_of),
        Group(_("Your part of what another unit leads"), len(beside), beside[:MOST_ROWS]),
    ]


def _groups_of_team(content: Content, as_of: AsOf) -> list[Group]:
    """First what the team is to re-inspect, longest waiting first; then what is overdue of its finds."""
    lines = []
    for row in content.waiting_rows:
        since = {"date": short_date(row.due_on, as_of.on)}
        words = _("reported %(date)s") % since
        lines.append(Line("near", words, _title(row), _url(row), row.site, row.number))
    waiting = content.waiting.get(Status.REPORTED, 0)
    checks = _group(_("Waiting for your re-inspection"), waiting, lines, _list(content, state="reported"))
    return [checks, *_by_age(content, as_of), _due(content, as_of)]


def _unit_lines(content: Content, as_of: AsOf, most: int) -> list[Line]:
    """Units with what they have overdue: 17 overdue, the oldest by 38 days."""
    lines = []
    for unit, zh, en, count, oldest in content.units[:most]:
        days = (as_of.on - oldest).days
        fact = ngettext("the oldest by %(count)s day", "the oldest by %(count)s days", days) % {"count": days}
        words = _("%(count)s overdue") % {"count": count}
        url = _overdue_url(content, as_of, lead=unit)
        lines.append(Line("late", words, in_language(zh, en), url, facts=[fact]))
    return lines


def _waiting_lines(content: Content) -> list[Line]:
    """What waits for the office itself, each a door to its rows."""
    steps = [
        (content.waiting.get(Status.REPORTED, 0), _("Verify"), _list(content, state="reported")),
        (content.waiting.get(Status.VERIFIED, 0), _("Close"), _list(content, state="verified")),
        (content.requests, _("Decide extensions"), absolute(f"{reverse('work')}?queue=decide")),
        (content.waiting.get(Status.FOUND, 0), _("Assign"), _list(content, state="found")),
    ]
    return [
        Line("near", ngettext("%(count)s problem", "%(count)s problems", count) % {"count": count}, word, url)
        for count, word, url in steps
        if count
    ]


def _groups_of_supervisor(content: Content, as_of: AsOf) -> list[Group]:
    waiting = _waiting_lines(content)
    units = _unit_lines(content, as_of, MOST_ROWS)
    oldest = [_late_line(row, as_of) for row in content.late_rows]
    url = _overdue_url(content, as_of)
    return [
        Group(_("Waiting for the office"), sum(content.waiting.values()) + content.requests, waiting),
        _group(_("Overdue by unit"), len(content.units), units, url),
        Group(_("The oldest"), len(oldest), oldest, and_more(content.overdue - len(oldest)), url),
    ]


def _groups_of_leader(content: Content, as_of: AsOf) -> list[Group]:
    """One screen: the units with most, the oldest ten."""
    units = _unit_lines(content, as_of, WORST_UNITS)
    oldest = [_late_line(row, as_of) for row in content.late_rows[:OLDEST]]
    url = _overdue_url(content, as_of)
    return [
        _group(_("Most overdue"), len(content.units), units, url),
        Group(_("The oldest"), len(oldest), oldest, and_more(content.overdue - len(oldest)), url),
    ]
