from common import Program, np, tf

program = Program("linear_regression")
xs = np.arange(20, dtype=np.float32) / np.float32(10) - np.float32(1)
ys = np.float32(3) * xs - np.float32(1) + np.tile(np.float32([0.1, -0.2, 0.15, -0.05]), 5)

x = tf.placeholder(tf.float32, [None])
y = tf.placeholder(tf.float32, [None])
slope = program.variable("slope")
intercept = program.variable("intercept")
loss = tf.reduce_mean(tf.square(x * slope + intercept - y))
train = tf.train.GradientDescentOptimizer(0.3).minimize(loss)

with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    program.compare([session.run([loss, train], {x: xs, y: ys})[0] for _ in range(len(program.ours))])
