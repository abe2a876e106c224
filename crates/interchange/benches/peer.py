"""Times how Python's libraries read the files that the bench `load` has written.

    pip install numpy safetensors
    python crates/interchange/benches/peer.py target/tmp

Prints the median of seven, in milliseconds, with the files in the cache of the operating system.
"""

import pathlib
import statistics
import sys
import time

import numpy
import safetensors.numpy


def load_npz(path):
    with numpy.load(path) as arrays:
        return dict(arrays)


def milliseconds(load, path):
    start = time.perf_counter()
    tensors = load(path)
    taken = (time.perf_counter() - start) * 1e3
    assert len(tensors) == 10
    return taken


folder = pathlib.Path(sys.argv[1])
for name, load in [("load.safetensors", safetensors.numpy.load_file), ("load.npz", load_npz)]:
    milliseconds(load, folder / name)
    times = [milliseconds(load, folder / name) for _ in range(7)]
    print(f"{name:17} {statistics.median(times):6.1f} ms ({min(times):.1f} to {max(times):.1f})")
