"""Networks that are not the post's, in JAX: one call a step or, where it scans, all steps in one call."""

from time import perf_counter

import jax
import jax.numpy as jnp
import numpy as np

from shared import Network, report, runge_kutta, train


def dense(x, w, name):
    return x @ w[name + "/kernel"] + w[name + "/bias"]


def cross_entropy(logits, labels):
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], 1).mean()


def convnet(network, w, images, labels):
    def layer(x, name):
        kinds = ("NHWC", "HWIO", "NHWC")
        maps = jax.lax.conv_general_dilated(x, w[name + "/kernel"], (1, 1), "SAME", dimension_numbers=kinds)
        maps = jax.nn.relu(maps + w[name + "/bias"])
        return jax.lax.reduce_window(maps, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "SAME")

    flat = layer(layer(images, "conv2d"), "conv2d_1").reshape(len(images), -1)
    return cross_entropy(dense(jax.nn.relu(dense(flat, w, "dense")), w, "dense_1"), labels)


def lstm(network, w, images, labels):
    kernel, inputs = w["lstm_cell/kernel"], images.shape[2]

    def step(state, x):
        c, h = state
        i, j, f, o = jnp.split(x + h @ kernel[inputs:], 4, 1)
        c = c * jax.nn.sigmoid(f + 1) + jax.nn.sigmoid(i) * jnp.tanh(j)
        return (c, jnp.tanh(c) * jax.nn.sigmoid(o)), None

    zeros = jnp.zeros((len(images), kernel.shape[1] // 4))
    by_time = images.swapaxes(0, 1) @ kernel[:inputs] + w["lstm_cell/bias"]
    (_, h), _ = jax.lax.scan(step, (zeros, zeros), by_time)
    return cross_entropy(dense(h, w, "dense"), labels)


def attention(network, w, x, wanted):
    size = x.shape[2] // network.heads
    cut = lambda name: dense(x, w, "attention/" + name).reshape(*x.shape[:2], network.heads, size)
    q, k, v = map(cut, ("query", "key", "value"))
    scores = jnp.einsum("bqhs,bkhs->bhqk", q, k) * size**-0.5
    taken = jnp.einsum("bhqk,bkhs->bqhs", jax.nn.softmax(scores), v)
    return ((dense(taken.reshape(x.shape), w, "attention/output") - wanted) ** 2).mean()


def populations(network, w, prey, predators, scan):
    parameters, state = [w[name] for name in "abcd"], [prey, predators]
    if scan:
        state, _ = jax.lax.scan(lambda state, _: (runge_kutta(parameters, state), None), state, length=network.length)
    else:
        for _ in range(network.length):
            state = runge_kutta(parameters, state)
    return sum(((of - 1) ** 2).mean() for of in state)


def adam(network, loss):
    """The beginning, and a step of TensorFlow 1's Adam."""
    each = jax.tree_util.tree_map

    def step(state, feed):
        w, m, s, t = state
        value, g = jax.value_and_grad(loss)(w, feed)
        t = t + 1
        rate = network.rate * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        m = each(lambda m, g: m + 0.1 * (g - m), m, g)
        s = each(lambda s, g: s + 0.001 * (g * g - s), s, g)
        return (each(lambda w, m, s: w - rate * m / (jnp.sqrt(s) + 1e-8), w, m, s), m, s, t), value

    def begin():
        zeros = lambda: each(jnp.zeros_like, network.weights)
        return each(jnp.array, network.weights), zeros(), zeros(), jnp.float32(0)

    return begin, step


def descent(network, loss):
    def step(w, feed):
        value, g = jax.value_and_grad(loss)(w, feed)
        return {name: w[name] - network.rate * g[name] for name in w}, value

    return lambda: {name: jnp.array(value) for name, value in network.weights.items()}, step


def word2vec(network):
    """Gradients of the rows that are picked alone: those of whole tables would be as large as these."""
    words = network.times * len(network.weights["weights"])

    def loss(own, noise, feed):
        expected = lambda ids: len(feed["sampled"]) * jnp.log1p(1 / (ids + 1.0)) / np.float32(np.log(words + 1.0))
        (x, w, b), (v, c) = own, noise
        own = (x * w).sum(1) + b - jnp.log(expected(feed["labels"]))
        noise = x @ v.T + c - jnp.log(expected(feed["sampled"]))
        return (jax.nn.softplus(-own) + jax.nn.softplus(noise).sum(1)).mean()

    def step(state, feed):
        embeddings, weights, biases = state
        inputs, labels, sampled = feed["inputs"], feed["labels"], feed["sampled"]
        own = embeddings[inputs], weights[labels], biases[labels]
        noise = weights[sampled], biases[sampled]
        value, ((x, w, b), (v, c)) = jax.value_and_grad(loss, (0, 1))(own, noise, feed)
        less = lambda table, ids, gradient: table.at[ids].add(-network.rate * gradient)
        weights = less(less(weights, labels, w), sampled, v)
        return (less(embeddings, inputs, x), weights, less(less(biases, labels, b), sampled, c)), value

    def begin():
        tile = lambda name: jnp.tile(jnp.array(network.weights[name]), (network.times, 1))
        return tile("embeddings"), tile("weights"), jnp.zeros(words)

    return begin, step


LOSSES = {"convnet_step_ms": convnet, "lstm_step_ms": lstm, "attention_step_ms": attention}


def measure(peer, job, inputs, scan):
    network = Network(inputs, job)
    begin = perf_counter()
    if job in LOSSES:
        start, step = adam(network, lambda w, feed: LOSSES[job](network, w, **feed))
    elif job == "runge_kutta_s":
        start, step = descent(network, lambda w, feed: populations(network, w, **feed, scan=scan))
    else:
        start, step = word2vec(network)
    state = start()
    if scan and job != "runge_kutta_s":
        numbers = np.arange(network.steps)
        feeds = {name: jnp.array(values[numbers % len(values)]) for name, values in network.feeds.items()}
        many = jax.jit(lambda state, feeds: jax.lax.scan(step, state, feeds), donate_argnums=0)
        many = many.lower(state, feeds).compile()
        jax.block_until_ready((state, feeds))
        begin = perf_counter()
        losses = np.asarray(many(state, feeds)[1])
        report(peer, job, (perf_counter() - begin) * 1e3 / network.steps, float(losses.mean()))
        return
    one = jax.jit(step, donate_argnums=0)

    def call(**feed):
        nonlocal state
        state, loss = one(state, feed)
        return loss

    train(peer, job, network, begin, call)
