//! Writes every sample of every operation that ONNX has as a model, `NUMBER.onnx`, with its inputs and what
//! it gives here, `NUMBER.npz`, for `tests/onnx/check.py` to compare with onnxruntime. Prints the number, the
//! operations and the label of each.
//!
//! `cargo run -p minutia-interchange --example onnx_cases -- FOLDER`

use minutia_graph::{Device, Feeds, Graph, Output, Session, Tensor, conformance};
use minutia_interchange::{Error, Problem, npz, onnx};
use std::{collections::BTreeMap, path::Path};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("name the folder to write to")?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    let mut number = 0;
    for (operation, samples) in conformance::samples() {
        for sample in samples {
            if write(folder, number, &sample)? {
                println!("{number} {operation} {}", sample.label.replace('\n', " "));
                number += 1;
            }
        }
    }
    Ok(())
}

/// Writes a sample; nothing where ONNX has no equivalent.
fn write(
    folder: &Path,
    number: usize,
    sample: &conformance::Sample,
) -> Result<bool, Box<dyn std::error::Error>> {
    let graph = Graph::new();
    let named = |(index, x): (usize, &Tensor)| graph.placeholder(&format!("x{index}"), x.dtype(), x.dims());
    let inputs: Vec<Output> = sample.inputs.iter().enumerate().map(named).collect();
    let y = sample.build(&graph, &inputs).with_name("y");
    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), ())?;
    let path = folder.join(format!("{number}.onnx"));
    match onnx::write(path, &session, &inputs.iter().collect::<Vec<_>>(), &[&y]) {
        Err(Error { problem: Problem::Onnx(onnx::OnnxProblem::Unsupported(_)), .. }) => return Ok(false),
        result => result?,
    }
    let feed = |feeds: Feeds, (x, value): (&Output, &Tensor)| feeds.with(x, value.clone());
    let result = session.run(&y, inputs.iter().zip(&sample.inputs).fold(Feeds::new(), feed))?;
    let mut arrays: BTreeMap<String, Tensor> = BTreeMap::from([("y".into(), result)]);
    arrays.extend(sample.inputs.iter().enumerate().map(|(index, x)| (format!("x{index}"), x.clone())));
    npz::write(folder.join(format!("{number}.npz")), &arrays)?;
    Ok(true)
}
