//! autograd (the crate): its graph, gradients and `eval`. Loss and gradients are fetched together and the
//! variables changed by hand: update operations that share an `eval` may change a variable before another
//! gradient reads it.

#[path = "../../common.rs"]
mod common;

use std::time::Instant;

use autograd as ag;
use autograd::ndarray::{Array, IxDyn};
use autograd::ndarray_ext::into_shared;
use autograd::tensor::Variable;
use common::{CLASSES, Inputs, PIXELS, identity, median_after_first, report};

type Graph = ag::Graph<f32>;
type Tensor<'g> = ag::Tensor<'g, f32>;

fn array(values: Vec<f32>, shape: &[usize]) -> Array<f32, IxDyn> {
    Array::from_shape_vec(IxDyn(shape), values).expect("as many numbers as the shape has")
}

/// The cross-entropy of each row.
fn losses<'g>(
    graph: &'g Graph,
    weights: &[Tensor<'g>],
    x: Tensor<'g>,
    y: Tensor<'g>,
    inputs: &Inputs,
) -> Tensor<'g> {
    let hidden = graph.relu(graph.matmul(x, weights[0]) + weights[1]);
    let p = graph.softmax(graph.matmul(hidden, weights[2]) + weights[3], -1);
    let p = graph.clip(p, inputs.number("low") as f32, inputs.number("high") as f32);
    let terms = y * graph.ln(p) + (1.0 - y) * graph.ln(1.0 - p);
    graph.neg(graph.reduce_sum(terms, &[1], false))
}

/// Weights, the biases as rows: the crate broadcasts no other.
fn weights(inputs: &Inputs, file: &str) -> Vec<Array<f32, IxDyn>> {
    let rows = |shape: Vec<usize>| if shape.len() == 1 { vec![1, shape[0]] } else { shape };
    inputs.weights(file).into_iter().map(|(values, shape)| array(values, &rows(shape))).collect()
}

fn only(value: &Array<f32, IxDyn>) -> f64 {
    f64::from(*value.iter().next().expect("a loss is one number"))
}

fn epochs(inputs: &Inputs) -> (f64, f64) {
    let (images, labels) = inputs.training();
    let shared: Vec<_> = weights(inputs, "initial.f32").into_iter().map(into_shared).collect();
    let (batch, steps, rate) = (inputs.count("batch"), inputs.count("steps"), inputs.number("rate") as f32);
    let (mut seconds, mut last) = (Vec::new(), 0.0);
    ag::with(|graph: &mut Graph| {
        let graph: &Graph = graph;
        let variables: Vec<Tensor<'_>> = shared.iter().map(|value| graph.variable(value.clone())).collect();
        let x = graph.placeholder(&[-1, PIXELS as isize]);
        let y = graph.placeholder(&[-1, CLASSES as isize]);
        let loss = graph.reduce_mean(losses(graph, &variables, x, y, inputs), &[0], false);
        let mut fetches = vec![loss];
        fetches.extend(graph.grad(&[loss], &variables));
        for epoch in inputs.order().chunks_exact(batch * steps) {
            let start = Instant::now();
            let mut sum = 0.0;
            for rows in epoch.chunks_exact(batch) {
                let gather = |table: &[f32], width: usize| {
                    let row = |&row: &u32| &table[row as usize * width..][..width];
                    array(rows.iter().flat_map(row).copied().collect(), &[batch, width])
                };
                let (images, labels) = (gather(&images, PIXELS), gather(&labels, CLASSES));
                let found = graph.eval(&fetches, &[x.given(images.view()), y.given(labels.view())]);
                let mut found = found.into_iter().map(|value| value.expect("everything can be evaluated"));
                sum += only(&found.next().expect("the loss was fetched"));
                for (variable, gradient) in shared.iter().zip(found) {
                    variable.write().expect("nobody else has it").scaled_add(-rate, &gradient);
                }
            }
            seconds.push(start.elapsed().as_secs_f64());
            last = sum / steps as f64;
        }
    });
    (median_after_first(seconds), last)
}

/// Seconds of all steps, and the loss after them; the loss is fetched in every step.
fn adagrad(
    shape: [usize; 2],
    rate: f32,
    steps: usize,
    loss: impl for<'g> Fn(&'g Graph, Tensor<'g>) -> Tensor<'g>,
) -> (f64, f64) {
    let value = into_shared(array(vec![0.0; shape[0] * shape[1]], &shape));
    let mut sums = array(vec![0.1; shape[0] * shape[1]], &shape);
    let mut result = (0.0, 0.0);
    ag::with(|graph: &mut Graph| {
        let graph: &Graph = graph;
        let x = graph.variable(value.clone());
        let loss = loss(graph, x);
        let gradient = graph.grad(&[loss], &[x])[0];
        let start = Instant::now();
        for _ in 0..steps {
            let mut found = graph.eval(&[loss, gradient], &[]);
            let mut step = found.remove(1).expect("the loss depends on x");
            sums.zip_mut_with(&step, |sum, &g| *sum += g * g);
            step.zip_mut_with(&sums, |g, &sum| *g /= sum.sqrt());
            value.write().expect("nobody else has it").scaled_add(-rate, &step);
        }
        result.0 = start.elapsed().as_secs_f64();
        result.1 = only(graph.eval(&[loss], &[])[0].as_ref().expect("a loss"));
    });
    result
}

fn main() {
    let (job, inputs) = Inputs::from_arguments();
    let (value, check) = match job.as_str() {
        "epoch_s" => epochs(&inputs),
        "inverse_step_us" => {
            let steps = inputs.count("inverse_steps");
            let (seconds, last) =
                adagrad([10, 10], inputs.number("inverse_rate") as f32, steps, |graph, x| {
                    let a = graph.convert_to_tensor(array(inputs.floats("matrix.f32"), &[10, 10]));
                    let identity = graph.convert_to_tensor(array(identity(), &[10, 10]));
                    graph.reduce_sum_to_scalar(graph.abs(graph.matmul(x, a) - identity))
                });
            (seconds * 1e6 / steps as f64, last)
        }
        "ideal_images_s" => {
            let trained = weights(&inputs, "trained.f32");
            let l2 = inputs.number("l2") as f32;
            adagrad(
                [10, PIXELS],
                inputs.number("ideal_rate") as f32,
                inputs.count("ideal_steps"),
                |graph, x| {
                    let weights: Vec<Tensor<'_>> =
                        trained.iter().map(|value| graph.convert_to_tensor(value.clone())).collect();
                    let y = graph.convert_to_tensor(array(identity(), &[10, 10]));
                    let terms = losses(graph, &weights, x, y, &inputs);
                    graph.reduce_sum_to_scalar(terms) + l2 * graph.reduce_sum_to_scalar(graph.square(x))
                },
            )
        }
        _ => panic!("there is no job {job}"),
    };
    report("autograd", &job, value, check);
}
