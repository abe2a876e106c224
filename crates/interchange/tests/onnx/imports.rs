//! What becomes of models: names, open extents, shapes that are computed, older versions, variables.

use crate::models::{complaint, floats, int, longs, model, node, perceptron, read, run, value, write};
use minutia_graph::{DType, Device, Feeds, Session, Tensor};
use minutia_interchange::{
    Problem,
    onnx::{self, OnnxProblem, Reader},
};

#[test]
fn a_perceptron_with_an_open_batch_gives_its_numbers() {
    let model = read(&perceptron()).unwrap();
    assert_eq!(model.opset, 18);
    assert_eq!(model.input("x").unwrap().shape().to_string(), "[?, 2, 2]");
    let x = Tensor::from_vec([2, 2, 2], vec![1.0_f32, 0.5, -1.0, 2.0, 0.0, 1.0, 0.25, -0.5]).unwrap();
    let y = run(&model, x);
    assert_eq!(y.dims(), [2, 3]);
    // NumPy's, of f64.
    let expected = [0.444_214_f32, 0.345_954, 0.209_832, 0.349_463, 0.541_259, 0.109_278];
    let found = y.as_slice::<f32>().unwrap();
    assert!(found.iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-6), "{found:?}");
}

#[test]
fn everything_unsupported_is_listed_at_once_with_its_nodes() {
    let mut nodes = vec![
        node("Bernoulli", "x", "a", vec![]),
        node("Relu", "a", "b", vec![]),
        node("If", "b", "c", vec![]),
        node("Softmax", "x", "d", vec![int("axis", 7)]),
        node("Relu", "x", "e", vec![int("steep", 1)]),
        node("Add", "c d", "y", vec![]),
    ];
    nodes[0].name = "coin".into();
    let message = complaint(&model(value("x", 1, &[2, 3]), vec![], nodes));
    let parts = [
        "Bernoulli 'coin'",
        "If 'c'",
        "Softmax 'd': names axis 7 of a tensor of rank 2",
        "Relu 'e': has an attribute steep, which is not read",
    ];
    for part in parts {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(!message.contains("Add"), "what depends on it is not unsupported itself: {message}");
}

#[test]
fn types_without_an_equivalent_are_named() {
    for (code, name) in [(11, "double"), (10, "float16"), (8, "string"), (5, "int16"), (99, "type 99")] {
        let message = complaint(&model(value("x", code, &[2]), vec![], vec![node("Neg", "x", "y", vec![])]));
        assert!(message.contains(&format!("input 'x': has type {name}")), "{message}");
    }
}

#[test]
fn long_integers_are_exact_or_refused() {
    let table = floats("table", &[3, 1], &[1.0, 2.0, 3.0]);
    let nodes = || vec![node("Gather", "table index", "z", vec![]), node("Mul", "z x", "y", vec![])];
    let of = |index: &[i64]| model(value("x", 1, &[]), vec![table.clone(), longs("index", index)], nodes());
    let y = run(&read(&of(&[2, -3])).unwrap(), Tensor::scalar(2.0_f32));
    assert_eq!(y.as_slice::<f32>().unwrap(), [6.0, 2.0]);
    let message = complaint(&of(&[1, 1 << 40]));
    assert!(message.contains("1099511627776, which is no i32"), "{message}");
}

#[test]
fn an_input_that_must_be_known_can_be_given() {
    let proto = {
        let mut proto = model(value("x", 1, &[2, 3]), vec![], vec![node("Reshape", "x shape", "y", vec![])]);
        proto.graph.as_mut().unwrap().input.push(value("shape", 7, &[2]));
        proto
    };
    assert!(complaint(&proto).contains("Reshape 'y': has an input 1, a shape, that only the run shows"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    write(&path, &proto);
    let known = Reader::new().with_input("shape", [3, -1]).read(&path).unwrap();
    assert_eq!(known.output("y").unwrap().shape().to_string(), "[3, 2]");
    assert_eq!(known.inputs.len(), 1);
    let wrong = Reader::new().with_input("form", [3, -1]).read(&path).unwrap_err();
    assert!(matches!(wrong.problem, Problem::Onnx(OnnxProblem::Name { .. })), "{wrong}");
}

#[test]
fn a_network_trains_on_from_the_values_of_its_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    write(&path, &perceptron());
    let model = Reader::new().trainable(true).read(&path).unwrap();
    let names: Vec<String> = model.graph.trainable_variables().iter().map(|w| w.name()).collect();
    assert_eq!(names, ["w", "b"]);
    let y = model.output("y").unwrap();
    let loss = (y - 1.0 / 3.0).square().reduce_sum(..);
    let variables = model.graph.trainable_variables();
    let gradients = model.graph.gradients(&loss, &variables.iter().collect::<Vec<_>>()).unwrap();
    let steps: Vec<_> = variables
        .iter()
        .zip(gradients)
        .map(|(w, g)| w.assign_sub(g.expect("a gradient") * 0.1).operation())
        .collect();
    let mut session = Session::new(&model.graph, &Device::cpu().unwrap()).unwrap();
    session.run(model.graph.global_variables_initializer(), ()).unwrap();
    let x = Tensor::from_vec([1, 2, 2], vec![1.0_f32, 0.5, -1.0, 2.0]).unwrap();
    let feeds = || Feeds::new().with(model.input("x").unwrap(), x.clone());
    let before = session.run(&loss, feeds()).unwrap().value::<f32>().unwrap();
    for _ in 0..50 {
        session.run(&steps, feeds()).unwrap();
    }
    let after = session.run(&loss, feeds()).unwrap().value::<f32>().unwrap();
    assert!(after < before / 2.0, "{before} {after}");
}

#[test]
fn names_that_graphs_do_not_take_still_find_their_tensors() {
    let mut proto = model(value("x", 1, &[2]), vec![], vec![node("Neg", "x", "y", vec![])]);
    let graph = proto.graph.as_mut().unwrap();
    graph.input[0].name = "onnx::Neg: 0/é".into();
    graph.node[0].input[0] = "onnx::Neg: 0/é".into();
    let model = read(&proto).unwrap();
    assert_eq!(model.input("onnx::Neg: 0/é").unwrap().dtype(), DType::F32);
    let missing = model.input("x").unwrap_err().to_string();
    assert!(missing.contains("'onnx::Neg: 0/é'"), "{missing}");
}

#[test]
fn versions_that_are_not_read_are_named() {
    let mut proto = perceptron();
    for (version, expected) in [(5, "version 5"), (25, "version 25"), (i64::MAX, "expected 6 to 24")] {
        proto.opset_import[0].version = Some(version);
        assert!(complaint(&proto).contains(expected), "{}", complaint(&proto));
    }
    assert!(onnx::operations().len() > 100);
}
