//! What may be fed, and what a run then computes.

use minutia_graph::{DType, Device, Error, Graph, Session, Tensor, feeds};

fn session(graph: &Graph) -> Session {
    let mut session = Session::new(graph, &Device::cpu().unwrap()).unwrap();
    session.run(graph.global_variables_initializer(), feeds! {}).unwrap();
    session
}

#[test]
fn every_unfed_placeholder_is_listed() {
    let graph = Graph::new();
    let (x, y) = (graph.placeholder("x", DType::F32, [None]), graph.placeholder("y", DType::I32, [2]));
    let error = session(&graph).run((&x.exp(), &y.square()), feeds! {}).unwrap_err().to_string();
    assert!(error.contains("'x' f32 [?]") && error.contains("'y' i32 [2]"), "{error}");
}

#[test]
fn bad_feeds_are_errors() {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [None, Some(2)]);
    let c = graph.constant(1.0_f32).with_name("c");
    let mut s = session(&graph);
    let y = &x * &c;
    assert!(matches!(s.run(&y, feeds! { x => [1.0_f32, 2.0] }), Err(Error::Feed { .. })));
    assert!(matches!(s.run(&y, feeds! { x => [[1, 2]] }), Err(Error::Feed { .. })));
    assert!(matches!(s.run(&y, feeds! { x => [[1.0_f32, 2.0]], c => [1.0_f32] }), Err(Error::Feed { .. })));
    let twice = feeds! { x => [[1.0_f32, 2.0]], "x" => [[1.0_f32, 2.0]] };
    assert!(matches!(s.run(&y, twice), Err(Error::FedTwice { .. })));
    let error = s.run(&y, feeds! { "xx" => 1.0_f32 }).unwrap_err().to_string();
    assert!(error.contains("did you mean 'x'"), "{error}");
}

#[test]
fn what_is_fed_stands_in_for_what_would_be_computed() {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [None]);
    let middle = (&x * 2.0).with_name("middle");
    let (y, shifted) = (middle.reduce_sum(..), &middle + 1.0);
    let mut s = session(&graph);
    // Unfed, x is no error: nothing that runs needs it.
    let (found, y2, shifted) =
        s.run((&middle, &y, &shifted), feeds! { middle => [1.0_f32, 2.0, 4.0] }).unwrap();
    assert_eq!(found.as_slice::<f32>().unwrap(), [1.0, 2.0, 4.0]);
    assert_eq!(y2.value::<f32>().unwrap(), 7.0);
    assert_eq!(shifted.as_slice::<f32>().unwrap(), [2.0, 3.0, 5.0]);
    // Fed as well, it serves what else needs it.
    let by_name = feeds! { "middle" => [1.0_f32], x => [5.0_f32] };
    let (x_value, y2) = s.run((&x, &y), by_name).unwrap();
    assert_eq!((x_value.value::<f32>().unwrap(), y2.value::<f32>().unwrap()), (5.0, 1.0));
    // The next run computes it again.
    assert_eq!(s.run(&y, feeds! { x => [5.0_f32] }).unwrap().value::<f32>().unwrap(), 10.0);
    assert!(matches!(s.run(&y, feeds! { middle => [1, 2] }), Err(Error::Feed { .. })));
    assert!(matches!(s.run(&y, feeds! { middle => 1.0_f32 }), Err(Error::Feed { .. })));
}

#[test]
fn ancestors_of_what_is_fed_do_not_run() {
    let graph = Graph::new();
    let v = graph.variable("v", 1.0_f32);
    let assigned = v.assign_add(1.0);
    let drawn = graph.random_normal([2], 0.0, 1.0);
    let noise = &drawn + 0.0;
    let y = &assigned * 10.0;
    let mut s = session(&graph);
    assert_eq!(s.run(&y, feeds! { assigned => 5.0_f32 }).unwrap().value::<f32>().unwrap(), 50.0);
    assert_eq!(s.run(&v, feeds! {}).unwrap().value::<f32>().unwrap(), 1.0, "the assignment did not run");
    s.run(&noise, feeds! { drawn => [1.0_f32, 2.0] }).unwrap();
    let first = s.run(&noise, feeds! {}).unwrap();
    assert_eq!(first, session(&graph).run(&noise, feeds! {}).unwrap(), "nothing was drawn before");
    // An uninitialised variable upstream is no error either.
    let mut bare = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    assert_eq!(bare.run(&y, feeds! { assigned => 2.0_f32 }).unwrap().value::<f32>().unwrap(), 20.0);
    assert_eq!(bare.run(&v * 3.0, feeds! { v => 2.0_f32 }).unwrap().value::<f32>().unwrap(), 6.0);
}

#[test]
fn gradients_and_steps_see_what_is_fed() {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, ());
    let middle = x.square();
    let loss = middle.square();
    let gradient = graph.gradients(&loss, &[&middle]).unwrap()[0].clone().unwrap();
    let s = session(&graph);
    let mut step = s.make_callable((&loss, &gradient), feeds! { middle => 3.0_f32 }).unwrap();
    for at in [3.0_f32, -5.0] {
        step.set(&middle, &[at]).unwrap();
        step.run().unwrap();
        assert_eq!(step.value::<f32>(&loss).unwrap(), at * at);
        assert_eq!(step.value::<f32>(&gradient).unwrap(), 2.0 * at);
    }
    step.feed(&middle, &Tensor::scalar(7.0_f32)).unwrap();
    step.run().unwrap();
    assert_eq!(step.value::<f32>(&loss).unwrap(), 49.0);
    let constant = graph.constant([1.0_f32, 2.0]);
    let total = constant.reduce_sum(..);
    let fed = session(&graph).run(&total, feeds! { constant => [5.0_f32, 6.0] }).unwrap();
    assert_eq!(fed.value::<f32>().unwrap(), 11.0);
}
