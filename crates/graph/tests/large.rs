//! Graphs of a hundred thousand nodes: nothing recurses along them, and no step of planning goes through all
//! of them for each.

use minutia_graph::{Device, Error, Graph, Output, Session, Tensor, feeds};

const NODES: usize = 100_000;

type Kind = (&'static str, fn(&Output) -> Output);

/// Each from a vector to a number, of [`NODES`] nodes with the gradient.
const KINDS: [Kind; 3] = [
    ("chain", |x| {
        (0..NODES / 4).fold(x.clone(), |y, i| if i % 2 == 0 { y.tanh() } else { y.square() }).reduce_sum(..)
    }),
    ("fan-out", |x| {
        (0..NODES / 16).map(|i| x.slice([i % 4], [2]).reduce_max(..)).reduce(|sum, y| sum + y).expect("some")
    }),
    ("fan-in", |x| {
        let parts: Vec<Output> = (0..NODES / 8).map(|i| x * (i as f32)).collect();
        x.graph().concat(&parts, 0).reduce_sum(..)
    }),
];

/// Builds, differentiates, writes, reads, plans, runs and drops.
fn live(name: &str, build: fn(&Output) -> Output) -> Result<(), Error> {
    let graph = Graph::new();
    let x = graph.variable("x", Tensor::from([0.5_f32, 0.25, -0.5, 1.0, 2.0, 0.125]));
    let y = build(&x);
    let fetches = [y.clone(), graph.gradients(&y, &[&x])?[0].clone().expect("y depends on x")];
    let config = bincode::config::standard();
    let bytes = bincode::serde::encode_to_vec(&graph, config).expect("a graph can be written");
    let (copy, _): (Graph, _) = bincode::serde::decode_from_slice(&bytes, config).expect("and read");
    assert_eq!(copy.len(), graph.len(), "{name}");
    assert!(graph.len() > NODES / 10, "{name}: {} nodes", graph.len());
    let names: Vec<String> = fetches.iter().map(Output::name).collect();
    let again = names.iter().map(|name| copy.get(name)).collect::<Result<Vec<_>, _>>()?;
    let mut session = Session::new(&copy, &Device::cpu()?)?;
    session.run(copy.global_variables_initializer(), feeds! {})?;
    let values = session.run(&again, feeds! {})?;
    assert!(values[0].value::<f32>()?.is_finite(), "{name}");
    Ok(())
}

#[test]
fn a_hundred_thousand_nodes_need_no_deep_stack() {
    for (name, build) in KINDS {
        let thread = std::thread::Builder::new().stack_size(2 << 20);
        let result = thread.spawn(move || live(name, build)).expect("a thread").join();
        result.unwrap_or_else(|_| panic!("{name} panicked")).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}
