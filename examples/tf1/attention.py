from common import Program, tf

program = Program("attention")


def attention(x):
    query, key, value = [
        tf.tensordot(x, program.variable(name + "/kernel"), 1) for name in ["query", "key", "value"]
    ]
    scores = tf.matmul(query, key, transpose_b=True) * (32**-0.5)
    return tf.matmul(tf.nn.softmax(scores), value)


def layer_norm(x):
    mean, variance = tf.nn.moments(x, [-1], keepdims=True)
    gamma, beta = [
        program.variable("layer_normalization/" + name) for name in ["gamma", "beta"]
    ]
    return tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-3)


symbols = tf.placeholder(tf.int32, [None, 10])
turned = tf.reverse(symbols, [1])
x = tf.nn.embedding_lookup(program.variable("embedding/embeddings"), symbols) + program.variable("places")
normal = layer_norm(attention(x) + x)
logits = tf.tensordot(normal, program.variable("logits/kernel"), 1) + program.variable("logits/bias")
loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=turned, logits=logits))
train = tf.train.AdamOptimizer(3e-3).minimize(loss)

with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    steps = range(len(program.ours))
    program.compare([session.run([loss, train], {symbols: program.drawn("symbols", step)})[0] for step in steps])
