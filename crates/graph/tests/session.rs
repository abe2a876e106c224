//! What runs do: partial execution, structured fetches, variables, errors.

use minutia_graph::{DType, Device, Error, Graph, Session, Tensor, feeds};

fn session(graph: &Graph) -> Session {
    let mut session = Session::new(graph, &Device::cpu().unwrap()).unwrap();
    session.run(graph.global_variables_initializer(), feeds! {}).unwrap();
    session
}

#[test]
fn fetching_twice_and_in_any_structure_works() {
    let graph = Graph::new();
    let x = graph.constant(2.0_f32);
    let y = &x * 3.0;
    let ((a, b), list, none) =
        session(&graph).run(((&y, &y), vec![&x, &y], None::<&minutia_graph::Output>), feeds! {}).unwrap();
    assert_eq!((a.value::<f32>().unwrap(), b.value::<f32>().unwrap()), (6.0, 6.0));
    assert_eq!((list.len(), none), (2, None));
}

#[test]
fn only_ancestors_of_the_fetches_run() {
    let graph = Graph::new();
    let (x, unfed) = (graph.placeholder("x", DType::F32, ()), graph.placeholder("unfed", DType::F32, ()));
    let (y, _z) = (&x + 1.0, &unfed + 1.0);
    assert_eq!(session(&graph).run(&y, feeds! { x => 1.0_f32 }).unwrap().value::<f32>().unwrap(), 2.0);
}

#[test]
fn a_misfit_that_only_the_feeds_show_is_an_error_of_the_run() {
    let graph = Graph::new();
    let (x, y) = (graph.placeholder("x", DType::F32, [None]), graph.placeholder("y", DType::F32, [None]));
    let sum = &x + &y;
    let run = |a: Vec<f32>, b: Vec<f32>| session(&graph).run(&sum, feeds! { x => a, y => b });
    assert!(run(vec![1.0; 3], vec![1.0; 3]).is_ok());
    let error = run(vec![1.0; 3], vec![1.0; 4]).unwrap_err().to_string();
    assert!(error.contains("3 (axis 0) against 4"), "{error}");
}

#[test]
fn variables_need_a_value_first() {
    let graph = Graph::new();
    let v = graph.variable("v", 1.0_f32);
    let mut s = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    let error = s.run(&v + 1.0, feeds! {}).unwrap_err().to_string();
    assert!(error.contains("'v'") && error.contains("global_variables_initializer"), "{error}");
}

#[test]
fn a_run_sees_variables_as_they_were_at_its_beginning() {
    let graph = Graph::new();
    let (a, b) = (graph.variable("a", 1.0_f32), graph.variable("b", 2.0_f32));
    // Swapping needs both old values after the first assignment.
    let (to_a, to_b) = (a.assign(&b), b.assign(&a));
    let later = a.read_value();
    let mut s = session(&graph);
    let (old, new, ..) = s.run((&a, &later, &to_a, &to_b), feeds! {}).unwrap();
    assert_eq!((old.value::<f32>().unwrap(), new.value::<f32>().unwrap()), (1.0, 2.0));
    let (a, b) = s.run((&a, &b), feeds! {}).unwrap();
    assert_eq!((a.value::<f32>().unwrap(), b.value::<f32>().unwrap()), (2.0, 1.0));
}

#[test]
fn assignments_to_one_variable_act_in_the_order_of_building() {
    let graph = Graph::new();
    let v = graph.variable("v", 1.0_f32);
    let add = v.assign_add(graph.constant(1.0_f32));
    let double = v.assign(v.read_value() * 10.0);
    let mut s = session(&graph);
    s.run((&double, &add), feeds! {}).unwrap();
    assert_eq!(s.run(&v, feeds! {}).unwrap().value::<f32>().unwrap(), 20.0);
}

#[test]
fn a_matrix_is_updated_after_its_last_reader() {
    let graph = Graph::new();
    let w = graph.variable("w", [[1.0_f32, 2.0], [3.0, 4.0]]);
    let square = w.matmul(&w);
    let update = w.assign(&w - &square);
    let after = w.matmul(&w);
    let mut s = session(&graph);
    let (_, after) = s.run((&update, &after), feeds! {}).unwrap();
    assert_eq!(after.as_slice::<f32>().unwrap(), [7.0, 10.0, 15.0, 22.0]);
    assert_eq!(s.run(&w, feeds! {}).unwrap().as_slice::<f32>().unwrap(), [-6.0, -8.0, -12.0, -18.0]);
}

#[test]
fn check_numerics_names_the_first_bad_node_and_changes_nothing() {
    let graph = Graph::new();
    let v = graph.variable("v", [1.0_f32, 0.0]);
    let log = v.log().with_name("logarithm");
    let update = v.assign(&log * 2.0);
    let mut s = session(&graph);
    s.set_check_numerics(true);
    let error = s.run(&update, feeds! {}).unwrap_err().to_string();
    assert!(error.contains("Log 'logarithm' produced an infinity"), "{error}");
    assert_eq!(s.run(&v, feeds! {}).unwrap().as_slice::<f32>().unwrap(), [1.0, 0.0]);
    s.set_check_numerics(false);
    assert!(s.run(&update, feeds! {}).is_ok());
}

#[test]
fn check_numerics_looks_at_what_is_used() {
    let graph = Graph::new();
    let v = graph.variable("v", [1.0_f32, 2.0]);
    let w = graph.variable("w", &v * 2.0);
    let mut s = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    s.set_check_numerics(true);
    s.run(graph.global_variables_initializer(), feeds! {}).unwrap();
    assert_eq!(s.run(&w, feeds! {}).unwrap().as_slice::<f32>().unwrap(), [2.0, 4.0]);
    // The value that the initializer puts an end to may be anything.
    s.set_variable(&v, &[f32::NAN, 0.0].into()).unwrap();
    assert!(s.run(&v, feeds! {}).is_err());
    s.run(graph.global_variables_initializer(), feeds! {}).unwrap();
    assert_eq!(s.run(&v, feeds! {}).unwrap().as_slice::<f32>().unwrap(), [1.0, 2.0]);
    // Only the shape of the logarithm is used.
    let ones = (&v - 3.0).log().ones_like();
    assert_eq!(s.run(&ones, feeds! {}).unwrap().as_slice::<f32>().unwrap(), [1.0, 1.0]);
}

#[test]
fn random_numbers_depend_on_seed_name_and_run() {
    let draw = |seed, name: &str, runs| {
        let graph = Graph::new();
        graph.set_random_seed(seed);
        let z = graph.random_normal([4], 0.0, 1.0).with_name(name);
        let mut s = session(&graph);
        let draws: Vec<Tensor> = (0..runs).map(|_| s.run(&z, feeds! {}).unwrap()).collect();
        draws.last().unwrap().as_slice::<f32>().unwrap().to_vec()
    };
    assert_eq!(draw(1, "z", 2), draw(1, "z", 2));
    assert_ne!(draw(1, "z", 1), draw(1, "z", 2));
    assert_ne!(draw(1, "z", 1), draw(2, "z", 1));
    assert_ne!(draw(1, "z", 1), draw(1, "other", 1));
}

#[test]
fn a_seed_or_a_name_that_changes_after_a_run_counts() {
    let fresh = |seed, name: &str| {
        let graph = Graph::new();
        graph.set_random_seed(seed);
        let z = graph.random_normal([4], 0.0, 1.0).with_name(name);
        session(&graph).run(&z, feeds! {}).unwrap()
    };
    let graph = Graph::new();
    let z = graph.random_normal([4], 0.0, 1.0).with_name("z");
    let first = session(&graph).run(&z, feeds! {}).unwrap();
    assert_eq!(first, fresh(0, "z"));

    // The session that ran before draws what one that never ran draws second.
    let second = |seed, name: &str| {
        let graph = Graph::new();
        graph.set_random_seed(seed);
        let z = graph.random_normal([4], 0.0, 1.0).with_name(name);
        let mut s = session(&graph);
        s.run(&z, feeds! {}).unwrap();
        s.run(&z, feeds! {}).unwrap()
    };
    let mut s = session(&graph);
    s.run(&z, feeds! {}).unwrap();
    graph.set_random_seed(7);
    assert_eq!(s.run(&z, feeds! {}).unwrap(), second(7, "z"));
    let mut s = session(&graph);
    s.run(&z, feeds! {}).unwrap();
    let z = z.with_name("other");
    assert_eq!(s.run(&z, feeds! {}).unwrap(), second(7, "other"));
    let z = z.with_name("not a name");
    assert!(matches!(s.run(&z, feeds! {}), Err(Error::Name { .. })));
}

#[test]
fn constants_that_differ_in_the_sign_of_zero_are_two() {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, ());
    let (plus, minus) = (graph.constant([0.0_f32, 1.0]), graph.constant([-0.0_f32, 1.0]));
    let fetches = (&x / &plus, &x / &minus);
    let (plus, minus) = session(&graph).run(&fetches, feeds! { x => 1.0_f32 }).unwrap();
    assert_eq!(plus.as_slice::<f32>().unwrap(), [f32::INFINITY, 1.0]);
    assert_eq!(minus.as_slice::<f32>().unwrap(), [f32::NEG_INFINITY, 1.0]);
}

#[test]
fn an_index_outside_the_table_names_the_node() {
    let graph = Graph::new();
    let rows = graph.placeholder("rows", DType::I32, [None]);
    let picked = graph.constant([1.0_f32, 2.0]).gather(&rows).with_name("pick");
    let error = session(&graph).run(&picked, feeds! { rows => [0, 7] }).unwrap_err().to_string();
    assert!(error.contains("'pick'") && error.contains("index 7"), "{error}");
}

#[test]
fn control_dependencies_order_assignments_and_reads() {
    let graph = Graph::new();
    let v = graph.variable("v", 1.0_f32);
    let before = v.read_value();
    let double = v.assign(v.read_value() * 2.0);
    let after = {
        let _after = graph.control_dependencies([&double.operation()]);
        v.read_value()
    };
    let add = {
        let _after = graph.control_dependencies([&double.operation()]);
        v.assign_add(10.0)
    };
    let value =
        |s: &mut Session, y: &minutia_graph::Output| s.run(y, feeds! {}).unwrap().value::<f32>().unwrap();
    let mut s = session(&graph);
    // Fetching what is built inside runs the assignment, and sees it.
    assert_eq!(value(&mut s, &after), 2.0);
    assert_eq!(value(&mut s, &v), 2.0);
    // Fetching what was built before does not run it.
    assert_eq!(value(&mut s, &before), 2.0);
    assert_eq!(value(&mut s, &add), 14.0);
    // All at once: in the order of building, each seen by what was built after it alone.
    let fetches = [&before, &after, &add, &v];
    let found = s.run(fetches, feeds! {}).unwrap().map(|t| t.value::<f32>().unwrap());
    assert_eq!(found, [14.0, 28.0, 38.0, 14.0]);
    assert_eq!(value(&mut s, &v), 38.0);
}

#[test]
fn control_dependencies_nest_and_end_with_their_guard() {
    let graph = Graph::new();
    let (v, w) = (graph.variable("v", 0.0_f32), graph.variable("w", 0.0_f32));
    let (to_v, to_w) = (v.assign(1.0).operation(), w.assign(1.0).operation());
    let (both, one, none) = {
        let _outer = graph.control_dependencies([&to_v]);
        let both = {
            let _inner = graph.control_dependencies([&to_w]);
            graph.constant(1.0_f32)
        };
        let one = graph.constant(2.0_f32);
        drop(_outer);
        (both, one, graph.constant(3.0_f32))
    };
    for (fetch, expected) in [(&none, [0.0, 0.0]), (&one, [1.0, 0.0]), (&both, [1.0, 1.0])] {
        let mut s = session(&graph);
        s.run(fetch, feeds! {}).unwrap();
        let found = s.run([&v, &w], feeds! {}).unwrap().map(|t| t.value::<f32>().unwrap());
        assert_eq!(found, expected);
    }
}

#[test]
fn a_graph_may_grow_after_its_session_was_made() {
    let graph = Graph::new();
    let v = graph.variable("v", 2.0_f32);
    let mut s = session(&graph);
    s.run(&v, feeds! {}).unwrap();
    let x = graph.placeholder("x", DType::F32, ());
    let w = graph.variable("w", 3.0_f32);
    let sum = &v * &x + &w;
    let missing = s.run(&sum, feeds! { x => 10.0_f32 }).unwrap_err().to_string();
    assert!(missing.contains("'w'") && !missing.contains("'v'"), "{missing}");
    s.run(w.initializer(), feeds! {}).unwrap();
    assert_eq!(s.run(&sum, feeds! { x => 10.0_f32 }).unwrap().value::<f32>().unwrap(), 23.0);
    // What does not fit is an error of the run that needs it, and of no other.
    let misfit = graph.constant([1.0_f32, 2.0]) + graph.constant([1.0_f32, 2.0, 3.0]);
    assert!(matches!(s.run(&misfit, feeds! {}), Err(Error::Op(_))));
    assert!(s.run(&sum, feeds! { x => 10.0_f32 }).is_ok());
}

#[test]
fn nothing_may_be_fetched() {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, ());
    let mut s = session(&graph);
    s.run((), feeds! {}).unwrap();
    s.run((), feeds! { x => 1.0_f32 }).unwrap();
    let none: [&minutia_graph::Output; 0] = [];
    assert_eq!(s.run(none, feeds! {}).unwrap().len(), 0);
    let mut step = s.make_callable((), feeds! {}).unwrap();
    step.run().unwrap();
    step.fetch().unwrap();
}

#[test]
fn check_numerics_sees_what_is_fed_and_what_callables_do() {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [2]);
    let v = graph.variable("v", [1.0_f32, 1.0]);
    let update = v.assign_add(x.sqrt().with_name("root"));
    let mut s = session(&graph);
    s.set_check_numerics(true);
    let error = s.run(&update, feeds! { x => [1.0_f32, f32::NAN] }).unwrap_err().to_string();
    assert!(error.contains("Placeholder 'x' produced NaN"), "{error}");
    let mut step = s.make_callable(&update, feeds! { x => [4.0_f32, 9.0] }).unwrap();
    step.run().unwrap();
    step.set(&x, &[-1.0_f32, 1.0]).unwrap();
    let error = step.run().unwrap_err().to_string();
    assert!(error.contains("Sqrt 'root' produced NaN"), "{error}");
    assert_eq!(
        s.run(&v, feeds! {}).unwrap().as_slice::<f32>().unwrap(),
        [3.0, 4.0],
        "the bad step changed nothing"
    );
    step.set(&x, &[1.0_f32, 1.0]).unwrap();
    step.run().unwrap();
    assert_eq!(s.run(&v, feeds! {}).unwrap().as_slice::<f32>().unwrap(), [4.0, 5.0]);
}

#[test]
fn tensors_that_no_memory_holds_are_errors() -> Result<(), Error> {
    for dims in
        [[1_usize << 31, 1 << 31], [1 << 20, 1 << 40], [3, 1 << 60], [1 << 60, 300], [2, usize::MAX / 4]]
    {
        let graph = Graph::new();
        let v = graph.variable("v", graph.random_normal(dims, 0.0, 1.0));
        let means = (&*v + 1.0).relu().transpose([1, 0]).reduce_mean([0]);
        let halved = v.assign_sub(&*v * 0.5);
        let mut session = Session::new(&graph, &Device::cpu()?)?;
        let drawn = session.run(graph.global_variables_initializer(), feeds! {});
        assert!(drawn.is_err_and(|e| e.to_string().contains("cannot allocate")), "{dims:?} drawn");
        let changed = session.run((&means, &halved), feeds! {});
        assert!(changed.is_err_and(|e| e.to_string().contains("cannot allocate")), "{dims:?} computed");
    }
    Ok(())
}
