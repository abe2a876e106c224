"""The two models that kernels/README.md describes step by step, trained as it says."""

import hashlib

import numpy as np

from digits import images
from functions import F32, canonical, exp, f32, ln, maximum, minimum, sign
from generator import Generator, Stream
from sums import product, reduce, reduce_axes

SEED, COUNT, BATCH = 7, 1000, 100
RATE, LOW, HIGH, PIXEL = f32("3dcccccd"), f32("2edbe6ff"), f32("3f7ffffe"), f32("3b808081")
INVERSE_RATE, FIRST_SUM = f32("3c23d70a"), F32(0.1)
WEIGHTS = {"W1": ((784, 300), 0.03), "b1": ((300,), 1.0), "W2": ((300, 10), 0.03), "b2": ((10,), 1.0)}


def digest(*tensors):
    """SHA-256 of tensors, one after the other."""
    sha = hashlib.sha256()
    for tensor in tensors:
        sha.update(canonical(tensor).astype("<u4").tobytes() if tensor.dtype != np.uint8 else tensor.tobytes())
    return sha.hexdigest()


def initial():
    """The weights before the first step."""
    weights = {}
    for name, (shape, deviation) in WEIGHTS.items():
        z = Stream(SEED, f"{name}/random_normal").normals(0, np.arange(np.prod(shape)))
        weights[name] = (z * F32(deviation) + F32(0)).reshape(shape)
    return weights


def batches(rows, batch, seed):
    """Rows of one batch after the other, without an end."""
    epoch, left = 0, []
    while True:
        while len(left) < batch:
            order = list(range(rows))
            Generator(seed, f"batches/{epoch}", ahead=4096).shuffle(order)
            epoch, left = epoch + 1, left + order
        yield np.array(left[:batch], np.int32)
        left = left[batch:]


def mean(x):
    return reduce("sum", x) / F32(len(x))


def xdivy(g, x):
    """g / x, but g where g is 0."""
    return np.where(g == 0, g, g / x)


def softmax(x):
    e = exp(x - reduce_axes("max", x, [1])[:, None])
    return e / reduce_axes("sum", e, [1])[:, None]


def step(weights, x, y):
    """One step of gradient descent, and the loss before it."""
    w1, b1, w2, b2 = weights.values()
    one = F32(1)
    hidden = maximum(np.zeros((), F32), product(x, w1) + b1)
    p = softmax(product(hidden, w2) + b2)
    below = minimum(p, HIGH)
    c = maximum(below, LOW)
    losses = -reduce_axes("sum", y * ln(c) + (one - y) * ln(one - c), [1])

    g = np.full_like(p, -(one / F32(len(x))))
    gc = -xdivy(g * (one - y), one - c) + xdivy(g * y, c)
    gp = np.where(p <= HIGH, np.where(below >= LOW, gc, F32(0)), F32(0))
    gl = p * (gp - reduce_axes("sum", gp * p, [1])[:, None])
    gh = np.where(hidden > 0, product(gl, w2.T), F32(0))
    gradients = [product(x.T, gh), reduce("sum", gh), product(hidden.T, gl), reduce("sum", gl)]
    updated = {name: w - g * RATE for (name, w), g in zip(weights.items(), gradients, strict=True)}
    return updated, mean(losses)


def classifier(steps):
    """The weights before the first step, and after each of some steps the rows, the loss and the weights."""
    labels, pixels = images("train", COUNT)
    weights, rows = initial(), batches(COUNT, BATCH, SEED)
    yield None, None, weights
    for _ in range(steps):
        taken = next(rows)
        x = pixels[taken].astype(F32) * PIXEL
        y = (labels[taken][:, None] == np.arange(10)).astype(F32)
        weights, loss = step(weights, x, y)
        yield taken, loss, weights


def inverse(steps):
    """Loss, x and Adagrad's sums after each of some steps."""
    i = np.arange(100)
    a = (i * 37 % 10 + (i % 11 == 0)).astype(F32).reshape(10, 10)
    unit, x = np.eye(10, dtype=F32), np.zeros((10, 10), F32)
    sums = np.full_like(x, FIRST_SUM)
    for _ in range(steps):
        error = product(x, a) - unit
        loss = reduce("sum", np.abs(error).reshape(-1))
        g = product(sign(error), a.T)
        sums = sums + g * g
        x = x - (g * INVERSE_RATE) / np.sqrt(sums)
        yield loss, x, sums
