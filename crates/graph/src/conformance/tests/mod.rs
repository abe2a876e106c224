//! The suite that every registered operation passes, sample by sample.

mod random;
mod reference;

use super::{Sample, numbers, samples};
use crate::{DType, Device, Error, Graph, Output, PartialShape, Session, Tensor, feeds};
use minutia_tensor::cpu;
use reference::{Array, evaluate};

/// The GPU that the tests of programs use, too, in a build with GPUs.
fn gpu() -> Option<Device> {
    cfg!(feature = "cuda").then(minutia_test_support::gpu::device)
}

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
fn the_table_of_operations_is_complete() {
    let mut built = std::collections::BTreeSet::new();
    for_each_sample(|_, _, graph, _, _| built.extend(graph.nodes().iter().map(|node| node.op)));
    let listed = crate::ops::builders().iter().map(|row| row.0).collect();
    assert_eq!(built, listed, "left: operations that samples build; right: those that `builders` list");
}

#[test]
fn inferred_shapes_are_the_real_ones() {
    let device = Device::cpu().unwrap();
    for_each_sample(|name, sample, graph, inputs, output| {
        let real = run(&device, graph, inputs, &sample.inputs, output);
        assert_eq!(output.shape().known().as_ref(), Some(real.shape()), "{name}");
        assert_eq!(output.dtype(), real.dtype(), "{name}");
        // The same with no extent known beforehand.
        let graph = Graph::new();
        let inputs = placeholders(&graph, sample, |dims| vec![None; dims.len()].into());
        let open = sample.build(&graph, &inputs);
        open.check().unwrap();
        let again = run(&device, &graph, &inputs, &sample.inputs, &open);
        assert!(open.shape().admits(again.dims()), "{name}: {} does not admit {again:?}", open.shape());
        assert_eq!(again.canonical_bytes(), real.canonical_bytes(), "{name} with open extents");
    });
}

/// Every level of instructions that there is, on one thread and on several, and the GPU.
fn devices() -> Vec<Device> {
    let levels = ["scalar", "avx2", "avx512", "neon"].map(|l| l.parse::<cpu::Level>().unwrap());
    let option = |level, threads| cpu::Options { simd: Some(level), threads: Some(threads) };
    let devices: Vec<Device> = levels
        .iter()
        .flat_map(|&level| [1, 3].map(|threads| Device::cpu_with(option(level, threads))))
        .filter_map(Result::ok)
        .chain(gpu())
        .collect();
    assert!(devices.len() >= 2, "the scalar level is always there");
    devices
}

#[test]
fn bits_are_the_same_for_every_simd_width_and_number_of_threads_and_on_a_gpu() {
    let devices = devices();
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
        assert!(rows > 1, "{name}: a batch has rows");
        let bytes = batch.canonical_bytes();
        let expected: Vec<&[u8]> = bytes.chunks_exact(bytes.len() / rows).collect();
        let single = |t: &Tensor| {
            assert_eq!(t.dims()[0], rows, "{name}: every input has as many rows");
            let dims = [&[1], &t.dims()[1..]].concat();
            let row = |bytes: &[u8]| Tensor::from_bytes(t.dtype(), &dims[..], bytes).unwrap();
            t.as_bytes().chunks_exact(t.as_bytes().len() / rows).map(row).collect::<Vec<_>>()
        };
        let singles: Vec<Vec<Tensor>> = sample.inputs.iter().map(single).collect();
        let graph = Graph::new();
        let alone = placeholders(&graph, sample, |dims| {
            let mut shape: Vec<Option<usize>> = dims.iter().map(|&d| Some(d)).collect();
            shape[0] = None;
            shape.into()
        });
        let output = sample.build(&graph, &alone);
        output.check().unwrap();
        for row in 0..rows {
            let tensors: Vec<Tensor> = singles.iter().map(|s| s[row].clone()).collect();
            let result = run(&device, &graph, &alone, &tensors, &output).canonical_bytes();
            assert_eq!(result, expected[row], "{name}, row {row}");
        }
    });
}

/// What checking for NaNs and infinities plans without fusion, and nothing else, gives the same bits with it.
#[test]
fn fusion_changes_no_bit_of_results_and_gradients() {
    let device = Device::cpu().unwrap();
    let fusing: Vec<Device> = [device.clone()].into_iter().chain(gpu()).collect();
    let finite = |t: &Tensor| t.as_slice::<f32>().is_ok_and(|x| x.iter().all(|x| x.is_finite()));
    for_each_sample(|name, sample, graph, inputs, output| {
        let mut fetches = vec![output.clone()];
        if sample.differentiable > 0 && output.dtype() == DType::F32 {
            let handles: Vec<&Output> = inputs.iter().collect();
            let scalar = weighed(output);
            fetches.extend(graph.gradients(&scalar, &handles).unwrap().into_iter().flatten());
        }
        let bits = |device: &Device, fused: bool| {
            let mut session = Session::new(graph, device).unwrap();
            session.run(graph.global_variables_initializer(), feeds! {})?;
            session.set_check_numerics(!fused);
            let feeds = inputs.iter().zip(&sample.inputs).fold(feeds! {}, |feeds, (x, t)| feeds.with(x, t));
            let values = session.run(&fetches, feeds)?;
            Ok(values.iter().map(Tensor::canonical_bytes).collect::<Vec<_>>())
        };
        match bits(&device, false) {
            Err(Error::NotFinite { .. }) => {
                let result = run(&device, graph, inputs, &sample.inputs, output);
                let all = sample.inputs.iter().chain([&result]).all(|t| t.dtype() != DType::F32 || finite(t));
                assert!(
                    !all,
                    "{name} has a NaN or an infinity on the way from finite inputs to a finite result"
                );
            }
            unfused => {
                let unfused = unfused.unwrap();
                fusing.iter().for_each(|d| assert_eq!(unfused, bits(d, true).unwrap(), "{name} on {d}"));
            }
        }
    });
}

#[test]
fn elementwise_samples_have_both_signs_where_the_operation_takes_both() {
    let one_sign = ["Sqrt", "Rsqrt", "Log", "RealDiv", "Xdivy", "Pow", "Exp without"];
    for (op, samples) in samples().into_iter().filter(|(op, _)| ["Unary", "Binary"].contains(op)) {
        for sample in samples.iter().filter(|s| s.differentiable > 0 && !s.label.contains("[]")) {
            let x = sample.inputs[0].as_slice::<f32>().unwrap();
            let both = x.iter().any(|x| *x > 0.0) && x.iter().any(|x| *x < 0.0);
            let taken = !one_sign.iter().any(|op| sample.label.starts_with(op));
            assert!(both || !taken, "{op} {}: {x:?}", sample.label);
        }
    }
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
        if inputs[i].dtype() != DType::F32 {
            assert!(gradient.is_none(), "{name}: input {i} is a {}", inputs[i].dtype());
            continue;
        }
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
