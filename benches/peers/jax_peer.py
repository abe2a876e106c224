"""JAX: one call a step or, with --scan, a whole epoch (a hundred steps of the smaller jobs) in one call that returns
the losses of all its steps."""

import os
from functools import partial
from time import perf_counter

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import numpy as np

from shared import NETWORKS, arguments, classifier, report

job, inputs, has = arguments()
scan = has("--scan")
peer = "jax scan" if scan else "jax"


def forward(weights, x):
    w1, b1, w2, b2 = weights
    return jax.nn.softmax(jax.nn.relu(x @ w1 + b1) @ w2 + b2)


def losses(weights, x, y):
    p = jnp.clip(forward(weights, x), inputs.low, inputs.high)
    return -(y * jnp.log(p) + (1 - y) * jnp.log(1 - p)).sum(1)


def adagrad(loss, start, rate, steps, each):
    """Seconds of all steps, and the loss after them; the loss is fetched every `each` steps."""

    def one(state, _):
        x, sums = state
        value, gradient = jax.value_and_grad(loss)(x)
        sums = sums + gradient * gradient
        return (x - rate * gradient / jnp.sqrt(sums), sums), value

    initial = lambda: (jnp.array(start), jnp.full_like(start, 0.1))
    length = 100 if scan else 1
    many = jax.jit(lambda state: jax.lax.scan(one, state, length=length), donate_argnums=0)
    jax.block_until_ready(many(initial()))
    state = jax.block_until_ready(initial())
    begin = perf_counter()
    for step in range(steps // length):
        state, values = many(state)
        if scan or step % each == 0:
            np.asarray(values)
    jax.block_until_ready(state)
    return perf_counter() - begin, float(loss(state[0]))


if job in ("epoch_s", "fifty_epochs_s"):
    weights = tuple(map(jnp.asarray, inputs.initial))

    def sgd(weights, x, y):
        mean = lambda weights: losses(weights, x, y).mean()
        value, gradients = jax.value_and_grad(mean)(weights)
        return tuple(w - inputs.rate * g for w, g in zip(weights, gradients)), value

    @jax.jit
    def evaluate(weights, x, y):
        hits = forward(weights, x).argmax(1) == y.argmax(1)
        return losses(weights, x, y).mean(), hits.mean()

    if scan:
        x, y = jnp.asarray(inputs.x), jnp.asarray(inputs.y)

        @partial(jax.jit, donate_argnums=0)
        def whole(weights, x, y, order):
            return jax.lax.scan(lambda weights, rows: sgd(weights, x[rows], y[rows]), weights, order)

        def epoch(order):
            global weights
            weights, values = whole(weights, x, y, order)
            return float(np.asarray(values).mean())
    else:
        step = jax.jit(sgd, donate_argnums=0)

        def epoch(order):
            global weights
            total = 0.0
            for rows in order:
                weights, value = step(weights, inputs.x[rows], inputs.y[rows])
                total += float(value)
            return total / len(order)

    classifier(peer, job, inputs, epoch, lambda x, y: list(map(float, evaluate(weights, x, y))))
elif job == "inverse_step_us":
    a, identity = jnp.asarray(inputs.matrix), jnp.eye(10)
    loss = lambda x: jnp.abs(x @ a - identity).sum()
    seconds, last = adagrad(loss, np.zeros((10, 10), np.float32), inputs.inverse_rate, inputs.inverse_steps, 1)
    report(peer, job, seconds * 1e6 / inputs.inverse_steps, last)
elif job == "ideal_images_s":
    trained, y = tuple(map(jnp.asarray, inputs.trained)), jnp.eye(10)
    loss = lambda x: losses(trained, x, y).sum() + inputs.l2 * (x * x).sum()
    seconds, last = adagrad(loss, np.zeros((10, 784), np.float32), inputs.ideal_rate, inputs.ideal_steps, 100)
    report(peer, job, seconds, last)
elif job in NETWORKS:
    import jax_networks

    jax_networks.measure(peer, job, inputs, scan)
