//! candle: its tensors, gradients and SGD; Adagrad, which it lacks, by tensor operations.

#[path = "../../common.rs"]
mod common;

use std::time::Instant;

use candle_core::{DType, Device::Cpu, Result, Tensor, Var};
use candle_nn::{Optimizer, SGD, ops::softmax};
use common::{CLASSES, Inputs, PIXELS, identity, median_after_first, report};

fn tensors(weights: [(Vec<f32>, Vec<usize>); 4]) -> Result<Vec<Tensor>> {
    weights.into_iter().map(|(values, shape)| Tensor::from_vec(values, shape, &Cpu)).collect()
}

/// The cross-entropy of each row.
fn losses(weights: &[&Tensor], x: &Tensor, y: &Tensor, inputs: &Inputs) -> Result<Tensor> {
    let hidden = x.matmul(weights[0])?.broadcast_add(weights[1])?.relu()?;
    let p = softmax(&hidden.matmul(weights[2])?.broadcast_add(weights[3])?, 1)?;
    let p = p.clamp(inputs.number("low") as f32, inputs.number("high") as f32)?;
    let others = (y.affine(-1.0, 1.0)? * p.affine(-1.0, 1.0)?.log()?)?;
    ((y * p.log()?)? + others)?.sum(1)?.neg()
}

fn epochs(inputs: &Inputs) -> Result<(f64, f64)> {
    let (images, labels) = inputs.training();
    let count = labels.len() / CLASSES;
    let x = Tensor::from_vec(images, (count, PIXELS), &Cpu)?;
    let y = Tensor::from_vec(labels, (count, CLASSES), &Cpu)?;
    let variables: Vec<Var> =
        tensors(inputs.weights("initial.f32"))?.iter().map(Var::from_tensor).collect::<Result<_>>()?;
    let weights: Vec<&Tensor> = variables.iter().map(Var::as_tensor).collect();
    let mut sgd = SGD::new(variables.clone(), inputs.number("rate"))?;
    let (batch, steps) = (inputs.count("batch"), inputs.count("steps"));
    let (mut seconds, mut last) = (Vec::new(), 0.0);
    for epoch in inputs.order().chunks_exact(batch * steps) {
        let start = Instant::now();
        let mut sum = 0.0;
        for rows in epoch.chunks_exact(batch) {
            let rows = Tensor::from_slice(rows, batch, &Cpu)?;
            let (x, y) = (x.index_select(&rows, 0)?, y.index_select(&rows, 0)?);
            let loss = losses(&weights, &x, &y, inputs)?.mean_all()?;
            sgd.backward_step(&loss)?;
            sum += f64::from(loss.to_scalar::<f32>()?);
        }
        seconds.push(start.elapsed().as_secs_f64());
        last = sum / steps as f64;
    }
    Ok((median_after_first(seconds), last))
}

/// Seconds of all steps, and the loss after them; the loss is fetched every `each` steps.
fn adagrad(
    shape: (usize, usize),
    rate: f64,
    steps: usize,
    each: usize,
    loss: impl Fn(&Tensor) -> Result<Tensor>,
) -> Result<(f64, f64)> {
    let x = Var::zeros(shape, DType::F32, &Cpu)?;
    let mut sums = Tensor::full(0.1_f32, shape, &Cpu)?;
    let start = Instant::now();
    for step in 0..steps {
        let value = loss(x.as_tensor())?;
        let gradients = value.backward()?;
        let gradient = gradients.get(&x).expect("the loss depends on x");
        sums = (sums + gradient.sqr()?)?;
        x.set(&(x.as_tensor() - (gradient / sums.sqrt()?)?.affine(rate, 0.0)?)?)?;
        if step % each == 0 {
            value.to_scalar::<f32>()?;
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok((seconds, f64::from(loss(x.as_tensor())?.to_scalar::<f32>()?)))
}

fn main() -> Result<()> {
    let (job, inputs) = Inputs::from_arguments();
    let (value, check) = match job.as_str() {
        "epoch_s" => epochs(&inputs)?,
        "inverse_step_us" => {
            let a = Tensor::from_vec(inputs.floats("matrix.f32"), (10, 10), &Cpu)?;
            let identity = Tensor::from_vec(identity(), (10, 10), &Cpu)?;
            let steps = inputs.count("inverse_steps");
            let loss = |x: &Tensor| (x.matmul(&a)? - &identity)?.abs()?.sum_all();
            let (seconds, last) = adagrad((10, 10), inputs.number("inverse_rate"), steps, 1, loss)?;
            (seconds * 1e6 / steps as f64, last)
        }
        "ideal_images_s" => {
            let weights = tensors(inputs.weights("trained.f32"))?;
            let weights: Vec<&Tensor> = weights.iter().collect();
            let y = Tensor::from_vec(identity(), (10, 10), &Cpu)?;
            let l2 = inputs.number("l2");
            let loss = |x: &Tensor| {
                losses(&weights, x, &y, &inputs)?.sum_all()? + x.sqr()?.sum_all()?.affine(l2, 0.0)?
            };
            adagrad((10, PIXELS), inputs.number("ideal_rate"), inputs.count("ideal_steps"), 100, loss)?
        }
        _ => panic!("there is no job {job}"),
    };
    report("candle", &job, value, check);
    Ok(())
}
