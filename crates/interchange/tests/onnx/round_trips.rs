//! What is written is read again as what gives the same numbers: every sample of every operation that ONNX
//! has. `tests/onnx/check.py` does the same with ONNX's checker and onnxruntime.

use minutia_graph::{DType, Device, Feeds, Graph, Output, Session, Tensor, conformance};
use minutia_interchange::{
    Error, Problem,
    onnx::{self, OnnxProblem},
};
use std::{collections::BTreeSet, path::Path};

/// The operations that ONNX has no equivalent of, which other nodes have to be made of; a line here that goes
/// is progress.
const UNWRITTEN: &str = include_str!("unwritten.txt");

/// Writes a sample with its placeholders, and what it gives.
fn written(path: &Path, sample: &conformance::Sample) -> Result<Tensor, Error> {
    let graph = Graph::new();
    let named = |(index, x): (usize, &Tensor)| graph.placeholder(&format!("x{index}"), x.dtype(), x.dims());
    let inputs: Vec<Output> = sample.inputs.iter().enumerate().map(named).collect();
    let y = sample.build(&graph, &inputs).with_name("y");
    let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    session.run(graph.global_variables_initializer(), ()).unwrap();
    onnx::write(path, &session, &inputs.iter().collect::<Vec<_>>(), &[&y])?;
    let feed = |feeds: Feeds, (x, value): (&Output, &Tensor)| feeds.with(x, value.clone());
    Ok(session.run(&y, inputs.iter().zip(&sample.inputs).fold(Feeds::new(), feed)).unwrap())
}

/// What a model gives for the inputs of a sample.
fn read(path: &Path, sample: &conformance::Sample) -> Result<Tensor, Error> {
    let model = onnx::read(path)?;
    let mut session = Session::new(&model.graph, &Device::cpu().unwrap()).unwrap();
    // By place: a sample that gives what it is given calls that `y`.
    let feed = |feeds: Feeds, (value, (_, x)): (&Tensor, &(String, Output))| feeds.with(x, value.clone());
    let feeds = sample.inputs.iter().zip(&model.inputs).fold(Feeds::new(), feed);
    Ok(session.run(model.output("y").unwrap(), feeds).unwrap())
}

fn close(x: &Tensor, y: &Tensor) -> bool {
    let (Ok(a), Ok(b)) = (x.as_slice::<f32>(), y.as_slice::<f32>()) else { return x == y };
    let close =
        |(a, b): (&f32, &f32)| a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-6 + 1e-5 * b.abs();
    x.dims() == y.dims() && a.iter().zip(b).all(|(a, b)| close((a, b)))
}

#[test]
fn what_is_written_is_read_as_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sample.onnx");
    let (mut missing, mut wrong, mut count) = (BTreeSet::new(), Vec::new(), 0);
    for (_, samples) in conformance::samples() {
        for sample in samples {
            let expected = match written(&path, &sample) {
                Ok(expected) => expected,
                Err(Error { problem: Problem::Onnx(OnnxProblem::Unsupported(nodes)), .. }) => {
                    missing
                        .extend(nodes.into_iter().map(|node| format!("{}: {}", node.operation, node.reason)));
                    continue;
                }
                Err(error) => panic!("{}: {error}", sample.label),
            };
            count += 1;
            match read(&path, &sample) {
                Ok(found) if close(&found, &expected) => {}
                Ok(found) => wrong.push(format!("{}: {found:?}, expected {expected:?}", sample.label)),
                Err(error) => wrong.push(format!("{}: {}", sample.label, error.problem)),
            }
        }
    }
    assert!(wrong.is_empty(), "{count} samples; {wrong:#?}");
    let missing: Vec<String> = missing.into_iter().collect();
    assert_eq!(missing.join("\n"), UNWRITTEN.trim_end());
}

#[test]
fn open_extents_variables_and_names_go_out() {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, (None, 3));
    let w = graph.variable("dense/kernel", [[1.0_f32, 0.0], [2.0, 1.0], [0.0, -1.0]]);
    let y = x.matmul(&w).log_softmax().with_name("y");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    let early = onnx::write(&path, &session, &[&x], &[&y]).unwrap_err().to_string();
    assert!(early.contains("'dense/kernel'") && !path.exists(), "{early}");
    session.run(graph.global_variables_initializer(), ()).unwrap();
    onnx::write(&path, &session, &[&x], &[&y]).unwrap();
    let model = onnx::read(&path).unwrap();
    assert_eq!(model.input("x").unwrap().shape().to_string(), "[?, 3]");
    assert_eq!(model.output("y").unwrap().shape().to_string(), "[?, 2]");
    let rows = Tensor::from([[1.0_f32, 2.0, 3.0], [0.5, -1.0, 0.0]]);
    let mut other = Session::new(&model.graph, &Device::cpu().unwrap()).unwrap();
    let found =
        other.run(model.output("y").unwrap(), Feeds::new().with(model.input("x").unwrap(), rows.clone()));
    assert_eq!(found.unwrap(), session.run(&y, Feeds::new().with(&x, rows)).unwrap());
}

#[test]
fn what_cannot_be_written_is_listed_at_once_and_leaves_the_file() {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [2]);
    let stranger = graph.placeholder("stranger", DType::F32, [2]);
    let y = (x.atan2(1.0) + graph.random_normal([2], 0.0, 1.0) + &stranger).with_name("y");
    let session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    std::fs::write(&path, "before").unwrap();
    let message = onnx::write(&path, &session, &[&x], &[&y]).unwrap_err().to_string();
    for part in ["Atan2 'Atan2': ", "RandomNormal 'RandomNormal': ", "Placeholder 'stranger': it is no input"]
    {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
}
