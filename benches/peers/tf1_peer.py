"""TensorFlow 1's graph and Session.run, as the post has them, from tf.compat.v1."""

import os
from time import perf_counter

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow

from shared import NETWORKS, arguments, classifier, report

tf = tensorflow.compat.v1
tf.disable_eager_execution()
job, inputs, _ = arguments()
peer = "tf1"


def network(x, y, weights):
    w1, b1, w2, b2 = weights
    p = tf.nn.softmax(tf.matmul(tf.nn.relu(tf.matmul(x, w1) + b1), w2) + b2)
    clipped = tf.clip_by_value(p, inputs.low, inputs.high)
    return p, -tf.reduce_sum(y * tf.log(clipped) + (1 - y) * tf.log(1 - clipped), axis=1)


def adagrad(loss, rate, steps, each):
    """Seconds of all steps, and the loss after them; the loss is fetched every `each` steps."""
    train = tf.train.AdagradOptimizer(rate).minimize(loss)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        begin = perf_counter()
        for step in range(steps):
            session.run([train, loss] if step % each == 0 else train)
        return perf_counter() - begin, float(session.run(loss))


if job in ("epoch_s", "fifty_epochs_s"):
    x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
    p, terms = network(x, y, [tf.Variable(value) for value in inputs.initial])
    loss = tf.reduce_mean(terms)
    hits = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(y, 1)), tf.float32))
    train = tf.train.GradientDescentOptimizer(inputs.rate).minimize(loss)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())

        def epoch(order):
            total = 0.0
            for rows in order:
                total += session.run([train, loss], {x: inputs.x[rows], y: inputs.y[rows]})[1]
            return float(total / len(order))

        def evaluate(images, labels):
            chunks = range(0, len(images), 5000)
            part = lambda i: session.run([loss, hits], {x: images[i : i + 5000], y: labels[i : i + 5000]})
            return np.mean([part(i) for i in chunks], axis=0)

        classifier(peer, job, inputs, epoch, evaluate)
elif job == "inverse_step_us":
    x = tf.Variable(np.zeros((10, 10), np.float32))
    loss = tf.reduce_sum(tf.abs(tf.matmul(x, tf.constant(inputs.matrix)) - tf.eye(10)))
    seconds, last = adagrad(loss, inputs.inverse_rate, inputs.inverse_steps, 1)
    report(peer, job, seconds * 1e6 / inputs.inverse_steps, last)
elif job == "ideal_images_s":
    x = tf.Variable(np.zeros((10, 784), np.float32))
    _, terms = network(x, tf.eye(10), [tf.constant(value) for value in inputs.trained])
    loss = tf.reduce_sum(terms) + inputs.l2 * tf.reduce_sum(x * x)
    seconds, last = adagrad(loss, inputs.ideal_rate, inputs.ideal_steps, 100)
    report(peer, job, seconds, last)
elif job in NETWORKS:
    import tf1_networks

    tf1_networks.measure(peer, job, inputs)
