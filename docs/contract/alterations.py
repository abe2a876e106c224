"""Arithmetic that differs from the contract in one point, which the known answers must tell. Each alteration has a name, the
parts of a file that must find it, and what takes which place: a module or class, a name in it, and a value."""

import copy

import numpy as np

import digits
import functions
import generator
import sums
import training
from functions import F32, F64, I32, U32, U64


def beside(x):
    """A float that differs in the middle of its mantissa. Other digits of a constant may change no result in a million; that
    they stand in the text as they stand here, is checked too."""
    pattern = np.atleast_1d(x).view(U32 if x.dtype == F32 else U64)
    return (pattern ^ pattern.dtype.type(1 << (8 if x.dtype == F32 else 28))).view(x.dtype)[0]


def rounded_twice(a, b, c):
    """A multiply-add that rounds its sum in f64 first."""
    a, b, c = (np.asarray(x, F32).astype(F64) for x in (a, b, c))
    return np.atleast_1d(a * b + c).astype(F32)


def not_fused(a, b, c):
    """A multiply-add that rounds its product."""
    return np.atleast_1d(np.asarray(a, F32) * np.asarray(b, F32) + np.asarray(c, F32))


COEFFICIENTS = {"EXP": "exp", "LN": "ln", "TANH": "tanh", "ERF": "erf", "ERF_FAR": "erf", "SIN": "sin", "COS": "cos"}
CONSTANTS = {
    "LOG2_E": "exp",
    "LN2_HI": "exp",
    "LN2_LO": "ln",
    "LN_2": "pow",
    "PI": "atan2",
    "HALF_PI": "atan2",
    "QUARTER_PI": "atan2",
    "QUARTER_TURN": "sin",
}


def constants():
    """Coefficients of polynomials and other constants of functions."""
    for constant, function in COEFFICIENTS.items():
        own = getattr(functions, constant)
        for i, c in enumerate(own):
            yield f"{constant}[{i}]", function, (functions, constant, [*own[:i], beside(c), *own[i + 1 :]])
    for constant, function in CONSTANTS.items():
        yield constant, function, (functions, constant, beside(getattr(functions, constant)))


# What other libraries, or a careless hand, would compute.
OTHERS = {
    "max": lambda a, b: np.where((b >= a) | np.isnan(b), b, a),
    "min": lambda a, b: np.where((b <= a) | np.isnan(b), b, a),
    "sign": lambda a: np.where(a == 0, a, functions.sign(a)),
    "rsqrt": lambda a: (1 / np.sqrt(a.astype(F64))).astype(F32),
    "floor": np.trunc,
    "round": lambda a: np.copysign(np.floor(np.abs(a) + F32(0.5)), a),
    "exp": lambda a: np.exp(a.astype(F64)).astype(F32),
    "ln": lambda a: np.log(a.astype(F64)).astype(F32),
    "tanh": lambda a: np.tanh(a.astype(F64)).astype(F32),
    "sin": lambda a: np.sin(a.astype(F64)).astype(F32),
    "cos": lambda a: np.cos(a.astype(F64)).astype(F32),
    "sigmoid": lambda a: functions.exp(a) / (F32(1) + functions.exp(a)),
    "expm1": lambda a: functions.exp(a) - F32(1),
    "log1p": lambda a: functions.ln(F32(1) + a),
    "pow": lambda a, b: functions.exp(b * functions.ln(np.abs(a))),
    "rem": np.mod,
    "div_i": lambda a, b: (a.astype(np.int64) // np.where(b == 0, 1, b)).astype(I32),
    "rem_i": lambda a, b: (a.astype(np.int64) % np.where(b == 0, 1, b)).astype(I32),
    "to_int": lambda a: np.rint(np.clip(np.nan_to_num(a.astype(F64)), -(2.0**31), 2.0**31 - 1)).astype(I32),
    "fma": rounded_twice,
    "le": lambda a, b: ~(a > b),
    "not": lambda a: ~a,
}


def instructions():
    """Instructions that differ in one point."""
    for name, operation in OTHERS.items():
        types, _ = functions.INSTRUCTIONS[name]
        yield name, name, (functions, "INSTRUCTIONS", {**functions.INSTRUCTIONS, name: (types, operation)})
    yield "a multiply-add that rounds its product", "exp", (functions, "fma", not_fused)


def streams():
    """Keys, blocks and numbers that are made otherwise."""
    own = generator.key
    yield "keys without the seed", "keys", (generator, "key", lambda seed, name: own(0, name))
    yield "keys of letters", "keys", (generator, "key", lambda seed, name: own(seed, name.replace("ö", "o")))
    yield "nine rounds", "blocks", (generator, "range", lambda n: range(n - 1))
    units = (generator, "unit", lambda w: (w >> U64(9)).astype(F32) * F32(2.0**-23))
    yield "units of 23 bits", "numbers", units
    yield "sine and cosine exchanged", "many", (generator, "turns", lambda u: functions.turns(u)[::-1])
    yield "another logarithm", "many", (generator, "ln", lambda x: np.log(x.astype(F64)).astype(F32))


def draws():
    """Generators that draw otherwise."""

    def normal(self):
        return self.drawn("normals", lambda i: self.stream.normals(0, i))

    yield "normal numbers of run 0", "draws", (generator.Generator, "normal", normal)
    yield "a biased choice", "below", (generator.Generator, "below", lambda self, n: self.next() * n >> 32)
    yield "choice by remainders", "shuffles", (generator.Generator, "below", lambda self, n: self.next() % n)


def orders():
    """Orders that are not the contract's."""
    identity, position, order = sums.identity, sums.position, sums.order
    running, rows_by_index = sums.running, sums.rows_by_index

    def from_negative_zero(operation, kind):
        return F32(-0.0) if (operation, kind) == ("sum", "f") else identity(operation, kind)

    def last_position(x, largest):
        return len(x) - 1 - position(x[::-1], largest)

    def turned_order(x, descending):
        return order(x, False)[:: -1 if descending else 1]

    def forwards(x, reverse, exclusive):
        return running(x, False, exclusive)

    def rows_from_the_last(updates, indices, rows):
        return rows_by_index(updates[::-1], indices[::-1], rows)

    yield "eight lanes", "lengths", (sums, "LANES", 8)
    yield "blocks of 512", "lengths", (sums, "BLOCK", 512)
    yield "eight lanes", "axes", (sums, "LANES", 8)
    yield "sums that start at -0", "listed", (sums, "identity", from_negative_zero)
    yield "the last of equal extrema", "positions", (sums, "position", last_position)
    yield "descending as ascending turned round", "orders", (sums, "order", turned_order)
    yield "all running sums forwards", "running", (sums, "running", forwards)
    yield "rows from the last to the first", "rows_by_index", (sums, "rows_by_index", rows_from_the_last)


def products():
    """Products that are added up otherwise."""
    product, convolution = sums.product, sums.convolution

    def backwards(a, b):
        return product(a[:, ::-1], b[::-1])

    def by_columns(images, filters):
        return convolution(images.swapaxes(1, 2), filters.swapaxes(0, 1)).swapaxes(1, 2)

    for part in ("chains", "matrices", "convolutions"):
        yield "products that are rounded", part, (sums, "fma", not_fused)
    yield "terms from the last to the first", "matrices", (sums, "product", backwards)
    yield "columns of the filter before its rows", "convolutions", (sums, "convolution", by_columns)
    yield "zeros that keep their sign", "chains", (sums, "LAST_TERM", F32(-0.0))


def drawings():
    """Digits that are drawn otherwise, and batches in another order."""
    ways = copy.deepcopy(digits.WAYS)
    ways[0][0][0][0, 0] += F32(0.01)
    yield "a point of a glyph", "train", (digits, "WAYS", ways)
    yield "five pieces", "train", (digits, "PIECES", 5)
    yield "another seed", "test", (digits, "SEED", 29)

    def first_epoch(seed, name, ahead):
        return generator.Generator(seed, "batches/0", ahead)

    yield "epochs that are all the first", "batches", (training, "Generator", first_epoch)


def models():
    """Training that differs in one point."""

    def plain_softmax(x):
        e = functions.exp(x)
        return e / sums.reduce_axes("sum", e, [1])[:, None]

    for name in ("RATE", "PIXEL"):
        yield name, "classifier", (training, name, beside(getattr(training, name)))
    for name, bound in (("LOW", F32(0.01)), ("HIGH", F32(0.5))):
        yield name, "classifier", (training, name, bound)
    for name in ("INVERSE_RATE", "FIRST_SUM"):
        yield name, "inverse", (training, name, beside(getattr(training, name)))
    yield "a softmax without the maximum", "classifier", (training, "softmax", plain_softmax)
    yield "sums without lanes", "classifier", (sums, "LANES", 1)
    yield "products that are rounded", "classifier", (sums, "fma", not_fused)
    yield "other weights", "classifier", (training, "WEIGHTS", {**training.WEIGHTS, "b2": ((10,), 0.5)})


ARITHMETIC = {
    "functions.json": (constants, instructions),
    "generator.json": (streams, draws),
    "reductions.json": (orders,),
    "products.json": (products,),
    "digits.json": (drawings,),
    "training.json": (models,),
}
