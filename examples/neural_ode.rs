//! A neural ordinary differential equation (Chen et al., 2018): a network is the speed of a point, and learns
//! from where the point has been, through the solver: `cargo run --release --example neural_ode -- [STEPS]`
//!
//! TensorFlow 1, from the same values (`tf1/neural_ode.py`):
//! the loss is 0.12704431 after 100 steps; here 0.12704435.

use minutia::{layers::Dense, prelude::*};

/// Times at which the point is seen, and the time between two of them.
const TIMES: usize = 60;
const BETWEEN: f32 = 0.1;

/// Where a point that begins at `start` is at each time, by the classical method of Runge and Kutta.
fn solve(start: &Output, speed: impl Fn(&Output) -> Output) -> Output {
    let graph = start.graph();
    let step = |[z]: [Output; 1], [_time]: [Output; 1]| {
        let k1 = speed(&z);
        let k2 = speed(&(&z + &k1 * (BETWEEN / 2.0)));
        let k3 = speed(&(&z + &k2 * (BETWEEN / 2.0)));
        let k4 = speed(&(&z + &k3 * BETWEEN));
        [z + (k1 + 2.0 * (k2 + k3) + k4) * (BETWEEN / 6.0)]
    };
    let [path] = graph.scan(step, [graph.range(0, TIMES as i32, 1)], [start]);
    path
}

/// Prey and predators, `[1, 2]`, by Lotka's and Volterra's equations.
fn lotka_volterra(z: &Output) -> Output {
    let graph = z.graph();
    let [prey, predators] = [z.slice([0, 0], (1, 1)), z.slice([0, 1], (1, 1))];
    let met = &prey * &predators;
    graph.concat([1.5 * prey - &met, met - predators], 1)
}

/// The loss of each step, and the session that has what was learned.
pub fn train(steps: usize) -> Result<(Vec<f32>, Session)> {
    let graph = Graph::new();
    graph.set_random_seed(7);
    let start = graph.constant([[1.0_f32, 0.5]]);
    let seen = solve(&start, lotka_volterra);

    let hidden = Dense::new(32).activation(Output::tanh).build(&graph, 2);
    let speed = Dense::new(2).build(&graph, 32);
    let path = solve(&start, |z| speed.apply(hidden.apply(z)));
    let loss = (&path - &seen).square().reduce_mean(..);
    let train = Adam::new(0.01).minimize(&loss)?;

    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), ())?;
    let mut step = session.make_callable((&train, &loss), ())?;
    let mut losses = Vec::new();
    for i in 1..=steps {
        step.run()?;
        losses.push(step.value::<f32>(&loss)?);
        if i % 200 == 0 {
            println!("step {i}: loss {:.6}", losses[i - 1]);
        }
    }
    let (path, seen) = session.run((&path, &seen), ())?;
    println!("time   prey and predators   as the network has them");
    for (i, (a, b)) in seen.as_slice::<f32>()?.chunks(2).zip(path.as_slice::<f32>()?.chunks(2)).enumerate() {
        if i % 6 == 5 {
            let time = BETWEEN * (i + 1) as f32;
            println!("{time:4.1}   {:7.4} {:7.4}      {:7.4} {:7.4}", a[0], a[1], b[0], b[1]);
        }
    }
    Ok((losses, session))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    train(std::env::args().nth(1).map_or(Ok(1000), |steps| steps.parse())?)?;
    Ok(())
}
