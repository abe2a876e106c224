"""The built-in digits, drawn as kernels/README.md says."""

import functools

import numpy as np

from functions import F32, turns
from generator import Generator

SIZE, SEED, PIECES = 28, 28, 6

GLYPHS = """
0: 55 0  20 15  8 50  20 88  50 100  82 85  92 50  80 13  50 0
0: 70 5  35 8  15 40  20 85  50 98  80 70  82 30  60 5  45 10
1: 50 0  50 35  50 70  50 100
1: 25 25  42 12  55 0  54 50  53 100
1: 62 0  55 35  47 70  40 100
2: 15 22  35 2  70 5  80 30  55 62  12 98  12 98  50 95  92 97
2: 18 20  45 0  78 20  65 55  30 90  12 85  30 74  60 92  95 88
3: 15 10  50 0  82 18  70 40  42 48  42 48  75 55  88 78  60 100  12 90
3: 20 5  80 3  80 3  48 42  48 42  85 60  75 93  40 100  12 85
4: 20 5  15 35  18 55  50 56  90 50 | 78 0  74 50  70 100
4: 60 0  35 35  8 65  8 65  50 66  95 64 | 68 30  66 65  65 100
5: 30 3  25 25  20 45  20 45  55 40  85 60  78 88  45 100  12 90 | 30 3  60 3  88 0
5: 90 2  60 5  35 8  35 8  28 30  24 46  60 45  82 70  60 98  15 92
6: 70 0  35 25  15 60  25 93  55 100  80 80  68 55  40 55  20 75
6: 50 0  28 35  20 70  40 98  72 92  75 65  50 55  24 68
7: 10 6  50 5  90 3  90 3  66 40  50 70  42 100
7: 12 10  50 4  85 6  85 6  65 50  50 100 | 38 52  60 50  84 48
8: 75 12  45 0  20 18  35 42  70 60  80 85  50 100  20 85  32 58  65 40  78 18  60 3
8: 50 47  22 28  45 0  76 20  50 47  20 75  48 100  82 78  50 47
9: 80 20  50 0  20 20  28 48  60 48  80 20  78 55  72 100
9: 78 12  45 3  22 28  42 50  75 30  78 12  76 50  60 85  30 100
"""


def glyphs():
    """The ways to write each digit: lists of strokes, which are arrays of points."""
    ways = [[] for _ in range(10)]
    for line in GLYPHS.strip().splitlines():
        digit, strokes = line.split(":")
        points = [np.array(stroke.split(), F32).reshape(-1, 2) / F32(100) for stroke in strokes.split("|")]
        ways[int(digit)].append(points)
    return ways


WAYS = glyphs()


def sine(t):
    """The sine of any number of turns."""
    return turns(np.atleast_1d(t - np.floor(t)))[0]


class Hand:
    """How a writer holds the pen in one image."""

    def __init__(self, generator):
        def spread(a):
            return F32(a) * (F32(2) * generator.uniform() - F32(1))

        tilt = spread(0.055)
        self.width, self.height = F32(13.5) + spread(4), F32(18.5) + spread(2.5)
        self.shear = F32(0.1) + spread(0.35)
        self.centre = [F32(14) + spread(1.5), F32(14) + spread(1.5)]
        self.waves = [[spread(a) for a in (1, 1, 1, 1.3, 1.3)] for _ in range(4)]
        self.pen = F32(1.35) + spread(0.5)
        self.sin, self.cos = sine(tilt)[0], sine(tilt + F32(0.25))[0]

    def place(self, points):
        """Points of the unit square in the image."""
        sin, cos, width, height, shear = self.sin, self.cos, self.width, self.height, self.shear
        u, v = points[:, 0] - F32(0.5), points[:, 1] - F32(0.5)
        x = self.centre[0] + (cos * width) * u + ((-cos * shear) * height - sin * height) * v
        y = self.centre[1] + (sin * width) * u + (cos * height - (sin * shear) * height) * v
        for ax, ay, phase, bx, by in self.waves:
            s = sine(ax * u + ay * v + phase)
            x, y = x + bx * s, y + by * s
        return np.stack([x, y], axis=1)


def curve(points):
    """A smooth curve through points."""
    padded = np.concatenate([points[:1], points, points[-1:]])
    path = [points[0]]
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        linear = c - a
        square = F32(2) * a - F32(5) * b + F32(4) * c - d
        cube = F32(3) * (b - c) + d - a
        for piece in range(1, PIECES + 1):
            t = F32(piece) / F32(PIECES)
            path.append(F32(0.5) * (F32(2) * b + t * (linear + t * (square + t * cube))))
    return np.array(path)


CENTRES = np.arange(SIZE).astype(F32) + F32(0.5)


def lines(light, path, pen):
    """Lights the pixels near the lines between the points of a path."""
    for (x0, y0), (x1, y1) in zip(path, path[1:], strict=False):
        dx, dy = x1 - x0, y1 - y0
        q = dx * dx + dy * dy
        x, y = (CENTRES - x0)[None, :], (CENTRES - y0)[:, None]
        t = np.clip((x * dx + y * dy) / q, F32(0), F32(1)) if q > 0 else F32(0)
        ex, ey = x - t * dx, y - t * dy
        value = np.clip((pen + F32(0.5)) - np.sqrt(ex * ex + ey * ey), F32(0), F32(1))
        np.maximum(light, value, out=light)


@functools.cache
def draw(half, number):
    """The label and the pixels of one image."""
    generator = Generator(SEED, f"digits/{half}/{number}", ahead=128)
    label = generator.below(10)
    glyph = WAYS[label][generator.below(len(WAYS[label]))]
    hand = Hand(generator)
    ink = F32(0.75) + F32(0.25) * generator.uniform()
    light = np.zeros((SIZE, SIZE), F32)
    for stroke in glyph:
        moved = [(x + F32(0.035) * generator.normal(), y + F32(0.03) * generator.normal()) for x, y in stroke]
        lines(light, hand.place(curve(np.array(moved, F32))), hand.pen)
    return label, ((light * ink) * F32(255) + F32(0.5)).astype(np.uint8).reshape(-1)


def images(half, count):
    """The first images of a half: labels and pixels."""
    drawn = [draw(half, number) for number in range(count)]
    return np.array([label for label, _ in drawn], np.int32), np.array([pixels for _, pixels in drawn])
