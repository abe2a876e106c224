//! Newton's method in Rosenbrock's valley: gradients are part of the graph and have gradients themselves,
//! which are the rows of the Hessian: `cargo run --release --example newton -- [STEPS]`
//!
//! TensorFlow 1, from the same values (`tf1/newton.py`):
//! the function is 0.3135412 after 4 steps; here 0.31356454.

use minutia::prelude::*;

const N: usize = 2;

/// The second derivatives of a scalar by the elements of `x`, `[N, N]`: TensorFlow's `hessians`.
fn hessian(gradient: &Output, x: &Variable) -> Result<Output> {
    let graph = x.graph();
    let row = |g: &Output| Ok(graph.gradients(g, [x])?.map(|row| row.unwrap_or_else(|| x.zeros_like())));
    let rows: Vec<[Output; 1]> = gradient.unstack(N, 0).iter().map(row).collect::<Result<_>>()?;
    Ok(graph.stack(rows.as_flattened(), 0))
}

/// The solution of `a x = b`, by the elimination of Gauss and Jordan without pivots: TensorFlow's
/// `matrix_solve` of one vector.
fn solve(a: &Output, b: &Output) -> Output {
    let graph = a.graph();
    let mut rows = graph.concat([a, &b.expand_dims(1)], 1);
    for k in 0..N {
        let pivot = rows.slice([k, 0], (1, -1)) / rows.slice([k, k], (1, 1));
        let multiples = rows.slice([0, k], (-1, 1)) * &pivot;
        // Row k becomes the pivot itself, without rounding.
        let at_pivot = graph.constant(k as i32).one_hot(N).expand_dims(1).greater(0.0);
        rows = at_pivot.select(pivot, &rows - multiples);
    }
    rows.slice([0, N], (-1, 1)).squeeze(1)
}

/// The function before each step and after the last, and the session that has the point.
pub fn train(steps: usize) -> Result<(Vec<f32>, Session)> {
    let graph = Graph::new();
    let point = graph.variable("point", [-1.2_f32, 1.0]);
    let [x, y] = [point.slice([0], [1]).squeeze(0), point.slice([1], [1]).squeeze(0)];
    let f = (1.0 - &x).square() + 100.0 * (y - x.square()).square();

    let [gradient] = graph.gradients(&f, [&point])?.map(|g| g.unwrap_or_else(|| point.zeros_like()));
    let newton = point.assign_sub(solve(&hessian(&gradient, &point)?, &gradient)).operation();
    let descent = GradientDescent::new(0.001).minimize(&f)?;

    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), ())?;
    for _ in 0..1000 * steps {
        session.run(&descent, ())?;
    }
    let (at, value) = session.run((&point, &f), ())?;
    println!("{} steps of gradient descent: f{at} = {value}", 1000 * steps);

    session.run(graph.global_variables_initializer(), ())?;
    let mut values = vec![session.run(&f, ())?.value::<f32>()?];
    for i in 1..=steps {
        session.run(&newton, ())?;
        let (at, value) = session.run((&point, &f), ())?;
        println!("{i} steps of Newton's method: f{at} = {value}");
        values.push(value.value()?);
    }
    Ok((values, session))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    train(std::env::args().nth(1).map_or(Ok(7), |steps| steps.parse())?)?;
    Ok(())
}
