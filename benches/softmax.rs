//! Softmax, and the post's clipped cross-entropy with its gradient: `cargo bench -p minutia --bench softmax`

mod common;

use common::{device, normal, session};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use minutia::prelude::*;
use minutia_models::post::BATCH;

fn softmax(criterion: &mut Criterion) {
    let device = device(1);
    let mut group = criterion.benchmark_group("softmax");
    for (rows, columns) in [(BATCH, 10), (10_000, 10), (BATCH, 1000)] {
        let graph = Graph::new();
        let logits = normal(rows * columns, 0.0).as_slice::<f32>().expect("floats").to_vec();
        let logits = Tensor::from_vec([rows, columns], logits).expect("as many numbers as cells");
        // A variable, for what depends on constants alone is computed when it is compiled.
        let x = graph.variable("x", logits);
        let y = x.softmax();
        let labels: Vec<i32> = (0..rows).map(|i| (i % columns) as i32).collect();
        let target = graph.constant(labels).one_hot(columns);
        let clipped = y.clip_by_value(1e-10, 0.999_999_9);
        let terms = &target * clipped.log() + (1.0 - &target) * (1.0 - &clipped).log();
        let loss = -terms.reduce_sum(1).reduce_mean(..);
        let gradient = graph.gradients(&loss, &[&x]).expect("the loss has a gradient");
        let gradient = gradient[0].clone().expect("the loss depends on x");

        let session = session(&graph, &device);
        group.throughput(Throughput::Elements((rows * columns) as u64));
        let mut forward = session.make_callable(&y, feeds! {}).expect("softmax compiles");
        group.bench_function(format!("{rows}x{columns}"), |b| b.iter(|| forward.run()));
        let mut both = session.make_callable((&loss, &gradient), feeds! {}).expect("the loss compiles");
        group.bench_function(format!("{rows}x{columns} loss and gradient"), |b| b.iter(|| both.run()));
    }
}

criterion_group! { name = benches; config = common::criterion(); targets = softmax }
criterion_main!(benches);
