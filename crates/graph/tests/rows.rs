//! Rows of variables that are changed in place, and gradients that are known by their rows.

use minutia_graph::{DType, Device, Error, Graph, Operation, Output, Session, Tensor, Variable, feeds};
use minutia_tensor::cpu::{Level, Options};

/// Every level of instructions that there is, several numbers of threads, and the GPU.
fn devices() -> Vec<Device> {
    let levels = Level::ALL.into_iter().filter(|level| level.is_available());
    let options = levels.flat_map(|level| [1, 2, 3, 7].map(|threads| (level, threads)));
    let device = |(simd, threads)| Device::cpu_with(Options { simd: Some(simd), threads: Some(threads) });
    let gpu = cfg!(feature = "cuda").then(minutia_test_support::gpu::device);
    options.map(|option| device(option).unwrap()).chain(gpu).collect()
}

/// Numbers of either sign, of many sizes.
fn numbers(dims: &[usize]) -> Tensor {
    let count: usize = dims.iter().product();
    let sizes = [1.0, 0.37, 0.14, 0.05, 0.02];
    let values = (0..count).map(|i| ((i * 37 % 101) as f32 - 50.0) * sizes[i % 5]).collect();
    Tensor::from_vec(dims, values).unwrap()
}

/// A table whose gradient has the rows of several uses, and its gradient.
fn several_uses(graph: &Graph, row: &[usize], indices: [&[i32]; 2]) -> (Variable, Output) {
    let table = graph.variable("table", numbers(&[&[9], row].concat()));
    let [some, others] = indices.map(|list| table.gather(graph.constant(list.to_vec())));
    let pairs = table.gather(graph.constant([[1, 8], [8, 8]]));
    let loss = (some.square() * some.sin()).reduce_sum(..)
        + others.exp().reduce_sum(..) * 0.1
        + (pairs.square() * 0.3).reduce_sum(..);
    let gradients = graph.gradients(loss, [&table]).unwrap();
    (table, gradients.into_iter().next().flatten().unwrap())
}

#[test]
fn slices_are_the_rows_of_the_gradient_bit_for_bit_on_every_device() {
    let cases: [(&[usize], [&[i32]; 2]); 4] = [
        (&[130], [&[3, 8, 3, 0, 3], &[8, 3, 8]]),
        (&[2, 3], [&[3], &[]]),
        (&[], [&[0, 0, 7, 0], &[7, 7, 2, 2]]),
        (&[5], [&[], &[]]),
    ];
    for (row, indices) in cases {
        let graph = Graph::new();
        let (_, gradient) = several_uses(&graph, row, indices);
        let gradient = gradient * graph.constant(0.7_f32);
        let slices = gradient.indexed_slices().expect("nothing but gathers");
        let picked = gradient.gather(&slices.indices);
        let mut bits = None;
        for device in devices() {
            let mut session = Session::new(&graph, &device).unwrap();
            session.run(graph.global_variables_initializer(), ()).unwrap();
            let (values, picked) = session.run((&slices.values, &picked), ()).unwrap();
            assert_eq!(values.dims(), picked.dims());
            assert_eq!(values.canonical_bytes(), picked.canonical_bytes(), "rows {row:?} on {device}");
            let first = bits.get_or_insert_with(|| values.canonical_bytes());
            assert_eq!(*first, values.canonical_bytes(), "rows {row:?} on {device}");
        }
    }
}

#[test]
fn a_gradient_that_is_more_than_rows_is_not_taken_apart() {
    let graph = Graph::new();
    let table = graph.variable("table", numbers(&[4, 3]));
    let picked = || table.gather(graph.constant([1, 1])).square().reduce_sum(..);
    for (what, loss) in [
        ("all of the table", picked() + table.square().reduce_sum(..)),
        ("rows of a transposed table", table.transpose([1, 0]).gather(graph.constant([1])).reduce_sum(..)),
    ] {
        let [gradient] = graph.gradients(loss, [&table]).unwrap().map(Option::unwrap);
        assert!(gradient.indexed_slices().is_none(), "{what}");
    }
    let [gradient] = graph.gradients(picked(), [&table]).unwrap().map(Option::unwrap);
    assert!(gradient.indexed_slices().is_some());
    assert!((&gradient * 2.0 / graph.constant(3.0_f32)).indexed_slices().is_some());
    for (what, other) in [
        ("another number for each column", &gradient * graph.constant([1.0_f32, 2.0, 3.0])),
        ("clipped elements", gradient.clip_by_value(-1.0, 1.0)),
        ("a sum with a number", &gradient + 1.0),
    ] {
        assert!(other.indexed_slices().is_none(), "{what}");
    }
}

/// Changes of a table that a run has gathered from before.
fn changes(graph: &Graph, table: &Variable, width: usize) -> Operation {
    let indices = graph.constant([5, 2, 5, 0]);
    let rows = table.gather(&indices);
    let updates = [
        table.scatter_sub(&indices, &rows * 0.5),
        table.scatter_add(graph.constant([1, 1]), graph.constant(numbers(&[2, width]))),
        table.scatter_update(graph.constant([7, 3, 7]), graph.constant(numbers(&[3, width]))),
    ];
    graph.group(updates.map(|update| update.operation()))
}

#[test]
fn changes_of_rows_are_the_same_on_every_device_one_after_the_other() {
    for width in [1, 70, 130] {
        let mut bits: Option<Vec<u8>> = None;
        for device in devices() {
            let graph = Graph::new();
            let table = graph.variable("table", numbers(&[9, width]));
            let change = changes(&graph, &table, width);
            let mut session = Session::new(&graph, &device).unwrap();
            session.run(graph.global_variables_initializer(), ()).unwrap();
            session.run(&change, ()).unwrap();
            session.run(&change, ()).unwrap();
            let found = session.run(&table, ()).unwrap();
            let set = numbers(&[3, width]);
            let row = |t: &Tensor, i: usize| t.as_slice::<f32>().unwrap()[i * width..][..width].to_vec();
            assert_eq!([row(&found, 3), row(&found, 7)], [row(&set, 1), row(&set, 2)]);
            assert_eq!(row(&found, 8), row(&numbers(&[9, width]), 8), "untouched");
            let found = found.canonical_bytes();
            assert_eq!(*bits.get_or_insert_with(|| found.clone()), found, "width {width} on {device}");
        }
    }
}

#[test]
fn a_change_of_rows_happens_in_place_and_needs_memory_for_these_alone() {
    for width in [1, 8, 130] {
        let graph = Graph::new();
        let table = graph.variable("table", graph.zeros([100_000, width]));
        let indices = graph.placeholder("indices", DType::I32, [None]);
        let loss = (table.gather(&indices) - 1.0).square().reduce_sum(..);
        let [gradient] = graph.gradients(loss, [&table]).unwrap().map(Option::unwrap);
        let slices = gradient.indexed_slices().unwrap();
        let now = table.read_value().gather(&slices.indices);
        let update = table.scatter_update(&slices.indices, now - slices.values * 0.1).operation();
        let session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
        let plan = session.explain(&update, feeds! { indices => [5, 99_999, 5] }).unwrap();
        let change = plan.primitives.iter().find(|p| p.name == "update_rows").expect("there is a change");
        assert!(change.reads.contains(&"table".into()), "{}", plan.explain());
        assert_eq!(change.writes, ["table"], "{}", plan.explain());
        assert!(plan.arena_bytes < 3 * 10 * width * 4 + 2000, "{}", plan.explain());
    }
}

#[test]
fn a_fetched_change_is_the_table_after_it_and_so_is_one_that_is_checked_for_numbers() {
    let graph = Graph::new();
    let table = graph.variable("table", numbers(&[4, 130]));
    let change = table.scatter_add(graph.constant([2]), graph.ones([1, 130]));
    for checks in [false, true] {
        let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
        session.set_check_numerics(checks);
        session.run(graph.global_variables_initializer(), ()).unwrap();
        let (before, after) = session.run((&table, &change), ()).unwrap();
        assert_eq!(before, numbers(&[4, 130]));
        assert_eq!(session.run(&table, ()).unwrap(), after);
        let [before, after] = [&before, &after].map(|t| t.as_slice::<f32>().unwrap());
        assert_eq!(before[..260], after[..260]);
        assert_eq!(before[260] + 1.0, after[260]);
    }
}

#[test]
fn an_index_outside_the_table_names_the_node_and_changes_nothing() {
    for device in [Some(Device::cpu().unwrap()), devices().pop()].into_iter().flatten() {
        for bad in [-1, 4] {
            let graph = Graph::new();
            let table = graph.variable("table", numbers(&[4, 2]));
            let indices = graph.placeholder("indices", DType::I32, [None]);
            let rows = graph.constant(numbers(&[2, 2]));
            let change = table.read_value().tensor_scatter_add(&indices, &rows).with_name("change");
            let change = table.assign(change).operation();
            let sums = rows.unsorted_segment_sum(&indices, 4).with_name("sums");
            let mut session = Session::new(&graph, &device).unwrap();
            session.run(graph.global_variables_initializer(), ()).unwrap();
            let outcome = session.run(&change, feeds! { indices => [1, bad] });
            // A GPU tells whoever looks at its memory next.
            let error = outcome.and_then(|()| session.run(&table, ()).map(drop)).unwrap_err().to_string();
            assert!(error.contains("'change'") && error.contains(&format!("{bad}")), "{error}");
            assert_eq!(session.run(&table, ()).unwrap(), numbers(&[4, 2]));
            let error = session.run(&sums, feeds! { indices => [1, bad] }).unwrap_err().to_string();
            assert!(error.contains("'sums'") && error.contains(&format!("{bad}")), "{error}");
        }
    }
}

#[test]
fn rows_that_do_not_fit_are_errors_of_the_node() {
    let graph = Graph::new();
    let table = graph.variable("table", numbers(&[4, 2]));
    let integers = graph.untrainable_variable("integers", Tensor::from([1, 2]));
    let (list, row) = (graph.constant([1]), graph.zeros([1, 2]));
    for (output, wanted) in [
        (
            table.scatter_add(&list, graph.zeros([1, 3])),
            "the updates are f32 [1, 3], and the indices pick f32 [1, 2]",
        ),
        (table.scatter_update(&list, graph.zeros([2])), "one row for each index"),
        (table.scatter_sub(&row, &row), "indices are i32, not f32"),
        (integers.scatter_add(&list, &list), "takes f32, not i32"),
        (row.unsorted_segment_sum(graph.constant([1, 2]), 3), "segments have the first axes of the rows"),
        (graph.constant([1]).unsorted_segment_sum(&list, 3), "takes f32, not i32"),
        (graph.log_uniform_candidate_sampler(3, 0).ids().clone(), "classes is 0"),
        (graph.log_uniform_candidate_sampler(3, 1 << 24).ids().clone(), "less than 2^24"),
    ] {
        let error = output.check().unwrap_err();
        assert!(matches!(error, Error::Op(_) | Error::Argument { .. }), "{error}");
        assert!(error.to_string().contains(wanted), "{error}");
    }
}
