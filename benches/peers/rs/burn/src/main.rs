//! burn: its tensors, gradients, SGD and Adagrad, on Flex, its backend in Rust for CPUs.

#[path = "../../common.rs"]
mod common;

use std::time::Instant;

use burn::optim::{AdaGradConfig, AdaGradState, LrDecayState, Optimizer, SgdConfig};
use burn::tensor::activation::{relu, softmax};
use burn::tensor::{Device, Int, Tensor, TensorData};
use common::{CLASSES, Inputs, PIXELS, identity, median_after_first, report};

fn tensor(values: Vec<f32>, shape: [usize; 2]) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values, shape), &Device::flex())
}

/// Weights, the biases as rows: burn broadcasts only among tensors of as many dimensions.
fn weights(inputs: &Inputs, file: &str) -> [Tensor<2>; 4] {
    inputs.weights(file).map(|(values, shape)| {
        let columns = shape[shape.len() - 1];
        let rows = values.len() / columns;
        tensor(values, [rows, columns])
    })
}

fn variable(value: Tensor<2>) -> Tensor<2> {
    value.autodiff().require_grad()
}

/// The cross-entropy of each row.
fn losses(weights: &[Tensor<2>; 4], x: Tensor<2>, y: Tensor<2>, inputs: &Inputs) -> Tensor<2> {
    let [w1, b1, w2, b2] = weights.clone();
    let hidden = relu(x.matmul(w1) + b1);
    let p = softmax(hidden.matmul(w2) + b2, 1);
    let p = p.clamp(inputs.number("low"), inputs.number("high"));
    let others = (1.0_f32 - y.clone()) * (1.0_f32 - p.clone()).log();
    -(y * p.log() + others).sum_dim(1)
}

fn epochs(inputs: &Inputs) -> (f64, f64) {
    let (images, labels) = inputs.training();
    let count = labels.len() / CLASSES;
    let (x, y) = (tensor(images, [count, PIXELS]), tensor(labels, [count, CLASSES]));
    let mut weights = weights(inputs, "initial.f32").map(variable);
    let (sgd, rate) = (SgdConfig::new().build(), inputs.number("rate"));
    let (batch, steps) = (inputs.count("batch"), inputs.count("steps"));
    let (mut seconds, mut last) = (Vec::new(), 0.0);
    for epoch in inputs.order().chunks_exact(batch * steps) {
        let start = Instant::now();
        let mut sum = 0.0;
        for rows in epoch.chunks_exact(batch) {
            let rows = Tensor::<1, Int>::from_data(rows, &Device::flex());
            let (x, y) = (x.clone().select(0, rows.clone()), y.clone().select(0, rows));
            let loss = losses(&weights, x, y, inputs).mean();
            let mut gradients = loss.backward();
            weights = weights.map(|weight| {
                let gradient = weight.grad_remove(&mut gradients).expect("the loss depends on it");
                variable(sgd.step(rate, weight.inner(), gradient, None).0)
            });
            sum += f64::from(loss.into_scalar::<f32>());
        }
        seconds.push(start.elapsed().as_secs_f64());
        last = sum / steps as f64;
    }
    (median_after_first(seconds), last)
}

/// Seconds of all steps, and the loss after them; the loss is fetched every `each` steps.
fn adagrad(
    shape: [usize; 2],
    rate: f64,
    steps: usize,
    each: usize,
    loss: impl Fn(Tensor<2>) -> Tensor<1>,
) -> (f64, f64) {
    let mut x = variable(Tensor::zeros(shape, &Device::flex()));
    // TensorFlow 1's: the sums start at 0.1, and nothing is added to their roots.
    let optimizer = AdaGradConfig::new().with_epsilon(0.0).build();
    let sums = Tensor::full(shape, 0.1, &Device::flex());
    let mut state = Some(AdaGradState::new(LrDecayState::new(0, sums)));
    let start = Instant::now();
    for step in 0..steps {
        let value = loss(x.clone());
        let mut gradients = value.backward();
        let gradient = x.grad_remove(&mut gradients).expect("the loss depends on x");
        let (next, sums) = optimizer.step(rate, x.inner(), gradient, state);
        (x, state) = (variable(next), sums);
        if step % each == 0 {
            value.into_scalar::<f32>();
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    (seconds, f64::from(loss(x).into_scalar::<f32>()))
}

fn main() {
    let (job, inputs) = Inputs::from_arguments();
    let (value, check) = match job.as_str() {
        "epoch_s" => epochs(&inputs),
        "inverse_step_us" => {
            let a = tensor(inputs.floats("matrix.f32"), [10, 10]);
            let identity = tensor(identity(), [10, 10]);
            let steps = inputs.count("inverse_steps");
            let loss = |x: Tensor<2>| (x.matmul(a.clone()) - identity.clone()).abs().sum();
            let (seconds, last) = adagrad([10, 10], inputs.number("inverse_rate"), steps, 1, loss);
            (seconds * 1e6 / steps as f64, last)
        }
        "ideal_images_s" => {
            let weights = weights(&inputs, "trained.f32");
            let y = tensor(identity(), [10, 10]);
            let l2 = inputs.number("l2");
            let loss =
                |x: Tensor<2>| losses(&weights, x.clone(), y.clone(), &inputs).sum() + x.square().sum() * l2;
            adagrad([10, PIXELS], inputs.number("ideal_rate"), inputs.count("ideal_steps"), 100, loss)
        }
        _ => panic!("there is no job {job}"),
    };
    report("burn", &job, value, check);
}
