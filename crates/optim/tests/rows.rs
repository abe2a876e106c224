//! Updates of tables of which a run picks few rows.

use minutia_graph::{DType, Device, Error, Graph, Output, Session, Tensor, Variable, feeds};
use minutia_optim::{Adagrad, Adam, GradientDescent, Momentum, Optimizer, RmsProp, clip_by_global_norm};
use minutia_tensor::cpu::Options;

const ROWS: usize = 7;
/// What each step picks: some rows twice, and none at all.
const STEPS: [&[i32]; 4] = [&[1, 5, 1, 1], &[], &[5], &[0, 5, 0, 1]];

fn numbers(dims: &[usize]) -> Tensor {
    let count: usize = dims.iter().product();
    let values = (0..count).map(|i| ((i * 29 % 97) as f32 - 48.0) * 0.021).collect();
    Tensor::from_vec(dims, values).unwrap()
}

/// A table, and a loss that picks rows of it twice over.
fn model(graph: &Graph, row: &[usize]) -> (Variable, Output, Output) {
    let table = graph.variable("table", numbers(&[&[ROWS], row].concat()));
    let picks = graph.placeholder("picks", DType::I32, [None]);
    let rows = table.gather(&picks);
    let first = table.gather(graph.constant([[1, 3]]));
    let loss = (rows.square() * rows.sin()).reduce_sum(..) + first.exp().reduce_sum(..);
    (table, picks, loss)
}

/// The variables after each step.
fn train<O: Optimizer>(optimizer: &O, row: &[usize], dense: bool, device: &Device) -> Vec<Vec<Tensor>> {
    let graph = Graph::new();
    let (table, picks, loss) = model(&graph, row);
    let mut gradients = optimizer.compute_gradients(&loss, [&table]).unwrap();
    if dense {
        gradients.iter_mut().for_each(|(g, _)| *g = g.identity());
    }
    let train = optimizer.apply_gradients(&gradients).unwrap();
    let mut session = Session::new(&graph, device).unwrap();
    session.run(graph.global_variables_initializer(), ()).unwrap();
    let step = |indices: &&[i32]| {
        session.run(&train, feeds! { picks => indices.to_vec() }).unwrap();
        session.run(&graph.global_variables(), ()).unwrap()
    };
    STEPS.iter().map(step).collect()
}

#[test]
fn rows_alone_give_the_bits_of_the_whole_table_where_others_would_not_move() {
    for row in [&[130][..], &[2, 3], &[]] {
        for threads in [1, 2, 3, 7] {
            let device = Device::cpu_with(Options { simd: None, threads: Some(threads) }).unwrap();
            let same = |sparse: Vec<Vec<Tensor>>, dense: Vec<Vec<Tensor>>, what: &str| {
                assert_eq!(sparse, dense, "{what} of rows {row:?} on {device}");
            };
            let sgd = GradientDescent::new(0.1);
            same(train(&sgd, row, false, &device), train(&sgd, row, true, &device), "gradient descent");
            let adagrad = Adagrad::new(0.1);
            same(train(&adagrad, row, false, &device), train(&adagrad, row, true, &device), "Adagrad");
            let adam = Adam::new(0.1).all_rows();
            same(train(&adam, row, false, &device), train(&adam, row, true, &device), "all rows of Adam");
        }
    }
}

/// A row of a table is trained as a variable of its own is, in the steps that pick it.
fn trains_rows_alone<O: Optimizer>(optimizer: &O) {
    let device = Device::cpu().unwrap();
    let values = train(optimizer, &[3], false, &device);
    for row in 0..ROWS {
        let graph = Graph::new();
        let start = numbers(&[ROWS, 3]).as_slice::<f32>().unwrap()[row * 3..][..3].to_vec();
        let own = graph.variable("table", start);
        let times = graph.placeholder("times", DType::I32, [None]);
        let rows = own.expand_dims(0).gather(&times);
        // What the sum over all uses of the row is, in its order.
        let always = if [1, 3].contains(&row) { own.exp().reduce_sum(..) } else { graph.constant(0.0_f32) };
        let loss = (rows.square() * rows.sin()).reduce_sum(..) + always;
        let step = optimizer.minimize(&loss).unwrap();
        let mut session = Session::new(&graph, &device).unwrap();
        session.run(graph.global_variables_initializer(), ()).unwrap();
        for (picked, after) in STEPS.iter().zip(&values) {
            let own_picks = picked.iter().filter(|i| **i == row as i32).map(|_| 0).collect::<Vec<i32>>();
            if [1, 3].contains(&row) || !own_picks.is_empty() {
                session.run(&step, feeds! { times => own_picks }).unwrap();
            }
            let wanted = session.run(&own, ()).unwrap();
            let found = &after[0].as_slice::<f32>().unwrap()[row * 3..][..3];
            for (found, wanted) in found.iter().zip(wanted.as_slice::<f32>().unwrap()) {
                let near = (found - wanted).abs() <= 2e-6 * wanted.abs().max(1.0);
                assert!(near, "{} row {row}: {found}, alone {wanted}", optimizer.name());
            }
        }
    }
}

#[test]
fn a_row_is_trained_in_the_steps_that_pick_it_and_stays_in_all_others() {
    trains_rows_alone(&GradientDescent::new(0.1));
    trains_rows_alone(&Momentum::new(0.1, 0.9));
    trains_rows_alone(&Momentum::new(0.1, 0.9).nesterov());
    trains_rows_alone(&Adagrad::new(0.1));
    trains_rows_alone(&RmsProp::new(0.01).momentum(0.5));
}

#[test]
fn an_example_that_is_no_number_spoils_its_own_rows_alone() {
    for bad in [f32::NAN, f32::INFINITY] {
        let graph = Graph::new();
        let table = graph.variable("table", numbers(&[ROWS, 2]));
        let scale = graph.constant([[1.0_f32], [bad], [2.0]]);
        let loss = (table.gather(graph.constant([4, 2, 4])) * scale).reduce_sum(..);
        let train = Adam::new(0.1).minimize(&loss).unwrap();
        let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
        session.run(graph.global_variables_initializer(), ()).unwrap();
        session.run(&train, ()).unwrap();
        let after = session.run(&table, ()).unwrap();
        for (row, numbers) in after.as_slice::<f32>().unwrap().chunks(2).enumerate() {
            assert_eq!(numbers.iter().all(|x| x.is_finite()), row != 2, "row {row} after {bad}: {numbers:?}");
        }
    }
}

#[test]
fn gradients_that_are_scaled_stay_rows() {
    let graph = Graph::new();
    let (table, _, loss) = model(&graph, &[3]);
    let optimizer = Momentum::new(0.1, 0.9);
    let (gradients, variables): (Vec<_>, Vec<_>) =
        optimizer.compute_gradients(&loss, [&table]).unwrap().into_iter().unzip();
    let clipped = clip_by_global_norm(&gradients, 1.0);
    assert!(clipped[0].indexed_slices().is_some());
    let pairs: Vec<_> = clipped.into_iter().zip(variables).collect();
    assert!(optimizer.apply_gradients(&pairs).is_ok());
}

#[test]
fn two_updates_of_one_table_in_one_run_add_up() {
    let graph = Graph::new();
    let table = graph.variable("table", graph.zeros([3, 2]));
    let loss = |row: i32, scale: f32| table.gather(graph.constant([row, row])).reduce_sum(..) * scale;
    let one = GradientDescent::new(1.0).minimize(loss(1, 1.0)).unwrap();
    let two = GradientDescent::new(1.0).minimize(loss(1, 10.0) + loss(2, 100.0)).unwrap();
    let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    session.run(graph.global_variables_initializer(), ()).unwrap();
    session.run((&one, &two), ()).unwrap();
    let after = session.run(&table, ()).unwrap();
    assert_eq!(after.as_slice::<f32>().unwrap(), [0.0, 0.0, -22.0, -22.0, -200.0, -200.0]);
}

#[test]
fn a_row_that_there_is_not_is_an_error_that_names_its_node() {
    let graph = Graph::new();
    let (_, picks, loss) = model(&graph, &[2]);
    let train = Adam::new(0.1).minimize(&loss).unwrap();
    let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    session.run(graph.global_variables_initializer(), ()).unwrap();
    let before = session.run(&graph.global_variables(), ()).unwrap();
    let error = session.run(&train, feeds! { picks => [2, 7] }).unwrap_err();
    assert!(matches!(error, Error::Tensor { .. }), "{error}");
    assert!(error.to_string().contains("'Gather'") && error.to_string().contains('7'), "{error}");
    assert_eq!(session.run(&graph.global_variables(), ()).unwrap(), before);
}
