//! The slips that newcomers make most, and what is said of them.

use minutia_graph::{DType, Device, Graph, Output, Session, Tensor, feeds};

fn said(error: &str, parts: &[&str]) {
    for part in parts {
        assert!(error.contains(part), "{part:?} is missing: {error}");
    }
}

#[test]
fn losses_say_which_labels_they_take() {
    let graph = Graph::new();
    let logits = graph.placeholder("logits", DType::F32, (None, 10));
    let classes = graph.placeholder("classes", DType::I32, [None]);
    let rows = graph.placeholder("rows", DType::F32, (None, 10));
    let cases: [(Output, [&str; 3]); 5] = [
        (
            logits.softmax_cross_entropy_with_logits(&classes),
            ["softmax_cross_entropy_with_logits '", "labels are i32, not f32", "labels.one_hot(classes)"],
        ),
        (
            logits.sparse_softmax_cross_entropy_with_logits(&rows),
            ["sparse_softmax_", "labels are f32, not i32 or u8", "are for softmax_cross_entropy_with_logits"],
        ),
        (
            logits.sigmoid_cross_entropy_with_logits(&classes),
            ["sigmoid_cross_entropy_with_logits '", "labels are i32, not f32", "cast(DType::F32)"],
        ),
        (
            logits.weighted_cross_entropy_with_logits(&classes, 2.0),
            ["weighted_cross_entropy_with_logits '", "labels are i32, not f32", "cast(DType::F32)"],
        ),
        (logits.huber_loss(&classes, 1.0), ["huber_loss '", "labels are i32, not f32", "cast(DType::F32)"]),
    ];
    for (loss, parts) in cases {
        let error = loss.check().unwrap_err().to_string();
        said(&error, &parts);
        said(&error, &["'logits' f32 [?, 10]", "hints.rs:", "hint: "]);
    }
}

#[test]
fn labels_that_are_wrong_themselves_say_why() {
    let graph = Graph::new();
    let logits = graph.zeros([2, 3]);
    let wrong = graph.zeros([2]) + graph.zeros([3]);
    let loss = logits.sparse_softmax_cross_entropy_with_logits(&wrong);
    said(&loss.check().unwrap_err().to_string(), &["Add 'Add'", "do not broadcast"]);
}

#[test]
fn a_feed_that_does_not_fit_says_what_would() {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, (None, 784));
    let n = graph.placeholder("n", DType::I32, ());
    let square = graph.placeholder("square", DType::F32, [2, 2]);
    let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    let zeros = |dims: &[usize]| Tensor::zeros(DType::F32, dims).unwrap();
    let cases = [
        (&x, zeros(&[784]), "hint: it lacks the axis of the batch; reshape it to [1, 784]"),
        (&x, zeros(&[28, 28]), "hint: it has as many elements as [1, 784]; reshape it to that"),
        (&x, zeros(&[5, 28, 28, 1]), "hint: it has as many elements as [5, 784]; reshape it to that"),
        (&x, zeros(&[784, 9]), "hint: its axes are in the other order; transpose it"),
        (&x, Tensor::from([[1; 784]]), "hint: write 1.0_f32"),
        (&n, Tensor::from(1.0), "hint: write 1_i32"),
        (&square, zeros(&[1, 4]), "hint: it has as many elements as [2, 2]; reshape it to that"),
        (&square, zeros(&[3]), "was given f32 [3]"),
    ];
    for (placeholder, value, hint) in cases {
        let error = session.run(placeholder, feeds! { placeholder => value }).unwrap_err().to_string();
        said(&error, &[hint]);
    }
}

#[test]
fn a_product_of_a_vector_says_how_it_becomes_a_matrix() {
    let graph = Graph::new();
    let error = graph.zeros([3]).matmul(graph.zeros([3, 2])).check().unwrap_err().to_string();
    said(&error, &["takes matrices, not rank 1", "expand_dims(0) makes a row of a vector"]);
    // Tensors of more axes are batches of matrices.
    assert!(graph.zeros([4, 2, 3]).matmul(graph.zeros([3, 2])).check().is_ok());
}
