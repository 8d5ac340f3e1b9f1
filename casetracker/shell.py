"""What the frame of every page needs."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from casetracker import registry
from casetracker.views.access import OPERATORS


def shell(request: HttpRequest) -> dict[str, Any]:
    """Places, the inbox count, the person and the demonstration sign-ins, for base.html."""
    user = getattr(request, "user", None)
    theme = getattr(user, "theme", "system") if user is not None else "system"
    common = {"demo": settings.DEMO, "theme": theme}
    if user is None or not user.is_authenticated:
        if settings.DEMO:
            common |= {"demo_people": registry.demo_people(), "demo_password": registry.demo_password}
        return common
    return common | {
        "places": _places(request),
        "inbox_count": user.unread,
        "person": user,
        "person_post": user.posts[0] if user.posts else None,
        "operates": user.has_role(*OPERATORS),
        "office_name": user.posts[0].unit.name if user.posts else "",
    }


def _places(request: HttpRequest) -> list[dict[str, Any]]:
    shown = []
    for place in sorted(registry.places.values(), key=lambda place: place.position):
        if not place.shown_to(request.user):
            continue
        try:
            url = reverse(place.url_name)
        except NoReverseMatch:
            continue
        here = request.path == url or (url != "/" and request.path.startswith(url))
        shown.append({"key": place.key, "label": place.label, "url": url, "current": here})
    return shown
