"""Reads the files of the example `export_classifier` with onnxruntime, NumPy and safetensors.

    pip install numpy onnx onnxruntime safetensors
    cargo run --release -p minutia-interchange --example export_classifier -- FOLDER
    python crates/interchange/tests/classifier.py FOLDER

Ends with 0 where all of them hold the same classifier, whose numbers are those of `expected.npz`.
"""

import sys

# Folders beside this file have the names of libraries.
sys.path.pop(0)

import pathlib

import numpy
import onnx
import onnxruntime
from safetensors.numpy import load_file

# Sums of 784 numbers are added in another order.
TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}

folder = pathlib.Path(sys.argv[1])
expected = numpy.load(folder / "expected.npz")
x = expected["x"]
assert x.shape == (10, 784)

onnx.checker.check_model(onnx.load(folder / "classifier.onnx"), full_check=True)
session = onnxruntime.InferenceSession(folder / "classifier.onnx", providers=["CPUExecutionProvider"])
names = ["logits", "probabilities"]
for rows in (10, 3):
    for name, found in zip(names, session.run(names, {"x": x[:rows]})):
        numpy.testing.assert_allclose(found, expected[name][:rows], err_msg=name, **TOLERANCE)

weights = numpy.load(folder / "classifier.npz")
tensors = load_file(folder / "classifier.safetensors")
assert sorted(weights) == sorted(tensors) == ["W1", "W2", "b1", "b2"], (sorted(weights), sorted(tensors))
assert all((weights[name] == tensors[name]).all() for name in tensors)
hidden = numpy.maximum(x @ weights["W1"] + weights["b1"], 0)
numpy.testing.assert_allclose(hidden @ weights["W2"] + weights["b2"], expected["logits"], **TOLERANCE)
print("the classifier is the same in ONNX, npz and safetensors")
