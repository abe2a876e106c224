"""What the programs share: the values that `cargo run --release --example tf1` has written, and the comparison."""

import sys
from pathlib import Path

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else "target/tf1")
# What numbers are computed in; the convolutional network's losses in double precision say whose rounding grows.
FLOAT = tf.float64 if "--double" in sys.argv else tf.float32


def load(*path):
    return np.load(FOLDER.joinpath(*path[:-1], path[-1].replace("/", ".") + ".npy"))


class Program:
    """One of the programs: what it begins with, what it draws, and its losses."""

    def __init__(self, name):
        self.name = name
        self.ours = load(name, "losses")

    def variable(self, name):
        """A variable that begins with the value that it has in the Rust program."""
        value = load(self.name, name)
        return tf.Variable(value.astype(FLOAT.as_numpy_dtype) if value.dtype == np.float32 else value, name=name)

    def drawn(self, name, step):
        """What the Rust program has drawn in this step, counted from 0."""
        return load(self.name, f"{name}.{step}")

    def batches(self, size):
        """The images, from 0 to 1, and the labels of each step."""
        images, labels, order = load("images"), load("labels"), load("order")
        for first in range(0, len(order) - size + 1, size):
            rows = order[first : first + size]
            yield images[rows] * np.float32(1 / 255), labels[rows]

    def compare(self, losses):
        """Prints the last loss in both, and how far losses are apart, relative to their size."""
        losses = np.float32(losses).reshape(-1)
        apart = np.abs(losses - self.ours) / np.maximum(np.abs(self.ours), 1e-9)
        print(f"{self.name}: TensorFlow {losses[-1]:.8g}, minutia {self.ours[-1]:.8g} after {len(losses)} losses")
        print(f"    apart by {apart[:10].max():.0e} at most in the first ten, {apart.max():.0e} in all")
