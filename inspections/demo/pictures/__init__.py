"""Drawn, plainly artificial photographs for the demonstration: one scene per kind of problem, before and after."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Literal

from . import kitchens, roads, sites, works
from .canvas import Canvas

Phase = Literal["before", "after"]

SCENES: dict[str, Callable[[Canvas], None]] = {
    "bare_soil": sites.bare_soil,
    "fence": sites.fence,
    "wheel_wash": sites.wheel_wash,
    "wet_work": sites.wet_work,
    "dust": sites.dust,
    "material": sites.material,
    "road_damage": roads.road_damage,
    "road_dust": roads.road_dust,
    "night_truck": roads.night_truck,
    "truck_cover": roads.truck_cover,
    "fume_missing": kitchens.fume_missing,
    "fume_dirty": kitchens.fume_dirty,
    "barbecue": kitchens.barbecue,
    "open_burning": works.open_burning,
    "voc": works.voc,
    "monitoring": works.monitoring,
    "fugitive": works.fugitive,
    "outfall": works.outfall,
}


def draw(kind_code: str, phase: Phase, seed: int) -> bytes:
    """Return a JPEG of 1280 by 960, at most 120,000 bytes, always the same for the same arguments.

    Both phases of one kind and seed show the same place. Raises KeyError for a kind without a scene.
    """
    canvas = Canvas(chance=random.Random(f"{kind_code} {seed}"), after=phase == "after")
    SCENES[kind_code](canvas)
    return canvas.jpeg()
