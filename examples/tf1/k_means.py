from common import Program, load, np, tf

program = Program("k_means")
x = tf.constant(load("images")[:10_000] * np.float32(1 / 255))
centroids = program.variable("centroids")

lengths = tf.reduce_sum(tf.square(x), 1, keepdims=True)
products = tf.matmul(x, centroids, transpose_b=True)
distances = lengths - 2.0 * products + tf.reduce_sum(tf.square(centroids), 1)
nearest = tf.argmin(distances, 1)
loss = tf.reduce_mean(tf.reduce_min(distances, 1))
count = tf.unsorted_segment_sum(tf.ones_like(x), nearest, 25)
means = tf.unsorted_segment_mean(x, nearest, 25)
with tf.control_dependencies([loss]):
    train = centroids.assign(tf.where(count > 0, means, centroids))

with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    program.compare([session.run([loss, train.op])[0] for _ in range(len(program.ours))])
