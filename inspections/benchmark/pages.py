"""What is only read: lists at several depths, a problem's page, search, my work, the figures."""

from collections.abc import Callable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.template import engines
from django.test import Client, RequestFactory
from django.urls import reverse

from inspections import listing
from inspections.benchmark.measuring import Measured, reading
from inspections.benchmark.scene import Scene
from inspections.models import Problem

DEEP = 10_000 * 50
BARE = """<!DOCTYPE html><table>{% for one in rows %}<tr><td>{{ one.number }}<td>{{ one.site_name }}
<td>{{ one.description }}<td>{{ one.lead_unit.name_zh }}<td>{{ one.found_on }}<td>{{ one.due_on }}<td>{{ one.status }}
{% endfor %}</table>"""
LISTS = {
    "everything": "",
    "open and overdue": "state=open&overdue=any",
    "one district, central, ordinary": "district={district}&route=central&severity=ordinary",
    "one unit, closed": "lead={unit}&state=closed",
}


def measure(scene: Scene, runs: int) -> Iterator[Measured]:
    """One line per page."""
    supervisor = scene.client(scene.supervisor)
    for name, pattern in LISTS.items():
        query = pattern.format(district=scene.problem.district_id, unit=scene.unit.pk)
        yield _list(f"list: {name}", supervisor, scene, query, runs)
    for name, query in (("page 10,000 of everything", "order=-found"), ("page 10,000, oldest first", "order=found")):
        yield _list(f"list: {name}", supervisor, scene, _deep(scene, query), runs)
    yield _page("problem", supervisor, reverse("problem", args=[scene.problem.pk]), runs)
    name, words = scene.problem.site_name, scene.problem.description[:4]
    yield _page("search: a site", supervisor, f"{reverse('search')}?q={name}", runs)
    yield _page("search: words", supervisor, f"{reverse('search')}?q={words}", runs)
    yield _page("search: a number", supervisor, f"{reverse('search')}?q={scene.problem.number_seq}", runs)
    yield _list("search in the list, with filters", supervisor, scene, f"q={words}&state=open&route=central", runs)
    yield _page("my work: supervisor", supervisor, reverse("work"), runs)
    yield _page("my work: inspector", scene.client(scene.inspector), reverse("work"), runs)
    yield _page("my work: handler", scene.client(scene.handler), reverse("work"), runs)
    yield _page("figures of a year", supervisor, reverse("figures"), max(3, runs // 5))


def addresses(scene: Scene) -> dict[str, str]:
    """What eight clients ask for over HTTP."""
    return {
        "list: everything": reverse("problems"),
        "list: open and overdue": f"{reverse('problems')}?{LISTS['open and overdue']}",
        "problem": reverse("problem", args=[scene.problem.pk]),
    }


def _page(name: str, client: Client, address: str, runs: int) -> Measured:
    return reading(name, lambda: _get(client, address), runs)


def _list(name: str, client: Client, scene: Scene, query: str, runs: int) -> Measured:
    return reading(name, lambda: _get(client, f"{reverse('problems')}?{query}"), runs, _bare(scene, query))


def _get(client: Client, address: str) -> None:
    """A page; a number that is one problem's leads straight to it."""
    answer = client.get(address)
    if answer.status_code not in (200, 302):
        raise AssertionError(f"{address} answered {answer.status_code}")


def _bare(scene: Scene, query: str) -> Callable[[], object]:
    """A view without session, rights, counts, filters to choose from: the rows in a table, as Django renders them."""
    asked = listing.read(QueryDict(query), scene.supervisor)
    shown = Problem.objects.select_related("kind", "lead_unit")
    template = engines["django"].from_string(BARE)
    request = RequestFactory().get("/")

    def view(request: HttpRequest) -> HttpResponse:
        rows: Any = asked.page(shown).rows
        return HttpResponse(template.render({"rows": rows}))

    return lambda: view(request)


def _deep(scene: Scene, query: str) -> str:
    """The place of page 10,000 (of the last page, where there are fewer), as paging to it would have given it."""
    asked = listing.read(QueryDict(query), scene.supervisor)
    place = max(1, min(DEEP, scene.problems - 100))
    row = asked.in_order[place]
    return f"{query}&after={asked.place(row)}"
