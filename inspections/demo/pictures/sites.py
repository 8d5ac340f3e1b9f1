"""Pictures of building sites: bare earth, hoarding, wheel washing, wet work, dust, heaps of material."""

from __future__ import annotations

from .canvas import HEIGHT, WIDTH, Canvas, Point, arc, darker, lighter, rgb, ridge
from .things import (
    CONCRETE,
    DUST,
    EARTH,
    EARTH_DARK,
    EARTH_LIGHT,
    FENCE,
    NET,
    NET_DARK,
    STEEL,
    STEEL_DARK,
    WATER,
    WHITE,
    YELLOW,
    bricks,
    building_site,
    excavator,
    flats,
    ground,
    hoarding,
    jet,
    net_over,
    puddle,
    puffs,
    sky,
    skyline,
    truck,
)


def bare_soil(c: Canvas) -> None:
    """Two mounds of earth: bare, then under a green net held by ropes."""
    building_site(c)
    lift = c.chance.randint(-40, 40)
    back = ridge([(-20, 560), (310, 345 + lift), (640, 520), (940, 325 - lift), (1300, 540)])
    front = ridge([(-20, 700), (230, 560 + lift), (620, 720), (1010, 545 - lift), (1300, 690)])
    for line, bare, net in ((back, EARTH_LIGHT, NET), (front, EARTH_DARK, NET_DARK)):
        outline: list[Point] = [*line, (WIDTH + 20, HEIGHT), (-20, HEIGHT)]
        if c.after:
            net_over(c, outline, net)
        else:
            c.shape(outline, bare)
    for x in (180, 430, 800, 1080):
        shift = c.chance.randint(-50, 50)
        if c.after:
            c.line([(x + shift, 430), (x + shift + 22, 560)], WHITE, 5)
            c.oval(x + shift + 22, 566, 11, 8, rgb("B7A98F"))
        else:
            c.line(arc((x + shift, 640), (x + shift + 60, 570), (x + shift + 170, 600)), darker(EARTH_DARK, 0.18), 7)
            c.line(arc((x - shift, 500), (x - shift + 50, 450), (x - shift + 140, 470)), darker(EARTH_LIGHT, 0.18), 7)
    if not c.after:
        for _stone in range(40):
            c.oval(c.chance.randint(0, WIDTH), c.chance.randint(760, 940), 9, 6, darker(EARTH_DARK, 0.15))
        puffs(c, (40, 420), (460, -110), 130, DUST, 0.35, 12)


def fence(c: Canvas) -> None:
    """A hoarding along a pavement: with fallen panels and a gap, then closed and sprayed from above."""
    horizon = 250
    sky(c, horizon)
    skyline(c, horizon, fewest=7)
    ground(c, horizon, EARTH_LIGHT)
    c.shape([(330, 640), (420, 400), (640, 330), (860, 380), (1010, 640)], EARTH_DARK)
    left = c.chance.randint(360, 470)
    right = left + c.chance.randint(330, 420)
    if c.after:
        hoarding(c, 300, 650)
        for x in range(40, WIDTH, 160):
            c.line([(x, 300), (x, 262)], STEEL_DARK, 5)
            c.veil([(x, 240, 66, 34), (x + 40, 226, 50, 26)], WATER, 0.5)
        c.line([(0, 278), (WIDTH, 278)], STEEL_DARK, 4)
    else:
        hoarding(c, 300, 650, 0, left)
        hoarding(c, 300, 650, right)
    c.box(0, 640, WIDTH, HEIGHT, CONCRETE)
    for x in range(-300, WIDTH + 300, 150):
        c.line([(x, 650), (x * 1.5 - 320, HEIGHT)], darker(CONCRETE, 0.08), 3)
    for y in (650, 715, 810):
        c.line([(0, y), (WIDTH, y)], darker(CONCRETE, 0.1), 3)
    c.box(0, 880, WIDTH, HEIGHT, rgb("74777A"))
    c.box(0, 870, WIDTH, 886, lighter(CONCRETE, 0.3))
    if not c.after:
        c.shape([(left - 20, 650), (left + 60, 560), (left + 330, 690), (left + 270, 790)], darker(FENCE, 0.12))
        c.shape([(left + 10, 652), (left + 62, 590), (left + 300, 696), (left + 262, 760)], lighter(FENCE, 0.08))
        c.shape([(right - 140, 640), (right - 60, 380), (right + 6, 400), (right, 650)], darker(FENCE, 0.25))
        for _clod in range(60):
            c.oval(c.chance.randint(left - 60, right + 60), c.chance.randint(640, 860), 15, 8, EARTH_DARK)


def wheel_wash(c: Canvas) -> None:
    """A site gate: a muddy truck and tracks on the road, then a washing trough with jets and clean asphalt."""
    building_site(c)
    c.box(170, 130, 196, 470, YELLOW)
    c.box(1050, 130, 1076, 470, YELLOW)
    c.box(150, 110, 1096, 168, rgb("4C6A8A"))
    c.box(0, 470, WIDTH, HEIGHT, rgb("75787A"))
    c.box(0, 462, WIDTH, 480, CONCRETE)
    cab = c.chance.choice((rgb("B5533C"), rgb("3F6A8A"), rgb("C2933A")))
    lane = c.chance.randint(560, 620)
    if c.after:
        c.shape([(180, 640), (1110, 640), (1200, 760), (90, 760)], rgb("9DA3A4"))
        c.shape([(230, 660), (1060, 660), (1130, 742), (160, 742)], rgb("8FB3BE"))
        truck(c, 420, 705, 1.15, load="covered", cab=cab)
        for x in range(220, 1120, 150):
            c.box(x - 8, 600, x + 8, 770, STEEL_DARK)
            jet(c, (x, 610), (x + 90, 700), 40)
            jet(c, (x, 690), (x + 70, 720), 30)
        c.veil([(x, 720, 120, 36) for x in range(260, 1100, 140)], WATER, 0.4)
        for x in (300, 880):
            puddle(c, x, 850, 150)
        return
    for offset in (0, 130):
        c.shape(
            [(300, lane + 60 + offset), (900, lane + 80 + offset), (1290, lane + 190 + offset * 1.3)]
            + [(1290, lane + 255 + offset * 1.3), (880, lane + 130 + offset), (300, lane + 105 + offset)],
            rgb("6B5335"),
        )
    truck(c, 330, 690, 1.15, load="heaped", mud=True, cab=cab)
    for _clod in range(110):
        x = c.chance.randint(120, 1270)
        c.oval(x, c.chance.randint(690, 920), c.chance.randint(5, 22), c.chance.randint(3, 9), rgb("5F4A30"))


def wet_work(c: Canvas) -> None:
    """Pulling down a building: in a dry cloud, then under the mist of a fog cannon."""
    horizon = 330
    sky(c, horizon)
    skyline(c, horizon - 40)
    ground(c, horizon, rgb("9B8D79"))
    wall = rgb("C2B59F")
    broken: list[Point] = [(70, 720), (70, 240), (190, 240), (215, 300), (300, 290), (330, 210), (430, 225)]
    broken += [(470, 340), (560, 380), (585, 520), (660, 560), (690, 720)]
    c.shape(broken, wall)
    for y in (330, 460, 590):
        for x in range(110, 640, 105):
            if y > 240 + max(0, x - 250) * 0.75:
                c.box(x, y, x + 52, y + 68, darker(wall, 0.45))
    for x, y in ((200, 300), (345, 215), (475, 345), (580, 500)):
        c.line([(x, y), (x + 34, y - 44), (x + 52, y - 30)], rgb("6A4A3A"), 4)
    excavator(c, 1000, 770, 1.15, (-330, 320))
    rubble = ridge([(-20, 770), (220, 690), (480, 740), (760, 690), (980, 800), (1300, 820)])
    c.shape([*rubble, (WIDTH, HEIGHT), (0, HEIGHT)], rgb("8E8271"))
    for _piece in range(120):
        x, y = c.chance.randint(0, 900), c.chance.randint(740, 940)
        edge = c.chance.randint(10, 34)
        colour = c.chance.choice((wall, darker(wall, 0.2), rgb("9A6B55")))
        c.shape(
            [(x, y), (x + edge, y - edge * 0.4), (x + edge * 1.3, y + edge * 0.3), (x + edge * 0.3, y + edge)], colour
        )
    if c.after:
        c.box(60, 800, 250, 850, rgb("C9CCC8"), 8)
        c.line([(150, 800), (190, 740)], STEEL_DARK, 26)
        c.line([(176, 762), (236, 690)], rgb("4B7E9E"), 70)
        c.veil_shape([(236, 650), (270, 700), (860, 560), (840, 300), (560, 330)], WATER, 0.45)
        puffs(c, (300, 640), (470, -240), 150, rgb("D4E4EA"), 0.5)
    else:
        puffs(c, (560, 640), (240, -300), 210, DUST, 0.75, 11)
        puffs(c, (420, 740), (-260, -190), 160, DUST, 0.6)


def dust(c: Canvas) -> None:
    """A site road: raw earth with a truck in its own cloud, then paved, sprinkled and clean."""
    building_site(c, 320)
    cab = c.chance.choice((rgb("B5533C"), rgb("3F6A8A"), rgb("57707A")))
    shift = c.chance.randint(-60, 60)
    if c.after:
        c.shape([(-50, 560), (1330, 480), (1330, 830), (-50, 900)], CONCRETE)
        for x in range(-40, 1340, 170):
            c.line([(x, 560 - (x + 50) * 0.058), (x + 30, 900 - (x + 50) * 0.05)], darker(CONCRETE, 0.12), 4)
        c.shape([(-50, 900), (1330, 830), (1330, 980), (-50, 980)], NET_DARK)
        truck(c, 430 + shift, 745, 1.05, load="covered", cab=cab)
        for x in range(90, 1280, 230):
            c.line([(x, 500), (x, 430)], STEEL_DARK, 6)
            c.veil([(x - 44, 424, 56, 30), (x + 44, 424, 56, 30), (x, 404, 44, 26)], WATER, 0.55)
        puddle(c, 260, 815, 190)
        return
    c.shape([(-50, 560), (1330, 480), (1330, 980), (-50, 980)], EARTH_LIGHT)
    for offset in (0, 120):
        c.shape(
            [(-50, 700 + offset), (1330, 630 + offset), (1330, 672 + offset), (-50, 750 + offset)],
            darker(EARTH_LIGHT, 0.14),
        )
    truck(c, 520 + shift, 745, 1.05, load="heaped", mud=True, cab=cab)
    puffs(c, (540 + shift, 720), (-520, -170), 190, DUST, 0.85, 11)
    puffs(c, (900 + shift, 760), (-500, 40), 90, DUST, 0.6)


def material(c: Canvas) -> None:
    """A yard with cones of sand and stone: open to the wind, then under sheets weighed down by sacks."""
    horizon = 330
    sky(c, horizon)
    flats(c, 60, 130, 250, horizon)
    c.box(760, 150, 1240, horizon, STEEL)
    c.shape([(740, 150), (1000, 90), (1260, 150)], STEEL_DARK)
    bricks(c, horizon - 60, horizon + 60, rgb("A48E7D"))
    ground(c, horizon + 60, rgb("A39B8C"))
    cones = []
    for number in range(3):
        x = 220 + number * 410 + c.chance.randint(-50, 50)
        cones.append((x, c.chance.randint(250, 340), 640 + (number % 2) * 110, number))
    for x, height, foot, number in sorted(cones, key=lambda cone: cone[2]):
        colour = (rgb("C8AE7C"), rgb("8C8D8B"), rgb("5A5755"))[number]
        outline = ridge([(x - height * 1.05, foot), (x, foot - height), (x + height * 1.05, foot)])
        if c.after:
            sheet = (rgb("4F7A8C"), NET, rgb("5E7F98"))[number]
            c.shape(outline, sheet)
            for share in (-0.55, -0.15, 0.3, 0.66):
                c.line([(x + share * 40, foot - height + 8), (x + share * height, foot)], darker(sheet, 0.16), 5)
            for step in range(-4, 5):
                c.oval(x + step * height * 0.24, foot + 2, 30, 15, rgb("D4CBB4"))
        else:
            c.shape(outline, colour)
            c.shape([*outline[24:], (x + height * 0.25, foot)], darker(colour, 0.14))
            for _grain in range(46):
                c.oval(
                    x + c.chance.uniform(-1.2, 1.2) * height, foot + c.chance.randint(-6, 60), 8, 5, darker(colour, 0.1)
                )
    if not c.after:
        for x, height, foot, _number in cones:
            puffs(c, (x, foot - height + 30), (250, -70), 70, DUST, 0.5)
    c.box(0, 930, WIDTH, HEIGHT, darker(EARTH, 0.1))
