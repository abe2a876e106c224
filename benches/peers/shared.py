"""What every script reads (the files that `cargo xtask bench` writes) and prints (one line of JSON)."""

import json
import os
import sys

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


def report(peer, job, value, check):
    print(json.dumps({"peer": peer, "job": job, "value": value, "check": check}), flush=True)


def classifier(peer, job, inputs, epoch, evaluate):
    """Runs `epoch_s` or `fifty_epochs_s`. `epoch(rows)` trains and returns the mean loss; `evaluate(x, y)` returns the
    mean loss and the accuracy."""
    from time import perf_counter

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
