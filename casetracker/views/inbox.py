"""The inbox: what a person was told, and what of it was read."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from casetracker import registry
from casetracker.models import Notice, User
from casetracker.models.messages import NoticeQuerySet

SIZE = 50


@dataclass(frozen=True)
class Told:
    """A notice as the inbox shows it; without a link where its subject is not the person's to see any more."""

    notice: Notice
    sentence: str
    url: str


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """Notices, what happened last first: ?show=unread, older ones after ?before=<id>; htmx gets the rows alone."""
    user: User = request.user  # type: ignore[assignment]
    everything = Notice.objects.of(user)
    counts = everything.aggregate(all=Count("pk"), unread=Count("pk", filter=Q(read_at=None)), newest=Max("pk"))
    unread = counts["unread"]
    only_unread = request.GET.get("show") == "unread"
    listed = everything.unread() if only_unread else everything
    total = unread if only_unread else counts["all"]
    before = request.GET.get("before", "")
    notices = list(listed.filter(_older_than(before, everything)).order_by("-created_at", "-pk")[: SIZE + 1])
    shown = notices[:SIZE]
    query = {"show": "unread"} if only_unread else {}
    context: dict[str, Any] = {
        "told": tell(shown, user),
        "total": total,
        "unread": unread,
        "title": _title(unread, total),
        "tabs": _tabs(unread, counts["all"], only_unread),
        "here": request.get_full_path(),
        # What comes while the person reads has a higher number than everything there is now.
        "newest": counts["newest"] or 0,
        "older_url": f"?{urlencode({**query, 'before': shown[-1].pk})}" if len(notices) > SIZE else "",
        "newest_url": f"{reverse('inbox')}?{urlencode(query)}" if before else "",
    }
    if request.htmx and before:  # type: ignore[attr-defined]
        return render(request, "inbox/_rows.html", context)
    return render(request, "inbox.html", context)


def _older_than(before: str, mine: NoticeQuerySet) -> Q:
    """What happened before the notice of this id; everything where the person has no such notice."""
    if not before.isdecimal() or len(before) > 18:
        return Q()
    last = mine.filter(pk=int(before)).first()
    if last is None:
        return Q()
    return Q(created_at__lte=last.created_at) & (Q(created_at__lt=last.created_at) | Q(pk__lt=last.pk))


def tell(notices: list[Notice], user: User) -> list[Told]:
    """Notices as sentences with links; one query per kind of subject. A hidden subject shows its label only, but
    for the notice that says so."""
    links: dict[tuple[str, Any], str] = {}
    for kind in {notice.subject_type for notice in notices} & set(registry.subjects):
        subject = registry.subjects[kind]
        ids = {notice.subject_id for notice in notices if notice.subject_type == kind}
        visible: QuerySet[Any] = subject.visible_to(user).filter(pk__in=ids)
        links |= {(kind, pk): subject.link(pk) for pk in visible.values_list("pk", flat=True)}
    told = []
    for notice in notices:
        url = links.get((notice.subject_type, notice.subject_id), "")
        known = registry.subjects.get(notice.subject_type)
        spoken = known is not None and (url or notice.kind in known.farewells)
        sentence = known.notice_sentence(notice) if known and spoken else notice.subject_label
        told.append(Told(notice, sentence, url))
    return told


def _title(unread: int, total: int) -> str:
    if unread:
        return ngettext("%(count)s unread notice", "%(count)s unread notices", unread) % {"count": unread}
    return _("Everything is read") if total else _("You have no notices")


def _tabs(unread: int, total: int, only_unread: bool) -> list[dict[str, Any]]:
    home = reverse("inbox")
    return [
        {"key": "notices", "label": _("All"), "count": total, "url": home, "current": not only_unread},
        {
            "key": "unread",
            "label": _("Unread"),
            "count": unread,
            "url": f"{home}?show=unread",
            "current": only_unread,
        },
    ]


@require_POST
def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark a notice read and go to what it is about; back to the inbox where that can't be seen any more."""
    user: User = request.user  # type: ignore[assignment]
    notice = get_object_or_404(Notice.objects.of(user), pk=pk)
    _mark(Notice.objects.of(user).filter(pk=pk))
    return redirect(tell([notice], user)[0].url or reverse("inbox"))


@require_POST
def read_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark a notice read and stay; htmx gets its row."""
    user: User = request.user  # type: ignore[assignment]
    notice = get_object_or_404(Notice.objects.of(user), pk=pk)
    _mark(Notice.objects.of(user).filter(pk=pk))
    if request.htmx:  # type: ignore[attr-defined]
        notice.refresh_from_db()
        return render(request, "inbox/_notice.html", {"one": tell([notice], user)[0]})
    return redirect(_back(request))


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything read that the person had been shown: up to the newest notice of the page."""
    user: User = request.user  # type: ignore[assignment]
    newest = request.POST.get("newest", "")
    if newest.isdecimal() and len(newest) < 19:
        _mark(Notice.objects.of(user).filter(pk__lte=int(newest)))
    return redirect(_back(request))


def _mark(notices: Any) -> None:
    notices.unread().update(read_at=timezone.now())


def _back(request: HttpRequest) -> str:
    """Where the person came from, when that is one of our own pages."""
    wanted = request.POST.get("next", "")
    own = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if own else reverse("inbox")
