"""Convolutions of TensorFlow 1's graph, or of torch: `convolution_peer.py LIBRARY THREADS ROW..`, where a row is
`PASS,BATCH,SIDE,CHANNELS,FILTER,OUTPUTS,STRIDE` and a pass is `forward`, or `filter` or `images` for a gradient. All
images are `[batch, height, width, channels]` in memory. torch pads both sides alike, TensorFlow the far side more."""

import json
import os
import sys
from time import perf_counter

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
library, threads, *rows = sys.argv[1:]
threads = int(threads)
os.environ["OMP_NUM_THREADS"] = str(threads)

import numpy as np

rng = np.random.default_rng(1)
SECONDS = 0.25


def fastest(operations, call):
    """The rate of the fastest of many calls, after two that may still prepare something."""
    call(), call()
    calls = int(np.ceil(1e8 / operations))
    best, begin = float("inf"), perf_counter()
    while best == float("inf") or perf_counter() - begin < SECONDS:
        start = perf_counter()
        for _ in range(calls):
            call()
        best = min(best, (perf_counter() - start) / calls)
    return operations / best / 1e9


def in_tf1(which, images, weights, gradient, stride):
    import tensorflow

    tf = tensorflow.compat.v1
    tf.disable_eager_execution()
    tf.reset_default_graph()
    x, f, g = (tf.Variable(initial_value=value) for value in (images, weights, gradient))
    window = {"strides": [1, stride, stride, 1], "padding": "SAME"}
    result = {
        "forward": lambda: tf.nn.conv2d(x, f, **window),
        "filter": lambda: tf.nn.conv2d_backprop_filter(x, weights.shape, g, **window),
        "images": lambda: tf.nn.conv2d_backprop_input(images.shape, f, g, **window),
    }[which]()
    config = tf.ConfigProto(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=1)
    session = tf.Session(config=config)
    session.run(tf.global_variables_initializer())
    # Without a value to fetch, nothing is copied to numpy.
    return session.make_callable(result.op)


def in_torch(which, images, weights, gradient, stride):
    import torch

    torch.set_num_threads(threads)
    inner = lambda value: torch.from_numpy(value).permute(0, 3, 1, 2)
    x, g = inner(images), inner(gradient)
    f = torch.from_numpy(weights).permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
    window = {"stride": stride, "padding": weights.shape[0] // 2}
    if which == "forward":
        return lambda: torch.nn.functional.conv2d(x, f, **window)
    if which == "filter":
        return lambda: torch.nn.grad.conv2d_weight(x, f.shape, g, **window)
    return lambda: torch.nn.grad.conv2d_input(x.shape, f, g, **window)


for row in rows:
    which, *sizes = row.split(",")
    batch, side, channels, filter, outputs, stride = map(int, sizes)
    windows = -(-side // stride)
    numbers = lambda *shape: rng.standard_normal(shape, np.float32)
    images, weights = numbers(batch, side, side, channels), numbers(filter, filter, channels, outputs)
    gradient = numbers(batch, windows, windows, outputs)
    call = {"tf1": in_tf1, "torch": in_torch}[library](which, images, weights, gradient, stride)
    operations = 2.0 * gradient.size * filter * filter * channels
    print(json.dumps({"peer": library, "gflops": fastest(operations, call)}), flush=True)
