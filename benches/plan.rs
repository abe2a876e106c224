//! Building and compiling training steps, the classifier's and those of deep networks:
//! `cargo bench -p minutia --bench plan`

mod models;

use criterion::{Criterion, criterion_group, criterion_main};
use minutia::{datasets::digits, prelude::*};
use models::{Classifier, device};

fn plan(criterion: &mut Criterion) {
    let device = device(1);
    let data = digits::generate_some(200, 1);
    let mut group = criterion.benchmark_group("plan");
    group.bench_function("build and differentiate the classifier", |b| b.iter(Classifier::new));
    let model = Classifier::new();
    let session = model.session(&device);
    group.bench_function("compile its training step", |b| b.iter(|| model.prepare(&session, &data)));
    for layers in [10, 40, 160] {
        let (graph, train) = deep(layers).expect("a graph");
        let session = Session::new(&graph, &device).expect("a session");
        let name = format!("compile the training step of {layers} layers");
        group.bench_function(name, |b| b.iter(|| session.prepare(&train, feeds! {}).expect("a step")));
    }
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
    let train = Adagrad::new(0.01).minimize(&hidden.square().reduce_mean(..))?;
    Ok((graph, train))
}

criterion_group! { name = benches; config = models::criterion(); targets = plan }
criterion_main!(benches);
