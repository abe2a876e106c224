//! ONNX's own tests of backends, which PyPI's `onnx` 1.19.1 ships as files: those of single nodes, those that
//! were exported from PyTorch, and public networks with weights that are all alike (`light`).
//! `MINUTIA_ONNX_TESTS` names the folder `onnx/backend/test/data` of it; without it nothing is run.
//!
//! `passes.txt` lists the tests that pass, and may only grow; `reasons.txt` says of each other one why it
//! does not. `MINUTIA_ONNX_BLESS=1` writes both again, where none was lost.
//!
//! Tolerances are those of ONNX's runner: `|x - y| <= 1e-7 + 1e-3 |y|` for `f32`; other types are equal.
//! What must be known before a run, such as a shape, is given to the reader where it is an input: such
//! tests are marked `known`.

use minutia_graph::{DType, Device, Feeds, Session, Tensor};
use minutia_interchange::onnx::{self, Model, Reader};
use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

/// How a test went: how it was read where it passes, or why it does not.
type Outcome = Result<&'static str, String>;

/// The folders of tests that hold a model and its data.
const KINDS: [&str; 4] = ["node", "pytorch-converted", "pytorch-operator", "simple"];

#[test]
fn the_tests_of_backends_that_passed_pass() {
    let Some(folder) = env::var_os("MINUTIA_ONNX_TESTS").map(PathBuf::from) else {
        println!("skipped: MINUTIA_ONNX_TESTS names no folder of ONNX's tests of backends");
        return;
    };
    let mut outcomes = BTreeMap::new();
    for kind in KINDS {
        for path in entries(&folder.join(kind)) {
            outcomes.insert(format!("{kind}/{}", name_in(&path)), outcome(&path));
        }
    }
    for path in
        entries(&folder.join("light")).into_iter().filter(|path| path.extension() == Some("onnx".as_ref()))
    {
        outcomes.insert(format!("light/{}", name_in(&path)), light(&path));
    }
    let (mut passes, mut reasons) = (String::new(), String::new());
    for (name, outcome) in &outcomes {
        match outcome {
            Ok("") => passes += &format!("{name}\n"),
            Ok(how) => passes += &format!("{name} {how}\n"),
            Err(reason) => reasons += &format!("{name}: {reason}\n"),
        }
    }
    for kind in KINDS.iter().chain(&["light"]) {
        let of_kind = |name: &&String| name.split('/').next() == Some(kind);
        let all = outcomes.keys().filter(of_kind).count();
        let passed = outcomes.iter().filter(|(name, outcome)| of_kind(name) && outcome.is_ok()).count();
        println!("{kind}: {passed} of {all} tests pass");
    }
    compare(&passes, &reasons);
}

/// What is in a folder, sorted.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.join("model.onnx").exists() || path.is_file());
    paths.sort();
    paths
}

fn name_in(path: &Path) -> String {
    path.file_stem().expect("a name").to_string_lossy().into_owned()
}

/// A public network over the image that its expected output is of: numbers from 0 to 1 in order.
fn light(path: &Path) -> Outcome {
    let model = onnx::read(path).map_err(|error| shortened(&error.problem.to_string()))?;
    let inputs = model.inputs.iter().map(|(name, input)| {
        let dims = input.shape().known().ok_or("has open extents")?;
        let count = dims.elements();
        let numbers = (0..count).map(|index| (index as f64 / count as f64) as f32).collect();
        Ok((name.clone(), Tensor::from_vec(dims, numbers).map_err(|error| error.to_string())?))
    });
    let inputs = inputs.collect::<Result<Vec<_>, String>>()?;
    let output = path.with_file_name(format!("{}_output_0.pb", name_in(path)));
    let expected = onnx::read_tensor(&output).map_err(|error| shortened(&error.problem.to_string()))?;
    run(&model, inputs, &[(name_of(&output), expected)])?;
    Ok("")
}

/// Compares with the lists that are committed, or writes them.
fn compare(passes: &str, reasons: &str) {
    let file = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx").join(name);
    let read = |name: &str| fs::read_to_string(file(name)).unwrap_or_default();
    let name = |line: &str| line.split([' ', ':']).next().unwrap_or("").to_string();
    let now: Vec<String> = passes.lines().map(name).collect();
    let lost: Vec<String> = read("passes.txt").lines().map(name).filter(|name| !now.contains(name)).collect();
    assert!(lost.is_empty(), "these tests passed before: {lost:?}\n{reasons}");
    if env::var_os("MINUTIA_ONNX_BLESS").is_some() {
        fs::write(file("passes.txt"), passes).expect("the list of passes");
        fs::write(file("reasons.txt"), reasons).expect("the list of reasons");
        return;
    }
    for (list, found) in [("passes.txt", passes), ("reasons.txt", reasons)] {
        let committed = read(list);
        let new: Vec<&str> =
            found.lines().filter(|line| !committed.lines().any(|old| old == *line)).collect();
        let old: Vec<&str> =
            committed.lines().filter(|line| !found.lines().any(|new| new == *line)).collect();
        assert!(
            new.is_empty() && old.is_empty(),
            "{list} says otherwise; MINUTIA_ONNX_BLESS=1 writes it again\nfound {new:#?}\nfor {old:#?}"
        );
    }
}

/// Reads the model and runs it on all its data.
fn outcome(test: &Path) -> Outcome {
    let mut how = "";
    for set in sets(test) {
        let inputs = tensors(&set, "input")?;
        let model = match onnx::read(test.join("model.onnx")) {
            Ok(model) => model,
            Err(error) => {
                // What must be known before the run, as far as it is a list or a number.
                let reason = shortened(&error.problem.to_string());
                how = "known";
                known(test, &inputs).map_err(|_| reason)?
            }
        };
        run(&model, inputs, &tensors(&set, "output")?)?;
    }
    Ok(how)
}

/// The model, with all inputs as constants that are integers or no more than a number.
fn known(test: &Path, inputs: &[(String, Tensor)]) -> Result<Model, minutia_interchange::Error> {
    let is_little = |tensor: &Tensor| {
        tensor.dims().len() <= 1 && (tensor.dtype() == DType::I32 || tensor.elements() == 1)
    };
    let given = inputs.iter().filter(|(_, tensor)| is_little(tensor));
    let reader = given.fold(Reader::new(), |reader, (name, tensor)| reader.with_input(name, tensor.clone()));
    reader.read(test.join("model.onnx"))
}

/// The folders of a test's data.
fn sets(test: &Path) -> Vec<PathBuf> {
    (0..).map(|set| test.join(format!("test_data_set_{set}"))).take_while(|set| set.exists()).collect()
}

/// The inputs or outputs of a set of data, with the names that are in the files.
fn tensors(set: &Path, kind: &str) -> Result<Vec<(String, Tensor)>, String> {
    let files = (0..).map(|index| set.join(format!("{kind}_{index}.pb"))).take_while(|file| file.exists());
    files
        .map(|file| {
            let tensor = onnx::read_tensor(&file).map_err(|error| shortened(&error.problem.to_string()))?;
            Ok((name_of(&file), tensor))
        })
        .collect()
}

/// The name of a tensor in a file: field 8 of the message.
fn name_of(file: &Path) -> String {
    #[derive(Clone, PartialEq, prost::Message)]
    struct Named {
        #[prost(string, tag = "8")]
        name: String,
    }
    let bytes = fs::read(file).expect("a file that was read before");
    <Named as prost::Message>::decode(&bytes[..]).expect("a tensor").name
}

/// Runs a model and compares its outputs.
fn run(model: &Model, inputs: Vec<(String, Tensor)>, outputs: &[(String, Tensor)]) -> Result<(), String> {
    let mut feeds = Feeds::new();
    for (index, (name, tensor)) in inputs.into_iter().enumerate() {
        // Older files leave out the names.
        let by_place =
            model.inputs.get(index).filter(|_| name.is_empty()).map(|(_, placeholder)| placeholder);
        if let Some(placeholder) = by_place.or(model.input(&name).ok()) {
            feeds = feeds.with(placeholder, tensor);
        }
    }
    let device = Device::cpu().map_err(|error| error.to_string())?;
    let mut session = Session::new(&model.graph, &device).map_err(|error| shortened(&error.to_string()))?;
    let fetches: Vec<_> = model.outputs.iter().map(|(_, output)| output.clone()).collect();
    let results = session.run(&fetches, feeds).map_err(|error| shortened(&error.to_string()))?;
    if results.len() != outputs.len() {
        return Err(format!("gives {} results, expected {}", results.len(), outputs.len()));
    }
    for ((name, expected), result) in outputs.iter().zip(&results) {
        close(result, expected).map_err(|why| format!("'{name}' {why}"))?;
    }
    Ok(())
}

fn close(found: &Tensor, expected: &Tensor) -> Result<(), String> {
    if (found.dtype(), found.dims()) != (expected.dtype(), expected.dims()) {
        let of = |tensor: &Tensor| format!("{} {:?}", tensor.dtype(), tensor.dims());
        return Err(format!("is {}, expected {}", of(found), of(expected)));
    }
    let (Ok(x), Ok(y)) = (found.as_slice::<f32>(), expected.as_slice::<f32>()) else {
        return if found == expected { Ok(()) } else { Err("has other elements".into()) };
    };
    let close = |(x, y): &(&f32, &f32)| {
        x == y || x.is_nan() && y.is_nan() || (**x - **y).abs() <= 1e-7 + 1e-3 * y.abs()
    };
    match x.iter().zip(y).find(|pair| !close(pair)) {
        Some((x, y)) => Err(format!("has {x}, expected {y}")),
        None => Ok(()),
    }
}

/// The first thing that is wrong, in one line, without the folder and the cure.
fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    let line = line.rsplit_once("model.onnx: ").map_or(line, |(_, rest)| rest);
    let line = line.strip_prefix("has what is not supported: ").unwrap_or(line);
    let line = line.split("; ").next().unwrap_or(line);
    line.chars().take(160).collect()
}
