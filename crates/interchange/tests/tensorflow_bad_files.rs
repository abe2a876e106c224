//! Graphs and checkpoints that are damaged or that lie are refused with what is wrong, and take no memory
//! that they merely claim.

mod common;

use common::{frugal, wound};
use minutia_graph::{Device, Session};
use minutia_interchange::tensorflow::{self, checkpoint, read_fetches};
use std::{
    fs,
    path::{Path, PathBuf},
};

fn fixture(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/tensorflow/fixtures", name].iter().collect()
}

/// A node of a text graph.
fn node(name: &str, op: &str, inputs: &[&str], attributes: &str) -> String {
    let inputs: String = inputs.iter().map(|input| format!("input: \"{input}\" ")).collect();
    format!("node {{ name: \"{name}\" op: \"{op}\" {inputs} {attributes} }}\n")
}

fn attribute(key: &str, value: &str) -> String {
    format!("attr {{ key: \"{key}\" value {{ {value} }} }} ")
}

/// A constant of a type, an extent and elements.
fn constant(name: &str, dtype: &str, dims: &[i64], elements: &str) -> String {
    let dims: String = dims.iter().map(|size| format!("dim {{ size: {size} }} ")).collect();
    let tensor = format!("tensor {{ dtype: {dtype} tensor_shape {{ {dims} }} {elements} }}");
    node(
        name,
        "Const",
        &[],
        &[attribute("dtype", &format!("type: {dtype}")), attribute("value", &tensor)].concat(),
    )
}

/// What is wrong with a text that is to be fetched from.
fn refusal(path: &Path, text: &str, fetch: &str) -> String {
    fs::write(path, text).unwrap();
    match frugal(|| read_fetches(path, [fetch])) {
        Ok(_) => panic!("{text} was read"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn graphs_that_do_not_hold_together_are_refused_and_say_what_is_wrong() {
    let one = constant("one", "DT_FLOAT", &[], "float_val: 1.0");
    let deep = format!("node {}", "{ attr ".repeat(1000));
    let cases = [
        (node("x", "Neg", &["y"], ""), "x", "'x' takes 'y', which the graph does not have"),
        ([&one[..], &node("x", "Neg", &["one:1"], "")].concat(), "x", "takes 'one:1', which there is not"),
        ([&one[..], &one].concat(), "one", "two nodes 'one'"),
        (
            [node("x", "Neg", &["y"], ""), node("y", "Neg", &["x"], "")].concat(),
            "x",
            "inputs of each other: 'x', 'y'",
        ),
        (node("x", "Neg", &["x"], ""), "x", "inputs of each other: 'x'"),
        (node("x", "Neg", &["^x"], ""), "x", "inputs of each other: 'x'"),
        (node("x", "Neg", &[], ""), "x", "Neg (takes an input 0, but has 0 inputs) at 'x'"),
        (node("", "Neg", &[], ""), "x", "node 0 has the name ''"),
        (one.clone(), "two:0", "no node 'two:0' to be fetched"),
        (one.clone(), "ones", "did you mean 'one'?"),
        (deep, "x", "nested more than 64 deep"),
        ("node { name: \"x\"".into(), "x", "ends inside a message"),
        ("node { name: \"x }".into(), "x", "line 1, column 18: a text does not end"),
        ("\nnode { name }".into(), "x", "line 2, column 13: expected ':' or '{' behind 'name'"),
        ("node { name: 1 }".into(), "x", "'name' is a text, in quotes"),
        ("node: 1".into(), "x", "'node' is a message, in brackets"),
        (node("x", "Const", &[], &attribute("dtype", "type: DT_NOTHING")), "x", "'type' is a type"),
        (String::new(), "x", "no node 'x' to be fetched"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("graph.pbtxt");
    for (text, fetch, expected) in cases {
        let message = refusal(&path, &text, fetch);
        assert!(message.contains(expected), "expected {expected}: {message}");
    }
}

#[test]
fn constants_that_lie_are_refused_and_say_what_is_wrong() {
    let many = 1_i64 << 60;
    let cases = [
        (
            "DT_FLOAT",
            &[2_i64][..],
            "tensor_content: \"\\000\\000\\200?\"",
            "'value' of shape [2] takes 8 bytes, 4 are there",
        ),
        ("DT_FLOAT", &[1], "float_val: 1 float_val: 2", "2 elements in a shape of 1"),
        ("DT_FLOAT", &[-1], "", "an extent of -1"),
        ("DT_FLOAT", &[many, 16], "", "no memory holds"),
        ("DT_FLOAT", &[many], "tensor_content: \"1234\"", "4 are there"),
        ("DT_INT64", &[], "int64_val: 4294967296", "holds 4294967296, which no i32 holds"),
        ("DT_DOUBLE", &[], "double_val: 0.1", "is 0.1, which is no f32"),
        ("DT_STRING", &[], "string_val: \"x\"", "is of type string"),
        ("DT_COMPLEX64", &[], "", "is of type complex64"),
        ("DT_UINT8", &[], "int_val: 256", "holds 256, which has more bits"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("graph.pbtxt");
    for (dtype, dims, elements, expected) in cases {
        let message = refusal(&path, &constant("x", dtype, dims, elements), "x");
        assert!(message.contains(expected), "expected {expected}: {message}");
    }
}

#[test]
fn constants_of_other_types_are_converted_where_that_is_exact() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("graph.pbtxt");
    let cases = [
        ("DT_DOUBLE", "double_val: 0.5 double_val: -2.0", vec![0.5, -2.0, -2.0]),
        ("DT_HALF", "half_val: 15360 half_val: 49152", vec![1.0, -2.0, -2.0]),
        ("DT_BFLOAT16", "half_val: 16256", vec![1.0; 3]),
        ("DT_FLOAT", "float_val: 7", vec![7.0; 3]),
        ("DT_FLOAT", "", vec![0.0; 3]),
    ];
    for (dtype, elements, expected) in cases {
        fs::write(&path, constant("x", dtype, &[3], elements)).unwrap();
        let imported = tensorflow::read(&path).unwrap();
        let mut session = Session::new(imported.graph(), &Device::cpu().unwrap()).unwrap();
        let x = session.run(imported.tensor("x:0").unwrap(), ()).unwrap();
        assert_eq!(x.as_slice::<f32>().unwrap(), expected, "{dtype} {elements}");
    }
}

#[test]
fn a_constant_of_few_elements_takes_the_room_of_few() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("graph.pbtxt");
    fs::write(&path, constant("x", "DT_FLOAT", &[1 << 56], "float_val: 1.0 float_val: 2.0")).unwrap();
    let imported = frugal(|| tensorflow::read(&path)).unwrap();
    assert_eq!(imported.tensor("x").unwrap().shape().to_string(), format!("[{}]", 1_u64 << 56));
}

#[test]
fn all_that_cannot_be_had_is_listed_with_the_nodes_that_are_to_blame() {
    let text = [
        constant("one", "DT_FLOAT", &[], "float_val: 1.0"),
        node("a", "Mystery", &["one"], ""),
        node("b", "Mystery", &["one"], ""),
        node("c", "Riddle", &["one"], ""),
        node("sum", "AddN", &["a", "b", "c"], ""),
        node("loss", "Neg", &["sum"], ""),
        node("fine", "Neg", &["one"], ""),
        // What is begun and does not fit.
        node("product", "MatMul", &["one", "fine"], ""),
    ]
    .concat();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("graph.pbtxt");
    let message = refusal(&path, &text, "loss:0");
    for part in ["Mystery (there is no such operation here) at", "'a'", "'b'", "Riddle", "at 'c'"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(!message.contains("'sum'"), "{message}");

    let imported = tensorflow::read(&path).unwrap();
    let mut session = Session::new(imported.graph(), &Device::cpu().unwrap()).unwrap();
    let fine = session.run(imported.tensor("fine:0").unwrap(), ()).unwrap();
    assert_eq!(fine.value::<f32>().unwrap(), -1.0);
    assert!(imported.tensor("loss").unwrap_err().to_string().contains("Riddle"));
    let left_out = imported.left_out();
    assert_eq!(left_out.iter().map(|nodes| nodes.nodes.len()).sum::<usize>(), 4, "{left_out:?}");
}

#[test]
fn names_that_nodes_cannot_have_here_are_found_by_the_names_they_have_there() {
    let text = [
        constant("_hidden", "DT_FLOAT", &[], "float_val: 1.0"),
        node("a>b", "Neg", &["_hidden"], ""),
        node("a.b", "Neg", &["a>b"], ""),
    ]
    .concat();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("graph.pbtxt");
    fs::write(&path, text).unwrap();
    let imported = tensorflow::read(&path).unwrap();
    let mut session = Session::new(imported.graph(), &Device::cpu().unwrap()).unwrap();
    for (name, expected) in [("_hidden:0", 1.0), ("a>b", -1.0), ("a.b:0", 1.0)] {
        let found = session.run(imported.tensor(name).unwrap(), ()).unwrap();
        assert_eq!(found.value::<f32>().unwrap(), expected, "{name}");
    }
}

#[test]
fn graphs_that_are_cut_off_or_changed_are_read_or_refused() {
    let whole = fs::read(fixture("inverse").join("graph.pb")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("graph.pb");
    let read = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let _ = frugal(|| tensorflow::read(&path));
    };
    for end in 0..whole.len() {
        read(&whole[..end]);
    }
    for at in 0..whole.len() {
        for flipped in [0x01, 0x80, 0xff] {
            let mut changed = whole.clone();
            changed[at] ^= flipped;
            read(&changed);
        }
    }
}

#[test]
fn checkpoints_that_are_cut_off_or_changed_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["weights.index", "weights.data-00000-of-00001"] {
        fs::copy(fixture("inverse").join(file), folder.path().join(file)).unwrap();
    }
    let prefix = folder.path().join("weights");
    for file in ["weights.index", "weights.data-00000-of-00001"] {
        wound(&folder.path().join(file), |_| checkpoint::read(&prefix));
    }
    let data = folder.path().join("weights.data-00000-of-00001");
    let mut changed = fs::read(&data).unwrap();
    changed[3] ^= 1;
    fs::write(&data, changed).unwrap();
    let message = checkpoint::read(&prefix).unwrap_err().to_string();
    assert!(message.contains("the tensor 'A'") && message.contains("has the checksum"), "{message}");
    fs::remove_file(data).unwrap();
    let message = checkpoint::read(&prefix).unwrap_err().to_string();
    assert!(message.contains("weights.data-00000-of-00001"), "{message}");
    fs::write(folder.path().join("weights.index"), b"text").unwrap();
    let message = checkpoint::read(&prefix).unwrap_err().to_string();
    assert!(message.contains("is not the index of a TensorFlow checkpoint"), "{message}");
}
