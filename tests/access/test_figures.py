"""Every figure is a door: the list that it opens counts exactly as many rows, for every role."""

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from tests.access.rules import client_of
from tests.world import World, address_of, make_foreign

PAGES = ("work", "figures", "problems", "visits", "sites", "batches")
FIGURE = re.compile(r'<a\b[^>]*\bdata-figure="([^"]+)"[^>]*>(.*?)</a>', re.S)
TAB = re.compile(r'<nav class="tabs".*?</nav>', re.S)
LINK = re.compile(r'<a href="([^"]+)"[^>]*>.*?<b>([\d,]+)</b>', re.S)


def total(client: Client, url: str) -> int:
    response: Any = client.get(url, follow=True)
    assert response.status_code == 200, url
    found = re.search(r'data-total="(\d+)"', response.content.decode())
    assert found is not None, f"{url} has no data-total"
    return int(found[1])


def number(text: str) -> int:
    """The number that a figure shows; its words and separators left out."""
    return int(re.sub(r"\D", "", re.sub(r"<[^>]+>", "", text)) or 0)


@pytest.mark.parametrize("name", ["supervisor1", "inspector1", "handler1", "leader1", "officer1", "outsider", "admin"])
def test_a_figure_opens_as_many_rows_as_it_says(world: World, name: str) -> None:
    make_foreign(world.cast)
    client = client_of(world.everybody[name])
    doors: dict[str, tuple[str, int]] = {}
    pages = [address_of(page) for page in PAGES]
    if name in ("supervisor1", "inspector1", "leader1", "officer1"):
        pages += [address_of("site", (world.site.pk,)), address_of("visit", (world.visit.pk,))]
    for page in pages:
        text = client.get(page).content.decode()
        for found in FIGURE.finditer(text):
            href = re.search(r'href="([^"]+)"', found[0])
            assert href is not None, found[0]
            doors[f"{page} {found[1]}"] = (_whole(page, href[1]), number(found[2]))
    assert doors or name in ("admin", "handler1", "officer1")
    wrong = {key: (shown, total(client, url), url) for key, (url, shown) in doors.items()}
    assert {key: three for key, three in wrong.items() if three[0] != three[1]} == {}


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
