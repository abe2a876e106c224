from common import Program, tf

program = Program("softmax_regression")
x = tf.placeholder(tf.float32, [None, 784])
y_ = tf.placeholder(tf.int32, [None])
W = program.variable("W")
b = program.variable("b")
y = tf.matmul(x, W) + b
loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y_, logits=y))

global_step = tf.Variable(0, trainable=False)
rate = tf.train.exponential_decay(0.5, global_step, 100, 0.96)
train = tf.train.GradientDescentOptimizer(rate).minimize(loss, global_step=global_step)

with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    losses = [session.run([loss, train], {x: xs, y_: ys})[0] for xs, ys in program.batches(100)]
    program.compare(losses)
