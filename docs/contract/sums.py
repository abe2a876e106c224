"""Reductions, products and what else of the numeric contract has an order, written from kernels/README.md alone."""

import functools
import operator

import numpy as np

from functions import F32, I32, fma, maximum, minimum

LANES, BLOCK = 16, 1024
# What is added to a product at the end, so that a zero is +0.
LAST_TERM = F32(0)
LEAST = {"f": F32(-np.inf), "i": I32(-(2**31))}
MOST = {"f": F32(np.inf), "i": I32(2**31 - 1)}


def identity(operation, kind):
    """What a lane starts with."""
    of = {"f": F32, "i": I32}[kind]
    return {"sum": of(0), "prod": of(1), "max": LEAST[kind], "min": MOST[kind]}[operation]


COMBINE = {"sum": operator.add, "prod": operator.mul, "max": maximum, "min": minimum}


def reduce(operation, x):
    """Reduces the first axis of an array of f32 or i32."""
    combine, start = COMBINE[operation], identity(operation, x.dtype.kind)
    if len(x) > BLOCK:
        whole = len(x) // BLOCK * BLOCK
        blocks = x[:whole].reshape(-1, BLOCK, *x.shape[1:])
        results = reduce(operation, np.swapaxes(blocks, 0, 1))
        if whole < len(x):
            results = np.concatenate([results, reduce(operation, x[whole:])[None]])
        return reduce(operation, results)
    lanes = [np.full(x.shape[1:], start, x.dtype) for _ in range(LANES)]
    for i, element in enumerate(x):
        lanes[i % LANES] = combine(lanes[i % LANES], element)
    width = LANES // 2
    while width:
        for lane in range(width):
            lanes[lane] = combine(lanes[lane], lanes[lane + width])
        width //= 2
    return lanes[0]


def reduce_axes(operation, x, axes):
    """Reduces some axes, whose elements are numbered row-major."""
    kept = [axis for axis in range(x.ndim) if axis not in axes]
    ordered = np.transpose(x, [*axes, *kept])
    return reduce(operation, ordered.reshape(-1, *(x.shape[axis] for axis in kept)))


def product(a, b):
    """The product of matrices [m, k] and [k, n]."""
    total = np.zeros((a.shape[0], b.shape[1]), F32)
    for p in range(a.shape[1]):
        total = fma(a[:, p, None], b[None, p, :], total)
    return total + LAST_TERM


def convolution(images, filters):
    """The product of the windows of images [n, rows, columns, channels] and filters [rows, columns, channels, outputs]."""
    height, width, channels, outputs = filters.shape
    rows, columns = images.shape[1] - height + 1, images.shape[2] - width + 1
    total = np.zeros((len(images), rows, columns, outputs), F32)
    for row in range(height):
        for column in range(width):
            for channel in range(channels):
                window = images[:, row : row + rows, column : column + columns, channel, None]
                total = fma(window, filters[row, column, channel], total)
    return total + LAST_TERM


def position(x, largest):
    """The lowest position of the extremum of a list of f32 or i32."""
    best = 0
    for i in range(1, len(x)):
        a, b = x[i], x[best]
        if b == b and (a != a or (a > b if largest else a < b)):
            best = i
    return best


def order(x, descending):
    """The positions of a list in the order of its elements."""

    def compare(i, j):
        a, b = x[i], x[j]
        ascending = int(a > b) - int(a < b) if a == a and b == b else int(a != a) - int(b != b)
        return -ascending if descending else ascending

    return sorted(range(len(x)), key=functools.cmp_to_key(compare))


def running(x, reverse, exclusive):
    """Running sums of a list of f32 or i32."""
    result, total = np.empty_like(x), x.dtype.type(0)
    for i in range(len(x))[:: -1 if reverse else 1]:
        before, total = total, total + x[i]
        result[i] = before if exclusive else total
    return result


def rows_by_index(updates, indices, rows):
    """Rows that are added up by index."""
    result = np.zeros((rows, updates.shape[1]), F32)
    for update, index in zip(updates, indices, strict=True):
        result[index] = result[index] + update
    return result
