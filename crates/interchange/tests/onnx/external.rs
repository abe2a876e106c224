//! Elements in files beside a model.

use crate::{
    common::frugal,
    messages::{ModelProto, OnnxTensor, StringEntry},
    models::{model, node, run, value, write},
};
use minutia_graph::Tensor;
use minutia_interchange::onnx;
use std::fs;

/// A model whose `count` weights of two elements lie in another file.
fn with_external(entries: &[(&str, &str)], count: usize) -> ModelProto {
    let entry = |(key, value): &(&str, &str)| StringEntry { key: key.to_string(), value: value.to_string() };
    let tensor = |index: usize| OnnxTensor {
        name: format!("w{index}"),
        dims: vec![2],
        data_type: 1,
        external_data: entries.iter().map(entry).collect(),
        data_location: 1,
        ..OnnxTensor::default()
    };
    let nodes = vec![node("Mul", "x w0", "y", vec![])];
    model(value("x", 1, &[2]), (0..count).map(tensor).collect(), nodes)
}

#[test]
fn elements_beside_a_model_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    let elements: Vec<u8> = [9.0_f32, 2.0, 3.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    fs::create_dir(folder.path().join("below")).unwrap();
    fs::write(folder.path().join("below/weights"), elements).unwrap();
    write(&path, &with_external(&[("location", "below/weights"), ("offset", "4"), ("length", "8")], 1));
    let y = run(&onnx::read(&path).unwrap(), Tensor::from([10.0_f32, 10.0]));
    assert_eq!(y.as_slice::<f32>().unwrap(), [20.0, 30.0]);
}

/// What names the elements, how many tensors do, and what is said of them.
type Case<'a> = (Vec<(&'a str, &'a str)>, usize, &'a str);

#[test]
fn files_elsewhere_and_bytes_that_are_not_there_are_refused() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), [0; 8]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    fs::write(folder.path().join("weights"), [0; 8]).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(outside.path().join("secret"), folder.path().join("link")).unwrap();
    let absolute = outside.path().join("secret").to_string_lossy().into_owned();
    let huge = (1_u64 << 60).to_string();
    let cases: Vec<Case> = vec![
        (vec![("location", "../secret")], 1, "leaves the folder"),
        (vec![("location", "below/../../secret")], 1, "leaves the folder"),
        (vec![("location", &absolute)], 1, "leaves the folder"),
        (vec![("location", "..\\secret")], 1, "leaves the folder"),
        (vec![("location", "")], 1, "leaves the folder"),
        (vec![], 1, "leaves the folder"),
        #[cfg(unix)]
        (vec![("location", "link")], 1, "is a link that leaves the folder"),
        (vec![("location", "nothing")], 1, "cannot be read"),
        (
            vec![("location", "weights"), ("offset", "4"), ("length", "8")],
            1,
            "has 8 bytes, and 8 from byte 4",
        ),
        (vec![("location", "weights"), ("offset", &huge), ("length", "8")], 1, "has 8 bytes"),
        (vec![("location", "weights"), ("length", &huge)], 1, "has 8 bytes"),
        (vec![("location", "weights"), ("offset", "-1")], 1, "is no number"),
        (vec![("location", "weights"), ("length", "4")], 1, "takes 8 bytes, 4 are there"),
        (vec![("location", "weights")], 2, "share some"),
    ];
    for (entries, count, expected) in cases {
        write(&path, &with_external(&entries, count));
        let message = frugal(|| onnx::read(&path)).unwrap_err().to_string();
        assert!(message.contains(expected), "{entries:?}, expected {expected}: {message}");
    }
}
