"""What the drawn pictures are painted with: flat shapes on a canvas of 1280 by 960."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import pairwise

from PIL import Image, ImageChops, ImageDraw

WIDTH, HEIGHT = 1280, 960
FINE = 2  # drawn twice as large and reduced, so that edges are smooth
MOST_BYTES = 120_000

Colour = tuple[int, int, int]
Point = tuple[float, float]


def rgb(code: str) -> Colour:
    """Return the colour of six hexadecimal digits."""
    return int(code[0:2], 16), int(code[2:4], 16), int(code[4:6], 16)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """Return the colour that lies the given share of the way from one to the other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def lighter(colour: Colour, share: float = 0.15) -> Colour:
    """Return the colour nearer to white."""
    return mix(colour, (255, 255, 255), share)


def darker(colour: Colour, share: float = 0.15) -> Colour:
    """Return the colour nearer to black."""
    return mix(colour, (0, 0, 0), share)


@dataclass
class Canvas:
    """One picture being painted; `chance` gives both phases of a pair the same layout."""

    chance: random.Random
    after: bool
    image: Image.Image = field(default_factory=lambda: Image.new("RGB", (WIDTH * FINE, HEIGHT * FINE)))

    def __post_init__(self) -> None:
        self._pen = ImageDraw.Draw(self.image)

    def box(self, left: float, top: float, right: float, bottom: float, fill: Colour, round_by: float = 0) -> None:
        """Paint an upright rectangle, with rounded corners if asked."""
        corners = _fine([(left, top), (max(left, right), max(top, bottom))])
        self._pen.rounded_rectangle(corners, radius=round_by * FINE, fill=fill)

    def shape(self, points: Sequence[Point], fill: Colour) -> None:
        """Paint a polygon."""
        self._pen.polygon(_fine(points), fill=fill)

    def line(self, points: Sequence[Point], fill: Colour, width: float = 3) -> None:
        """Paint a line through the points, with round bends and ends."""
        fine = _fine(points)
        self._pen.line(fine, fill=fill, width=max(1, round(width * FINE)), joint="curve")
        if width >= 5:
            for x, y in (points[0], points[-1]):
                self.oval(x, y, width / 2, width / 2, fill)

    def oval(self, x: float, y: float, across: float, down: float, fill: Colour) -> None:
        """Paint an ellipse around a centre, given its two radii."""
        self._pen.ellipse(_fine([(x - across, y - down), (x + across, y + down)]), fill=fill)

    def veil(self, ovals: Sequence[tuple[float, float, float, float]], fill: Colour, opacity: float) -> None:
        """Paint the union of ellipses (x, y, across, down) half-transparently: smoke, dust, mist, light."""
        frames = [(x - across, y - down, x + across, y + down) for x, y, across, down in ovals]
        self._lay(_extent([point for frame in frames for point in (frame[:2], frame[2:])]), frames, [], fill, opacity)

    def veil_shape(self, points: Sequence[Point], fill: Colour, opacity: float) -> None:
        """Paint a polygon half-transparently."""
        self._lay(_extent(points), [], points, fill, opacity)

    def weave(self, points: Sequence[Point], lines: Sequence[Sequence[Point]], fill: Colour, width: float = 2) -> None:
        """Paint lines that are seen only inside a polygon, such as the threads of a net."""
        threads = Image.new("L", (WIDTH, HEIGHT))
        pen = ImageDraw.Draw(threads)
        for line in lines:
            pen.line(list(line), fill=140, width=round(width))
        inside = Image.new("L", (WIDTH, HEIGHT))
        ImageDraw.Draw(inside).polygon(list(points), fill=255)
        mask = ImageChops.multiply(threads, inside)
        self.image.paste(fill, mask=mask.resize(self.image.size, Image.Resampling.BILINEAR))

    def _lay(
        self,
        extent: tuple[int, int, int, int],
        frames: Sequence[Sequence[float]],
        points: Sequence[Point],
        fill: Colour,
        opacity: float,
    ) -> None:
        """Paint ellipses or a polygon through a mask no larger than what they cover."""
        left, top, right, bottom = extent
        if left >= right or top >= bottom:
            return
        mask = Image.new("L", (right - left, bottom - top))
        pen = ImageDraw.Draw(mask)
        for x0, y0, x1, y1 in frames:
            pen.ellipse([x0 - left, y0 - top, x1 - left, y1 - top], fill=round(255 * opacity))
        if points:
            pen.polygon([(x - left, y - top) for x, y in points], fill=round(255 * opacity))
        size = (mask.width * FINE, mask.height * FINE)
        fine = mask.resize(size, Image.Resampling.BILINEAR)
        self.image.paste(fill, (left * FINE, top * FINE, left * FINE + size[0], top * FINE + size[1]), fine)

    def jpeg(self) -> bytes:
        """Return the finished picture as a JPEG of at most MOST_BYTES."""
        small = self.image.reduce(FINE)
        for quality in (82, 70, 55, 40):
            out = BytesIO()
            small.save(out, "JPEG", quality=quality, optimize=True)
            if out.tell() <= MOST_BYTES:
                break
        return out.getvalue()


def ridge(points: Sequence[Point], steps: int = 24) -> list[Point]:
    """Return a smooth line through points ordered from left to right."""
    smooth: list[Point] = []
    for (x0, y0), (x1, y1) in pairwise(points):
        for step in range(steps):
            share = step / steps
            rise = (1 - math.cos(math.pi * share)) / 2
            smooth.append((x0 + (x1 - x0) * share, y0 + (y1 - y0) * rise))
    smooth.append(points[-1])
    return smooth


def arc(start: Point, bend: Point, end: Point, steps: int = 20) -> list[Point]:
    """Return a curve from start to end that is pulled towards the bend."""
    curve: list[Point] = []
    for step in range(steps + 1):
        t = step / steps
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
        curve.append((a * start[0] + b * bend[0] + c * end[0], a * start[1] + b * bend[1] + c * end[1]))
    return curve


def _extent(points: Sequence[Sequence[float]]) -> tuple[int, int, int, int]:
    """Return the part of the picture that the points span: left, top, right, bottom."""
    across, down = [point[0] for point in points], [point[1] for point in points]
    return (
        max(0, math.floor(min(across))),
        max(0, math.floor(min(down))),
        min(WIDTH, math.ceil(max(across)) + 1),
        min(HEIGHT, math.ceil(max(down)) + 1),
    )


def _fine(points: Sequence[Point]) -> list[Point]:
    return [(x * FINE, y * FINE) for x, y in points]
