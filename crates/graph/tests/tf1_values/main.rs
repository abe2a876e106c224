//! TensorFlow's own results and gradients of many operations, beside ours.
//!
//! `values.json` was made by TensorFlow 2.21 in graph mode: for each case the arguments, the inputs, the
//! outputs, and the gradients of the sum of each output times its weights. `MINUTIA_TF1_VALUES` names another
//! file of the same form, which is compared instead.

mod build;
mod case;

use case::{Case, Cases};
use minutia_graph::{Device, Graph, Output, Session};
use minutia_tensor::{DType, Tensor};
use std::{env, fs};

/// How far a number may be from TensorFlow's, in units in the last place of the largest number of its tensor.
fn tolerance(op: &str) -> f32 {
    match op {
        // What only moves numbers, or takes one of them.
        "stack"
        | "unstack"
        | "split"
        | "reverse"
        | "strided_slice"
        | "gather"
        | "gather_nd"
        | "top_k"
        | "argsort"
        | "space_to_depth"
        | "extract_image_patches"
        | "floor"
        | "ceil"
        | "round" => 0.0,
        // Gradients are sums over what is shown several times, in an order of each library's own.
        "tile" | "pad" => 2.0,
        // Elementary functions of either library are off by one or two.
        "sin" | "cos" | "erf" | "expm1" | "log1p" | "atan2" | "softsign" | "reciprocal" => 2.0,
        _ => 8.0,
    }
}

/// Operations of `values.json` that do not exist here, or not in this crate.
const MISSING: [(&str, &str); 1] = [("clip_by_norm", "a function of minutia-optim")];

/// The file to compare with.
fn cases() -> Cases {
    let text = match env::var_os("MINUTIA_TF1_VALUES") {
        Some(path) => fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        None => include_str!("values.json").to_string(),
    };
    serde_json::from_str(&text).unwrap()
}

#[test]
fn results_and_gradients_are_tensorflow_s() {
    let mut failures = Vec::new();
    for (i, case) in cases().cases.iter().enumerate() {
        let missing = MISSING.iter().any(|(op, _)| *op == case.op);
        let graph = Graph::new();
        let inputs: Vec<Output> = case.inputs.iter().map(|input| graph.constant(input)).collect();
        if missing {
            assert!(build::build(&graph, case, &inputs).is_none(), "{} is no longer missing", case.op);
        } else if let Err(error) = compare(case) {
            failures.push(format!("case {i}, {} {}: {error}", case.op, case.args));
        }
    }
    assert!(failures.is_empty(), "{} cases differ:\n{}", failures.len(), failures.join("\n"));
}

fn compare(case: &Case) -> Result<(), Box<dyn std::error::Error>> {
    let graph = Graph::new();
    let inputs: Vec<Output> = case.inputs.iter().map(|input| graph.constant(input)).collect();
    let outputs = build::build(&graph, case, &inputs).ok_or("there is no such operation here")?;
    if outputs.len() != case.outputs.len() {
        return Err(format!("{} outputs, not {}", outputs.len(), case.outputs.len()).into());
    }
    let mut session = Session::new(&graph, &Device::cpu()?)?;
    for (i, (output, expected)) in outputs.iter().zip(&case.outputs).enumerate() {
        near(&session.run(output, ())?, expected, tolerance(&case.op))
            .map_err(|e| format!("output {i}: {e}"))?;
    }
    if case.gradients.is_empty() {
        return Ok(());
    }
    let floats = outputs.iter().filter(|output| output.dtype() == DType::F32);
    let weighted = floats.zip(&case.output_weights).map(|(y, w)| (y * graph.constant(w)).reduce_sum(..));
    let loss = weighted.reduce(|a, b| a + b).ok_or("there is nothing to differentiate")?;
    let gradients = graph.gradients(&loss, &inputs)?;
    let mut session = Session::new(&graph, &Device::cpu()?)?;
    for (i, (gradient, expected)) in gradients.iter().zip(&case.gradients).enumerate() {
        // No gradient is zero everywhere.
        let gradient = gradient.clone().unwrap_or_else(|| inputs[i].zeros_like());
        let found = session.run(&gradient, ())?;
        let zeros = || Tensor::zeros(found.dtype(), found.shape().clone());
        let expected = expected.clone().map_or_else(zeros, Ok)?;
        near(&found, &expected, tolerance(&case.op)).map_err(|e| format!("gradient {i}: {e}"))?;
    }
    Ok(())
}

/// Whether shapes and types agree, and numbers nearly.
fn near(found: &Tensor, expected: &Tensor, tolerance: f32) -> Result<(), String> {
    if (found.dtype(), found.shape()) != (expected.dtype(), expected.shape()) {
        let [found, expected] = [found, expected].map(|t| format!("{} {}", t.dtype(), t.shape()));
        return Err(format!("{found}, not {expected}"));
    }
    let (Ok(numbers), Ok(wanted)) = (found.as_slice::<f32>(), expected.as_slice::<f32>()) else {
        return if found == expected { Ok(()) } else { Err(format!("{found:?}, not {expected:?}")) };
    };
    let finite = wanted.iter().filter(|x| x.is_finite());
    let largest = finite.fold(f32::MIN_POSITIVE, |largest, x| largest.max(x.abs()));
    let unit = f32::from_bits(largest.to_bits() + 1) - largest;
    for (i, (&x, &y)) in numbers.iter().zip(wanted).enumerate() {
        let off = (x - y).abs() / unit;
        if !(off <= tolerance || x == y || x.is_nan() && y.is_nan()) {
            return Err(format!("number {i} is {x}, not {y}: {off} units off, {tolerance} allowed"));
        }
    }
    Ok(())
}
