from common import FLOAT, Program, tf

program = Program("convnet")


def layer(x, name):
    x = tf.nn.conv2d(x, program.variable(name + "/filter"), strides=[1, 1, 1, 1], padding="SAME")
    x = tf.nn.relu(x + program.variable(name + "/bias"))
    return tf.nn.max_pool(x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")


x = tf.placeholder(FLOAT, [None, 784])
y_ = tf.placeholder(tf.int32, [None])
flat = tf.reshape(layer(layer(tf.reshape(x, [-1, 28, 28, 1]), "conv1"), "conv2"), [-1, 7 * 7 * 64])
hidden = tf.nn.relu(tf.matmul(flat, program.variable("W1")) + program.variable("b1"))
y = tf.matmul(hidden, program.variable("W2")) + program.variable("b2")
loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y_, logits=y))
train = tf.train.AdamOptimizer(1e-4).minimize(loss)

with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    batches = list(program.batches(50))[: len(program.ours)]
    program.compare([session.run([loss, train], {x: xs, y_: ys})[0] for xs, ys in batches])
