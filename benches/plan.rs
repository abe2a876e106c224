//! Building and compiling training steps, the classifier's and those of deep networks:
//! `cargo bench -p minutia --bench plan`

mod common;

use common::{classifier, device, session};
use criterion::{Criterion, criterion_group, criterion_main};
use minutia::{datasets::digits, prelude::*};
use minutia_models::post::BATCH;

fn plan(criterion: &mut Criterion) {
    let device = device(1);
    let data = digits::generate_some(200, 1).train;
    let mut group = criterion.benchmark_group("plan");
    group.bench_function("build and differentiate the classifier", |b| b.iter(classifier));
    let (model, train) = classifier();
    let trained = session(&model.graph, &device);
    let feeds = || model.feeds(&data.images, &data.labels, BATCH);
    group.bench_function("compile its training step", |b| {
        b.iter(|| trained.make_callable((&train, &model.loss), feeds()).expect("the step compiles"))
    });
    for layers in [10, 40, 160] {
        let (graph, train) = deep(layers).expect("a graph");
        let session = Session::new(&graph, &device).expect("a session");
        let name = format!("compile the training step of {layers} layers");
        group.bench_function(name, |b| b.iter(|| session.make_callable(&train, feeds! {}).expect("a step")));
    }
}

/// Graphs of so many nodes, by kind: planning is to take time in proportion.
fn long(criterion: &mut Criterion) {
    let device = device(1);
    let mut group = criterion.benchmark_group("plan of many nodes");
    for (name, build) in KINDS {
        for nodes in [10_000, 20_000, 40_000] {
            let fetches = build(nodes).expect("a graph");
            let session = Session::new(fetches[0].graph(), &device).expect("a session");
            let name = format!("{name} of {} nodes", session.graph().len());
            group.bench_function(name, |b| {
                b.iter(|| session.make_callable(&fetches, feeds! {}).expect("a step"))
            });
        }
    }
}

type Built = Result<Vec<Output>, Box<dyn std::error::Error>>;
type Kind = (&'static str, fn(usize) -> Built);
const KINDS: [Kind; 5] =
    [("Euler", euler), ("RK4", rk4), ("chain", chain), ("fan-out", fan_out), ("concat", concat)];

fn vector(values: Vec<f32>) -> Variable {
    Graph::new().variable("v", values)
}

/// A number and its gradients.
fn with_gradients(y: Output, variables: &[Variable]) -> Built {
    let handles: Vec<&Output> = variables.iter().map(|v| &**v).collect();
    let gradients = y.graph().gradients(&y, &handles)?;
    Ok([y].into_iter().chain(gradients.into_iter().flatten()).collect())
}

/// Steps of prey and predators, with the gradient.
fn euler(nodes: usize) -> Built {
    let graph = Graph::new();
    let rates: Vec<Variable> = (0..4).map(|i| graph.variable(&format!("rate_{i}"), 0.1 * i as f32)).collect();
    let (mut x, mut y) = (graph.constant([1.0_f32; 8]), graph.constant([0.5_f32; 8]));
    for _ in 0..nodes / 42 {
        let met = &x * &y;
        let (dx, dy) = (&x * &*rates[0] - &met * &*rates[1], &met * &*rates[2] - &y * &*rates[3]);
        (x, y) = (x + dx * 0.01, y + dy * 0.01);
    }
    with_gradients((x.square() + y.square()).reduce_mean(..), &rates)
}

/// The same in steps of the classical method of Runge and Kutta.
fn rk4(nodes: usize) -> Built {
    let graph = Graph::new();
    let rates: Vec<Variable> = (0..4).map(|i| graph.variable(&format!("rate_{i}"), 0.1 * i as f32)).collect();
    let (mut x, mut y) = (graph.constant([1.0_f32; 8]), graph.constant([0.5_f32; 8]));
    let f = |x: &Output, y: &Output| {
        let met = x * y;
        (x * &*rates[0] - &met * &*rates[1], &met * &*rates[2] - y * &*rates[3])
    };
    for _ in 0..nodes / 200 {
        let a = f(&x, &y);
        let b = f(&(&x + &a.0 * 0.005), &(&y + &a.1 * 0.005));
        let c = f(&(&x + &b.0 * 0.005), &(&y + &b.1 * 0.005));
        let d = f(&(&x + &c.0 * 0.01), &(&y + &c.1 * 0.01));
        let step = |a: Output, b: Output, c: Output, d: Output| (a + b * 2.0 + c * 2.0 + d) * (0.01 / 6.0);
        (x, y) = (x + step(a.0, b.0, c.0, d.0), y + step(a.1, b.1, c.1, d.1));
    }
    with_gradients((x.square() + y.square()).reduce_mean(..), &rates)
}

fn chain(nodes: usize) -> Built {
    let v = vector(vec![0.5; 10]);
    let link = |y: Output, i: usize| if i.is_multiple_of(2) { y.tanh() } else { y.square() };
    let y = (0..nodes / 5).fold((*v).clone(), link).reduce_sum(..);
    with_gradients(y, &[v])
}

fn fan_out(nodes: usize) -> Built {
    let v = vector(vec![0.5; 10]);
    let branches = (0..nodes / 4).map(|i| (&*v * i as f32).reduce_sum(..));
    Ok(branches.reduce(|sum, branch| sum + branch).into_iter().collect())
}

fn concat(nodes: usize) -> Built {
    let v = vector(vec![0.5; 10]);
    let parts: Vec<Output> = (0..nodes / 3).map(|i| &*v * i as f32).collect();
    Ok(vec![v.graph().concat(&parts, 0)])
}

/// A network of so many residual layers: planning must not take much longer than in proportion.
fn deep(layers: usize) -> Result<(Graph, Operation), Box<dyn std::error::Error>> {
    let graph = Graph::new();
    let mut hidden = graph.constant(Tensor::zeros(DType::F32, [8, 16])?);
    for i in 0..layers {
        let weights = graph.variable(&format!("weights_{i}"), graph.random_normal([16, 16], 0.0, 0.2));
        let bias = graph.variable(&format!("bias_{i}"), Tensor::zeros(DType::F32, [16])?);
        hidden = (hidden.matmul(&weights) + &bias).tanh() + &hidden;
    }
    let train = Adagrad::new(0.01).minimize(hidden.square().reduce_mean(..))?;
    Ok((graph, train))
}

criterion_group! { name = benches; config = common::criterion(); targets = plan, long }
criterion_main!(benches);
