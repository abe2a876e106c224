"""The jobs of the GPU measurements for other libraries: the same data, weights and orders, and the same ways to take
the time. Prints a line of JSON for each job."""

import os
import sys
from time import perf_counter

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))

import numpy as np

from shared import Inputs, report

# The steps of a descent are timed in so many parts, of which the first warms up.
PARTS = 6


def arguments():
    """The inputs, shrunk by --tiny as ours are, and the flags."""
    folder, *flags = sys.argv[1:]
    inputs = Inputs(folder)
    if "--tiny" in flags:
        inputs.epochs, inputs.steps = 2, min(2, inputs.steps)
        inputs.orders = inputs.orders.reshape(-1, inputs.batch)[: 2 * inputs.steps]
        inputs.orders = inputs.orders.reshape(2, inputs.steps, inputs.batch)
        inputs.inverse_steps, inputs.ideal_steps = 30, 6
    return inputs, flags


def on_gpu(found, flags):
    """Ends the script where the library found no GPU, unless sizes are so small that no time means anything."""
    if not found and "--tiny" not in flags:
        raise SystemExit("the library was installed without GPUs, or finds none")
    return found


def measure(peer, inputs, training, descents):
    """`training(read)` makes a function of an epoch's number that trains, waits, and returns the mean loss where it is
    to be read. `descents` has a function for each of "inverse" and "ideal" that makes an object with
    `run(count, every)`, which makes so many steps and reads the loss after every so many of them (after none for None),
    and `loss()`, which waits."""
    for key, read in (("epoch_s", True), ("free_epoch_s", False)):
        epoch, seconds, loss = training(read), [], None
        for number in range(inputs.epochs):
            start = perf_counter()
            loss = epoch(number)
            seconds.append(perf_counter() - start)
        report(peer, key, float(np.median(seconds[1:])), loss if read else None)
    for name, steps, every in (("inverse", inputs.inverse_steps, 1), ("ideal", inputs.ideal_steps, 100)):
        for key, read in ((f"{name}_step_us", True), (f"free_{name}_step_us", False)):
            descent, times = descents[name](), []
            for part in range(PARTS):
                count = steps * (part + 1) // PARTS - steps * part // PARTS
                start = perf_counter()
                descent.run(count, every if read else None)
                loss = descent.loss()
                times.append((perf_counter() - start) / count)
            report(peer, key, float(np.median(times[1:])) * 1e6, loss)
