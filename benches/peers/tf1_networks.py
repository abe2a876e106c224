"""Networks that are not the post's, in TensorFlow 1's graph."""

from time import perf_counter

import numpy as np
import tensorflow

from shared import Network, runge_kutta, train

tf = tensorflow.compat.v1
mean = tf.reduce_mean


def dense(x, w, name):
    return tf.matmul(x, w[name + "/kernel"]) + w[name + "/bias"]


def cross_entropy(logits, labels):
    return mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))


def convnet(network, w, images, labels):
    def layer(x, name):
        maps = tf.nn.relu(tf.nn.conv2d(x, w[name + "/kernel"], strides=1, padding="SAME") + w[name + "/bias"])
        return tf.nn.max_pool(maps, ksize=2, strides=2, padding="SAME")

    maps = layer(layer(images, "conv2d"), "conv2d_1")
    flat = tf.reshape(maps, [-1, w["dense/kernel"].shape[0]])
    return cross_entropy(dense(tf.nn.relu(dense(flat, w, "dense")), w, "dense_1"), labels)


def lstm(network, w, images, labels):
    kernel, bias = w["lstm_cell/kernel"], w["lstm_cell/bias"]
    c = h = tf.zeros([images.shape[0], kernel.shape[1] // 4])
    for x in tf.unstack(images, axis=1):
        i, j, f, o = tf.split(tf.nn.bias_add(tf.matmul(tf.concat([x, h], 1), kernel), bias), 4, 1)
        c = c * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
        h = tf.tanh(c) * tf.sigmoid(o)
    return cross_entropy(dense(h, w, "dense"), labels)


def attention(network, w, x, wanted):
    batch, tokens, width = x.shape
    size = width // network.heads
    flat = tf.reshape(x, [-1, width])
    cut = lambda name: tf.reshape(dense(flat, w, "attention/" + name), [batch, tokens, network.heads, size])
    q, k, v = (tf.transpose(cut(name), [0, 2, 1, 3]) for name in ("query", "key", "value"))
    taken = tf.matmul(tf.nn.softmax(tf.matmul(q, k, transpose_b=True) * float(size) ** -0.5), v)
    y = dense(tf.reshape(tf.transpose(taken, [0, 2, 1, 3]), [-1, width]), w, "attention/output")
    return mean(tf.square(y - tf.reshape(wanted, [-1, width])))


def word2vec(network, w, inputs, labels, sampled):
    words = network.times * len(network.weights["weights"])
    embeddings, weights = (tf.Variable(tf.tile(w[name].initial_value, [network.times, 1])) for name in w)
    count = int(sampled.shape[0])
    expected = lambda ids: count * tf.log1p(1 / (tf.cast(ids, tf.float32) + 1)) / np.float32(np.log(words + 1.0))
    labels = tf.expand_dims(labels, 1)
    drawn = (sampled, expected(labels), expected(sampled))
    return mean(
        tf.nn.nce_loss(
            weights=weights,
            biases=tf.Variable(tf.zeros([words])),
            labels=tf.cast(labels, tf.int64),
            inputs=tf.nn.embedding_lookup(embeddings, inputs),
            num_sampled=count,
            num_classes=words,
            sampled_values=(tf.cast(drawn[0], tf.int64), *drawn[1:]),
        )
    )


def populations(network, w, **state):
    parameters, state = [w[name] for name in "abcd"], [state["prey"], state["predators"]]
    for _ in range(network.length):
        state = runge_kutta(parameters, state)
    return sum(mean(tf.square(of - 1)) for of in state)


LOSSES = {
    "convnet_step_ms": convnet,
    "lstm_step_ms": lstm,
    "attention_step_ms": attention,
    "word2vec_step_ms": word2vec,
    "word2vec_million_step_ms": word2vec,
    "runge_kutta_s": populations,
}


def measure(peer, job, inputs):
    network = Network(inputs, job)
    begin = perf_counter()
    weights = {name: tf.Variable(value) for name, value in network.weights.items()}
    kinds = {name: (values.dtype, values.shape[1:]) for name, values in network.feeds.items()}
    fed = {name: tf.placeholder(*kind) for name, kind in kinds.items()}
    loss = LOSSES[job](network, weights, **fed)
    descends = job.startswith(("word2vec", "runge_kutta"))
    optimizer = tf.train.GradientDescentOptimizer if descends else tf.train.AdamOptimizer
    update = optimizer(network.rate).minimize(loss)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        step = lambda **values: session.run([update, loss], {fed[name]: value for name, value in values.items()})[1]
        train(peer, job, network, begin, step)
