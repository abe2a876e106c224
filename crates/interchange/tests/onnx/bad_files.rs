//! Models that lie, or that were cut off or changed on the way.

use crate::{
    common::{frugal, wound},
    messages::{ModelProto, OnnxTensor},
    models::{complaint, floats, int, longs, model, node, perceptron, value, write},
};
use minutia_interchange::onnx;
use prost::Message;
use std::fs;

#[test]
fn names_that_collide_are_refused() {
    let x = || value("x", 1, &[2]);
    let relu = |from, to| node("Relu", from, to, vec![]);
    let cases = [
        (model(x(), vec![], vec![relu("x", "y"), relu("x", "y")]), "two values named 'y'"),
        (model(x(), vec![], vec![relu("x", "x")]), "two values named 'x'"),
        (model(x(), vec![floats("w", &[], &[1.0]); 2], vec![relu("x", "y")]), "two values named 'w'"),
    ];
    for (proto, expected) in cases {
        assert!(complaint(&proto).contains(expected), "{}", complaint(&proto));
    }
    let mut proto = model(x(), vec![], vec![relu("x", "y")]);
    proto.graph.as_mut().unwrap().input.push(x());
    assert!(complaint(&proto).contains("two values named 'x'"));
}

#[test]
fn cycles_and_values_from_nowhere_are_refused() {
    let x = || value("x", 1, &[2]);
    let add = |from, to| node("Add", from, to, vec![]);
    let cases = [
        (vec![add("x b", "a"), add("a x", "b"), add("a b", "y")], "reads 'b' in a"),
        (vec![add("x y", "y")], "reads 'y' in y"),
        (vec![add("x w", "y")], "reads 'w' in y"),
        (vec![add("x x", "z")], "reads 'y' in the outputs"),
    ];
    for (nodes, expected) in cases {
        let message = complaint(&model(x(), vec![], nodes));
        assert!(message.contains(expected) && message.contains("cycle"), "{expected}: {message}");
    }
}

#[test]
fn tensors_that_lie_about_their_size_are_refused() {
    let tensor = |dims: &[i64], raw: Option<usize>, listed: usize| OnnxTensor {
        name: "w".into(),
        dims: dims.to_vec(),
        data_type: 1,
        raw_data: raw.map(|bytes| vec![0; bytes]),
        float_data: vec![0.0; listed],
        ..OnnxTensor::default()
    };
    let huge = 1_i64 << 60;
    let cases = [
        (tensor(&[3], Some(8), 0), "takes 12 bytes, 8 are there"),
        (tensor(&[3], None, 2), "takes 12 bytes, 8 are there"),
        (tensor(&[], None, 0), "takes 4 bytes, 0 are there"),
        (tensor(&[-1], None, 1), "has an extent of -1"),
        (tensor(&[huge], None, 1), "4 are there"),
        (tensor(&[huge, huge], Some(4), 0), "more than 2^64"),
        (OnnxTensor { data_type: 8, ..tensor(&[1], None, 1) }, "holds 'w' as string"),
        (OnnxTensor { data_type: -7, ..tensor(&[1], None, 1) }, "holds 'w' as type -7"),
        (
            OnnxTensor { data_type: 11, double_data: vec![0.1], ..tensor(&[1], None, 0) },
            "is 0.1, which is no f32",
        ),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    for (tensor, expected) in cases {
        write(&path, &model(value("x", 1, &[2]), vec![tensor], vec![node("Relu", "x", "y", vec![])]));
        let message = frugal(|| onnx::read(&path)).unwrap_err().to_string();
        assert!(message.contains(expected), "{expected}: {message}");
    }
}

/// What claims to make much of little costs no memory before it runs.
#[test]
fn huge_results_are_refused_or_wait_for_the_run() {
    let huge = 1_i64 << 60;
    let nodes = [
        node("ConstantOfShape", "n", "y", vec![]),
        node("Expand", "x n", "y", vec![]),
        node("Tile", "x n", "y", vec![]),
        node("Reshape", "x n", "y", vec![]),
        node("Slice", "x n n", "y", vec![]),
        node("Unsqueeze", "x n", "y", vec![]),
        node("Squeeze", "x n", "y", vec![]),
        node("Split", "x n", "y", vec![]),
        node("TopK", "x n", "y z", vec![]),
        node("OneHot", "zero n pair", "y", vec![]),
        node("Range", "zero n one", "y", vec![]),
        node("CumSum", "x n", "y", vec![]),
        node("ReduceSum", "x n", "y", vec![]),
        node("Gather", "x n", "y", vec![]),
        node("Pad", "x nn", "y", vec![]),
        node("Trilu", "x n", "y", vec![]),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    for number in [huge, i64::MAX, i64::MIN, -1, 1 << 31] {
        for node in &nodes {
            let constants = vec![
                longs("n", &[number]),
                longs("nn", &[number, number]),
                longs("zero", &[0]),
                longs("one", &[1]),
                floats("pair", &[2], &[0.0, 1.0]),
            ];
            write(&path, &model(value("x", 1, &[2]), constants, vec![node.clone()]));
            let _ = frugal(|| onnx::read(&path));
        }
    }
}

#[test]
fn windows_of_any_size_are_refused_or_taken() {
    let attribute = |name: &str, values: &[i64]| crate::messages::AttributeProto {
        name: name.into(),
        ints: values.to_vec(),
        r#type: 7,
        ..Default::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    for number in [0, -1, 1 << 31, 1 << 60, i64::MAX, i64::MIN] {
        for name in
            ["kernel_shape", "strides", "dilations", "pads", "output_padding", "output_shape", "group"]
        {
            for operation in ["Conv", "ConvTranspose", "MaxPool", "AveragePool"] {
                let many = vec![number; if name == "pads" { 4 } else { 2 }];
                let mut attributes =
                    vec![if name == "group" { int(name, number) } else { attribute(name, &many) }];
                if name != "kernel_shape" {
                    attributes.push(attribute("kernel_shape", &[1, 1]));
                }
                let inputs = if operation.starts_with("Conv") { "x w" } else { "x" };
                let node = node(operation, inputs, "y", attributes);
                let filter = floats("w", &[1, 1, 1, 1], &[1.0]);
                write(&path, &model(value("x", 1, &[1, 1, 3, 3]), vec![filter], vec![node]));
                let _ = frugal(|| onnx::read(&path));
            }
        }
    }
}

#[test]
fn what_is_no_model_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    // Groups in groups, which a decoder of protobuf may recurse into.
    let deep = [0x0b_u8].repeat(100_000);
    // Graphs in attributes of nodes of graphs: field 7, 1, 5, 6, 1, 5, 6, ...
    let mut nested = Vec::new();
    for _ in 0..2000 {
        for field in [6_u8, 5, 1] {
            let mut outer = vec![field << 3 | 2];
            prost::encoding::encode_varint(nested.len() as u64, &mut outer);
            outer.extend(&nested);
            nested = outer;
        }
    }
    let mut graphs = vec![7 << 3 | 2];
    prost::encoding::encode_varint(nested.len() as u64, &mut graphs);
    graphs.extend(&nested);
    let cases: [(Vec<u8>, &str); 5] = [
        (b"This is a text.".to_vec(), "is not an ONNX model"),
        (Vec::new(), "does not say which operations it uses"),
        (deep, "is not an ONNX model"),
        (graphs, "does not say which operations it uses"),
        (ModelProto { graph: None, ..perceptron() }.encode_to_vec(), "has no graph"),
    ];
    for (bytes, expected) in cases {
        fs::write(&path, &bytes).unwrap();
        let message = onnx::read(&path).unwrap_err().to_string();
        assert!(message.contains(expected), "{expected}: {message}");
    }
    assert!(onnx::read(folder.path().join("nothing")).is_err());
}

#[test]
fn wounded_models_are_refused_or_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wounded.onnx");
    write(&path, &perceptron());
    wound(&path, |path| onnx::read(path));
}
