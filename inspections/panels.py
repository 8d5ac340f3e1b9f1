"""The boxes beside my work: what is overdue and whose it is, what falls due this week, a leader's figures."""

import datetime
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from casetracker import digest
from casetracker.bilingual import in_language
from casetracker.dates import long_date_with_weekday, weekday_short
from casetracker.enums import Role
from casetracker.models import User
from casetracker.work import Panel
from inspections import scope
from inspections.enums import Status
from inspections.figures import FIRST_DAY
from inspections.filters import AGES, age_condition
from inspections.models import Problem
from inspections.querysets import ProblemQuerySet

WORST_UNITS = 4
ONE_DAY = datetime.timedelta(days=1)
OVERSEERS = (Role.SUPERVISOR, Role.LEADER, Role.CASE_OFFICER, Role.LEGAL_REVIEWER)


@dataclass(frozen=True)
class Outlook:
    """The problems that a person answers for, and the parameters by which the list shows exactly those."""

    title: str
    problems: ProblemQuerySet
    narrowed: dict[str, Any]
    by_unit: bool

    def url(self, **query: Any) -> str:
        return f"{reverse('problems')}?{urlencode({**self.narrowed, **query})}"


def outlook(user: User) -> Outlook | None:
    """An overseer answers for the whole bureau, an inspector for the team's finds, a handler for the unit's own.

    Somebody with several units sees the first one's here; the list shows the others.
    """
    visible: Any = Problem.objects.visible_to(user)
    see = scope.of(user)
    if user.has_role(*OVERSEERS):
        return Outlook(_("Overdue at the units"), visible, {}, by_unit=True)
    if see.teams:
        found = visible.filter(team=see.teams[0])
        return Outlook(_("Overdue of what your team found"), found, {"team": see.teams[0]}, by_unit=True)
    if see.handled:
        unit = see.handled[0]
        return Outlook(_("Overdue at your unit"), visible.filter(lead_unit=unit), {"lead": unit}, by_unit=False)
    return None


def age_words(age: str) -> str:
    """How late, as a row of the panel says it."""
    words = {"1-3": _("1–3 days late"), "4-7": _("4–7 days"), "8-30": _("8–30 days"), "31": _("over 30 days")}
    return words[age]


def overdue_panel(user: User, today: datetime.date) -> Panel | None:
    """How much is overdue, by age, and the units that have most of it; three queries."""
    view = outlook(user)
    if view is None:
        return None
    late = view.problems.overdue(today)
    found = late.aggregate(
        total=Count("pk"),
        **{f"age{n}": Count("pk", filter=age_condition(age, today)) for n, age in enumerate(AGES)},
    )
    ages = [
        {"label": age_words(age), "count": found[f"age{n}"], "key": f"overdue-{age}", "url": view.url(overdue=age)}
        for n, age in enumerate(AGES)
    ]
    opened = view.problems.open().aggregate(total=Count("pk"), held=Count("pk", filter=Q(held=True)))
    units = _units(view, late) if view.by_unit and found["total"] else []
    context = {
        "title": view.title,
        "total": found["total"],
        "open": opened["total"],
        "url": view.url(overdue="any"),
        "open_url": view.url(state="open"),
        # They are counted here but wait for nobody: neither the list beside it nor any mail has them.
        "held": opened["held"],
        "held_url": view.url(state="open", held="true"),
        "ages": ages,
        "most": max(row["count"] for row in ages),
        "before": _before(view, user, today),
        "units": units[:WORST_UNITS],
        "all_units": units if len(units) > WORST_UNITS else [],
        "most_of_unit": max((row["count"] for row in units), default=0),
    }
    words = ngettext("%(count)s problem is overdue", "%(count)s problems are overdue", found["total"])
    news = words % {"count": found["total"]} if user.has_role(Role.LEADER) and found["total"] else ""
    return Panel("inspections/work/_overdue.html", context, news=news)


def _before(view: Outlook, user: User, today: datetime.date) -> dict[str, Any] | None:
    """How much was overdue when the person's last weekly e-mail was written, with the list that the letter links to."""
    last = digest.last_figures(user, today)
    if last is None:
        return None
    on, figures = last
    # A letter that was written for another of the person's posts says nothing of these.
    role, _space, unit = str(figures.get("audience", "")).partition(" ")
    about: dict[str, dict[str, str]] = {Role.INSPECTOR: {"team": unit}, Role.HANDLER: {"lead": unit}}
    if about.get(role, {}) != {name: str(value) for name, value in view.narrowed.items()}:
        return None
    span = {"from": FIRST_DAY.isoformat(), "to": on.isoformat()}
    return {"on": on, "count": figures["overdue"], "url": view.url(figure="overdue", **span, spoken="true")}


def _units(view: Outlook, late: ProblemQuerySet) -> list[dict[str, Any]]:
    """The lead units by how much they have overdue; with what was told to no unit they sum to the total."""
    rows = (
        late.filter(lead_unit__isnull=False)
        .values_list("lead_unit", "lead_unit__short_zh", "lead_unit__name_zh", "lead_unit__name_en")
        .annotate(count=Count("pk"), oldest=Min("due_on"))
        .order_by("-count", "oldest", "lead_unit")
    )
    return [
        {
            "label": in_language(short or zh, en),
            "count": count,
            "key": f"overdue-unit-{unit}",
            # Among all units it stands once more.
            "all_key": f"overdue-all-unit-{unit}",
            "url": view.url(lead=unit, overdue="any"),
        }
        for unit, short, zh, en, count, oldest in rows
    ]


def week_panel(user: User, today: datetime.date) -> Panel | None:
    """What falls due on each day that is left of this week, Monday to Sunday; one query."""
    view = outlook(user)
    if view is None:
        return None
    monday = today - today.weekday() * ONE_DAY
    sunday = monday + 6 * ONE_DAY
    due = view.problems.due_between(today, sunday)
    counts: dict[datetime.date, int] = dict(due.values_list("due_on").annotate(n=Count("pk")).order_by())
    days = [monday + n * ONE_DAY for n in range(7)]
    shown = [
        {
            "weekday": weekday_short(day),
            "words": _due_words(counts.get(day, 0), day),
            "day": day.day,
            "count": counts.get(day, 0),
            "today": day == today,
            "key": f"due-{day.isoformat()}",
            "url": view.url(due="week", due_from=day.isoformat(), due_to=day.isoformat()),
        }
        for day in days
    ]
    total = sum(counts.values())
    words = ngettext("%(count)s problem", "%(count)s problems", total) % {"count": total}
    return Panel("inspections/work/_week.html", {"days": shown, "total": words, "url": view.url(due="week")})


def _due_words(count: int, day: datetime.date) -> str:
    """What a day of the strip says to those who hear it."""
    words = {"count": count, "day": long_date_with_weekday(day)}
    return ngettext("%(count)s problem due on %(day)s", "%(count)s problems due on %(day)s", count) % words


def figures_panel(user: User, today: datetime.date) -> Panel | None:
    """A leader's figures before the list, and those of people who only read; two queries."""
    if not user.has_role(Role.LEADER, Role.CASE_OFFICER, Role.LEGAL_REVIEWER):
        return None
    view = outlook(user)
    if view is None:
        return None
    sunday = today + (6 - today.weekday()) * ONE_DAY
    monday = today - today.weekday() * ONE_DAY
    found = view.problems.counted().filter(found_on__gte=monday, found_on__lte=today)
    states = dict(view.problems.open().values_list("status").annotate(n=Count("pk")).order_by())
    span = {"found_from": monday.isoformat(), "found_to": today.isoformat()}
    cells = [
        ("overdue", _("overdue"), view.problems.overdue(today).count(), view.url(overdue="any")),
        ("due_week", _("due this week"), view.problems.due_between(today, sunday).count(), view.url(due="week")),
        ("open", _("not closed"), sum(states.values()), view.url(state="open")),
        ("to_verify", _("waiting to be verified"), states.get(Status.REPORTED, 0), view.url(state="reported")),
        ("to_close", _("waiting to be closed"), states.get(Status.VERIFIED, 0), view.url(state="verified")),
        ("found_week", pgettext("problems", "found this week"), found.count(), view.url(**span)),
    ]
    rows = [{"key": key, "label": label, "value": value, "url": url} for key, label, value, url in cells]
    return Panel("inspections/work/_figures.html", {"cells": rows}, leads=True)


PANELS = (figures_panel, overdue_panel, week_panel)
