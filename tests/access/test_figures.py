"""Every figure is a door: the list that it opens counts exactly as many rows, for every role."""

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from tests.access.rules import client_of
from tests.world import World, address_of, make_foreign

PAGES = ("work", "figures", "problems", "visits", "sites", "batches", "inbox", "parties", "campaigns", "alerts")
FIGURE = re.compile(r'<a\b[^>]*\bdata-figure="([^"]+)"[^>]*>(.*?)</a>', re.S)
ANCHOR = re.compile(r"<a\b[^>]*>(.*?)</a>", re.S)
TAB = re.compile(r'<nav class="tabs".*?</nav>', re.S)
LINK = re.compile(r'<a href="([^"]+)"[^>]*>.*?<b>([\d,]+)</b>', re.S)
COUNTED = {
    "supervisor1": {"waiting", "queue-verify", "when-late", "overdue-1-3", "view-overdue", "state-open", "overdue-any",
                    "route-central", "special-1", "notices", "unread"},
    "handler1": {"waiting", "view-mine", "state-open", "unread"},
}  # fmt: skip


def total(client: Client, url: str) -> int:
    response: Any = client.get(url, follow=True)
    assert response.status_code == 200, url
    found = re.search(r'data-total="(\d+)"', response.content.decode())
    assert found is not None, f"{url} has no data-total"
    return int(found[1])


def text_of(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html)


def number(html: str) -> int:
    """The number that a figure shows: the first of its text, as somebody reads it who sees no mark-up."""
    found = re.search(r"[\d,]+", text_of(html))
    return int(found[0].replace(",", "")) if found else 0


def pages_of(world: World, name: str) -> list[str]:
    pages = [address_of(page) for page in PAGES]
    if name in ("supervisor1", "inspector1", "leader1", "officer1"):
        pages += [address_of("site", (world.site.pk,)), address_of("visit", (world.visit.pk,))]
    if name in ("supervisor1", "admin"):
        pages += [address_of("campaign", (world.campaign.pk,)), address_of("alert", (world.alert.pk,))]
    return pages


@pytest.mark.parametrize("name", ["supervisor1", "inspector1", "handler1", "leader1", "officer1", "outsider", "admin"])
def test_a_figure_opens_as_many_rows_as_it_says(world: World, name: str) -> None:
    make_foreign(world.cast)
    client = client_of(world.everybody[name])
    doors: list[tuple[str, str, int]] = []
    for page in pages_of(world, name):
        text = client.get(page).content.decode()
        for found in FIGURE.finditer(text):
            href = re.search(r'href="([^"]+)"', found[0])
            assert href is not None, found[0]
            doors.append((f"{page} {found[1]}", _whole(page, href[1]), number(found[2])))
    assert COUNTED.get(name, set()) <= {key.split()[-1] for key, _url, _shown in doors}
    assert doors or name in ("admin", "handler1", "officer1")
    wrong = {key: (shown, there, url) for key, url, shown in doors if (there := total(client, url)) != shown}
    assert wrong == {}


@pytest.mark.parametrize("name", ["supervisor1", "leader1", "handler1"])
def test_a_number_that_is_a_link_is_a_figure(world: World, name: str) -> None:
    client = client_of(world.everybody[name])
    bare = []
    for page in pages_of(world, name):
        for found in ANCHOR.finditer(client.get(page).content.decode()):
            if re.fullmatch(r"\s*[\d,]+\s*", text_of(found[1])) and "data-figure=" not in found[0].split(">")[0]:
                bare.append((page, found[0]))
    assert bare == []


@pytest.mark.parametrize("name", ["supervisor1", "inspector1", "handler1"])
def test_a_tab_opens_as_many_rows_as_it_says(world: World, name: str) -> None:
    client = client_of(world.everybody[name])
    wrong = []
    for page in (address_of("work"), address_of("problems"), address_of("inbox")):
        tabs = TAB.search(client.get(page).content.decode())
        if tabs is None:
            continue
        for href, shown in LINK.findall(tabs[0]):
            there = total(client, _whole(page, href))
            if there != number(shown):
                wrong.append(f"{page} {href}: {shown}, {there} there")
    assert wrong == []


def _whole(page: str, href: str) -> str:
    href = unescape(href)
    return page.split("?")[0] + href if href.startswith("?") else href
