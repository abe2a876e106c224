from common import Program, tf

program = Program("newton")
point = program.variable("point")
x, y = point[0], point[1]
f = tf.square(1.0 - x) + 100.0 * tf.square(y - tf.square(x))

(gradient,) = tf.gradients(f, point)
(hessian,) = tf.hessians(f, point)
newton = point.assign_sub(tf.matrix_solve(hessian, gradient[:, None])[:, 0])

with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    values = [session.run(f)]
    while len(values) < len(program.ours):
        session.run(newton)
        values.append(session.run(f))
    program.compare(values)
