//! Callables: what they share, what they take, what they refuse.

use minutia_graph::{DType, Device, Error, Graph, Session, Tensor, feeds};

fn session(graph: &Graph) -> Session {
    let mut session = Session::new(graph, &Device::cpu().unwrap()).unwrap();
    session.run(graph.global_variables_initializer(), feeds! {}).unwrap();
    session
}

#[test]
fn callables_share_variables_and_refuse_what_they_were_not_made_for() {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [None]);
    let v = graph.variable("v", 0.0_f32);
    let add = v.assign_add(x.reduce_sum(..));
    let double = v.assign(&v * 2.0);
    let s = session(&graph);
    let mut first = s.make_callable(&add, feeds! { x => [1.0_f32, 2.0] }).unwrap();
    let mut second = s.make_callable(&double, feeds! {}).unwrap();
    first.run().unwrap();
    second.run().unwrap();
    first.feed(&x, &Tensor::from([5.0_f32, 5.0])).unwrap();
    first.run().unwrap();
    assert_eq!(first.value::<f32>(&add).unwrap(), 16.0);
    assert!(matches!(first.feed(&x, &Tensor::from([5.0_f32])), Err(Error::Feed { .. })));
    assert!(first.set(&x, &[1.0_f32]).is_err());
    assert!(first.set(&x, &[1, 2]).is_err());
    assert!(matches!(second.set(&x, &[1.0_f32, 2.0]), Err(Error::NotInCallable { .. })));
    assert!(matches!(second.value::<f32>(&add), Err(Error::NotInCallable { .. })));
}

#[test]
fn what_was_given_to_make_callable_and_no_fetch_needs_is_ignored() {
    let graph = Graph::new();
    let x = graph.placeholder("x", DType::F32, [2]);
    let unused = graph.placeholder("unused", DType::F32, [2]);
    let total = x.reduce_sum(..);
    let s = session(&graph);
    let both = feeds! { x => [1.0_f32, 2.0], unused => [0.0_f32, 0.0] };
    let mut step = s.make_callable(&total, both).unwrap();
    step.set(&unused, &[5.0_f32, 6.0]).unwrap();
    step.set("unused", &[5.0_f32, 6.0]).unwrap();
    step.feed(&unused, &Tensor::from([5.0_f32, 6.0])).unwrap();
    step.run().unwrap();
    assert_eq!(step.value::<f32>(&total).unwrap(), 3.0);
    assert!(step.set(&unused, &[1.0_f32]).is_err(), "its shape counts all the same");
    assert!(step.set(&unused, &[1, 2]).is_err());
    assert!(matches!(step.feed(&unused, &Tensor::from([1.0_f32])), Err(Error::Feed { .. })));
}
