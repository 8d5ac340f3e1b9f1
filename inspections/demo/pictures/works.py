"""Pictures of factories, fields and water: burning, solvents, monitoring, leaking fumes, outfalls."""

from __future__ import annotations

import math

from .canvas import HEIGHT, WIDTH, Canvas, Point, arc, darker, lighter, rgb, ridge
from .things import (
    BLACK,
    CONCRETE,
    SMOKE,
    STEEL,
    STEEL_DARK,
    WATER,
    WHITE,
    YELLOW,
    ground,
    pipe,
    puffs,
    sky,
    skyline,
    tree,
)

GOOD, BAD = rgb("58B07A"), rgb("C8483C")


def open_burning(c: Canvas) -> None:
    """Straw burning on a field, then put out, raked and ploughed in with bales beside it."""
    horizon = 360
    sky(c, horizon)
    for x in range(40, WIDTH, 150):
        tree(c, x + c.chance.randint(-40, 40), horizon + 10, c.chance.randint(60, 120))
    ground(c, horizon, rgb("C2AC6F"))
    for x in range(-900, WIDTH + 900, 70):
        c.line([(640 + (x - 640) * 0.35, horizon), (x, HEIGHT)], rgb("AD9860"), 4)
    x = c.chance.randint(480, 700)
    burnt = [(x + math.cos(t / 14 * math.tau) * 330, 740 + math.sin(t / 14 * math.tau) * 110) for t in range(14)]
    if c.after:
        c.shape(burnt, rgb("7A6848"))
        for row in range(-3, 4):
            reach = 330 * math.sqrt(1 - (row / 4) ** 2)
            c.line([(x - reach, 740 + row * 27), (x + reach, 740 + row * 27)], rgb("66563B"), 8)
        for bale_x, bale_y in ((150, 640), (300, 610), (1080, 620), (1180, 720)):
            c.oval(bale_x, bale_y, 66, 60, rgb("B89A55"))
            c.oval(bale_x + 16, bale_y, 50, 56, rgb("CDB16B"))
            c.oval(bale_x + 16, bale_y, 26, 30, rgb("B89A55"))
        return
    c.shape(burnt, rgb("3B352E"))
    c.shape(ridge([(x - 260, 760), (x - 20, 600), (x + 260, 760)]), rgb("8F7642"))
    puffs(c, (x, 600), (330, -430), 240, SMOKE, 0.8, 12)
    for number in range(11):
        fx = x - 230 + number * 46
        high = c.chance.randint(70, 190) * (1 - abs(number - 5) / 9)
        for colour, share in ((rgb("D9562B"), 1.0), (rgb("EE9A35"), 0.66), (rgb("F6D66E"), 0.36)):
            tip = (fx + c.chance.randint(-14, 20), 740 - high * share * 1.25)
            half = 36 * share
            left, right = (fx - half, 752), (fx + half, 752)
            c.shape(
                [*arc(left, (fx - half, 740 - high * share * 0.5), tip), *arc(tip, (fx + half, 720), right)], colour
            )


def voc(c: Canvas) -> None:
    """A painting bay: open drums and a spray cloud, then a hood with a duct, curtains and closed drums."""
    wall = c.chance.choice((rgb("AEB3AE"), rgb("B4AEA2"), rgb("A7AFB3")))
    c.box(0, 0, WIDTH, 690, wall)
    for x in range(0, WIDTH, 80):
        c.line([(x, 0), (x, 690)], darker(wall, 0.06), 3)
    for x in (90, 1010):
        c.box(x, 90, x + 190, 230, rgb("D8E3E6"))
        c.box(x + 92, 90, x + 98, 230, darker(wall, 0.2))
    c.box(0, 690, WIDTH, HEIGHT, rgb("8F8F89"))
    c.box(0, 684, WIDTH, 698, darker(wall, 0.25))
    piece = c.chance.choice((rgb("4E7A9B"), rgb("A8553F"), rgb("6F8C5B")))
    c.box(430, 640, 900, 664, STEEL_DARK)
    for x in (460, 860):
        c.box(x, 660, x + 20, 800, STEEL_DARK)
    c.shape([(470, 640), (520, 480), (800, 480), (860, 640)], piece)
    c.shape([(560, 600), (590, 510), (740, 510), (776, 600)], lighter(piece, 0.25))
    drums = [(150, 860, rgb("3F6FA0")), (290, 880, rgb("B0562F")), (1090, 870, rgb("3F6FA0"))]
    for x, foot, colour in drums:
        c.box(x - 58, foot - 160, x + 58, foot, colour)
        c.oval(x, foot, 58, 18, colour)
        for ring in (50, 105):
            c.box(x - 60, foot - ring - 5, x + 60, foot - ring + 5, darker(colour, 0.2))
        c.oval(x, foot - 160, 58, 18, darker(colour, 0.3) if c.after else BLACK)
        if c.after:
            c.oval(x, foot - 164, 58, 17, lighter(colour, 0.2))
            c.oval(x + 26, foot - 164, 9, 4, BLACK)
    if c.after:
        pipe(c, [(665, -20), (665, 250)], 96)
        c.shape([(610, 240), (720, 240), (930, 380), (400, 380)], STEEL)
        c.box(396, 376, 934, 402, STEEL_DARK)
        for x in range(404, 930, 48):
            if not 480 < x < 850:
                c.veil_shape([(x, 400), (x + 40, 400), (x + 40, 640), (x, 640)], WATER, 0.5)
        for x in (540, 665, 790):
            c.line([(x, 470), (x, 420)], WHITE, 5)
            c.shape([(x - 13, 428), (x + 13, 428), (x, 404)], WHITE)
        return
    c.line([(1010, 560), (900, 520)], BLACK, 16)
    c.line([(1010, 560), (1030, 640)], BLACK, 20)
    c.veil_shape([(900, 516), (900, 526), (770, 610), (770, 440)], lighter(piece, 0.5), 0.7)
    puffs(c, (700, 480), (-330, -290), 190, lighter(piece, 0.45), 0.5, 10)
    for x, foot, _colour in drums:
        puffs(c, (x, foot - 170), (40, -190), 60, rgb("C9B98F"), 0.5, 7)


def monitoring(c: Canvas) -> None:
    """The screen of an online monitoring cabinet: a flat line and a red lamp, then a living curve and a green one."""
    c.box(0, 0, WIDTH, HEIGHT, rgb("C3C7C4"))
    c.box(0, 800, WIDTH, HEIGHT, rgb("9A9A94"))
    c.box(150, 90, 1130, 900, rgb("6C757A"), 18)
    c.box(166, 106, 1114, 884, rgb("A9B1B4"), 12)
    c.box(220, 160, 900, 620, rgb("2A3136"), 14)
    c.box(240, 180, 880, 600, rgb("16212A"), 6)
    for y in range(230, 600, 62):
        c.line([(260, y), (860, y)], rgb("26343F"), 2)
    for x in range(300, 860, 80):
        c.line([(x, 196), (x, 584)], rgb("26343F"), 2)
    limit = 292
    for x in range(260, 860, 30):
        c.line([(x, limit), (x + 16, limit)], rgb("B08A3C"), 3)
    curve: list[Point] = []
    for step in range(61):
        share = step / 60
        wave = math.sin(share * 15 + c.chance.random()) * 26 + c.chance.uniform(-14, 14)
        curve.append((262 + share * 596, 440 + wave))
    stop = c.chance.randint(18, 26)
    if c.after:
        c.line(curve, GOOD, 5)
    else:
        c.line(curve[: stop + 1], rgb("8FA7A0"), 5)
        c.line([curve[stop], (curve[stop][0], 560), (858, 560)], BAD, 5)
        c.shape([(700, 450), (770, 450), (735, 388)], BAD)
        c.box(731, 408, 739, 432, WHITE)
        c.oval(735, 441, 4, 4, WHITE)
    lamps = (GOOD, GOOD, GOOD) if c.after else (rgb("5C5E5C"), YELLOW, BAD)
    for row, lamp in enumerate(lamps):
        c.oval(1000, 210 + row * 110, 40, 40, STEEL_DARK)
        c.oval(1000, 210 + row * 110, 31, 31, lamp)
        c.oval(990, 200 + row * 110, 9, 9, lighter(lamp, 0.5))
    for key in range(8):
        x, y = 250 + (key % 4) * 110, 680 + (key // 4) * 84
        c.box(x, y, x + 84, y + 58, rgb("DADCD8"), 6)
    pipe(c, [(820, 670), (820, 800), (1180, 800)], 34)
    pipe(c, [(960, 640), (960, 740), (1180, 740)], 34)
    if c.after:
        c.box(800, 662, 990, 690, STEEL_DARK, 4)
    else:
        c.line([(820, 676), (790, 740), (770, 850)], rgb("3F4548"), 14)
        c.oval(770, 856, 14, 14, BLACK)


def fugitive(c: Canvas) -> None:
    """A works hall: fumes from roof, door and an open conveyor, then shut, roofed over and drawn off to the stack."""
    horizon = 560
    sky(c, horizon)
    skyline(c, horizon)
    ground(c, horizon, rgb("9A958A"))
    hall = c.chance.choice((rgb("8598A3"), rgb("9A9C90"), rgb("8E8F9A")))
    c.shape([(1108, 640), (1120, 90), (1180, 90), (1192, 640)], rgb("B7B4AD"))
    for y in (130, 250):
        c.box(1114, y, 1186, y + 34, rgb("B5533C"))
    c.box(330, 330, 1080, 720, hall)
    for x in range(350, 1080, 50):
        c.line([(x, 340), (x, 720)], darker(hall, 0.08), 4)
    for step in range(3):
        left = 330 + step * 250
        c.shape([(left, 332), (left, 230), (left + 250, 332)], darker(hall, 0.2))
        c.shape([(left + 6, 322), (left + 6, 250), (left + 40, 322)], rgb("D3E0E4") if c.after else BLACK)
    door = rgb("6B7A80") if c.after else rgb("2B2B2A")
    c.box(420, 520, 620, 720, door)
    if c.after:
        for y in range(530, 720, 22):
            c.line([(420, y), (620, y)], darker(door, 0.15), 3)
    for x in range(700, 1040, 120):
        c.box(x, 450, x + 70, 510, rgb("C7D6DB") if c.after else rgb("33312E"))
    belt = [(-20, 800), (-20, 850), (345, 460), (345, 410)]
    c.shape(belt, STEEL_DARK)
    for x in (40, 150, 260):
        c.line([(x, 820 - x * 1.05), (x, 900 - x * 0.55)], STEEL_DARK, 10)
    if c.after:
        c.shape([(-20, 740), (-20, 850), (345, 460), (345, 350)], STEEL)
        for x in range(0, 345, 60):
            c.line([(x, 762 - x * 1.068), (x, 828 - x * 1.068)], darker(STEEL, 0.2), 5)
        pipe(c, [(1040, 300), (1150, 300)], 54)
        puffs(c, (1150, 84), (70, -70), 44, rgb("E8ECEC"), 0.5, 6)
        return
    for x in range(0, 340, 46):
        c.shape([(x, 800 - x * 1.068), (x + 26, 756 - x * 1.068), (x + 46, 752 - x * 1.068)], rgb("5A5046"))
    for left in (350, 600, 850):
        puffs(c, (left, 280), (150, -170), 110, rgb("8C8273"), 0.7)
    puffs(c, (520, 600), (-160, 90), 130, rgb("9B8C76"), 0.75)
    puffs(c, (160, 620), (-60, -160), 90, rgb("8C8273"), 0.6)
    puffs(c, (1150, 80), (110, -60), 80, SMOKE, 0.8)


def outfall(c: Canvas) -> None:
    """A pipe in a river bank: brown water and foam, then closed and marked, the river clear."""
    horizon = 240
    sky(c, horizon)
    skyline(c, horizon)
    ground(c, horizon, rgb("8C996F"))
    for x in (80, 330, 720, 1150):
        tree(c, x + c.chance.randint(-50, 50), 330, c.chance.randint(110, 170))
    bank = [(0, 330), (WIDTH, 300), (WIDTH, 700), (0, 640)]
    c.shape(bank, rgb("A8A497"))
    for row in range(7):
        y = 350 + row * 48
        c.line([(0, y), (WIDTH, y - 24 + row * 8)], rgb("938F83"), 3)
        for x in range(-60 + 45 * (row % 2), WIDTH, 90):
            c.line([(x, y - x * 0.01), (x + 6, y + 46 - x * 0.01)], rgb("938F83"), 3)
    river = rgb("7FA3A6") if c.after else rgb("77887A")
    c.shape([(0, 630), (WIDTH, 690), (WIDTH, HEIGHT), (0, HEIGHT)], river)
    x = c.chance.randint(480, 620)
    ripples = [
        (c.chance.randint(0, 1180), c.chance.randint(720, 940), c.chance.randint(50, 140)) for _line in range(26)
    ]
    for rx, ry, long in ripples:
        c.line([(rx, ry), (rx + long, ry + 3)], lighter(river, 0.22), 4)
    c.oval(x, 480, 118, 118, CONCRETE)
    c.oval(x, 480, 92, 92, darker(CONCRETE, 0.35))
    c.oval(x, 480, 84, 84, BLACK)
    if c.after:
        c.oval(x, 480, 84, 84, rgb("7D868A"))
        for turn in range(8):
            c.oval(
                x + math.cos(turn * math.tau / 8) * 68, 480 + math.sin(turn * math.tau / 8) * 68, 7, 7, rgb("4F575B")
            )
        c.line([(x - 56, 480), (x + 56, 480)], rgb("4F575B"), 16)
        c.line([(x, 424), (x, 536)], rgb("4F575B"), 16)
        c.line([(x + 240, 640), (x + 240, 420)], STEEL_DARK, 10)
        c.box(x + 170, 380, x + 310, 480, rgb("3D7A57"), 6)
        for row, wide in ((404, 100), (428, 80), (452, 92)):
            c.box(x + 190, row, x + 190 + wide, row + 9, WHITE)
        return
    brown = rgb("6A5233")
    c.shape([(x - 66, 500), (x + 66, 500), (x + 104, 700), (x - 110, 690)], brown)
    c.shape([(x - 20, 505), (x + 26, 505), (x + 40, 695), (x - 44, 690)], lighter(brown, 0.16))
    c.veil([(x, 740, 250, 60), (x + 170, 800, 330, 70), (x + 420, 860, 380, 80)], brown, 0.75)
    c.veil([(x + 300, 830, 230, 36), (x + 560, 880, 260, 40)], lighter(brown, 0.1), 0.6)
    for _bubble in range(80):
        bx = x + c.chance.gauss(20, 110)
        c.oval(bx, 708 + c.chance.randint(0, 60) + abs(bx - x) * 0.12, 14, 8, c.chance.choice((WHITE, rgb("D8CDB4"))))
