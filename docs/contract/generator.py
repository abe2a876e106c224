"""The counter-based generator of the numeric contract, written from kernels/README.md alone.

A Stream gives many numbers at once, as arrays; a Generator draws one after the other.
"""

import numpy as np

from functions import F32, U32, U64, ln, turns

M32, M64 = (1 << 32) - 1, (1 << 64) - 1


def key(seed, name):
    """The key of a stream, an integer of 64 bits."""
    h = 0xCBF29CE484222325
    for byte in name.encode("utf-8"):
        h = (h ^ byte) * 0x100000001B3 & M64
    z = h ^ seed * 0x9E3779B97F4A7C15 & M64
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & M64
    z = (z ^ z >> 27) * 0x94D049BB133111EB & M64
    return z ^ z >> 31


def block(of_key, counter):
    """Four arrays of words at a counter of four arrays or integers."""
    a, b, c, d = [np.asarray(x, U64) for x in counter]
    k0, k1 = of_key & M32, of_key >> 32
    low, half = U64(M32), U64(32)
    for _ in range(10):
        p, q = a * U64(0xD2511F53), c * U64(0xCD9E8D57)
        a, b, c, d = q >> half ^ b ^ U64(k0), q & low, p >> half ^ d ^ U64(k1), p & low
        k0, k1 = k0 + 0x9E3779B9 & M32, k1 + 0xBB67AE85 & M32
    return a, b, c, d


def unit(words):
    """The upper 24 bits of words as a part of 1."""
    return (words >> U64(8)).astype(F32) * F32(2.0**-24)


class Stream:
    """The numbers of a seed and a name. Positions are integers or arrays of them."""

    def __init__(self, seed, name):
        self.key = key(seed, name)

    def pair(self, i, attempt, run):
        i = np.atleast_1d(np.asarray(i, U64))
        quarter = i >> U64(2)
        a, b, c, d = block(self.key, (quarter & U64(M32), quarter >> U64(32), attempt, run))
        early = i & U64(3) < 2
        return np.where(early, a, c), np.where(early, b, d), i & U64(1) == 0

    def words(self, run, i):
        first, second, even = self.pair(i, 0, run)
        return np.where(even, first, second).astype(U32)

    def uniforms(self, run, i):
        return unit(self.words(run, i).astype(U64))

    def normals(self, run, i, attempt=0):
        first, second, even = self.pair(i, attempt, run)
        radius = np.sqrt(F32(-2) * ln(F32(1) - unit(first)))
        sine, cosine = turns(unit(second))
        return radius * np.where(even, cosine, sine)

    def truncated(self, run, i):
        i = np.atleast_1d(np.asarray(i, U64))
        z, attempt = self.normals(run, i), 0
        while (again := np.abs(z) > 2).any():
            attempt += 1
            z[again] = self.normals(run, i[again], attempt)
        return z


class Generator:
    """Draws from a stream at positions 0, 1, 2, .., which are made in advance, many at a time."""

    def __init__(self, seed, name, ahead=256):
        self.stream = Stream(seed, name)
        self.position = 0
        self.ahead = ahead
        self.made = {}

    def drawn(self, what, make):
        part = self.position // self.ahead
        if self.made.get(what, (None,))[0] != part:
            self.made[what] = part, make(np.arange(part * self.ahead, (part + 1) * self.ahead, dtype=U64))
        value = self.made[what][1][self.position % self.ahead]
        self.position += 1
        return value

    def next(self):
        return int(self.drawn("words", lambda i: self.stream.words(0, i)))

    def uniform(self):
        return F32(self.next() >> 8) * F32(2.0**-24)

    def normal(self):
        return self.drawn("normals", lambda i: self.stream.normals(1, i))

    def below(self, n):
        if n == 0:
            return 0
        while True:
            product = self.next() * n
            if product & M32 >= (1 << 32) % n:
                return product >> 32

    def shuffle(self, items):
        for i in range(len(items) - 1, 0, -1):
            j = self.below(i + 1)
            items[i], items[j] = items[j], items[i]
