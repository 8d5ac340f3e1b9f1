"""The way back to the list one came from, and on to the problem before or after in it.

The neighbours are looked for when they are asked for: the page itself pays nothing for them, and whoever follows
finds what is next then, among what this person may see. It is next to the spot where the problem stood in the list
it was opened from: a verb done since has moved it to another one.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from inspections import listing
from inspections.models import Problem

FORWARD, BACK = "next", "previous"


@dataclass(frozen=True)
class Beside:
    """Where the links above a problem lead; previous and next only for those who came from a list.

    `query` goes behind the addresses of this problem's verbs, which come back to its page.
    """

    url: str
    query: str = ""
    previous: str = ""
    next: str = ""

    @property
    def more(self) -> str:
        """The same behind a query that is there already."""
        return self.query.replace("?", "&", 1)


def origin(request: HttpRequest) -> str | None:
    """The query of the list one came from, empty for the whole list; None for those who came from elsewhere."""
    return _known(request).get("from")


def _known(request: HttpRequest) -> dict[str, str]:
    """What the address says of the list: `from` its query and `at` the spot of the problem in it; empty without one.

    A part of the page that htmx asks for belongs to the address in the browser.
    """
    htmx: Any = request.htmx  # type: ignore[attr-defined]
    if htmx and "from" not in request.GET:
        given = parse_qs(urlsplit(htmx.current_url or "").query, keep_blank_values=True)
    else:
        given = dict(request.GET.lists())
    if not given.get("from"):
        return {}
    spot = {"at": given["at"][-1]} if given.get("at") else {}
    return {"from": QueryDict(given["from"][-1]).urlencode()} | spot


def query(request: HttpRequest, **more: str) -> str:
    """What goes behind an address so that the list stays known; empty where there is none."""
    parameters = _known(request) | more
    return f"?{urlencode(parameters)}" if parameters else ""


def address(problem: Problem, request: HttpRequest, **more: str) -> str:
    """The problem's page, still knowing the list."""
    return reverse("problem", args=[problem.pk]) + query(request, **more)


def links(request: HttpRequest, problem: Problem) -> Beside:
    """Back to the list with the filters it had, and to both sides."""
    known = origin(request)
    back = reverse("problems") + (f"?{known}" if known else "")
    if known is None:
        return Beside(back)
    both = (address(problem, request, go=BACK), address(problem, request, go=FORWARD))
    return Beside(back, query(request), *both)


def follow(request: HttpRequest, problem: Problem, way: str) -> HttpResponse:
    """To the problem beside this one in its list; at an end, to the list, which says so."""
    known = origin(request) or ""
    back = reverse("problems") + (f"?{known}" if known else "")
    try:
        asked = listing.read(QueryDict(known), request.user)  # type: ignore[arg-type]
    except listing.BadAddress:
        return HttpResponseRedirect(back)
    if not asked.is_valid:
        return HttpResponseRedirect(back)
    found = asked.beside(problem.pk, forward=way == FORWARD, at=_known(request).get("at", ""))
    if found is None:
        ends = {FORWARD: _("That was the last one of this list."), BACK: _("That was the first one of this list.")}
        messages.info(request, ends[way])
        return HttpResponseRedirect(back)
    # Its own place in the list is another one: where the list stood stays with the way back.
    return HttpResponseRedirect(address(found, request, at=asked.spot(found)))
