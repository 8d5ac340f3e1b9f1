"""Pages of the calendar: a year, one day, a notice, the packaged table; each change shows first what it moves."""

import datetime
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from casetracker import calendars, subjects, wording
from casetracker.administering import moving, timing
from casetracker.administering.recording import CALENDAR
from casetracker.bilingual import in_language
from casetracker.calendars import Changes, Row
from casetracker.dates import WEEKDAYS_EN, WEEKDAYS_ZH, in_chinese
from casetracker.enums import DayKind
from casetracker.errors import DomainError
from casetracker.forms.fields import refuse
from casetracker.forms.timing import DayForm, NoticeForm
from casetracker.models import CalendarDay, User
from casetracker.views.access import for_administrators

FIRST_YEAR, LAST_YEAR = 2004, 2099
# So many changed days are listed; the rest is a number.
LISTED = 40


@require_safe
@for_administrators
def calendar(request: HttpRequest) -> HttpResponse:
    """One year: /office/calendar/?year=2026; a year without rows is shown as it is guessed."""
    today = timezone.localdate()
    asked = request.GET.get("year", "")
    year = int(asked) if asked.isdecimal() and len(asked) == 4 else today.year
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Http404
    days = _days(year)
    context = {
        "year": year,
        "title": _title(year, days),
        "months": [_month(list(rows), today) for _n, rows in groupby(days, key=lambda day: day.on.month)],
        "weekdays": list(WEEKDAYS_ZH) if in_chinese() else [name[:2] for name in WEEKDAYS_EN],
        "holidays": _holidays(days),
        "settled": calendars.last_settled_year(),
        "provisional": not all(day.official for day in days),
        "earlier": year - 1 if year > FIRST_YEAR else None,
        "later": year + 1 if year < LAST_YEAR else None,
        "total": len(days),
        "events": subjects.told(CALENDAR, year),
    }
    return render(request, "office/calendar.html", context)


def _days(year: int) -> list[CalendarDay]:
    """Every day of the year, the guess where none is stored."""
    stored = {day.on: day for day in CalendarDay.objects.filter(on__year=year)}
    return [stored.get(row.on) or CalendarDay(**row._asdict()) for row in calendars.provisional_rows(year)]


def _title(year: int, days: list[CalendarDay]) -> str:
    count = sum(day.is_workday for day in days)
    text = ngettext("%(year)s: %(count)s working day", "%(year)s: %(count)s working days", count)
    return text % {"year": year, "count": count}


def _month(days: list[CalendarDay], today: datetime.date) -> dict[str, Any]:
    """A month as weeks of seven cells, None outside it."""
    cells: list[dict[str, Any] | None] = [None] * days[0].on.weekday()
    cells += [_cell(day, today) for day in days]
    cells += [None] * (-len(cells) % 7)
    return {"first": days[0].on, "weeks": [cells[n : n + 7] for n in range(0, len(cells), 7)]}


def _cell(day: CalendarDay, today: datetime.date) -> dict[str, Any]:
    classes = [f"is-{day.kind}", "" if day.official else "is-provisional", "is-today" if day.on == today else ""]
    words = [str(DayKind(day.kind).label), _name(day), "" if day.official else _("provisional")]
    return {
        "on": day.on,
        "classes": " ".join(filter(None, classes)),
        "words": wording.listed(filter(None, words)),
        "url": reverse("calendar_day", args=[day.on.isoformat()]),
    }


def _name(day: CalendarDay) -> str:
    return in_language(day.name_zh, day.name_en)


def _holidays(days: list[CalendarDay]) -> list[dict[str, Any]]:
    """The holidays with their days off and their make-up working days, in the order of the year."""
    found: dict[str, dict[str, Any]] = {}
    for day in days:
        if day.kind not in (DayKind.HOLIDAY, DayKind.MAKEUP):
            continue
        one = found.setdefault(day.name_zh, {"name": _name(day), "spans": [], "made_up": [], "official": True})
        one["official"] = one["official"] and day.official
        if day.kind == DayKind.MAKEUP:
            one["made_up"].append(day.on)
        elif one["spans"] and (day.on - one["spans"][-1][1]).days == 1:
            one["spans"][-1][1] = day.on
        else:
            one["spans"].append([day.on, day.on])
    return list(found.values())


# --- Changing ---------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def calendar_day(request: HttpRequest, on: str) -> HttpResponse:
    """Change one day; the first press shows what it would move, the second one writes it."""
    user: User = request.user  # type: ignore[assignment]
    day = _stored(on)
    form, status = DayForm(request.POST or None, day=day), 200
    preview: dict[str, Any] = {}
    if request.method == "POST":
        status = 422
        if form.is_valid():
            row = form.row()
            if request.POST.get("seen") == _mark([row]):
                try:
                    timing.change_day(row, by=user)
                except DomainError as error:
                    status = refuse(form, error)
                else:
                    messages.success(request, _("The day is changed."))
                    return redirect(f"{reverse('calendar')}?year={day.on.year}")
            else:
                status, preview = 200, _preview([row])
    context = {"form": form, "day": day, "name": _name(day), "kind": DayKind(day.kind).label, **preview}
    return render(request, "office/calendar_day.html", context, status=status)


def _stored(text: str) -> CalendarDay:
    try:
        on = datetime.date.fromisoformat(text)
    except ValueError as error:
        raise Http404 from error
    if not FIRST_YEAR <= on.year <= LAST_YEAR:
        raise Http404
    return next(day for day in _days(on.year) if day.on == on)


def _mark(rows: Iterable[Row]) -> str:
    """Tells whether what is to be saved is what the preview was about; the source may still be worded better."""
    return "\n".join("|".join(map(str, row._replace(source=""))) for row in rows)


def _preview(rows: list[Row]) -> dict[str, Any]:
    return {"moves": moving.by_days(rows, timezone.localdate()), "seen": _mark(rows)}


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def calendar_load(request: HttpRequest) -> HttpResponse:
    """Load the official notice of a year from a CSV file; the first press shows what it would change and move."""
    user: User = request.user  # type: ignore[assignment]
    form = NoticeForm(request.POST or None, request.FILES or None)
    status, preview = 200, {}
    if request.method == "POST":
        status = 422
        if form.is_valid() and (notice := form.notice) is not None:
            if request.POST.get("seen") and not request.FILES:
                try:
                    changes = timing.load_notice(notice, by=user, source=form.cleaned_data["source"])
                except DomainError as error:
                    status = refuse(form, error)
                else:
                    return _done(request, changes)
            else:
                changes = timing.tried(lambda: calendars.store_notice(notice))
                status, preview = 200, _changes(changes) | {"text": form.cleaned_data["text"]}
    return render(request, "office/calendar_load.html", {"form": form, **preview}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def calendar_reload(request: HttpRequest) -> HttpResponse:
    """Load the packaged table again; the page shows what it would change and move."""
    user: User = request.user  # type: ignore[assignment]
    if request.method == "POST":
        return _done(request, timing.reload_package(by=user))
    changes = timing.tried(timing.package_changes)
    context = _changes(changes) | {"years": calendars.PACKAGE_YEARS, "kept": len(changes.kept)}
    return render(request, "office/calendar_reload.html", context)


def _changes(changes: Changes) -> dict[str, Any]:
    """What the pages show of changes: days that become something else are listed, those only settled are counted."""
    rows = [after for _before, after in changes.changed]
    other = [pair for pair in changes.changed if pair[0] is None or pair[0][1:4] != pair[1][1:4]]
    listed = [
        {"before": _words(before) if before else "", "after": _words(after), "on": after.on}
        for before, after in sorted(other, key=lambda pair: pair[1].on)[:LISTED]
    ]
    counts = {"changed": len(rows), "more": len(other) - len(listed), "settled": len(rows) - len(other)}
    return {"listed": listed, **counts, **_preview(rows)}


def _words(row: Row) -> str:
    words = [str(DayKind(row.kind).label), in_language(row.name_zh, row.name_en)]
    return wording.listed(filter(None, [*words, "" if row.official else _("provisional")]))


def _done(request: HttpRequest, changes: Changes) -> HttpResponse:
    count = len(changes.changed)
    text = ngettext("%(count)s day is changed.", "%(count)s days are changed.", count) % {"count": count}
    messages.success(request, text if count else _("The calendar was like this already."))
    year = changes.changed[0][1].on.year if changes.changed else timezone.localdate().year
    return redirect(f"{reverse('calendar')}?year={year}")
