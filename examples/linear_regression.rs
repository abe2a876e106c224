//! Fits a line to points by gradient descent, and compares it with the line of least squares, for which there
//! is a formula: `cargo run --release --example linear_regression -- [STEPS]`
//!
//! TensorFlow 1, from the same values (`tf1/linear_regression.py`):
//! the loss is 0.018745299 after 100 steps; here 0.018745299.

use minutia::prelude::*;

/// Points near `y = 3 x - 1`.
fn points() -> (Vec<f32>, Vec<f32>) {
    let off = [0.1, -0.2, 0.15, -0.05];
    let xs: Vec<f32> = (0..20).map(|i| i as f32 / 10.0 - 1.0).collect();
    let ys = xs.iter().enumerate().map(|(i, x)| 3.0 * x - 1.0 + off[i % 4]).collect();
    (xs, ys)
}

/// The slope and the intercept of the line of least squares.
fn least_squares(xs: &[f32], ys: &[f32]) -> [f32; 2] {
    let mean = |v: &[f32]| v.iter().sum::<f32>() / v.len() as f32;
    let (mean_x, mean_y) = (mean(xs), mean(ys));
    let covariance: f32 = xs.iter().zip(ys).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let variance: f32 = xs.iter().map(|x| (x - mean_x) * (x - mean_x)).sum();
    let slope = covariance / variance;
    [slope, mean_y - slope * mean_x]
}

/// The loss of each step, and the session that has the line.
pub fn train(steps: usize) -> Result<(Vec<f32>, Session)> {
    let (xs, ys) = points();
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [None]);
    let y = graph.placeholder("y", DType::F32, [None]);
    let slope = graph.variable("slope", 0.0_f32);
    let intercept = graph.variable("intercept", 0.0_f32);
    let loss = (&x * &slope + &intercept - &y).square().reduce_mean(..);
    let train = GradientDescent::new(0.3).minimize(&loss)?;

    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), ())?;
    let mut step = session.make_callable((&train, &loss), feeds! { x => &xs, y => &ys })?;
    let mut losses = Vec::new();
    for i in 1..=steps {
        step.run()?;
        losses.push(step.value::<f32>(&loss)?);
        if i % 20 == 0 {
            println!("step {i}: loss {:.6}", losses[i - 1]);
        }
    }
    let (slope, intercept) = session.run((&slope, &intercept), ())?;
    let exact = least_squares(&xs, &ys);
    println!("gradient descent: y = {slope} x + {intercept}");
    println!("least squares:    y = {} x + {}", exact[0], exact[1]);
    Ok((losses, session))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    train(std::env::args().nth(1).map_or(Ok(100), |steps| steps.parse())?)?;
    Ok(())
}
