from common import Program, tf

program = Program("dropout")
x = tf.placeholder(tf.float32, [None, 784])
y_ = tf.placeholder(tf.int32, [None])
rate = tf.placeholder(tf.float32, [])
hidden = tf.nn.relu(tf.matmul(x, program.variable("W1")) + program.variable("b1"))
hidden = tf.nn.dropout(hidden, rate=rate)
y = tf.matmul(hidden, program.variable("W2")) + program.variable("b2")
loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y_, logits=y))
train = tf.train.AdamOptimizer(1e-3).minimize(loss)

# The numbers that decide what is left out are fed in the place of those that TensorFlow would draw.
(drawn,) = [op.outputs[0] for op in tf.get_default_graph().get_operations() if op.type == "RandomUniform"]

with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    losses = []
    for step, (xs, ys) in enumerate(program.batches(100)):
        fed = {x: xs, y_: ys, rate: 0.5, drawn: program.drawn("dropout/RandomUniformLike", step)}
        losses.append(session.run([loss, train], fed)[0])
    program.compare(losses)
