"""Saved views of lists: keep the filters of a list under a name, share them with a unit, put them in order."""

from typing import Any

from django import forms
from django.db import transaction
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from casetracker import registry
from casetracker.models import SavedView, User

# A person's own tabs per list; more than these nobody finds again.
MOST = 20
LONGEST = 1000
# Where in the list one stood is no part of a view.
PLACES = ("after", "before", "jump", "count", "page")


class SaveForm(forms.ModelForm):
    """A name for the filters of a list, and the unit that may use them too."""

    use_required_attribute = False

    class Meta:
        model = SavedView
        fields = ["name", "shared_with"]
        labels = {"shared_with": gettext_lazy("Share with")}
        help_texts = {"shared_with": gettext_lazy("Everybody of the unit gets the tab; each sees only their own rows.")}

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owner = owner
        units = {post.unit_id: post.unit for post in owner.posts}
        shared: Any = self.fields["shared_with"]
        shared.queryset = shared.queryset.filter(pk__in=units)
        shared.empty_label = _("Nobody")

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        same = SavedView.objects.filter(owner=self.owner, page=self.instance.page, name=name)
        if same.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("You have a view of this name. Choose another name."))
        return name


@require_http_methods(["GET", "HEAD", "POST"])
def save(request: HttpRequest) -> HttpResponse:
    """Keep the filters that the address holds (GET: ask for a name; page=problems&state=open…)."""
    user: User = request.user  # type: ignore[assignment]
    page = request.GET.get("page", "")
    if page not in registry.places:
        raise Http404
    query = _kept(request.GET)
    view = SavedView(owner=user, page=page, query=query)
    form = SaveForm(request.POST or None, instance=view, owner=user)
    if request.method == "POST":
        own = SavedView.objects.filter(owner=user, page=page)
        if len(query) > LONGEST:
            form.add_error(None, _("These are too many filters for one view. Take some away."))
        if own.count() >= MOST:
            form.add_error(None, _("You have %(most)s views already. Delete one first.") % {"most": MOST})
        if form.is_valid():
            view.position = (own.aggregate(last=Max("position"))["last"] or 0) + 1
            form.save()
            return redirect(_address(view))
    context = {"form": form, "back_url": _address(view), "manage_url": reverse("views") + f"?page={page}"}
    return render(request, "views/save.html", context, status=422 if form.errors else 200)


@require_safe
def views(request: HttpRequest) -> HttpResponse:
    """The reader's own views to rename, reorder and delete, and those that others share."""
    user: User = request.user  # type: ignore[assignment]
    usable = list(SavedView.objects.usable_by(user).select_related("owner", "shared_with"))
    own = [_shown(view) for view in usable if view.owner_id == user.pk]
    context = {"own": own, "shared": [_shown(view) for view in usable if view.owner_id != user.pk]}
    return render(request, "views/views.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: HttpRequest, view_id: int) -> HttpResponse:
    """Another name, or other people to share with."""
    user: User = request.user  # type: ignore[assignment]
    view = get_object_or_404(SavedView, pk=view_id, owner=user)
    form = SaveForm(request.POST or None, instance=view, owner=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        return redirect("views")
    context = {"form": form, "view": view, "back_url": reverse("views")}
    return render(request, "views/save.html", context, status=422 if form.errors else 200)


@require_POST
@transaction.atomic
def move(request: HttpRequest, view_id: int) -> HttpResponse:
    """One place earlier (way=up) or later among the person's own views of the list."""
    user: User = request.user  # type: ignore[assignment]
    view = get_object_or_404(SavedView, pk=view_id, owner=user)
    rows = list(SavedView.objects.select_for_update().filter(owner=user, page=view.page))
    index = rows.index(view)
    other = index - 1 if request.POST.get("way") == "up" else index + 1
    if 0 <= other < len(rows):
        rows[index], rows[other] = rows[other], rows[index]
    for position, row in enumerate(rows):
        row.position = position
    SavedView.objects.bulk_update(rows, ["position"])
    return redirect("views")


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, view_id: int) -> HttpResponse:
    """Take the view away, also from those it was shared with (GET: ask first); the rows stay what they are."""
    view = get_object_or_404(SavedView, pk=view_id, owner=request.user)
    if request.method == "POST":
        view.delete()
        return redirect("views")
    return render(request, "views/delete.html", {"view": view, "back_url": reverse("views")})


def _kept(query: QueryDict) -> str:
    """The filters of an address without its place in the list and without what is empty."""
    kept = query.copy()
    for name in list(kept):
        values = [value for value in kept.getlist(name) if value]
        if name in PLACES or not values:
            del kept[name]
        else:
            kept.setlist(name, values)
    return kept.urlencode()


def _address(view: SavedView) -> str:
    return reverse(registry.places[view.page].url_name) + (f"?{view.query}" if view.query else "")


def _shown(view: SavedView) -> dict[str, Any]:
    known = view.page in registry.places
    return {
        "view": view,
        "url": _address(view) if known else "",
        "place": registry.places[view.page].label if known else "",
    }
