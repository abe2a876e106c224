"""Runs what is written for TensorFlow in TensorFlow, and keeps its numbers.

    pip install tensorflow numpy
    MINUTIA_EXPORT_CASES=/tmp/cases cargo test -p minutia-interchange --test tensorflow
    python crates/interchange/tests/tensorflow/check_export.py /tmp/cases values.npz

Each case is a graph and runs of it. Prints how far TensorFlow's numbers are from ours, in units in the last
place of the largest number of each tensor, and writes TensorFlow's, with its version. `values.npz` and the
`digests.txt` of the cases are what the test compares with, and belong beside it.
"""

import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Numbers of one CPU's own kernels are no reference.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy
import tensorflow.compat.v1 as tf
from google.protobuf import text_format

tf.disable_v2_behavior()


def words(array):
    text = bytes(array).decode()
    return text.split("\n") if text else []


def off(found, expected):
    """The distance in units in the last place of the largest number, or text that says what is different."""
    if (found.dtype, found.shape) != (expected.dtype, expected.shape):
        return f"{found.dtype} {found.shape} here, {expected.dtype} {expected.shape} there"
    if found.dtype != numpy.float32:
        return 0.0 if (found == expected).all() else f"{found} here, {expected} there"
    same = (found == expected) | (numpy.isnan(found) & numpy.isnan(expected))
    finite = expected[numpy.isfinite(expected)]
    largest = max([numpy.finfo(numpy.float32).tiny, *abs(finite).flat])
    with numpy.errstate(invalid="ignore"):
        distance = numpy.where(same, 0, abs(found - expected) / numpy.spacing(numpy.float32(largest)))
    return "not finite alike" if numpy.isnan(distance).any() else float(max(distance.flat, default=0))


def runs(case):
    count = 1 + max(int(key.split(" | ")[0]) for key in case if key.endswith(" | targets"))
    for i in range(count):
        feed = f"{i} | feed | "
        feeds = {key[len(feed) :] + ":0": case[key] for key in case if key.startswith(feed)}
        yield i, feeds, words(case[f"{i} | targets"]), words(case[f"{i} | fetches"])


def check(path):
    """TensorFlow's numbers by name, and how far each is off."""
    case = dict(numpy.load(path.with_suffix(".npz")))
    name = bytes(case["name"]).decode()
    definition = tf.GraphDef.FromString(path.read_bytes())
    text = text_format.Parse(path.with_suffix(".pbtxt").read_text(), tf.GraphDef())
    if text != definition:
        raise ValueError("the text does not say what the bytes say")
    values, distances = {}, {}
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.import_graph_def(definition, name="")
        for i, feeds, targets, fetches in runs(case):
            operations = [graph.get_operation_by_name(target) for target in targets]
            _, found = session.run((operations, [f"{fetch}:0" for fetch in fetches]), feeds)
            for fetch, value in zip(fetches, found, strict=True):
                key = f"{name} | {i} | {fetch}"
                values[key] = numpy.asarray(value)
                distances[key] = off(case[f"value | {key}"], values[key])
    return name, values, distances


def main(folder, out):
    values, counts, wrong = {}, {}, []
    for path in sorted(pathlib.Path(folder).glob("*.pb")):
        try:
            name, found, distances = check(path)
        except (tf.errors.OpError, ValueError) as error:
            name = bytes(numpy.load(path.with_suffix(".npz"))["name"]).decode()
            wrong.append(f"{path.name} {name}: {str(error).splitlines()[0]}")
            continue
        values |= found
        for key, distance in distances.items():
            if isinstance(distance, str) or distance > (64 if name.startswith("ten steps of") else 16):
                wrong.append(f"{key}: {distance}")
            else:
                counts[int(numpy.ceil(distance))] = counts.get(int(numpy.ceil(distance)), 0) + 1
    for distance, count in sorted(counts.items()):
        print(f"{count} tensors within {distance} units in the last place")
    print(*wrong, sep="\n")
    version = numpy.frombuffer(tf.__version__.encode(), dtype="u1")
    numpy.savez_compressed(out, TensorFlow=version, **values)
    print(f"TensorFlow {tf.__version__}: {len(values)} tensors, {len(wrong)} not as here")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
