//! Graphs that TensorFlow wrote give TensorFlow's numbers, also while they are trained, and the same bits for
//! every number of threads. `tensorflow/make_graphs.py` made the fixtures.

mod common;

use minutia_graph::{Device, Session, Tensor};
use minutia_interchange::{
    npz,
    tensorflow::{self, ImportedGraph, checkpoint},
};
use minutia_tensor::cpu::{Level, Options};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, path::PathBuf};

fn fixture(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/tensorflow/fixtures", name].iter().collect()
}

/// What was fed and fetched at each step.
struct Steps {
    feeds: BTreeMap<String, Vec<Tensor>>,
    fetches: BTreeMap<String, Vec<Tensor>>,
}

impl Steps {
    fn read(name: &str) -> Steps {
        let (mut feeds, mut fetches) = (BTreeMap::new(), BTreeMap::new());
        for (key, tensor) in npz::read(fixture(name).join("expected.npz")).unwrap() {
            if let Some(name) = key.strip_prefix("feed ") {
                feeds.insert(name.to_string(), rows(&tensor));
            } else if let Some(name) = key.strip_prefix("fetch ") {
                fetches.insert(name.to_string(), rows(&tensor));
            }
        }
        Steps { feeds, fetches }
    }

    fn count(&self) -> usize {
        self.fetches.values().map(Vec::len).min().unwrap()
    }
}

/// The parts of a tensor along its first axis.
fn rows(tensor: &Tensor) -> Vec<Tensor> {
    let dims = &tensor.dims()[1..];
    let bytes = dims.iter().product::<usize>() * tensor.dtype().size();
    let row = |row: usize| {
        let bytes = &tensor.as_bytes()[row * bytes..(row + 1) * bytes];
        Tensor::from_bytes(tensor.dtype(), dims, bytes).unwrap()
    };
    (0..tensor.dims()[0]).map(row).collect()
}

/// Runs all steps; hands over each fetch with what TensorFlow found.
fn run(
    imported: &ImportedGraph,
    session: &mut Session,
    steps: &Steps,
    mut compare: impl FnMut(usize, &str, &Tensor, &Tensor),
) {
    let names: Vec<&String> = steps.fetches.keys().filter(|name| imported.tensor(name).is_ok()).collect();
    let fetches: Vec<_> = names.iter().map(|name| imported.tensor(name).unwrap()).collect();
    let train = imported.operation("train").ok();
    for step in 0..steps.count() {
        let mut feeds = minutia_graph::Feeds::new();
        for (name, values) in &steps.feeds {
            feeds = feeds.with(imported.tensor(name).unwrap(), &values[step]);
        }
        let (found, _) = session.run((&fetches, &train), feeds).unwrap();
        for (name, found) in names.iter().zip(&found) {
            compare(step, name, found, &steps.fetches[*name][step]);
        }
    }
}

/// How far numbers are from TensorFlow's, beside the largest of them or 1.
fn distance(found: &Tensor, expected: &Tensor) -> f32 {
    if found.dtype() != minutia_graph::DType::F32 {
        return if found == expected { 0.0 } else { f32::INFINITY };
    }
    let (found, expected) = (found.as_slice::<f32>().unwrap(), expected.as_slice::<f32>().unwrap());
    let largest = expected.iter().fold(1.0_f32, |largest, x| largest.max(x.abs()));
    found.iter().zip(expected).fold(0.0, |far: f32, (a, b)| far.max((a - b).abs() / largest))
}

/// A graph, as TensorFlow keeps it: by itself, as a SavedModel, or beside a checkpoint.
fn graph(name: &str) -> Result<ImportedGraph, minutia_interchange::Error> {
    let places = ["graph.pb", "model", "weights.meta"].map(|file| fixture(name).join(file));
    tensorflow::read(places.iter().find(|place| place.exists()).expect("a graph"))
}

fn session(name: &str, imported: &ImportedGraph, device: &Device) -> Session {
    let mut session = Session::new(imported.graph(), device).unwrap();
    for prefix in ["weights", "model/variables/variables"] {
        if fixture(name).join(format!("{prefix}.index")).exists() {
            checkpoint::load(&mut session, fixture(name).join(prefix)).unwrap();
        }
    }
    session
}

const TRAINED: [&str; 20] = [
    "classifier",
    "inverse",
    "convolutional",
    "normalized",
    "momentum",
    "momentum_resource",
    "nesterov",
    "nesterov_resource",
    "adagrad",
    "adagrad_resource",
    "rms_prop",
    "rms_prop_resource",
    "centered_rms_prop",
    "centered_rms_prop_resource",
    "adadelta",
    "adadelta_resource",
    "adam",
    "adam_resource",
    "saved_model",
    "sharded",
];

#[test]
fn programs_train_as_in_tensorflow() {
    let mut failures = Vec::new();
    for name in TRAINED {
        let imported = match graph(name) {
            Ok(imported) => imported,
            Err(error) => {
                failures.push(format!("{name}: {error}"));
                continue;
            }
        };
        let steps = Steps::read(name);
        failures.extend(
            steps.fetches.keys().filter_map(|fetch| imported.tensor(fetch).err()).map(|e| e.to_string()),
        );
        let mut session = session(name, &imported, &Device::cpu().unwrap());
        run(&imported, &mut session, &steps, |step, fetch, found, expected| {
            let far = distance(found, expected);
            if found.dims() != expected.dims() || far.is_nan() || far > 2e-5 {
                failures
                    .push(format!("{name}: {fetch} at step {step} is {far} away: {found:?}, {expected:?}"));
            }
        });
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Gradients that take parts of an axis whose extent the feeds decide.
const REFUSED: [&str; 2] = ["pad/gradient_0:0", "tile/gradient_0:0"];

#[test]
fn operations_and_their_gradients_are_those_of_tensorflow() {
    let imported = tensorflow::read(fixture("operations").join("graph.pb")).unwrap();
    let mut session = session("operations", &imported, &Device::cpu().unwrap());
    let mut failures = Vec::new();
    let mut compared = 0;
    let steps = Steps::read("operations");
    let refused: Vec<&String> = steps.fetches.keys().filter(|name| imported.tensor(name).is_err()).collect();
    assert_eq!(refused, REFUSED, "{:?}", imported.left_out());
    run(&imported, &mut session, &steps, |_, fetch, found, expected| {
        let far = distance(found, expected);
        if found.dims() != expected.dims() || far.is_nan() || far > 4e-6 {
            failures.push(format!("{fetch} is {far} away: {found:?}, {expected:?}"));
        }
        compared += 1;
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(compared > 150, "{compared}");
}

/// The digest of what the classifier has learned in 20 steps, the same on every machine.
const LEARNED: &str = "e0dd2edf851bdcc656d25fd4b0eb47b13fecee085b2711ca1f2a402726491357";

#[test]
fn a_program_learns_the_same_bits_on_every_width_and_number_of_threads() {
    let imported = tensorflow::read(fixture("classifier").join("graph.pb")).unwrap();
    let steps = Steps::read("classifier");
    let mut devices = 0;
    for (simd, threads) in
        [("scalar", 1), ("scalar", 2), ("avx2", 1), ("avx2", 2), ("avx512", 2), ("neon", 2)]
    {
        let simd: Level = simd.parse().unwrap();
        let Ok(device) = Device::cpu_with(Options { simd: Some(simd), threads: Some(threads) }) else {
            continue;
        };
        devices += 1;
        let mut session = session("classifier", &imported, &device);
        run(&imported, &mut session, &steps, |_, _, _, _| {});
        let mut digest = Sha256::new();
        for variable in imported.graph().global_variables() {
            digest.update(session.variable(&variable).unwrap().unwrap().canonical_bytes());
        }
        let learned: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(learned, LEARNED, "on {device}");
    }
    assert!(devices >= 2, "the scalar level is always there");
}

#[test]
fn a_graph_as_text_is_the_graph_as_bytes() {
    let read = |file: &str| tensorflow::read(fixture("classifier").join(file)).unwrap().graph().nodes();
    assert_eq!(read("graph.pbtxt"), read("graph.pb"));
}

#[test]
fn nodes_have_the_names_that_tensorflow_gave_them() {
    let imported = tensorflow::read(fixture("classifier").join("graph.pb")).unwrap();
    for name in ["x:0", "W1:0", "W1/read:0", "y_:0", "loss:0", "gradients/Mean_grad/truediv:0"] {
        let tensor = imported.tensor(name).unwrap();
        assert_eq!(tensor.name(), name.trim_end_matches(":0"));
        assert_eq!(imported.graph().get(&tensor.name()).unwrap(), tensor);
    }
    for name in ["init", "train", "W1/Assign"] {
        assert_eq!(imported.operation(name).unwrap().name(), name);
    }
    assert!(imported.tensor("los:0").unwrap_err().to_string().contains("did you mean 'loss'?"));
}

#[test]
fn the_first_values_are_drawn_where_there_is_no_checkpoint() {
    let imported =
        tensorflow::read_fetches(fixture("classifier").join("graph.pb"), ["init", "loss:0"]).unwrap();
    let mut session = Session::new(imported.graph(), &Device::cpu().unwrap()).unwrap();
    session.run(imported.operation("init").unwrap(), ()).unwrap();
    let w = session.run(imported.tensor("W1:0").unwrap(), ()).unwrap();
    let deviation = (w.as_slice::<f32>().unwrap().iter().map(|x| x * x).sum::<f32>() / 60.0).sqrt();
    assert!((0.02..0.04).contains(&deviation), "{deviation}");
    assert!(imported.operation("train").is_err(), "it was not asked for");
}
