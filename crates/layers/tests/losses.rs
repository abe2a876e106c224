//! Losses and metrics against their formulas, with numbers as weights and tensors of weights.
#![expect(clippy::disallowed_methods, reason = "references within a tolerance, no results")]

use minutia_graph::{DType, Device, Graph, Output, Session, Tensor, feeds};
use minutia_layers::{losses, metrics};

type Loss = fn(&Output, &Output, &Output) -> Output;

/// A name, the loss, its formula for one label and prediction.
type Row = (&'static str, Loss, fn(f64, f64) -> f64);

/// What they are called, weights, what they are for the element of a row and column.
type Weights = (&'static str, Tensor, fn(usize, usize) -> f64);

const ELEMENTWISE: [Row; 6] = [
    ("absolute_difference", |l, p, w| losses::absolute_difference(l, p, w), |l, p| (p - l).abs()),
    ("mean_squared_error", |l, p, w| losses::mean_squared_error(l, p, w), |l, p| (p - l) * (p - l)),
    (
        "huber_loss",
        |l, p, w| losses::huber_loss(l, p, w, 0.4),
        |l, p| {
            let e = (p - l).abs();
            if e <= 0.4 { 0.5 * e * e } else { 0.4 * e - 0.5 * 0.16 }
        },
    ),
    ("hinge_loss", |l, p, w| losses::hinge_loss(l, p, w), |l, p| (1.0 - (2.0 * l - 1.0) * p).max(0.0)),
    (
        "log_loss",
        |l, p, w| losses::log_loss(l, p, w, 1e-7),
        |l, p| -l * (p + 1e-7).ln() - (1.0 - l) * (1.0 - p + 1e-7).ln(),
    ),
    (
        "sigmoid_cross_entropy",
        |l, p, w| losses::sigmoid_cross_entropy(l, p, w),
        |l, p| p.max(0.0) - p * l + (1.0 + (-p.abs()).exp()).ln(),
    ),
];

const LABELS: [[f32; 3]; 2] = [[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]];
const PREDICTIONS: [[f32; 3]; 2] = [[0.9, 0.2, 0.3], [0.7, 0.05, 0.8]];

fn weights() -> Vec<Weights> {
    vec![
        ("1", Tensor::from(1.0_f32), |_, _| 1.0),
        ("2.5", Tensor::from(2.5_f32), |_, _| 2.5),
        ("0", Tensor::from(0.0_f32), |_, _| 0.0),
        ("one a row", Tensor::from([[0.5_f32], [2.0]]), |row, _| [0.5, 2.0][row]),
        ("one row out", Tensor::from([[0.0_f32], [2.0]]), |row, _| [0.0, 2.0][row]),
        ("all out", Tensor::from([[0.0_f32], [0.0]]), |_, _| 0.0),
        ("one each", Tensor::from([[0.0_f32, 1.0, 0.5], [2.0, 0.0, 0.0]]), |row, column| {
            [[0.0, 1.0, 0.5], [2.0, 0.0, 0.0]][row][column]
        }),
    ]
}

/// The sum of losses times weights, over how many weights are not 0.
fn weighted(
    rows: usize,
    columns: usize,
    loss: impl Fn(usize, usize) -> f64,
    weight: fn(usize, usize) -> f64,
) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for (row, column) in (0..rows * columns).map(|i| (i / columns, i % columns)) {
        sum += loss(row, column) * weight(row, column);
        count += f64::from(u8::from(weight(row, column) != 0.0));
    }
    if count == 0.0 { 0.0 } else { sum / count }
}

#[track_caller]
fn near(what: &str, found: f32, expected: f64) {
    assert!(
        (f64::from(found) - expected).abs() <= 2e-6 * expected.abs().max(1.0),
        "{what}: {found}, not {expected}"
    );
}

fn value(graph: &Graph, of: &Output) -> f32 {
    let mut session = Session::new(graph, &Device::cpu().unwrap()).unwrap();
    session.run(graph.global_variables_initializer(), ()).unwrap();
    session.run(of, ()).unwrap().value().unwrap()
}

#[test]
fn losses_are_weighted_means_over_the_weights_that_are_not_0() {
    for (name, loss, formula) in ELEMENTWISE {
        for (what, weights, weight) in weights() {
            let graph = Graph::new();
            let loss = loss(&graph.constant(LABELS), &graph.constant(PREDICTIONS), &graph.constant(weights));
            let of = |row: usize, column: usize| {
                formula(f64::from(LABELS[row][column]), f64::from(PREDICTIONS[row][column]))
            };
            near(&format!("{name}, weights {what}"), value(&graph, &loss), weighted(2, 3, of, weight));
        }
    }
}

#[test]
fn cross_entropies_of_classes_have_one_weight_a_row() {
    let logits = [[2.0_f32, -1.0, 0.5], [0.0, 1.0, -3.0]];
    let (classes, rows) = ([2, 0], [[0.0_f32, 0.0, 1.0], [1.0, 0.0, 0.0]]);
    let of = |row: usize, _: usize| {
        let sum: f64 = logits[row].iter().map(|x| f64::from(*x).exp()).sum();
        sum.ln() - f64::from(logits[row][classes[row]])
    };
    let plain: [Weights; 3] = [
        ("1", Tensor::from(1.0_f32), |_, _| 1.0),
        ("one a row", Tensor::from([0.5_f32, 2.0]), |row, _| [0.5, 2.0][row]),
        ("one out", Tensor::from([0.0_f32, 2.0]), |row, _| [0.0, 2.0][row]),
    ];
    for (what, weights, weight) in plain {
        let graph = Graph::new();
        let (logits, weights) = (graph.constant(logits), graph.constant(weights));
        let expected = weighted(2, 1, of, weight);
        let labels = graph.constant(classes.map(|class| class as i32));
        let sparse = losses::sparse_softmax_cross_entropy(&labels, &logits, &weights);
        near(&format!("sparse, {what}"), value(&graph, &sparse), expected);
        let dense = losses::softmax_cross_entropy(graph.constant(rows), &logits, &weights);
        near(&format!("dense, {what}"), value(&graph, &dense), expected);
    }
}

/// With a weight of 1, the bits are those of a mean that is written out.
#[test]
fn a_weight_of_1_gives_the_bits_of_a_mean() {
    let graph = Graph::new();
    let x = graph.random_normal([37, 5], 0.0, 1.0);
    let y = graph.variable("y", graph.random_normal([37, 5], 0.0, 1.0));
    let pair =
        graph.stack([&losses::mean_squared_error(&x, &y, 1.0), &x.squared_difference(&y).reduce_mean(..)], 0);
    let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    session.run(graph.global_variables_initializer(), ()).unwrap();
    let pair = session.run(&pair, ()).unwrap();
    let [loss, mean] = pair.as_slice::<f32>().unwrap() else { panic!("{pair:?}") };
    assert_eq!(loss.to_bits(), mean.to_bits());
}

#[test]
fn the_gradient_of_a_loss_is_that_of_its_mean() {
    let graph = Graph::new();
    let predictions = graph.variable("predictions", [1.0_f32, 2.0, 5.0]);
    let labels = graph.variable("labels", [[1.0_f32, 0.0], [0.0, 1.0]]);
    let weights = graph.constant([1.0_f32, 2.0, 0.0]);
    let loss = losses::mean_squared_error(graph.zeros([3]), &predictions, &weights);
    let [slope] = graph.gradients(&loss, [&predictions]).unwrap().map(Option::unwrap);
    let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    session.run(graph.global_variables_initializer(), ()).unwrap();
    let slope = session.run(&slope, ()).unwrap();
    assert_eq!(slope.as_slice::<f32>().unwrap(), [1.0, 4.0, 0.0]);
    // As in TensorFlow, labels that are rows of probabilities are not trained by their loss.
    let loss = losses::softmax_cross_entropy(&labels, graph.ones([2, 2]), 1.0);
    assert_eq!(graph.gradients(&loss, [&labels]).unwrap(), [None]);
}

#[test]
fn batches_of_any_size_have_losses_and_an_empty_one_has_0() {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [None, Some(2)]);
    let labels = graph.placeholder("labels", DType::I32, [None]);
    let ones = labels.ones_like();
    let list = [
        losses::mean_squared_error(x.zeros_like(), &x, 1.0),
        losses::sparse_softmax_cross_entropy(&labels, &x, 1.0),
        losses::sparse_softmax_cross_entropy(&labels, &x, &ones),
    ];
    let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    for rows in [0, 1, 3] {
        let fed = feeds! { x => Tensor::full([rows, 2], 1.0_f32).unwrap(), labels => vec![1; rows] };
        let found = session.run(&list, fed).unwrap();
        let ln_2 = std::f32::consts::LN_2;
        let expected = if rows == 0 { [0.0; 3] } else { [1.0, ln_2, ln_2] };
        for (found, expected) in found.iter().zip(expected) {
            near(&format!("{rows} rows"), found.value().unwrap(), f64::from(expected));
        }
    }
}

#[test]
fn metrics_count_hits() {
    let graph = Graph::new();
    let logits = graph.placeholder("logits", DType::F32, [None, Some(3)]);
    let labels = graph.placeholder("labels", DType::I32, [None]);
    let column = labels.expand_dims(1);
    let list = [
        metrics::accuracy(&labels, logits.argmax(1)),
        // No row is compared with a column.
        metrics::accuracy(&column, logits.argmax(1)),
        metrics::top_k_accuracy(&labels, &logits, 1),
        metrics::top_k_accuracy(&labels, &logits, 2),
        metrics::top_k_accuracy(&labels, &logits, 3),
    ];
    let matrix = metrics::confusion_matrix(&labels, logits.argmax(1), 3);
    let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    let rows = [[3.0_f32, 2.0, 1.0], [1.0, 3.0, 2.0], [2.0, 3.0, 1.0], [3.0, 1.0, 2.0]];
    let fed = feeds! { logits => rows, labels => [0, 2, 2, 2] };
    let (found, matrix) = session.run((&list, &matrix), fed).unwrap();
    let found: Vec<f32> = found.iter().map(|t| t.value().unwrap()).collect();
    assert_eq!(found, [0.25, 0.25, 0.25, 0.75, 1.0]);
    assert_eq!(matrix.as_slice::<i32>().unwrap(), [1, 0, 0, 0, 0, 0, 1, 2, 0]);
    let wrong = metrics::confusion_matrix(&labels, &labels, 3);
    let error = session.run(&wrong, feeds! { labels => [0, 3] }).unwrap_err().to_string();
    assert!(error.contains("'confusion_matrix_1/"), "{error}");
}

#[test]
fn a_mean_goes_on_over_batches() {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [None]);
    let (mean, other) = (metrics::Mean::new(&graph), metrics::Mean::new(&graph));
    assert_eq!([mean.total.name(), other.count.name()], ["mean/total", "mean_1/count"]);
    assert_eq!(graph.trainable_variables(), []);
    let (update, value) = (mean.update(&x), mean.value());
    let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    session.run(graph.global_variables_initializer(), ()).unwrap();
    for (batch, before, after) in [(vec![1.0_f32, 2.0], 0.0, 1.5), (vec![], 1.5, 1.5), (vec![6.0], 1.5, 3.0)]
    {
        let (value, update) = session.run((&value, &update), feeds! { x => batch }).unwrap();
        assert_eq!([value.value::<f32>().unwrap(), update.value().unwrap()], [before, after]);
    }
}
