from common import Program, tf

program = Program("autoencoder")


def layer(x, name):
    return tf.matmul(x, program.variable(name + "/W")) + program.variable(name + "/b")


x = tf.placeholder(tf.float32, [None, 784])
code = tf.nn.relu(layer(tf.nn.relu(layer(x, "encoder1")), "encoder2"))
drawn = tf.nn.sigmoid(layer(tf.nn.relu(layer(code, "decoder1")), "decoder2"))
loss = tf.reduce_mean(tf.square(x - drawn))
train = tf.train.RMSPropOptimizer(1e-3).minimize(loss)

with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    program.compare([session.run([loss, train], {x: xs})[0] for xs, _ in program.batches(100)])
