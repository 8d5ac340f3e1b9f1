"""The sheet of all components with made-up contents, to look at and to test."""

import datetime

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casetracker.explain.strip import Cell

NOON = datetime.datetime(2019, 12, 6, 10, 42, tzinfo=datetime.UTC)
STRIP = (
    ("一", "25", "发现", "start"),
    ("二", "26", "1", "counted"),
    ("三", "27", "2 调休", "makeup"),
    ("四", "28", "周末", "skipped"),
    ("五", "29", "暂停", "stopped"),
    ("", "… 9 …", "", "fold"),
    ("三", "4", "原时限", "first"),
    ("四", "5", "延期", "due"),
    ("今天", "6", "逾期 1", "late today"),
)


class SampleForm(forms.Form):
    """One field of each kind."""

    new_date = forms.DateField(
        label=gettext_lazy("New date"),
        help_text=gettext_lazy("Not before tomorrow"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    unit = forms.ChoiceField(label=gettext_lazy("Unit"), choices=[("1", "市住建局"), ("2", "市城管局")])
    reason = forms.CharField(label=gettext_lazy("Reason"), min_length=10, widget=forms.Textarea(attrs={"rows": 3}))
    photo = forms.FileField(label=gettext_lazy("After-photo"))
    note = forms.CharField(label=gettext_lazy("Note"), required=False)
    first_date = forms.DateField(
        label=gettext_lazy("First date"),
        help_text=gettext_lazy("It cannot be changed."),
        disabled=True,
        initial=datetime.date(2019, 12, 4),
    )
    special = forms.BooleanField(label=gettext_lazy("Special"), required=False)
    result = forms.ChoiceField(
        label=gettext_lazy("Result"),
        choices=[("fixed", gettext_lazy("Fixed")), ("partly", gettext_lazy("Partly fixed"))],
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["result"].consequences = {  # type: ignore[attr-defined]
            "fixed": _("can be closed then"),
            "partly": _("goes back, with what remains"),
        }


def design(request: HttpRequest) -> HttpResponse:
    """The component sheet, for whoever signed in to a demonstration; 404 elsewhere."""
    if not settings.DEMO:
        raise Http404
    return render(request, "gallery.html", sample())


def sample() -> dict[str, object]:
    """What the component sheet shows; people and places are invented."""
    counts = [(_("Everything"), 29), (_("Verify"), 13), (_("Close"), 10), (_("Assign"), 3)]
    lights = [("late", _("3 days late")), ("near", _("due today")), ("ok", _("by 14 Dec"))]
    return {
        "form": SampleForm(),
        "wrong": SampleForm({"reason": "short", "unit": "1"}, auto_id="wrong_%s"),
        "cells": [Cell(tuple(states.split()), day, number, label) for day, number, label, states in STRIP],
        "lights": [*lights, ("done", _("closed 7 Dec")), ("stopped", _("stopped 2 days"))],
        "tabs": [
            {"key": f"tab-{n}", "label": label, "count": n, "url": "#", "current": n == 29} for label, n in counts
        ],
        "options": [{"value": label, "label": label, "count": n, "url": "#", "checked": n > 10} for label, n in counts],
        "bars": [(label, n) for label, n in counts],
        "events": [
            {"at": NOON, "sentence": mark_safe("<b>周航</b> 反馈整改完成，附照片 2 张。"), "by_person": True},
            {"at": NOON, "sentence": "整改时限已过，提醒已发。", "by_person": False},
            {"at": NOON, "sentence": mark_safe("<b>陈敏</b> 同意延期 1 天。原时限 12月4日。"), "by_person": True},
        ],
        "steps": [
            {"label": _("Found"), "on": NOON.date(), "state": "past"},
            {"label": _("Assigned"), "on": NOON.date(), "state": "past"},
            {"label": _("Verified"), "on": None, "state": "now"},
            {"label": _("Closed"), "on": None, "state": "next"},
        ],
        "verbs": [
            {"verb": "remind", "words": _("Remind")},
            {"verb": "verify", "words": _("Verify"), "reason": _("None of these has been reported back yet.")},
        ],
        "names": ["paper", "surface", "sunken", "line", "line-2", "edge", "ink-3", "ink-2", "ink"],
    }
