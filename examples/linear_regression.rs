//! Fits a line to points by gradient descent, and compares it with the line of least squares, for which there
//! is a formula: `cargo run --release --example linear_regression`

use minutia::prelude::*;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    // Points near y = 3 x - 1.
    let xs: Vec<f32> = (0..20).map(|i| i as f32 / 10.0 - 1.0).collect();
    let off = [0.1, -0.2, 0.15, -0.05];
    let ys: Vec<f32> = xs.iter().enumerate().map(|(i, x)| 3.0 * x - 1.0 + off[i % 4]).collect();

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
    for i in 0..=100 {
        step.run()?;
        if i % 20 == 0 {
            println!("step {i:3}: loss {:.6}", step.value::<f32>(&loss)?);
        }
    }
    let (slope, intercept) = session.run((&slope, &intercept), ())?;
    let found = (slope.value::<f32>()?, intercept.value::<f32>()?);

    let n = xs.len() as f32;
    let mean = |v: &[f32]| v.iter().sum::<f32>() / n;
    let (mean_x, mean_y) = (mean(&xs), mean(&ys));
    let covariance: f32 = xs.iter().zip(&ys).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let variance: f32 = xs.iter().map(|x| (x - mean_x) * (x - mean_x)).sum();
    let slope = covariance / variance;
    let exact = (slope, mean_y - slope * mean_x);
    println!("gradient descent: y = {:.5} x + {:.5}", found.0, found.1);
    println!("least squares:    y = {:.5} x + {:.5}", exact.0, exact.1);
    assert!((found.0 - exact.0).abs() < 1e-4 && (found.1 - exact.1).abs() < 1e-4);
    Ok(())
}
