from common import Program, tf

program = Program("lstm")
UNITS = 64
kernel, bias = program.variable("lstm_cell/kernel"), program.variable("lstm_cell/bias")


def step(state, x):
    """What `tf.nn.rnn_cell.LSTMCell` computes, which TensorFlow 2 has no more."""
    c, h = state
    i, j, f, o = tf.split(tf.matmul(tf.concat([x, h], 1), kernel) + bias, 4, axis=1)
    c = c * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
    return c, tf.tanh(c) * tf.sigmoid(o)


x = tf.placeholder(tf.float32, [None, 784])
y_ = tf.placeholder(tf.int32, [None])
zeros = tf.zeros([tf.shape(x)[0], UNITS])
_, h = tf.scan(step, tf.transpose(tf.reshape(x, [-1, 28, 28]), [1, 0, 2]), (zeros, zeros))
y = tf.matmul(h[-1], program.variable("dense/kernel")) + program.variable("dense/bias")
loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y_, logits=y))

optimizer = tf.train.AdamOptimizer(3e-3)
gradients, variables = zip(*optimizer.compute_gradients(loss))
clipped, _ = tf.clip_by_global_norm(gradients, 1.0)
train = optimizer.apply_gradients(zip(clipped, variables))

with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    losses = [session.run([loss, train], {x: xs, y_: ys})[0] for xs, ys in program.batches(100)]
    program.compare(losses)
