//! The suite that every registered operation passes, sample by sample.

mod reference;

use super::{Sample, numbers, samples};
use crate::{DType, Device, Graph, Output, PartialShape, Session, Tensor, feeds};
use minutia_tensor::cpu;
use reference::{Array, evaluate};

/// Calls `check` with each sample, its name, a new graph, placeholders and the operation's output.
fn for_each_sample(mut check: impl FnMut(&str, &Sample, &Graph, &[Output], &Output)) {
    for (op, samples) in samples() {
        for sample in samples {
            let graph = Graph::new();
            let inputs = placeholders(&graph, &sample, |dims| PartialShape::from(dims));
            let output = sample.build(&graph, &inputs);
            output.check().unwrap();
            check(&format!("{op} {}", sample.label), &sample, &graph, &inputs, &output);
        }
    }
}

fn placeholders(graph: &Graph, sample: &Sample, shape: impl Fn(&[usize]) -> PartialShape) -> Vec<Output> {
    let placeholder =
        |(i, t): (usize, &Tensor)| graph.placeholder(&format!("x{i}"), t.dtype(), shape(t.dims()));
    sample.inputs.iter().enumerate().map(placeholder).collect()
}

fn run(device: &Device, graph: &Graph, inputs: &[Output], tensors: &[Tensor], output: &Output) -> Tensor {
    let mut session = Session::new(graph, device).unwrap();
    session.run(graph.global_variables_initializer(), feeds! {}).unwrap();
    let feeds = inputs.iter().zip(tensors).fold(feeds! {}, |feeds, (x, t)| feeds.with(x, t));
    session.run(output, feeds).unwrap()
}

#[test]
fn every_operation_has_samples_with_labels_of_their_own() {
    for (op, samples) in samples() {
        assert!(!samples.is_empty(), "{op} has no sample");
        let mut labels: Vec<&str> = samples.iter().map(|s| s.label.as_str()).collect();
        labels.sort_unstable();
        labels.dedup();
        assert_eq!(labels.len(), samples.len(), "two samples of {op} share a label");
    }
}

#[test]
fn inferred_shapes_are_the_real_ones() {
    let device = Device::cpu().unwrap();
    for_each_sample(|name, sample, graph, inputs, output| {
        let real = run(&device, graph, inputs, &sample.inputs, output);
        assert_eq!(output.shape().known().as_ref(), Some(real.shape()), "{name}");
        assert_eq!(output.dtype(), real.dtype(), "{name}");
        // The same with no extent known beforehand, where the operation can be built so.
        let graph = Graph::new();
        let inputs = placeholders(&graph, sample, |dims| vec![None; dims.len()].into());
        let open = sample.build(&graph, &inputs);
        if open.check().is_ok() {
            let again = run(&device, &graph, &inputs, &sample.inputs, &open);
            assert!(open.shape().admits(again.dims()), "{name}: {} does not admit {again:?}", open.shape());
            assert_eq!(again.canonical_bytes(), real.canonical_bytes(), "{name} with open extents");
        }
    });
}

#[test]
fn bits_are_the_same_for_every_simd_width_and_number_of_threads() {
    let levels = ["scalar", "avx2", "avx512", "neon"].map(|l| l.parse::<cpu::Level>().unwrap());
    let option = |level, threads| cpu::Options { simd: Some(level), threads: Some(threads) };
    let devices: Vec<Device> = levels
        .iter()
        .flat_map(|&level| [1, 3].map(|threads| Device::cpu_with(option(level, threads))))
        .filter_map(Result::ok)
        .collect();
    assert!(devices.len() >= 2, "the scalar level is always there");
    for_each_sample(|name, sample, graph, inputs, output| {
        let first = run(&devices[0], graph, inputs, &sample.inputs, output).canonical_bytes();
        for device in &devices[1..] {
            let bytes = run(device, graph, inputs, &sample.inputs, output).canonical_bytes();
            assert_eq!(bytes, first, "{name} on {device} and on {}", devices[0]);
        }
    });
}

#[test]
fn row_i_of_a_batch_is_that_row_alone() {
    let device = Device::cpu().unwrap();
    for_each_sample(|name, sample, graph, inputs, output| {
        if !sample.row_wise {
            return;
        }
        let batch = run(&device, graph, inputs, &sample.inputs, output);
        let rows = sample.inputs[0].dims()[0];
        let (graph, row_bytes) = (Graph::new(), batch.canonical_bytes().len() / rows);
        let single = |t: &Tensor| {
            let dims = [&[1], &t.dims()[1..]].concat();
            let bytes = t.as_bytes().len() / rows;
            (0..rows)
                .map(|r| {
                    Tensor::from_bytes(t.dtype(), &dims[..], &t.as_bytes()[r * bytes..][..bytes]).unwrap()
                })
                .collect::<Vec<_>>()
        };
        let singles: Vec<Vec<Tensor>> = sample.inputs.iter().map(single).collect();
        let alone = placeholders(&graph, sample, |dims| {
            let mut shape: Vec<Option<usize>> = dims.iter().map(|&d| Some(d)).collect();
            shape[0] = None;
            shape.into()
        });
        let Some(output) = Some(sample.build(&graph, &alone)).filter(|o| o.check().is_ok()) else { return };
        for row in 0..rows {
            let tensors: Vec<Tensor> = singles.iter().map(|s| s[row].clone()).collect();
            let result = run(&device, &graph, &alone, &tensors, &output).canonical_bytes();
            if result.len() == row_bytes {
                assert_eq!(
                    result,
                    batch.canonical_bytes()[row * row_bytes..][..row_bytes],
                    "{name}, row {row}"
                );
            }
        }
    });
}

#[test]
fn serialised_graphs_give_the_same_bits() {
    let device = Device::cpu().unwrap();
    for_each_sample(|name, sample, graph, inputs, output| {
        let config = bincode::config::standard();
        let bytes = bincode::serde::encode_to_vec(graph, config).unwrap();
        let (copy, _): (Graph, _) = bincode::serde::decode_from_slice(&bytes, config).unwrap();
        assert_eq!(copy.nodes(), graph.nodes(), "{name}");
        let again: Vec<Output> = inputs.iter().map(|x| copy.get(&x.name()).unwrap()).collect();
        let target = copy.get(&output.name()).unwrap();
        let bits =
            |g: &Graph, x: &[Output], y: &Output| run(&device, g, x, &sample.inputs, y).canonical_bytes();
        assert_eq!(bits(&copy, &again, &target), bits(graph, inputs, output), "{name}");
    });
}

/// The sum of an output's elements, each times a number of its own.
fn weighed(output: &Output) -> Output {
    let dims = output.shape().known().unwrap();
    (output * output.graph().constant(numbers(dims, 0.5, 1.5))).reduce_sum(..)
}

#[test]
fn gradients_agree_with_central_differences_in_f64_to_second_order() {
    let device = Device::cpu().unwrap();
    for_each_sample(|name, sample, graph, inputs, output| {
        if output.dtype() != DType::F32 {
            return;
        }
        let mut scalar = weighed(output);
        for order in 1..=sample.differentiable {
            let handles: Vec<&Output> = inputs.iter().collect();
            let gradients = graph.gradients(&scalar, &handles).unwrap();
            check_gradients(&format!("{name}, order {order}"), &device, sample, inputs, &scalar, &gradients);
            let sums = gradients.iter().flatten().map(weighed);
            match sums.reduce(|a, b| a + b) {
                Some(sum) => scalar = sum,
                None => return,
            }
        }
    });
}

fn check_gradients(
    name: &str,
    device: &Device,
    sample: &Sample,
    inputs: &[Output],
    scalar: &Output,
    gradients: &[Option<Output>],
) {
    const H: f64 = 1e-5;
    let graph = scalar.graph();
    let arrays: Vec<(Output, Array)> =
        inputs.iter().cloned().zip(sample.inputs.iter().map(Array::from)).collect();
    for (i, gradient) in gradients.iter().enumerate() {
        let symbolic = gradient.as_ref().map(|g| run(device, graph, inputs, &sample.inputs, g));
        for element in 0..arrays[i].1.values.len() {
            let moved = |by: f64| {
                let mut arrays = arrays.clone();
                arrays[i].1.values[element] += by;
                evaluate(graph, scalar, &arrays).values[0]
            };
            let numeric = (moved(H) - moved(-H)) / (2.0 * H);
            let found = symbolic.as_ref().map_or(0.0, |t| f64::from(t.as_slice::<f32>().unwrap()[element]));
            let close = (found - numeric).abs() <= 2e-4 * (1.0 + numeric.abs());
            assert!(close, "{name}: input {i}, element {element}: gradient {found}, difference {numeric}");
        }
    }
}
