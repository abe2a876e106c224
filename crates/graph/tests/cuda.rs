//! Sessions on a GPU: what the host sees of work that goes on while it does.

use minutia_graph::{DType, Device, Error, Graph, Session, Tensor, feeds};

/// The GPU that tests use, in a build with GPUs.
fn gpu() -> Option<Device> {
    cfg!(feature = "cuda").then(minutia_test_support::gpu::device)
}

/// A sum over picked elements that is added to a total.
fn session(device: &Device) -> (Session, minutia_graph::Output, minutia_graph::Output) {
    let graph = Graph::new();
    let table = graph.constant([1.0_f32, 2.0, 3.0]);
    let rows = graph.placeholder("rows", DType::I32, [2]);
    let picked = table.gather(&rows).with_name("pick");
    let total = graph.variable("total", 0.0_f32);
    let add = total.assign_add(picked.reduce_sum(..));
    let mut session = Session::new(&graph, device).unwrap();
    session.run(graph.global_variables_initializer(), feeds! {}).unwrap();
    (session, rows, add)
}

#[test]
fn many_steps_run_before_the_host_waits() {
    let Some(device) = gpu() else { return };
    let (session, rows, add) = session(&device);
    let mut step = session.make_callable(&add, feeds! { rows => [0, 1] }).unwrap();
    for i in 0..50 {
        step.set(&rows, &[i % 3, 2]).unwrap();
        step.run().unwrap();
    }
    let want: f32 = (0..50).map(|i| (i % 3 + 1) as f32 + 3.0).sum();
    assert_eq!(step.value::<f32>(&add).unwrap(), want);
}

#[test]
fn a_bad_index_is_told_late_and_by_its_own_name() {
    let Some(device) = gpu() else { return };
    let (mut session, rows, add) = session(&device);
    let mut step = session.make_callable(&add, feeds! { rows => [0, 7] }).unwrap();
    let mut other = session.make_callable(&add, feeds! { rows => [0, 1] }).unwrap();
    let early = step.run();
    let late = early.and_then(|()| other.run()).and_then(|()| other.value::<f32>(&add).map(drop));
    let message = late.unwrap_err().to_string();
    assert!(message.contains("'pick'") && message.contains("index 7"), "{message}");
    let total = session.run(&add, feeds! { rows => [2, 2] }).unwrap();
    assert_eq!(total.value::<f32>().unwrap(), 6.0, "what was launched after the bad step did nothing");
}

#[test]
fn a_failed_initializer_leaves_a_variable_without_value() {
    let Some(device) = gpu() else { return };
    let graph = Graph::new();
    let row = graph.placeholder("row", DType::I32, ());
    let start = graph.constant([1.0_f32, 2.0]).gather(&row);
    let variable = graph.variable("v", Tensor::scalar(0.0_f32));
    let assign = variable.assign(&start);
    let mut session = Session::new(&graph, &device).unwrap();
    session.run(&assign, feeds! { row => 5 }).unwrap_err();
    let uninitialized = session.run(&variable.read_value(), feeds! {});
    assert!(matches!(uninitialized, Err(Error::Uninitialized { .. })), "{uninitialized:?}");
}
