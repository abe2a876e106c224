"""Networks that are not the post's, in PyTorch, eager, with its own layers where it has them."""

from time import perf_counter

import numpy as np
import torch
from torch.nn import functional as F

from shared import Network, runge_kutta, train


def parameter(values):
    return torch.nn.Parameter(torch.tensor(values))


def dense(network, name):
    """A layer's weights as torch has them: rows by outputs."""
    return parameter(network.weights[name + "/kernel"].T.copy()), parameter(network.weights[name + "/bias"])


def convnet(network):
    filters = lambda name: parameter(network.weights[name + "/kernel"].transpose(3, 2, 0, 1).copy())
    convolutions = [(filters(name), parameter(network.weights[name + "/bias"])) for name in ("conv2d", "conv2d_1")]
    hidden, last = dense(network, "dense"), dense(network, "dense_1")

    def loss(images, labels):
        maps = images.permute(0, 3, 1, 2)
        for weights, bias in convolutions:
            maps = F.max_pool2d(F.relu(F.conv2d(maps, weights, bias, padding=2)), 2)
        flat = maps.permute(0, 2, 3, 1).reshape(len(images), -1)
        return F.cross_entropy(F.linear(F.relu(F.linear(flat, *hidden)), *last), labels)

    return [value for pair in (*convolutions, hidden, last) for value in pair], loss


def lstm(network):
    kernel, bias = network.weights["lstm_cell/kernel"], network.weights["lstm_cell/bias"]
    units = kernel.shape[1] // 4
    # The gates of torch are i, f, j, o, and no number is added to f.
    order = np.concatenate([np.arange(units) + part * units for part in (0, 2, 1, 3)])
    added = np.repeat(np.float32([0, 1, 0, 0]), units)
    layer = torch.nn.LSTM(len(kernel) - units, units, batch_first=True)
    with torch.no_grad():
        layer.weight_ih_l0.copy_(torch.from_numpy(kernel[:-units, order].T.copy()))
        layer.weight_hh_l0.copy_(torch.from_numpy(kernel[-units:, order].T.copy()))
        layer.bias_ih_l0.copy_(torch.from_numpy(bias[order] + added))
        layer.bias_hh_l0.zero_()
    # One bias is learned, as in the other libraries.
    layer.bias_hh_l0.requires_grad_(False)
    last = dense(network, "dense")

    def loss(images, labels):
        return F.cross_entropy(F.linear(layer(images)[0][:, -1], *last), labels)

    return [layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, *last], loss


def attention(network):
    query, key, value, output = (dense(network, "attention/" + name) for name in ("query", "key", "value", "output"))

    def loss(x, wanted):
        cut = lambda layer: F.linear(x, *layer).unflatten(2, (network.heads, -1)).transpose(1, 2)
        taken = F.scaled_dot_product_attention(cut(query), cut(key), cut(value))
        return F.mse_loss(F.linear(taken.transpose(1, 2).flatten(2), *output), wanted)

    return [*query, *key, *value, *output], loss


def word2vec(network):
    tile = lambda name: parameter(np.tile(network.weights[name], (network.times, 1)))
    embeddings, weights = tile("embeddings"), tile("weights")
    words = len(weights)
    biases = parameter(np.zeros((words, 1), np.float32))
    rows = lambda ids, table: F.embedding(ids, table, sparse=True)

    def loss(inputs, labels, sampled):
        expected = lambda ids: len(sampled) * torch.log1p(1 / (ids + 1.0)) / float(np.log(words + 1.0))
        x = rows(inputs, embeddings)
        own = (x * rows(labels, weights)).sum(1) + rows(labels, biases)[:, 0] - expected(labels).log()
        noise = x @ rows(sampled, weights).T + rows(sampled, biases)[:, 0] - expected(sampled).log()
        return (F.softplus(-own) + F.softplus(noise).sum(1)).mean()

    return [embeddings, weights, biases], loss


def populations(network):
    parameters = [parameter(network.weights[name]) for name in "abcd"]

    def loss(prey, predators):
        state = [prey, predators]
        for _ in range(network.length):
            state = runge_kutta(parameters, state)
        return sum(((of - 1) ** 2).mean() for of in state)

    return parameters, loss


NETWORKS = {
    "convnet_step_ms": convnet,
    "lstm_step_ms": lstm,
    "attention_step_ms": attention,
    "word2vec_step_ms": word2vec,
    "word2vec_million_step_ms": word2vec,
    "runge_kutta_s": populations,
}


def measure(peer, job, inputs):
    network = Network(inputs, job)
    begin = perf_counter()
    weights, loss = NETWORKS[job](network)
    descends = job.startswith(("word2vec", "runge_kutta"))
    optimizer = (torch.optim.SGD if descends else torch.optim.Adam)(weights, lr=network.rate)

    def step(**feed):
        tensors = {name: torch.from_numpy(values) for name, values in feed.items()}
        # Classes of a loss are 64-bit numbers.
        if "images" in tensors:
            tensors["labels"] = tensors["labels"].long()
        value = loss(**tensors)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        return value.item()

    train(peer, job, network, begin, step)
