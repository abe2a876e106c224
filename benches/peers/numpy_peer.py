"""numpy with gradients written by hand: what is left when there is no framework."""

from time import perf_counter

import numpy as np

from shared import arguments, classifier, report

job, inputs, _ = arguments()
peer = "numpy"
low, high = np.float32(inputs.low), np.float32(inputs.high)


def forward(weights, x, y):
    w1, b1, w2, b2 = weights
    hidden = np.maximum(x @ w1 + b1, 0)
    z = hidden @ w2 + b2
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    clipped = np.clip(p, low, high)
    terms = -(y * np.log(clipped) + (1 - y) * np.log(1 - clipped)).sum(1)
    return hidden, p, clipped, terms


def to_logits(y, p, clipped, scale):
    """The gradient at the logits of `scale` times the sum of the terms."""
    gradient = ((1 - y) / (1 - clipped) - y / clipped) * (np.float32(scale) * ((p >= low) & (p <= high)))
    return p * (gradient - (gradient * p).sum(1, keepdims=True))


def adagrad(function, start, rate, steps):
    """Seconds of all steps, and the loss after them; the loss is part of every step."""
    x, sums = start, np.full_like(start, 0.1)
    begin = perf_counter()
    for _ in range(steps):
        _, gradient = function(x)
        sums += gradient * gradient
        x -= np.float32(rate) * gradient / np.sqrt(sums)
    return perf_counter() - begin, function(x)[0]


if job in ("epoch_s", "fifty_epochs_s"):
    weights = [value.copy() for value in inputs.initial]

    def step(x, y):
        w1, b1, w2, b2 = weights
        hidden, p, clipped, terms = forward(weights, x, y)
        logits = to_logits(y, p, clipped, 1 / len(x))
        inner = (logits @ w2.T) * (hidden > 0)
        rate = np.float32(inputs.rate)
        w2 -= rate * (hidden.T @ logits)
        b2 -= rate * logits.sum(0)
        w1 -= rate * (x.T @ inner)
        b1 -= rate * inner.sum(0)
        return float(terms.mean())

    def epoch(order):
        return sum(step(inputs.x[rows], inputs.y[rows]) for rows in order) / len(order)

    def evaluate(x, y):
        _, p, _, terms = forward(weights, x, y)
        return float(terms.mean()), float((p.argmax(1) == y.argmax(1)).mean())

    classifier(peer, job, inputs, epoch, evaluate)
elif job == "inverse_step_us":
    a, identity = inputs.matrix, np.eye(10, dtype=np.float32)
    transposed = np.ascontiguousarray(a.T)

    def function(x):
        error = x @ a - identity
        return float(np.abs(error).sum()), np.sign(error) @ transposed

    seconds, last = adagrad(function, np.zeros((10, 10), np.float32), inputs.inverse_rate, inputs.inverse_steps)
    report(peer, job, seconds * 1e6 / inputs.inverse_steps, last)
elif job == "ideal_images_s":
    w1, _, w2, _ = inputs.trained
    y = np.eye(10, dtype=np.float32)

    def function(x):
        hidden, p, clipped, terms = forward(inputs.trained, x, y)
        inner = (to_logits(y, p, clipped, 1) @ w2.T) * (hidden > 0)
        return float(terms.sum() + inputs.l2 * (x * x).sum()), inner @ w1.T + np.float32(2 * inputs.l2) * x

    seconds, last = adagrad(function, np.zeros((10, 784), np.float32), inputs.ideal_rate, inputs.ideal_steps)
    report(peer, job, seconds, last)
