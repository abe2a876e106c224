from common import Program, tf

program = Program("neural_ode")
TIMES, BETWEEN = 60, 0.1


def solve(start, speed):
    """Where a point is at each time, by the classical method of Runge and Kutta."""

    def step(z, _time):
        k1 = speed(z)
        k2 = speed(z + k1 * (BETWEEN / 2))
        k3 = speed(z + k2 * (BETWEEN / 2))
        k4 = speed(z + k3 * BETWEEN)
        return z + (k1 + 2.0 * (k2 + k3) + k4) * (BETWEEN / 6)

    return tf.scan(step, tf.range(TIMES), start)


def lotka_volterra(z):
    prey, predators = z[:, :1], z[:, 1:]
    met = prey * predators
    return tf.concat([1.5 * prey - met, met - predators], 1)


names = ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"]
w1, b1, w2, b2 = [program.variable(name) for name in names]
start = tf.constant([[1.0, 0.5]])
seen = solve(start, lotka_volterra)
path = solve(start, lambda z: tf.matmul(tf.nn.tanh(tf.matmul(z, w1) + b1), w2) + b2)
loss = tf.reduce_mean(tf.square(path - seen))
train = tf.train.AdamOptimizer(0.01).minimize(loss)

with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    program.compare([session.run([loss, train])[0] for _ in range(len(program.ours))])
