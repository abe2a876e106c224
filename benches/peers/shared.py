"""What every script reads (the files that `cargo xtask bench` writes) and prints (one line of JSON)."""

import json
import os
import sys
from time import perf_counter

import numpy as np


class Inputs:
    """The post's jobs, as `cargo xtask bench` has them."""

    def __init__(self, folder):
        self.folder = folder
        with open(os.path.join(folder, "sizes.json"), encoding="utf-8") as file:
            self.__dict__.update(json.load(file))
        self.x, self.y = self._half("train")
        self.x_test, self.y_test = self._half("test")
        self.orders = self._read("order.i32", "<i4").reshape(self.epochs, self.steps, self.batch)
        self.matrix = self._read("matrix.f32", "<f4").reshape(10, 10)
        self.initial, self.trained = self._weights("initial.f32"), self._weights("trained.f32")

    def _read(self, name, dtype):
        return np.fromfile(os.path.join(self.folder, name), dtype)

    def _half(self, name):
        images = self._read(f"{name}_images.u8", np.uint8).reshape(-1, 784)
        labels = self._read(f"{name}_labels.u8", np.uint8)
        return images.astype(np.float32) / np.float32(255), np.eye(10, dtype=np.float32)[labels]

    def _weights(self, name):
        shapes = [(784, self.hidden), (self.hidden,), (self.hidden, 10), (10,)]
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
        parts = np.split(self._read(name, "<f4"), ends)
        return [part.reshape(shape) for part, shape in zip(parts, shapes)]

    def order(self, epoch):
        """The rows of each batch of an epoch; the orders repeat."""
        return self.orders[epoch % self.epochs]


def arguments():
    """The job, the inputs, and whether a flag was given."""
    job, folder, *flags = sys.argv[1:]
    return job, Inputs(folder), lambda flag: flag in flags


NETWORKS = (
    "convnet_step_ms",
    "word2vec_step_ms",
    "word2vec_million_step_ms",
    "lstm_step_ms",
    "attention_step_ms",
    "runge_kutta_s",
)


class Network:
    """What a network that is not the post's starts from: its weights, and what is fed to its steps."""

    def __init__(self, inputs, job):
        folder = os.path.join(inputs.folder, job)
        with open(os.path.join(folder, "network.json"), encoding="utf-8") as file:
            self.__dict__.update(json.load(file))
        read = lambda name, numbers: np.fromfile(os.path.join(folder, name), numbers)
        ends = np.cumsum([int(np.prod(weight["dims"])) for weight in self.weights])
        parts = np.split(read("weights", "<f4"), ends[:-1])
        self.weights = {w["name"]: part.reshape(w["dims"]) for w, part in zip(self.weights, parts)}
        self.feeds = {f["name"]: read(f["name"], f["numbers"]).reshape(f["dims"]) for f in self.feeds}

    def feed(self, step):
        """What a step is fed, by name; the values of the first steps come again."""
        return {name: values[step % len(values)] for name, values in self.feeds.items()}


def train(peer, job, network, begin, step):
    """Runs all steps of a network; `step` takes what is fed, by name, and returns the loss. The median step counts, or
    of `runge_kutta_s` the time since `begin` that the first has ended after."""
    times, losses = [], []
    for number in range(network.steps):
        start = perf_counter()
        losses.append(float(step(**network.feed(number))))
        times.append(perf_counter() - start)
        if number == 0:
            first = perf_counter() - begin
    report(peer, job, first if job == "runge_kutta_s" else float(np.median(times)) * 1e3, float(np.mean(losses)))


def runge_kutta(parameters, state):
    """A step of the fourth-order method for populations of prey and predators, with any library's numbers."""
    a, b, c, d = (1 + parameter for parameter in parameters)

    def slopes(x, y):
        met = x * y
        return a * x - b * met, d * met - c * y

    ahead = lambda slope, by: [of + by * s for of, s in zip(state, slope)]
    k1 = slopes(*state)
    k2 = slopes(*ahead(k1, 0.01))
    k3 = slopes(*ahead(k2, 0.01))
    k4 = slopes(*ahead(k3, 0.02))
    return ahead([p + 2 * (q + r) + s for p, q, r, s in zip(k1, k2, k3, k4)], 0.02 / 6)


def report(peer, job, value, check):
    print(json.dumps({"peer": peer, "job": job, "value": value, "check": check}), flush=True)


def classifier(peer, job, inputs, epoch, evaluate):
    """Runs `epoch_s` or `fifty_epochs_s`. `epoch(rows)` trains and returns the mean loss; `evaluate(x, y)` returns the
    mean loss and the accuracy."""
    if job == "epoch_s":
        seconds = []
        for number in range(inputs.epochs):
            start = perf_counter()
            loss = epoch(inputs.order(number))
            seconds.append(perf_counter() - start)
        report(peer, job, float(np.median(seconds[1:])), loss)
    else:
        start = perf_counter()
        for number in range(inputs.fifty):
            epoch(inputs.order(number))
            evaluate(inputs.x, inputs.y)
            evaluate(inputs.x_test, inputs.y_test)
        report(peer, job, perf_counter() - start, None)
