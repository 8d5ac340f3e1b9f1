"""Pictures of eating places: fumes without a purifier, a dirty purifier, grilling in the street."""

from __future__ import annotations

from .canvas import HEIGHT, WIDTH, Canvas, darker, lighter, rgb
from .things import (
    BLACK,
    CONCRETE,
    SMOKE,
    STEEL,
    STEEL_DARK,
    WHITE,
    YELLOW,
    bricks,
    flats,
    pipe,
    puddle,
    puffs,
    sky,
)

GREASE = rgb("4A3A22")


def _backyard(c: Canvas) -> None:
    """Paint the back of a restaurant: wall, window, door, air conditioner, yard."""
    sky(c, 200)
    for left in (30, 420, 900):
        start = left + c.chance.randint(-30, 60)
        flats(c, start, c.chance.randint(20, 70), start + c.chance.randint(170, 260), 200)
    bricks(c, 170, 760, c.chance.choice((rgb("B79C86"), rgb("B7AFA0"), rgb("A88F80"))))
    c.box(0, 156, WIDTH, 186, CONCRETE)
    c.box(0, 756, WIDTH, HEIGHT, rgb("918D85"))
    for y in (800, 870):
        c.line([(0, y), (WIDTH, y)], darker(rgb("918D85"), 0.08), 3)
    door = c.chance.choice((rgb("5E6F66"), rgb("6F5D50")))
    c.box(90, 430, 270, 762, darker(door, 0.2))
    c.box(102, 442, 258, 762, door)
    c.oval(238, 610, 8, 8, WHITE)
    c.box(330, 400, 540, 560, WHITE)
    c.box(342, 412, 528, 548, rgb("5C6B70"))
    c.box(432, 412, 438, 548, WHITE)


def fume_missing(c: Canvas) -> None:
    """A kitchen duct that blows straight out of the wall, then led through a purifier and up the wall."""
    _backyard(c)
    y = c.chance.randint(360, 410)
    if c.after:
        pipe(c, [(575, y), (690, y)], 66)
        _purifier(c, 690, y - 90, clean=True)
        pipe(c, [(1010, y), (1120, y), (1120, 40)], 66)
        c.shape([(1070, 46), (1170, 46), (1140, 4), (1100, 4)], STEEL_DARK)
        c.line([(700, y + 108), (700, y + 190), (1000, y + 190), (1000, y + 108)], STEEL_DARK, 8)
        return
    c.box(560, y - 70, 640, y + 70, darker(STEEL_DARK, 0.1))
    pipe(c, [(600, y), (760, y)], 84)
    c.oval(802, y, 22, 42, BLACK)
    c.veil([(630, y + 90, 120, 60), (640, y + 190, 90, 110), (700, y + 60, 150, 40)], GREASE, 0.5)
    for x in range(580, 800, 34):
        c.line([(x, y + 44), (x, y + c.chance.randint(90, 330))], GREASE, 7)
    puffs(c, (830, y), (300, -250), 170, SMOKE, 0.7, 11)
    puffs(c, (830, y + 10), (190, -60), 90, SMOKE, 0.6)


def _purifier(c: Canvas, left: float, top: float, *, clean: bool) -> None:
    """Paint a fume purifier with its grille, lamps and door."""
    body = rgb("B9C2C3") if clean else rgb("8B8272")
    c.box(left, top, left + 320, top + 200, darker(body, 0.25), 8)
    c.box(left + 6, top + 6, left + 314, top + 194, body, 6)
    c.box(left + 24, top + 26, left + 186, top + 174, darker(body, 0.1), 4)
    for y in range(int(top) + 42, int(top) + 170, 22):
        c.box(left + 36, y, left + 174, y + 9, darker(body, 0.35))
    c.box(left + 206, top + 26, left + 296, top + 120, darker(body, 0.08), 4)
    c.box(left + 220, top + 40, left + 282, top + 72, rgb("20303A"), 3)
    lamp = rgb("58B07A") if clean else rgb("C8483C")
    c.oval(left + 232, top + 98, 9, 9, lamp)
    c.oval(left + 268, top + 98, 9, 9, rgb("58B07A") if clean else rgb("5E5A53"))
    if clean:
        c.line(
            [(left + 226, top + 62), (left + 242, top + 54), (left + 256, top + 60), (left + 276, top + 48)], lamp, 3
        )


def fume_dirty(c: Canvas) -> None:
    """A purifier seen close: dripping with grease and smoking, then cleaned, with its tray emptied."""
    sky(c, 240)
    bricks(c, 150, HEIGHT, c.chance.choice((rgb("B7AFA0"), rgb("AFA496"), rgb("A9988A"))))
    c.box(0, 790, WIDTH, HEIGHT, CONCRETE)
    body = rgb("BCC5C6") if c.after else rgb("857A66")
    duct = STEEL if c.after else rgb("756B58")
    pipe(c, [(-20, 470), (270, 470)], 150, duct)
    pipe(c, [(1000, 470), (1130, 470), (1130, -20)], 140, duct)
    c.box(250, 270, 1020, 700, darker(body, 0.3), 14)
    c.box(262, 282, 1008, 688, body, 10)
    for left in (290, 530):
        c.box(left, 320, left + 210, 650, darker(body, 0.1), 6)
        for y in range(344, 640, 34):
            c.box(left + 18, y, left + 192, y + 15, darker(body, 0.42 if c.after else 0.6))
        c.box(left + 90, 655, left + 120, 680, STEEL_DARK, 4)
    c.box(780, 330, 970, 520, darker(body, 0.06), 8)
    c.box(806, 356, 944, 420, rgb("1F2E36"), 4)
    lamp = rgb("58B07A") if c.after else rgb("C8483C")
    c.oval(836, 470, 18, 18, lamp)
    c.oval(914, 470, 18, 18, lamp if c.after else rgb("4E4A44"))
    c.box(300, 700, 330, 800, STEEL_DARK)
    c.box(940, 700, 970, 800, STEEL_DARK)
    if c.after:
        c.line([(816, 404), (848, 380), (876, 396), (906, 370), (936, 384)], lamp, 5)
        c.veil_shape([(290, 290), (420, 290), (330, 680), (270, 680)], WHITE, 0.25)
        c.box(1080, 760, 1200, 850, rgb("4C7F9E"), 10)
        c.box(1068, 748, 1212, 770, rgb("3D6B88"), 6)
        return
    c.line([(816, 392), (936, 392)], lamp, 5)
    for x in range(300, 750, 26):
        long = c.chance.randint(50, 220)
        c.line([(x, 640), (x, 640 + long)], GREASE, c.chance.choice((6, 9, 12)))
        if c.chance.random() < 0.5:
            c.oval(x, 640 + long, 9, 13, GREASE)
    c.veil([(400, 400, 130, 110), (640, 560, 160, 110), (860, 600, 120, 90), (180, 500, 120, 70)], GREASE, 0.45)
    c.veil([(520, 850, 330, 50), (640, 870, 220, 40)], GREASE, 0.75)
    puffs(c, (1130, 190), (-60, -170), 150, SMOKE, 0.6)
    puffs(c, (260, 450), (-140, -180), 110, SMOKE, 0.5)


def barbecue(c: Canvas) -> None:
    """An evening pavement: an open grill and tables in the smoke, then cleared, with the grill gone."""
    c.box(0, 0, WIDTH, 620, rgb("4A4A58"))
    shops = [c.chance.choice((rgb("7A5B50"), rgb("5B6A6B"), rgb("6F6A57"), rgb("6A5566"))) for _shop in range(3)]
    for number, shade in enumerate(shops):
        left = number * 430 - 10
        c.box(left, 110, left + 424, 640, shade)
        c.box(left + 16, 126, left + 408, 220, lighter(shade, 0.2), 6)
        for letter in range(4):
            c.box(left + 70 + letter * 76, 150, left + 116 + letter * 76, 196, rgb("E9C978"), 8)
        c.box(left + 40, 260, left + 250, 600, rgb("F0D69A"))
        c.box(left + 142, 260, left + 149, 600, shade)
        c.box(left + 290, 270, left + 384, 640, darker(shade, 0.3))
    c.box(0, 620, WIDTH, HEIGHT, rgb("77736C"))
    for x in range(-400, WIDTH + 400, 130):
        c.line([(x, 622), (x * 1.7 - 450, HEIGHT)], rgb("6A665F"), 3)
    for y in (660, 730, 830):
        c.line([(0, y), (WIDTH, y)], rgb("6A665F"), 3)
    grill = c.chance.randint(330, 470)
    if c.after:
        for x in range(120, 1260, 190):
            c.box(x - 14, 720, x + 14, 830, STEEL_DARK, 10)
            c.box(x - 14, 744, x + 14, 760, YELLOW)
        for x in (560, 960):
            c.box(x, 610, x + 190, 668, rgb("8A6A4E"), 6)
            c.veil([(x + 30 + 32 * bush, 596, 30, 34) for bush in range(5)], rgb("55755A"), 1)
        puddle(c, grill + 150, 880, 200)
        return
    for x in (860, 1120):
        c.box(x - 90, 740, x + 90, 758, rgb("B08A5B"), 5)
        c.line([(x - 60, 756), (x - 80, 870)], rgb("7A5F40"), 8)
        c.line([(x + 60, 756), (x + 80, 870)], rgb("7A5F40"), 8)
        for stool in (x - 130, x + 130):
            c.box(stool - 30, 810, stool + 30, 826, rgb("B5483C"), 5)
            c.line([(stool - 20, 824), (stool - 26, 890)], rgb("8C392F"), 7)
            c.line([(stool + 20, 824), (stool + 26, 890)], rgb("8C392F"), 7)
        c.box(x - 24, 700, x - 8, 740, rgb("5E8A62"), 4)
    c.line([(grill, 800), (grill - 14, 900)], BLACK, 12)
    c.line([(grill + 300, 800), (grill + 314, 900)], BLACK, 12)
    c.shape([(grill - 20, 720), (grill + 320, 720), (grill + 300, 806), (grill, 806)], rgb("33302E"))
    c.box(grill - 10, 708, grill + 310, 726, rgb("E0662F"), 4)
    for x in range(grill, grill + 310, 24):
        c.line([(x, 690), (x + 14, 742)], rgb("D8C9A6"), 4)
        for y in (696, 708, 720):
            c.oval(x + (y - 690) * 0.27, y, 9, 6, c.chance.choice((rgb("8A4B2E"), rgb("A65B35"))))
    puffs(c, (grill + 140, 690), (190, -470), 190, rgb("A9A5A0"), 0.6, 11)
