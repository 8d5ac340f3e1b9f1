"""My work: the first page after signing in."""

import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_safe

from casetracker.dates import long_date_with_weekday, short_date
from casetracker.desk import PANELS
from casetracker.enums import Role, UnitKind
from casetracker.models import Unit, User
from casetracker.work import TIMES, Counts, Desk, Page, cuts


@require_safe
def work(request: HttpRequest) -> HttpResponse:
    """What waits for the person: /?queue=verify or /?when=late narrows it, ?after=… goes on; htmx gets rows alone."""
    user: User = request.user  # type: ignore[assignment]
    today = timezone.localdate()
    desk = Desk(user, today)
    queue, when = request.GET.get("queue", ""), request.GET.get("when", "")
    found = desk.narrowed(queue, when)
    total = _total(desk.counts, queue, when)
    page = desk.page(found, total, request.GET.get("after", ""))
    context: dict[str, Any] = {"page": page, "more": _more(request, page, today)}
    if request.htmx and request.GET.get("after"):  # type: ignore[attr-defined]
        return render(request, "work/_rows.html", context)
    panels = [*desk.panels(), *desk.panels(PANELS)]
    context |= {
        "title": _title(desk.counts, [panel.news for panel in panels if panel.news]),
        "facts": [long_date_with_weekday(today), *_posts(user)],
        "total": total,
        "export_query": urlencode({name: value for name, value in (("queue", queue), ("when", when)) if value}),
        "tabs": _tabs(desk, queue, when),
        "segments": _segments(desk.counts, when),
        "narrowed": bool(queue or when),
        # An administrator alone has no list, and no empty one either.
        "has_list": bool(page.rows or queue or when) or any(post.role != Role.ADMINISTRATOR for post in user.posts),
        "may_report": user.has_role(Role.INSPECTOR, Role.SUPERVISOR),
        "continued": bool(request.GET.get("after")),
        "leading": [panel for panel in panels if panel.leads],
        "beside": [panel for panel in panels if not panel.leads],
    }
    return render(request, "work.html", context)


def _total(counts: Counts, queue: str, when: str) -> int:
    """How many rows the list has; narrowing by both is not offered, the queue then wins."""
    if queue in counts.queues:
        return counts.queues[queue]
    if when in TIMES:
        return counts.times[when]
    return counts.cuts.get(when, counts.total)


def _title(counts: Counts, news: list[str]) -> str:
    """29 things wait for you, 2 are late."""
    if not counts.total:
        return news[0] if news else _("Nothing waits for you")
    things = ngettext("%(count)s thing waits for you", "%(count)s things wait for you", counts.total)
    words = {"things": things % {"count": counts.total}}
    late = counts.times["late"]
    if not late:
        return words["things"]
    words["late"] = ngettext("%(count)s is late", "%(count)s are late", late) % {"count": late}
    return pgettext("title of my work", "%(things)s, %(late)s") % words


def _posts(user: User) -> list[str]:
    """The units a person works for: "Supervision office, all five teams"."""
    facts = []
    for post in user.posts:
        name = post.unit.name
        if post.unit.kind == UnitKind.OFFICE and post.role in (Role.SUPERVISOR, Role.LEADER):
            teams = Unit.objects.current().filter(parent=post.unit, kind=UnitKind.TEAM).count()
            if teams:
                words = {"office": name, "count": teams}
                name = ngettext("%(office)s, its team", "%(office)s, all %(count)s teams", teams) % words
        facts.append(name)
    return list(dict.fromkeys(facts))


def _tabs(desk: Desk, queue: str, when: str) -> list[dict[str, Any]]:
    """Everything, then each queue that holds something (or is open now)."""
    home, counts = reverse("work"), desk.counts
    everything = {"key": "waiting", "label": _("Everything"), "count": counts.total, "url": home}
    tabs: list[dict[str, Any]] = [everything | {"current": not queue and not when}]
    tabs += [
        {
            "key": f"queue-{one.key}",
            "label": one.label,
            "count": counts.queues[one.key],
            "url": f"{home}?{urlencode({'queue': one.key})}",
            "current": queue == one.key,
        }
        for one in desk.queues
        if counts.queues[one.key] or queue == one.key
    ]
    return tabs


def _segments(counts: Counts, when: str) -> list[dict[str, Any]]:
    """Late, today, later, and what waits for somebody else's decision: the segments of a phone."""
    labels = {"late": _("Overdue"), "today": pgettext("segment", "Today"), "later": pgettext("segment", "Later")}
    segments = [(key, label, counts.times[key]) for key, label in labels.items()]
    segments += [(key, str(cut.label), counts.cuts[key]) for key, cut in cuts.items() if counts.cuts[key]]
    home = reverse("work")
    return [
        {
            "key": f"when-{key}",
            "label": label,
            "count": count,
            "url": f"{home}?{urlencode({'when': key})}",
            "current": when == key,
        }
        for key, label, count in segments
    ]


def _more(request: HttpRequest, page: Page, today: datetime.date) -> dict[str, str] | None:
    """Show 19 more, none due before tomorrow."""
    if not page.more or page.next_due_on is None:
        return None
    query = request.GET.copy()
    query["after"] = page.after
    show = ngettext("Show %(count)s more", "Show %(count)s more", page.more) % {"count": page.more}
    if page.next_due_on > today:
        tomorrow = page.next_due_on == today + datetime.timedelta(days=1)
        date = _("tomorrow") if tomorrow else short_date(page.next_due_on, today)
        show = _("%(show)s, none due before %(date)s") % {"show": show, "date": date}
    return {"url": f"{reverse('work')}?{query.urlencode()}", "words": show}
