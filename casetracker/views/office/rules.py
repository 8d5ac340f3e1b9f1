"""Pages of the rules of terms: all clocks with their versions, a new version, taking back one not in force yet."""

import datetime
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from casetracker import calendars, subjects
from casetracker.administering import moving
from casetracker.administering.recording import RULE
from casetracker.administering.timing import RULE_COLUMNS, issue_rule, withdraw_rule
from casetracker.errors import DomainError
from casetracker.forms.fields import refuse
from casetracker.forms.people import ReasonForm
from casetracker.forms.timing import RuleForm
from casetracker.models import DeadlineRule, User
from casetracker.views.access import for_administrators
from casetracker.workdays import Calendar, Clock, Term, count


@require_safe
@for_administrators
def rules(request: HttpRequest) -> HttpResponse:
    """Every clock with the version in force, what comes and what was."""
    today, calendar = timezone.localdate(), calendars.load()
    rows = DeadlineRule.objects.order_by("code", "effective_from")
    clocks = [_clock(code, list(versions), today, calendar) for code, versions in groupby(rows, lambda row: row.code)]
    unverified = sum(not clock["now"].verified_by for clock in clocks)
    title = _("Terms and rules")
    if unverified:
        text = ngettext("Terms: %(count)s rule to be verified", "Terms: %(count)s rules to be verified", unverified)
        title = text % {"count": unverified}
    return render(request, "office/rules.html", {"clocks": clocks, "total": len(clocks), "title": title})


def _clock(code: str, versions: list[DeadlineRule], today: datetime.date, calendar: Calendar) -> dict[str, Any]:
    """One clock: the version in force (the first one before any is), later and earlier ones, and an example."""
    begun = [one for one in versions if one.effective_from <= today]
    now = begun[-1] if begun else versions[0]
    return {
        "code": code,
        "now": now,
        "term": term_words(now),
        "coming": [{"rule": one, "term": term_words(one)} for one in versions if one.effective_from > today],
        "past": [{"rule": one, "term": term_words(one)} for one in reversed(begun[:-1])],
        "example": _counted(now, today, calendar).due_on,
    }


def _counted(rule: DeadlineRule, start: datetime.date, calendar: Calendar) -> Clock:
    return count(start, Term(rule.amount, rule.unit, rule.roll), calendar)  # type: ignore[arg-type]


def term_words(rule: DeadlineRule) -> str:
    """7 calendar days / 同一天: how long, in words."""
    if rule.amount == 0:
        return _("the same day")
    texts = {
        "day": ngettext("%(count)s calendar day", "%(count)s calendar days", rule.amount),
        "workday": ngettext("%(count)s working day", "%(count)s working days", rule.amount),
        "month": ngettext("%(count)s month", "%(count)s months", rule.amount),
        "year": ngettext("%(count)s year", "%(count)s years", rule.amount),
    }
    return texts[rule.unit] % {"count": rule.amount}


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def rule_new(request: HttpRequest, code: str) -> HttpResponse:
    """A new version of one clock's rule; the first press shows what it would bring, the second one issues it."""
    user: User = request.user  # type: ignore[assignment]
    last = DeadlineRule.objects.filter(code=code).order_by("-effective_from").first()
    if last is None:
        raise Http404
    today = timezone.localdate()
    initial = {name: getattr(last, name) for name in RULE_COLUMNS} | {"effective_from": today, "verified_by": ""}
    form = RuleForm(request.POST or None, instance=DeadlineRule(code=code), initial=initial)
    status, preview = 200, {}
    if request.method == "POST":
        status = 422
        if form.is_valid():
            values = form.values()
            if request.POST.get("seen") == _mark(values):
                try:
                    rule = issue_rule(code, by=user, **values)
                except DomainError as error:
                    status = refuse(form, error)
                else:
                    messages.success(request, _("%(name)s: the new version is on the record.") % {"name": rule.name})
                    return redirect("rules")
            else:
                status, preview = 200, _preview(form.instance, last, today) | {"seen": _mark(values)}
    context = {"form": form, "last": last, "term": term_words(last), "events": subjects.told(RULE, code), **preview}
    return render(request, "office/rule_form.html", context, status=status)


def _mark(values: dict[str, Any]) -> str:
    """Tells whether what is to be issued is what the preview was about; the reason may still be worded better."""
    return "|".join(f"{value}" for name, value in values.items() if name != "reason")


def _preview(rule: DeadlineRule, last: DeadlineRule, today: datetime.date) -> dict[str, Any]:
    """What begins on the first day would be due when, by the old version and by the new one; what would move."""
    calendar = calendars.load()
    old, new = _counted(last, rule.effective_from, calendar), _counted(rule, rule.effective_from, calendar)
    return {
        "old_due": old.due_on,
        "new": new,
        "new_term": term_words(rule),
        "starts": rule.effective_from,
        "moves": moving.by_rule(rule, today),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def rule_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a version that is not in force yet."""
    user: User = request.user  # type: ignore[assignment]
    rule = get_object_or_404(DeadlineRule, pk=pk)
    form, status = ReasonForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                withdraw_rule(rule, by=user, reason=form.cleaned_data["reason"])
            except DomainError as error:
                status = refuse(form, error)
            else:
                messages.success(request, _("The version is taken back."))
                return redirect("rules")
    context = {"form": form, "rule": rule, "term": term_words(rule)}
    return render(request, "office/rule_withdraw.html", context, status=status)
