"""JAX, one compiled call a step or, with --scan, an epoch (or a hundred of the smaller steps) in one call that returns all
losses. 32-bit products, no TF32. usage: peer_jax.py INPUTS [--scan] [--tiny]"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from peer_jobs import arguments, measure, on_gpu

jax.config.update("jax_default_matmul_precision", "highest")
inputs, flags = arguments()
scan = "--scan" in flags
on_gpu(jax.default_backend() == "gpu", flags)
x_all, y_all, orders = jnp.asarray(inputs.x), jnp.asarray(inputs.y), jnp.asarray(inputs.orders)


def losses(weights, x, y):
    w1, b1, w2, b2 = weights
    p = jnp.clip(jax.nn.softmax(jax.nn.relu(x @ w1 + b1) @ w2 + b2), inputs.low, inputs.high)
    return -(y * jnp.log(p) + (1 - y) * jnp.log(1 - p)).sum(1)


def descend(weights, rows, x, y):
    value, gradients = jax.value_and_grad(lambda w: losses(w, x[rows], y[rows]).mean())(weights)
    return tuple(w - inputs.rate * g for w, g in zip(weights, gradients)), value


@partial(jax.jit, donate_argnums=0)
def one_step(weights, orders, epoch, number, x, y):
    return descend(weights, orders[epoch, number], x, y)


@partial(jax.jit, donate_argnums=0)
def whole_epoch(weights, order, x, y):
    return jax.lax.scan(lambda weights, rows: descend(weights, rows, x, y), weights, order)


def training(read):
    weights = tuple(jnp.array(value) for value in inputs.initial)

    def epoch(number):
        nonlocal weights
        if scan:
            weights, values = whole_epoch(weights, orders[number], x_all, y_all)
            total = float(np.asarray(values).sum()) if read else 0.0
        else:
            total = 0.0
            for step in range(inputs.steps):
                weights, value = one_step(weights, orders, number, step, x_all, y_all)
                if read:
                    total += float(value)
        jax.block_until_ready(weights)
        return total / inputs.steps

    return epoch


class Descent:
    """Adagrad on one variable."""

    def __init__(self, function, shape, rate):
        self.function = jax.jit(function)
        self.state = (jnp.zeros(shape, jnp.float32), jnp.full(shape, 0.1, jnp.float32))

        def one(state, _):
            x, sums = state
            value, gradient = jax.value_and_grad(function)(x)
            sums = sums + gradient * gradient
            return (x - rate * gradient / jnp.sqrt(sums), sums), value

        self.many = jax.jit(
            lambda state, length: jax.lax.scan(one, state, length=length), static_argnums=1, donate_argnums=0
        )

    def run(self, count, every):
        longest = 100 if scan else 1
        for done in range(0, count, longest):
            self.state, values = self.many(self.state, min(longest, count - done))
            if every and (scan or (done + 1) % every == 0):
                np.asarray(values)

    def loss(self):
        return float(self.function(self.state[0]))


def inverse():
    matrix, identity = jnp.asarray(inputs.matrix), jnp.eye(10)
    return Descent(lambda x: jnp.abs(x @ matrix - identity).sum(), (10, 10), inputs.inverse_rate)


def ideal():
    trained, y = tuple(map(jnp.asarray, inputs.trained)), jnp.eye(10)
    function = lambda x: losses(trained, x, y).sum() + inputs.l2 * (x * x).sum()
    return Descent(function, (10, 784), inputs.ideal_rate)


measure("jax scan" if scan else "jax", inputs, training, {"inverse": inverse, "ideal": ideal})
