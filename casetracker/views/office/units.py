"""Pages of units: the tree, the page of one unit, making one, changing one."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from casetracker import operations, subjects
from casetracker.administering.recording import UNIT
from casetracker.administering.units import change_unit, create_unit
from casetracker.enums import UnitKind
from casetracker.errors import DomainError
from casetracker.forms.fields import refuse
from casetracker.forms.units import UnitForm
from casetracker.models import Unit, User
from casetracker.views.access import for_administrators

# Deeper than this the tree isn't indented any further.
DEEPEST = 4
STATES = ("current", "unmanned", "ended")


@dataclass(frozen=True)
class Branch:
    """A unit in the list: how deep it stands, how many people it has, whether nobody answers, whether it exists."""

    unit: Unit
    depth: int
    people: int
    ended: bool

    @property
    def unmanned(self) -> bool:
        return not self.people and not self.ended


@require_safe
@for_administrators
def units(request: HttpRequest) -> HttpResponse:
    """The tree of units: /office/units/?q=…&state=unmanned&kind=team; four queries however many there are."""
    q, kind = request.GET.get("q", "").strip(), request.GET.get("kind", "")
    state = request.GET.get("state", "")
    state = state if state in STATES else "current"
    found = _found(q, kind, state)
    in_tree = not (q or kind or state != "current")
    rows = _branches(found, in_tree)
    context = {
        "rows": rows,
        "total": len(rows),
        "title": _title(len(rows), state),
        "q": q,
        "kind": kind,
        "state": state,
        "kinds": UnitKind.choices,
        "tabs": _tabs(state),
        "filtered": bool(q or kind),
    }
    return render(request, "office/units.html", context)


def _found(q: str, kind: str, state: str) -> Any:
    today = timezone.localdate()
    current = Unit.objects.current(today)
    rows = {
        "current": current,
        "unmanned": operations.unmanned(current, today),
        "ended": Unit.objects.filter(valid_until__lt=today),
    }[state]
    if q:
        named = Q(name_zh__icontains=q) | Q(name_en__icontains=q) | Q(short_zh__icontains=q)
        rows = rows.filter(named | Q(pk__in=Unit.objects.filter(names__name__icontains=q).values("pk")))
    return rows.filter(kind=kind) if kind in UnitKind.values else rows


def _branches(found: Any, in_tree: bool) -> list[Branch]:
    """The rows in the order of the tree, a parent before its children, and children by kind and name."""
    today = timezone.localdate()
    manned = Count(
        "memberships__user",
        distinct=True,
        filter=Q(memberships__user__is_active=True, memberships__from_on__lte=today)
        & (Q(memberships__until_on__isnull=True) | Q(memberships__until_on__gte=today)),
    )
    rows = list(found.annotate(people=manned).prefetch_related("districts"))
    keys = {row.pk: (row.kind, row.sort_key, row.pk) for row in rows}
    orders = {row.pk: [keys.get(one, (one,)) for one in _ids(row.path)] for row in rows}
    if in_tree:
        rows.sort(key=lambda row: [tuple(map(str, part)) for part in orders[row.pk]])
    return [
        Branch(
            unit=row,
            depth=min(len(_ids(row.path)) - 1, DEEPEST) if in_tree else 0,
            people=row.people,
            ended=row.valid_until is not None and row.valid_until < today,
        )
        for row in rows
    ]


def _ids(path: str) -> list[int]:
    """The ids from the root down."""
    return [int(part) for part in path.split("/") if part]


def _title(count: int, state: str) -> str:
    words = {
        "current": ngettext("%(count)s unit", "%(count)s units", count),
        "unmanned": ngettext(
            "%(count)s unit without an active person", "%(count)s units without an active person", count
        ),
        "ended": ngettext("%(count)s former unit", "%(count)s former units", count),
    }
    return words[state] % {"count": count}


def _tabs(state: str) -> list[dict[str, Any]]:
    labels = {"current": _("Units"), "unmanned": _("Without an active person"), "ended": _("Former units")}
    return [
        {"label": label, "count": None, "url": f"?state={key}", "current": key == state}
        for key, label in labels.items()
    ]


@require_safe
@for_administrators
def unit(request: HttpRequest, pk: int) -> HttpResponse:
    """One unit: what is kept of it, who is in it, what stands below it, what was changed."""
    row = get_object_or_404(Unit.objects.select_related("parent", "successor").prefetch_related("districts"), pk=pk)
    today = timezone.localdate()
    posts = row.memberships.select_related("user")
    running = posts.running(today)
    context = {
        "unit": row,
        "ended": row.valid_until is not None and row.valid_until < today,
        "posts": running.order_by("role", "user__name"),
        "past": posts.exclude(pk__in=running.values("pk")).order_by("-from_on")[: operations.SHOWN],
        "unmanned": operations.unmanned(Unit.objects.filter(pk=pk), today).exists(),
        "below": row.children.order_by("kind", "sort_key"),
        "names": row.names.order_by("-is_former", "name"),
        "events": subjects.told(UNIT, pk),
    }
    return render(request, "office/unit.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def unit_new(request: HttpRequest) -> HttpResponse:
    """Make a unit."""
    form = UnitForm(request.POST or None, initial={"parent": request.GET.get("parent")})
    return _edit(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def unit_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a unit; a former name stays known."""
    row = get_object_or_404(Unit, pk=pk)
    return _edit(request, UnitForm(request.POST or None, instance=row), get_object_or_404(Unit, pk=pk))


def _edit(request: HttpRequest, form: UnitForm, row: Unit | None) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                values = form.values()
                saved = create_unit(by=user, **values) if row is None else change_unit(row, by=user, **values)
            except DomainError as error:
                status = refuse(form, error)
            else:
                messages.success(request, _("%(name)s is saved.") % {"name": saved.name})
                return redirect("unit", saved.pk)
    return render(request, "office/unit_form.html", {"form": form, "unit": row}, status=status)
