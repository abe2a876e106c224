"""Compares what is written as ONNX with what onnxruntime makes of it.

    pip install onnx onnxruntime numpy
    python crates/interchange/tests/onnx/check.py

Ends with 0 where onnx.checker takes every model and onnxruntime's numbers differ by ULPS at most, counted in
the last place of the largest element of a result: sums are added in another order there. Integers and truth
values are equal. LEFT_OPEN has the samples of which ONNX does not say what they give.
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy
import onnx
import onnxruntime

ULPS = 32
LEFT_OPEN = {
    "Cast f32 to i32": "NaN, and numbers that i32 does not have",
    "Division FloorMod i32": "remainders of 0",
    "Division TruncateDiv i32": "quotients by 0",
    "Division TruncateMod i32": "remainders of 0",
    "Reduce Mean none": "the mean of nothing",
    "Reduce Prod i32": "products that i32 does not have",
    "Reduce Sum i32": "sums that i32 does not have",
}
CARGO = ["cargo", "run", "--quiet", "-p", "minutia-interchange", "--example", "onnx_cases", "--"]


def distance(found, expected):
    """The largest difference, in units in the last place of the largest element."""
    finite = numpy.isfinite(expected)
    if not numpy.array_equal(finite, numpy.isfinite(found)):
        return numpy.inf
    if not numpy.array_equal(found[~finite], expected[~finite], equal_nan=True):
        return numpy.inf
    if not finite.any():
        return 0
    unit = numpy.spacing(numpy.abs(expected[finite]).max().astype(numpy.float32))
    difference = numpy.abs(found[finite].astype(numpy.float64) - expected[finite])
    return (difference / unit).max() if difference.size else 0


def check(folder, number):
    """How far onnxruntime's result is from ours."""
    path = folder / f"{number}.onnx"
    onnx.checker.check_model(onnx.load(path), full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    arrays = numpy.load(folder / f"{number}.npz")
    inputs = {value.name: arrays[f"x{index}"] for index, value in enumerate(session.get_inputs())}
    (found,) = session.run(["y"], inputs)
    expected = arrays["y"]
    if (found.dtype, found.shape) != (expected.dtype, expected.shape):
        return f"{found.dtype} {found.shape}, expected {expected.dtype} {expected.shape}"
    if found.dtype == numpy.float32:
        return distance(found, expected)
    return 0 if numpy.array_equal(found, expected) else "other elements"


def main():
    failures, farthest, count = [], {}, 0
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run([*CARGO, folder], check=True, capture_output=True, text=True)
        for line in run.stdout.splitlines():
            number, operation, label = line.split(" ", 2)
            if f"{operation} {label}" in LEFT_OPEN:
                continue
            count += 1
            try:
                found = check(pathlib.Path(folder), number)
            except Exception as error:  # onnxruntime has no other class for what it lacks
                found = f"{type(error).__name__}: {str(error).splitlines()[0]}"
            if isinstance(found, str) or not found <= ULPS:
                failures.append(f"{operation} {label}: {found}")
            else:
                farthest[operation] = max(farthest.get(operation, 0), found)
    for operation, ulps in sorted(farthest.items(), key=lambda pair: -pair[1])[:10]:
        print(f"{operation}: {ulps:.1f} ulps")
    print(f"{count - len(failures)} of {count} models agree within {ULPS} ulps")
    print("\n".join(failures))
    sys.exit(1 if failures or count == 0 else 0)


if __name__ == "__main__":
    main()
