"""Writes graphs, checkpoints and the numbers that TensorFlow computes with them.

    pip install tensorflow-cpu numpy
    python crates/interchange/tests/tensorflow/make_graphs.py
    python crates/interchange/tests/tensorflow/make_graphs.py --mnist FOLDER --out FOLDER

The first makes the fixtures anew that lie in `fixtures` beside this script. The second writes the post's
program as it is (784, 300 and 10 units), its first weights and its losses on one epoch of the MNIST files
(`train-images-idx3-ubyte.gz`, ...) of a folder, in the order of the files.

Each folder has `graph.pb`, weights as a checkpoint where the program has variables, and `expected.npz`: for
each step what was fed, as `feed NAME`, and fetched, as `fetch NAME`. The folder `saved_model` is a SavedModel
instead, and `sharded` has a `.meta` and a checkpoint in two parts.
"""

import argparse
import gzip
import os
import pathlib
import shutil

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()

FIXTURES = pathlib.Path(__file__).parent / "fixtures"


def classifier(inputs, hidden, classes, rate):
    """The post's program, with its names."""
    x = tf.placeholder(tf.float32, [None, inputs], name="x")
    y = tf.placeholder(tf.float32, [None, classes], name="y")
    W1 = tf.Variable(tf.random_normal([inputs, hidden], stddev=0.03), name="W1")
    b1 = tf.Variable(tf.random_normal([hidden]), name="b1")
    W2 = tf.Variable(tf.random_normal([hidden, classes], stddev=0.03), name="W2")
    b2 = tf.Variable(tf.random_normal([classes]), name="b2")
    hidden_out = tf.add(tf.matmul(x, W1), b1)
    hidden_out = tf.nn.relu(hidden_out)
    y_ = tf.nn.softmax(tf.add(tf.matmul(hidden_out, W2), b2), name="y_")
    y_clipped = tf.clip_by_value(y_, 1e-10, 0.9999999)
    cross_entropy = -tf.reduce_mean(
        tf.reduce_sum(y * tf.log(y_clipped) + (1 - y) * tf.log(1 - y_clipped), axis=1)
    )
    cross_entropy = tf.identity(cross_entropy, name="loss")
    tf.train.GradientDescentOptimizer(learning_rate=rate).minimize(cross_entropy, name="train")
    correct_prediction = tf.equal(tf.argmax(y, 1), tf.argmax(y_, 1))
    tf.reduce_mean(tf.cast(correct_prediction, tf.float32), name="accuracy")
    return ["loss:0", "accuracy:0", "y_:0"]


def inverse(size):
    """The post's first program: the inverse of a matrix."""
    rand_matrix = np.random.randint(0, 10, (size, size))
    x = tf.Variable(np.zeros((size, size)), dtype=tf.float32, name="A")
    A = tf.constant(rand_matrix, dtype=tf.float32)
    output = tf.matmul(x, A)
    id_mat = tf.constant(np.identity(size), dtype=tf.float32)
    loss = tf.reduce_sum(tf.abs(output - id_mat), name="loss")
    tf.train.AdagradOptimizer(learning_rate=0.01).minimize(loss, name="train")
    return ["loss:0"]


OPTIMIZERS = {
    "momentum": lambda: tf.train.MomentumOptimizer(0.05, 0.9),
    "nesterov": lambda: tf.train.MomentumOptimizer(0.05, 0.9, use_nesterov=True),
    "adagrad": lambda: tf.train.AdagradOptimizer(0.1),
    "rms_prop": lambda: tf.train.RMSPropOptimizer(0.01, momentum=0.5),
    "centered_rms_prop": lambda: tf.train.RMSPropOptimizer(0.01, centered=True),
    "adadelta": lambda: tf.train.AdadeltaOptimizer(1.0),
    "adam": lambda: tf.train.AdamOptimizer(0.01),
}


def perceptron(optimizer, resources, parts=1):
    """A small network, trained by an optimizer, with a counter of steps; its variables lie on so many CPUs."""
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    y = tf.placeholder(tf.float32, [None, 2], name="y")

    def variable(name, shape):
        with tf.device(f"/cpu:{len(tf.global_variables()) % parts}" if parts > 1 else None):
            return tf.get_variable(name, initializer=tf.truncated_normal(shape, stddev=0.5), use_resource=resources)

    hidden = tf.tanh(tf.nn.bias_add(tf.matmul(x, variable("W1", [3, 4])), variable("b1", [4])))
    logits = tf.matmul(hidden, variable("W2", [4, 2])) + variable("b2", [2])
    losses = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits)
    loss = tf.reduce_mean(losses, name="loss")
    step = tf.get_variable("global_step", initializer=tf.constant(0, tf.int64), trainable=False, use_resource=resources)
    OPTIMIZERS[optimizer]().minimize(loss, global_step=step, name="train")
    return ["loss:0"]


def convolutional():
    """Convolutions, pools, a shape that is computed in the run, class numbers as labels."""
    x = tf.placeholder(tf.float32, [None, 6, 6, 2], name="x")
    labels = tf.placeholder(tf.int32, [None], name="labels")
    filter_1 = tf.Variable(tf.truncated_normal([3, 3, 2, 3], stddev=0.3), name="filter_1")
    bias_1 = tf.Variable(tf.constant(0.1, shape=[3]), name="bias_1")
    y = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, filter_1, [1, 1, 1, 1], "SAME"), bias_1))
    y = tf.nn.max_pool(y, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
    filter_2 = tf.Variable(tf.truncated_normal([2, 2, 3, 4], stddev=0.3), name="filter_2")
    y = tf.nn.elu(tf.nn.conv2d(y, filter_2, [1, 1, 1, 1], "VALID"))
    y = tf.nn.avg_pool(y, [1, 2, 2, 1], [1, 1, 1, 1], "SAME")
    y = tf.reshape(y, tf.stack([tf.shape(y)[0], -1]))
    W = tf.Variable(tf.truncated_normal([16, 3], stddev=0.3), name="W")
    logits = tf.matmul(tf.reshape(y, [-1, 16]), W)
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    loss = tf.add(tf.reduce_mean(loss), 0.01 * tf.nn.l2_loss(W), name="loss")
    tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss, name="train")
    return ["loss:0"]


def normalized():
    """Batches that are normalized by their own statistics, and by moving averages of these."""
    x = tf.placeholder(tf.float32, [None, 4, 4, 2], name="x")
    labels = tf.placeholder(tf.int32, [None], name="labels")
    kernel = tf.Variable(tf.truncated_normal([3, 3, 2, 3], stddev=0.3), name="kernel")
    scale, offset = tf.Variable(tf.ones([3]), name="scale"), tf.Variable(tf.zeros([3]), name="offset")
    moving = [tf.Variable(start, trainable=False, name=name)
              for name, start in {"mean": tf.zeros([3]), "variance": tf.ones([3])}.items()]
    W = tf.Variable(tf.truncated_normal([3, 3], stddev=0.3), name="W")
    convolved = tf.nn.conv2d(x, kernel, [1, 1, 1, 1], "SAME")
    y, *batch = tf.nn.fused_batch_norm(convolved, scale, offset, epsilon=1e-3)
    known, _, _ = tf.nn.fused_batch_norm(convolved, scale, offset, *moving, epsilon=1e-3, is_training=False)
    losses = []
    for y in [y, known]:
        logits = tf.matmul(tf.reduce_mean(tf.nn.relu(y), [1, 2]), W)
        losses.append(tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)))
    loss = tf.add_n(losses, name="loss")
    descent = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    # Behind all that reads the averages.
    with tf.control_dependencies([descent]):
        updates = [tf.assign_sub(old, 0.1 * (old - new)) for old, new in zip(moving, batch)]
    tf.group(updates, name="train")
    return ["loss:0"]


# Functions of one tensor [batch, 4] of numbers between 0.2 and 2, whose gradients are compared too.
UNARY = {
    "abs": tf.abs, "cos": tf.cos, "elu": lambda x: tf.nn.elu(x - 1), "erf": tf.math.erf, "exp": tf.exp,
    "expm1": tf.math.expm1, "leaky_relu": lambda x: tf.nn.leaky_relu(x - 1), "log": tf.log, "log1p": tf.log1p,
    "log_softmax": tf.nn.log_softmax, "negative": tf.negative, "reciprocal": tf.math.reciprocal,
    "relu": lambda x: tf.nn.relu(x - 1), "relu6": lambda x: tf.nn.relu6(5 * x - 1), "rsqrt": tf.math.rsqrt,
    "selu": lambda x: tf.nn.selu(x - 1), "sigmoid": tf.sigmoid, "sin": tf.sin, "softmax": tf.nn.softmax,
    "softplus": tf.nn.softplus, "softsign": tf.nn.softsign, "sqrt": tf.sqrt, "square": tf.square, "tanh": tf.tanh,
    "sum": lambda x: tf.reduce_sum(x, 0), "mean": lambda x: tf.reduce_mean(x, [0]),
    "mean_1": lambda x: tf.reduce_mean(x, 1, keepdims=True), "mean_all": tf.reduce_mean,
    "max": lambda x: tf.reduce_max(x, 1),
    "logsumexp": lambda x: tf.reduce_logsumexp(x, 1), "l2_normalize": lambda x: tf.nn.l2_normalize(x, 1),
    "transpose": lambda x: tf.transpose(x), "tile": lambda x: tf.tile(x, [2, 3]),
    "pad": lambda x: tf.pad(x, [[1, 0], [0, 2]]), "slice": lambda x: x[:, 1:3], "last": lambda x: x[:, -1],
    "concat": lambda x: tf.concat([x, x * 2], 1), "stack": lambda x: tf.stack([x, x + 1], 1),
    "split": lambda x: tf.split(x, 2, 1)[1], "unstack": lambda x: tf.unstack(x, axis=1)[2],
    "expand_dims": lambda x: tf.expand_dims(x, 1), "squeeze": lambda x: tf.squeeze(tf.expand_dims(x, 1), [1]),
    "reverse": lambda x: tf.reverse(x, [1]), "cumsum": lambda x: tf.cumsum(x, 1),
    "clip": lambda x: tf.clip_by_value(x, 0.5, 1.5), "where": lambda x: tf.where(x > 1, x, x * 3),
    "batch_norm": lambda x: tf.nn.batch_normalization(x, *tf.nn.moments(x, [0]), 1.0, 2.0, 1e-3),
    "zeros_like": lambda x: x * tf.ones_like(x) + tf.zeros_like(x),
    "flatten": lambda x: tf.reshape(x, [-1]), "fill": lambda x: x * tf.fill(tf.shape(x), 3.0),
    "reshape_by_shape": lambda x: tf.reshape(tf.reshape(x, [-1, 2]), tf.shape(x)),
    "gather": lambda x: tf.gather(x, [2, 0, 2], axis=1),
    "one_hot": lambda x: x + tf.one_hot(tf.argmax(x, 1), 4),
}

# Functions of two tensors, [batch, 4] and one that is stretched: [4], [batch, 1], or of any number of rows.
BINARY = {
    "add": tf.add, "subtract": tf.subtract, "multiply": tf.multiply, "divide": tf.divide, "pow": tf.pow,
    "maximum": tf.maximum, "minimum": tf.minimum, "squared_difference": tf.squared_difference,
    "atan2": tf.atan2, "div_no_nan": tf.div_no_nan, "floormod": tf.floormod, "xdivy": tf.math.xdivy,
}


def operations():
    """A node and its gradients for each function, of batches whose size is known in the run alone."""
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    others = {
        "row": tf.placeholder(tf.float32, [4], name="row"),
        "column": tf.placeholder(tf.float32, [None, 1], name="column"),
        "rows": tf.placeholder(tf.float32, [None, 4], name="rows"),
    }
    fetches = []

    def fetch(name, y, by):
        with tf.name_scope(name):
            fetches.append(tf.identity(y, name="y").name)
            weights = tf.cumsum(tf.ones_like(y)) if y.shape.rank else 1.0
            for i, gradient in enumerate(tf.gradients(y * weights, by)):
                fetches.append(tf.identity(gradient, name=f"gradient_{i}").name)

    for name, function in UNARY.items():
        with tf.name_scope(f"{name}_parts"):
            y = function(x)
        fetch(name, y, [x])
    for name, function in BINARY.items():
        for other in others if name in ["subtract", "multiply"] else ["row"]:
            with tf.name_scope(f"{name}_{other}_parts"):
                y = function(x, others[other])
            fetch(f"{name}_{other}", y, [x, others[other]])
    with tf.name_scope("whole_numbers"):
        for name, y in {
            "argmax": tf.argmax(x, 1), "rank": tf.rank(x), "size": tf.size(x), "shape": tf.shape(x),
            "range": tf.range(2, 9, 3), "prod": tf.reduce_prod(x, 1), "rounded": tf.cast(tf.round(x), tf.int32),
        }.items():
            fetches.append(tf.identity(y, name=name).name)
    return fetches


def random_feeds(graph, batch, steps, rng):
    """What is fed at each step, for every placeholder."""
    feeds = {}
    for node in graph.get_operations():
        if node.type != "Placeholder":
            continue
        tensor = node.outputs[0]
        shape = [steps] + [batch if extent is None else extent for extent in tensor.shape.as_list()]
        if tensor.name == "labels:0":
            feeds[tensor.name] = rng.integers(0, 3, shape).astype("i4")
        elif tensor.name == "y:0":
            feeds[tensor.name] = np.eye(shape[-1], dtype="f4")[rng.integers(0, shape[-1], shape[:-1])]
        else:
            feeds[tensor.name] = rng.uniform(0.2, 2.0, shape).astype("f4")
    return feeds


def save_graph(folder, graph, text):
    """The graph without what only Saver needs, as most programs have that in a graph of its own."""
    definition = graph.as_graph_def()
    kept = [node for node in definition.node if not node.name.startswith("save/")]
    del definition.node[:]
    definition.node.extend(kept)
    definition.ClearField("library")
    tf.io.write_graph(definition, str(folder), "graph.pb", as_text=False)
    if text:
        tf.io.write_graph(definition, str(folder), "graph.pbtxt", as_text=True)


def write(folder, build, feeds, text=False, steps=20, form="graph"):
    """The graph, its first weights, and what TensorFlow computes with them."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    np.random.seed(7)
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(7)
        fetches = build()
        variables = tf.global_variables()
        if variables:
            tf.global_variables_initializer()
            saver = tf.train.Saver(max_to_keep=None, sharded=form == "sharded", write_version=tf.train.SaverDef.V2)
        if form == "graph":
            save_graph(folder, graph, text)
        expected = {"tensorflow": np.frombuffer(tf.version.VERSION.encode(), "u1")}
        with tf.Session(config=tf.ConfigProto(device_count={"CPU": 2})) as session:
            if variables:
                session.run("init")
            if form == "saved_model":
                builder = tf.saved_model.Builder(str(folder / "model"))
                builder.add_meta_graph_and_variables(session, ["serve"])
                builder.save()
            elif variables:
                saver.save(session, str(folder / "weights"), write_meta_graph=form == "sharded", write_state=False)
            fed = feeds(graph, steps)
            found = {name: [] for name in fetches}
            targets = ["train"] if variables else []
            for step in range(steps):
                feed = {name: values[step] for name, values in fed.items()}
                values = session.run(fetches + targets, feed)
                for name, value in zip(fetches, values):
                    found[name].append(value)
            for name, values in fed.items():
                expected[f"feed {name}"] = values
            for name, values in found.items():
                values = np.stack(values)
                expected[f"fetch {name}"] = values.astype("i4") if values.dtype == np.int64 else values
    np.savez_compressed(folder / "expected.npz", **expected)
    print(folder.name, sum(f.stat().st_size for f in folder.rglob("*")), "bytes")


def fixtures():
    def fed(batch):
        return lambda graph, steps: random_feeds(graph, batch, steps, np.random.default_rng(7))

    write(FIXTURES / "classifier", lambda: classifier(12, 5, 3, 0.1), fed(6), text=True)
    write(FIXTURES / "inverse", lambda: inverse(4), fed(1))
    for name in OPTIMIZERS:
        for resources in [False, True]:
            folder = FIXTURES / f"{name}{'_resource' if resources else ''}"
            write(folder, lambda: perceptron(name, resources), fed(5), steps=10)
    write(FIXTURES / "saved_model", lambda: perceptron("adagrad", True), fed(5), steps=10, form="saved_model")
    write(FIXTURES / "sharded", lambda: perceptron("momentum", False, 2), fed(5), steps=10, form="sharded")
    write(FIXTURES / "convolutional", convolutional, fed(4), steps=10)
    write(FIXTURES / "normalized", normalized, fed(4), steps=10)
    write(FIXTURES / "operations", operations, fed(3), steps=1)


def mnist(source, out):
    def read(name, header):
        with gzip.open(source / name) as file:
            return np.frombuffer(file.read(), "u1", offset=header)

    images = read("train-images-idx3-ubyte.gz", 16).reshape(-1, 100, 784).astype("f4") / np.float32(255)
    labels = np.eye(10, dtype="f4")[read("train-labels-idx1-ubyte.gz", 8).reshape(-1, 100)]
    write(out, lambda: classifier(784, 300, 10, 0.1)[:1], lambda *_: {"x:0": images, "y:0": labels}, steps=len(images))
    with np.load(out / "expected.npz") as arrays:
        losses = arrays["fetch loss:0"]
    # The images are in their own files.
    np.savez_compressed(out / "expected.npz", **{"fetch loss:0": losses})
    print("first and last loss", losses[0], losses[-1])


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--mnist", type=pathlib.Path, help="a folder with MNIST's files")
parser.add_argument("--out", type=pathlib.Path, help="where the whole program is written")
arguments = parser.parse_args()
if arguments.mnist:
    mnist(arguments.mnist, arguments.out)
else:
    fixtures()
