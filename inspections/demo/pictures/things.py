"""The things that stand in more than one picture: skies, buildings, fences, roads, vehicles, smoke, nets."""

from __future__ import annotations

import math
from itertools import pairwise

from .canvas import HEIGHT, WIDTH, Canvas, Colour, Point, arc, darker, lighter, mix, rgb

SKIES = (rgb("C9CCCB"), rgb("C3CFD4"), rgb("D6D0C2"), rgb("BFC6C6"))
EARTH, EARTH_LIGHT, EARTH_DARK = rgb("8F7D65"), rgb("AA8149"), rgb("8C6A3D")
NET, NET_DARK = rgb("4A7F56"), rgb("3B6B49")
FENCE = rgb("6F9791")
ASPHALT, KERB = rgb("6D6F70"), rgb("B4B0A6")
CONCRETE, WALL = rgb("A7A49C"), rgb("B9B2A3")
STEEL, STEEL_DARK = rgb("8E979B"), rgb("5E676B")
SMOKE, DUST, WATER = rgb("5F5B57"), rgb("BE9E70"), rgb("DDECF2")
VERGE = rgb("8B9476")
WHITE, BLACK, YELLOW = rgb("EDEBE4"), rgb("26282A"), rgb("D9A441")


def sky(c: Canvas, horizon: float) -> Colour:
    """Paint the sky down to the horizon, paler towards it, and return its colour."""
    colour = c.chance.choice(SKIES)
    bands = 14
    for band in range(bands):
        top = horizon * band / bands
        c.box(0, top, WIDTH, horizon + 4, mix(colour, WHITE, 0.45 * band / bands))
    return colour


def skyline(c: Canvas, horizon: float, fewest: int = 4) -> None:
    """Paint blocks of flats along the horizon."""
    x = -40.0
    while x < WIDTH:
        width = c.chance.randint(95, 170)
        if c.chance.random() < 0.8 or fewest > 6:
            flats(c, x, horizon - c.chance.randint(120, 290), x + width, horizon)
        x += width + c.chance.randint(20, 110)


def flats(c: Canvas, left: float, top: float, right: float, bottom: float) -> None:
    """Paint one block of flats with its windows."""
    wall = c.chance.choice((rgb("A9ABA9"), rgb("9C9E9C"), rgb("B4B1AA"), rgb("8F9494")))
    c.box(left, top, right, bottom, wall)
    c.box(right - (right - left) * 0.28, top, right, bottom, darker(wall, 0.08))
    y = top + 16
    while y < bottom - 20:
        x = left + 12
        while x < right - 18:
            c.box(x, y, x + 12, y + 14, darker(wall, 0.22))
            x += 24
        y += 30


def crane(c: Canvas, x: float, foot: float) -> None:
    """Paint a tower crane."""
    top = foot - c.chance.randint(270, 310)
    colour = rgb("7F8585")
    c.box(x - 6, top, x + 6, foot, colour)
    reach = c.chance.choice((-1, 1)) * c.chance.randint(210, 280)
    c.line([(x - reach * 0.3, top + 18), (x + reach, top + 18)], colour, 7)
    c.line([(x, top - 26), (x + reach * 0.8, top + 16)], colour, 3)
    c.line([(x, top - 26), (x - reach * 0.28, top + 16)], colour, 3)
    c.line([(x + reach * 0.62, top + 18), (x + reach * 0.62, top + 110)], colour, 3)


def hoarding(c: Canvas, top: float, bottom: float, left: float = 0, right: float = WIDTH) -> None:
    """Paint a run of site hoarding with its posts."""
    c.box(left, top, right, bottom, FENCE)
    c.box(left, top, right, top + 12, darker(FENCE, 0.25))
    x = left + (96 - left % 96) % 96
    while x < right:
        c.box(x, top, x + 4, bottom, darker(FENCE, 0.18))
        c.box(x - 46, top + 16, x - 43, bottom, lighter(FENCE, 0.16))
        x += 96


def ground(c: Canvas, top: float, colour: Colour = EARTH) -> None:
    """Paint bare or paved ground from a height down to the lower edge."""
    c.box(0, top, WIDTH, HEIGHT, colour)
    c.box(0, top, WIDTH, top + 8, darker(colour, 0.12))


def building_site(c: Canvas, horizon: float = 300) -> None:
    """Paint what stands behind most building sites: sky, flats, a crane, hoarding, earth."""
    sky(c, horizon)
    skyline(c, horizon - 60)
    crane(c, c.chance.randint(250, 1030), horizon)
    hoarding(c, horizon - 80, horizon)
    ground(c, horizon)


def road(c: Canvas, horizon: float, colour: Colour = ASPHALT, verge: Colour = VERGE) -> None:
    """Paint a road that runs away from the viewer, with verges, kerbs and a broken middle line."""
    ground(c, horizon, verge)
    c.shape([(520, horizon), (760, horizon), (1330, HEIGHT), (-50, HEIGHT)], KERB)
    c.shape([(528, horizon), (752, horizon), (1285, HEIGHT), (-5, HEIGHT)], colour)
    at = 0.04
    while at < 1:
        until = at + 0.05 + 0.07 * at
        near, far = horizon + (HEIGHT - horizon) * at**1.4, horizon + (HEIGHT - horizon) * min(until, 1) ** 1.4
        c.shape(
            [(640 - 2 - 10 * at, near), (642 + 10 * at, near), (642 + 10 * until, far), (638 - 10 * until, far)], WHITE
        )
        at = until + 0.05 + 0.05 * at


def tree(c: Canvas, x: float, foot: float, size: float) -> None:
    """Paint a roadside tree."""
    green = c.chance.choice((rgb("6E8562"), rgb("7B8A63"), rgb("5F7A5E")))
    c.box(x - size * 0.06, foot - size, x + size * 0.06, foot, rgb("6F5B47"))
    for dx, dy, radius in ((-0.22, -1.05, 0.3), (0.22, -1.1, 0.32), (0, -1.4, 0.36)):
        c.oval(x + dx * size, foot + dy * size, radius * size, radius * size, green)
    c.oval(x + 0.1 * size, foot - 1.45 * size, 0.2 * size, 0.2 * size, lighter(green, 0.1))


def puffs(c: Canvas, start: Point, drift: Point, size: float, colour: Colour, opacity: float, count: int = 9) -> None:
    """Paint a cloud that grows from its start along its drift: smoke, dust or mist."""
    for layer in range(3):
        ovals = []
        for number in range(count):
            share = number / (count - 1)
            radius = size * (0.25 + 0.75 * share) * c.chance.uniform(0.7, 1.1) * (1 - 0.22 * layer)
            x = start[0] + drift[0] * share + c.chance.uniform(-0.25, 0.25) * radius
            y = start[1] + drift[1] * share + c.chance.uniform(-0.25, 0.25) * radius
            ovals.append((x, y, radius, radius * 0.8))
        c.veil(ovals, lighter(colour, 0.08 * layer), opacity * 0.62)


def net_over(c: Canvas, outline: list[Point], colour: Colour = NET) -> None:
    """Paint a dust net over an outline, with its threads."""
    c.shape(outline, colour)
    gap = 34
    threads: list[list[Point]] = []
    for offset in range(-HEIGHT, WIDTH + HEIGHT, gap):
        threads.append([(offset, 0), (offset + HEIGHT * 0.62, HEIGHT)])
        threads.append([(offset, 0), (offset - HEIGHT * 0.62, HEIGHT)])
    c.weave(outline, threads, lighter(colour, 0.45), 2)


def wheel(c: Canvas, x: float, y: float, radius: float, mud: bool = False) -> None:
    """Paint a wheel, muddy if asked."""
    c.oval(x, y, radius, radius, rgb("6B5335") if mud else BLACK)
    c.oval(x, y, radius * 0.5, radius * 0.5, rgb("8A7351") if mud else rgb("A9ABAA"))
    c.oval(x, y, radius * 0.2, radius * 0.2, STEEL_DARK)


def truck(
    c: Canvas, x: float, y: float, size: float, *, load: str, mud: bool = False, cab: Colour | None = None
) -> None:
    """Paint a tipper seen from its right side; its load is `heaped`, `covered` or `none`.

    (x, y) is where the rear wheels touch the ground; at size 1 it is about 560 long and 260 high.
    """
    colour = cab or c.chance.choice((rgb("B5533C"), rgb("3F6A8A"), rgb("C2933A"), rgb("57707A")))

    def at(dx: float, dy: float) -> Point:
        return x + dx * size, y - dy * size

    body = [at(-90, 205), at(300, 205), at(285, 85), at(-70, 85)]
    if load == "heaped":
        top = [at(-85, 200), at(-20, 262), at(60, 290), at(150, 300), at(225, 270), at(296, 200)]
        c.shape(top, EARTH_LIGHT)
        c.shape([at(60, 200), at(110, 280), at(190, 285), at(296, 200)], EARTH_DARK)
    elif load == "covered":
        c.shape([at(-98, 200), at(-80, 232), at(100, 248), at(290, 232), at(306, 200)], NET)
    c.shape([at(-80, 92), at(470, 92), at(470, 62), at(-80, 62)], STEEL_DARK)
    c.shape(body, darker(colour, 0.1))
    for rib in range(-40, 290, 55):
        c.line([at(rib, 200), at(rib, 90)], darker(colour, 0.25), 5 * size)
    if load == "covered":
        outline = [at(-98, 206), at(306, 206), at(302, 172), at(-94, 172)]
        net_over(c, outline)
        for rope in range(-60, 300, 70):
            c.line([at(rope, 172), at(rope + 14, 120)], WHITE, 3 * size)
    c.shape([at(320, 75), at(320, 245), at(415, 245), at(462, 165), at(470, 75)], colour)
    c.shape([at(372, 228), at(408, 228), at(445, 165), at(372, 165)], rgb("C9D8DC"))
    c.box(*at(455, 112), *at(474, 92), rgb("F0E4B8"))
    for wheel_x in (-10, 85, 395):
        wheel(c, *at(wheel_x, 45), 46 * size, mud)


def excavator(c: Canvas, x: float, y: float, size: float, reach: Point) -> None:
    """Paint an excavator standing at (x, y) whose bucket is at `reach`, given in its own size from there."""
    colour = c.chance.choice((rgb("D2A03C"), rgb("C98A34"), rgb("CDB04B")))

    def at(dx: float, dy: float) -> Point:
        return x + dx * size, y - dy * size

    c.box(*at(-110, 52), *at(120, 0), BLACK, 24 * size)
    for roller in range(-85, 110, 45):
        c.oval(*at(roller, 26), 15 * size, 15 * size, rgb("66696B"))
    c.box(*at(-95, 130), *at(85, 58), colour, 8 * size)
    c.box(*at(0, 215), *at(90, 100), colour, 10 * size)
    c.box(*at(14, 203), *at(78, 142), rgb("B9CDD2"))
    elbow = (reach[0] * 0.5 + 40, max(260.0, reach[1] + 130))
    c.line([at(70, 110), at(*elbow)], darker(colour, 0.06), 26 * size)
    c.line([at(*elbow), at(*reach)], darker(colour, 0.12), 20 * size)
    bx, by = reach
    c.shape([at(bx - 30, by + 12), at(bx + 34, by + 10), at(bx + 24, by - 44), at(bx - 22, by - 36)], STEEL_DARK)


def jet(c: Canvas, start: Point, end: Point, spread: float) -> None:
    """Paint water thrown from a nozzle; it falls from `end` on, fanned out away from the nozzle."""
    side = spread if end[0] > start[0] else -spread
    bend = ((start[0] + end[0]) / 2, min(start[1], end[1]) - abs(end[0] - start[0]) * 0.35)
    far = (end[0] + side, end[1] - spread * 0.5)
    c.veil_shape([*arc(start, (bend[0], bend[1] - spread * 0.3), far), *reversed(arc(start, bend, end))], WATER, 0.55)
    for number in range(5):
        share = number / 4
        target = (end[0] + side * share, end[1] - spread * 0.5 * share)
        c.line(arc(start, (bend[0], bend[1] - spread * 0.3 * share), target), WHITE, 2)


def puddle(c: Canvas, x: float, y: float, across: float) -> None:
    """Paint a film of water on the ground."""
    c.veil(
        [(x, y, across, across * 0.11), (x + across * 0.5, y + across * 0.07, across * 0.6, across * 0.07)], WATER, 0.4
    )


def pipe(c: Canvas, points: list[Point], width: float, colour: Colour = STEEL) -> None:
    """Paint a round duct along its middle line, with a light side and joints."""
    c.line(points, darker(colour, 0.2), width)
    c.line([(px - width * 0.12, py - width * 0.12) for px, py in points], colour, width * 0.62)
    c.line([(px - width * 0.2, py - width * 0.2) for px, py in points], lighter(colour, 0.3), width * 0.14)
    for (x0, y0), (x1, y1) in pairwise(points):
        length = math.hypot(x1 - x0, y1 - y0) or 1
        nx, ny = -(y1 - y0) / length * width * 0.55, (x1 - x0) / length * width * 0.55
        mx, my = (x0 + x1) / 2, (y0 + y1) / 2
        c.line([(mx - nx, my - ny), (mx + nx, my + ny)], darker(colour, 0.35), 6)


def bricks(c: Canvas, top: float, bottom: float, colour: Colour) -> None:
    """Paint a brick wall across the picture."""
    c.box(0, top, WIDTH, bottom, colour)
    row, y = 0, top
    while y < bottom:
        c.line([(0, y), (WIDTH, y)], darker(colour, 0.1), 2)
        x = -40.0 * (row % 2)
        while x < WIDTH:
            c.line([(x, y), (x, min(bottom, y + 34))], darker(colour, 0.1), 2)
            x += 80
        y += 34
        row += 1
