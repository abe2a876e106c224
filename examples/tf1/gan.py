from common import Program, tf

program = Program("gan")


def network(name):
    """The variables of two layers, and what computes with them."""
    w1, b1, w2, b2 = variables = [
        program.variable(f"{name}/{variable}")
        for variable in ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"]
    ]
    return variables, lambda x: tf.matmul(tf.nn.leaky_relu(tf.matmul(x, w1) + b1, 0.2), w2) + b2


def cost(logits, label):
    labels = tf.fill(tf.shape(logits), label)
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))


real = tf.placeholder(tf.float32, [None, 784])
noise = tf.placeholder(tf.float32, [None, 64])
g_variables, generator = network("generator")
d_variables, discriminator = network("discriminator")
of_real, of_drawn = discriminator(real), discriminator(tf.nn.sigmoid(generator(noise)))
d_loss = cost(of_real, 1.0) + cost(of_drawn, 0.0)
g_loss = cost(of_drawn, 1.0)

# No variable is assigned before both gradients are computed.
d_optimizer = tf.train.AdamOptimizer(2e-4, beta1=0.5)
g_optimizer = tf.train.AdamOptimizer(1e-3, beta1=0.5)
d_gradients = d_optimizer.compute_gradients(d_loss, d_variables)
g_gradients = g_optimizer.compute_gradients(g_loss, g_variables)
with tf.control_dependencies([gradient for gradient, _ in d_gradients + g_gradients]):
    train = tf.group(d_optimizer.apply_gradients(d_gradients), g_optimizer.apply_gradients(g_gradients))

with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    losses = []
    for step, (xs, _) in enumerate(program.batches(100)):
        fed = {real: xs, noise: program.drawn("noise", step)}
        losses.append(session.run([d_loss, g_loss, train], fed)[:2])
    program.compare(losses)
