"""What is wrong with a page as a browser shows it: sideways scrolling, and what axe finds."""

import os
from collections.abc import Iterable
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from tests.journeys.conftest import DESK, NARROW, PHONE

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
# What fits the narrowest phone and the desk is looked at in between by the long run only.
WIDTHS = (NARROW, PHONE, DESK) if os.environ.get("CASETRACKER_FULL") else (NARROW, DESK)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN_AXE = """async (tags) => (await axe.run(document, {runOnly: {type: "tag", values: tags}})).violations
  .filter((found) => ["serious", "critical"].includes(found.impact))
  .map((found) => found.id + ": " + found.nodes.slice(0, 3).map((one) => one.html.slice(0, 160)).join(" | "))"""
TOO_WIDE = """async () => {
  const frame = () => new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(then)));
  // The rules of the new width hold from the next frame on.
  if (document.scrollingElement.scrollWidth > window.innerWidth) await frame();
  const wide = document.scrollingElement.scrollWidth, room = window.innerWidth;
  if (wide <= room) return "";
  const past = [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > room + 1);
  return `${wide} > ${room}: ` + past.slice(-3).map((one) => one.outerHTML.slice(0, 120)).join(" | ");
}"""


def faults(page: Any, seen_at: tuple[int, int]) -> list[str]:
    """What is wrong with the page that is open: sideways scrolling at its widths, and what axe finds at one of them."""
    wrong = []
    for size in (*(one for one in WIDTHS if one != seen_at), seen_at):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        if words := page.evaluate(TOO_WIDE):
            wrong.append(f"{page.url} at {size[0]}: {words}")
    page.evaluate(AXE)
    return wrong + [f"{page.url}: {found}" for found in page.evaluate(RUN_AXE, RULES)]


def faults_of(page: Any, urls: Iterable[str], seen_at: tuple[int, int]) -> list[str]:
    """The faults of each page; one that leads elsewhere is not the page that was meant."""
    wrong = []
    for url in urls:
        page.goto(url)
        if urlsplit(page.url).path != urlsplit(url).path:
            wrong.append(f"{url} leads to {page.url}")
        wrong += faults(page, seen_at)
    return wrong
