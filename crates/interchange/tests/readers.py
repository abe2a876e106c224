"""Compares what the examples write with what the formats' own readers find in it.

    pip install tensorboard safetensors numpy
    python crates/interchange/tests/readers.py

Ends with 0 where TensorBoard's event accumulator, numpy.load and safetensors.numpy find the numbers that the
examples print, and the examples find those that NumPy and safetensors write.
"""

import sys

# Folders beside this file have the names of libraries.
sys.path.pop(0)

import pathlib
import subprocess
import tempfile

import numpy
import safetensors.numpy
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.compat.proto import graph_pb2

DTYPES = {"float32": "f32", "int32": "i32", "uint8": "u8", "bool": "bool"}
CARGO = ["cargo", "run", "--quiet", "-p", "minutia-interchange", "--example"]


def lines(example, folder):
    """What an example prints."""
    run = subprocess.run([*CARGO, example, "--", folder], check=True, capture_output=True, text=True)
    return run.stdout.splitlines()


def expect(name, found, expected):
    if found != expected:
        raise SystemExit(f"{name}: found {found!r}, expected {expected!r}")


def check_events(folder):
    printed = [line.split(" ", 3) for line in lines("tensorboard", folder)]
    kinds = ["SCALARS", "HISTOGRAMS", "IMAGES", "TENSORS"]
    everything = {getattr(event_accumulator, kind): 0 for kind in kinds}
    events = event_accumulator.EventAccumulator(folder, size_guidance=everything)
    events.Reload()
    graph = graph_pb2.GraphDef()
    graph.MergeFromString(events.Graph().SerializeToString())
    nodes = {node.name: node for node in graph.node}
    tags = events.Tags()["scalars"]
    scalars = {tag: {event.step: event.value for event in events.Scalars(tag)} for tag in tags}
    counted = 0
    for kind, tag, step, rest in printed:
        counted += 1
        match kind:
            case "scalar":
                expect(f"{tag} at {step}", numpy.float32(scalars[tag].pop(int(step))), numpy.float32(rest))
            case "histogram":
                (event,) = events.Histograms(tag)
                value = event.histogram_value
                count, low, high = rest.split()
                limits = numpy.float32([value.min, value.max]).tolist()
                expect(tag, (event.step, value.num), (int(step), int(count)))
                expect(f"{tag}, its limits", limits, numpy.float32([low, high]).tolist())
                expect(f"{tag}, all buckets", sum(value.bucket), value.num)
            case "image":
                (event,) = events.Images(tag)
                height, width = map(int, rest.split())
                expect(tag, (event.step, event.height, event.width), (int(step), height, width))
                expect(f"{tag}, the file", event.encoded_image_string[:8], b"\x89PNG\r\n\x1a\n")
            case "text":
                (event,) = events.Tensors(tag)
                expect(tag, (event.step, event.tensor_proto.string_val[0].decode()), (int(step), rest))
            case "node":
                node = nodes.pop(tag)
                inputs = [name for name in node.input if not name.startswith("^")]
                expect(tag, (node.op, ",".join(inputs), node.device), (step, rest, "/device:CPU:0"))
                if node.op != "NoOp":
                    expect(f"{tag}, shapes", len(node.attr["_output_shapes"].list.shape), 1)
    expect("scalars beyond those printed", [steps for steps in scalars.values() if steps], [])
    expect("nodes beyond those printed", list(nodes), [])
    return counted


def facts(file, arrays):
    """The lines that the example prints of a file with these arrays."""
    for name, array in sorted(arrays.items()):
        extents = ",".join(map(str, array.shape))
        little = numpy.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"))
        yield f"{file} {name} {DTYPES[array.dtype.name]} ({extents}) {little.tobytes().hex()}"


def check_weights(folder):
    path = pathlib.Path(folder)
    ours = {
        "image": numpy.arange(6, dtype="u1").reshape(2, 3),
        "big": numpy.array([1.5, -2.0], dtype=">f4"),
        "columns": numpy.asfortranarray(numpy.arange(24, dtype="i4").reshape(2, 3, 4)),
        "mask": numpy.array([[True], [False]]),
        "nothing": numpy.zeros((0, 3), dtype="f4"),
        "one": numpy.float32(0.1).reshape(()),
    }
    numpy.savez_compressed(path / "numpy.npz", **ours)
    native = {name: array.astype(array.dtype.newbyteorder("=")) for name, array in ours.items()}
    plain = {name: numpy.ascontiguousarray(array) for name, array in native.items()}
    plain["one"] = plain["one"].reshape(())
    safetensors.numpy.save_file(plain, path / "numpy.safetensors")
    printed = lines("weights", folder)
    with numpy.load(path / "weights.npz") as arrays:
        expected = list(facts("weights.npz", dict(arrays)))
    expected += facts("weights.safetensors", safetensors.numpy.load_file(path / "weights.safetensors"))
    expected += [*facts("numpy.npz", ours), *facts("numpy.safetensors", plain)]
    for found, line in zip(printed, expected, strict=True):
        expect("weights", found, line)
    return len(printed)


with tempfile.TemporaryDirectory() as scratch:
    print(check_events(scratch + "/events"), "facts of an event file are what TensorBoard reads")
    print(check_weights(scratch), "tensors are what NumPy and safetensors read and write")
