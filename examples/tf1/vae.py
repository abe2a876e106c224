from common import Program, tf

program = Program("vae")


def dense(x, name):
    return tf.matmul(x, program.variable(name + "/kernel")) + program.variable(name + "/bias")


x = tf.placeholder(tf.float32, [None, 784])
hidden = tf.nn.relu(dense(x, "encoder"))
mean, log_variance = dense(hidden, "mean"), dense(hidden, "log_variance")
noise = tf.random_normal(tf.shape(mean))
z = mean + tf.exp(log_variance * 0.5) * noise
logits = dense(tf.nn.relu(dense(z, "decoder")), "logits")

pixels = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=logits), 1)
divergence = 0.5 * tf.reduce_sum(tf.square(mean) + tf.exp(log_variance) - log_variance - 1, 1)
loss = tf.reduce_mean(pixels + divergence)
train = tf.train.AdamOptimizer(1e-3).minimize(loss)

with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    losses = []
    for step, (xs, _) in enumerate(program.batches(100)):
        losses.append(session.run([loss, train], {x: xs, noise: program.drawn("noise", step)})[0])
    program.compare(losses)
