from common import Program, np, tf

program = Program("word2vec")
embeddings, weights, biases = [program.variable(name) for name in ["embeddings", "weights", "biases"]]
words = embeddings.shape[0].value
inputs = tf.placeholder(tf.int32, [None])
labels = tf.placeholder(tf.int64, [None, 1])
noise = tf.placeholder(tf.int64, [64])


def expected_count(classes):
    """How often a class is among 64 that are drawn with replacement from a log-uniform distribution."""
    classes = tf.cast(classes, tf.float32)
    return 64.0 * tf.log1p(1.0 / (classes + 1.0)) / np.log(np.float32(words + 1))


loss = tf.reduce_mean(
    tf.nn.nce_loss(
        weights=weights,
        biases=biases,
        labels=labels,
        inputs=tf.nn.embedding_lookup(embeddings, inputs),
        num_sampled=64,
        num_classes=words,
        sampled_values=(noise, expected_count(labels), expected_count(noise)),
    )
)
train = tf.train.GradientDescentOptimizer(1.0).minimize(loss)

with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    losses = []
    for step in range(len(program.ours)):
        fed = {
            inputs: program.drawn("inputs", step),
            labels: program.drawn("labels", step)[:, None],
            noise: program.drawn("LogUniformCandidateSampler/Cast", step),
        }
        losses.append(session.run([loss, train], fed)[0])
    program.compare(losses)
