"""Pictures of roads: damage, dust on the carriageway, trucks by night and without a cover."""

from __future__ import annotations

import math

from .canvas import HEIGHT, WIDTH, Canvas, Point, darker, lighter, mix, rgb
from .things import (
    ASPHALT,
    BLACK,
    CONCRETE,
    DUST,
    EARTH_DARK,
    EARTH_LIGHT,
    STEEL_DARK,
    WATER,
    WHITE,
    YELLOW,
    jet,
    puffs,
    road,
    sky,
    skyline,
    tree,
    truck,
    wheel,
)

HORIZON = 340


def _street(c: Canvas, surface: tuple[int, int, int] = ASPHALT) -> None:
    """Paint a street between trees."""
    sky(c, HORIZON)
    skyline(c, HORIZON)
    road(c, HORIZON, surface)
    for share in (0.12, 0.3, 0.62):
        foot = HORIZON + 420 * share
        for side in (-1, 1):
            tree(c, 640 + side * (190 + 700 * share), foot, 90 + 330 * share)


def _blotch(c: Canvas, x: float, y: float, across: float) -> list[Point]:
    """Return the ragged outline of something lying on the road."""
    outline: list[Point] = []
    for turn in range(18):
        angle, reach = turn * math.tau / 18, c.chance.uniform(0.8, 1.15) * across
        outline.append((x + math.cos(angle) * reach, y + math.sin(angle) * reach * 0.36))
    return outline


def road_damage(c: Canvas) -> None:
    """Potholes and cracks in a carriageway, then even, freshly laid patches."""
    _street(c)
    holes = [(520, 560, 90), (820, 640, 130), (430, 800, 190)]
    moved = [(x + c.chance.randint(-50, 50), y + c.chance.randint(-20, 20), size) for x, y, size in holes]
    for x, y, size in moved:
        outline = _blotch(c, x, y, size)
        if c.after:
            box = [(x - size * 1.2, y + size * 0.5), (x - size, y - size * 0.5), (x + size * 1.1, y - size * 0.5)]
            c.shape([*box, (x + size * 1.35, y + size * 0.5)], rgb("4C4F51"))
            c.line([*box, (x + size * 1.35, y + size * 0.5), box[0]], rgb("3A3C3E"), 5)
            continue
        c.shape([(px, py - 5) for px, py in outline], lighter(ASPHALT, 0.22))
        c.shape(outline, rgb("4A4640"))
        c.shape([(x + (px - x) * 0.78, y + 8 + (py - y) * 0.7) for px, py in outline], rgb("7A6A52"))
        c.shape([(x + (px - x) * 0.4, y + 14 + (py - y) * 0.35) for px, py in outline], rgb("9FB0B4"))
        for _stone in range(9):
            c.oval(x + c.chance.uniform(-1.4, 1.4) * size, y + c.chance.uniform(-0.6, 0.6) * size, 11, 7, STEEL_DARK)
    if c.after:
        for x in (250, 1030):
            c.shape([(x - 28, 900), (x + 28, 900), (x + 8, 800), (x - 8, 800)], rgb("CF6A3B"))
            c.shape([(x - 19, 866), (x + 19, 866), (x + 14, 840), (x - 14, 840)], WHITE)
        return
    for x, y, size in moved:
        for _crack in range(4):
            path: list[Point] = [(x, y)]
            step_x, step_y = c.chance.choice((-1, 1)) * size * 0.5, c.chance.uniform(-0.4, 0.5) * size * 0.5
            for _bend in range(5):
                px, py = path[-1]
                path.append((px + step_x * c.chance.uniform(0.4, 1.1), py + step_y + c.chance.uniform(-16, 16)))
            c.line(path[1:], rgb("3F4040"), 4)


def road_dust(c: Canvas) -> None:
    """A carriageway brown with dust behind a car, then washed and being kept wet."""
    dirty = mix(ASPHALT, DUST, 0.55)
    _street(c, rgb("5E6163") if c.after else dirty)
    paint = c.chance.choice((rgb("8C3F3A"), rgb("3F566B"), rgb("D5D3CC")))
    if c.after:
        c.veil_shape([(600, HORIZON + 60), (640, HORIZON + 60), (560, HEIGHT), (300, HEIGHT)], WATER, 0.28)
        c.veil_shape([(690, HORIZON + 90), (720, HORIZON + 90), (1010, HEIGHT), (900, HEIGHT)], WATER, 0.2)
        _sprinkler(c)
        return
    c.shape([(532, HORIZON), (566, HORIZON), (250, HEIGHT), (5, HEIGHT)], lighter(DUST, 0.1))
    c.shape([(716, HORIZON), (748, HORIZON), (1275, HEIGHT), (1050, HEIGHT)], lighter(DUST, 0.1))
    for x in (-70, 60):
        c.shape([(668 + x * 0.1, 420), (682 + x * 0.1, 420), (870 + x * 2, HEIGHT), (800 + x * 2, HEIGHT)], ASPHALT)
    puffs(c, (730, 610), (130, 190), 190, DUST, 0.8, 11)
    puffs(c, (690, 600), (-260, 120), 120, DUST, 0.6)
    c.box(650, 500, 800, 600, paint, 22)
    c.shape([(672, 508), (690, 452), (762, 452), (780, 508)], darker(paint, 0.15))
    c.shape([(684, 506), (698, 464), (754, 464), (768, 506)], rgb("AEBFC4"))
    for x in (668, 782):
        c.box(x - 14, 590, x + 14, 628, BLACK, 5)
        c.box(x - 16, 532, x + 16, 550, rgb("C2453A"), 3)


def _sprinkler(c: Canvas) -> None:
    """Paint a road-washing vehicle from behind, with its jets."""
    c.box(560, 420, 770, 640, rgb("E2E3DE"), 12)
    c.oval(665, 500, 92, 84, rgb("9FC0C9"))
    c.oval(665, 500, 76, 68, rgb("B5D2D9"))
    c.box(560, 600, 770, 640, rgb("4E8A63"))
    for stripe in range(560, 770, 42):
        c.shape([(stripe, 640), (stripe + 21, 640), (stripe + 36, 618), (stripe + 15, 618)], YELLOW)
    c.box(590, 404, 740, 424, rgb("E08A2E"), 6)
    for x in (596, 734):
        c.box(x - 22, 636, x + 22, 680, BLACK, 6)
    jet(c, (572, 646), (410, 790), 130)
    jet(c, (758, 646), (920, 790), 130)
    c.veil([(x, 760, 90, 34) for x in range(380, 960, 110)], WATER, 0.4)


def night_truck(c: Canvas) -> None:
    """A heaped truck driving by night in banned hours, then the same street with a check and a covered one waiting."""
    c.box(0, 0, WIDTH, 470, rgb("232B38"))
    c.box(0, 300, WIDTH, 470, rgb("2C3543"))
    x = 0
    while x < WIDTH:
        width, top = c.chance.randint(100, 190), c.chance.randint(120, 280)
        c.box(x, top, x + width, 470, rgb("1B222D"))
        for _window in range(7):
            wx, wy = x + c.chance.randint(14, width - 24), c.chance.randint(top + 16, 430)
            c.box(wx, wy, wx + 12, wy + 14, rgb("C7A65B"))
        x += width + c.chance.randint(10, 60)
    cab = c.chance.choice((rgb("7A3B30"), rgb("2F4D66"), rgb("80632C")))
    c.box(0, 470, WIDTH, HEIGHT, rgb("3A3E44"))
    c.box(0, 460, WIDTH, 482, rgb("6B6C6C"))
    for x in range(-20, WIDTH, 210):
        c.box(x, 846, x + 120, 858, rgb("A9A89F"))
    for x in (150, 1130):
        c.line([(x, 470), (x, 130), (x + 70, 118)], rgb("5B6068"), 10)
        c.oval(x + 80, 122, 30, 12, rgb("F5DFA0"))
        c.veil_shape([(x + 56, 128), (x + 104, 128), (x + 330, 800), (x - 150, 800)], rgb("F5DFA0"), 0.12)
    if c.after:
        truck(c, 130, 780, 0.98, load="covered", cab=cab)
        c.box(790, 520, 826, 800, YELLOW)
        for stripe in range(5):
            start = 812 + stripe * 94
            c.box(start, 560, start + 47, 590, rgb("C2453A"))
            c.box(start + 47, 560, start + 94, 590, WHITE)
        for x in (720, 1210):
            c.shape([(x - 34, 900), (x + 34, 900), (x + 9, 790), (x - 9, 790)], rgb("CF6A3B"))
            c.shape([(x - 22, 862), (x + 22, 862), (x + 16, 834), (x - 16, 834)], WHITE)
        c.box(1010, 400, 1190, 480, rgb("20406B"), 8)
        for top, wide in ((416, 130), (436, 96), (456, 116)):
            c.box(1036, top, 1036 + wide, top + 9, WHITE)
        return
    truck(c, 330, 780, 1.15, load="heaped", mud=True, cab=cab)
    c.veil_shape([(872, 660), (1280, 560), (1280, 880), (872, 690)], rgb("F8E9B8"), 0.4)
    puffs(c, (330, 760), (-340, -80), 120, DUST, 0.5)
    for _clod in range(50):
        c.oval(c.chance.randint(20, 700), c.chance.randint(790, 900), c.chance.randint(4, 14), 5, EARTH_DARK)


def truck_cover(c: Canvas) -> None:
    """A loaded tipper in daylight: heaped and losing earth, then closed with a sheet."""
    sky(c, 460)
    skyline(c, 460)
    for x in (90, 420, 900, 1190):
        tree(c, x + c.chance.randint(-40, 40), 470, c.chance.randint(170, 230))
    cab = c.chance.choice((rgb("B5533C"), rgb("3F6A8A"), rgb("C2933A"), rgb("57707A")))
    c.box(0, 460, WIDTH, 540, rgb("8B9476"))
    c.box(0, 530, WIDTH, HEIGHT, ASPHALT)
    c.box(0, 524, WIDTH, 542, CONCRETE)
    for x in range(-60, WIDTH, 230):
        c.box(x, 880, x + 130, 893, WHITE)
    truck(c, 330, 790, 1.35, load="covered" if c.after else "heaped", cab=cab)
    if c.after:
        return
    for _clod in range(26):
        x = c.chance.randint(150, 330)
        c.oval(x, 520 + (330 - x) * 1.1 + c.chance.randint(-20, 60), c.chance.randint(5, 13), 7, EARTH_DARK)
    for _clod in range(90):
        size = c.chance.randint(5, 20)
        c.oval(
            c.chance.randint(0, 420),
            c.chance.randint(800, 930),
            size,
            size * 0.5,
            c.chance.choice((EARTH_DARK, EARTH_LIGHT)),
        )
    puffs(c, (280, 520), (-270, 130), 120, DUST, 0.6)
    wheel(c, 330 - 10 * 1.35, 790 - 45 * 1.35, 46 * 1.35)
