"""The functions of the numeric contract, written from kernels/README.md alone, on arrays of NumPy.

NumPy's + - * / and square root round once, as IEEE 754 says. Beside them it computes here what is exact: the integer next to
a number, the rest of a division, conversions.
"""

import numpy as np

F32, F64 = np.float32, np.float64
I32, U32, I64, U64 = np.int32, np.uint32, np.int64, np.uint64


def f32(pattern):
    """The f32 of eight hexadecimal digits."""
    return np.array([int(pattern, 16)], U32).view(F32)[0]


def f64(pattern):
    """The f64 of sixteen hexadecimal digits."""
    return np.array([int(pattern, 16)], U64).view(F64)[0]


def f32s(patterns):
    """The f32s of patterns between blanks."""
    return [f32(pattern) for pattern in patterns.split()]


def bits(x):
    """The patterns of an array of floats, as integers without sign."""
    return x.view(U32 if x.dtype == F32 else U64)


def negative(x):
    """Where the sign bit is set."""
    return bits(x) >> (31 if x.dtype == F32 else 63) != 0


def power_of_two(i):
    """2^i as f32, of an array of integers."""
    return ((i.astype(I64) + 127) << 23).astype(U32).view(F32)


def fma(a, b, c):
    """a * b + c, rounded once: the sum in f64 is rounded to odd before it becomes an f32."""
    c = np.asarray(c, F32).astype(F64)
    p = np.asarray(a, F32).astype(F64) * np.asarray(b, F32).astype(F64)
    s = np.atleast_1d(p + c)
    t = s - p
    lost = (p - (s - t)) + (c - t)
    inexact = (lost > 0) | (lost < 0)
    pattern = bits(s)
    differ = (pattern ^ bits(lost)) >> U64(63)
    odd = (pattern - differ) | U64(1)
    return np.where(inexact, odd, pattern).view(F64).astype(F32)


def poly(coefficients, x):
    """A polynomial by Horner's rule, the highest power first."""
    p = coefficients[0]
    for c in coefficients[1:]:
        p = fma(p, x, c)
    return p


ROUND = f32("4b400000")
LOG2_E, LN2_HI, LN2_LO = f32("3fb8aa3b"), f32("3f317200"), f32("35bfbe8e")
EXP = f32s("3ab6dc6e 3c091f5e 3d2aaa2c 3e2aaa45 3f000000")
LN = f32s("bda0fdee 3e03ed49 be067126 3e113688 be2a3c21 3e4cd2d1 be800110 3eaaaaa5")
TANH = f32s("bbbaf0ea 3ca9134f bd5c1e2d 3e088393 beaaaa99")
ERF = f32s("38b027f7 ba55a610 3baa7325 bcdc08db 3de71717 bec093a2 3e0375d4")
ERF_FAR = f32s("b5dee1a8 384301de ba1d586b 3b9c7262 bcd8c16a 3de19160 3f21bba6 3f90ac6b b9aade47")
SIN, COS = f32s("b94ca1f9 3c08839e be2aaaa3"), f32s("37ccf5ce bab6061a 3d2aaaa5")


def sign(x):
    return np.where(x > 0, F32(1), np.where(x < 0, F32(-1), np.where(np.isnan(x), x, F32(0))))


def maximum(a, b):
    return np.where((a >= b) | np.isnan(a), a, b)


def minimum(a, b):
    return np.where((a <= b) | np.isnan(a), a, b)


def zero_like(x, y):
    """y, of which a zero gets the sign of x."""
    return np.where(y == 0, (bits(x) & U32(1 << 31)).view(F32), y)


def remainder(x, y):
    """C's fmod, which is exact."""
    rest = zero_like(x, np.fmod(x, y))
    rest = np.where(np.isinf(y) & np.isfinite(x), x, rest)
    return np.where((y == 0) | np.isinf(x) | np.isnan(x) | np.isnan(y), F32(np.nan), rest)


def exp(x):
    y = np.where(x > F32(89), F32(89), x)
    y = np.where(y < F32(-105), F32(-105), y)
    s = fma(y, LOG2_E, ROUND)
    n = s - ROUND
    i = (bits(s).astype(I64) - int(bits(np.array([ROUND]))[0])).astype(I32)
    r = fma(n, -LN2_LO, fma(n, -LN2_HI, y))
    p = fma(poly(EXP, r), r * r, r) + F32(1)
    half = i >> I32(1)
    result = (p * power_of_two(half)) * power_of_two(i - half)
    return np.where(np.isnan(x), x, result)


def ln(x):
    small = x < f32("00800000")
    y = np.where(small, x * f32("4b000000"), x)
    pattern = bits(y).view(I32).astype(I64)
    e = (pattern - 0x3F3504F3).astype(I32) >> I32(23)
    m = (pattern - (e.astype(I64) << 23)).astype(U32).view(F32)
    e = e.astype(F32) + np.where(small, F32(-23), F32(0))
    f = m - F32(1)
    q = f * f
    t = fma(poly(LN, f), f * q, e * LN2_LO)
    t = fma(q, F32(-0.5), t)
    r = fma(e, LN2_HI, f + t)
    r = np.where(np.isposinf(x), x, r)
    r = np.where(x == 0, F32(-np.inf), r)
    return np.where((x < 0) | np.isnan(x), F32(np.nan), r)


def tanh(x):
    s = x * x
    small = fma(x * s, poly(TANH, s), x)
    large = F32(1) - F32(2) / (exp(F32(2) * np.abs(x)) + F32(1))
    return np.where((np.abs(x) < F32(0.625)) | np.isnan(x), small, np.where(x < 0, -large, large))


def sigmoid(x):
    return F32(1) / (F32(1) + exp(-x))


def erf(x):
    s, a = x * x, np.abs(x)
    small = fma(x, poly(ERF, s), x)
    large = np.where(a < f32("407ccccd"), F32(1) - exp(-poly(ERF_FAR, a)), F32(1))
    return np.where((a < f32("3f6b851f")) | np.isnan(x), small, np.where(x < 0, -large, large))


def turned(k, r):
    """Sine and cosine of k right angles and a rest."""
    z = r * r
    s = fma(poly(SIN, z) * z, r, r)
    c = fma(poly(COS, z) * z, z, fma(z, F32(-0.5), F32(1)))
    even = k & 1 == 0
    sine, cosine = np.where(even, s, c), np.where(even, c, s)
    return np.where(k & 2 == 0, sine, -sine), np.where((k + 1) & 2 == 0, cosine, -cosine)


def turns(u):
    """Sine and cosine of a part of a full turn, from 0 to 1."""
    t = u * F32(4)
    n = (t + ROUND) - ROUND
    return turned(n.astype(I64), (t - n) * f32("3fc90fdb"))


TWO_OVER_PI = int("00000000 a2f9836e 4e441529 fc2757d1 f534ddc0 db629599 3c439041 fe5163ab".replace(" ", ""), 16)
QUARTER_TURN = f64("3ff921fb54442d18") * F64(2.0**-62)


def reduced(x):
    """The right angles, and the rest, of one angle of at least pi / 4: by integers of any size."""
    pattern = int(bits(np.array([x], F32))[0]) & (1 << 31) - 1
    first = (pattern >> 23) - 127 + 7
    mantissa = pattern & (1 << 23) - 1 | 1 << 23
    window = TWO_OVER_PI >> (256 - 96 - first) & (1 << 96) - 1
    q = mantissa * window >> 32 & (1 << 64) - 1
    k = ((q + (1 << 61)) >> 62) & 3
    d = (q - (k << 62)) & (1 << 64) - 1
    d -= (d >> 63) << 64
    r = F32(F64(d) * QUARTER_TURN)
    return (-k, -r) if x < 0 else (k, r)


def sine_and_cosine(x):
    k, r = np.zeros(x.shape, I64), x.copy()
    for i in np.flatnonzero((np.abs(x) >= f32("3f490fdb")) & np.isfinite(x)):
        k[i], r[i] = reduced(x[i])
    s, c = turned(k, np.where(np.isinf(x), F32(np.nan), r))
    return np.where(x == 0, x, s), c


def odd_terms(z, last):
    """1 + z / 3 + z^2 / 5 + .. + z^n / last."""
    p = F64(1) / F64(last)
    for k in range(last - 2, 0, -2):
        p = p * z + F64(1) / F64(k)
    return p


LN_2 = f64("3fe62e42fefa39ef")
PI, HALF_PI, QUARTER_PI = f64("400921fb54442d18"), f64("3ff921fb54442d18"), f64("3fe921fb54442d18")


def ln64(x):
    pattern = bits(x).view(I64)
    e = (pattern - I64(0x3FE6A09E667F3BCD)) >> I64(52)
    m = (pattern - (e << I64(52))).view(F64)
    s = (m - F64(1)) / (m + F64(1))
    return e.astype(F64) * LN_2 + F64(2) * s * odd_terms(s * s, 17)


def exp64(t):
    nan = np.isnan(t)
    t = np.where(t > 200, F64(200), t)
    t = np.where((t < -200) | nan, F64(-200), t)
    rounding = f64("4338000000000000")
    s = t * f64("3ff71547652b82fe") + rounding
    n = s - rounding
    i = bits(s).view(I64) - I64(0x4338000000000000)
    r = t - n * LN_2
    p = np.ones_like(t)
    for k in range(12, 0, -1):
        p = p * r / F64(k) + F64(1)
    return np.where(nan, np.nan, p * ((i + I64(1023)) << I64(52)).view(F64))


def expm1(x):
    t = x.astype(F64)
    sixth = F64(1) / F64(6)
    small = t * (F64(1) + t * (F64(0.5) + t * (sixth + t / F64(24))))
    return np.where(np.abs(x) < f32("3a83126f"), small, exp64(t) - F64(1)).astype(F32)


def log1p(x):
    t = x.astype(F64)
    third = F64(1) / F64(3)
    small = t * (F64(1) - t * (F64(0.5) - t * (third - t / F64(4))))
    r = np.where(np.abs(x) < f32("3a83126f"), small, ln64(F64(1) + t)).astype(F32)
    r = np.where(np.isposinf(x), x, r)
    r = np.where(x == -1, F32(-np.inf), r)
    return np.where((x < -1) | np.isnan(x), F32(np.nan), r)


def power(x, y):
    a = np.abs(x)
    r = exp64(ln64(a.astype(F64)) * y.astype(F64)).astype(F32)
    infinity, zero = F32(np.inf), F32(0)
    r = np.where(a == 0, np.where(y < 0, infinity, zero), r)
    r = np.where(a == infinity, np.where(y < 0, zero, infinity), r)
    endless = np.abs(y) == infinity
    r = np.where(endless, np.where((a > 1) == (y > 0), infinity, zero), r)
    whole = endless | (np.trunc(y) == y)
    odd = whole & ~endless & (np.fmod(y, F32(2)) != 0)
    r = np.where(negative(x) & odd, -r, r)
    r = np.where(negative(x) & ~whole & (a != 0) & (a != infinity), F32(np.nan), r)
    r = np.where(np.isnan(x) | np.isnan(y), F32(np.nan), r)
    return np.where((y == 0) | (x == 1) | ((x == -1) & endless), F32(1), r)


def atan2(y, x):
    a, b = np.abs(y).astype(F64), np.abs(x).astype(F64)
    less, more = np.where(a < b, a, b), np.where(a < b, b, a)
    slope = np.where(more == 0, F64(0), less / more)
    slope = np.where(less == np.inf, F64(1), slope)
    steep = slope > f64("3fda827999fcef32")
    t = np.where(steep, (slope - F64(1)) / (slope + F64(1)), slope)
    angle = t * odd_terms(-(t * t), 31)
    angle = np.where(steep, QUARTER_PI + angle, angle)
    angle = np.where(a > b, HALF_PI - angle, angle)
    angle = np.where(negative(x), PI - angle, angle).astype(F32)
    angle = np.where(negative(y), -angle, angle)
    return np.where(np.isnan(x) | np.isnan(y), F32(np.nan), angle)


def to_int(x):
    """Towards zero, saturating; NaN becomes 0."""
    wide = np.trunc(np.where(np.isnan(x), F32(0), x).astype(F64))
    return np.clip(wide, -(2.0**31), 2.0**31 - 1).astype(I64).astype(I32)


def divided(a, b):
    """Quotient towards zero and rest of i32, which wrap; both 0 where the divisor is."""
    a, b = a.astype(I64), b.astype(I64)
    safe = np.where(b == 0, I64(1), b)
    quotient = np.abs(a) // np.abs(safe) * np.sign(a) * np.sign(safe)
    rest = a - quotient * safe
    none = b == 0
    return np.where(none, 0, quotient).astype(I32), np.where(none, 0, rest).astype(I32)


def wrapping(operation):
    """An operation on i32 that wraps."""
    return lambda *operands: operation(*[x.astype(I64) for x in operands]).astype(I32)


# The scalar instructions: types of the operands, f for f32 and i for i32, and what is computed. Truth values are i32.
INSTRUCTIONS = {
    "neg": ("f", lambda a: -a),
    "abs": ("f", np.abs),
    "sign": ("f", sign),
    "sqrt": ("f", np.sqrt),
    "rsqrt": ("f", lambda a: F32(1) / np.sqrt(a)),
    "exp": ("f", exp),
    "ln": ("f", ln),
    "tanh": ("f", tanh),
    "sigmoid": ("f", sigmoid),
    "erf": ("f", erf),
    "sin": ("f", lambda a: sine_and_cosine(a)[0]),
    "cos": ("f", lambda a: sine_and_cosine(a)[1]),
    "expm1": ("f", expm1),
    "log1p": ("f", log1p),
    "floor": ("f", lambda a: zero_like(a, np.floor(a))),
    "round": ("f", lambda a: zero_like(a, np.rint(a))),
    "add": ("ff", lambda a, b: a + b),
    "sub": ("ff", lambda a, b: a - b),
    "mul": ("ff", lambda a, b: a * b),
    "div": ("ff", lambda a, b: a / b),
    "max": ("ff", maximum),
    "min": ("ff", minimum),
    "pow": ("ff", power),
    "atan2": ("ff", atan2),
    "rem": ("ff", remainder),
    "lt": ("ff", lambda a, b: a < b),
    "le": ("ff", lambda a, b: a <= b),
    "eq": ("ff", lambda a, b: a == b),
    "ne": ("ff", lambda a, b: a != b),
    "neg_i": ("i", wrapping(lambda a: -a)),
    "abs_i": ("i", wrapping(np.abs)),
    "sign_i": ("i", np.sign),
    "add_i": ("ii", wrapping(lambda a, b: a + b)),
    "sub_i": ("ii", wrapping(lambda a, b: a - b)),
    "mul_i": ("ii", wrapping(lambda a, b: a * b)),
    "max_i": ("ii", np.maximum),
    "min_i": ("ii", np.minimum),
    "div_i": ("ii", lambda a, b: divided(a, b)[0]),
    "rem_i": ("ii", lambda a, b: divided(a, b)[1]),
    "lt_i": ("ii", lambda a, b: a < b),
    "le_i": ("ii", lambda a, b: a <= b),
    "eq_i": ("ii", lambda a, b: a == b),
    "ne_i": ("ii", lambda a, b: a != b),
    "and": ("ii", lambda a, b: a & b),
    "or": ("ii", lambda a, b: a | b),
    "not": ("i", lambda a: a == 0),
    "to_float": ("i", lambda a: a.astype(F32)),
    "to_int": ("f", to_int),
    "fma": ("fff", fma),
    "select": ("iii", lambda a, b, c: np.where(a != 0, b, c)),
}


def canonical(words):
    """Words with one NaN for all, of an array of f32, i32 or truth values."""
    if words.dtype == F32:
        return np.where(np.isnan(words), U32(0x7FC00000), bits(np.ascontiguousarray(words)))
    return np.ascontiguousarray(words.astype(I32)).view(U32)


def evaluate(name, operands):
    """An instruction on arrays of words; canonical words."""
    types, operation = INSTRUCTIONS[name]
    typed = [np.ascontiguousarray(x).view(F32 if t == "f" else I32) for t, x in zip(types, operands, strict=True)]
    return canonical(operation(*typed))
